//! What the stores are asked about a code, and what they say, after their documentation.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_domain::address::Address;
use winback_domain::codes::{Authority, Made, Wanted};
use winback_domain::exchange::Trouble;
use winback_domain::ids::Code;
use winback_domain::money::{Currency, Money};
use winback_domain::offer::Gives;
use winback_local::aws::Stack;
use wiremock::matchers::{body_string_contains, method, path, query_param};
use wiremock::{Mock, MockBuilder};

use crate::support;

pub const CODE: &str = "7K2M9QX4TB";

#[derive(Clone, Copy, Debug)]
pub enum Store {
    Shopify,
    WooCommerce,
    Stripe,
}

pub const STORES: [Store; 3] = [Store::Shopify, Store::WooCommerce, Store::Stripe];

/// What every store is asked, each in its own words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// In which currency it counts; of Stripe, what the offer gives.
    First,
    /// To make the code.
    Make,
    /// What is there under its name.
    Back,
    /// To make it dead, by the id that it has there.
    End,
}

impl Store {
    fn authority(self) -> Authority {
        match self {
            Self::Shopify => Authority::Shopify,
            Self::WooCommerce => Authority::WooCommerce,
            Self::Stripe => Authority::Stripe,
        }
    }

    /// Its own id of the code.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Shopify => "gid://shopify/DiscountCodeNode/1057856667",
            Self::WooCommerce => "719",
            Self::Stripe => "promo_1",
        }
    }

    /// What a function holds. Only where the store is was written down otherwise.
    pub fn cloud(self, base: &str) -> Cloud {
        let line = match self {
            Self::Shopify => "shopify example-books.myshopify.com shpat_0123456789abcdef",
            Self::WooCommerce => "woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef",
            Self::Stripe => "stripe sk_live_0123456789abcdef",
        };
        let now = moment("2026-04-14T06:00:00Z");
        let stack = Stack::in_memory(Arc::new(move || now)).expect("stand-ins in memory");
        stack.put_secret("/winback/stores/books/access", &format!("{line} base={base}")).expect("it is written");
        let config = Config { secrets_prefix: "/winback".to_owned(), ..Config::default() };
        Cloud::over(stack.config(), config, Clock::turned(move || now), Arc::new(|| "nobody".to_owned()))
    }

    pub fn asked(self, question: Question) -> MockBuilder {
        let at = |verb: &str, place: &str| Mock::given(method(verb)).and(path(place));
        let graphql = |word: &str| at("POST", "/admin/api/2026-10/graphql.json").and(body_string_contains(word));
        match (self, question) {
            (Self::Shopify, Question::First | Question::Back) => graphql("codeDiscountNodeByCode"),
            (Self::Shopify, Question::Make) => graphql("discountCodeBasicCreate"),
            (Self::Shopify, Question::End) => graphql("discountCodeDeactivate"),
            (Self::WooCommerce, Question::First) => at("GET", "/wp-json/wc/v3/data/currencies/current"),
            (Self::WooCommerce, Question::Make) => at("POST", "/wp-json/wc/v3/coupons"),
            (Self::WooCommerce, Question::Back) => at("GET", "/wp-json/wc/v3/coupons").and(query_param("code", CODE)),
            (Self::WooCommerce, Question::End) => at("PUT", "/wp-json/wc/v3/coupons/719"),
            (Self::Stripe, Question::First) => at("POST", "/v1/coupons"),
            (Self::Stripe, Question::Make) => at("POST", "/v1/promotion_codes"),
            (Self::Stripe, Question::Back) => at("GET", "/v1/promotion_codes").and(query_param("code", CODE)),
            (Self::Stripe, Question::End) => at("POST", "/v1/promotion_codes/promo_1"),
        }
    }

    /// The code as the store tells of it, but for this.
    pub fn there(self, change: &Value) -> Value {
        let told = match self {
            Self::Shopify => json!({"__typename": "DiscountCodeBasic", "status": "ACTIVE", "usageLimit": 1,
                "endsAt": "2026-04-17T21:00:00Z",
                "customerGets": {"value": {"__typename": "DiscountAmount",
                    "amount": {"amount": "10.0", "currencyCode": "EUR"}}},
                "minimumRequirement": {"greaterThanOrEqualToSubtotal": {"amount": "40.0", "currencyCode": "EUR"}}}),
            Self::WooCommerce => json!({"id": 719, "code": CODE.to_lowercase(), "amount": "10.00",
                "status": "publish", "discount_type": "fixed_cart", "usage_limit": 1, "individual_use": true,
                "date_expires": "2026-04-17T23:59:59", "date_expires_gmt": "2026-04-17T20:59:59",
                "minimum_amount": "40.00", "free_shipping": false, "email_restrictions": ["anna@example.com"],
                "meta_data": [{"id": 1, "key": "_winback", "value": CODE}]}),
            Self::Stripe => json!({"id": "promo_1", "object": "promotion_code", "active": true, "code": CODE,
                "promotion": {"type": "coupon", "coupon": "winback-1000-eur"}, "expires_at": 1_776_459_600_i64,
                "livemode": true, "max_redemptions": 1, "times_redeemed": 0, "metadata": {"winback": CODE},
                "restrictions": {"minimum_amount": 4_000, "minimum_amount_currency": "eur"}}),
        };
        let told = merged(told, change);
        match self {
            Self::Shopify => json!({"id": self.reference(), "codeDiscount": told}),
            Self::WooCommerce | Self::Stripe => told,
        }
    }

    /// What makes a code dead there.
    pub fn dead(self) -> Value {
        match self {
            Self::Shopify => json!({"status": "EXPIRED", "endsAt": "2026-04-14T06:00:00Z"}),
            Self::WooCommerce => json!({"date_expires_gmt": "2000-01-01T00:00:00"}),
            Self::Stripe => json!({"active": false}),
        }
    }

    /// All goes well: the status and the body.
    pub fn well(self, question: Question) -> (u16, Value) {
        match (self, question) {
            (Self::Shopify, Question::First) => looked_up("EUR", &Value::Null),
            (Self::Stripe, Question::First) => {
                let counted = json!({"amount_off": 1_000, "currency": "eur", "duration": "once"});
                (200, merged(json!({"id": "winback-1000-eur", "object": "coupon", "valid": true}), &counted))
            }
            (Self::WooCommerce, Question::First) => (200, json!({"code": "EUR", "name": "Euro", "symbol": "€"})),
            (_, Question::Make | Question::Back) => self.told(question, &json!({})),
            (_, Question::End) => self.told(question, &self.dead()),
        }
    }

    /// The answer that tells of the code, but for this.
    pub fn told(self, question: Question, change: &Value) -> (u16, Value) {
        let there = self.there(change);
        match (self, question) {
            (Self::Shopify, Question::Back) => looked_up("EUR", &there),
            (Self::Shopify, _) => (200, json!({"data": {"made": {"codeDiscountNode": there, "userErrors": []}}})),
            (Self::WooCommerce, Question::Back) => (200, json!([there])),
            (Self::Stripe, Question::Back) => (200, json!({"object": "list", "data": [there], "has_more": false})),
            (Self::WooCommerce, Question::Make) => (201, there),
            (Self::WooCommerce | Self::Stripe, _) => (200, there),
        }
    }

    /// There is one of that name.
    pub fn taken(self) -> (u16, Value) {
        match self {
            Self::Shopify => mistaken("TAKEN", "Code must be unique. Please try a different code."),
            Self::WooCommerce => {
                self.problem(400, "woocommerce_rest_coupon_code_already_exists", "The coupon code already exists")
            }
            Self::Stripe => {
                self.problem(400, "", &format!("An active promotion code with `code: {CODE}` already exists."))
            }
        }
    }

    /// A refusal by the status.
    pub fn problem(self, status: u16, code: &str, message: &str) -> (u16, Value) {
        let said = match self {
            Self::Shopify => json!({"errors": message}),
            Self::WooCommerce => json!({"code": code, "message": message, "data": {"status": status}}),
            Self::Stripe => json!({"error": {"type": "invalid_request_error", "code": code, "message": message}}),
        };
        (status, said)
    }

    pub async fn make(self, base: &str) -> Result<Made, Trouble> {
        self.make_by(&self.cloud(base)).await
    }

    /// Ten euros off an order of forty, for Anna, to the end of a Friday in Helsinki.
    pub async fn make_by(self, cloud: &Cloud) -> Result<Made, Trouble> {
        let email: Address = "anna@example.com".parse().expect("an address");
        let (code, gives) = (code(), Gives::AmountOff(euros("10")));
        let wanted = Wanted {
            code: &code,
            gives: &gives,
            minimum_order: Some(euros("40")),
            from: moment("2026-04-13T21:00:00Z"),
            until: moment("2026-04-17T20:59:59Z"),
            uses: 1,
            title: "We miss you",
            email: Some(&email),
        };
        cloud.make_code(&support::store("books"), self.authority(), &wanted).await.expect("its key is there")
    }

    pub async fn withdraw(self, base: &str, reference: Option<&str>) -> Result<Made, Trouble> {
        let (cloud, books) = (self.cloud(base), support::store("books"));
        cloud.withdraw_code(&books, self.authority(), &code(), reference).await.expect("its key is there")
    }

    pub fn made(self) -> Result<Made, Trouble> {
        Ok(Made { reference: Some(self.reference().to_owned()) })
    }
}

fn merged(mut base: Value, change: &Value) -> Value {
    base.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    base
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::parse("EUR").expect("a currency")).expect("an amount")
}

fn code() -> Code {
    Code::read(CODE).expect("it looks like one of ours")
}

/// Shopify's answer to what is there of a name.
pub fn looked_up(currency: &str, node: &Value) -> (u16, Value) {
    (200, json!({"data": {"shop": {"currencyCode": currency}, "codeDiscountNodeByCode": node}}))
}

/// Shopify finds something wrong: `userErrors`, under a status of success.
pub fn mistaken(code: &str, message: &str) -> (u16, Value) {
    let wrong = json!({"code": code, "field": ["basicCodeDiscount", "code"], "message": message});
    (200, json!({"data": {"made": {"codeDiscountNode": null, "userErrors": [wrong]}}}))
}
