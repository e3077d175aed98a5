//! What customers call themselves: text of strangers, on its way into a letter.

/// Longer names are cut: a name is a name, not a message.
const LONGEST: usize = 60;

/// One line without control or direction characters, at most [`LONGEST`] characters; nothing where nothing
/// is left, or where it is no name but an advertisement (people sign up strangers under the name "win 1,000 at …").
pub(crate) fn clean(name: &str) -> Option<String> {
    let shown: String = name.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    let shown: String = shown.chars().filter(|c| !steers_direction(*c)).collect();
    let words: Vec<&str> = shown.split(' ').filter(|word| !word.is_empty()).collect();
    let one_line: String = words.join(" ").chars().take(LONGEST).collect();
    let one_line = one_line.trim_end().to_owned();
    let is_name = one_line.chars().any(char::is_alphabetic) && !advertises(&one_line);
    is_name.then_some(one_line)
}

/// What to call somebody by: the first word, and for `Lind, Anna` the one after the comma. An initial or a title
/// (`A.`, `Dr.`) is not what anybody is called: then the whole name stands.
pub(crate) fn first(name: &str) -> String {
    let given = match name.split_once(',') {
        Some((_, given)) if !given.trim().is_empty() => given.trim(),
        _ => name,
    };
    let word = given.split(' ').next().unwrap_or(given).trim_matches(',');
    if word.ends_with('.') || word.chars().count() < 2 {
        return given.to_owned();
    }
    recase(word)
}

/// Forms are filled in as `anna` and `ANNA`; a letter says Anna. Mixed case is left alone, and so are short capitals (JD).
fn recase(word: &str) -> String {
    let lower = word.chars().all(|c| !c.is_uppercase());
    let shouted = word.chars().all(|c| !c.is_lowercase()) && word.chars().count() > 3;
    if !lower && !shouted {
        return word.to_owned();
    }
    let mut letters = word.chars();
    let head = letters.next().into_iter().flat_map(char::to_uppercase);
    head.chain(letters.flat_map(char::to_lowercase)).collect()
}

/// Characters that turn the direction of text or are not seen at all.
pub(super) fn steers_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a mail program would make a link of it.
fn advertises(name: &str) -> bool {
    let lower = name.to_lowercase();
    // "spam.example" and "SPAM.EXAMPLE" are hosts; "St.John" and "J.R." are not.
    let is_host = |word: &str| {
        let shouted = !word.contains(char::is_lowercase);
        word.split_once('.').is_some_and(|(host, rest)| {
            host.len() > 1 && rest.len() > 1 && (shouted || rest.starts_with(|c: char| !c.is_uppercase()))
        })
    };
    lower.contains("://") || lower.contains("www.") || lower.contains('@') || name.split(' ').any(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_whatever_was_typed() {
        assert_eq!(clean("  Anna \r\nBcc: all\u{0}  Lind\t").as_deref(), Some("Anna Bcc: all Lind"));
        assert_eq!(clean("Anna\u{202e}Lind").as_deref(), Some("AnnaLind"));
        assert_eq!(clean(&"A".repeat(500)).map(|name| name.len()), Some(LONGEST));
    }

    #[test]
    fn what_is_no_name_is_left_out() {
        for text in [
            "",
            "  ",
            "\r\n",
            "123",
            "-",
            "WIN 1000 at www.example",
            "http://spam.example",
            "spam.example/x",
            "anna@shop.example",
        ] {
            assert_eq!(clean(text), None, "{text:?}");
        }
        assert_eq!(clean("J.R. Ewing").as_deref(), Some("J.R. Ewing"));
        assert_eq!(clean("St.John Smith").as_deref(), Some("St.John Smith"));
        assert_eq!(clean("SPAM.EXAMPLE"), None);
        assert_eq!(clean("O’Brien").as_deref(), Some("O’Brien"));
    }

    #[test]
    fn people_are_called_by_what_they_are_called() {
        for (name, called) in [
            ("Anna Lind", "Anna"),
            ("Lind, Anna", "Anna"),
            ("anna", "Anna"),
            ("ANNA LIND", "Anna"),
            ("JD", "JD"),
            ("Dr. Lind", "Dr. Lind"),
            ("A Lind", "A Lind"),
            ("McKenzie Fry", "McKenzie"),
            ("Anna,", "Anna"),
            ("ädel", "Ädel"),
        ] {
            assert_eq!(first(name), called);
        }
    }
}
