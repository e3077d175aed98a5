//! Making an offer real before it is mailed: code, stock, and the day's allowance.

use jiff::civil::Date;
use winback_cloud::standing::Standing;
use winback_cloud::tables::stock::{Lot, Take};
use winback_cloud::{Cloud, Error};
use winback_domain::codes::Authority;
use winback_domain::customer::Open;
use winback_domain::decide::Draft;
use winback_domain::ids::{Code, StoreId};
use winback_domain::message::{Granted, Message, State};
use winback_domain::time::day_of;
use winback_domain::why::Reason;

use crate::At;

/// Mails of the day's allowance, reserved for a batch at once and handed out one by one.
pub(crate) struct Allowance {
    most: u32,
    reserved: Option<Reserved>,
}

struct Reserved {
    store: StoreId,
    day: Date,
    left: u32,
    /// Of those handed out.
    follow_ups: u32,
}

impl Allowance {
    pub fn new(hints: usize) -> Self {
        Self { most: u32::try_from(hints).unwrap_or(u32::MAX), reserved: None }
    }

    /// One mail of today's allowance; false: it is used up.
    pub async fn take(&mut self, cloud: &Cloud, standing: &Standing, follow_up: bool) -> Result<bool, Error> {
        let (store, shop) = (&standing.store, &standing.plan.shop);
        let day = day_of(cloud.clock.now(), &shop.time_zone);
        let Some(allowance) = store.allowance(shop, day) else { return Ok(true) };
        let fits = |known: &&mut Reserved| known.store == store.id && known.day == day && known.left > 0;
        if let Some(known) = self.reserved.as_mut().filter(fits) {
            known.left -= 1;
            known.follow_ups += u32::from(follow_up);
            return Ok(true);
        }
        self.close(cloud).await;
        let got = cloud.tables.reserve_mails(&store.id, day, self.most, allowance).await?;
        if got == 0 {
            // What decide saw of the allowance is out of date.
            cloud.forget(&store.id);
            return Ok(false);
        }
        let follow_ups = u32::from(follow_up);
        self.reserved = Some(Reserved { store: store.id.clone(), day, left: got - 1, follow_ups });
        Ok(true)
    }

    /// Puts one back: what it was taken for did not leave.
    pub fn put_back(&mut self, store: &StoreId, follow_up: bool) {
        if let Some(known) = self.reserved.as_mut().filter(|known| known.store == *store) {
            known.left += 1;
            known.follow_ups = known.follow_ups.saturating_sub(u32::from(follow_up));
        }
    }

    /// Gives the rest back. A failure wastes some of the allowance and nothing else.
    pub async fn close(&mut self, cloud: &Cloud) {
        if let Some(Reserved { store, day, left, follow_ups }) = self.reserved.take()
            && left + follow_ups > 0
            && let Err(error) = cloud.tables.use_mails(&store, day, left, follow_ups).await
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
        let code = if draft.held { None } else { self.code(draft).await? };
        Ok(Offer::Ready(Some(Granted {
            name: offered.name.clone(),
            gives: offered.offer.gives.clone(),
            code,
            expires_at: offered.expires_at,
            minimum_order: offered.offer.minimum_order,
            uses: offered.offer.uses,
        })))
    }

    /// The code of a draft: that of the open message it goes on with, or a new one. Nothing: a pool has none left.
    async fn code(&self, draft: &Draft) -> Result<Option<Code>, Error> {
        let claimed = self.goes_on_with(draft).and_then(|open| open.code.clone());
        if self.codes_of(&draft.program) == Authority::Pool {
            return Box::pin(self.pool_code(draft, claimed)).await;
        }
        match claimed {
            Some(code) => Ok(Some(code)),
            None => self.own_code(draft).await.map(Some),
        }
    }

    /// The code of ours that a draft gets under the claim to come.
    pub async fn own_code(&self, draft: &Draft) -> Result<Code, Error> {
        let key = self.cloud.secrets.code(self.cloud.clock.now()).await?;
        // The claim to come, if it is won.
        Ok(Code::of(&key, self.store(), draft.message, self.customer.rev + 1))
    }

    /// The stock lot of a draft: nothing where its offer is not limited; an error in words where it is sold out.
    pub async fn lot(&self, draft: &Draft, granted: Option<&Granted>) -> Result<Result<Option<u32>, Reason>, Error> {
        let code = granted.and_then(|granted| granted.code.as_ref());
        let offered = draft.offer.as_ref().filter(|offered| offered.repeats.is_none());
        let (Some(code), Some(offered)) = (code, offered) else { return Ok(Ok(None)) };
        let Some(stock) = offered.offer.stock else { return Ok(Ok(None)) };
        let lots = Lot::all(self.store(), &draft.program, &offered.name, stock);
        if let Some(number) = self.goes_on_with(draft).and_then(|open| open.lot) {
            let lot = Lot::named(self.store(), &draft.program, &offered.name, number);
            let holds = lots.get(number as usize).unwrap_or(&lot);
            if self.cloud.tables.shelf(holds).await?.has_one_for(code) {
                return Ok(Ok(Some(number)));
            }
            // Emptied in between: this claim names another lot. Marked first, so that a slow worker of an earlier claim
            // cannot take from the one it leaves.
            if !self.cloud.tables.leave(&lot, code).await? {
                return Ok(Ok(Some(number)));
            }
        }
        // From a place derived from the customer, so that a crowd does not meet at one lot.
        let count = u32::try_from(lots.len()).unwrap_or(u32::MAX);
        let first = self.customer.id.spread(count);
        for number in (0..count).map(|step| (first + step) % count) {
            let shelf = self.cloud.tables.shelf(&lots[number as usize]).await?;
            if shelf.left() > 0 && shelf.has_one_for(code) {
                return Ok(Ok(Some(number)));
            }
        }
        Ok(Err(Reason::SoldOut { offer: offered.name.clone() }))
    }

    /// Takes the piece of stock that the claim names. True where there is none to take.
    pub async fn take(&self, open: &Open, message: &Message) -> Result<bool, Error> {
        let granted = message.offer.as_ref();
        let (Some(number), Some(granted)) = (open.lot, granted) else { return Ok(true) };
        let Some(code) = &granted.code else { return Ok(true) };
        let program = self.standing.plan.program(&open.program);
        let stock = program.and_then(|program| program.offers.get(&granted.name)?.stock);
        let lots = Lot::all(self.store(), &open.program, &granted.name, stock.unwrap_or(0));
        let Some(lot) = lots.get(number as usize) else { return Ok(false) };
        Ok(self.cloud.tables.take(lot, code).await? == Take::Taken)
    }
}
