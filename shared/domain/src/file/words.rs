//! Words for messages: the one that was probably meant, and lists of those that could have been.

/// The candidate somebody probably meant, if one is near enough to be worth a question.
pub(super) fn meant<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = plain(word);
    let near = |candidate: &&str| {
        let full = plain(candidate);
        // A beginning of three letters is as good as a slip: `minimum` for `minimum_order`.
        let begins = |one: &str, other: &str| other.len() > 2 && one.starts_with(other);
        let begun = begins(&full, &wanted) || begins(&wanted, &full);
        slip(word, candidate).or(begun.then_some(1))
    };
    candidates
        .into_iter()
        .filter_map(|candidate| Some((near(&candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters apart two words are, if few enough for a slip of the pen.
pub(super) fn slip(word: &str, candidate: &str) -> Option<usize> {
    // Far longer than any name of ours: no need to measure it.
    if word.len() > 100 {
        return None;
    }
    let full = plain(candidate);
    let distance = strsim::damerau_levenshtein(&plain(word), &full);
    (distance <= 1.max(full.chars().count() / 3)).then_some(distance)
}

/// Case and the ways to write two words as one do not count.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['-', '_', ' '], "")
}

/// `did you mean X?`, or else all there are.
pub(super) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
    otherwise: &str,
) -> String {
    match meant(word, candidates.clone()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("{otherwise}: {}", list(candidates, "and")),
    }
}

/// `a`, `b` and `c`, each between backticks.
pub(super) fn list<'w>(words: impl IntoIterator<Item = &'w str>, last: &str) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// `1 day`, `2 days`.
pub(crate) fn count(number: u32, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Cuts what a message repeats of a file to a readable length.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The two-letter languages of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg \
    th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether two letters are a language at all; three letters are taken on trust.
pub(super) fn is_language(tag: &str) -> bool {
    tag.len() == 3 || LANGUAGES.split_whitespace().any(|known| known == tag)
}

/// Country codes and names people write where a language belongs.
pub(super) fn language_meant(written: &str) -> Option<&'static str> {
    let pairs = [
        ("gb", "en"),
        ("us", "en"),
        ("ua", "uk"),
        ("dk", "da"),
        ("jp", "ja"),
        ("cz", "cs"),
        ("cn", "zh"),
        ("gr", "el"),
        ("kz", "kk"),
        ("by", "be"),
        ("at", "de"),
        ("br", "pt"),
        ("english", "en"),
        ("finnish", "fi"),
        ("suomi", "fi"),
        ("russian", "ru"),
        ("swedish", "sv"),
        ("german", "de"),
        ("french", "fr"),
        ("spanish", "es"),
        ("italian", "it"),
        ("norwegian", "nb"),
        ("danish", "da"),
        ("estonian", "et"),
        ("polish", "pl"),
        ("dutch", "nl"),
        ("portuguese", "pt"),
        ("ukrainian", "uk"),
    ];
    let written = written.to_lowercase();
    pairs.into_iter().find_map(|(wrong, right)| (wrong == written).then_some(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_stranger_is_not() {
        let keys = ["minimum_order", "valid", "gives", "stock"];
        assert_eq!(meant("minimum-order", keys), Some("minimum_order"));
        assert_eq!(meant("Vaild", keys), Some("valid"));
        assert_eq!(meant("minimum", keys), Some("minimum_order"));
        assert_eq!(meant("discount", keys), None);
        assert_eq!(
            did_you_mean("discount", keys, "known here"),
            "known here: `minimum_order`, `valid`, `gives` and `stock`"
        );
    }

    #[test]
    fn languages_are_known_by_their_tags() {
        assert!(is_language("fi") && is_language("no") && is_language("hsb"));
        assert!(!is_language("xx"));
        assert_eq!(language_meant("Suomi"), Some("fi"));
    }
}
