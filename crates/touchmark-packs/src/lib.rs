//! The rule packs that touchmark carries, as one image for `touchmark::Library::add_image`.
//!
//! The build script makes it from the folder `profiles/`.
#![forbid(unsafe_code)]

/// The image of all packs, base first.
pub fn image() -> &'static [u8] {
    include_bytes!(concat!(env!("OUT_DIR"), "/packs.image"))
}
