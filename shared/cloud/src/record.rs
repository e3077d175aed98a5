//! Recording an event: load, learn, commit under a condition, in one loop that any number of workers may run at once.

use jiff::ToSpan;
use winback_domain::customer::Customer;
use winback_domain::decide::decide;
use winback_domain::event::{Event, What, Who};
use winback_domain::ids::{Code, CustomerId, StoreId};
use winback_domain::learn::{learn, merge, witness};
use winback_domain::redeem::{Answer, Coupon, Redemption, Use};
use winback_domain::time::day_of;

use crate::dossier::request_key;
use crate::standing::Standing;
use crate::tables::Write;
use crate::tables::customers::{Expect, Record};
use crate::{Cloud, Error};
use winback_domain::planted::{Planted, planted};

/// So often a lost race is run again before the queue is asked to bring the event back.
const TRIES: u32 = 8;

/// What Stripe's ids of promotion codes begin with.
const PROMOTION: &str = "promo_";

/// Whom an event is about.
#[derive(Clone, Debug)]
pub enum Whom {
    /// As a store names them.
    Named(Who),
    /// By our own id: from a link, or a message.
    Known(CustomerId),
    /// By our own id, of somebody whom a letter of ours reached: they are somebody also where a restored table has not
    /// heard of them yet.
    Mailed(CustomerId),
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// We know something new.
    Learned,
    /// We knew it all.
    Known,
    /// It is from before its customer asked to be forgotten, and leaves no trace.
    Forgotten,
}

struct Found {
    /// The record the event goes to; new where nothing was found.
    customer: Customer,
    is_new: bool,
    /// Another record of the same person.
    other: Option<Customer>,
    /// Keys under which nothing lies yet.
    unused: Vec<CustomerId>,
}

impl Found {
    /// A merge wants nothing on its way only for the record that it ends: of two the one with an open message wins.
    fn whoever_mails_wins(self) -> Self {
        match self {
            Self { customer, other: Some(other), is_new, unused }
                if other.open.is_some() && customer.open.is_none() && neither_erased(&customer, &other) =>
            {
                Self { customer: other, other: Some(customer), is_new, unused }
            }
            found => found,
        }
    }
}

fn neither_erased(one: &Customer, other: &Customer) -> bool {
    one.erased.is_none() && other.erased.is_none()
}

impl Cloud {
    /// Records an event. Safe to run twice, at any time, half-way.
    pub async fn record(&self, store: &StoreId, whom: &Whom, event: &Event) -> Result<Recorded, Error> {
        for _ in 0..TRIES {
            let standing = self.standing(store).await?;
            if let Some(recorded) = Box::pin(self.try_record(&standing, whom, event)).await? {
                self.redeem_codes(store, event, recorded).await?;
                return Ok(recorded);
            }
            self.forget(store);
        }
        Err(Error::Contended)
    }

    /// One try; nothing where somebody else was faster.
    async fn try_record(&self, standing: &Standing, whom: &Whom, event: &Event) -> Result<Option<Recorded>, Error> {
        let (store, currency) = (&standing.store.id, standing.plan.shop.currency);
        let order_id = event.what.order_id();
        let mut order = match order_id {
            Some(id) => self.tables.order(store, id).await?,
            None => Default::default(),
        };
        let Some(found) = self.find(store, whom, event, order.order.customer).await? else {
            // A refund or a cancellation of an order we have not heard of: a stub keeps it.
            let Some(id) = order_id else { return Ok(Some(Recorded::Known)) };
            let nobody = Customer::new(CustomerId::from_bytes([0; 16]), event.at);
            let (_, stub) = learn(nobody, order.order.clone(), event, currency);
            if stub == order.order {
                return Ok(Some(Recorded::Known));
            }
            let write = self.tables.put_order(store, id, order.rev, &stub, self.clock.now())?;
            return Ok(self.tables.commit(vec![write]).await?.done().then_some(Recorded::Learned));
        };
        let found = found.whoever_mails_wins();
        // After a merge an order may still name the record that was merged.
        if order.order.customer.is_some() {
            order.order.customer = Some(found.customer.id);
        }
        let before = found.customer.clone();
        if before.plan > standing.plan.number {
            // Somebody knows a newer plan: what we would decide is out of date.
            return Ok(None);
        }
        let mut writes = Vec::new();
        let (mut witness_of_erasure, mut put_off) = (None, false);
        let start = match found.other {
            Some(other) if other.open.is_none() && neither_erased(&before, &other) => {
                writes.push(self.tables.put_merged(store, &other, before.id)?);
                merge(before.clone(), other)
            }
            Some(other) => {
                // Both have a message on its way: what stops one stops the other, and the event comes again.
                put_off = neither_erased(&before, &other);
                let told = witness(other.clone(), event, currency);
                witness_of_erasure = (event.what == What::Erased).then_some(other.id);
                if told != other {
                    writes.push(self.write_learned(standing, &other, told, Expect::Rev(other.rev))?);
                }
                before.clone()
            }
            None => before.clone(),
        };
        let (after, learned_order) = learn(start, order.order.clone(), event, currency);
        if after != before || found.is_new {
            let expect = if found.is_new { Expect::Absent } else { Expect::Rev(before.rev) };
            writes.push(self.write_learned(standing, &before, after.clone(), expect)?);
        }
        if let Some(id) = order_id.filter(|_| learned_order != order.order) {
            writes.push(self.tables.put_order(store, id, order.rev, &learned_order, self.clock.now())?);
        }
        let forgotten = before.forgets(event.happened()) && after == before;
        if !forgotten {
            for alias in found.unused {
                writes.push(self.tables.put_alias(store, alias, before.id)?);
            }
        }
        let learned = match writes.is_empty() {
            true if before.forgets(event.happened()) => Recorded::Forgotten,
            true => Recorded::Known,
            false => Recorded::Learned,
        };
        if !self.tables.commit(writes).await?.done() {
            return Ok(None);
        }
        if event.what == What::Erased {
            for id in [Some(after.id), witness_of_erasure].into_iter().flatten() {
                // First: while anything is left, the record says so.
                self.files.remove(&request_key(store, id)).await?;
                self.scrub(store, id).await?;
            }
        }
        if put_off {
            return Err(Error::Contended);
        }
        Ok(Some(learned))
    }

    /// A customer that learned something: `due` only if there is none or the new look is earlier.
    fn write_learned(
        &self,
        standing: &Standing,
        before: &Customer,
        mut after: Customer,
        expect: Expect,
    ) -> Result<Write, Error> {
        let store = &standing.store.id;
        after.rev = after.rev.max(before.rev) + 1;
        let next = decide(&after, &standing.store, &standing.plan, self.clock.now()).next_look;
        let earlier = next.is_some_and(|next| after.due.is_none_or(|due| next < due));
        if planted(Planted::ErasureClearsDue) && after.erased.is_some() {
            after.due = None;
        } else if planted(Planted::DueWrittenLate) && next.is_some() {
            after.due = next.and_then(|next| next.checked_add((24 * 40).hours()).ok());
        } else if earlier {
            after.due = next;
            after.plan = standing.plan.number;
            if let Expect::Rev(rev) = expect {
                return Ok(self.tables.put_looked(store, &after, rev)?);
            }
        }
        Ok(self.tables.put_customer(store, &after, expect)?)
    }

    /// Finds the record of a customer by all their names. Nothing: the event names nobody we could know.
    async fn find(
        &self,
        store: &StoreId,
        whom: &Whom,
        event: &Event,
        of_order: Option<CustomerId>,
    ) -> Result<Option<Found>, Error> {
        let names = match whom {
            Whom::Known(id) | Whom::Mailed(id) => vec![*id],
            Whom::Named(who) => self.names(store, who, event).await?,
        };
        let by_name = !names.is_empty() && !matches!(whom, Whom::Known(_));
        let names = if names.is_empty() { of_order.into_iter().collect() } else { names };
        let mut known: Vec<Customer> = Vec::new();
        let mut unused = Vec::new();
        for name in names {
            let customer = match self.tables.record(store, name).await? {
                Some(Record::Customer(customer)) => *customer,
                // An alias is an account's address, and two accounts stay two, however they share it.
                Some(Record::Alias(_)) if !known.is_empty() => continue,
                Some(Record::Alias(of)) => match self.tables.customer(store, of).await? {
                    Some(customer) => customer,
                    None => continue,
                },
                None => {
                    unused.push(name);
                    continue;
                }
            };
            if known.iter().all(|other| other.id != customer.id) {
                known.push(customer);
            }
        }
        let mut known = known.into_iter();
        Ok(match known.next() {
            Some(customer) => {
                // Aliases point to nobody new where the event did not name anybody.
                let unused = if by_name { unused } else { Vec::new() };
                Some(Found { customer, is_new: false, other: known.next(), unused })
            }
            None if by_name && !unused.is_empty() => {
                let customer = Customer::new(unused.remove(0), event.at);
                Some(Found { customer, is_new: true, other: None, unused })
            }
            None => None,
        })
    }

    /// The keys of a customer: the store's own id first, then the address, then a new address.
    pub(crate) async fn names(&self, store: &StoreId, who: &Who, event: &Event) -> Result<Vec<CustomerId>, Error> {
        let key = self.secrets.lookup(self.clock.now()).await?;
        let mut names = Vec::new();
        names.extend(who.customer_id.as_ref().map(|id| CustomerId::of_store_id(&key, store, id)));
        names.extend(who.email.as_ref().map(|address| CustomerId::of_address(&key, store, address)));
        if let What::EmailChanged { new_email } = &event.what {
            names.push(CustomerId::of_address(&key, store, new_email));
        }
        Ok(names)
    }

    /// Codes of ours that an order used. Of an order that is forgotten no use stays, also where the first try wrote one
    /// down and died.
    async fn redeem_codes(&self, store: &StoreId, event: &Event, recorded: Recorded) -> Result<(), Error> {
        let What::OrderPlaced { order, .. } = &event.what else { return Ok(()) };
        let mut codes = Vec::new();
        for typed in &order.discount_codes {
            codes.extend(self.meant_code(store, typed).await?);
        }
        for code in codes {
            let taken = Use { order_id: order.order_id.clone(), total: order.total, at: event.happened() };
            match recorded {
                Recorded::Forgotten => self.forget_use(store, &code).await?,
                Recorded::Learned | Recorded::Known => self.redeem_code(store, &code, &taken).await?,
            }
        }
        Ok(())
    }

    /// The code of ours that an order names. Stripe names it by its own id of it. A shop may have made codes that begin
    /// with the same letters: what is no such id is looked for among the codes.
    async fn meant_code(&self, store: &StoreId, typed: &str) -> Result<Option<Code>, Error> {
        if typed.starts_with(PROMOTION)
            && let Some(code) = self.tables.code_of_reference(store, typed).await?
        {
            return Ok(Some(code));
        }
        let coupon = self.tables.meant_coupon(store, &Code::meant(typed)).await?;
        Ok(coupon.map(|coupon| coupon.code))
    }

    async fn redeem_code(&self, store: &StoreId, code: &Code, taken: &Use) -> Result<(), Error> {
        for _ in 0..TRIES {
            let Some(coupon) = self.tables.coupon(store, code).await? else { return Ok(()) };
            let done = match coupon.taken(taken) {
                Ok(Answer::Good(redemption)) => {
                    let by_other = self.is_of_other(store, &coupon, &taken.order_id).await?;
                    let redemption = Redemption { by_other, ..redemption };
                    self.use_code(store, &coupon, &coupon.with(redemption)).await?
                }
                // A till had told of it, and perhaps not of whose it is.
                Ok(Answer::AlreadyYours) => match coupon.used_by_other(&taken.order_id) {
                    Some(told) if self.is_of_other(store, &coupon, &taken.order_id).await? => {
                        self.tables.redeem(store, &coupon, &told).await?.done()
                    }
                    _ => true,
                },
                Err(_) => match coupon.conflicting(taken) {
                    Some(conflict) => {
                        tracing::warn!(%store, message_id = %coupon.message, "a code was used once too often");
                        self.tables.redeem(store, &coupon, &conflict).await?.done()
                    }
                    None => true,
                },
            };
            if done {
                return Ok(());
            }
        }
        // The order is known by now; the event comes again, and with it the code.
        Err(Error::Contended)
    }

    /// Whether an order is somebody else's than the code is. Where nobody knows whose it is, it is not.
    async fn is_of_other(&self, store: &StoreId, coupon: &Coupon, order: &str) -> Result<bool, Error> {
        let Some(by) = self.tables.order(store, order).await?.order.customer else { return Ok(false) };
        let mut records = [by, coupon.customer];
        for id in &mut records {
            if let Some(Record::Alias(of)) = self.tables.record(store, *id).await? {
                *id = of;
            }
        }
        Ok(records[0] != records[1])
    }

    /// Writes a use of a code down, and what follows from it. False: somebody was faster.
    pub async fn use_code(&self, store: &StoreId, before: &Coupon, after: &Coupon) -> Result<bool, Error> {
        if !self.tables.redeem(store, before, after).await?.done() {
            return Ok(false);
        }
        self.count_discount(store, after).await;
        self.forget_use(store, &after.code).await?;
        Ok(true)
    }

    /// A use that was written down after its customer was erased goes again: whoever scrubbed did not see it.
    async fn forget_use(&self, store: &StoreId, code: &Code) -> Result<(), Error> {
        let Some(used) = self.tables.coupon(store, code).await? else { return Ok(()) };
        let Some(last) = used.redeemed.last() else { return Ok(()) };
        let customer = self.tables.customer(store, used.customer).await?;
        if customer.is_some_and(|customer| customer.forgets(last.at)) {
            self.tables.scrub_message(store, used.message).await?;
            self.tables.scrub_coupon(store, code).await?;
        }
        Ok(())
    }

    /// Adds what a code's latest use took off to its store's month, where it is money of the shop's own currency. The
    /// code is redeemed by now, so a failure is written down and goes no further: the budget is near enough.
    async fn count_discount(&self, store: &StoreId, redeemed: &Coupon) {
        let Some(discount) = redeemed.redeemed.last().and_then(|last| last.discount) else { return };
        let counted = async {
            let standing = self.standing(store).await?;
            let shop = &standing.plan.shop;
            if discount.currency != shop.currency {
                return Ok(());
            }
            let month = day_of(self.clock.now(), &shop.time_zone);
            self.tables.add_discount(store, month, discount.minor).await.map_err(Error::from)
        };
        if let Err(error) = counted.await {
            tracing::warn!(%store, message_id = %redeemed.message, %error, "discount not counted");
        }
    }
}
