//! Reads any text as an expression and evaluates it: `cargo +nightly fuzz run fhirpath`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchmark_fhirpath::fuzz;

fuzz_target!(|text: &str| fuzz::evaluate(text));
