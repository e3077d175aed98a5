//! Reads letters as an editor would, before anybody gets them: every letter is filled in for customers of several shapes.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::facts::{Facts, Links, OfferFacts};
use super::page::{self, Fault};
use super::problem::{Error, Level, Part, Problem};
use super::{Mail, Prepared, alone, engine, link, words};
use crate::money::Money;
use crate::offer::{Offer, deadline};
use crate::plan::{Letter, Letters};
use crate::program::{Program, Since, StepOffer};
use crate::shop::{Language, Shop};
use crate::time::day_of;

/// Gmail cuts pages off at about 102 KB, and with them the unsubscribe link.
const LARGEST_HTML: usize = 100_000;

/// Longer subjects are folded in transport and cut on every phone.
const LONG_SUBJECT: usize = 78;

/// One way a letter is used: what the step that sends it offers, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The offer, its own or inherited; nothing for news.
    pub offer: Option<Offer>,
    /// Whether everybody who gets it has ordered before.
    pub buyers_only: bool,
}

/// All findings about all letters of a shop, by mail and language. Letters that no step sends are not looked at.
pub fn check_all(shop: &Shop, programs: &[Program], letters: &Letters) -> Vec<(String, Language, Problem)> {
    let mut found = Vec::new();
    for ((mail, language), letter) in letters {
        let uses: Vec<Use> = programs.iter().flat_map(|program| uses(program, mail)).collect();
        let problems = check(letter, language, shop, &uses);
        found.extend(problems.into_iter().map(|problem| (mail.clone(), language.clone(), problem)));
    }
    found
}

/// The ways a program uses a mail.
pub(super) fn uses(program: &Program, mail: &str) -> Vec<Use> {
    let buyers_only = matches!(program.lapsed.since, Since::LastOrder);
    let mut found = Vec::new();
    for round in &program.rounds {
        let mut latest = None;
        for step in &round.steps {
            let offer = match &step.offer {
                StepOffer::None => None,
                StepOffer::Own(name) => {
                    latest = program.offers.get(name);
                    latest
                }
                StepOffer::Inherited => latest,
            };
            if step.mail == mail {
                found.push(Use { offer: offer.cloned(), buyers_only });
            }
        }
    }
    found
}

/// All findings about one letter, as each of its uses would fill it in: for a customer with everything known, for one
/// without a name, and for one who never ordered where such people get it. Sorted, each once.
pub fn check(letter: &Letter, language: &Language, shop: &Shop, uses: &[Use]) -> Vec<Problem> {
    let mut found = BTreeSet::new();
    if !words::knows(language) {
        let message =
            format!("dates and amounts have no words in \"{}\" yet: they are written in figures", language.as_str());
        found.insert(Problem::warning(Part::Text, None, message));
    }
    for used in uses {
        for facts in shapes(shop, language, used) {
            let mail = alone(letter, &facts).and_then(|prepared| filled(&prepared, letter, shop, &facts, &mut found));
            match mail {
                Ok(mail) => found.extend(read(&mail, letter, shop, &facts)),
                Err(Error::Letter { problem, .. }) => found.extend([problem]),
                Err(other) => found.extend([Problem::error(Part::Html, None, other.to_string())]),
            }
        }
    }
    found.into_iter().collect()
}

/// Renders, and keeps what mrml has to say about attributes.
fn filled(
    prepared: &Prepared,
    letter: &Letter,
    shop: &Shop,
    facts: &Facts,
    found: &mut BTreeSet<Problem>,
) -> Result<Mail, Error> {
    let mail = prepared.render(super::ALONE, shop, facts)?;
    let (folder, values) = prepared.open(super::ALONE, shop, facts)?;
    if let Ok(mjml) = engine::fill(&prepared.engine, &folder, Part::Html, &values) {
        let (_, warnings) = page::html(&mjml).unwrap_or_default();
        found.extend(warnings.iter().map(|fault| placed(fault, &mjml, &letter.body_mjml, Level::Warning)));
    }
    Ok(mail)
}

/// A fault of the filled-in MJML, told at the line of the template it came from. Blocks and loops move lines, so the line is
/// looked up by what stands on it.
pub(super) fn placed(fault: &Fault, mjml: &str, source: &str, level: Level) -> Problem {
    let line = fault.at.and_then(|at| {
        let before = mjml.get(..at)?;
        let number = before.matches('\n').count();
        let text = mjml.lines().nth(number)?.trim();
        let same = source.lines().position(|line| line.trim() == text);
        let tag: String = mjml.get(at..)?.chars().take_while(|c| !matches!(c, ' ' | '>' | '\n' | '=')).collect();
        same.map(|found| found + 1).or_else(|| engine::line_of(source, &tag))
    });
    Problem { part: Part::Html, line, level, message: fault.message.clone() }
}

/// What an editor would say about a finished mail.
fn read(mail: &Mail, letter: &Letter, shop: &Shop, facts: &Facts) -> Vec<Problem> {
    let mut found = Vec::new();
    read_subject(&mail.subject, &mut found);
    if mail.html.len() > LARGEST_HTML {
        let message = format!("{} KB of HTML: Gmail cuts it off at 102 KB; keep it below 100", mail.html.len() / 1000);
        found.push(Problem::error(Part::Html, None, message));
    }
    for address in page::loads(&mail.html) {
        if !is_ours(&address, shop) {
            let line = engine::line_of(&letter.body_mjml, &address);
            let message = format!("loads {address} from a third party: keep images on the shop's own domain");
            found.push(Problem::error(Part::Html, line, message));
        }
    }
    for (part, body) in [(Part::Html, unescaped(&mail.html)), (Part::Text, mail.text.clone())] {
        read_body(part, &body, shop, facts, &mut found);
    }
    if !letter.body_mjml.contains("<mj-preview>") {
        let message = "no preview: say in <mj-preview> what the inbox shows beside the subject";
        found.push(Problem::warning(Part::Html, None, message));
    }
    if facts.name.is_none() {
        for (part, text) in [(Part::Subject, &mail.subject), (Part::Text, &mail.text)] {
            let odd =
                text.lines().find(|line| line.contains(" ,") || line.contains(" !") || line.starts_with([',', '!']));
            if let Some(line) = odd {
                found.push(Problem::warning(part, None, format!("reads oddly without a name: \"{line}\"")));
            }
        }
    }
    found
}

fn read_subject(subject: &str, found: &mut Vec<Problem>) {
    let length = subject.chars().count();
    if length == 0 {
        found.push(Problem::error(Part::Subject, Some(1), "the subject is empty"));
    }
    if length > LONG_SUBJECT {
        let message = format!(
            "up to {length} characters with a long name: phones show some 40, mail is folded after {LONG_SUBJECT}"
        );
        found.push(Problem::warning(Part::Subject, Some(1), message));
    }
}

/// What law, mailbox providers and customers look for in both bodies.
fn read_body(part: Part, body: &str, shop: &Shop, facts: &Facts, found: &mut Vec<Problem>) {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !flat(body).contains(&flat(&shop.sender.postal_address)) {
        found.push(Problem::error(
            part,
            None,
            "the sender's postal address is missing: write {{ sender.postal_address }}",
        ));
    }
    if !body.contains(&facts.links.unsubscribe) {
        found.push(Problem::error(part, None, "the way out is missing: link to {{ links.unsubscribe }}"));
    }
    let Some(offer) = &facts.offer else { return };
    let page = facts.links.offer.as_deref().unwrap_or(&offer.open_url);
    if !body.contains(page) && !body.contains(&offer.open_url) {
        found.push(Problem::warning(part, None, "nothing leads to the offer: link to {{ links.button }}"));
    }
    if !body.contains(&offer.code) {
        found.push(Problem::warning(part, None, "the code is not shown: write {{ offer.code }}"));
    }
    let day = day_of(offer.expires_at, &shop.time_zone);
    let words = words::of(&facts.language, shop);
    if !body.contains(&words.weekday_date(day)) && !body.contains(&words.weekday(day)) {
        found.push(Problem::warning(part, None, "it does not say until when: write {{ offer.deadline }}"));
    }
}

/// The page as a reader sees its quotes and ampersands.
fn unescaped(html: &str) -> String {
    html.replace("&quot;", "\"").replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whether an address belongs to the shop: where its button leads, or where its mail comes from.
fn is_ours(address: &str, shop: &Shop) -> bool {
    let Some(host) = link::host(address) else {
        return false;
    };
    let home = link::host(&shop.open_with_code).map(|host| host.strip_prefix("www.").unwrap_or(host));
    let sender = shop.sender.email.as_str().rsplit('@').next();
    let within = |ours: &str| host == ours || host.strip_suffix(ours).is_some_and(|rest| rest.ends_with('.'));
    home.is_some_and(within) || sender.is_some_and(within)
}

/// Customers of several shapes: everything known, no name, and never ordered where that can be.
fn shapes(shop: &Shop, language: &Language, used: &Use) -> Vec<Facts> {
    // A Tuesday morning; any moment would do as long as it is always the same one.
    let now: Timestamp = "2026-03-10T07:00:00Z".parse().expect("a valid moment");
    let spent = Money { minor: 18_240 * 10_i64.pow(shop.currency.exponent()) / 100, currency: shop.currency };
    let offer = used.offer.as_ref().map(|offer| OfferFacts {
        gives: offer.gives.clone(),
        code: "7K2M-QX4T".to_owned(),
        expires_at: deadline(day_of(now, &shop.time_zone), offer.valid_days, &shop.time_zone),
        minimum_order: offer.minimum_order,
        left: offer.stock,
        open_url: shop.open_with_code.replace("{code}", "7K2M-QX4T"),
    });
    let regular = Facts {
        name: Some("Maximiliana-Alexandra Featherstonehaugh".to_owned()),
        language: language.clone(),
        orders: 7,
        spent: Some(spent),
        last_order: now.checked_sub((24 * 92).hours()).ok(),
        silent_days: 92,
        links: Links {
            offer: offer.is_some().then(|| "https://links.example/o/shop/sample-token".to_owned()),
            unsubscribe: "https://links.example/u/shop/sample-token".to_owned(),
        },
        offer,
        now,
    };
    let nameless = Facts { name: None, orders: 1, spent: None, ..regular.clone() };
    let mut shapes = vec![regular.clone(), nameless];
    if !used.buyers_only {
        shapes.push(Facts { orders: 0, spent: None, last_order: None, ..regular });
    }
    shapes
}
