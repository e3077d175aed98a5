//! The step between claim and fence in the store that honours the code: made good before it is mailed, withdrawn where it
//! never will be.

use jiff::{Timestamp, ToSpan};
use winback_cloud::Error;
use winback_cloud::tables::pool::{Picked, Pool};
use winback_domain::codes::{Authority, Concerns, Fit, Trouble, Wanted, fit};
use winback_domain::customer::Customer;
use winback_domain::decide::Draft;
use winback_domain::ids::{Code, MessageId};
use winback_domain::message::Message;
use winback_domain::protocol::set_back;
use winback_domain::redeem::Coupon;
use winback_domain::time::start_of_day;
use winback_domain::why::Reason;

use crate::At;

impl At<'_> {
    /// Who makes a program's codes good.
    pub fn codes_of(&self, program: &str) -> Authority {
        let known = self.standing.plan.programs.iter().find(|known| known.name == program);
        known.map_or(Authority::Winback, |program| program.codes)
    }

    /// Who honours a code of a program.
    pub fn authority(&self, coupon: &Coupon, program: &str) -> Authority {
        let codes = self.codes_of(program);
        // What a person does by hand is no code of the store's.
        if fit(codes, &coupon.gives) == Fit::ByHand { Authority::Winback } else { codes }
    }

    /// Makes a code good in the store that honours it. A moment: it is not, no mail may leave, and then somebody tries again,
    /// where the mail's day is not over `before`.
    pub async fn make_good(
        &self,
        message: &Message,
        coupon: &Coupon,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        if !coupon.authority.is_asked() {
            return Ok(None);
        }
        let wanted = Wanted {
            code: &coupon.code,
            gives: &coupon.gives,
            minimum_order: coupon.minimum_order,
            // Of the day and not of the moment: the same on every try.
            from: start_of_day(message.day, &self.standing.plan.shop.time_zone),
            until: coupon.expires_at,
            uses: coupon.uses,
            title: &message.program,
            email: self.customer.email(),
        };
        match self.cloud.make_code(self.store(), coupon.authority, &wanted).await? {
            Ok(made) => {
                if let Some(reference) = &made.reference {
                    self.cloud.tables.note_reference(self.store(), coupon, reference).await?;
                }
                Ok(None)
            }
            Err(trouble) => self.put_off(coupon, &trouble, before).await.map(Some),
        }
    }

    /// Notes why, for whoever asks in the end, and keeps away whom it concerns. Answers when it is tried again.
    async fn put_off(&self, coupon: &Coupon, trouble: &Trouble, before: Timestamp) -> Result<Timestamp, Error> {
        let (store, by) = (self.store(), coupon.authority.word());
        tracing::error!(%store, message_id = %coupon.message, by, because = %trouble, "code not made");
        self.cloud.tables.note_setback(store, &coupon.code, &trouble.to_string()).await?;
        self.keep_away(trouble).await?;
        Ok(match trouble.concerns() {
            Concerns::Store(seconds) | Concerns::Offer(seconds) => self.after(seconds),
            // Today it stays as it is. The next day has another code.
            Concerns::Code => before,
        })
    }

    /// No code is to be had before a moment: the claim waits until then, and whoever is due later goes first. Where
    /// somebody else wrote on the record meanwhile, the next look decides.
    pub async fn set_back(&self, claimed: &Customer, until: Timestamp) -> Result<(), Error> {
        let waiting = set_back(claimed, until, self.look());
        let write = self.cloud.tables.put_looked(self.store(), &waiting, claimed.rev)?;
        self.cloud.tables.commit(vec![write]).await.map(|_| ()).map_err(Error::from)
    }

    /// Nobody of this store is claimed for a while, where it is the store that is ill.
    async fn keep_away(&self, trouble: &Trouble) -> Result<(), Error> {
        let Concerns::Store(seconds) = trouble.concerns() else { return Ok(()) };
        let until = Some(self.after(seconds));
        self.cloud.change_store(self.store(), |known| known.throttled_until = known.throttled_until.max(until)).await?;
        Ok(())
    }

    pub fn after(&self, seconds: u32) -> Timestamp {
        self.cloud.clock.now().saturating_add(i64::from(seconds).seconds()).unwrap_or(Timestamp::MAX)
    }

    /// Makes a code that was never mailed dead in the store that may honour it. False: the store is ill, and has to be
    /// asked again. Not for ever: after its last second the code is good nowhere, and of a store that lets nobody in, or
    /// refuses, nothing is to be had. Nobody knows such a code; it is written down, and holds up nothing.
    pub async fn withdraw(&self, coupon: &Coupon) -> Result<bool, Error> {
        let now = self.cloud.clock.now();
        if !coupon.authority.is_asked() || now > coupon.expires_at {
            return Ok(true);
        }
        if self.standing.store.throttled_until.is_some_and(|until| now < until) {
            return Ok(false);
        }
        let Err(trouble) = self.ask_to_withdraw(coupon).await? else { return Ok(true) };
        if trouble == Trouble::NoAccess || !matches!(trouble.concerns(), Concerns::Store(_)) {
            return Ok(true);
        }
        self.keep_away(&trouble).await?;
        Ok(false)
    }

    /// Where somebody called the message off while we were making its code: what we made since then is withdrawn again.
    /// They made it dead in the store as well, and look again until it is; so this is only the sooner.
    pub async fn withdraw_dead(&self, coupon: &Coupon) {
        if !coupon.authority.is_asked() {
            return;
        }
        let withdrawn = async {
            match self.cloud.tables.coupon(self.store(), &coupon.code).await? {
                Some(known) if known.dead => self.ask_to_withdraw(&known).await.map(|_| ()),
                _ => Ok(()),
            }
        };
        if let Err(error) = withdrawn.await {
            tracing::warn!(store = %self.store(), message_id = %coupon.message, %error, "code not looked after");
        }
    }

    async fn ask_to_withdraw(&self, coupon: &Coupon) -> Result<Result<(), Trouble>, Error> {
        let (store, by) = (self.store(), coupon.authority);
        let withdrawn = self.cloud.withdraw_code(store, by, &coupon.code, coupon.reference.as_deref()).await?;
        if let Err(trouble) = &withdrawn {
            tracing::error!(%store, message_id = %coupon.message, by = by.word(), because = %trouble, "code not withdrawn");
        }
        Ok(withdrawn.map(|_| ()))
    }

    /// Why a message has no code that is good: its mail is given up for today, and everybody can see why.
    pub fn given_up(&self, id: MessageId, by: Authority, because: &str) -> Reason {
        let (store, by) = (self.store(), by.word());
        tracing::error!(%store, message_id = %id, by, because, "code given up");
        Reason::CodeNotMade { by: by.to_owned(), because: because.to_owned() }
    }

    /// A code from the program's pool: the one that was claimed, while nobody else has it, or one that nobody has.
    /// Nothing: there is none, and no mail leaves.
    pub async fn pool_code(&self, draft: &Draft, claimed: Option<Code>) -> Result<Option<Code>, Error> {
        let tables = &self.cloud.tables;
        if let Some(code) = claimed
            && tables.may_have(self.store(), &code, draft.message).await?
        {
            return Ok(Some(code));
        }
        let (store, program, offer) = (self.store(), draft.program.as_str(), draft.grants().unwrap_or_default());
        match tables.pick_from_pool(Pool { store, program, offer }, self.customer.id).await? {
            Picked::Code { code, low } => {
                if low {
                    tracing::warn!(%store, program, offer, "pool runs low");
                }
                Ok(Some(code))
            }
            // Where nothing is real no shop has handed us codes.
            Picked::NeverFilled if self.cloud.stores.is_trial() => Ok(Some(self.own_code(draft).await?)),
            Picked::Empty | Picked::NeverFilled => {
                tracing::error!(%store, program, offer, message_id = %draft.message, "pool is empty");
                Ok(None)
            }
        }
    }
}
