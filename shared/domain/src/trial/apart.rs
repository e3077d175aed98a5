//! A history cut into parts that know nothing of each other, so that a trial can play them side by side and put what
//! came of it together again.

use std::collections::BTreeMap;

use crate::event::{Event, What};
use crate::ids::Code;

/// Cuts events into at most so many parts (at least 1), each in the order that they came in.
///
/// Where no limit is shared between customers, only what ties their events together is: an address, the store's id of
/// a customer, an order that is told of twice. Tied events stay together, so everybody's mails are the same as if all
/// had been played at once. A code in somebody's order may be one that another got, and whose it is nobody knows before
/// the trial: then there is one part.
pub fn apart(events: Vec<Event>, most: usize) -> Vec<Vec<Event>> {
    if most < 2 || events.is_empty() || events.iter().any(names_a_code) {
        return vec![events];
    }
    let mut groups = Groups::default();
    let places: Vec<usize> = events.iter().map(|event| groups.place(event)).collect();
    let mut parts: Vec<Vec<Event>> = Vec::new();
    let mut part_of = BTreeMap::new();
    for (event, place) in events.into_iter().zip(places) {
        let next = part_of.len() % most;
        let part = *part_of.entry(groups.head(place)).or_insert(next);
        if part == parts.len() {
            parts.push(Vec::new());
        }
        parts[part].push(event);
    }
    parts
}

fn names_a_code(event: &Event) -> bool {
    let What::OrderPlaced { order, .. } = &event.what else { return false };
    order.discount_codes.iter().any(|typed| Code::read(typed).is_some())
}

/// What ties events together.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    Address(String),
    Customer(String),
    Order(String),
}

/// Events that are tied together, by way of others too.
#[derive(Debug, Default)]
struct Groups {
    known: BTreeMap<Tie, usize>,
    /// Of each place the one it leads to; the head of a group leads to itself.
    leads_to: Vec<usize>,
}

impl Groups {
    /// The place of an event; it ties together all that it names.
    fn place(&mut self, event: &Event) -> usize {
        let address = event.who.email.iter().map(|address| Tie::Address(address.as_str().to_owned()));
        let customer = event.who.customer_id.iter().cloned().map(Tie::Customer);
        let order = event.what.order_id().map(|id| Tie::Order(id.to_owned()));
        let own = self.leads_to.len();
        self.leads_to.push(own);
        for tie in address.chain(customer).chain(order) {
            let (known, here) = (*self.known.entry(tie).or_insert(own), self.head(own));
            let there = self.head(known);
            self.leads_to[here.max(there)] = here.min(there);
        }
        own
    }

    fn head(&self, mut place: usize) -> usize {
        while self.leads_to[place] != place {
            place = self.leads_to[place];
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{PlacedOrder, Profile, Who};
    use crate::money::{Currency, Money};

    fn order(id: &str, email: &str, code: Option<&str>) -> Event {
        let at = "2026-04-01T10:00:00Z".parse().unwrap();
        let total = Money { minor: 4_500, currency: Currency::parse("EUR").unwrap() };
        let discount_codes = code.into_iter().map(ToOwned::to_owned).collect();
        let order = PlacedOrder { order_id: id.to_owned(), placed_at: at, total, discount_codes };
        let who = Who { email: Some(email.parse().unwrap()), ..Who::default() };
        Event { at, who, what: What::OrderPlaced { order, profile: Profile::default() } }
    }

    fn ids(events: &[Vec<Event>]) -> Vec<Vec<&str>> {
        events.iter().map(|part| part.iter().filter_map(|event| event.what.order_id()).collect()).collect()
    }

    #[test]
    fn what_is_tied_together_stays_together() {
        let (anna, ben, cleo, dora) =
            ("anna@shop.example", "ben@shop.example", "cleo@shop.example", "dora@shop.example");
        let told = [("A", anna), ("B", ben), ("C", cleo), ("D", anna), ("E", dora), ("B", cleo)];
        let events: Vec<Event> = told.iter().map(|(id, email)| order(id, email, Some("SUMMER"))).collect();
        assert_eq!(ids(&apart(events.clone(), 1)), [["A", "B", "C", "D", "E", "B"]]);
        // Ben and Cleo are one by way of an order that was told of both.
        assert_eq!(ids(&apart(events.clone(), 2)), [vec!["A", "D", "E"], vec!["B", "C", "B"]]);
        assert_eq!(ids(&apart(events, 4)), [vec!["A", "D"], vec!["B", "C", "B"], vec!["E"]]);
        assert_eq!(ids(&apart(Vec::new(), 4)), [[""; 0]]);
    }

    #[test]
    fn a_code_that_may_be_ours_keeps_everybody_together() {
        let events = vec![order("A", "anna@shop.example", None), order("B", "ben@shop.example", Some("7k2m-9qx4-pd"))];
        assert_eq!(ids(&apart(events, 2)), [["A", "B"]]);
    }
}
