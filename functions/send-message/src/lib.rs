//! The hand that mails: takes hints that somebody's time may have come; decides, claims, makes the offer real, mails
//! once, settles. Each write's condition stands in the cloud crate.

mod call_off;
mod codes;
mod offer;
mod pool;
mod send;
mod settle;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::{Timestamp, ToSpan};
use winback_cloud::queue::Hint;
use winback_cloud::standing::Standing;
use winback_cloud::start::Invocation;
use winback_cloud::tables::customers::Expect;
use winback_cloud::{Cloud, Error};
use winback_domain::customer::{Customer, Open};
use winback_domain::decide::{Action, Decision, Draft, decide};
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::protocol::{Look, look_again};

use crate::offer::Allowance;

/// A message is begun only with so much time left: SES, the settling, and some air.
const TIME_FOR_ONE_SECONDS: i64 = 15;

/// Works through a batch of hints. A hint is dropped, not failed, whenever the index still has the customer.
pub async fn handle(cloud: &Cloud, event: SqsEvent, invocation: Invocation) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    let mut allowance = Allowance::new(event.records.len());
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        let failed = || {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier.clone_from(&id);
            failure
        };
        let Some(hint) = record.body.as_deref().and_then(|body| serde_json::from_str::<Hint>(body).ok()) else {
            tracing::error!(record_id = %id, "not a hint");
            response.batch_item_failures.push(failed());
            continue;
        };
        if cloud.clock.now() > latest_start(invocation) {
            response.batch_item_failures.push(failed());
            continue;
        }
        if let Err(error) = look(cloud, &hint.store, hint.customer, invocation, &mut allowance).await {
            tracing::warn!(store = %hint.store, customer = %hint.customer, %error, "look failed");
            response.batch_item_failures.push(failed());
        }
    }
    allowance.close(cloud).await;
    Ok(response)
}

fn latest_start(invocation: Invocation) -> Timestamp {
    invocation.until.saturating_sub(TIME_FOR_ONE_SECONDS.seconds()).unwrap_or(Timestamp::MIN)
}

/// One look at one customer: load, decide, act.
async fn look(
    cloud: &Cloud,
    store: &StoreId,
    id: CustomerId,
    invocation: Invocation,
    allowance: &mut Allowance,
) -> Result<(), Error> {
    let Some(customer) = cloud.tables.customer(store, id).await? else { return Ok(()) };
    let standing = cloud.standing(store).await?;
    // Somebody knows a newer plan: what we would decide is out of date.
    let standing = if customer.plan > standing.plan.number {
        cloud.forget(store);
        cloud.standing(store).await?
    } else {
        standing
    };
    let decision = decide(&customer, &standing.store, &standing.plan, cloud.clock.now());
    let at = At { cloud, standing: &standing, customer: &customer };
    match &decision.action {
        Action::Wait => at.move_due(&decision).await,
        // Boxed, so that the stack holds one step of the protocol and not all of them.
        Action::Claim(draft) => Box::pin(at.send(draft, &decision.why, latest_start(invocation), allowance)).await,
        Action::Expire => Box::pin(at.expire()).await,
        Action::CallOff(how) => Box::pin(at.call_off(*how, &decision.why)).await,
    }
}

/// One customer as they were loaded, and all that is needed to act on them.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub cloud: &'a Cloud,
    pub standing: &'a Standing,
    pub customer: &'a Customer,
}

impl At<'_> {
    pub fn store(&self) -> &StoreId {
        &self.standing.store.id
    }

    /// The open message that a draft claims again; nothing: this is its first claim.
    pub fn goes_on_with(&self, draft: &Draft) -> Option<&Open> {
        self.customer.open.as_ref().filter(|open| open.message == draft.message)
    }

    pub fn look(&self) -> Look<'_> {
        Look { store: &self.standing.store, plan: &self.standing.plan, now: self.cloud.clock.now() }
    }

    /// Moves `due` to the next look. A customer with a message on its way stays due as they are.
    async fn move_due(&self, decision: &Decision) -> Result<(), Error> {
        if self.customer.open.is_some() || decision.next_look == self.customer.due {
            return Ok(());
        }
        let moved = look_again(self.customer.clone(), self.look());
        let write = self.cloud.tables.put_looked(self.store(), &moved, self.customer.rev)?;
        if !self.cloud.tables.commit(vec![write]).await?.done() {
            self.cloud.forget(self.store());
        }
        Ok(())
    }

    /// Puts a changed customer under `rev`; false: somebody was faster.
    pub async fn put(&self, before: &Customer, after: &Customer) -> Result<bool, Error> {
        let write = self.cloud.tables.put_customer(self.store(), after, Expect::Rev(before.rev))?;
        Ok(self.cloud.tables.commit(vec![write]).await?.done())
    }
}
