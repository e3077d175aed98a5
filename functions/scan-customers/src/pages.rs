//! Reading every customer, page by page, in parts side by side.

use futures_util::future::join_all;
use jiff::{Timestamp, ToSpan};
use winback_cloud::keys::Key;
use winback_cloud::start::Invocation;
use winback_cloud::tables::pages::Page;
use winback_cloud::{Cloud, Error};

use crate::Run;
use crate::pass::{Found, Pass};

/// Parts that are read side by side.
const SEGMENTS: u32 = 4;
/// A page of a megabyte takes at most so long.
const TIME_FOR_A_PAGE_SECONDS: i64 = 30;

/// Reads every customer in one pass of a run. Answers what was found, also on the pages that an earlier try of the
/// same run has done.
///
/// # Errors
/// [`Error::TimeUp`] where the invocation ends first: the next try of the run goes on behind the pages that are done.
pub async fn all(cloud: &Cloud, run: &Run, pass: &Pass<'_>, invocation: Invocation) -> Result<Found, Error> {
    let segments = (0..SEGMENTS).map(|segment| one(cloud, run, pass, segment, invocation));
    // None is dropped half-way because another one failed: every page that was begun is done.
    let segments = join_all(segments).await;
    let found: Vec<Found> = segments.into_iter().collect::<Result<_, _>>()?;
    Ok(found.into_iter().fold(Found::default(), Found::and))
}

async fn one(cloud: &Cloud, run: &Run, pass: &Pass<'_>, segment: u32, invocation: Invocation) -> Result<Found, Error> {
    let latest = invocation.until.saturating_sub(TIME_FOR_A_PAGE_SECONDS.seconds()).unwrap_or(Timestamp::MIN);
    let (mut all, mut next, mut read_some) = (Found::default(), None, false);
    for number in 0.. {
        let key = Key::Page(pass.name.to_owned(), segment, number);
        let known: Option<Page<Found>> = cloud.tables.page(&key).await?;
        let page = match known.filter(|page| page.run == run.scheduled_at && page.errand == run.errand()) {
            Some(page) => page,
            None if read_some && cloud.clock.now() > latest => return Err(Error::TimeUp),
            None => {
                let scanned = cloud.tables.scan(segment, SEGMENTS, next.as_deref()).await?;
                let found = pass.page(scanned.customers).await?;
                let page = Page { run: run.scheduled_at, errand: run.errand(), next: scanned.next, found };
                cloud.tables.put_page(&key, &page).await?;
                read_some = true;
                page
            }
        };
        all = all.and(page.found);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}
