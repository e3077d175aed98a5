//! The sample shops and some customers of theirs, for tests.

use std::path::PathBuf;

use super::{Facts, Links, OfferFacts, Use};
use crate::money::{Currency, Money};
use crate::offer::{Gives, Offer, deadline};
use crate::plan::{Letter, Letters};
use crate::shop::{Kind, Language, Limits, Sender, Share, Shop};
use crate::time::day_of;

pub(super) fn english() -> Language {
    Language::parse("en").unwrap()
}

/// Example Books, as `shared/programs/shop/shop.yaml` says.
pub(super) fn books() -> Shop {
    shop(
        "Example Books",
        "EUR",
        "Europe/Helsinki",
        "https://shop.example/discount/{code}",
        (
            "Anna from Example Books",
            "anna@shop.example",
            "Example Street 1, 00100 Helsinki, Finland",
        ),
    )
}

/// Left Channel Records, as `shared/programs/records/shop.yaml` says.
pub(super) fn records() -> Shop {
    shop(
        "Left Channel Records",
        "USD",
        "America/New_York",
        "https://records.example/cart?discount={code}",
        (
            "Mo at Left Channel",
            "mo@records.example",
            "212 Example Avenue, Brooklyn, NY 11201",
        ),
    )
}

fn shop(name: &str, currency: &str, zone: &str, open: &str, sender: (&str, &str, &str)) -> Shop {
    Shop {
        name: name.to_owned(),
        kind: Kind::Online,
        open_with_code: open.to_owned(),
        time_zone: jiff::tz::TimeZone::get(zone).unwrap(),
        currency: Currency::parse(currency).unwrap(),
        languages: vec![english()],
        sender: Sender {
            name: sender.0.to_owned(),
            email: sender.1.parse().unwrap(),
            postal_address: sender.2.to_owned(),
        },
        limits: Limits::default(),
        holdout: Share::default(),
    }
}

/// Every mail of a sample shop with the offer its step makes.
pub(super) fn steps(shop: &Shop) -> Vec<(&'static str, Option<Offer>)> {
    let money = |amount| Money::parse(amount, shop.currency).unwrap();
    let offer = |gives, minimum: Option<Money>, stock| {
        Some(Offer {
            gives,
            minimum_order: minimum,
            valid_days: 3,
            stock,
        })
    };
    if shop.name == "Example Books" {
        let ten = offer(Gives::AmountOff(money("10")), Some(money("40")), None);
        let gift = offer(Gives::Thing("free gift".to_owned()), None, Some(50));
        return vec![
            ("we-miss-you", ten.clone()),
            ("last-day", ten),
            ("what-is-new", None),
            ("one-more-gift", gift),
        ];
    }
    let five = offer(Gives::AmountOff(money("5")), Some(money("30")), None);
    let shipping = offer(Gives::FreeShipping, None, None);
    let fifteen = offer(Gives::PercentOff(15), None, None);
    vec![
        ("side-a", five.clone()),
        ("last-call", five),
        ("free-box", shipping.clone()),
        ("box-closes", shipping),
        ("best-deal", fifteen.clone()),
        ("run-out-groove", fifteen),
    ]
}

/// How a step uses its letter: everybody in the sample shops has ordered.
pub(super) fn used(offer: Option<Offer>) -> Use {
    Use {
        offer,
        buyers_only: true,
    }
}

/// One letter of a sample shop, from its folder.
pub(super) fn letter(shop: &Shop, mail: &str) -> Letter {
    let program = if shop.name == "Example Books" {
        "shop"
    } else {
        "records"
    };
    let programs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../programs");
    let folder = programs.join(program).join("mails").join(mail).join("en");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    Letter {
        subject: read("subject.txt"),
        body_mjml: read("body.mjml"),
        body_text: read("body.txt"),
    }
}

/// All letters of a sample shop.
pub(super) fn letters(shop: &Shop) -> Letters {
    let mails = steps(shop).into_iter();
    mails
        .map(|(mail, _)| ((mail.to_owned(), english()), letter(shop, mail)))
        .collect()
}

/// Somebody who last ordered 92 days before a Tuesday in March, with or without an offer.
pub(super) fn customer(shop: &Shop, name: Option<&str>, offer: Option<&Offer>) -> Facts {
    let now = "2026-03-10T13:00:00Z".parse().unwrap();
    let offer = offer.map(|offer| OfferFacts {
        gives: offer.gives.clone(),
        code: "7K2M-QX4T".to_owned(),
        expires_at: deadline(
            day_of(now, &shop.time_zone),
            offer.valid_days,
            &shop.time_zone,
        ),
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
            offer: offer
                .is_some()
                .then(|| "https://go.shop.example/o/shop/abc.DEF-123".to_owned()),
            unsubscribe: "https://go.shop.example/u/shop/abc.DEF-123".to_owned(),
        },
        offer,
        now,
    }
}
