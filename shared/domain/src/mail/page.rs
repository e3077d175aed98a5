//! MJML to HTML.

use htmlparser::{ElementEnd, Token, Tokenizer};
use mrml::prelude::parser::{ParserOptions, Span};
use mrml::prelude::render::RenderOptions;

/// What mrml knows and we allow. Not here: `mj-include`, `mj-font`, `mj-social`, `mj-carousel`, `mj-accordion` and
/// `mj-navbar`, which load files, fonts or icons of strangers.
const TAGS: &[&str] = &[
    "mjml",
    "mj-head",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-breakpoint",
    "mj-preview",
    "mj-style",
    "mj-title",
    "mj-raw",
    "mj-body",
    "mj-section",
    "mj-wrapper",
    "mj-group",
    "mj-column",
    "mj-hero",
    "mj-text",
    "mj-button",
    "mj-divider",
    "mj-image",
    "mj-spacer",
    "mj-table",
];

/// Elements that hold HTML; everywhere else only MJML may stand.
const HTML_INSIDE: &[&str] = &["mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview"];

/// Something wrong with the filled-in MJML, at a byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where in the filled-in MJML.
    pub at: Option<usize>,
    /// What and what to do.
    pub message: String,
}

/// The page, and what could be better about its MJML.
pub(super) fn html(mjml: &str) -> Result<(String, Vec<Fault>), Fault> {
    if let Some(fault) = strange_tag(mjml) {
        return Err(fault);
    }
    let parsed = mrml::parse_with_options(mjml, &ParserOptions::default()).map_err(|error| not_mjml(&error))?;
    // No fonts: mrml would ask Google for every family it knows by name.
    let options = RenderOptions { disable_comments: true, social_icon_origin: None, fonts: Default::default() };
    let html = parsed
        .element
        .render(&options)
        .map_err(|error| Fault { at: None, message: format!("not valid MJML: {error}") })?;
    let warnings = parsed.warnings.iter();
    let warnings =
        warnings.map(|w| Fault { at: Some(w.span.start), message: format!("{}: it has no effect", w.kind) }).collect();
    Ok((html, warnings))
}

/// mrml passes tags it does not know through, so a misspelled `mj-buton` would be a letter without a button.
fn strange_tag(mjml: &str) -> Option<Fault> {
    let mut open: Vec<&str> = Vec::new();
    for token in Tokenizer::from(mjml) {
        match token.ok()? {
            Token::ElementStart { local, span, .. } => {
                let tag = local.as_str();
                let inside_html = open.iter().any(|parent| HTML_INSIDE.contains(parent));
                if tag.starts_with("mj") && !TAGS.contains(&tag) {
                    return Some(Fault { at: Some(span.start()), message: stranger(tag) });
                }
                if !inside_html && !TAGS.contains(&tag) {
                    let message = format!(
                        "<{tag}> stands outside of mj-text, mj-table or mj-raw and would be lost: put it into one"
                    );
                    return Some(Fault { at: Some(span.start()), message });
                }
                open.push(tag);
            }
            Token::ElementEnd { end: ElementEnd::Empty, .. } => {
                open.pop();
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } if open.last().is_some_and(|tag| is_void(tag)) => {
                open.pop();
            }
            Token::ElementEnd { end: ElementEnd::Close(_, local), .. } if open.last() == Some(&local.as_str()) => {
                open.pop();
            }
            _ => {}
        }
    }
    None
}

/// Elements that never close.
fn is_void(tag: &str) -> bool {
    matches!(
        tag,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

fn stranger(tag: &str) -> String {
    match tag {
        "mj-include" => "<mj-include> is not read: write the letter in one file".to_owned(),
        "mj-font" => "<mj-font> would load from a third party: use the fonts every device has".to_owned(),
        "mj-social"
        | "mj-social-element"
        | "mj-carousel"
        | "mj-carousel-image"
        | "mj-accordion"
        | "mj-accordion-element" => {
            format!("<{tag}> would load icons from a third party: write plain links or text")
        }
        _ => format!("unknown tag <{tag}>: use one of {}", TAGS.join(", ")),
    }
}

fn not_mjml(error: &mrml::prelude::parser::Error) -> Fault {
    use mrml::prelude::parser::Error as Mrml;
    let at = |span: &Span| Some(span.start);
    let (at, message) = match error {
        Mrml::UnexpectedElement { position, .. } => (at(position), "this tag may not stand here: move it"),
        Mrml::UnexpectedToken { position, .. } => {
            (at(position), "this may not stand here: close every tag, and write text only inside mj-text")
        }
        Mrml::MissingAttribute { position, .. } => (at(position), "an attribute is missing"),
        Mrml::InvalidAttribute { position, .. } => (at(position), "this attribute's value is not valid"),
        Mrml::InvalidFormat { position, .. } => (at(position), "this is not well-formed"),
        Mrml::NoRootNode => (None, "no <mjml> element: begin the file with <mjml>"),
        Mrml::EndOfStream { .. } => (None, "the file ends inside of a tag: close every tag, end with </mjml>"),
        _ => (None, "not well-formed: close every tag and quote every attribute"),
    };
    Fault { at, message: message.to_owned() }
}

/// Addresses the finished page loads by itself when it is opened: images, styles, fonts, scripts, frames.
pub(super) fn loads(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut element = "";
    // The tokenizer wants a capital DOCTYPE, which says nothing about loads.
    let page = html.strip_prefix("<!doctype html>").unwrap_or(html);
    for token in Tokenizer::from(page).flatten() {
        match token {
            Token::ElementStart { local, .. } => element = local.as_str(),
            Token::Attribute { local, value: Some(value), .. } => {
                let loading = matches!(local.as_str(), "src" | "srcset" | "background" | "poster" | "data")
                    || (local.as_str() == "href" && element == "link");
                if loading {
                    found.push(value.as_str().to_owned());
                }
                if local.as_str() == "style" {
                    found.extend(styled(value.as_str()));
                }
            }
            Token::Text { text } if element == "style" => found.extend(styled(text.as_str())),
            _ => {}
        }
    }
    found.retain(|address| address.contains("//"));
    found.sort();
    found.dedup();
    found
}

/// Addresses in CSS: `url(…)`, and `@import "…"`.
fn styled(css: &str) -> Vec<String> {
    let after = |marker: &'static str| css.match_indices(marker).map(move |(at, _)| &css[at + marker.len()..]);
    let addresses = after("url(").chain(after("@import"));
    let bare = |rest: &str| {
        let rest = rest.trim_start_matches([' ', '"', '\'']);
        rest.split(['"', '\'', ')', ';']).next().unwrap_or(rest).to_owned()
    };
    addresses.map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<(String, Vec<Fault>), Fault> {
        html(&format!("<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"))
    }

    #[test]
    fn a_misspelled_tag_is_no_letter() {
        let fault = page("<mj-buton href=\"https://shop.example\">Buy</mj-buton>").unwrap_err();
        assert!(fault.message.starts_with("unknown tag <mj-buton>"), "{fault:?}");
        assert_eq!(fault.at, Some(38));
        let fault = page("<p>lost</p>").unwrap_err();
        assert!(fault.message.starts_with("<p> stands outside"), "{fault:?}");
        assert!(page("<mj-text><p>kept <b>well</b><br>and<br /><b>so</b> on</p></mj-text>").is_ok());
    }

    #[test]
    fn a_tag_left_open_is_no_letter() {
        let fault = page("<mj-text>open").unwrap_err();
        assert!(fault.message.contains("close every tag"), "{fault:?}");
    }

    #[test]
    fn nothing_is_asked_from_google() {
        let (html, _) = page("<mj-text font-family=\"Roboto, Ubuntu\">Hello</mj-text>").unwrap();
        assert!(!html.contains("googleapis"));
        assert_eq!(loads(&html), Vec::<String>::new());
        for tag in ["mj-font", "mj-social", "mj-include", "mj-carousel"] {
            assert!(page(&format!("<{tag}></{tag}>")).is_err(), "{tag}");
        }
    }

    #[test]
    fn what_a_page_loads_is_seen() {
        let (html, _) = page(
            "<mj-image src=\"https://img.example/a.png\" /><mj-text><i style=\"background:url('https://css.example/b')\">x</i></mj-text>",
        )
        .unwrap();
        assert_eq!(loads(&html), ["https://css.example/b", "https://img.example/a.png"]);
    }
}
