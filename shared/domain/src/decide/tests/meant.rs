//! Whom an audience means: what is known of a customer, and nothing else.

use super::*;

#[test]
fn a_program_for_those_who_left_for_one_reason_means_nobody_else() {
    let program = PROGRAM
        .replace("- not: { complaint: open }", "- reason: too_expensive")
        .replace("90 days without an order", "30 days after the subscription ended");
    let plan = folder(&program, SHOP);
    let left = |reason: Option<&str>| {
        let ended = What::SubscriptionEnded { reason: reason.map(str::to_owned) };
        told(anna(), "2026-02-01T10:00:00Z", ended)
    };
    let decided = |customer: &Customer| decide(customer, &store(), &plan, at("2026-04-14T06:00:00Z"));
    let expensive = left(Some("too_expensive"));
    assert!(matches!(decided(&expensive).action, Action::Claim(_)), "{:?}", decided(&expensive).why);
    for reason in [None, Some("unused")] {
        let decision = decided(&left(reason));
        assert_eq!(decision.action, Action::Wait, "{reason:?}");
        assert!(matches!(decision.why[0], Reason::NotMeant { .. }), "{reason:?}: {:?}", decision.why);
    }
    let back = told(expensive, "2026-03-01T10:00:00Z", What::SubscriptionStarted);
    assert_eq!(decided(&back).action, Action::Wait, "whoever came back has no reason any more");
}
