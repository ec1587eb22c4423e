//! The index of a SNOMED CT release: made once, kept in a cache folder, and mapped into memory by every later run.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use memmap2::Mmap;
use sha1::{Digest, Sha1};
use touchmark::{SnomedBuilder, SnomedFile, SnomedIndex};

use crate::Failure;
use crate::inputs::{reason, shown};

/// A release is read in pieces of this size.
const PIECE: usize = 1 << 20;

/// What a `Source` begins with: another way to describe a release would need another.
const KIND: &[u8; 4] = b"rf2\x01";

/// The index of these files, of which the file names are sorted: the one that `cache` holds, or a new one, which is kept there.
/// Where there is no cache folder, or it cannot be written, the index is made all the same, and that is said.
pub fn index(files: &[PathBuf], cache: Option<&Path>) -> Result<SnomedIndex, Failure> {
    let (name, source) = describe(files).map_err(|trouble| format!("the SNOMED CT release: {}", reason(&trouble)))?;
    let Some(folder) = cache.map(Path::to_owned).or_else(default_folder) else {
        eprintln!("warning: there is no folder to keep the SNOMED CT index in; name one with --terminology-cache");
        return open(build(files, source)?);
    };
    let path = folder.join(name);
    match opened(&path) {
        Ok(Some(index)) if index.source() == source => return Ok(index),
        Ok(Some(_)) => eprintln!("the SNOMED CT release has changed: it is indexed again, into {}", shown(&path)),
        Ok(None) => eprintln!("the SNOMED CT release is indexed, once, into {}", shown(&path)),
        Err(trouble) => eprintln!("warning: {}: {trouble}; it is made again", shown(&path)),
    }
    let bytes = build(files, source)?;
    if let Err(trouble) = keep(&path, &bytes) {
        eprintln!("warning: the SNOMED CT index cannot be kept as {}: {}", shown(&path), reason(&trouble));
    } else if let Ok(Some(index)) = opened(&path) {
        return Ok(index);
    }
    open(bytes)
}

fn open(bytes: Vec<u8>) -> Result<SnomedIndex, Failure> {
    SnomedIndex::open(bytes).map_err(|trouble| format!("the SNOMED CT release: {trouble}"))
}

/// Where users' programs keep what they can make again.
fn default_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("touchmark"))
}

/// The name of the index of these files, by where they are; and what tells whether they are still the same.
fn describe(files: &[PathBuf]) -> io::Result<(String, [u8; 24])> {
    let (mut places, mut state) = (Sha1::new(), Sha1::new());
    for file in files {
        let place = fs::canonicalize(file)?;
        let about = fs::metadata(file)?;
        let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let place = place.as_os_str().as_encoded_bytes();
        // With its length in front, so that no two lists of names read alike.
        for hash in [&mut places, &mut state] {
            hash.update((place.len() as u64).to_le_bytes());
            hash.update(place);
        }
        state.update(about.len().to_le_bytes());
        state.update(modified.as_nanos().to_le_bytes());
    }
    let name: String = places.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut source = [0; 24];
    source[..4].copy_from_slice(KIND);
    source[4..].copy_from_slice(&state.finalize());
    Ok((format!("snomed-{name}.index"), source))
}

/// The index that a file holds; `None` where there is no such file.
fn opened(path: &Path) -> Result<Option<SnomedIndex>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(trouble) if trouble.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(trouble) => return Err(reason(&trouble)),
    };
    map(&file).map_err(|trouble| reason(&trouble)).and_then(SnomedIndex::open).map(Some)
}

#[expect(unsafe_code, reason = "a file of 100 MB of which a run reads some pages is mapped, not read")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes of the map must not change while it lives. This program never writes into a file of that name: it
    // writes another and gives it the name, which leaves the mapped one as it is. Somebody who writes into the cache of a user
    // all the same could do worse to them.
    unsafe { Mmap::map(file) }
}

/// Writes the index beside its place and moves it there, so that nobody ever sees a part of it.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new();
    beside.prefix("snomed-");
    // Others may use a cache that one has filled; the user's mask has the last word.
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = beside.tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map(drop).map_err(|refused| refused.error)
}

/// Reads the files of a release, one piece after the other, and makes an index of them.
fn build(files: &[PathBuf], source: [u8; 24]) -> Result<Vec<u8>, Failure> {
    let mut builder = SnomedBuilder::new();
    let mut piece = Vec::new();
    for file in files {
        let read = File::open(file).and_then(|open| add(&mut builder, open, &mut piece));
        read.map_err(|trouble| format!("{} cannot be read: {}", shown(file), reason(&trouble)))?;
    }
    builder.build(source)
}

fn add(builder: &mut SnomedBuilder, mut file: impl Read, piece: &mut Vec<u8>) -> io::Result<()> {
    piece.clear();
    let mut kind = None;
    loop {
        let room = PIECE.saturating_sub(piece.len()).max(PIECE / 2) as u64;
        let ended = file.by_ref().take(room).read_to_end(piece)? == 0;
        // Whole lines only; the last one need not have an end.
        let whole = if ended { piece.len() } else { piece.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1) };
        let text = str::from_utf8(&piece[..whole]).map_err(|_| io::Error::other("it is not in UTF-8"))?;
        let rows = match kind {
            Some(_) => text,
            None if whole == 0 && !ended => "",
            None => {
                let (header, rows) = text.split_once('\n').unwrap_or((text, ""));
                // Files of other kinds lie in every release.
                let Some(found) = SnomedFile::of_header(header) else { return Ok(()) };
                kind = Some(found);
                rows
            }
        };
        if let Some(kind) = kind {
            builder.add_rows(kind, rows);
        }
        if ended {
            return Ok(());
        }
        piece.drain(..whole);
        if piece.len() > PIECE {
            return Err(io::Error::other("it has a line of more than a megabyte"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes three at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(out.len()).min(3);
            let (now, rest) = self.0.split_at(count);
            out[..count].copy_from_slice(now);
            self.0 = rest;
            Ok(count)
        }
    }

    #[test]
    fn a_file_in_pieces_is_the_file() {
        let mut text = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n".to_owned();
        for n in 1..=60_000 {
            text.push_str(&format!("{n}\t20260101\t1\t900000000000207008\t900000000000074008\r\n"));
        }
        assert!(text.len() > 2 * PIECE);
        for end in [text.len(), text.len() - 2] {
            let mut builder = SnomedBuilder::new();
            add(&mut builder, &text.as_bytes()[..end], &mut Vec::new()).expect("a file that can be read");
            let index = SnomedIndex::open(builder.build([0; 24]).expect("small")).expect("an index");
            assert_eq!(index.len(), 60_000);
        }
        let short = &text.as_bytes()[..200];
        let mut builder = SnomedBuilder::new();
        add(&mut builder, Slow(short), &mut Vec::new()).expect("a file that can be read");
        assert_eq!(SnomedIndex::open(builder.build([0; 24]).expect("small")).expect("an index").len(), 3);
    }

    #[test]
    fn a_file_of_no_use_is_left_and_one_that_is_no_text_is_refused() {
        let mut builder = SnomedBuilder::new();
        assert!(add(&mut builder, &b"a\tb\n1\t2\n"[..], &mut Vec::new()).is_ok());
        assert!(add(&mut builder, &b""[..], &mut Vec::new()).is_ok());
        assert!(add(&mut builder, &b"a\tb\xff\n"[..], &mut Vec::new()).is_err());
        let endless = vec![b'x'; 3 * PIECE];
        assert!(add(&mut builder, &endless[..], &mut Vec::new()).is_err());
        assert!(SnomedIndex::open(builder.build([0; 24]).expect("small")).expect("an index").is_empty());
    }
}
