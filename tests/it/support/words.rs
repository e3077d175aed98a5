//! What a store tells us, in the words of the shop: the transcript is read by people who know orders, not JSON.

use serde_json::Value;

fn text<'a>(data: &'a Value, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str()
}

/// Whoever an event names: by name and address where it tells both.
fn who(data: &Value) -> String {
    let number = text(data, "customer_id").map(|id| format!("customer {id}"));
    let names: Vec<String> = [text(data, "email").map(str::to_owned), number].into_iter().flatten().collect();
    match (text(data, "name"), names.is_empty()) {
        (Some(name), false) => format!("{name} ({})", names.join(", ")),
        (Some(name), true) => name.to_owned(),
        (None, false) => names.join(", "),
        (None, true) => "Somebody".to_owned(),
    }
}

/// What was said about mail, and how: a box at the checkout is less than a form.
fn consent(data: &Value, yes: &str, no: &str) -> String {
    match data.get("marketing_consent").and_then(Value::as_bool) {
        Some(true) => yes.to_owned(),
        Some(false) => no.to_owned(),
        None => String::new(),
    }
}

fn amount(data: &Value, name: &str) -> String {
    let amount = data.get(name).map(|amount| amount.as_str().map_or_else(|| amount.to_string(), str::to_owned));
    format!("{} {}", amount.unwrap_or_default(), text(data, "currency").unwrap_or_default())
}

/// One event as a sentence.
pub fn said(kind: &str, data: &Value) -> String {
    let (who, order) = (who(data), text(data, "order_id").unwrap_or_default());
    match kind {
        "order.placed" => {
            let codes: Vec<&str> =
                data["discount_codes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let with = if codes.is_empty() { String::new() } else { format!(" with the code {}", codes.join(", ")) };
            let mail = consent(data, ", and ticks the box for mail", ", and leaves the box for mail empty");
            format!("{who} orders {order} for {}{with}{mail}", amount(data, "total"))
        }
        "order.refunded" => format!("of order {order} {} was paid back so far", amount(data, "refunded_total")),
        "order.cancelled" => format!("order {order} is cancelled"),
        "customer.updated" => {
            let mail = consent(data, ", who asks for mail on the form", ", who wants no mail");
            format!("the shop has news of {who}{mail}")
        }
        "lead.created" => {
            let mail = consent(data, " and asks for mail", " and wants no mail");
            format!("{who} signs up{mail}")
        }
        "customer.email_changed" => {
            format!("{who} has a new address: {}", text(data, "new_email").unwrap_or_default())
        }
        "customer.unsubscribed" => format!("{who} tells the shop: no more mail"),
        "customer.erased" => format!("{who} asks to be forgotten"),
        "customer.referred" => format!("{who} brings somebody"),
        "activity.recorded" => format!("{who} was there ({})", text(data, "kind").unwrap_or_default()),
        "complaint.opened" => format!("{who} complains to the shop"),
        "complaint.resolved" => format!("the complaint of {who} is made good"),
        "subscription.started" => format!("the subscription of {who} begins"),
        "subscription.ended" => format!("the subscription of {who} ends"),
        other => format!("{other}: {data}"),
    }
}
