//! Pages as customers see them.

use super::*;
use crate::customer::Said;
use crate::ids::{CustomerId, MessageId, StoreId};
use crate::keys::Key;
use crate::money::{Currency, Money};
use crate::offer::Gives;
use crate::redeem::Redemption;
use crate::shop::{Kind, Language, Limits, Sender, Share};

const LINK: &str = "../../u/books/token";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
}

fn shop() -> Shop {
    let sender = Sender {
        name: "Anna from Example Books".to_owned(),
        email: "anna@shop.example".parse().unwrap(),
        postal_address: "Example Street 1, 00100 Helsinki".to_owned(),
    };
    Shop {
        name: "Example Books".to_owned(),
        kind: Kind::Online,
        open_with_code: "https://shop.example/discount/{code}".to_owned(),
        time_zone: jiff::tz::TimeZone::get("Europe/Helsinki").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        languages: vec![Language::parse("en").unwrap()],
        sender,
        limits: Limits::default(),
        holdout: Share::default(),
    }
}

/// Anna, mailed on 5 May with an offer that ends on the 8th.
struct Story {
    customer: Customer,
    message: Message,
    coupon: Coupon,
}

impl Story {
    fn new() -> Self {
        let key = Key::new(b"k".to_vec());
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let mut customer = Customer::new(CustomerId::of_store_id(&key, &store, "7"), at("2026-01-05T10:00:00Z"));
        customer.contact.name = Some(Said { is: "Anna Lind".to_owned(), at: customer.since });
        let id = MessageId::of(customer.id, "We miss you", customer.since, 0, 0);
        let code = Code::of(&key, &store, id, 7);
        let granted = Granted {
            name: "ten-euro".to_owned(),
            gives: Gives::AmountOff(euros("10")),
            code: Some(code.clone()),
            expires_at: at("2026-05-08T20:59:59Z"),
            minimum_order: Some(euros("40")),
            uses: 1,
        };
        let coupon = Coupon {
            code,
            rev: 1,
            dead: false,
            message: id,
            customer: customer.id,
            gives: granted.gives.clone(),
            minimum_order: granted.minimum_order,
            expires_at: granted.expires_at,
            uses: 1,
            authority: crate::codes::Authority::Winback,
            not_made: None,
            reference: None,
            redeemed: vec![],
            conflicts: vec![],
        };
        let message = Message {
            id,
            customer: customer.id,
            program: "We miss you".to_owned(),
            episode: customer.since,
            round: 0,
            step: 0,
            mail: "we-miss-you".to_owned(),
            state: State::Sent,
            claim: 1,
            day: jiff::civil::date(2026, 5, 5),
            at: at("2026-05-05T06:00:00Z"),
            subject: "Anna, your chair is still here".to_owned(),
            offer: Some(granted),
            why: vec![],
            store_rev: 1,
            plan: 1,
            previous: None,
            redeemed_by: None,
            opened: None,
            clicked: None,
        };
        Self { customer, message, coupon }
    }

    fn opened(&self) -> Opened<'_> {
        Opened { customer: Some(&self.customer), message: Some(&self.message), coupon: Some(&self.coupon) }
    }

    fn page(&self, now: &str, stock: Option<Stock>) -> Answer {
        let state = offer_state(self.opened(), at(now));
        offer(&state, Some(&self.customer), &shop(), stock, LINK, at(now))
    }
}

#[test]
fn a_good_offer_says_for_whom_what_until_when_and_how() {
    let story = Story::new();
    let page = story.page("2026-05-06T10:00:00Z", Some(Stock { of: 50, left: 37 }));
    assert_eq!(page.status, 200);
    for wanted in [
        "<html lang=\"en\">",
        "For Anna<",
        "€10 off your next order",
        "2 days left.",
        "Friday 8 May, 23:59, Helsinki time",
        "datetime=\"2026-05-08T20:59:59Z\"",
        "For orders of €40 or more.",
        "Limited to 50: 37 left, and yours is set aside.",
        story.coupon.code.as_str(),
        &format!("href=\"https://shop.example/discount/{}\"", story.coupon.code),
        "Example Books",
        "href=\"../../u/books/token\"",
    ] {
        assert!(page.body.contains(wanted), "{wanted} in {}", page.body);
    }
    assert!(!page.body.contains("Lind"));
}

#[test]
fn the_last_second_is_good_and_the_next_is_not() {
    let story = Story::new();
    let last = story.page("2026-05-08T20:59:59Z", None);
    assert!(last.body.contains("Today is the last day."));
    let over = story.page("2026-05-08T21:00:00Z", None);
    assert!(over.body.contains("This offer has ended"));
    assert!(over.body.contains("€10 off was yours until Friday 8 May, 23:59, Helsinki time."));
    assert!(!over.body.contains(story.coupon.code.as_str()));
    assert!(over.body.contains("href=\"https://shop.example/\""));
}

#[test]
fn whoever_used_it_is_thanked_also_after_the_deadline() {
    let mut story = Story::new();
    let used = at("2026-05-07T10:00:00Z");
    let redemption =
        Redemption { order_id: "A-1".to_owned(), at: used, total: euros("45"), discount: None, by_other: false };
    story.coupon.redeemed.push(redemption);
    for now in ["2026-05-07T11:00:00Z", "2026-06-01T10:00:00Z"] {
        let page = story.page(now, None);
        assert!(page.body.contains("€10 off, used on Thursday 7 May."), "{now}");
        assert!(!page.body.contains(story.coupon.code.as_str()));
    }
}

#[test]
fn what_was_called_off_held_out_or_forgotten_is_no_longer_available() {
    let now = at("2026-05-06T10:00:00Z");
    let gone = |change: fn(&mut Story)| {
        let mut story = Story::new();
        change(&mut story);
        offer_state(story.opened(), now) == OfferState::Gone
    };
    assert!(gone(|story| story.message.state = State::Stopped));
    assert!(gone(|story| story.message.state = State::Held));
    assert!(gone(|story| story.coupon.dead = true));
    assert!(gone(|story| story.customer.erased = Some(at("2026-05-06T09:00:00Z"))));
    assert!(gone(|story| story.message.offer.as_mut().unwrap().code = None));
    assert!(gone(|story| story.message.offer = None));
    let story = Story::new();
    for lost in [
        Opened { customer: None, ..story.opened() },
        Opened { message: None, ..story.opened() },
        Opened { coupon: None, ..story.opened() },
    ] {
        assert_eq!(offer_state(lost, now), OfferState::Gone);
    }
    // A letter may be read before its settling is written down, or when no answer of SES ever came.
    assert!(!gone(|story| story.message.state = State::Claimed));
    assert!(!gone(|story| story.message.state = State::Unknown));
}

#[test]
fn a_name_is_text_and_never_markup() {
    let mut story = Story::new();
    let mut named = |name: &str| {
        story.customer.contact.name = Some(Said { is: name.to_owned(), at: story.customer.since });
        story.page("2026-05-06T10:00:00Z", None).body
    };
    let page = named("<script>alert(1)</script>");
    assert!(!page.contains("<script") && page.contains("&#60;script&#62;alert(1)"), "{page}");
    let page = named("A\"onmouseover=x'&");
    assert!(page.contains("For A&#34;onmouseover=x&#39;&#38;<"), "{page}");
    for (typed, called) in
        [("anna", "For Anna<"), ("Lind, ANNA", "For Anna<"), ("Dr. Lind", "For Dr. Lind<"), ("JD", "For JD<")]
    {
        assert!(named(typed).contains(called), "{typed}");
    }
    for nothing in ["", "123", "Win at www.spam.example", "spam.example", "anna@shop.example", "http://x y"] {
        assert!(!named(nothing).contains("class=\"for\""), "{nothing}");
    }
}

#[test]
fn the_words_of_a_shop_and_of_an_offer_are_text_too() {
    let mut story = Story::new();
    let mut shop = shop();
    shop.name = "Books & <b>More</b>".to_owned();
    story.message.offer.as_mut().unwrap().gives = Gives::Thing("a <i>free</i> gift".to_owned());
    let now = at("2026-05-06T10:00:00Z");
    let good = offer(&offer_state(story.opened(), now), None, &shop, None, LINK, now);
    let ask = unsubscribe(Some(&story.customer), &shop);
    for page in [good, ask, unsubscribed(&shop)] {
        assert!(!page.body.contains("<b>") && !page.body.contains("<i>"), "{}", page.body);
        assert!(page.body.contains("Books &#38; &#60;b&#62;More"), "{}", page.body);
    }
}

#[test]
fn a_code_in_an_address_is_encoded() {
    let mut story = Story::new();
    let odd: Code = serde_json::from_str("\"50 %&x=<1>\"").unwrap();
    story.message.offer.as_mut().unwrap().code = Some(odd);
    let page = story.page("2026-05-06T10:00:00Z", None);
    assert!(page.body.contains("href=\"https://shop.example/discount/50%20%25%26x%3D%3C1%3E\""), "{}", page.body);
}

#[test]
fn an_american_shop_says_days_and_hours_as_its_letters_do() {
    let mut shop = shop();
    shop.currency = Currency::parse("USD").unwrap();
    shop.time_zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let end = at("2026-03-13T03:59:59Z");
    assert_eq!(words::day(end, &shop), "Thursday, March 12");
    assert_eq!(words::time(end, &shop), "11:59 p.m., New York time");
    shop.time_zone = jiff::tz::TimeZone::UTC;
    assert_eq!(words::time(end, &shop), "3:59 a.m., UTC");
}

#[test]
fn unsubscribing_is_asked_once_and_then_said() {
    let mut story = Story::new();
    let ask = unsubscribe(Some(&story.customer), &shop());
    assert!(ask.body.contains("<form method=\"post\">") && ask.body.contains("<button"));
    story.customer.consent.refused = Some(at("2026-05-06T10:00:00Z"));
    let said = unsubscribe(Some(&story.customer), &shop());
    assert_eq!(said, unsubscribed(&shop()));
    assert!(said.body.contains("You are unsubscribed") && !said.body.contains("<form"));
    // Whoever opted in again later is asked again.
    story.customer.consent.opted_in = Some(at("2026-05-07T10:00:00Z"));
    assert!(unsubscribe(Some(&story.customer), &shop()).body.contains("<form"));
}

#[test]
fn an_address_that_leads_nowhere_names_nobody() {
    let page = not_found();
    assert_eq!(page.status, 404);
    assert!(!page.body.contains("<header>") && !page.body.contains("href=\"http"), "{}", page.body);
}

#[test]
fn no_page_loads_runs_or_leaks_anything() {
    let story = Story::new();
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    for page in [
        story.page("2026-05-06T10:00:00Z", None),
        unsubscribe(Some(&story.customer), &shop()),
        unsubscribed(&shop()),
        not_found(),
        try_again(),
    ] {
        let csp = page.header("content-security-policy").unwrap();
        assert!(csp.starts_with("default-src 'none'; ") && csp.contains(&format!("style-src 'sha256-{hash}'")));
        assert!(!csp.contains("unsafe"));
        // The hash is of what stands between the tags, to the byte.
        assert!(page.body.contains(&format!("<style>{STYLE}</style>")));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));
        assert!(page.body.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"));
        for never in ["<script", " style=", "src=", "@import", "url(", "javascript:"] {
            assert!(!page.body.contains(never), "{never}");
        }
    }
}

#[test]
fn every_kind_of_offer_has_its_headline() {
    for (gives, headline) in [
        (Gives::AmountOff(euros("1250")), "€1,250 off your next order"),
        (Gives::PercentOff(15), "15% off your next order"),
        (Gives::Credit(euros("12.50")), "€12.50 credit towards your next order"),
        (Gives::FreeShipping, "Free shipping on your next order"),
        (Gives::Thing("free gift".to_owned()), "Free gift with your next order"),
    ] {
        assert_eq!(words::headline(&gives, &shop()), headline);
    }
    let francs = Money::parse("100", Currency::parse("CHF").unwrap()).unwrap();
    assert_eq!(words::money(francs, &shop()), "CHF\u{a0}100");
}

#[test]
fn the_page_calls_people_what_their_letter_calls_them() {
    for (typed, called) in
        [("St.John Smith", Some("St.John")), ("ANNA LIND", Some("Anna")), ("win at spam.example", None), ("123", None)]
    {
        assert_eq!(words::first_name(typed).as_deref(), called, "{typed}");
    }
}
