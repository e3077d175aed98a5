//! The command `winback`: reads what it is told, has the functions do it in a place on this machine, and says what
//! became of it. It holds no rule of the trade.

mod commands;

mod orders;
mod sample;
mod shop;
mod trial;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A replay makes and drops some thousand small pieces of JSON for every mail: a fifth of its time, with the usual one.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// All of it.
    Whole,
    /// Some lines of the orders' file were no orders; the rest was done.
    Partly,
    /// It was done, and the answer is no.
    Refused,
}

/// Winback wins lapsed customers back: it notices silence, mails the right people an offer with a true deadline, stops
/// the moment they buy, and shows what came back because of it.
///
/// Without a command it replays a year and a half of a sample bookshop in memory and tells what happened. Nothing here
/// mails anybody: letters go to the outbox of a place on this machine.
#[derive(Debug, Parser)]
#[command(name = "winback", version, max_term_width = 100, after_long_help = MANUAL, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Replay(commands::replay::Replay),
    Import(commands::import::Import),
    Explain(commands::explain::Explain),
    Check(commands::check::Check),
    Serve(commands::serve::Serve),
    Send(commands::send::Send),
}

const MANUAL: &str = "\
FIRST STEPS
  winback                                            the sample shop, told in a minute
  winback check shared/programs/shop                 read a shop's folder as an editor would
  winback replay orders.csv --program my-shop --from 2025-01-01 --until 2025-12-31 --out replayed
                                                     what would have been mailed, to whom, and why
  winback import orders.csv --data place --program my-shop
  winback explain anna@shop.example --data place     where one customer stands
  winback serve --data place --program my-shop       take webhooks, mail when it is time
  winback send event.json --data place               sign an event and post it there

FILES
  A shop's folder holds shop.yaml, program.yaml (or programs/NAME.yaml) and
  mails/MAIL/LANGUAGE/{subject.txt,body.mjml,body.txt}.

  Orders are CSV with the columns order_id, email, placed_at, total, currency; optional are name,
  language, consent (yes or no; empty: unchanged) and discount_code; others are ignored. A date
  without a time is noon in the shop's zone. Without a consent column nobody has agreed to mail,
  unless --assume-consent says so. The same order on two lines is an order that changed: the later
  line holds.

  A place (--data) is a folder with everything AWS would keep. One process uses it at a time.

EXIT STATUS
  0  done
  1  failed; the reason is on standard error
  2  the command was not understood
  3  done, but some lines of the orders' file were no orders; each is named on standard error";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Some(Command::Replay(command)) => command.run().await,
            Some(Command::Import(command)) => command.run().await,
            Some(Command::Explain(command)) => command.run().await,
            Some(Command::Check(command)) => command.run(),
            Some(Command::Serve(command)) => command.run().await,
            Some(Command::Send(command)) => command.run().await,
            None => commands::story::run().await,
        }
    });
    match done {
        Ok(Done::Whole) => ExitCode::SUCCESS,
        Ok(Done::Refused) => ExitCode::from(1),
        Ok(Done::Partly) => ExitCode::from(3),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("winback: {error:#}");
    ExitCode::from(1)
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_commands_are_as_their_manual_says() {
        Arguments::command().debug_assert();
        for line in super::MANUAL.lines().filter_map(|line| line.trim().strip_prefix("winback ")) {
            let words: Vec<&str> = line.split("   ").next().unwrap_or_default().split_whitespace().collect();
            if words.first().is_some_and(|first| first.chars().all(char::is_lowercase)) {
                Arguments::try_parse_from(["winback"].iter().chain(&words)).unwrap();
            }
        }
    }
}
