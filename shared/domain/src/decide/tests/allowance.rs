//! A day's allowance: who goes first, and what is kept for whom it was promised to.

use super::*;
use crate::store::Ranking;

#[test]
fn better_customers_go_first_and_follow_ups_keep_their_place() {
    let shop = SHOP.replace("limits:\n", "limits:\n  per_day: 10 mails\n");
    let plan = folder(PROGRAM, &shop);
    let from = jiff::civil::date(2026, 4, 14);
    let ranking = Ranking { from, lowest: vec![(9_000, 0), (4_000, 0)], promised: vec![0, 0] };
    let ranked = Store { ranking: Some(ranking), ..store() };
    let decision = decide(&anna(), &ranked, &plan, at("2026-04-14T06:00:00Z"));
    assert_eq!(decision.next_look, Some(at("2026-04-15T06:00:00Z")));
    assert!(matches!(decision.why[0], Reason::OthersFirst { .. }));
    let full = Store { used: crate::store::Used { mails_today: 8, ..Default::default() }, ..ranked.clone() };
    let promised = Ranking { promised: vec![2, 0], lowest: vec![], from };
    let kept = Store { ranking: Some(promised), ..full };
    assert!(matches!(
        decide(&anna(), &kept, &plan, at("2026-04-14T06:00:00Z")).why[0],
        Reason::DayFull { allowance: 10, .. }
    ));
}

#[test]
fn what_is_promised_to_follow_ups_is_kept_until_they_have_taken_it() {
    let plan = folder(PROGRAM, &SHOP.replace("limits:\n", "limits:\n  per_day: 10 mails\n"));
    let today = jiff::civil::date(2026, 4, 14);
    let ranking = Ranking { from: today, lowest: vec![], promised: vec![4] };
    let left = |mails_today, follow_ups_today| {
        let used = crate::store::Used { mails_today, follow_ups_today, ..Default::default() };
        let store = Store { ranking: Some(ranking.clone()), used, ..store() };
        store.letters_left_today(&plan.shop, today)
    };
    assert_eq!(left(0, 0), Some(6));
    assert_eq!(left(3, 0), Some(3));
    assert_eq!(left(4, 4), Some(6), "all four follow-ups left: the other six are the letters'");
    assert_eq!(left(8, 2), Some(0));
    assert_eq!(left(9, 4), Some(1));
}

#[test]
fn a_follow_up_waits_a_while_for_what_others_only_reserved() {
    let plan = folder(PROGRAM, &SHOP.replace("limits:\n", "limits:\n  per_day: 10 mails\n"));
    let (mailed, sent) = played(anna(), &store(), &plan, "2026-01-12T08:00:00Z", "2026-04-14T07:00:00Z");
    assert_eq!(sent.len(), 1);
    let used = crate::store::Used { mails_today: 10, ..Default::default() };
    // Thursday at seven in the evening: an hour until it is quiet, and tomorrow the offer is over.
    let full = decide(&mailed, &Store { used, ..store() }, &plan, at("2026-04-16T16:00:00Z"));
    assert_eq!(full.next_look, Some(at("2026-04-16T16:10:00Z")));
    assert!(full.coming.is_some_and(|coming| coming.follow_up), "it is still to come");
    let freed = decide(&mailed, &store(), &plan, at("2026-04-16T16:10:00Z"));
    assert!(matches!(freed.action, Action::Claim(_)));
}
