//! `winback completions`: what a shell needs to complete our words.

use std::io::Write as _;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::{Arguments, Done};

/// Print the completions of a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// Whose
    shell: Shell,
}

impl Completions {
    /// Prints them.
    pub fn run(self) -> Result<Done> {
        let mut text = Vec::new();
        generate(self.shell, &mut Arguments::command(), "winback", &mut text);
        match std::io::stdout().write_all(&text) {
            // Who reads only the beginning has what they wanted.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(Done::Whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_learns_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            generate(shell, &mut Arguments::command(), "winback", &mut text);
            let text = String::from_utf8(text).unwrap();
            for command in Arguments::command().get_subcommands() {
                assert!(text.contains(command.get_name()), "{shell} {}", command.get_name());
            }
        }
    }
}
