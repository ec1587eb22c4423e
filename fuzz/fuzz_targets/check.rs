//! Checks any bytes against all packs: `cargo +nightly fuzz run check fuzz/corpus/check test-vectors/*/`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use touchmark::{Checker, Library, RuleGraph, fuzz};

static GRAPH: LazyLock<RuleGraph> = LazyLock::new(|| {
    let mut library = Library::new();
    library.add_image(touchmark_packs::image(), |_| true).expect("an image of this version");
    RuleGraph::new(library)
});

fuzz_target!(|bytes: &[u8]| fuzz::check_anything(bytes, &GRAPH, &mut Checker::new(&GRAPH)));
