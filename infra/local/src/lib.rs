//! A place like AWS on one machine.

pub mod aws;
