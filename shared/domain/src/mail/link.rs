//! Addresses on their way into a letter and its headers.

use super::problem::Error;

/// The link, if it is an address that survives in a header and in an attribute: `https`, or `http` to this very machine
/// (the local place), made of the characters RFC 3986 knows and nothing that could end a header or a quote.
pub(super) fn checked<'a>(what: &'static str, link: &'a str) -> Result<&'a str, Error> {
    let host = host(link).ok_or(Error::Link(what))?;
    let local = matches!(host.split(':').next(), Some("localhost" | "127.0.0.1"));
    let scheme = link.starts_with("https://") || (local && link.starts_with("http://"));
    let plain = link.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&()*+,;=%".contains(&b));
    (scheme && plain).then_some(link).ok_or(Error::Link(what))
}

/// Host (and port, where there is one) of an absolute web address.
pub(super) fn host(link: &str) -> Option<&str> {
    let (scheme, rest) = link.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    (matches!(scheme, "http" | "https") && !host.is_empty()).then_some(host)
}

/// The front page of the site an address belongs to: `https://shop.example/`.
pub(crate) fn home(link: &str) -> Option<String> {
    let scheme = link.split_once("://")?.0;
    Some(format!("{scheme}://{}/", host(link)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_get_into_a_letter() {
        for good in
            ["https://go.shop.example/o/books/abc?x=1&y=2", "http://localhost:8080/u/books/t", "http://127.0.0.1/"]
        {
            assert_eq!(checked("offer", good), Ok(good));
        }
        for bad in [
            "",
            "shop.example",
            "http://shop.example/",
            "https://",
            "javascript:alert(1)",
            "https://shop.example/a b",
            "https://shop.example/\r\nBcc: x",
            "https://shop.example/\">",
            "https://shop.example/ä",
        ] {
            assert_eq!(checked("offer", bad), Err(Error::Link("offer")), "{bad:?}");
        }
    }

    #[test]
    fn the_front_page_is_found_from_the_discount_link() {
        assert_eq!(home("https://shop.example/discount/{code}").as_deref(), Some("https://shop.example/"));
        assert_eq!(home("shop.example"), None);
    }
}
