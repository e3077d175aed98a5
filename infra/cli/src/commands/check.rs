//! `winback check`: reads a shop's folder as an editor would.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use winback_domain::check::check;
use winback_domain::figures::counted;
use winback_domain::file::Severity;

use crate::{Done, shop};

/// Read a shop's folder and say what is wrong with it
///
/// Reads shop.yaml, the programs and the letters, fills every letter in for customers of several kinds, and shows each
/// problem with a caret under the wrong word. Warnings are shown and do not fail; errors end with exit status 1.
#[derive(Debug, Args)]
pub struct Check {
    /// The shop's folder: shop.yaml, program.yaml, mails/
    dir: PathBuf,
}

impl Check {
    /// Runs it.
    pub fn run(self) -> Result<Done> {
        let folder = shop::folder(&self.dir)?;
        let checked = check(&folder);
        eprint!("{}", shop::rendered(&folder, &self.dir, checked.problems.iter()));
        let [errors, warnings] = [Severity::Error, Severity::Warning].map(|kind| checked.count(kind));
        let Some(plan) = checked.plan else {
            let warnings = if warnings > 0 { format!(", {}", counted(warnings, "warning")) } else { String::new() };
            eprintln!("{}: {}{warnings}", self.dir.display(), counted(errors, "error"));
            return Ok(Done::Refused);
        };
        println!("{}: {}.", plan.shop.name, shop::described(&plan));
        for program in &plan.programs {
            let status = format!("{:?}", program.status).to_lowercase();
            println!("  {} ({status}): {}", program.name, program.audience);
        }
        match warnings {
            0 => println!("Nothing to say against it."),
            some => println!("It can be used; {} above.", counted(some, "warning")),
        }
        Ok(Done::Whole)
    }
}
