//! What the sample becomes.

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;

use super::{KNOWN, PROGRAM, SHOP, changed, folder, told};
use crate::codes::Authority;
use crate::file::{Severity, hash, read, schema};
use crate::money::{Currency, Money};
use crate::offer::{Gives, Offer};
use crate::plan::Letter;
use crate::program::{
    Afterwards, Bound, ComplaintIs, Condition, Goal, Lapsed, Program, Round, Runs, Send, Since, Status, Step, StepOffer,
};
use crate::shop::{FrequencyCap, Kind, Language, Limits, QuietHours, Sender, Share, Shop};

fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::parse("EUR").unwrap()).unwrap()
}

fn share(points: u16) -> Share {
    Share::from_basis_points(points).unwrap()
}

fn languages() -> Vec<Language> {
    ["en", "fi", "ru"].map(|tag| Language::parse(tag).unwrap()).to_vec()
}

#[test]
fn the_sample_shop_is_what_it_says() {
    let read = read(&folder(), 7).unwrap();
    let expected = Shop {
        name: "Example Books".to_owned(),
        kind: Kind::Online,
        open_with_code: "https://shop.example/discount/{code}".to_owned(),
        time_zone: TimeZone::get("Europe/Helsinki").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        languages: languages(),
        sender: Sender {
            name: "Anna from Example Books".to_owned(),
            email: "anna@shop.example".parse().unwrap(),
            postal_address: "Example Street 1, 00100 Helsinki".to_owned(),
        },
        limits: Limits {
            per_customer: Some(FrequencyCap { mails: 2, days: 7 }),
            per_day: Some(200),
            discounts_per_month: Some(eur("500")),
            quiet_hours: Some(QuietHours { from: time(20, 0, 0, 0), until: time(8, 0, 0, 0) }),
        },
        holdout: share(3000),
    };
    assert_eq!(read.plan.number, 7);
    assert_eq!(read.plan.shop, expected);
}

/// A step of the sample.
fn step(mail: &str, send: Send, offer: StepOffer) -> Step {
    Step { mail: mail.to_owned(), send, offer }
}

#[test]
fn the_sample_program_is_what_it_says() {
    let read = read(&folder(), 7).unwrap();
    let slot =
        Send::Slot { days: vec![Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday], time: time(9, 0, 0, 0) };
    let offer = |gives, minimum_order, stock| Offer { gives, minimum_order, valid_days: 3, uses: 1, stock };
    let expected = Program {
        name: "We miss you".to_owned(),
        status: Status::Draft,
        goal: Goal::Order,
        runs: Runs::Always,
        audience: Condition::All(vec![
            Condition::Orders(Bound::AtLeast(1)),
            Condition::Spent(Bound::AtLeast(eur("30"))),
            Condition::Not(Box::new(Condition::Complaint(ComplaintIs::Open))),
        ]),
        lapsed: Lapsed { days: 90, since: Since::LastOrder },
        codes: Authority::Winback,
        offers: [
            ("ten-euro", offer(Gives::AmountOff(eur("10")), Some(eur("40")), None)),
            ("fifteen-percent", offer(Gives::PercentOff(15), None, Some(100))),
            ("one-more-gift", offer(Gives::Thing("free gift".to_owned()), None, Some(50))),
        ]
        .map(|(name, offer)| (name.to_owned(), offer))
        .into(),
        rounds: vec![
            Round {
                wait_days: 0,
                steps: vec![
                    step("we-miss-you", slot, StepOffer::Own("ten-euro".to_owned())),
                    step("last-day", Send::BeforeDeadline { hours: 24 }, StepOffer::Inherited),
                ],
            },
            Round { wait_days: 30, steps: vec![step("what-is-new", Send::AnyTime, StepOffer::None)] },
            Round {
                wait_days: 30,
                steps: vec![step("one-more-gift", Send::AnyTime, StepOffer::Own("one-more-gift".to_owned()))],
            },
        ],
        afterwards: Afterwards { rest_days: 180, offers_in_a_lifetime: Some(4), return_window_days: 30 },
        holdout: None,
    };
    assert_eq!(read.plan.programs, [expected]);
    let warnings: Vec<_> = read.warnings.iter().map(|w| (w.message.as_str(), w.severity)).collect();
    assert_eq!(warnings, [(KNOWN, Severity::Warning)]);
}

#[test]
fn the_sample_letters_are_read_in_all_languages() {
    let letters = read(&folder(), 7).unwrap().plan.letters;
    assert_eq!(letters.len(), 12);
    let fi = Language::parse("fi").unwrap();
    let expected = Letter {
        subject: "last-day in fi".to_owned(),
        body_mjml: "<mjml><mj-body></mj-body></mjml>\n".to_owned(),
        body_text: "Hello {{ name }}\n".to_owned(),
    };
    assert_eq!(letters[&("last-day".to_owned(), fi)], expected);
}

#[test]
fn what_is_left_out_has_its_usual_value() {
    let mut folder = folder();
    let short =
        "version: 1\nname: Short\nlapsed: 30 days without activity\nrounds: [{ steps: [{ mail: last-day }] }]\n";
    folder.insert("program.yaml".to_owned(), short.to_owned());
    let program = read(&folder, 1).unwrap().plan.programs.remove(0);
    assert_eq!(program.status, Status::Draft);
    assert_eq!(program.goal, Goal::Order);
    assert_eq!(program.runs, Runs::Always);
    assert_eq!(program.audience, Condition::All(Vec::new()));
    assert_eq!(program.afterwards, Afterwards::default());
    assert_eq!(program.holdout, None);
    assert_eq!(program.rounds[0].steps[0].send, Send::AnyTime);
    assert_eq!(program.rounds[0].steps[0].offer, StepOffer::None);
}

#[test]
fn several_programs_come_in_the_order_of_their_names() {
    let mut folder = folder();
    let first = folder.remove("program.yaml").unwrap();
    folder.insert("programs/a.yaml".to_owned(), first.clone());
    folder.insert("programs/b.yaml".to_owned(), first.replace("We miss you", "Come back"));
    let plan = read(&folder, 1).unwrap().plan;
    let names: Vec<_> = plan.programs.iter().map(|program| program.name.as_str()).collect();
    assert_eq!(names, ["Come back", "We miss you"]);
}

#[test]
fn an_offer_written_in_place_never_takes_the_name_of_another() {
    let folder = changed(
        "program.yaml",
        "  ten-euro:\n",
        "  one-more-gift: { gives: free shipping, valid: 2 days }\n  ten-euro:\n",
    );
    let plan = read(&folder, 1).unwrap().plan;
    let last = &plan.programs[0].rounds[2].steps[0];
    assert_eq!(last.offer, StepOffer::Own("one-more-gift-2".to_owned()));
    assert_eq!(plan.programs[0].offers["one-more-gift"].gives, Gives::FreeShipping);
}

#[test]
fn windows_line_ends_and_aliases_change_nothing() {
    let mut folder = folder();
    let plain = read(&folder, 1).unwrap().plan.programs;
    folder.insert("program.yaml".to_owned(), PROGRAM.replace('\n', "\r\n"));
    folder.insert("shop.yaml".to_owned(), format!("\u{feff}{SHOP}"));
    assert_eq!(read(&folder, 1).unwrap().plan.programs, plain);
    let aliased = PROGRAM
        .replacen("valid: 3 days", "valid: &short 3 days", 1)
        .replace("off, valid: 3 days", "off, valid: *short");
    folder.insert("program.yaml".to_owned(), aliased);
    assert_eq!(read(&folder, 1).unwrap().plan.programs, plain);
}

#[test]
fn the_hash_tells_folders_apart_and_is_stable() {
    let one = folder();
    assert_eq!(hash(&one), hash(&folder()));
    assert_ne!(hash(&one), hash(&changed("shop.yaml", "Example Books\nkind", "Other Books\nkind")));
    let pair = |path: &str, text: &str| [(path.to_owned(), text.to_owned())].into();
    assert_ne!(hash(&pair("ab", "c")), hash(&pair("a", "bc")));
    assert_eq!(
        hash(&pair("shop.yaml", "version: 1\n")),
        "334f417437aa07d7312b4614f3beca582ae7e6d41b1052be6de7045385317993"
    );
}

#[test]
fn the_sample_fits_the_schemas_and_mistakes_do_not() {
    let valid = |schema: &str, source: &str| {
        let schema = serde_json::from_str(schema).unwrap();
        let value: serde_json::Value = serde_saphyr::from_str(source).unwrap();
        jsonschema::validator_for(&schema).unwrap().is_valid(&value)
    };
    assert!(valid(&schema::shop(), SHOP));
    assert!(valid(&schema::program(), PROGRAM));
    for (from, to) in
        [("kind: online", "kind: corner"), ("holdout: 30 %", "held_out: 30 %"), ("version: 1", "version: 2")]
    {
        assert!(!valid(&schema::shop(), &SHOP.replace(from, to)), "{to}");
    }
    for (from, to) in
        [("valid: 3 days  ", "until: 3 days"), ("stock: 100", "stock: 0"), ("orders: at least 1", "oders: at least 1")]
    {
        assert!(!valid(&schema::program(), &PROGRAM.replace(from, to)), "{to}");
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut folder = folder();
    folder.insert("shop.yaml".to_owned(), SHOP.replace("EUR\n", "EURO\n").replace("Europe/Helsinki", "Helsinki"));
    folder.insert("program.yaml".to_owned(), PROGRAM.replace("90 days", "90 dayz").replace("stock: 100", "stock: 0"));
    folder.remove("mails/last-day/ru/body.txt");
    assert_eq!(
        told(&folder),
        [
            "! shop.yaml [Helsinki] there is no time zone `Helsinki`",
            "! shop.yaml [EURO] there is no currency `EURO`",
            "! program.yaml [dayz] `dayz` stands where `days` or `day` belongs",
            "! program.yaml [0] `0` is not a whole number from 1",
            "! program.yaml [last-day] mails/last-day lacks `ru/body.txt`",
        ]
    );
}
