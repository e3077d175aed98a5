//! Any bytes, as a store's: see `input.rs`.

#![no_main]

mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| input::take(bytes));
