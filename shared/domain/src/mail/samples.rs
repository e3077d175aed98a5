//! The sample shops and some customers of theirs, for tests.

use std::path::{Path, PathBuf};

use super::{Facts, Links, OfferFacts, Use, check};
use crate::file;
use crate::money::Money;
use crate::offer::{Offer, deadline};
use crate::plan::{Folder, Plan};
use crate::shop::{Language, Shop};
use crate::time::day_of;

pub(super) fn english() -> Language {
    Language::parse("en").unwrap()
}

/// Example Books, in euros and Helsinki.
pub(super) fn books() -> Plan {
    sample("shop")
}

/// Left Channel Records, in dollars and New York.
pub(super) fn records() -> Plan {
    sample("records")
}

/// A folder of `shared/programs`, which nobody has anything to say against.
fn sample(name: &str) -> Plan {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../programs").join(name);
    let mut folder = Folder::new();
    collect(&root, &root, &mut folder);
    let read = file::read(&folder, 1).unwrap();
    assert_eq!(read.warnings, [], "{name}");
    read.plan
}

#[expect(clippy::disallowed_methods, reason = "tests read the sample shops where they lie")]
fn collect(root: &Path, within: &Path, folder: &mut Folder) {
    for entry in std::fs::read_dir(within).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, folder);
        } else {
            let parts = path.strip_prefix(root).unwrap().iter();
            let parts: Vec<&str> = parts.map(|part| part.to_str().unwrap()).collect();
            folder.insert(parts.join("/"), std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Every mail of a sample shop, in the order customers get them, with the offer its step makes.
pub(super) fn steps(plan: &Plan) -> Vec<(String, Option<Offer>)> {
    let mut found = Vec::new();
    for program in &plan.programs {
        for step in program.rounds.iter().flat_map(|round| &round.steps) {
            let used = check::uses(program, &step.mail).remove(0);
            found.push((step.mail.clone(), used.offer));
        }
    }
    found
}

/// A step of a program for people who have ordered.
pub(super) fn used(offer: Option<Offer>) -> Use {
    Use { offer, buyers_only: true }
}

/// Somebody who last ordered 92 days before a Tuesday in March, with or without an offer.
pub(super) fn customer(shop: &Shop, name: Option<&str>, offer: Option<&Offer>) -> Facts {
    let now = "2026-03-10T13:00:00Z".parse().unwrap();
    let offer = offer.map(|offer| OfferFacts {
        gives: offer.gives.clone(),
        code: "7K2M-QX4T".to_owned(),
        expires_at: deadline(day_of(now, &shop.time_zone), offer.valid_days, &shop.time_zone),
        minimum_order: offer.minimum_order,
        left: offer.stock.map(|stock| stock - 13),
        open_url: shop.open_with_code.replace("{code}", "7K2M-QX4T"),
    });
    Facts {
        name: name.map(str::to_owned),
        language: english(),
        orders: if name.is_some() { 4 } else { 1 },
        spent: Money::parse("182.40", shop.currency).ok(),
        last_order: Some("2025-12-08T17:00:00Z".parse().unwrap()),
        silent_days: 92,
        links: Links {
            offer: offer.is_some().then(|| "https://go.shop.example/o/shop/abc.DEF-123".to_owned()),
            unsubscribe: "https://go.shop.example/u/shop/abc.DEF-123".to_owned(),
        },
        offer,
        now,
    }
}
