//! The four APIs, as far as orders are read from them, after their documentation: what is asked for is filtered, sorted and
//! cut as they say, and nothing else of the question is looked at.

use std::collections::{BTreeMap, BTreeSet};

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::exchange::Request;
use crate::pull::Source;

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// A moment as mails and HTTP write it.
pub fn mail(at: Timestamp) -> String {
    rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).expect("a year of four digits")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Shopify,
    WooCommerce,
    Stripe,
    BigCommerce,
}

impl Kind {
    pub fn size(self) -> usize {
        match self {
            Self::Shopify | Self::BigCommerce => 250,
            Self::WooCommerce | Self::Stripe => 100,
        }
    }
}

/// A shop on one of the platforms: its orders by id, each with the moment of its last change.
pub struct Shop {
    kind: Kind,
    orders: BTreeMap<u64, Timestamp>,
    /// Stripe tells of every change by an event of its own.
    events: Vec<(u64, Timestamp)>,
    pub time: Option<Timestamp>,
    pub retry_after: Option<u32>,
    /// What is answered instead of the n-th answer.
    pub instead: BTreeMap<usize, (u16, Vec<u8>)>,
    /// Orders that used a code.
    pub coupons: BTreeSet<u64>,
    answered: usize,
    date: String,
}

impl Shop {
    pub fn new(kind: Kind) -> Self {
        let time = Some(at("2026-05-02T03:00:00Z"));
        Self {
            kind,
            orders: BTreeMap::new(),
            events: Vec::new(),
            time,
            retry_after: None,
            instead: BTreeMap::new(),
            coupons: BTreeSet::new(),
            answered: 0,
            date: String::new(),
        }
    }

    pub fn source(&self) -> Source {
        let line = match self.kind {
            Kind::Shopify => "shopify example-books.myshopify.com shpat_for_a_test_only",
            Kind::WooCommerce => "woocommerce https://shop.example ck_for_a_test_only cs_for_a_test_only",
            Kind::Stripe => "stripe sk_live_for_a_test_only",
            Kind::BigCommerce => "bigcommerce abc123 token_for_a_test_only",
        };
        Source::parse(line).expect("a source")
    }

    pub fn order(&mut self, id: u64, changed: &str) {
        self.order_at(id, at(changed));
    }

    pub fn order_at(&mut self, id: u64, changed: Timestamp) {
        self.orders.insert(id, changed);
        self.events.push((id, changed));
    }

    pub fn ids(&self) -> BTreeSet<String> {
        self.orders
            .keys()
            .map(|id| if self.kind == Kind::Stripe { format!("pi_{id}") } else { id.to_string() })
            .collect()
    }

    pub fn date(&self) -> Option<&str> {
        self.time.map(|_| self.date.as_str())
    }

    pub fn answer(&mut self, request: &Request) -> (u16, Vec<u8>) {
        assert_eq!((request.method, request.body.as_str()), ("GET", ""));
        assert!(request.headers.iter().any(|(_, value)| value.contains("test_only") || value.starts_with("Basic ")));
        self.date = self.time.map(mail).unwrap_or_default();
        self.answered += 1;
        if let Some(instead) = self.instead.get(&self.answered) {
            return instead.clone();
        }
        let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        if let Some((orders, _)) = path.rsplit_once("/coupons") {
            let id: u64 = orders.rsplit_once('/').expect("an order").1.parse().expect("an id");
            return (200, json!([{"id": 1, "code": format!("CODE{id}")}]).to_string().into_bytes());
        }
        let body = match self.kind {
            Kind::Shopify => self.shopify(&query),
            Kind::WooCommerce => self.woocommerce(&query),
            Kind::Stripe => self.stripe(&query),
            Kind::BigCommerce => self.bigcommerce(&query),
        };
        if body == json!([]) && self.kind == Kind::BigCommerce {
            return (204, Vec::new());
        }
        (200, body.to_string().into_bytes())
    }

    /// The orders between two moments, both taken in.
    fn between(&self, from: Timestamp, until: Option<Timestamp>) -> Vec<(u64, Timestamp)> {
        let fits = |(_, at): &(u64, Timestamp)| *at >= from && until.is_none_or(|until| *at <= until);
        self.orders.iter().map(|(id, at)| (*id, *at)).filter(fits).collect()
    }

    fn shopify(&self, query: &BTreeMap<String, String>) -> Value {
        let until = query.get("updated_at_max").map(|text| at(text));
        let mut found = self.between(at(&query["updated_at_min"]), until);
        match query.get("since_id") {
            Some(id) => found.retain(|(known, _)| *known > id.parse().expect("an id")),
            // In what order those of one second come nobody says: here the latest id first.
            None => found.sort_by_key(|(id, at)| (*at, std::cmp::Reverse(*id))),
        }
        found.truncate(query["limit"].parse().expect("a number"));
        json!({"orders": found.iter().map(|(id, _)| self.shown(*id)).collect::<Vec<_>>()})
    }

    fn woocommerce(&self, query: &BTreeMap<String, String>) -> Value {
        assert_eq!((query["dates_are_gmt"].as_str(), query["order"].as_str()), ("true", "asc"));
        let second = SignedDuration::from_secs(1);
        let moment = |text: &String| at(&format!("{text}Z"));
        let until = query.get("modified_before").map(|text| moment(text) - second);
        let mut found = self.between(moment(&query["modified_after"]) + second, until);
        if query["orderby"] == "modified" {
            found.sort_by_key(|(id, at)| (*at, *id));
        }
        let offset = query.get("offset").map_or(0, |text| text.parse().expect("a number"));
        let size = query["per_page"].parse().expect("a number");
        let page = found.iter().skip(offset).take(size).map(|(id, _)| self.shown(*id));
        Value::Array(page.collect())
    }

    fn bigcommerce(&self, query: &BTreeMap<String, String>) -> Value {
        let until = query.get("max_date_modified").map(|text| at(text));
        let mut found = self.between(at(&query["min_date_modified"]), until);
        if let Some(least) = query.get("min_id") {
            found.retain(|(id, _)| *id >= least.parse().expect("an id"));
        }
        if query["sort"] == "date_modified:asc" {
            found.sort_by_key(|(id, at)| (*at, std::cmp::Reverse(*id)));
        }
        found.truncate(query["limit"].parse().expect("a number"));
        Value::Array(found.iter().map(|(id, _)| self.shown(*id)).collect())
    }

    fn stripe(&self, query: &BTreeMap<String, String>) -> Value {
        let from: i64 = query["created[gte]"].parse().expect("seconds");
        let mut found: Vec<(usize, u64, Timestamp)> =
            self.events.iter().enumerate().map(|(number, (id, at))| (number, *id, *at)).collect();
        let end: i64 = query["created[lt]"].parse().expect("seconds");
        found.retain(|(_, _, at)| (from..end).contains(&at.as_second()));
        found.sort_by_key(|(number, _, at)| std::cmp::Reverse((*at, *number)));
        let skipped = match query.get("starting_after") {
            Some(id) => found.iter().position(|(number, ..)| *id == format!("evt_{number}")).expect("an event") + 1,
            None => 0,
        };
        let size: usize = query["limit"].parse().expect("a number");
        let page = found.iter().skip(skipped).take(size).map(|(number, id, at)| {
            json!({"id": format!("evt_{number}"), "object": "event", "type": "checkout.session.completed", "livemode": true,
                "created": at.as_second(), "data": {"object": {"id": format!("cs_{id}"), "payment_intent": format!("pi_{id}"),
                    "payment_status": "paid", "mode": "payment", "amount_total": 4500, "currency": "eur",
                    "customer_details": {"email": "anna@example.com", "name": "Anna Lind"}}}})
        });
        json!({"object": "list", "data": page.collect::<Vec<_>>(), "has_more": found.len() > skipped + size})
    }

    /// An order as the platform shows it.
    pub fn shown(&self, id: u64) -> Value {
        let changed = self.orders[&id];
        match self.kind {
            Kind::WooCommerce => json!({"id": id, "status": "processing", "currency": "EUR", "total": "45.00",
                "customer_id": 7, "billing": {"email": "anna@example.com", "first_name": "Anna"},
                "date_created_gmt": "2026-04-30T08:00:00", "date_modified_gmt": changed.to_string().trim_end_matches('Z')}),
            Kind::BigCommerce => json!({"id": id, "status_id": 11, "customer_id": 7, "total_inc_tax": "45.0000",
                "coupon_discount": if self.coupons.contains(&id) { "10.0000" } else { "0.0000" },
                "shipping_cost_inc_tax": "4.0000", "default_currency_code": "EUR", "billing_address": {"email": "anna@example.com", "first_name": "Anna"},
                "date_created": "Thu, 30 Apr 2026 08:00:00 +0000", "date_modified": mail(changed)}),
            Kind::Shopify | Kind::Stripe => json!({"id": id, "email": "anna@example.com", "currency": "EUR",
                "total_price": "45.00", "current_total_price": "45.00", "created_at": "2026-04-30T08:00:00Z",
                "updated_at": changed, "test": false}),
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match first {
            b'%' => {
                (u8::from_str_radix(std::str::from_utf8(&behind[..2]).expect("ASCII"), 16).expect("hex"), &behind[2..])
            }
            plain => (plain, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8(bytes).expect("text")
}
