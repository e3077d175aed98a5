//! From the claim to SES.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use winback_cloud::Error;
use winback_cloud::mailer::{Handed, Refusal};
use winback_cloud::tables::Write;
use winback_cloud::tables::ledger::Put;
use winback_domain::customer::{Customer, End, Open};
use winback_domain::decide::{CallOff, Draft};
use winback_domain::keys::{Link, Purpose};
use winback_domain::mail::{Facts, Links, Mail, OfferFacts};
use winback_domain::message::{Granted, Message, State};
use winback_domain::planted::{Planted, planted};
use winback_domain::protocol::{Claim, Form, claim, close, fenced, look_again, relink};
use winback_domain::redeem::Coupon;
use winback_domain::store::State as StoreState;
use winback_domain::why::Reason;

use crate::At;
use crate::codes::MadeGood;
use crate::offer::{Allowance, Offer};

/// From the fence to SES, else not at all: a purchase recorded later must not find a mail that lingered.
const FENCE_TO_SES: Duration = Duration::from_secs(2);
/// How long a letter that cannot be rendered waits for somebody to mend it.
const UNRENDERABLE_HOURS: i64 = 24;

/// A fence that was passed.
struct Passed {
    /// When, by the running clock.
    started: Duration,
    /// The open message past it.
    open: Open,
    /// The customer as the fence left them, unless somebody wrote on the record since the claim.
    sending: Customer,
}

impl At<'_> {
    /// Claims a message, makes its offer real, passes the fence, hands it to SES once, and settles.
    pub async fn send(
        &self,
        draft: &Draft,
        why: &[Reason],
        latest: Timestamp,
        allowance: &mut Allowance,
    ) -> Result<(), Error> {
        let granted = match self.offer(draft).await? {
            Offer::Ready(granted) => granted,
            Offer::LetterGone => return self.pass_over(draft, Reason::CallingOff).await,
        };
        let mail = match self.write(draft, granted.as_ref()).await? {
            Ok(mail) => mail,
            Err(problem) => {
                tracing::error!(store = %self.store(), mail = draft.mail, problem, "letter cannot be written");
                return self.postpone().await;
            }
        };
        let lot = match self.lot(draft, granted.as_ref()).await? {
            Ok(lot) => lot,
            Err(sold_out) => return self.pass_over(draft, sold_out).await,
        };
        let follow_up = draft.offer.is_some() && draft.grants().is_none();
        if !draft.held && !allowance.take(self.cloud, self.standing, follow_up).await? {
            // The day is full: what is due stays due, and the next look moves it.
            return Ok(());
        }
        let sent = Box::pin(self.claim_and_send(draft, why, granted, mail, lot, latest)).await;
        // After an error nobody can know whether SES was asked: that mail counts as used.
        if matches!(sent, Ok(false)) && !draft.held {
            allowance.put_back(self.store(), follow_up);
        }
        sent.map(|_| ())
    }

    /// True: SES was asked.
    async fn claim_and_send(
        &self,
        draft: &Draft,
        why: &[Reason],
        granted: Option<Granted>,
        mail: Mail,
        lot: Option<u32>,
        latest: Timestamp,
    ) -> Result<bool, Error> {
        let form = if draft.grants().is_some() && !draft.held { Form::Long } else { Form::Short };
        let owner = self.cloud.owner();
        let now = self.cloud.clock.now();
        if now >= draft.before || now > latest {
            return Ok(false);
        }
        let plan = self.standing.plan.number;
        let code = granted.as_ref().filter(|_| draft.grants().is_some()).and_then(|granted| granted.code.as_ref());
        let claimed = claim(self.customer, draft, Claim { form, code, lot, plan, owner: &owner, now });
        let Some(open) = claimed.open.clone() else { return Ok(false) };
        let message = Message {
            id: draft.message,
            customer: self.customer.id,
            program: draft.program.clone(),
            episode: draft.episode,
            round: draft.round,
            step: draft.step,
            mail: draft.mail.clone(),
            state: if draft.held { State::Held } else { State::Claimed },
            claim: open.claim,
            day: draft.day,
            at: now,
            subject: mail.subject.clone(),
            offer: granted,
            why: why.to_vec(),
            store_rev: self.standing.store.rev,
            plan,
            previous: open.previous,
            redeemed_by: None,
            opened: None,
            clicked: None,
        };
        if draft.held && !planted(Planted::HeldMailed) {
            let held = self.cloud.tables.put_message(self.store(), &message)?;
            self.end_unsent(&claimed, self.customer.rev, End::Held, vec![held]).await?;
            return Ok(false);
        }
        let passed = match form {
            Form::Short => Box::pin(self.short_form(&claimed, open, &message, now)).await?,
            Form::Long => Box::pin(self.long_form(&claimed, open, &message, draft, latest, &owner)).await?,
        };
        let Some(passed) = passed else { return Ok(false) };
        Box::pin(self.hand_over(&passed, &mail)).await?;
        Ok(true)
    }

    /// No code to make: claim, put and fence in one transaction of the customer's own two items.
    async fn short_form(
        &self,
        claimed: &Customer,
        open: Open,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<Passed>, Error> {
        let passed = Passed { started: self.cloud.clock.running(), open, sending: claimed.clone() };
        let customer = self.cloud.tables.put_claim(self.store(), claimed, self.customer.rev, now)?;
        let put = self.cloud.tables.put_message(self.store(), message)?;
        if self.cloud.tables.commit(vec![customer, put]).await?.done() {
            return Ok(Some(passed));
        }
        let known = self.cloud.tables.message(self.store(), message.id).await?;
        if let Some(known) = known.filter(|known| known.state.was_mailed() && known.claim < claimed.rev) {
            let claimed = relink(claimed, known.previous);
            return self.end_unsent(&claimed, self.customer.rev, End::Sent, Vec::new()).await.map(|()| None);
        }
        // A retry of the SDK fails its own condition when the first try's answer was lost: our owner tells.
        let found = self.cloud.tables.customer(self.store(), self.customer.id).await?;
        Ok(passed.open.stands_in(found).then_some(passed))
    }

    /// Claim, message, stock, code, fence: each by itself, each safe to find done.
    async fn long_form(
        &self,
        claimed: &Customer,
        open: Open,
        message: &Message,
        draft: &Draft,
        latest: Timestamp,
        owner: &str,
    ) -> Result<Option<Passed>, Error> {
        let tables = &self.cloud.tables;
        if planted(Planted::MessageBeforeClaim) {
            tables.write_message(self.store(), message).await?;
        }
        let mut stored = claimed.clone();
        if planted(Planted::DueClearedAtClaim) {
            stored.due = None;
        }
        let write = tables.put_claim(self.store(), &stored, self.customer.rev, self.cloud.clock.now())?;
        if !tables.commit(vec![write]).await?.done() {
            return Ok(None);
        }
        match tables.write_message(self.store(), message).await? {
            Put::Stands => {}
            Put::Later => return Ok(None),
            Put::Mailed { previous } => {
                let claimed = relink(claimed, previous);
                return self.end_unsent(&claimed, claimed.rev, End::Sent, Vec::new()).await.map(|()| None);
            }
        }
        if !self.take(&open, message).await? {
            return Ok(None);
        }
        // A letter that grants an offer comes without a code only where its pool had none.
        let Some(coupon) = Coupon::of(message) else { return self.wait_for_pool(claimed).await.map(|()| None) };
        let coupon = Coupon { authority: self.authority(&coupon, &message.program), ..coupon };
        // Dead: this claim was called off in between. Another message's: of a pool two picked the same one.
        let Some(coupon) = tables.make_coupon(self.store(), &coupon).await? else { return Ok(None) };
        self.off_the_shelf(&coupon, &open).await;
        let passed = async {
            match Box::pin(self.make_good(message, &coupon, draft.before)).await? {
                MadeGood::Yes => self.pass_fence(claimed, open, draft, latest, owner).await,
                MadeGood::NotBefore(then) => self.wait_for_code(claimed, then).await.map(|()| None),
            }
        };
        let passed = Box::pin(passed).await;
        if !matches!(passed, Ok(Some(_))) {
            Box::pin(self.withdraw_dead(&coupon)).await;
        }
        passed
    }

    /// The fence: the last write before SES.
    async fn pass_fence(
        &self,
        claimed: &Customer,
        open: Open,
        draft: &Draft,
        latest: Timestamp,
        owner: &str,
    ) -> Result<Option<Passed>, Error> {
        let now = self.cloud.clock.now();
        // The store may have been paused since; a fresh look costs one read in five seconds.
        let store = self.cloud.standing(self.store()).await?.store;
        if now >= draft.before || now > latest || store.state != StoreState::Live {
            return Ok(None);
        }
        let open = fenced(open, owner, now);
        let sending = Customer { rev: claimed.rev + 1, open: Some(open.clone()), ..claimed.clone() };
        let passed = Passed { started: self.cloud.clock.running(), open, sending };
        let won = match self.cloud.tables.fence(self.store(), claimed, &passed.open).await? {
            Ok(()) => true,
            Err(found) => passed.open.stands_in(found),
        };
        Ok(won.then_some(passed))
    }

    /// SES, once. Then the settling.
    async fn hand_over(&self, passed: &Passed, mail: &Mail) -> Result<(), Error> {
        let Passed { started, open, sending } = passed;
        let handed = match sending.email() {
            _ if self.cloud.clock.running().saturating_sub(*started) > FENCE_TO_SES => {
                tracing::warn!(store = %self.store(), message_id = %open.message, "too late for SES after the fence");
                Handed::Refused(Refusal::NotNow)
            }
            Some(to) => {
                let sender = &self.standing.plan.shop.sender;
                let from = (sender.name.as_str(), &sender.email);
                self.cloud.mailer.send(self.store(), open.message, Some(sending.id), from, to, mail).await
            }
            None => Handed::Refused(Refusal::Recipient),
        };
        Box::pin(self.settle(open, sending, handed)).await
    }

    /// A step that cannot be made: it ends here, without a message.
    async fn pass_over(&self, draft: &Draft, reason: Reason) -> Result<(), Error> {
        tracing::info!(store = %self.store(), customer = %self.customer.id, %reason, "step passed over");
        if self.customer.open.is_some() {
            return self.call_off(CallOff::Stop, &[reason]).await;
        }
        let (now, plan) = (self.cloud.clock.now(), self.standing.plan.number);
        let with = Claim { form: Form::Long, code: None, lot: None, plan, owner: "", now };
        // Without a message there is nothing for the chain of letters either.
        let claimed = Customer { letters: self.customer.letters.clone(), ..claim(self.customer, draft, with) };
        self.end_unsent(&claimed, self.customer.rev, End::Stopped, Vec::new()).await
    }

    /// The claimed step ends without a word to SES: held out, passed over, or mailed under an earlier claim, whatever
    /// the customer's record remembers. Two steps in one write: the record must still be what the claim saw.
    async fn end_unsent(&self, claimed: &Customer, seen: u64, end: End, mut with: Vec<Write>) -> Result<(), Error> {
        let ended = close(claimed, end, self.cloud.clock.now(), self.look());
        with.push(self.cloud.tables.put_looked(self.store(), &ended, seen)?);
        self.cloud.tables.commit(with).await?;
        Ok(())
    }

    /// Looks again tomorrow.
    async fn postpone(&self) -> Result<(), Error> {
        if self.customer.open.is_some() {
            // What was claimed gives back what it took; the next look postpones.
            return self.call_off(CallOff::Lapse, &[]).await;
        }
        let mut later = look_again(self.customer.clone(), self.look());
        later.due = self.cloud.clock.now().checked_add(UNRENDERABLE_HOURS.hours()).ok();
        let write = self.cloud.tables.put_looked(self.store(), &later, self.customer.rev)?;
        self.cloud.tables.commit(vec![write]).await.map(|_| ()).map_err(Error::from)
    }

    /// Writes the letter. A held-out customer's is written too, so that it fails for both alike.
    async fn write(&self, draft: &Draft, granted: Option<&Granted>) -> Result<Result<Mail, String>, Error> {
        let (plan, customer) = (&self.standing.plan, self.customer);
        let now = self.cloud.clock.now();
        let keys = self.cloud.secrets.links(now).await?;
        let link = Link { customer: customer.id, message: draft.message };
        let address =
            |page, purpose| self.cloud.config.link(page, self.store(), &keys.sign(purpose, self.store(), link));
        let code = |granted: &Granted| granted.code.as_ref().map_or_else(String::new, ToString::to_string);
        let shop = &plan.shop;
        let offer = granted.map(|granted| OfferFacts {
            gives: granted.gives.clone(),
            code: code(granted),
            expires_at: granted.expires_at,
            minimum_order: granted.minimum_order,
            left: None,
            open_url: shop.open_with_code.replace("{code}", &code(granted)),
        });
        let links = Links {
            offer: granted.map(|_| address('o', Purpose::Offer)),
            unsubscribe: address('u', Purpose::Unsubscribe),
        };
        let facts = Facts::of(customer, shop, offer, links, now);
        Ok(self.standing.letters()?.render(&draft.mail, shop, &facts).map_err(|error| error.to_string()))
    }
}
