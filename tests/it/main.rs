//! The proof: stories in the shop's words, faults at every call, the rules of the house.

mod console;
mod dialects;
mod faults;
mod house;
mod infra;
mod lambda;
mod operate;
mod stories;
mod support;
mod units;
mod wire;
