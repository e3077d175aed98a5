//! A place like AWS on one machine.

pub mod aws;
pub mod clock;
pub mod gateway;
pub mod place;
pub mod post;
