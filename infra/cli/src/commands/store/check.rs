//! `winback store check`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use clap::Args;
use jiff::ToSpan;
use winback_cloud::Error;
use winback_cloud::operator::webhooks::{Tallies, Tally};
use winback_cloud::tables::pool::Pool;
use winback_domain::codes::{Authority, Wanted};
use winback_domain::figures::counted;
use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};
use winback_domain::offer::Gives;
use winback_domain::program::Program;

use super::access::given;
use crate::shop;
use crate::stack::{Deployed, There, known};

/// How far back webhooks are looked for.
const LOOK_BACK_HOURS: i64 = 24;

/// Check how a store is wired: which webhooks came in the last day, and whether its API makes a test code and withdraws it
///
/// Webhooks are read from the log of receive-webhook, topic by topic. The test code takes one percent off one order, is good
/// until tomorrow, and nobody learns of it. It asks from here, with the key of the stack.
#[derive(Debug, Args)]
pub struct Check {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    pub(super) place: There,
}

impl Check {
    /// Checks. Answers what to tell.
    pub async fn check(&self, deployed: &Deployed) -> Result<String> {
        let (cloud, store) = (&deployed.cloud, &self.store);
        known(cloud, store).await?;
        let since = deployed.stack.now().checked_sub(LOOK_BACK_HOURS.hours())?;
        let plan = match cloud.standing(store).await {
            Ok(standing) => Some(standing.plan),
            // Nobody has rehearsed it yet.
            Err(Error::NoPlan(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let programs = plan.as_ref().map_or(&[][..], |plan| &plan.programs);
        let mut said = webhooks(store, &deployed.stack.webhooks(store, since).await?);
        let (codes, failed) = self.codes(deployed, programs).await?;
        said.push_str(&codes);
        said.push_str(&self.pools(deployed, programs).await?);
        if failed {
            bail!("{}", said.trim_end());
        }
        Ok(said)
    }

    /// How many codes are left of those that the shop made itself.
    async fn pools(&self, deployed: &Deployed, programs: &[Program]) -> Result<String> {
        let mut said = String::new();
        for program in programs.iter().filter(|program| program.codes == Authority::Pool) {
            for offer in program.offers.keys() {
                let pool = Pool { store: &self.store, program: &program.name, offer };
                let left = counted(deployed.cloud.tables.left_in_pool(pool).await?, "code");
                let _ = writeln!(said, "pool: {left} for the offer {offer} of {}.", program.name);
            }
        }
        Ok(said)
    }

    /// A test code made and withdrawn with every key that the store gave. Answers what to tell, and whether somebody must
    /// do something.
    async fn codes(&self, deployed: &Deployed, programs: &[Program]) -> Result<(String, bool)> {
        let (cloud, store) = (&deployed.cloud, &self.store);
        let given = given(deployed, store).await?;
        let wanted_of: BTreeSet<Authority> =
            programs.iter().map(|program| program.codes).filter(|codes| codes.is_asked()).collect();
        let mut said = String::new();
        let mut failed = false;
        for authority in wanted_of.iter().filter(|authority| !given.contains(authority)) {
            let word = authority.word();
            let _ = writeln!(said, "{word}: a program says `codes: {word}`, and no key was given to it.");
            failed = true;
        }
        if given.is_empty() {
            let name = &deployed.stack.name;
            let _ = writeln!(
                said,
                "{store} has given no key with which codes are made: winback store access {store} --file FILE --stack {name}"
            );
        }
        let now = cloud.clock.now();
        // Nobody's code: of no customer and of this very second.
        let nobody = MessageId::of(CustomerId::from_bytes([0; 16]), "a test of the store's key", now, 0, 0);
        let code = Code::of(&cloud.secrets.code(now).await?, store, nobody, 0);
        let wanted = Wanted {
            code: &code,
            gives: &Gives::PercentOff(1),
            minimum_order: None,
            from: now,
            until: now.checked_add(24.hours())?,
            uses: 1,
            title: "Winback: a test of the key",
            email: None,
        };
        for authority in given {
            let word = authority.word();
            let made = cloud.make_code(store, authority, &wanted).await?;
            let reference = made.as_ref().ok().and_then(|made| made.reference.clone());
            let withdrawn = cloud.withdraw_code(store, authority, &code, reference.as_deref()).await?;
            said.push_str(&match (&made, &withdrawn) {
                (Ok(_), Ok(_)) => format!("{word}: made the test code {code} and withdrew it.\n"),
                (Ok(_), Err(trouble)) => {
                    format!(
                        "{word}: made the test code {code}, and could not withdraw it: {trouble}. Delete it there.\n"
                    )
                }
                (Err(trouble), Ok(_)) => format!("{word}: the test code could not be made: {trouble}.\n"),
                // An answer that was lost may have made it all the same.
                (Err(trouble), Err(_)) => format!(
                    "{word}: the test code {code} could not be made: {trouble}. Should it be there, delete it.\n"
                ),
            });
            // A key that only reads orders is good for that.
            failed |= wanted_of.contains(&authority) && (made.is_err() || withdrawn.is_err());
        }
        Ok((said, failed))
    }
}

fn webhooks(store: &StoreId, tallies: &Tallies) -> String {
    let kinds = &tallies.kinds;
    if kinds.is_empty() {
        return format!(
            "No webhook of {store} came in the last day. winback store add says again what to paste where; winback send tries\n\
             the way in.\n"
        );
    }
    let mut said = format!("Webhooks of {store} in the last day:\n");
    let topic = |kind: &Tally| kind.topic.clone().unwrap_or_else(|| "(not read)".to_owned());
    let widest = kinds.iter().map(|kind| topic(kind).len()).max().unwrap_or_default();
    for kind in kinds {
        let (count, last) = (kind.count, kind.last.strftime("%Y-%m-%d %H:%M:%S"));
        let _ = writeln!(said, "  {:widest$}  {count:>6}  last {last} UTC  {}", topic(kind), kind.became);
    }
    if tallies.cut_short {
        said.push_str("  There was more in the log than is read here: the latest are missing.\n");
    }
    said
}
