//! The step between claim and fence in the store that honours the code: made good before it is mailed, withdrawn where it
//! never will be.

use jiff::{Timestamp, ToSpan};
use winback_cloud::Error;
use winback_domain::codes::{Authority, Fit, Wanted, fit};
use winback_domain::exchange::{Concerns, Trouble};
use winback_domain::ids::MessageId;
use winback_domain::message::Message;
use winback_domain::redeem::Coupon;
use winback_domain::time::start_of_day;
use winback_domain::why::Reason;

use crate::At;

/// Whether a code is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeGood {
    /// It is, and may be mailed.
    Yes,
    /// It is not. Nobody tries before.
    NotBefore(Timestamp),
}

impl At<'_> {
    /// Who makes a program's codes good.
    pub fn codes_of(&self, program: &str) -> Authority {
        self.standing.plan.program(program).map_or(Authority::Winback, |program| program.codes)
    }

    /// Who honours a code of a program.
    pub fn authority(&self, coupon: &Coupon, program: &str) -> Authority {
        let codes = self.codes_of(program);
        // What a person does by hand is no code of the store's.
        if fit(codes, &coupon.gives) == Fit::ByHand { Authority::Winback } else { codes }
    }

    /// Makes a code good in the store that honours it. The mail's day is over at `before`.
    pub async fn make_good(&self, message: &Message, coupon: &Coupon, before: Timestamp) -> Result<MadeGood, Error> {
        if !coupon.authority.is_asked() {
            return Ok(MadeGood::Yes);
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
                Ok(MadeGood::Yes)
            }
            Err(trouble) => self.note_not_made(coupon, &trouble, before).await.map(MadeGood::NotBefore),
        }
    }

    /// Notes why, for whoever asks in the end, and keeps away whom it concerns. Answers when it is tried again.
    async fn note_not_made(&self, coupon: &Coupon, trouble: &Trouble, before: Timestamp) -> Result<Timestamp, Error> {
        let (store, by) = (self.store(), coupon.authority.word());
        tracing::error!(%store, message_id = %coupon.message, by, because = %trouble, "code not made");
        self.cloud.tables.note_not_made(store, &coupon.code, &trouble.to_string()).await?;
        self.keep_away(trouble).await?;
        Ok(match trouble.concerns() {
            Concerns::Store(seconds) | Concerns::Offer(seconds) => self.after(seconds),
            // Today it stays as it is. The next day has another code.
            Concerns::Code => before,
        })
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
}
