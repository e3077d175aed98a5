//! The door for tills and checkouts: is this code good for this order, and take it. Every refusal is a problem document
//! (RFC 9457).

mod answer;
mod ask;

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use winback_cloud::door;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::address::Address;
use winback_domain::codes::Authority;
use winback_domain::http::{Answer, BadBody, Problem, body};
use winback_domain::ids::StoreId;
use winback_domain::redeem::{self, Coupon, Redemption, Use};

use crate::answer::{Status, elsewhere, good, no_store, refused, store_missing, unknown_code};
use crate::ask::{Ask, Wish, wish};

/// The largest body that is looked at, in bytes. A code and an order are a few hundred.
const LARGEST: usize = 16 * 1024;
/// So often a lost race is run again before the caller is asked to.
const TRIES: u32 = 8;
/// When a till may try again.
const RETRY_SECONDS: u32 = 2;

/// Takes `POST /redeem` and `POST /check`. Asking again with the same order is safe, and the right thing to do when no
/// answer came.
pub async fn handle(
    cloud: &Cloud,
    event: LambdaFunctionUrlRequest,
    _invocation: Invocation,
) -> Result<LambdaFunctionUrlResponse, Error> {
    if let Some(closed) = door::closed(cloud, &event).await {
        return Ok(door::response(closed));
    }
    let answer = match asked(&event) {
        Ok((wish, ask)) => respond(cloud, wish, &ask).await.unwrap_or_else(|error| {
            tracing::error!(%error, "code not looked at");
            Problem::try_again(RETRY_SECONDS)
        }),
        Err(answer) => answer,
    };
    Ok(door::response(answer))
}

fn asked(request: &LambdaFunctionUrlRequest) -> Result<(Wish, Ask), Answer> {
    let wish = wish(door::method(request), door::path(request))?;
    let bytes = body(request.body.as_deref(), request.is_base64_encoded, LARGEST).map_err(|error| {
        let status = if error == BadBody::TooLarge { 413 } else { 400 };
        Problem::status(status).detail(error.to_string()).answer()
    })?;
    let ask = Ask::read(&bytes, wish).map_err(|error| Problem::status(400).detail(error.to_string()).answer())?;
    Ok((wish, ask))
}

async fn respond(cloud: &Cloud, wish: Wish, ask: &Ask) -> Result<Answer, Error> {
    let now = cloud.clock.now();
    let store = match &ask.store {
        Some(store) => store.clone(),
        None => match only(cloud.tables.stores().await?) {
            Ok(store) => store,
            Err(answer) => return Ok(answer),
        },
    };
    let used = Use { order_id: ask.order_id.clone(), total: ask.total, at: now };
    for _ in 0..TRIES {
        let Some(coupon) = cloud.tables.meant_coupon(&store, &ask.codes).await? else { return Ok(unknown_code()) };
        // Two tills that know nothing of each other would take it twice.
        if coupon.authority != Authority::Winback && !coupon.dead {
            return Ok(elsewhere(&coupon));
        }
        let redemption = match coupon.check(&used) {
            Err(refusal) => return Ok(refused(&refusal, &coupon)),
            Ok(redeem::Answer::AlreadyYours) => return Ok(good(Status::AlreadyYours, &coupon, &used)),
            Ok(redeem::Answer::Good(_)) if wish == Wish::Check => return Ok(good(Status::Good, &coupon, &used)),
            Ok(redeem::Answer::Good(redemption)) => redemption,
        };
        let by_other = is_of_other(cloud, &store, &coupon, ask.email.as_ref()).await;
        let redemption = Redemption { by_other, ..redemption };
        let after = coupon.with(redemption);
        // Lost: another till was faster. What it left is looked at anew, so of two only one gets the last use.
        if cloud.use_code(&store, &coupon, &after).await? {
            let customer = after.customer;
            tracing::info!(%store, %customer, message_id = %after.message, by_other, "code redeemed");
            return Ok(good(Status::Redeemed, &after, &used));
        }
    }
    Err(Error::Contended)
}

/// The store of a deployment that has one.
fn only(stores: Vec<StoreId>) -> Result<StoreId, Answer> {
    let mut stores = stores.into_iter();
    match (stores.next(), stores.next()) {
        (Some(store), None) => Ok(store),
        (None, _) => Err(no_store()),
        (Some(_), Some(_)) => Err(store_missing()),
    }
}

/// Whether somebody else has it than whom it was mailed to: people pass codes on, which is worth knowing and no reason to
/// refuse. What fails here is not the till's business; an order that is told later says it too.
async fn is_of_other(cloud: &Cloud, store: &StoreId, coupon: &Coupon, email: Option<&Address>) -> bool {
    let Some(email) = email else { return false };
    let customer = cloud.tables.customer(store, coupon.customer).await.ok().flatten();
    customer.and_then(|customer| customer.email().map(|known| known != email)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(names: &[&str]) -> Vec<StoreId> {
        names.iter().map(|name| StoreId::try_from((*name).to_owned()).unwrap()).collect()
    }

    #[test]
    fn a_store_need_not_be_named_where_there_is_one() {
        assert_eq!(only(stores(&["books"])).unwrap().as_str(), "books");
        assert_eq!(only(vec![]).unwrap_err().status, 404);
        let several = only(stores(&["books", "records"])).unwrap_err();
        assert_eq!(several.status, 422);
        assert!(several.body.contains("\"missing\":\"store\""));
    }
}
