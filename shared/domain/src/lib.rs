//! The thinking of Winback: pure and synchronous. It knows no AWS, no clock, no chance and no environment;
//! what happened and what time it is are handed in, what should be done is handed back.

pub mod address;
pub mod customer;
pub mod decide;
pub mod event;
pub mod file;
pub mod ids;
pub mod keys;
pub mod learn;
pub mod mail;
pub mod message;
pub mod money;
pub mod offer;
pub mod order;
pub mod plan;
pub mod program;
pub mod protocol;
pub mod redeem;
pub mod shop;
pub mod store;
pub mod time;
pub mod why;
