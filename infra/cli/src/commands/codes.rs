//! `winback codes`: codes that a shop made itself.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use winback_cloud::tables::pool::{MOST, Pool};
use winback_domain::codes::Authority;
use winback_domain::figures::counted;
use winback_domain::ids::{Code, StoreId};
use winback_domain::program::Program;
use winback_local::clock::Turned;

use crate::stack::{Opened, Where};
use crate::{Done, shop};

/// What lists of codes are headed with.
const HEADS: [&str; 6] = ["CODE", "CODES", "COUPON", "COUPONS", "DISCOUNT", "DISCOUNT_CODE"];

/// Hand Winback codes that the shop made itself
#[derive(Debug, Args)]
pub struct Codes {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(Import),
}

/// Put codes into the pool of an offer
///
/// For a program with `codes: pool`. The file holds one code a line: capitals, digits, dashes and underscores, 4 to 32 of
/// them. What each gives, how often and until when, the shop says where it makes them: at least as the offer promises. Each
/// is handed out to one customer, once. The same file again changes nothing.
#[derive(Debug, Args)]
struct Import {
    /// The store's name
    #[arg(long, value_name = "STORE", value_parser = shop::store_id)]
    store: StoreId,
    /// The offer's name in program.yaml
    #[arg(long, value_name = "OFFER")]
    offer: String,
    /// The program's name, where several have such an offer
    #[arg(long, value_name = "PROGRAM")]
    program: Option<String>,
    #[command(flatten)]
    place: Where,
    /// The file with the codes; - reads standard input
    file: PathBuf,
}

impl Codes {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        match self.command {
            Command::Import(import) => import.run().await,
        }
    }
}

impl Import {
    async fn run(self) -> Result<Done> {
        let codes = self.codes()?;
        let opened = self.place.open(Turned::real()).await?;
        let program = self.program(&opened).await?;
        let pool = Pool { store: &self.store, program: &program, offer: &self.offer };
        let tables = &opened.cloud().tables;
        let Some(new) = tables.fill_pool(pool, &codes).await? else {
            bail!("with these the pool of {} would hold more than {MOST} codes; nothing was imported", self.offer);
        };
        println!(
            "Put {} of {} into the pool of {} in {program}; the others lie there or went to somebody. It holds {}.",
            new,
            counted(codes.len(), "code"),
            self.offer,
            counted(tables.left_in_pool(pool).await?, "code")
        );
        Ok(Done::Whole)
    }

    fn codes(&self) -> Result<BTreeSet<Code>> {
        let text = shop::text(&self.file)?;
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        let code = |(number, line): (usize, &str)| {
            let why = "a code is 4 to 32 capitals, digits, dashes and underscores; nothing was imported";
            // A list's head is no code.
            let code = Code::parse(line).filter(|_| !HEADS.contains(&line));
            code.with_context(|| format!("{}:{}: {why}", self.file.display(), number + 1))
        };
        let codes = lines.map(code).collect::<Result<BTreeSet<Code>>>()?;
        if codes.is_empty() {
            bail!("{} holds no codes", self.file.display());
        }
        Ok(codes)
    }

    /// The program that the offer is of.
    async fn program(&self, opened: &Opened) -> Result<String> {
        opened.store(&self.store).await?;
        let plan = &opened.cloud().standing(&self.store).await?.plan;
        let means = |program: &&Program| self.program.as_ref().is_none_or(|name| *name == program.name);
        let has = |program: &&Program| program.codes == Authority::Pool && program.offers.contains_key(&self.offer);
        let found: Vec<&Program> = plan.programs.iter().filter(means).filter(has).collect();
        match found[..] {
            [program] => Ok(program.name.clone()),
            [] => bail!("no program of {} says `codes: pool` and has an offer `{}`", self.store, self.offer),
            _ => bail!("several programs have an offer `{}`: name one with --program", self.offer),
        }
    }
}
