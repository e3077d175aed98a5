//! The step between claim and fence in the store that honours the code: made good before it is mailed, withdrawn where it
//! never will be.

use jiff::ToSpan;
use winback_cloud::Error;
use winback_domain::codes::{Authority, Fit, Trouble, Wanted, fit};
use winback_domain::customer::Open;
use winback_domain::message::Message;
use winback_domain::redeem::Coupon;
use winback_domain::time::start_of_day;

use crate::At;

/// A store that is ill is asked again after so long, unless it says when.
const LATER_SECONDS: u32 = 60;
/// One that does not let us in, or refuses what we want, needs a person: asked again now and then until the day is over.
const REFUSED_SECONDS: u32 = 10 * 60;
/// No store may keep us away for longer.
const MOST_SECONDS: u32 = 60 * 60;

impl At<'_> {
    /// Makes a message's code good in the store that honours it. False: it is not, and no mail may leave. The claim stays, the
    /// next look tries again, and when the mail's day is over it lapses.
    pub async fn make_good(&self, message: &Message, open: &Open, coupon: &Coupon) -> Result<bool, Error> {
        let authority = self.authority(&message.program);
        if authority == Authority::Winback || fit(authority, &coupon.gives) == Fit::ByHand {
            return Ok(true);
        }
        let wanted = Wanted {
            code: &coupon.code,
            gives: &coupon.gives,
            minimum_order: coupon.minimum_order,
            // Of the day and not of the moment: the same on every try.
            from: start_of_day(open.day, &self.standing.plan.shop.time_zone),
            until: coupon.expires_at,
            uses: coupon.uses,
            title: &message.program,
            email: self.customer.email(),
        };
        match self.cloud.make_code(self.store(), authority, &wanted).await? {
            Ok(made) => {
                if let Some(reference) = &made.reference {
                    self.cloud.tables.note_reference(self.store(), coupon, reference).await?;
                }
                Ok(true)
            }
            Err(trouble) => {
                self.put_off(message, authority, &trouble).await?;
                Ok(false)
            }
        }
    }

    /// The store is not asked again for a while, by anybody.
    async fn put_off(&self, message: &Message, authority: Authority, trouble: &Trouble) -> Result<(), Error> {
        let seconds = match trouble {
            Trouble::Later { seconds } => seconds.unwrap_or(LATER_SECONDS),
            Trouble::Unreadable => LATER_SECONDS,
            // A code that is taken or dead stays so: its mail lapses with the day, and the next day has another code.
            Trouble::NoAccess | Trouble::Refused(_) | Trouble::Taken | Trouble::Dead => REFUSED_SECONDS,
        };
        let (store, authority) = (self.store(), authority.word());
        tracing::error!(%store, message_id = %message.id, authority, %trouble, "code not made");
        let seconds = i64::from(seconds.clamp(1, MOST_SECONDS));
        let until = self.cloud.clock.now().checked_add(seconds.seconds()).ok();
        self.cloud.change_store(store, |known| known.throttled_until = known.throttled_until.max(until)).await?;
        Ok(())
    }

    /// Makes the code of a message that was never mailed dead in its store. A store that cannot be asked keeps a code that
    /// nobody knows; that is written down, and holds up nothing.
    pub async fn withdraw(&self, open: &Open) -> Result<(), Error> {
        let authority = self.authority(&open.program);
        let Some(code) = open.code.as_ref().filter(|_| authority != Authority::Winback) else { return Ok(()) };
        let known = self.cloud.tables.coupon(self.store(), code).await?;
        if known.as_ref().is_some_and(|coupon| fit(authority, &coupon.gives) == Fit::ByHand) {
            return Ok(());
        }
        let reference = known.and_then(|coupon| coupon.reference);
        let withdrawn = self.cloud.withdraw_code(self.store(), authority, code, reference.as_deref()).await?;
        if let Err(trouble) = withdrawn {
            let (store, authority) = (self.store(), authority.word());
            tracing::warn!(%store, message_id = %open.message, authority, %trouble, "code not withdrawn");
        }
        Ok(())
    }

    /// The same where somebody called the message off while we were making its code: whoever comes last makes it dead.
    pub async fn withdraw_dead(&self, open: &Open) -> Result<(), Error> {
        let Some(code) = open.code.as_ref().filter(|_| self.authority(&open.program) != Authority::Winback) else {
            return Ok(());
        };
        let known = self.cloud.tables.coupon(self.store(), code).await?;
        if known.is_some_and(|coupon| coupon.dead) { self.withdraw(open).await } else { Ok(()) }
    }

    fn authority(&self, program: &str) -> Authority {
        let known = self.standing.plan.programs.iter().find(|known| known.name == program);
        known.map_or(Authority::Winback, |program| program.codes)
    }
}
