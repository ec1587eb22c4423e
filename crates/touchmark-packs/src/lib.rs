//! The rule packs that touchmark carries, as one image for `touchmark::Library::add_image`.
//!
//! The build script makes it from the folder `profiles/`.
#![forbid(unsafe_code)]

/// Statics of their own: what was written in the function would be copied into every crate that inlines it.
static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/packs.texts"));
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packs.image"));

/// The image of all packs, base first: its texts and its bytes.
pub fn image() -> (&'static str, &'static [u8]) {
    (TEXTS, BYTES)
}
