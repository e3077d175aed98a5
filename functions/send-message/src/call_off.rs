//! Calling a message off before its fence: the code made dead, the stock put back, the message, then the customer.

use winback_cloud::Error;
use winback_domain::customer::{Customer, Open, OpenState};
use winback_domain::decide::CallOff;
use winback_domain::ids::Code;
use winback_domain::message::{Granted, Message};
use winback_domain::offer::Gives;
use winback_domain::protocol::{begin_call_off, finish_call_off};
use winback_domain::redeem::Coupon;
use winback_domain::why::Reason;

use crate::At;

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
        if open.grants && !open.held && !mailed {
            self.take_back(open, known.as_ref()).await?;
        }
        if !mailed {
            self.mark_stopped(&begun, open, known, why).await?;
        }
        let finished = finish_call_off(&begun, how, self.look());
        let write = self.cloud.tables.put_looked(self.store(), &finished, begun.rev)?;
        let done = self.cloud.tables.commit(vec![write]).await?.done();
        if done && finished.erased.is_some() {
            self.cloud.scrub(self.store(), finished.id).await?;
        }
        Ok(())
    }

    /// The code becomes dead, the piece of stock goes back. Both also where a slow worker has not got there yet.
    async fn take_back(&self, open: &Open, known: Option<&Message>) -> Result<(), Error> {
        let key = self.cloud.secrets.code(self.cloud.clock.now()).await?;
        let code = Code::of(&key, self.store(), open.message, open.day);
        let granted = known.and_then(|message| message.offer.clone());
        let offer = granted.as_ref().map(|granted| granted.name.clone());
        let Granted { gives, expires_at, minimum_order, .. } = granted.unwrap_or_else(|| Granted {
            name: String::new(),
            gives: Gives::Thing(String::new()),
            code: None,
            expires_at: open.deadline.unwrap_or(self.cloud.clock.now()),
            minimum_order: None,
        });
        let dead = Coupon {
            code: code.clone(),
            rev: 1,
            dead: true,
            message: open.message,
            customer: self.customer.id,
            gives,
            minimum_order,
            expires_at,
            uses: 1,
            redeemed: Vec::new(),
        };
        self.cloud.tables.kill_coupon(self.store(), &dead).await?;
        let offer = offer.or_else(|| self.offer_name(open));
        if let Some(number) = open.lot
            && let Some(offer) = offer
            && let Some((lot, _)) = self.lot(open, &offer, number)
        {
            self.cloud.tables.put_back(&lot, &code).await?;
        }
        Ok(())
    }

    /// The offer of the step, by the plan: the message was never written down.
    fn offer_name(&self, open: &Open) -> Option<String> {
        let program = self.standing.plan.programs.iter().find(|program| program.name == open.program)?;
        let step = program.rounds.get(open.round as usize)?.steps.get(open.step as usize)?;
        match &step.offer {
            winback_domain::program::StepOffer::Own(name) => Some(name.clone()),
            _ => None,
        }
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
                why: known.why.iter().chain(why).cloned().collect(),
                ..known
            },
            None => bare,
        };
        let stopped = if begun.erased.is_some() { stopped.scrubbed() } else { stopped };
        self.cloud.tables.stop_message(self.store(), &stopped).await.map_err(Error::from)
    }
}
