//! The command `winback`: reads what it is told, has the functions do it in a place on this machine or in a deployed stack,
//! and says what became of it. It holds no rule of the trade.

mod bookshop;
mod commands;
mod demo;
mod orders;
mod packages;
mod past;
mod sample;
mod shop;
mod stack;
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
/// Without a command it serves: a demo bookshop on this machine, with its console at http://127.0.0.1:8787 and a clock to
/// turn. Nothing here mails anybody but a stack that --stack names: all other letters go to the outbox of a place on this
/// machine.
#[derive(Debug, Parser)]
#[command(
    name = "winback",
    version,
    max_term_width = 100,
    after_long_help = MANUAL,
    propagate_version = true,
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: commands::serve::Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    Replay(commands::replay::Replay),
    Import(commands::import::Import),
    Explain(commands::explain::Explain),
    Check(commands::check::Check),
    Serve(commands::serve::Serve),
    Send(commands::send::Send),
    Store(commands::store::Stores),
    Codes(commands::codes::Codes),
    Doctor(commands::doctor::Doctor),
    Rehearse(commands::rehearse::Rehearse),
    Resume(commands::resume::Resume),
    Restore(commands::restore::Restore),
    Pause(commands::pause::Pause),
    Export(commands::export::Export),
    Package(commands::package::Package),
    /// Tell the sample shop's year and a half in the terminal, as a shopkeeper would
    Story,
    Completions(commands::completions::Completions),
}

const MANUAL: &str = "\
FIRST STEPS
  winback                                            a demo bookshop, its console, a clock to turn
  winback serve --data place                         the same, kept in a folder
  winback serve --orders orders.csv --program my-shop --assume-consent
                                                     your own past, played the same way
  winback story                                      the sample shop, told in the terminal
  winback check shared/programs/shop                 read a shop's folder as an editor would
  winback replay orders.csv --program my-shop --from 2025-01-01 --until 2025-12-31 --out replayed
                                                     what would have been mailed, to whom, and why
  winback import orders.csv --data place --program my-shop
  winback explain anna@shop.example --data place     where one customer stands
  winback serve --data place --program my-shop       take webhooks, mail when it is time
  winback send event.json --data place               sign an event and post it there
  winback completions bash                           completions for your shell

ON AWS
  winback package --out packages --programs my-shops
                                                     a zip per function, and the shops' folders as a layer
  winback store add books --stack winback            a new store: its secret, and what to paste where
  winback store list --stack winback                 state, plan, why paused, last scan
  winback store rotate-secret books --stack winback
                                                     a new secret; the old one good until --drop-old
  winback store pull books --stack winback           ask the store for orders that no webhook told
  winback store access books --stack winback --file access.txt
                                                     a key to the shop's own API, for codes it honours
  winback store check books --stack winback          which webhooks came; a test code, made there and withdrawn
  winback codes import --stack winback --store books --offer ten-euro codes.txt
                                                     codes that the shop made itself
  winback doctor --stack winback                     what is wrong, and what to do
  winback doctor --stack winback --first-mail --store books
                                                     the real first letter, and its way back
  winback import orders.csv --stack winback --store books
                                                     the shop's history, by its bucket
  winback rehearse books --stack winback             whom the coming days would write to
  winback resume books --stack winback               go live, for the first time or again
  winback pause books --stack winback                hold all mails of a store at once
  winback explain anna@shop.example --stack winback
                                                     where one customer stands
  winback export --stack winback --out backup        all that is known, as JSON lines: personal data
  winback restore --stack winback --old-customers winback-customers --old-ledger winback-ledger
                                                     after a restore from a backup, before anything is sent

  The stack's name is the `prefix` of its Terraform module; all else is read from its functions.
  Region and credentials are found as the AWS command line finds them (AWS_REGION, AWS_PROFILE).

FILES
  A shop's folder holds shop.yaml, program.yaml (or programs/NAME.yaml) and
  mails/MAIL/LANGUAGE/{subject.txt,body.mjml,body.txt}.

  Orders are CSV with the columns order_id, email, placed_at, total, currency; optional are name,
  language, consent (yes or no; empty: unchanged) and discount_code; others are ignored. A date
  without a time is a day in the shop's zone: the order counts as placed at noon, and yields to
  whatever was told of that day with its time. Without a consent column nobody has agreed to mail,
  unless --assume-consent says so. The same order on two lines is an order that changed: the later
  line holds.

  A place (--data) is a folder with everything AWS would keep. One process uses it at a time.
  Ended at any moment, the next start goes on where it was.

SHELLS
  winback completions bash > ~/.local/share/bash-completion/completions/winback
  winback completions zsh  > ~/.zfunc/_winback
  winback completions fish > ~/.config/fish/completions/winback.fish

EXIT STATUS
  0  done
  1  failed (the reason is on standard error), or the answer is no, such as a fail of the doctor
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
            Some(Command::Store(command)) => command.run().await,
            Some(Command::Codes(command)) => command.run().await,
            Some(Command::Doctor(command)) => command.run().await,
            Some(Command::Rehearse(command)) => command.run().await,
            Some(Command::Resume(command)) => command.run().await,
            Some(Command::Restore(command)) => command.run().await,
            Some(Command::Pause(command)) => command.run().await,
            Some(Command::Export(command)) => command.run().await,
            Some(Command::Package(command)) => command.run(),
            Some(Command::Story) => commands::story::run().await,
            Some(Command::Completions(command)) => command.run(),
            None => arguments.serve.run().await,
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
    use std::path::{Path, PathBuf};

    #[test]
    fn the_commands_are_as_their_manual_says() {
        Arguments::command().debug_assert();
        for line in super::MANUAL.lines().filter_map(|line| line.trim().strip_prefix("winback ")) {
            let line = line.split(" > ").next().unwrap_or_default();
            let words: Vec<&str> = line.split("   ").next().unwrap_or_default().split_whitespace().collect();
            if words.first().is_some_and(|first| first.chars().all(char::is_lowercase)) {
                Arguments::try_parse_from(["winback"].iter().chain(&words)).unwrap();
            }
        }
    }

    /// What somebody copies out of a README or the operator's book is understood.
    #[test]
    fn the_commands_of_the_book_are_understood() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut pages = vec![root.join("README.md")];
        markdown(&root.join("infra"), &mut pages);
        let mut seen = 0;
        for page in &pages {
            for command in commands(&std::fs::read_to_string(page).unwrap()) {
                seen += 1;
                let words = command.split_whitespace().map(|word| match word.trim_matches(['[', ']']) {
                    "$P" => "winback",
                    "STORE" => "books",
                    "$SINCE" => "2026-05-01T10:00:00Z",
                    word => word,
                });
                let read = Arguments::try_parse_from(["winback"].into_iter().chain(words));
                assert!(read.is_ok(), "{}: {command}: {}", page.display(), read.unwrap_err());
            }
        }
        assert!(seen > 25, "only {seen} commands were seen");
    }

    fn markdown(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                markdown(&entry, found);
            } else if entry.extension().is_some_and(|end| end == "md") {
                found.push(entry);
            }
        }
    }

    /// The commands in the code of a page: what stands behind `winback`, or behind the `--` of `cargo run`.
    fn commands(page: &str) -> Vec<String> {
        let (mut inside, mut whole, mut found) = (false, String::new(), Vec::new());
        for line in page.lines() {
            if line.trim_start().starts_with("```") {
                inside = !inside;
                continue;
            }
            let line = line.split(" #").next().unwrap_or_default().trim();
            if let Some(open) = line.strip_suffix('\\') {
                whole.push_str(open);
                continue;
            }
            let command = std::mem::take(&mut whole) + line;
            let ours = command.strip_prefix("winback ");
            let ours = ours.or_else(|| command.strip_prefix("cargo run ")?.split_once("-- ").map(|(_, words)| words));
            found.extend(ours.filter(|_| inside).map(str::to_owned));
        }
        found
    }
}
