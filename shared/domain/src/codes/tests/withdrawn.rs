//! One who makes a code and one who withdraws it, in every order in which their questions can reach the store: in the end
//! nothing of ours lives there. Whoever makes it may die after any question, and the question may arrive much later.

use std::collections::BTreeMap;

use super::*;

/// A store: its names, and who holds them. One question at a time, as each of the three answers it.
#[derive(Clone, Debug, Default)]
struct Shop {
    /// What is there: name or id, whether it lives, whether it is ours.
    codes: Vec<(String, bool, bool)>,
    /// Stripe's answers by key: the question, and what was said.
    said: BTreeMap<String, (String, u16, Value)>,
    /// What the next question of a key gets, kept for a day.
    fails: bool,
}

impl Shop {
    fn lives(&self) -> bool {
        self.codes.iter().any(|(_, alive, ours)| *alive && *ours)
    }

    fn end(&mut self, id: &str) -> usize {
        let at: usize = id.rsplit(['/', '_']).next().and_then(|n| n.parse().ok()).expect("an id of ours");
        self.codes[at].1 = false;
        at
    }

    fn make(&mut self, name: &str, alive: bool) -> usize {
        self.codes.push((name.to_owned(), alive, true));
        self.codes.len() - 1
    }

    fn ask(&mut self, line: &str, request: &Request) -> (u16, bool, Value) {
        match line {
            SHOPIFY => (200, false, self.shopify(&serde_json::from_str(&request.body).unwrap())),
            WOOCOMMERCE => self.woocommerce(request),
            _ => self.stripe(request),
        }
    }

    fn shopify(&mut self, question: &Value) -> Value {
        let status = |alive: bool| if alive { "ACTIVE" } else { "EXPIRED" };
        let node = |at: usize, (_, alive, _): &(String, bool, bool)| {
            json!({"id": format!("gid://shopify/DiscountCodeNode/{at}"), "codeDiscount": {"status": status(*alive),
                "endsAt": "2026-04-17T21:00:00Z", "usageLimit": 1, "customerGets": {"value": {"percentage": 0.15}}}})
        };
        let variables = &question["variables"];
        if let Some(id) = variables["id"].as_str() {
            let at = self.end(id);
            return json!({"data": {"made": {"codeDiscountNode": node(at, &self.codes[at]), "userErrors": []}}});
        }
        let name = variables["code"].as_str().or(variables["discount"]["code"].as_str()).unwrap();
        let known = self.codes.iter().position(|(known, ..)| known == name);
        if variables["code"].is_string() {
            let found = known.map_or(Value::Null, |at| node(at, &self.codes[at]));
            return json!({"data": {"shop": {"currencyCode": "EUR"}, "codeDiscountNodeByCode": found}});
        }
        if known.is_some() {
            return json!({"data": {"made": {"codeDiscountNode": null, "userErrors": [{"code": "TAKEN"}]}}});
        }
        let alive = variables["discount"]["endsAt"].as_str().unwrap() > "2026";
        let at = self.make(name, alive);
        json!({"data": {"made": {"codeDiscountNode": node(at, &self.codes[at]), "userErrors": []}}})
    }

    fn woocommerce(&mut self, request: &Request) -> (u16, bool, Value) {
        let coupon = |at: usize, (name, alive, _): &(String, bool, bool)| {
            let end = if *alive { "2026-04-17T20:59:59" } else { "2000-01-01T00:00:00" };
            json!({"id": format!("_{at}"), "code": name.to_lowercase(), "amount": "15.00", "discount_type": "percent",
                "status": "publish", "usage_limit": 1, "minimum_amount": "0.00", "free_shipping": false,
                "date_expires_gmt": end, "meta_data": [{"key": "_winback", "value": name}]})
        };
        let wanted: Value = serde_json::from_str(&request.body).unwrap_or_default();
        match request.method {
            "GET" => {
                let found = self.codes.iter().enumerate().map(|(at, code)| coupon(at, code));
                (200, false, Value::Array(found.collect()))
            }
            "PUT" => {
                let at = self.end(&request.url);
                (200, false, coupon(at, &self.codes[at]))
            }
            _ if !self.codes.is_empty() => (400, false, json!({"code": "woocommerce_rest_coupon_code_already_exists"})),
            _ => {
                let alive = wanted["date_expires"].as_str().unwrap() > "2026";
                let at = self.make(wanted["code"].as_str().unwrap(), alive);
                (201, false, coupon(at, &self.codes[at]))
            }
        }
    }

    fn stripe(&mut self, request: &Request) -> (u16, bool, Value) {
        let key = request.headers.iter().find(|(name, _)| *name == "idempotency-key").map(|(_, key)| key.clone());
        if let Some((question, status, answer)) = key.as_ref().and_then(|key| self.said.get(key)) {
            return if *question == request.body {
                (*status, true, answer.clone())
            } else {
                (
                    400,
                    false,
                    json!({"error": {"type": "idempotency_error", "message": "Keys for idempotent requests …"}}),
                )
            };
        }
        let (status, answer) = match key {
            Some(_) if self.fails => (500, json!({"error": {"type": "api_error"}})),
            _ => self.promotion(request),
        };
        if let Some(key) = key {
            self.said.insert(key, (request.body.clone(), status, answer.clone()));
        }
        (status, false, answer)
    }

    fn promotion(&mut self, request: &Request) -> (u16, Value) {
        let promotion = |at: usize, (name, alive, _): &(String, bool, bool)| {
            json!({"id": format!("promo_{at}"), "code": name, "active": alive, "metadata": {"winback": name},
                "promotion": {"coupon": "winback-15-percent"}, "max_redemptions": 1, "expires_at": 1_776_459_600_i64})
        };
        let field = |name: &str| {
            let fields = request.body.split('&').filter_map(|field| field.split_once('='));
            fields.clone().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        let path = request.url.split_once("/v1/").unwrap().1;
        match (request.method, path.strip_prefix("promotion_codes").map(|rest| rest.split_at(rest.len().min(1)))) {
            (_, None) => (200, json!({"id": field("id").unwrap()})),
            ("GET", Some(("/", id))) => {
                let at: usize = id.trim_start_matches("promo_").parse().unwrap();
                (200, promotion(at, &self.codes[at]))
            }
            ("GET", _) => {
                let found = self.codes.iter().enumerate().map(|(at, code)| promotion(at, code));
                (200, json!({"data": found.collect::<Vec<_>>()}))
            }
            (_, Some(("/", id))) => {
                let at = self.end(id);
                (200, promotion(at, &self.codes[at]))
            }
            _ if self.lives() => (400, json!({"error": {"message": "An active promotion code … already exists."}})),
            _ => {
                let at = self.make(&field("code").unwrap(), field("active").is_none());
                (200, promotion(at, &self.codes[at]))
            }
        }
    }
}

/// A conversation: where it stands, and what it asks next.
#[derive(Clone)]
enum Talk<T> {
    Asks(T, Request),
    Over(Result<Made, Trouble>),
}

impl<T: Clone> Talk<T> {
    fn go_on(&self, line: &str, shop: &mut Shop, hear: impl Fn(&mut T, Response<'_>) -> Step) -> Self {
        let Self::Asks(talk, request) = self else { return self.clone() };
        let (status, replayed, answer) = shop.ask(line, request);
        let (mut talk, body) = (talk.clone(), answer.to_string());
        match hear(&mut talk, Response { status, replayed, body: body.as_bytes(), ..Response::default() }) {
            Step::Ask(next) => Self::Asks(talk, next),
            Step::Done(made) => Self::Over(Ok(made)),
            Step::Failed(trouble) => Self::Over(Err(trouble)),
        }
    }
}

fn withdraws(line: &str) -> Talk<Withdrawing> {
    let (talk, first) = Withdrawing::begin(&Access::parse(line).unwrap(), &code(), None);
    Talk::Asks(talk, first)
}

/// Goes every way from here. Answers how many ends there are.
fn every_way(line: &str, shop: &Shop, maker: &Talk<Making>, ender: &Talk<Withdrawing>, tries: u32) -> usize {
    let mut ends = 0;
    if let Talk::Over(ended) = ender {
        match ended {
            // Asked again by the next look.
            Err(Trouble::Later { .. }) if tries > 0 => {
                ends += every_way(line, shop, maker, &withdraws(line), tries - 1);
            }
            Err(trouble) => panic!("{line}: {trouble}"),
            Ok(_) => {
                // The maker's question arrives when all is over, and whether it hears the answer or not:
                let (mut shop, mut maker) = (shop.clone(), maker.clone());
                assert!(!shop.lives(), "{line}: withdrawn, and alive");
                while matches!(maker, Talk::Asks(..)) {
                    maker = maker.go_on(line, &mut shop, Making::hear);
                    assert!(!shop.lives(), "{line}: it came to life afterwards");
                    ends += 1;
                }
                return ends + 1;
            }
        }
    } else {
        let mut after = shop.clone();
        let next = ender.go_on(line, &mut after, Withdrawing::hear);
        ends += every_way(line, &after, maker, &next, tries);
        if tries > 0 {
            // It dies, its question arrives, and another look begins again.
            ends += every_way(line, &after, maker, &withdraws(line), tries - 1);
        }
    }
    if matches!(maker, Talk::Asks(..)) {
        let mut after = shop.clone();
        let next = maker.go_on(line, &mut after, Making::hear);
        ends += every_way(line, &after, &next, ender, tries);
    }
    ends
}

fn makes(line: &str) -> Talk<Making> {
    let (access, code, gives) = (Access::parse(line).unwrap(), code(), Gives::PercentOff(15));
    let (from, until) = ("2026-04-13T21:00:00Z".parse().unwrap(), "2026-04-17T20:59:59Z".parse().unwrap());
    let wanted =
        Wanted { code: &code, gives: &gives, minimum_order: None, from, until, uses: 1, title: "x", email: None };
    let (talk, first) = Making::begin(&access, &wanted).unwrap();
    Talk::Asks(talk, first)
}

#[test]
fn in_whichever_order_they_meet_nothing_of_ours_lives_in_the_end() {
    for line in [SHOPIFY, WOOCOMMERCE, STRIPE] {
        let ends = every_way(line, &Shop::default(), &makes(line), &withdraws(line), 2);
        assert!(ends > 20, "{line}: {ends}");
    }
}

#[test]
fn what_was_never_made_is_made_dead_and_cannot_be_made_any_more() {
    for line in [SHOPIFY, WOOCOMMERCE, STRIPE] {
        let (mut shop, mut ender, mut maker) = (Shop::default(), withdraws(line), makes(line));
        while matches!(ender, Talk::Asks(..)) {
            ender = ender.go_on(line, &mut shop, Withdrawing::hear);
        }
        assert_eq!((shop.codes.len(), shop.lives()), (1, false), "{line}: kept dead");
        while matches!(maker, Talk::Asks(..)) {
            maker = maker.go_on(line, &mut shop, Making::hear);
        }
        assert!(matches!(maker, Talk::Over(Err(Trouble::Dead))), "{line}");
    }
}

#[test]
fn a_code_at_which_stripe_failed_is_as_good_as_dead() {
    let mut shop = Shop { fails: true, ..Shop::default() };
    let mut maker = makes(STRIPE);
    while matches!(maker, Talk::Asks(..)) {
        maker = maker.go_on(STRIPE, &mut shop, Making::hear);
    }
    assert!(matches!(maker, Talk::Over(Err(Trouble::Later { .. }))));
    shop.fails = false;
    let mut maker = makes(STRIPE);
    while matches!(maker, Talk::Asks(..)) {
        maker = maker.go_on(STRIPE, &mut shop, Making::hear);
    }
    assert!(matches!(maker, Talk::Over(Err(Trouble::Spoilt))));
    let ends = every_way(STRIPE, &shop, &makes(STRIPE), &withdraws(STRIPE), 1);
    assert!(ends > 10, "{ends}");
}

#[test]
fn a_name_of_somebody_elses_is_let_alone() {
    let theirs = json!([{"id": 7, "code": code().as_str(), "meta_data": []}]).to_string();
    let (mut leaving, _) = Withdrawing::begin(&Access::parse(WOOCOMMERCE).unwrap(), &code(), None);
    let said = Response { status: 200, body: theirs.as_bytes(), ..Response::default() };
    assert_eq!(leaving.hear(said), Step::Done(Made::default()));
}
