//! Programs that promise what cannot be kept, each told at its word.

use super::{PROGRAM, SHOP, advice, changed, folder, problems, program_says, says, shop_says, told};
use crate::plan::Folder;

#[test]
fn an_offer_always_has_a_deadline() {
    program_says("    valid: 3 days  ", "    #", "! <> [ten-euro] an offer lacks `valid`");
    program_says("gift, valid: 3 days, ", "gift, ", "! <> [offer] an offer lacks `valid`");
    assert_eq!(
        advice("program.yaml", "gift, valid: 3 days, ", "gift, "),
        "an offer always has a deadline: valid: 3 days"
    );
    program_says(
        "gift, valid: 3 days, ",
        "gift, valid: 9 days, ",
        "? <> [9 days] 9 days is unusual for an online shop",
    );
    assert_eq!(advice("program.yaml", "off, valid: 3 days, ", "off, valid: 1 day, "), "2 to 3 days work best there");
}

#[test]
fn offers_nobody_can_make() {
    program_says("15 % off", "150 % off", "! <> [150] `150` is not a whole number from 1 to 100");
    program_says("10 EUR off", "10 USD off", "! <> [USD] the shop counts in EUR, not in USD");
    program_says("40 EUR", "40 USD", "! <> [USD] the shop counts in EUR, not in USD");
    program_says("at least 30 EUR", "at least 30 SEK", "! <> [SEK] the shop counts in EUR, not in SEK");
    shop_says("500 EUR", "500 USD", "! <> [USD] the shop counts in EUR, not in USD");
    program_says("stock: 100", "stock: 0", "! <> [0] `0` is not a whole number from 1");
    program_says("stock: 100", "uses: 0", "! <> [0] `0` is not a whole number from 1");
    program_says("offer: ten-euro", "offer: ten-euros", "! <> [ten-euros] there is no offer `ten-euros`");
    assert_eq!(advice("program.yaml", "offer: ten-euro", "offer: ten-euros"), "did you mean `ten-euro`?");
}

/// The sample with another gift, and codes that somebody else makes good.
fn honoured_by(codes: &str, gift: &str) -> Folder {
    let mut folder = changed("program.yaml", "gives: free gift", &format!("gives: {gift}"));
    let program = folder.get_mut("program.yaml").unwrap();
    *program = program.replace("offers:\n", &format!("codes: {codes}\noffers:\n"));
    folder
}

#[test]
fn offers_that_nobody_can_honour() {
    let refused = honoured_by("stripe", "free shipping");
    assert_eq!(told(&refused), ["! program.yaml [codes] stripe cannot honour the offer `one-more-gift`"]);
    let help = problems(&refused).into_iter().find_map(|problem| problem.help.filter(|help| help.contains("Stripe")));
    assert!(help.is_some_and(|help| help.ends_with("offer an amount off.")), "and what can be offered instead");
    assert_eq!(
        told(&honoured_by("woocommerce", "10 EUR credit")),
        ["! program.yaml [codes] woocommerce cannot honour the offer `one-more-gift`"]
    );
    let by_hand = ["? program.yaml [codes] shopify cannot honour the offer `one-more-gift` by itself"];
    assert_eq!(told(&honoured_by("shopify", "10 EUR credit")), by_hand);
    assert_eq!(told(&honoured_by("shopify", "free gift")), by_hand);
    for (codes, gift) in [("shopify", "free shipping"), ("stripe", "5 EUR off"), ("winback", "10 EUR credit")] {
        assert_eq!(told(&honoured_by(codes, gift)), Vec::<String>::new(), "{codes}: {gift}");
    }
}

#[test]
fn a_pool_is_its_own_stock() {
    says(
        "program.yaml",
        "offers:\n",
        "codes: pool\noffers:\n",
        &[
            "! <> [codes] the offer `fifteen-percent` has a `stock`, and its codes come from a pool",
            "! <> [codes] the offer `one-more-gift` has a `stock`, and its codes come from a pool",
        ],
    );
    let help = advice("program.yaml", "offers:\n", "codes: pool\noffers:\n");
    assert_eq!(help, "leave `stock` out: there are as many as the pool has codes");
}

#[test]
fn the_same_offer_twice_in_a_row() {
    let twice = "offer: ten-euro";
    program_says(
        "{ gives: free gift, valid: 3 days, stock: 50 }",
        "ten-euro",
        "! <> [ten-euro] the same offer twice in a row",
    );
    let in_place = "{ gives: 10 EUR off, minimum_order: 40 EUR, valid: 3 days }";
    program_says(
        "{ gives: free gift, valid: 3 days, stock: 50 }",
        in_place,
        "! <> [offer] the same offer twice in a row",
    );
    // Something else in between makes it new again.
    let between = "- mail: what-is-new\n        offer: fifteen-percent";
    let mut folder = changed("program.yaml", "- mail: what-is-new", between);
    let program = folder.get_mut("program.yaml").unwrap();
    *program = program.replace("offer: { gives: free gift, valid: 3 days, stock: 50 }", twice);
    assert_eq!(told(&folder), Vec::<String>::new());
}

#[test]
fn follow_ups_need_a_deadline_and_come_before_it() {
    says(
        "program.yaml",
        "send: Tue-Thu 09:00\n        offer: ten-euro",
        "send: 24 hours before the deadline",
        &[
            "? <> [ten-euro] no step makes the offer `ten-euro`",
            "! <> [24 hours before the deadline] the first letter of a round cannot follow up: nothing was offered before it",
        ],
    );
    says(
        "program.yaml",
        "        offer: ten-euro\n",
        "",
        &[
            "? <> [ten-euro] no step makes the offer `ten-euro`",
            "! <> [24 hours before the deadline] no letter before it in this round offers anything: there is no deadline",
        ],
    );
    for dead in ["72 hours", "3 days"] {
        program_says(
            "24 hours before",
            &format!("{dead} before"),
            &format!(
                "! <> [{dead}] this letter would be due before the one it follows: the offer is valid for 3 days only"
            ),
        );
    }
    says("program.yaml", "24 hours before", "71 hours before", &[]);
    program_says(
        "send: 24 hours before the deadline",
        "send: 24 hours before the deadline\n        offer: fifteen-percent",
        "! <> [offer] a follow-up repeats the offer before it, with the same code and the same deadline",
    );
    program_says(
        "send: 24 hours before the deadline",
        "send: 24 hours before the deadline\n      - mail: last-day\n        send: 2 days before the deadline",
        "! <> [2 days] this letter would be due before the follow-up above it",
    );
}

#[test]
fn rounds_wait_until_the_offer_before_has_ended() {
    let second = "  - wait: 30 days                     # after";
    program_says(
        second,
        "  - wait: 2 days # after",
        "! <> [2 days] after 2 days the offer of the round before still runs: it is valid for 3 days",
    );
    program_says(
        second,
        "  - wait: 3 days # after",
        "! <> [3 days] after 3 days the offer of the round before still runs: it is valid for 3 days",
    );
    says("program.yaml", second, "  - wait: 4 days # after", &[]);
    program_says(
        "  - wait: 30 days                     # after the first round began\n    steps:",
        "  - steps:",
        "! <> [steps] this round does not say how long it waits",
    );
    program_says(
        "rounds:                               # in order, until they buy\n  - steps",
        "rounds:\n  - wait: 3 days\n    steps",
        "! <> [wait] the first round begins as soon as a customer is lapsed: it has nothing to wait for",
    );
}

#[test]
fn slots_within_quiet_hours() {
    program_says("Tue-Thu 09:00", "Tue-Thu 07:59", "! <> [07:59] 07:59 is within the shop's quiet hours");
    program_says("Tue-Thu 09:00", "Tue-Thu 20:00", "! <> [20:00] 20:00 is within the shop's quiet hours");
    says("program.yaml", "Tue-Thu 09:00", "Tue-Thu 08:00", &[]);
    let mut noon = changed("shop.yaml", "20:00-08:00", "12:00-13:00");
    assert_eq!(told(&noon), Vec::<String>::new());
    let program = noon.get_mut("program.yaml").unwrap();
    *program = program.replace("Tue-Thu 09:00", "Tue-Thu 12:30");
    assert_eq!(told(&noon), ["! program.yaml [12:30] 12:30 is within the shop's quiet hours"]);
}

#[test]
fn empty_rounds_and_steps() {
    let start = PROGRAM.find("rounds:").unwrap();
    let end = PROGRAM.find("afterwards:").unwrap();
    let unused = |line: &str| {
        let used = ["? program.yaml [ten-euro] no step makes the offer `ten-euro`", line];
        let mails = ["last-day", "one-more-gift", "we-miss-you", "what-is-new"];
        let mails = mails.map(|mail| format!("? mails/{mail}/en/body.mjml [] no step sends mails/{mail}"));
        used.map(str::to_owned).into_iter().chain(mails).collect::<Vec<_>>()
    };
    let rounds = &PROGRAM[start..end];
    assert_eq!(
        told(&changed("program.yaml", rounds, "rounds: []\n")),
        unused("! program.yaml [[] `rounds`: an empty list")
    );
    assert_eq!(
        told(&changed("program.yaml", rounds, "rounds: [{ steps: [] }]\n")),
        unused("! program.yaml [[] `steps`: an empty list")
    );
}

#[test]
fn mails_that_are_missing_incomplete_or_unused() {
    says(
        "program.yaml",
        "- mail: last-day ",
        "- mail: last-dei ",
        &["! <> [last-dei] there is no folder mails/last-dei"],
    );
    let mut folder = folder();
    folder.remove("mails/last-day/fi/subject.txt");
    folder.remove("mails/last-day/ru/body.mjml");
    folder.insert("mails/we-miss-you/sv/body.txt".to_owned(), "Hej".to_owned());
    folder.insert("mails/we-miss-you/en/body.html".to_owned(), "<p>".to_owned());
    folder.insert("mails/we-miss-you/en/subject.txt".to_owned(), "One\r\nTwo\n".to_owned());
    folder.insert("mails/we-miss-you/en/body.txt".to_owned(), " \n".to_owned());
    folder.insert("programm.yaml".to_owned(), String::new());
    assert_eq!(
        told(&folder),
        [
            "! program.yaml [last-day] mails/last-day lacks `fi/subject.txt` and `ru/body.mjml`",
            "? mails/we-miss-you/en/body.html [] nobody reads this file",
            "? mails/we-miss-you/sv/body.txt [] nobody reads this: the shop does not write in `sv`",
            "! mails/we-miss-you/en/subject.txt [Two] a subject has one line",
            "! mails/we-miss-you/en/body.txt [] the file is empty",
            "? programm.yaml [] nobody reads this file",
        ]
    );
}

#[test]
fn conditions_side_by_side_and_none() {
    program_says(
        "- orders: at least 1\n    - spent",
        "- orders: at least 1\n      spent",
        "! <> [spent] two conditions side by side: both of them, or one of them?",
    );
    program_says("- not: { complaint: open }", "- not: {}", "! <> [not] nothing is written for a condition");
    program_says("complaint: open", "language: sv", "! <> [sv] the shop does not write in `sv`");
    program_says("complaint: open", "oders: at least 1", "! <> [oders] `oders` is no key of a condition");
}

#[test]
fn what_is_promised_for_later() {
    program_says(
        "lapsed: 90 days without an order",
        "lapsed: unusual silence",
        "! <> [unusual silence] `unusual silence` is not supported yet",
    );
    program_says(
        "        offer: ten-euro\n",
        "        offer: ten-euro\n        arms: []\n",
        "! <> [arms] `arms` is not supported yet",
    );
    program_says(
        "audience:                             # whom\n",
        "audience:\n  best: 60 %\n",
        "! <> [best] `best` is not supported yet",
    );
}

#[test]
fn programs_of_one_name_and_files_that_are_missing() {
    let mut folder = folder();
    folder.insert("programs/again.yaml".to_owned(), PROGRAM.replace("We miss you", "we miss you"));
    assert_eq!(told(&folder), ["! programs/again.yaml [we miss you] another program has this name"]);
    folder.retain(|path, _| path.starts_with("mails/"));
    let all = told(&folder);
    assert_eq!(all[..2], ["! shop.yaml [] the folder has no shop.yaml", "! program.yaml [] the folder has no program"]);
    folder.insert("shop.yaml".to_owned(), SHOP.to_owned());
    folder.insert("program.yaml".to_owned(), "# later\n".to_owned());
    assert_eq!(told(&folder)[0], "! program.yaml [] the file is empty");
}
