//! Attachments: what is said of the data, its hash and its size, is true of it.

use sha1::{Digest, Sha1};
use touchmark_document::NodeRef;

use super::primitive::{self, Primitive};
use crate::issue::Detail;
use crate::rule::rules;
use crate::sentence::Quoted;
use crate::walk::Walk;

rules! {
    HASH = "attachment-hash", Error, "value",
        says "the hash is not the SHA-1 of the data: {detail}",
        why "By the hash a receiver tells whether it has the content that was meant; with a wrong one it will refuse the right content.",
        mend "Take the SHA-1 of the bytes of the content, before base64, and write its 20 bytes in base64.",
        at "datatypes.html#Attachment";
    SIZE = "attachment-size", Error, "value",
        says "the size is given as {found} bytes, and the data has {wanted}",
        why "Receivers decide by the size whether they fetch or keep the content, and by a wrong one they take it to be cut short.",
        mend "Write the number of bytes of the content, before base64.",
        at "datatypes.html#Attachment";
}

/// The bytes of a SHA-1.
const SHA1_SIZE: usize = 20;

/// Checks an Attachment.
pub(crate) fn check<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>) {
    let (hash, size) = (node.child("hash"), node.child("size"));
    if hash.is_none() && size.is_none() {
        return;
    }
    // What is no base64, or no number, has been reported as such.
    let valid = |value: &&str| primitive::flaw(Primitive::Base64Binary, value).is_none();
    let data = node.child_value("data").filter(valid);
    if let Some(node) = size
        && let Some(size) = node.value().and_then(|size| size.parse::<u32>().ok())
        && let Some(length) = data.and_then(primitive::decoded_length)
        && length != size as usize
    {
        let issue = walk.say(&SIZE, node);
        (issue.found, issue.wanted, issue.also) = (size, length as u32, node.parent().into());
    }
    if let Some(node) = hash
        && let Some(written) = node.value().filter(valid)
    {
        hash_of(walk, node, written, data);
    }
}

fn hash_of<'d>(walk: &mut Walk<'_, 'd>, node: NodeRef<'d>, written: &str, data: Option<&str>) {
    let found = bytes(written);
    // Without the data, as where there is a url only, at least this can be said.
    if found.len() != SHA1_SIZE {
        let other = match found.len() {
            16 => ", as many as an MD5 has",
            32 => ", as many as a SHA-256 has",
            64 => ", as many as a SHA-512 has",
            40 if found.iter().all(u8::is_ascii_hexdigit) => ": those of a hexadecimal text",
            _ => "",
        };
        let detail = walk.detail(format!("it has {} bytes{other}, and a SHA-1 has {SHA1_SIZE}", found.len()));
        walk.say(&HASH, node).detail = detail;
        return;
    }
    let Some(data) = data else { return };
    let mut hash = Sha1::new();
    primitive::in_pieces(data, |piece| hash.update(piece));
    let right = hash.finalize();
    if *found == *right {
        return;
    }
    // A frequent mistake: the hash of the text that stands in the message.
    let of_text = *Sha1::digest(data.as_bytes()) == *found;
    let hint = if of_text { walk.detail("take the hash of the bytes, not of their base64") } else { Detail::NONE };
    let detail = walk.detail(format!("{} found, {} calculated", Quoted(written.trim()), Quoted(&base64(&right))));
    let issue = walk.say(&HASH, node);
    (issue.detail, issue.hint, issue.also) = (detail, hint, node.parent().into());
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    primitive::in_pieces(text, |piece| bytes.extend_from_slice(piece));
    bytes
}

/// The base64 of a hash.
fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let held = group.iter().enumerate().fold(0, |held, (at, byte)| held | u32::from(*byte) << (16 - 8 * at));
        for place in 0..4 {
            let symbol = SYMBOLS[(held >> (18 - 6 * place) & 0x3F) as usize] as char;
            text.push(if place <= group.len() { symbol } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_a_hash_and_back() {
        for (text, wanted) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), wanted);
            assert_eq!(bytes(wanted), text.as_bytes());
        }
        let long: Vec<u8> = (0..10_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        assert_eq!(bytes(&base64(&long)), long);
        let spaced = base64(&long).replace('A', "A\n ");
        assert_eq!(bytes(&spaced), long);
    }
}
