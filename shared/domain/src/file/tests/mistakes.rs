//! Mistakes in shop.yaml and in the writing of either file, each told at its word.

use super::{advice, program_says, says, shop_says};

#[test]
fn a_shop_without_its_keys() {
    shop_says("version: 1\n", "", "! <> [] the file shop.yaml lacks `version`");
    shop_says("holdout: 30 %", "#", "! <> [] the file shop.yaml lacks `holdout`");
    assert!(advice("shop.yaml", "holdout: 30 %", "#").starts_with("write holdout: 10 %"));
    shop_says("  email: anna@shop.example\n", "", "! <> [sender] the sender lacks `email`");
    shop_says("version: 1", "version: 2", "! <> [2] version `2` of the format is not known here");
    shop_says("version: 1", "version: \"1\"", "! <> [\"1\"] version `1` of the format is not known here");
}

#[test]
fn unknown_keys_and_double_keys() {
    shop_says(
        "currency: EUR",
        "currency: EUR\ncurency: EUR",
        "! <> [curency] `curency` is no key of the file shop.yaml",
    );
    assert_eq!(advice("shop.yaml", "currency: EUR", "currency: EUR\ncurency: EUR"), "did you mean `currency`?");
    shop_says("  per_day: 200 mails", "  per_week: 200 mails", "! <> [per_week] `per_week` is no key of the limits");
    shop_says("currency: EUR", "currency: EUR\ncurrency: USD", "! <> [currency] `currency` is there twice");
    program_says("  fifteen-percent:", "  ten-euro:", "! <> [ten-euro] `ten-euro` is there twice");
}

#[test]
fn values_of_the_wrong_shape() {
    shop_says("shop: Example Books", "shop:", "! <> [shop] no value is written here");
    shop_says("shop: Example Books", "shop: [Example, Books]", "! <> [[] a list stands where one value belongs");
    shop_says("[en, fi, ru]", "en", "! <> [en] a list belongs here");
    shop_says("shop: Example Books", "shop: \"\"", "! <> [\"\"] `shop`: an empty text");
    shop_says("[en, fi, ru]", "[]", "! <> [[] `languages`: an empty list");
    program_says(
        "audience:                             # whom\n  all:\n    - orders: at least 1\n    - spent: at least 30 EUR\n    - not: { complaint: open }\n",
        "audience: everybody\n",
        "! <> [everybody] the keys of a condition belong here",
    );
}

#[test]
fn the_norwegian_problem() {
    shop_says("[en, fi, ru]", "[en, fi, ru, no]", "! <> [no] a bare `no` can be taken for true or false");
    assert_eq!(advice("shop.yaml", "[en, fi, ru]", "[en, fi, ru, no]"), "put the word in quotes: \"no\"");
    shop_says("\"20:00-08:00\"", "off", "! <> [off] a bare `off` can be taken for true or false");
    assert!(advice("shop.yaml", "\"20:00-08:00\"", "off").ends_with("leave the line out to have none"));
    shop_says("kind: online", "kind: yes", "! <> [yes] `yes` is not one of `online`, `outlet` and `expensive`");
}

#[test]
fn a_folder_may_be_as_large_as_the_table_takes() {
    let mut folder = super::folder();
    let pictures = "x".repeat(500 * 1024);
    folder.insert("mails/last-day/fi/body.mjml".to_owned(), format!("<mjml><!-- {pictures} --></mjml>"));
    let problems = super::problems(&folder);
    let found = problems.iter().find(|problem| problem.message.contains("KB")).expect("it is too big");
    assert_eq!((found.file.as_str(), found.severity), ("mails/last-day/fi/body.mjml", super::Severity::Error));
    assert_eq!(found.message, "the folder has 504 KB, of which this file alone has 501; a folder may have 390 KB");
    assert!(found.help.as_ref().is_some_and(|help| help.starts_with("make this file smaller")));
}

#[test]
fn times_stand_in_quotes() {
    shop_says("\"20:00-08:00\"", "20:00-08:00", "! <> [20:00-08:00] a time must stand in quotes");
    program_says("send: Tue-Thu 09:00", "send: 09:00", "! <> [09:00] a time must stand in quotes");
    says("program.yaml", "send: Tue-Thu 09:00", "send: \"09:00\"", &[]);
}

#[test]
fn what_the_shop_cannot_be() {
    shop_says("Europe/Helsinki", "Helsinki", "! <> [Helsinki] there is no time zone `Helsinki`");
    assert_eq!(advice("shop.yaml", "Europe/Helsinki", "Helsinki"), "did you mean `Europe/Helsinki`?");
    assert_eq!(advice("shop.yaml", "Europe/Helsinki", "Europe/Helsinky"), "did you mean `Europe/Helsinki`?");
    says("shop.yaml", "currency: EUR", "currency: Euro", &["! <> [Euro] there is no currency `Euro`"]);
    shop_says("[en, fi, ru]", "[en, fi, ru, gb]", "! <> [gb] there is no language `gb`");
    assert_eq!(advice("shop.yaml", "[en, fi, ru]", "[en, gb]"), "did you mean `en`?");
    assert_eq!(advice("shop.yaml", "[en, fi, ru]", "[en-US, fi, ru]"), "did you mean `en`?");
    shop_says("[en, fi, ru]", "[en, fi, ru, fi]", "! <> [fi] `fi` is there twice");
    shop_says(
        "anna@shop.example",
        "anna(at)shop.example",
        "! <> [anna(at)shop.example] `anna(at)shop.example` is not a mail address",
    );
    shop_says(
        "name: Anna from Example Books",
        "name: \"Anna\\r\\nBcc: x@y.example\"",
        "! <> [\"Anna\\r\\nBcc: x@y.example\"] `name`: a line break or control character in a text of one line",
    );
    program_says(
        "name: We miss you",
        "name: \"We\\nmiss\"",
        "! <> [\"We\\nmiss\"] `name`: a line break or control character in a text of one line",
    );
}

#[test]
fn where_the_button_may_lead() {
    let url = "\"https://shop.example/discount/{code}\"";
    shop_says(url, "http://shop.example/{code}", "! <> [http] a letter may only lead to an https address");
    shop_says(url, "http://localhost.evil.example/{code}", "! <> [http] a letter may only lead to an https address");
    says("shop.yaml", url, "http://localhost:8080/{code}", &[]);
    shop_says(url, "https://shop.example/", "! <> [https://shop.example/] the address has no place for the code");
    shop_says(url, "https:///{code}", "! <> [https:///{code}] the address names no shop after https://");
}

#[test]
fn holding_out_too_much_or_nobody() {
    shop_says("30 %", "100 %", "! <> [100 %] everybody is held out: no letter would ever leave");
    shop_says("30 %", "0 %", "? <> [0 %] nobody is held out: nobody can tell what the letters did");
    program_says(
        "afterwards:",
        "holdout: 10 %\nafterwards:",
        "! <> [10 %] a program may hold out more than the shop, not less",
    );
    program_says(
        "afterwards:",
        "holdout: 100 %\nafterwards:",
        "! <> [100 %] everybody is held out: no letter would ever leave",
    );
    says("program.yaml", "afterwards:", "holdout: 50 %\nafterwards:", &[]);
}

#[test]
fn limits_that_are_missing_are_a_warning() {
    shop_says(
        "  per_customer: 2 mails in 7 days\n",
        "",
        "? <> [limits] no frequency cap: one customer may get a letter of every program at once",
    );
    shop_says("  quiet_hours: \"20:00-08:00\"\n", "", "? <> [limits] no quiet hours: letters may leave at night");
}
