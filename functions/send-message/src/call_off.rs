//! Calling a message off before its fence: the code made dead, the stock put back, the message, then the customer.

use winback_cloud::Error;
use winback_cloud::tables::stock::Lot;
use winback_domain::customer::{Customer, Open, OpenState};
use winback_domain::decide::CallOff;
use winback_domain::message::Message;
use winback_domain::protocol::{begin_call_off, finish_call_off};
use winback_domain::redeem::Coupon;
use winback_domain::why::Reason;

use crate::At;

/// What became of a code that is not to be mailed.
enum TakenBack {
    /// It is good nowhere. Perhaps it never was, and because of what.
    Never { because: Option<Reason> },
    /// The store that may honour it cannot be asked now.
    NotYet,
}

impl At<'_> {
    /// Calls the open message off. Done from the start every time it is looked at, until the last step is through.
    pub async fn call_off(&self, how: CallOff, why: &[Reason]) -> Result<(), Error> {
        let begun = match self.customer.open.as_ref().map(|open| open.state) {
            Some(OpenState::Claimed) => {
                let begun = begin_call_off(self.customer, how);
                if !self.put(self.customer, &begun).await? {
                    return Ok(());
                }
                begun
            }
            Some(OpenState::Stopping | OpenState::Lapsing) => self.customer.clone(),
            Some(OpenState::Sending) | None => return Ok(()),
        };
        let Some(open) = &begun.open else { return Ok(()) };
        let known = self.cloud.tables.message(self.store(), open.message).await?;
        let mailed = known.as_ref().is_some_and(|message| message.state.was_mailed());
        let mut why = why.to_vec();
        if let Some(offer) = open.grants.as_deref().filter(|_| !open.held && !mailed) {
            match self.take_back(open, offer, known.as_ref()).await? {
                TakenBack::Never { because } => why.extend(because),
                // It stays due, and the next look tries again.
                TakenBack::NotYet => return Ok(()),
            }
        }
        if !mailed {
            self.mark_stopped(&begun, open, known, &why).await?;
        }
        let finished = finish_call_off(&begun, how, self.look());
        let write = self.cloud.tables.put_looked(self.store(), &finished, begun.rev)?;
        let done = self.cloud.tables.commit(vec![write]).await?.done();
        if done && begun.forgets(open.episode) {
            self.cloud.scrub(self.store(), finished.id).await?;
        }
        Ok(())
    }

    /// The code becomes dead, the piece of stock goes back. Both also where a slow worker has not got there yet.
    async fn take_back(&self, open: &Open, offer: &str, known: Option<&Message>) -> Result<TakenBack, Error> {
        let nothing = TakenBack::Never { because: None };
        let lapses = open.state == OpenState::Lapsing;
        let Some(code) = &open.code else {
            // Its program's pool had none.
            let because = lapses.then(|| self.given_up(open.message, self.codes_of(&open.program), "none was left"));
            return Ok(TakenBack::Never { because });
        };
        let made = known.and_then(Coupon::of).filter(|coupon| coupon.code == *code);
        let until = open.deadline.unwrap_or(self.cloud.clock.now());
        let dead = || Coupon::dead(code.clone(), open.message, self.customer.id, until);
        let killed = self.cloud.tables.kill_coupon(self.store(), &made.unwrap_or_else(dead)).await?;
        if let Some(number) = open.lot {
            let lot = Lot::named(self.store(), &open.program, offer, number);
            self.cloud.tables.put_back(&lot, code).await?;
        }
        // Nobody had written it down, so no store was asked for it.
        let Some(coupon) = killed else { return Ok(nothing) };
        if !Box::pin(self.withdraw(&coupon)).await? {
            return Ok(TakenBack::NotYet);
        }
        let not_made = coupon.not_made.as_ref().filter(|_| lapses);
        let because = not_made.map(|because| self.given_up(open.message, coupon.authority, because));
        Ok(TakenBack::Never { because })
    }

    async fn mark_stopped(
        &self,
        begun: &Customer,
        open: &Open,
        known: Option<Message>,
        why: &[Reason],
    ) -> Result<(), Error> {
        let at = self.cloud.clock.now();
        let bare = Message::called_off(begun.id, open, at, why.to_vec());
        let stopped = match known {
            Some(known) => Message {
                state: bare.state,
                claim: bare.claim,
                at,
                why: known.why.iter().chain(why.iter().filter(|new| !known.why.contains(new))).cloned().collect(),
                ..known
            },
            None => bare,
        };
        let stopped = if begun.forgets(open.episode) { stopped.scrubbed() } else { stopped };
        self.cloud.tables.stop_message(self.store(), &stopped).await.map_err(Error::from)
    }
}
