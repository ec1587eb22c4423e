//! The rule packs that touchmark carries, as one image for `touchmark::Library::add_image`.
//!
//! The build script makes it from the folder `profiles/`.
#![forbid(unsafe_code)]

/// A static of its own: bytes written in the function would be copied into every crate that inlines it.
static IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packs.image"));

/// The image of all packs, base first.
pub fn image() -> &'static [u8] {
    IMAGE
}
