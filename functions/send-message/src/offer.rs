//! Making an offer real before it is mailed: code, stock, and the day's allowance.

use jiff::civil::Date;
use winback_cloud::standing::Standing;
use winback_cloud::tables::ledger::{Take, lots};
use winback_cloud::{Cloud, Error};
use winback_domain::customer::Open;
use winback_domain::decide::Draft;
use winback_domain::ids::{Code, StoreId};
use winback_domain::message::{Granted, Message, State};
use winback_domain::redeem::Coupon;
use winback_domain::time::day_of;

use crate::At;

/// Mails of the day's allowance, reserved for a batch at once and handed out one by one.
pub(crate) struct Allowance {
    most: u32,
    reserved: Option<(StoreId, Date, u32)>,
}

impl Allowance {
    pub fn new(hints: usize) -> Self {
        Self { most: u32::try_from(hints).unwrap_or(u32::MAX), reserved: None }
    }

    /// One mail of today's allowance; false: it is used up.
    pub async fn take(&mut self, cloud: &Cloud, standing: &Standing) -> Result<bool, Error> {
        let (store, shop) = (&standing.store, &standing.plan.shop);
        let today = day_of(cloud.clock.now(), &shop.time_zone);
        let Some(allowance) = store.allowance(shop, today) else { return Ok(true) };
        let fits = |(id, day, left): &&mut (StoreId, Date, u32)| *id == store.id && *day == today && *left > 0;
        if let Some((_, _, left)) = self.reserved.as_mut().filter(fits) {
            *left -= 1;
            return Ok(true);
        }
        self.close(cloud).await;
        let got = cloud.tables.reserve_mails(&store.id, today, self.most, allowance).await?;
        if got == 0 {
            // What decide saw of the allowance is out of date.
            cloud.forget(&store.id);
            return Ok(false);
        }
        self.reserved = Some((store.id.clone(), today, got - 1));
        Ok(true)
    }

    /// Puts one back: what it was taken for did not leave.
    pub fn put_back(&mut self, store: &StoreId) {
        if let Some((_, _, left)) = self.reserved.as_mut().filter(|(of, ..)| of == store) {
            *left += 1;
        }
    }

    /// Gives the rest back. A failure wastes some of the allowance and nothing else.
    pub async fn close(&mut self, cloud: &Cloud) {
        if let Some((store, day, left)) = self.reserved.take().filter(|(_, _, left)| *left > 0)
            && let Err(error) = cloud.tables.give_back_mails(&store, day, left).await
        {
            tracing::warn!(%store, left, %error, "allowance not given back");
        }
    }
}

/// What a message will offer.
pub(crate) enum Offer {
    /// What is to be written on the message, if anything.
    Ready(Option<Granted>),
    /// It follows up a letter that nobody can find, or one that was called off.
    LetterGone,
}

impl At<'_> {
    /// The offer of a draft as it is granted: a new code, or that of the letter it follows up.
    pub async fn offer(&self, draft: &Draft) -> Result<Offer, Error> {
        let Some(offered) = &draft.offer else { return Ok(Offer::Ready(None)) };
        if let Some(letter) = offered.repeats {
            let letter = self.cloud.tables.message(self.store(), letter).await?;
            let letter = letter.filter(|letter| letter.state.was_mailed() || letter.state == State::Held);
            let granted = letter.and_then(|letter| letter.offer);
            return Ok(granted.map_or(Offer::LetterGone, |granted| Offer::Ready(Some(granted))));
        }
        let code = if draft.held {
            None
        } else {
            let key = self.cloud.secrets.code(self.cloud.clock.now()).await?;
            Some(Code::of(&key, self.store(), draft.message, draft.day))
        };
        Ok(Offer::Ready(Some(Granted {
            name: offered.name.clone(),
            gives: offered.offer.gives.clone(),
            code,
            expires_at: offered.expires_at,
            minimum_order: offered.offer.minimum_order,
        })))
    }

    /// A lot with something left, starting at a place derived from the customer; nothing: sold out.
    pub async fn pick_lot(&self, draft: &Draft, stock: u32) -> Result<Option<u32>, Error> {
        let name = draft.offer.as_ref().map_or("", |offered| &offered.name);
        let lots = lots(self.store(), &draft.program, name, stock);
        let count = u32::try_from(lots.len()).unwrap_or(u32::MAX);
        let first = self.customer.id.spread(count);
        for step in 0..count {
            let number = (first + step) % count;
            let (key, size) = &lots[number as usize];
            if self.cloud.tables.left(key, *size).await? > 0 {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Takes the piece of stock that the claim names. True where there is none to take.
    pub async fn take(&self, open: &Open, message: &Message) -> Result<bool, Error> {
        let (Some(number), Some(granted)) = (open.lot, &message.offer) else { return Ok(true) };
        let Some(code) = &granted.code else { return Ok(true) };
        let Some((key, size)) = self.lot(open, &granted.name, number) else { return Ok(false) };
        Ok(self.cloud.tables.take(&key, size, code).await? == Take::Taken)
    }

    pub fn lot(&self, open: &Open, offer: &str, number: u32) -> Option<(winback_cloud::keys::Key, u32)> {
        let programs = &self.standing.plan.programs;
        let program = programs.iter().find(|program| program.name == open.program);
        let stock = program.and_then(|program| program.offers.get(offer)?.stock);
        // A plan that lost the offer still has to give back what the lot lent.
        let stock = stock.unwrap_or((number + 1).saturating_mul(winback_cloud::tables::ledger::LOT));
        lots(self.store(), &open.program, offer, stock).into_iter().nth(number as usize)
    }

    /// The code as the ledger is to keep it; nothing where the message has none of its own.
    pub fn coupon(&self, message: &Message) -> Option<Coupon> {
        let granted = message.offer.as_ref()?;
        Some(Coupon {
            code: granted.code.clone()?,
            rev: 1,
            dead: false,
            message: message.id,
            customer: message.customer,
            gives: granted.gives.clone(),
            minimum_order: granted.minimum_order,
            expires_at: granted.expires_at,
            uses: 1,
            redeemed: Vec::new(),
        })
    }
}
