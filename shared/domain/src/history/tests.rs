use super::*;

const HEADER: &str = "order_id,email,placed_at,total,currency";

fn reading() -> Reading {
    let zone = TimeZone::get("Europe/Helsinki").unwrap();
    Reading { zone, assume_consent: false, received: "2026-12-31T00:00:00Z".parse().unwrap() }
}

fn all(file: &str) -> (Vec<Event>, Vec<String>) {
    all_of(file.as_bytes(), reading())
}

fn all_of(file: &[u8], reading: Reading) -> (Vec<Event>, Vec<String>) {
    let (mut events, mut bad) = (Vec::new(), Vec::new());
    for line in read(file, reading).unwrap() {
        match line {
            Ok(event) => events.push(event),
            Err(line) => bad.push(line.to_string()),
        }
    }
    (events, bad)
}

fn order(event: &Event) -> (&PlacedOrder, &Profile) {
    let What::OrderPlaced { order, profile } = &event.what else { panic!("an order") };
    (order, profile)
}

#[test]
fn a_day_counts_as_noon_in_the_shop_and_is_said_at_its_start_and_a_moment_is_that_moment() {
    let (events, bad) = all(&format!(
        "{HEADER}\nA-1,Anna@Shop.Example,2026-05-01,29.33,EUR\nA-2,bo@shop.example,2026-05-01T10:00:00.7+02:00,0.00,usd\n"
    ));
    assert_eq!(bad, [""; 0]);
    assert_eq!(events[0].at.to_string(), "2026-04-30T21:00:00Z");
    assert_eq!(order(&events[0]).0.placed_at.to_string(), "2026-05-01T09:00:00Z");
    assert_eq!(events[0].happened(), events[0].at);
    assert_eq!(events[0].who.email.as_ref().unwrap().as_str(), "anna@shop.example");
    assert_eq!(order(&events[0]).0.total.to_string(), "29.33 EUR");
    assert_eq!(order(&events[0]).1, &Profile::default(), "nobody said anything about consent");
    assert_eq!(events[1].at.to_string(), "2026-05-01T08:00:00Z");
    assert_eq!(order(&events[1]).0.placed_at, events[1].at);
    assert_eq!(order(&events[1]).0.total.to_string(), "0.00 USD");
}

#[test]
fn columns_come_in_any_order_and_strangers_are_ignored() {
    let file = "\u{feff}Currency,note,Total,placed_at,email,ORDER_ID,name,consent,language,discount_code\r\n\
        EUR,\"two\r\nlines, and a comma\",12.50,2026-05-01,anna@shop.example,A-1,\"Lind, Anna\",YES,fi-FI,SPRING\r\n\
        EUR,,7.00,2026-05-02,bo@shop.example,A-2,,,,\r\n\
        EUR,,7.00,2026-05-02,cia@shop.example,A-3,,0,,\r\n\
        EUR,,-7.00,2026-05-02,dan@shop.example,A-4,,0,,";
    let (events, bad) = all(file);
    let (placed, profile) = order(&events[0]);
    assert_eq!(placed.discount_codes, ["SPRING"]);
    assert_eq!(profile.name.as_deref(), Some("Lind, Anna"));
    assert_eq!(profile.language, Language::parse("fi"));
    let consents: Vec<_> = events.iter().map(|event| order(event).1.marketing_consent).collect();
    assert_eq!(consents, [Some(true), None, Some(false)]);
    assert_eq!(bad, ["line 6: total: -7.00 is negative"]);
}

#[test]
fn consent_is_assumed_only_where_the_file_says_nothing_of_it() {
    let assuming = Reading { assume_consent: true, ..reading() };
    let silent = format!("{HEADER}\nA-1,anna@shop.example,2026-05-01,1.00,EUR\n");
    let (events, _) = all_of(silent.as_bytes(), assuming.clone());
    assert_eq!(order(&events[0]).1.marketing_consent, Some(true));
    let telling = format!("{HEADER},consent\nA-1,anna@shop.example,2026-05-01,1.00,EUR,\n");
    let (events, _) = all_of(telling.as_bytes(), assuming);
    assert_eq!(order(&events[0]).1.marketing_consent, None);
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_taken() {
    let good = "anna@shop.example,2026-05-01,1.00,EUR";
    let file = format!(
        "{HEADER}\nA-1,{good}\n\nA-2,anna,2026-05-01,1.00,EUR\nA-3,anna@shop.example,2026-05-01 10:00,1.00,EUR\n\
         A-4,anna@shop.example,2026-02-30,1.00,EUR\nA-5,anna@shop.example,2026-05-01,1.00,EURO\n\
         A-6,anna@shop.example,2026-05-01,1.00\nA-7,anna@shop.example,2026-05-01,1,00,EUR\n,{good}\n\
         \"A\n9\",{good}\nA-10,{good}\n"
    );
    let (events, bad) = all(&file);
    let ids: Vec<_> = events.iter().map(|event| order(event).0.order_id.as_str()).collect();
    assert_eq!(ids, ["A-1", "A-10"]);
    let advice = "write a day (2026-05-01) or a moment with its zone (2026-05-01T10:00:00+03:00)";
    assert_eq!(
        bad,
        [
            "line 4: email: \"anna\" is not a mail address",
            &format!("line 5: placed_at: \"2026-05-01 10:00\" cannot be read; {advice}"),
            &format!("line 6: placed_at: \"2026-02-30\" cannot be read; {advice}"),
            "line 7: currency: unknown currency \"EURO\": use the three letters of ISO 4217, such as EUR",
            "line 8: 4 fields where the first line names 5",
            "line 9: 6 fields where the first line names 5",
            "line 10: order_id: 1 to 128 characters on one line are wanted",
            "line 11: order_id: a line break within it",
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_only() {
    let file = format!(
        "{HEADER},name\r\nA-1,anna@shop.example,2026-05-01,1.00,EUR,\"Anna\r\nA-2,bo@shop.example,2026-05-01,1.00,EUR,Bo\r\n\
         A-3,cia@shop.example,2026-05-01,1.00,EUR,\"Cia, the \"\"first\"\"\"\r\nA-4,dan@shop.example,2026-05-01,1.00,EUR,5\" Dan"
    );
    let (events, bad) = all(&file);
    let names: Vec<_> = events.iter().filter_map(|event| order(event).1.name.clone()).collect();
    assert_eq!(names, ["Bo", "Cia, the \"first\"", "5\" Dan"]);
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("line 2: a quote is "), "{bad:?}");
}

#[test]
fn bytes_that_are_no_text_are_a_bad_line() {
    let mut file = format!("{HEADER},name\nA-1,anna@shop.example,2026-05-01,1.00,EUR,").into_bytes();
    file.extend(b"Bj\xf6rn\nA-2,bo@shop.example,2026-05-01,1.00,EUR,Bo\n");
    let (events, bad) = all_of(&file, reading());
    assert_eq!((events.len(), bad), (1, vec!["line 2: name: not UTF-8 text".to_owned()]));
}

#[test]
fn of_two_lines_about_one_order_the_later_line_is_the_newer_state() {
    use crate::customer::Customer;
    use crate::ids::{CustomerId, StoreId};
    let file = format!(
        "{HEADER}\nA-1,anna@shop.example,2026-05-01,50.00,EUR\nA-1,anna@shop.example,2026-05-01,45.00,EUR\n\
         A-1,anna@shop.example,2026-04-30,40.00,EUR\n"
    );
    let (events, _) = all(&file);
    let key = crate::keys::Key::new(b"lookup".to_vec());
    let store = StoreId::try_from("books".to_owned()).unwrap();
    let id = CustomerId::of_address(&key, &store, &"anna@shop.example".parse().unwrap());
    let euros = Currency::parse("EUR").unwrap();
    // In whatever order the events are learned.
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut known = (Customer::new(id, events[0].at), crate::order::Order::default());
        for index in order {
            known = crate::learn::learn(known.0, known.1, &events[index], euros);
        }
        assert_eq!((known.0.orders.count, known.0.orders.spent), (1, 4000));
        assert_eq!(known.0.orders.last().unwrap().to_string(), "2026-04-30T09:00:00Z");
    }
}

#[test]
fn nothing_is_placed_in_the_future() {
    // Received at two in the night of the last day of the year, by the shop's clock.
    let (events, _) = all(&format!(
        "{HEADER}\nA-1,anna@shop.example,2031-05-01,50.00,EUR\nA-2,anna@shop.example,2026-12-31,50.00,EUR\n"
    ));
    assert_eq!((events[0].at, order(&events[0]).0.placed_at), (reading().received, reading().received));
    assert_eq!(events[1].at.to_string(), "2026-12-30T22:00:00Z");
    assert_eq!(order(&events[1]).0.placed_at, reading().received);
}

#[test]
fn a_file_that_says_nothing_is_refused_whole() {
    let said = |file: &str| read(file.as_bytes(), reading()).err().unwrap().to_string();
    assert_eq!(
        said(""),
        "the file is empty: its first line names the columns (order_id, email, placed_at, total, currency)"
    );
    assert_eq!(
        said("id;email;total\n"),
        "no column order_id, email, placed_at, total, currency; the first line names id;email;total"
    );
    assert_eq!(
        said("order_id,email,date,total,currency\n"),
        "no column placed_at; the first line names order_id, email, date, total, currency"
    );
    assert_eq!(said(&format!("{HEADER},total\n")), "the column total is there twice");
}
