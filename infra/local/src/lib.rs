//! A place like AWS on one machine.

pub mod aws;
pub mod clock;
pub mod place;
