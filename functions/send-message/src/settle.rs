//! Settling: the message first, then the customer. Whatever dies in between is taken up by the lease.

use jiff::ToSpan;
use winback_cloud::Error;
use winback_cloud::mailer::{Handed, Refusal};
use winback_domain::codes::{Fit, fit};
use winback_domain::customer::{Customer, End, Open, OpenState};
use winback_domain::message::State;
use winback_domain::planted::{Planted, planted};
use winback_domain::protocol::{close, refused};
use winback_domain::store::State as StoreState;

use crate::At;

/// So many sends in a row without an acceptance stop the claiming.
const TROUBLES: u32 = 3;
/// How long a throttled store waits.
const THROTTLED_SECONDS: i64 = 60;
/// So often a lost race for the customer is run again; after that the lease settles.
const TRIES: u32 = 5;

/// How a message came out, for its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    With(End),
    Refused { for_good: bool },
}

impl At<'_> {
    /// Settles what SES said. `sending` is the customer as the fence left them, as far as we know.
    pub async fn settle(&self, open: &Open, sending: &Customer, handed: Handed) -> Result<(), Error> {
        let (state, ended) = match &handed {
            Handed::Sent(_) => (State::Sent, Ended::With(End::Sent)),
            Handed::Unknown => {
                self.tell_unknown(open);
                (State::Unknown, Ended::With(End::Unknown))
            }
            Handed::Refused(refusal) => (State::Refused, Ended::Refused { for_good: *refusal == Refusal::Recipient }),
        };
        if planted(Planted::CustomerBeforeMessage) {
            self.settle_customer(open, sending, ended).await?;
        }
        let stands = self.cloud.tables.settle_message(self.store(), open.message, open.claim, state).await?;
        // A delivery event may have been faster than the answer: then it was sent, whatever the answer said.
        let ended = match stands {
            Some(state) if state.was_sent() => Ended::With(End::Sent),
            _ => ended,
        };
        self.settle_customer(open, sending, ended).await?;
        self.tell_by_hand(open, ended);
        self.tell_store(&handed).await
    }

    /// The customer: `sending`, owner and claim are mine; `due` is computed from the latest load, on `rev`.
    ///
    /// The fence's own write is that load while its `rev` stands, which it mostly does: a read saved on every mail.
    async fn settle_customer(&self, open: &Open, sending: &Customer, ended: Ended) -> Result<(), Error> {
        if self.end(sending, ended).await? {
            return Ok(());
        }
        for _ in 0..TRIES {
            let Some(customer) = self.cloud.tables.customer(self.store(), self.customer.id).await? else {
                return Ok(());
            };
            let mine = customer.open.as_ref().is_some_and(|now| {
                now.state == OpenState::Sending && now.owner == open.owner && now.claim == open.claim
            });
            if !mine || self.end(&customer, ended).await? {
                return Ok(());
            }
            self.cloud.forget(self.store());
        }
        Ok(())
    }

    /// One try; false: somebody was faster.
    async fn end(&self, customer: &Customer, ended: Ended) -> Result<bool, Error> {
        let standing = self.cloud.standing(self.store()).await?;
        let at = At { standing: &standing, customer, ..*self };
        let mailed_at = customer.open.as_ref().and_then(|open| open.fenced).unwrap_or(at.look().now);
        let after = match ended {
            Ended::With(end) => close(customer, end, mailed_at, at.look()),
            Ended::Refused { for_good } => refused(customer, for_good, at.look()),
        };
        let write = self.cloud.tables.put_looked(self.store(), &after, customer.rev)?;
        let done = self.cloud.tables.commit(vec![write]).await?.done();
        if done && customer.open.as_ref().is_some_and(|open| customer.forgets(open.episode)) {
            self.cloud.scrub(self.store(), customer.id).await?;
        }
        Ok(done)
    }

    /// The lease of a `sending` is over: `unknown`, or what the message already says. Never sendable again.
    pub async fn expire(&self) -> Result<(), Error> {
        let Some(open) = &self.customer.open else { return Ok(()) };
        let lost = if planted(Planted::LeaseBackToSendable) { State::Refused } else { State::Unknown };
        let stands = self.cloud.tables.settle_message(self.store(), open.message, open.claim, lost).await?;
        let ended = match stands {
            Some(state) if state.was_sent() => Ended::With(End::Sent),
            Some(State::Refused) => Ended::Refused { for_good: false },
            _ => {
                self.tell_unknown(open);
                Ended::With(End::Unknown)
            }
        };
        self.tell_by_hand(open, ended);
        // The condition is the record as it was loaded: `sending`, under this claim.
        self.end(self.customer, ended).await.map(|_| ())
    }

    /// An alarm counts these lines.
    fn tell_unknown(&self, open: &Open) {
        tracing::warn!(store = %self.store(), message_id = %open.message, "unknown");
    }

    /// A letter left, or may have, that promises what its store cannot do by itself: people have to. An alarm counts these
    /// lines.
    fn tell_by_hand(&self, open: &Open, ended: Ended) {
        let Some(offer) = open.grants.as_ref().filter(|_| matches!(ended, Ended::With(_))) else { return };
        let program = self.standing.plan.program(&open.program);
        let promised = program.and_then(|program| Some((program.codes, &program.offers.get(offer)?.gives)));
        if promised.is_some_and(|(codes, gives)| fit(codes, gives) == Fit::ByHand) {
            let (store, program) = (self.store(), &open.program);
            tracing::warn!(%store, message_id = %open.message, program, offer, "to be honoured by hand");
        }
    }

    /// What a send says about the store: a refusal that is not about this recipient stops it and loses nobody;
    /// several without an acceptance in a row stop the claiming.
    async fn tell_store(&self, handed: &Handed) -> Result<(), Error> {
        let known = &self.standing.store;
        let now = self.cloud.clock.now();
        let (troubles, because) = match handed {
            Handed::Sent(_) if known.troubles == 0 => return Ok(()),
            Handed::Sent(_) => (false, None),
            Handed::Unknown | Handed::Refused(Refusal::Recipient) => (true, None),
            Handed::Refused(Refusal::NotNow) => {
                let until = now.checked_add(THROTTLED_SECONDS.seconds()).ok();
                self.cloud.tables.change_store(self.store(), |store| store.throttled_until = until).await?;
                self.cloud.forget(self.store());
                return Ok(());
            }
            Handed::Refused(Refusal::Store(code)) => (false, Some(code.clone())),
        };
        let changed = self
            .cloud
            .tables
            .change_store(self.store(), |store| {
                store.troubles = if troubles { store.troubles + 1 } else { 0 };
                let because = because.clone().or_else(|| {
                    let many = store.troubles >= TROUBLES;
                    many.then(|| format!("{} mails in a row were not accepted", store.troubles))
                });
                if let Some(because) = because {
                    store.pause(because);
                }
            })
            .await?;
        self.cloud.forget(self.store());
        if let Some(store) = changed.filter(|store| store.state == StoreState::Paused) {
            let because = store.paused_because.unwrap_or_default();
            tracing::error!(store = %store.id, because, "store paused");
        }
        Ok(())
    }
}
