//! An operator at work on a deployed stack: by the door that functions have no use for, and by the command itself.

mod codes;
mod command;
mod doctor;
mod first_mail;
mod pause;
mod pull;
mod restore;
mod webhooks;
pub mod world;
