//! The commands, one file each.

pub mod check;
pub mod codes;
pub mod completions;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod import;
pub mod package;
pub mod pause;
pub mod rehearse;
pub mod replay;
pub mod restore;
pub mod resume;
pub mod send;
pub mod serve;
pub mod store;
pub mod story;
