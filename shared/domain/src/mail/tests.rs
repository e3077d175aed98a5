//! Letters as customers get them.

use super::samples::{books, customer, english, records, steps, used};
use super::{Error, Level, Mail, Part, Prepared, check, check_all, render, subject};
use crate::plan::{Letter, Letters, Plan};
use crate::shop::{Language, Shop};

/// A letter with everything an editor asks for and this in the middle of both bodies.
fn around(middle: &str) -> Letter {
    let foot = "{{ sender.postal_address }} {{ links.unsubscribe }}";
    Letter {
        subject: "Hello {{ customer.name or \"you\" }}".to_owned(),
        body_mjml: format!(
            "<mjml>\n<mj-head><mj-preview>News</mj-preview></mj-head>\n<mj-body><mj-section><mj-column>\n<mj-text>\n{middle}\n{foot}\n\
             </mj-text>\n</mj-column></mj-section></mj-body>\n</mjml>"
        ),
        body_text: format!("Hello\n{middle}\n{foot}\n"),
    }
}

/// What the editor says about it as news of Example Books.
fn said(letter: &Letter) -> Vec<String> {
    check(letter, &english(), &bookshop(), &[used(None)]).iter().map(ToString::to_string).collect()
}

/// The shop of [`books`], for letters of the tests' own.
fn bookshop() -> Shop {
    books().shop
}

/// Every letter of a sample shop, for Anna with four orders and for somebody nameless with one.
fn mails(plan: &Plan) -> Vec<(String, Mail, Mail)> {
    let prepared = Prepared::new(&plan.letters).unwrap();
    let mut found = Vec::new();
    for (mail, offer) in steps(plan) {
        let get = |name| {
            let facts = customer(&plan.shop, name, offer.as_ref());
            prepared.render(&mail, &plan.shop, &facts).unwrap()
        };
        let (anna, nameless) = (get(Some("anna lind")), get(None));
        found.push((mail, anna, nameless));
    }
    found
}

#[test]
fn the_letters_of_the_sample_shops_read_like_this() {
    for (program, plan) in [("shop", books()), ("records", records())] {
        for (mail, regular, nameless) in mails(&plan) {
            let shown = |mail: &Mail| format!("Subject: {}\n\n{}", mail.subject, mail.text);
            let both = format!(
                "{}\n======== somebody without a name who ordered once\n\n{}",
                shown(&regular),
                shown(&nameless)
            );
            insta::assert_snapshot!(format!("{program}_{mail}"), both);
        }
    }
}

#[test]
fn an_editor_finds_nothing_in_the_sample_shops() {
    for plan in [books(), records()] {
        assert_eq!(check_all(&plan.shop, &plan.programs, &plan.letters), []);
        for (mail, anna, _) in mails(&plan) {
            assert!(anna.html.len() < 30_000, "{mail}: {}", anna.html.len());
        }
    }
}

#[test]
fn a_name_never_becomes_part_of_the_page() {
    let shop = bookshop();
    let facts = customer(&shop, Some("<img/src=x onerror=alert(1)> & \"Co\""), None);
    let mut titled = around("x");
    titled.body_mjml = titled.body_mjml.replace("<mj-head>", "<mj-head><mj-title>{{ customer.name }}</mj-title>");
    for letter in [
        around("{{ customer.name }}"),
        around("{% autoescape false %}{{ customer.name }}{% endautoescape %}"),
        around("{% set name %}{% autoescape false %}{{ customer.name }}{% endautoescape %}{% endset %}{{ name }}"),
        around("<a title=\"{{ customer.name }}\">x</a>"),
        around("</mj-text><mj-image src=\"https://shop.example/a.png\" alt=\"{{ customer.name }}\" /><mj-text>"),
        titled,
    ] {
        let html = render(&letter, &shop, &facts).unwrap().html;
        assert!(!html.contains("<img/src") && !html.contains("\"Co\"") && html.contains("&lt;img/src=x"), "{html}");
    }
    let problem = render(&around("{{ customer.name | safe }}"), &shop, &facts).unwrap_err();
    assert!(problem.to_string().contains("unknown"), "{problem}");
}

#[test]
fn a_name_never_becomes_a_header() {
    let shop = bookshop();
    let facts = customer(&shop, Some("Anna\r\nBcc: everybody@shop.example"), None);
    let facts = super::Facts { name: Some("Anna\r\nBcc: everybody\u{0}\u{2028}Lind".to_owned()), ..facts };
    let mail = render(&around("x"), &shop, &facts).unwrap();
    assert_eq!(mail.subject, "Hello Anna Bcc: everybody Lind");
    assert_eq!(subject(&around("x"), &shop, &facts).unwrap(), mail.subject);
    assert!(mail.headers.iter().all(|(name, value)| !name.contains(['\r', '\n']) && !value.contains(['\r', '\n'])));
}

#[test]
fn a_subject_is_one_short_line() {
    let shop = bookshop();
    let long = Letter { subject: format!("Two\nlines \u{7} {}", "x".repeat(500)), ..around("x") };
    let line = subject(&long, &shop, &customer(&shop, None, None)).unwrap();
    assert!(line.starts_with("Two lines xxx") && line.ends_with('…'));
    assert_eq!(line.chars().count(), 200);
    assert!(said(&long)[0].starts_with("subject.txt:1: up to 200 characters"), "{:?}", said(&long));
    let empty = Letter { subject: " \n".to_owned(), ..around("x") };
    assert_eq!(said(&empty), ["subject.txt:1: the subject is empty"]);
}

#[test]
fn every_mail_can_be_left_with_one_click() {
    let shop = bookshop();
    let mail = render(&around("x"), &shop, &customer(&shop, None, None)).unwrap();
    let headers: Vec<_> = mail.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "List-Unsubscribe: <https://go.shop.example/u/shop/abc.DEF-123>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    );
    let mut facts = customer(&shop, None, None);
    facts.links.unsubscribe = "https://go.shop.example/u/x>\r\nBcc: y".to_owned();
    assert_eq!(render(&around("x"), &shop, &facts), Err(Error::Link("unsubscribe")));
}

#[test]
fn a_misspelled_variable_is_found_where_it_stands() {
    let shop = bookshop();
    let facts = customer(&shop, None, None);
    let letter = around("{% if customer.orders > 99 %}{{ customer.nmae }}{% endif %}");
    let error = render(&letter, &shop, &facts).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "mails/letter/en/body.mjml:5: unknown variable `customer.nmae`: `customer` has name, first_name"
        ),
        "{error}"
    );
    let letter = Letter { subject: "{{ costumer.name }}".to_owned(), ..around("x") };
    assert_eq!(
        said(&letter),
        [
            "subject.txt:1: unknown variable `costumer.name`: letters know shop, sender, customer, offer, links and today"
        ]
    );
}

#[test]
fn a_fact_not_everybody_has_must_be_asked_for() {
    let said = said(&around("Dear {{ customer.first_name }}"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("body.mjml:5: `customer.first_name` is not there for every customer or step"),
        "{said:?}"
    );
    let upper = self::said(&around("{{ customer.first_name | upper }}"));
    assert!(upper[0].starts_with("body.mjml:5: `"), "{upper:?}");
    assert_eq!(self::said(&around("Dear {{ customer.first_name or \"reader\" }}")), [""; 0]);
}

#[test]
fn an_offer_that_the_step_does_not_make_cannot_be_promised() {
    let shop = bookshop();
    let ten = steps(&books()).remove(0).1;
    let letter = around("{{ offer.code }} until {{ offer.deadline }}: {{ links.button }}");
    assert_eq!(check(&letter, &english(), &shop, &[used(ten)]), []);
    let said = said(&letter);
    assert!(said[0].starts_with("body.mjml:5: `offer.code` is not there"), "{said:?}");
}

#[test]
fn a_leads_letter_must_not_count_on_an_order() {
    let letter = around("since {{ customer.last_order }}");
    assert_eq!(check(&letter, &english(), &bookshop(), &[used(None)]), []);
    let anybody = super::Use { offer: None, buyers_only: false };
    let found = check(&letter, &english(), &bookshop(), &[anybody]);
    assert!(found[0].message.starts_with("`customer.last_order` is not there"), "{found:?}");
}

#[test]
fn an_unknown_tag_is_found_where_it_stands() {
    let letter = around("</mj-text>\n{% if customer.orders > 99 %}\n\n{% endif %}\n<mj-buton>Buy</mj-buton><mj-text>");
    let said = said(&letter);
    assert!(said[0].starts_with("body.mjml:9: unknown tag <mj-buton>: use one of mjml, mj-head"), "{said:?}");
}

#[test]
fn what_gmail_would_cut_off_is_too_long() {
    let said = said(&around(&"<p>a long story</p>\n".repeat(6_000)));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].ends_with("KB of HTML: Gmail cuts it off at 102 KB; keep it below 100"), "{said:?}");
}

#[test]
fn who_writes_and_the_way_out_stand_in_both_bodies() {
    let bare = Letter {
        subject: "News".to_owned(),
        body_mjml:
            "<mjml><mj-body><mj-section><mj-column><mj-text>News</mj-text></mj-column></mj-section></mj-body></mjml>"
                .to_owned(),
        body_text: "News".to_owned(),
    };
    assert_eq!(
        said(&bare),
        [
            "body.mjml: the sender's postal address is missing: write {{ sender.postal_address }}",
            "body.mjml: the way out is missing: link to {{ links.unsubscribe }}",
            "body.mjml: no preview: say in <mj-preview> what the inbox shows beside the subject",
            "body.txt: the sender's postal address is missing: write {{ sender.postal_address }}",
            "body.txt: the way out is missing: link to {{ links.unsubscribe }}",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn strangers_learn_of_no_opened_letter() {
    let said =
        said(&around("<img src=\"https://pixel.example/open.gif\"><img src=\"https://img.shop.example/a.png\">"));
    assert_eq!(
        said,
        ["body.mjml:5: loads https://pixel.example/open.gif from a third party: keep images on the shop's own domain"]
    );
}

#[test]
fn an_endless_letter_is_stopped() {
    let said = said(&around("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}"));
    assert_eq!(said, ["body.mjml:5: takes too long: take the loop out"]);
}

#[test]
fn customers_read_their_language_or_the_shops_first() {
    let mut shop = bookshop();
    let finnish = Language::parse("fi").unwrap();
    shop.languages.push(finnish.clone());
    let hello = Letter { body_text: "Hei {{ today }} {{ customer.spent }}".to_owned(), ..around("x") };
    let letters = Letters::from([
        (("news".to_owned(), english()), around("x")),
        (("news".to_owned(), finnish.clone()), hello.clone()),
    ]);
    let prepared = Prepared::new(&letters).unwrap();
    let mut facts = customer(&shop, None, None);
    facts.language = finnish.clone();
    assert_eq!(prepared.render("news", &shop, &facts).unwrap().text, "Hei 2026-03-10 182.40 EUR\n");
    facts.language = Language::parse("ru").unwrap();
    assert!(prepared.render("news", &shop, &facts).unwrap().text.starts_with("Hello\n"));
    let error = prepared.render("old-news", &shop, &facts).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no letter mails/old-news/en: write subject.txt, body.mjml and body.txt there"
    );
    let found = check(&hello, &finnish, &shop, &[]);
    assert!(matches!(&found[..], [only] if only.level == Level::Warning && only.part == Part::Text), "{found:?}");
}

#[test]
fn the_same_facts_make_the_same_bytes() {
    let plan = records();
    assert_eq!(mails(&plan), mails(&plan));
}

#[test]
fn blank_lines_of_branches_not_taken_are_gone() {
    assert_eq!(super::tidy("\n\nHello\n\n\n\nthere  \n\n"), "Hello\n\nthere\n");
}
