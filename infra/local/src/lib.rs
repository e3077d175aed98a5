//! A place like AWS on one machine.

pub mod aws;
pub mod clock;
pub mod console;
pub mod deployed;
pub mod files;
pub mod gateway;
pub mod knocks;
pub mod life;
pub mod place;
pub mod post;
