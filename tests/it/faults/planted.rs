//! Each fault that the model found, planted: the crash test must turn red.

use winback_domain::planted::{Planted, plant};

use super::explore::{Exploration, explore};

async fn must_be_found(fault: Planted) {
    plant(Some(fault));
    for part in Exploration::ALL {
        let found = explore(&part).await;
        if let Err(problem) = found.verdict {
            plant(None);
            println!("{fault:?}, after {} runs of {part:?}: {problem}", found.runs);
            return;
        }
    }
    panic!("{fault:?} was planted and nothing turned red");
}

/// Debug assertions are what plants them.
#[test]
fn no_package_is_built_with_them() {
    let profiles = include_str!("../../../Cargo.toml").split("[profile.").skip(1);
    let deployed = profiles.filter(|profile| profile.starts_with("release") || profile.starts_with("lambda"));
    let asserting: Vec<&str> = deployed.filter(|profile| profile.contains("debug-assertions")).collect();
    assert_eq!(asserting, Vec::<&str>::new());
}

macro_rules! planted {
    ($($name:ident: $fault:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            must_be_found(Planted::$fault).await;
        })*
    };
}

planted! {
    owner_derived: OwnerDerived,
    lease_back_to_sendable: LeaseBackToSendable,
    ses_retries_on: SesRetriesOn,
    claim_without_rev: ClaimWithoutRev,
    lost_answer_is_refused: LostAnswerIsRefused,
    program_hash_in_id: ProgramHashInId,
    fence_without_claim: FenceWithoutClaim,
    fence_without_stop_rev: FenceWithoutStopRev,
    held_mailed: HeldMailed,
    due_cleared_at_claim: DueClearedAtClaim,
    due_written_late: DueWrittenLate,
    plan_condition_dropped: PlanConditionDropped,
    erasure_clears_due: ErasureClearsDue,
    message_before_claim: MessageBeforeClaim,
    customer_before_message: CustomerBeforeMessage,
    code_deleted: CodeDeleted,
}
