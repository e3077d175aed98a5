//! The commands, one file each.

pub mod check;
pub mod completions;
pub mod explain;
pub mod import;
pub mod replay;
pub mod send;
pub mod serve;
pub mod story;
