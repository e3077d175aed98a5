//! The link domain, and the clock of this machine beside that of whoever answers.

use jiff::SignedDuration;
use winback_cloud::operator::web::Page;
use winback_cloud::operator::{APPLY, Stack};

use super::report::{Line, fail, ok, unseen, warn};

/// Signed requests are refused beyond five minutes; far below that a clock is not looked after.
const SKEW_WARNS: SignedDuration = SignedDuration::from_secs(30);
const SKEW_FAILS: SignedDuration = SignedDuration::from_mins(4);

/// Whether the links in mails lead to us.
pub async fn link_domain(stack: &Stack) -> Vec<Line> {
    let base = &stack.config.link_base;
    if base.is_empty() {
        return vec![fail("mails have no link base", APPLY)];
    }
    let mut lines = Vec::new();
    if base.ends_with(".on.aws") {
        lines.push(warn(
            format!("links in mails lead to a function's own URL, {base}"),
            "set `link_domain`: a bare host looks like spam, and every link dies with the function",
        ));
    }
    match stack.page(&format!("{base}/")).await {
        Ok(page) => {
            lines.push(answered(base, &page));
            lines.extend(clock(stack, &page));
        }
        Err(said) => {
            let todo = "look at its name in DNS, its certificate and its distribution";
            lines.push(fail(format!("{base} does not answer: {said}"), todo));
        }
    }
    if stack.config.origin_checked {
        lines.push(closed(stack).await);
    }
    lines
}

/// Behind a link domain a function's own URL answers nobody, so that nobody goes past what guards the domain.
async fn closed(stack: &Stack) -> Line {
    let url = match stack.url("serve-offer").await {
        Ok(url) => url.unwrap_or_default(),
        Err(error) => return unseen("serve-offer's URL", &error),
    };
    match stack.page(&format!("{url}/")).await {
        Ok(page) if page.status == 403 => ok("past the link domain nobody is answered"),
        Ok(page) => warn(
            format!("past the link domain serve-offer answers {}", page.status),
            "look at the parameter keys/origin, and at WINBACK_ORIGIN_CHECKED",
        ),
        Err(said) => warn(format!("serve-offer's own URL does not answer: {said}"), APPLY),
    }
}

fn answered(base: &str, page: &Page) -> Line {
    match page.status {
        404 if page.is_ours() => ok(format!("{base} leads to our pages")),
        403 => fail(
            format!("{base} answers 403"),
            "the key `origin` of the domain and the parameter keys/origin must hold the same value, and serve-offer both permissions",
        ),
        status @ 500.. => fail(format!("{base} answers {status}"), "read the log of serve-offer"),
        status => fail(
            format!("{base} answers {status} with somebody else's page"),
            "point `link_domain` or `link_base` at this stack",
        ),
    }
}

/// This machine's clock, which signs the requests of these commands and dates what they write.
fn clock(stack: &Stack, page: &Page) -> Option<Line> {
    let apart = stack.now().duration_since(page.date?);
    let seconds = apart.as_secs();
    Some(if apart.abs() >= SKEW_FAILS {
        fail(
            format!("this machine's clock is {seconds} seconds ahead of the web's"),
            "set it: AWS refuses its signatures",
        )
    } else if apart.abs() >= SKEW_WARNS {
        warn(format!("this machine's clock is {seconds} seconds ahead of the web's"), "let it follow a time server")
    } else {
        ok("this machine's clock is right")
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use winback_local::clock::Turned;
    use winback_local::place::Place;

    use super::*;
    use crate::commands::doctor::report::Level;

    /// What is said of a link domain whose functions answer so on their own address.
    async fn behind(status: u16) -> Line {
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let place = Place::in_memory_at(Turned::at(now), "https://hello.shop.example").unwrap();
        let control = place.deployed("books", "shop.example");
        let stack = place.operated(&control, "books").await.unwrap();
        let url = stack.url("serve-offer").await.unwrap().expect("it has one");
        control.page(format!("{url}/"), status, &[], "");
        closed(&stack).await
    }

    #[tokio::test]
    async fn whoever_goes_past_the_link_domain_should_be_answered_by_nobody() {
        assert_eq!(behind(403).await, ok("past the link domain nobody is answered"));
        let open = behind(404).await;
        assert_eq!((open.level, open.what.as_str()), (Level::Warn, "past the link domain serve-offer answers 404"));
    }
}
