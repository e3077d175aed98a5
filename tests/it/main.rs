//! The proof: stories in the shop's words, faults at every call, the rules of the house.

mod faults;
mod stories;
mod support;
