//! What can happen to a customer. Stores tell us in JSON (see [`wire`]); inside, everything is valid.

pub mod schema;
pub mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::money::Money;
use crate::shop::Language;
use crate::webhook::Platform;

/// One thing that happened, to one customer of one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When: what the store claims, but never later than we received it. Whole seconds.
    pub at: Timestamp,
    /// Whom it happened to, where the event says so (a refund names only its order).
    #[serde(default, skip_serializing_if = "Who::is_nobody")]
    pub who: Who,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// How a store names a customer. At least one of these where a customer is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The store's own id for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Address>,
    /// Orders that a wish about somebody's data names: whoever we know behind each of them is meant as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
}

impl Who {
    /// Nobody is named.
    pub fn is_nobody(&self) -> bool {
        self.customer_id.is_none() && self.email.is_none() && self.orders.is_empty()
    }
}

/// What a store can tell us, and what we notice ourselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// An order in its present state; the same order may come again with other totals.
    OrderPlaced {
        /// The order.
        order: PlacedOrder,
        /// What the order says of its customer.
        #[serde(default)]
        profile: Profile,
    },
    /// Something about an order is new, and its store says no more than that: whoever takes this asks the store's API.
    OrderChanged {
        /// Where to ask.
        platform: Platform,
        /// The platform's id of the order.
        order_id: String,
    },
    /// How much of an order has been refunded.
    OrderRefunded {
        /// The store's id of the order.
        order_id: String,
        /// So far, in all; or, where it has an id, in this one refund.
        refunded: Money,
        /// The store's id of the refund, where it tells of each by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<String>,
    },
    /// The order is off, until its store says something later.
    OrderCancelled {
        /// The store's id of the order.
        order_id: String,
    },
    /// The customer changed what we know of them. Consent in it is explicit, not a checkout box.
    CustomerUpdated {
        /// What they said.
        profile: Profile,
    },
    /// The customer has another address now. The event's `who` names the old one, or the id.
    EmailChanged {
        /// The new one.
        new_email: Address,
    },
    /// Somebody who has not bought yet.
    LeadCreated {
        /// What they said.
        profile: Profile,
    },
    /// They do not want mail. Yields only to a later explicit opt-in.
    Unsubscribed,
    /// They want to be forgotten.
    Erased,
    /// They want to know what is known of them. Nothing is learned by it.
    DataRequested,
    /// They brought somebody.
    Referred,
    /// They were there: a visit, a log-in.
    ActivityRecorded {
        /// The store's word for it.
        kind: String,
    },
    /// They complained to the shop.
    ComplaintOpened,
    /// The shop made it good.
    ComplaintResolved,
    /// A subscription began.
    SubscriptionStarted,
    /// A subscription ended.
    SubscriptionEnded {
        /// Why, in the store's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Their mailbox refused our mail for good. We notice this ourselves; `who` names the address it was sent to.
    Bounced,
    /// They called our mail spam. We notice this ourselves.
    MarkedSpam,
    /// The store took us out: it mails nobody any more. About no customer.
    StoreLeft,
    /// The store wants everything of all its customers forgotten. About no customer.
    StoreErased,
}

/// An order as its store sees it at the time of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// The store's id of it.
    pub order_id: String,
    /// When it was placed; never later than we heard of it. Noon where only the day is known; the event is then of the
    /// start of that day.
    pub placed_at: Timestamp,
    /// What was paid. Zero is an order too.
    pub total: Money,
    /// Codes used in it, as typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount_codes: Vec<String>,
}

/// What an event says about a person. What is missing is unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// One line, without control characters; may hold anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Whether mail is welcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing_consent: Option<bool>,
}

impl Event {
    /// When it happened: an order is as old as the day it was placed, however late its store speaks of it.
    pub fn happened(&self) -> Timestamp {
        match &self.what {
            What::OrderPlaced { order, .. } => order.placed_at.min(self.at),
            _ => self.at,
        }
    }
}

impl What {
    /// The order it is about, if it is about one.
    pub fn order_id(&self) -> Option<&str> {
        match self {
            Self::OrderPlaced { order, .. } => Some(&order.order_id),
            Self::OrderRefunded { order_id, .. } | Self::OrderCancelled { order_id } => Some(order_id),
            _ => None,
        }
    }

    /// Whether it tells anything of a customer that is to be remembered; other events only ask for something to be done.
    pub fn is_learned(&self) -> bool {
        !matches!(self, Self::OrderChanged { .. } | Self::DataRequested | Self::StoreLeft | Self::StoreErased)
    }

    /// The name of it for counters and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "order.placed",
            Self::OrderChanged { .. } => "order.changed",
            Self::OrderRefunded { .. } => "order.refunded",
            Self::OrderCancelled { .. } => "order.cancelled",
            Self::CustomerUpdated { .. } => "customer.updated",
            Self::EmailChanged { .. } => "customer.email_changed",
            Self::LeadCreated { .. } => "lead.created",
            Self::Unsubscribed => "customer.unsubscribed",
            Self::Erased => "customer.erased",
            Self::Referred => "customer.referred",
            Self::ActivityRecorded { .. } => "activity.recorded",
            Self::ComplaintOpened => "complaint.opened",
            Self::ComplaintResolved => "complaint.resolved",
            Self::SubscriptionStarted => "subscription.started",
            Self::SubscriptionEnded { .. } => "subscription.ended",
            Self::Bounced => "mail.bounced",
            Self::MarkedSpam => "mail.marked_spam",
            Self::DataRequested => "customer.data_requested",
            Self::StoreLeft => "store.left",
            Self::StoreErased => "store.erased",
        }
    }
}
