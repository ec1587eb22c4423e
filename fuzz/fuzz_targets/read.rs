//! Reads any bytes as a document: `cargo +nightly fuzz run read fuzz/corpus/read test-vectors/*/`.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use touchmark_document::{Arena, Names, fuzz};

thread_local! {
    static USED: RefCell<(Arena, Names)> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| USED.with_borrow_mut(|(arena, names)| fuzz::read_anything(bytes, arena, names)));
