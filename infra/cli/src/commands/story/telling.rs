//! The story's words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use winback_domain::customer::Customer;
use winback_domain::decide::{Action, decide};
use winback_domain::figures::number;
use winback_domain::ids::CustomerId;
use winback_domain::message::{Message, State};
use winback_domain::redeem::Redemption;
use winback_domain::report::{self, Ledger};
use winback_domain::time::{day_in_words, day_of};
use winback_domain::why::Reason;

use super::{EVERY, Played};
use crate::words::{compared, states};

/// How many examples are told of a kind.
const EXAMPLES: usize = 3;
/// Characters of a line of the story, and of the letter in it.
const SCREEN: usize = 110;
const LETTER: usize = 90;

const NEXT: &str = "  winback check shared/programs/shop
      read the folder that said all this, as an editor would
  winback replay shared/programs/shop/orders.csv --program shared/programs/shop \\
      --from 2025-01-01 --until 2026-06-30 --out replayed
      every message with its why; then try it with orders of your own
  winback import shared/programs/shop/orders.csv --data place --program shared/programs/shop
      the same orders into a place that lasts; then: winback explain ADDRESS --data place
  winback
      a livelier bookshop in your browser, with a clock to turn
  winback --help
      the manual
";

/// All of it.
pub(super) fn told(played: &Played) -> String {
    let ledger = played.picture.ledger();
    let summary = report::summary(&ledger);
    let shop = &ledger.plan.shop;
    let day = |at| day_in_words(day_of(at, &shop.time_zone));
    let mut text = format!(
        "{}: {} readers and {} orders, {} to {},\n\
         played through the functions that run on AWS, in memory and under a turned clock. Nobody was really mailed.\n",
        shop.name,
        number(summary.customers),
        number(summary.orders),
        day(played.from),
        day(played.until)
    );
    section(&mut text, "WHO FELL SILENT");
    let lapsed = ledger.plan.programs.iter().map(|program| program.lapsed.to_string()).next().unwrap_or_default();
    put(
        &mut text,
        &format!(
            "{} readers went {lapsed}, agreed to hear from the shop and belong to its program's audience.",
            number(summary.lapsed)
        ),
    );
    put(
        &mut text,
        &format!(
            "{} of them were held out by a draw that was made before: whatever they do, they do without a letter.",
            number(summary.holdout)
        ),
    );
    section(&mut text, "WHO WAS WRITTEN TO, AND WHY");
    put(&mut text, &format!("{} messages: {}.", number(summary.messages), states(&summary)));
    let people = People::of(&ledger);
    for message in people.examples() {
        put(
            &mut text,
            &format!("{}, {}, {}: {}", day(message.at), people.name(message.customer), message.mail, message.subject),
        );
        why(&mut text, &message.why);
    }
    section(&mut text, "WHO WAS NOT, AND WHY NOT");
    for (customer, reasons) in people.left_alone(&ledger) {
        put(&mut text, &people.name(customer.id));
        why(&mut text, &reasons);
    }
    if let Some(held) =
        ledger.messages.iter().filter(|message| message.state == State::Held).min_by_key(|m| (m.at, m.id))
    {
        put(&mut text, &people.name(held.customer));
        why(&mut text, &held.why);
    }
    letter(&mut text, played, &people);
    section(&mut text, "WHO CAME BACK");
    put(
        &mut text,
        &format!(
            "The sample's orders know nothing of these letters, so every {EVERY}th letter with a code found a reader who used it: \
             what the letters win below is our own making."
        ),
    );
    for (redemption, message) in people.redeemed(&ledger).iter().take(EXAMPLES) {
        put(
            &mut text,
            &format!(
                "{} came back on {} with the code of {}: order {}, {}.",
                people.name(message.customer),
                day(redemption.at),
                message.mail,
                redemption.order_id,
                redemption.total
            ),
        );
    }
    put(
        &mut text,
        &format!(
            "{} codes were used in all. Silences that ended with an order soon enough:",
            number(summary.redemptions)
        ),
    );
    text.push_str(&compared(report::comparison(&ledger)));
    section(&mut text, "WHAT TO TRY NEXT");
    text.push_str(NEXT);
    text
}

fn section(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{title}");
}

/// One paragraph, as wide as a screen.
fn put(text: &mut String, line: &str) {
    for part in wrapped(line, SCREEN) {
        let _ = writeln!(text, "{}", format!("  {part}").trim_end());
    }
}

fn why(text: &mut String, reasons: &[Reason]) {
    for reason in reasons {
        put(text, &format!("    {reason}"));
    }
}

/// The first letter with an offer whose reader came back, as it was read.
fn letter(text: &mut String, played: &Played, people: &People<'_>) {
    let ledger = played.picture.ledger();
    let Some((_, message)) = people.redeemed(&ledger).into_iter().next() else { return };
    let id = message.id.to_string();
    let Some(mail) = played.outbox.iter().find(|mail| mail.tags.get("message") == Some(&id)) else { return };
    section(text, "ONE LETTER IN FULL");
    for (name, value) in [("From", &mail.from), ("To", &mail.to.join(", ")), ("Subject", &mail.subject)] {
        put(text, &format!("{name}: {value}"));
    }
    put(text, "");
    for line in mail.text.lines() {
        for part in wrapped(line, LETTER) {
            put(text, &part);
        }
    }
}

/// A paragraph in lines of at most so many characters, all as far in as the first. A link is cut short: its token means nothing to anybody but its reader.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![indent.clone()];
    for word in line.split_whitespace() {
        let word = match word.starts_with("http") && word.chars().count() > 60 {
            true => format!("{}…", word.chars().take(48).collect::<String>()),
            false => word.to_owned(),
        };
        let mut last = lines.pop().unwrap_or_default();
        if last.trim().is_empty() || last.chars().count() + 1 + word.chars().count() <= width {
            if !last.trim().is_empty() {
                last.push(' ');
            }
            last.push_str(&word);
            lines.push(last);
        } else {
            lines.extend([last, format!("{indent}{word}")]);
        }
    }
    lines
}

/// Who is who.
struct People<'a> {
    customers: BTreeMap<CustomerId, &'a Customer>,
    messages: Vec<&'a Message>,
}

impl<'a> People<'a> {
    fn of(ledger: &Ledger<'a>) -> Self {
        let customers = ledger.customers.iter().map(|customer| (customer.id, customer)).collect();
        let mut messages: Vec<&Message> = ledger.messages.iter().collect();
        messages.sort_by_key(|message| (message.at, message.id));
        Self { customers, messages }
    }

    /// The name they gave, or their address.
    fn name(&self, id: CustomerId) -> String {
        let customer = self.customers.get(&id);
        let name = customer.and_then(|customer| customer.contact.name.as_ref()).map(|said| said.is.clone());
        let email = || customer.and_then(|customer| customer.email()).map(|email| email.as_str().to_owned());
        name.or_else(email).unwrap_or_else(|| "somebody".to_owned())
    }

    /// Messages that left, each another letter to another customer.
    fn examples(&self) -> Vec<&'a Message> {
        let mut found: Vec<&Message> = Vec::new();
        for message in self.messages.iter().filter(|message| message.state.was_mailed()) {
            let new = found.iter().all(|known| known.mail != message.mail && known.customer != message.customer);
            if new && found.len() < EXAMPLES {
                found.push(message);
            }
        }
        found
    }

    /// Customers without a message, one for every reason that keeps somebody from all mail.
    fn left_alone(&self, ledger: &Ledger<'a>) -> Vec<(&'a Customer, Vec<Reason>)> {
        let mut found: BTreeMap<&str, (&Customer, Vec<Reason>)> = BTreeMap::new();
        for customer in self.customers.values().filter(|customer| customer.letters.is_empty()) {
            let decision = decide(customer, ledger.store, ledger.plan, ledger.now);
            let kind = match decision.why.first() {
                Some(Reason::NoConsent) => "1 never agreed",
                Some(Reason::Refused { .. }) => "2 said no",
                Some(Reason::NotMeant { .. }) => "3 not meant",
                Some(Reason::NotSilentLongEnough { .. }) => "4 not silent",
                _ => continue,
            };
            if decision.action == Action::Wait {
                found.entry(kind).or_insert((customer, decision.why));
            }
        }
        found.into_values().collect()
    }

    /// Uses of codes with the letters they came from, the earliest first.
    fn redeemed(&self, ledger: &Ledger<'a>) -> Vec<(&'a Redemption, &'a Message)> {
        let used = ledger.coupons.iter().flat_map(|coupon| coupon.redeemed.iter().map(move |one| (coupon, one)));
        let letter = |id| self.messages.iter().find(|message| message.id == id).copied();
        let mut found: Vec<_> = used.filter_map(|(coupon, one)| Some((one, letter(coupon.message)?))).collect();
        found.sort_by_key(|(one, _)| (one.at, one.order_id.clone()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_paragraphs_are_wrapped_and_links_cut_short() {
        let line = "word ".repeat(40);
        assert!(wrapped(&line, 90).iter().all(|line| line.chars().count() <= 90));
        let link = format!("Use it: https://shop.example/{}", "a".repeat(200));
        assert_eq!(wrapped(&link, 90)[0].chars().count(), "Use it: ".len() + 49);
        assert_eq!(wrapped("    Code: A", 90), ["    Code: A"]);
        assert_eq!(wrapped("", 90), [""]);
    }
}
