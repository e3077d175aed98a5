//! Faults planted on purpose, each of which must turn the crash test red. Only a debug build can hold one: in what is
//! deployed every switch is the constant `false`.

/// A fault of the send protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the faults")]
pub enum Planted {
    OwnerDerived,
    LeaseBackToSendable,
    SesRetriesOn,
    ClaimWithoutRev,
    LostAnswerIsRefused,
    ProgramHashInId,
    FenceWithoutClaim,
    FenceWithoutStopRev,
    HeldMailed,
    DueClearedAtClaim,
    DueWrittenLate,
    PlanConditionDropped,
    ErasureClearsDue,
    MessageBeforeClaim,
    CustomerBeforeMessage,
    CodeDeleted,
}

#[cfg(not(debug_assertions))]
/// Whether a fault is planted: never.
pub const fn planted(_fault: Planted) -> bool {
    false
}

#[cfg(debug_assertions)]
pub use on::{plant, planted};

#[cfg(debug_assertions)]
mod on {
    use std::cell::Cell;

    use super::Planted;

    thread_local! {
        static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Plants a fault in this thread, or takes it out.
    pub fn plant(fault: Option<Planted>) {
        PLANTED.set(fault);
    }

    /// Whether a fault is planted in this thread.
    pub fn planted(fault: Planted) -> bool {
        PLANTED.get() == Some(fault)
    }
}
