//! The files as they are written: every key, what it needs, and the sentence an editor shows for it.
//!
//! From this one list come the reader, the lengths garde holds, and the JSON Schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::field::{FromNode, Named, Text, one_line};
use super::mapping::mapping;
use super::node::{Content, Node};
use super::phrase::{Days, MailsADay, PerMonth, Percent, Phrase, ReturnWindow};
use super::problem::Problems;
use super::value::{Choice, Chosen, Count, Version};
use crate::codes::Authority;
use crate::money::Money;
use crate::offer::Gives;
use crate::program::{Bound, ComplaintIs, Goal, Lapsed, Runs, Send, Status};
use crate::shop::{FrequencyCap, Kind, QuietHours};

mapping! {
    /// shop.yaml: one per shop, shared by all its programs.
    ShopFile "the file shop.yaml"
    needs {
        /// The version of this format.
        version: Version, "write version: 1 as the first line";
        /// The name customers know.
        #[garde(length(chars, min = 1, max = 100), custom(one_line))]
        shop: Text, "write the name customers know, such as shop: Example Books";
        /// What kind of trade it is, which decides the deadlines that work: online 2-3 days, outlet 2-5, expensive 5-15.
        kind: Chosen<Kind>, "write kind: online, kind: outlet or kind: expensive";
        /// Where a letter's button leads; {code} stands for the customer's code.
        #[garde(length(chars, min = 1, max = 500), custom(one_line))]
        #[schemars(example = &"https://shop.example/discount/{code}")]
        open_with_code: Text, "write where the button leads: open_with_code: \"https://shop.example/discount/{code}\"";
        /// The zone in which all days, times and deadlines are told.
        #[schemars(example = &"Europe/Helsinki")]
        time_zone: Text, "write the shop's zone, such as time_zone: Europe/Helsinki";
        /// What all amounts are in: three letters of ISO 4217.
        #[schemars(example = &"EUR")]
        currency: Text, "write three letters, such as currency: EUR";
        /// The languages the letters exist in; the first is used when the customer's is not known. Quote "no".
        #[garde(length(min = 1, max = 40))]
        languages: Vec<Text>, "write languages: [en], or all your letters exist in";
        /// Who the letters come from.
        sender: SenderFile, "every letter names its sender: name, email and postal_address";
        /// The share of customers never mailed: the yardstick for what came back because of the letters.
        holdout: Phrase<Percent>, "write holdout: 10 %: without customers who get no letters nobody can tell what the letters did";
    }
    may have {
        /// Limits over all programs together.
        limits: LimitsFile;
    }
    later {}
}

mapping! {
    /// Who the letters come from.
    SenderFile "the sender"
    needs {
        /// The name shown before the address.
        #[garde(length(chars, min = 1, max = 100), custom(one_line))]
        #[schemars(example = &"Anna from Example Books")]
        name: Text, "write the name customers see, such as name: Anna from Example Books";
        /// The address letters come from; its domain must be verified with SES.
        #[schemars(example = &"anna@shop.example")]
        email: Text, "write the address letters come from, such as email: anna@shop.example";
        /// The postal address at the foot of every letter.
        #[garde(length(chars, min = 1, max = 300))]
        #[schemars(example = &"Example Street 1, 00100 Helsinki")]
        postal_address: Text, "every letter must carry a postal address: postal_address: \"Example Street 1, 00100 Helsinki\"";
    }
    may have {}
    later {}
}

mapping! {
    /// Limits over all programs together.
    LimitsFile "the limits"
    needs {}
    may have {
        /// The most one customer gets.
        per_customer: Phrase<FrequencyCap>;
        /// The most that leave in a day: the best customers first, the others wait.
        per_day: Phrase<MailsADay>;
        /// No new offers once redeemed discounts reach this in a calendar month.
        discounts: Phrase<PerMonth>;
        /// When nobody is written to.
        quiet_hours: Phrase<QuietHours>;
    }
    later {}
}

mapping! {
    /// program.yaml, or programs/NAME.yaml: whom the shop wins back, and how.
    ProgramFile "the file of a program"
    needs {
        /// The version of this format.
        version: Version, "write version: 1 as the first line";
        /// Its name. Renaming a program starts it anew for everybody.
        #[garde(length(chars, min = 1, max = 60), custom(one_line))]
        #[schemars(example = &"We miss you")]
        name: Text, "write a name for reports, such as name: We miss you";
        /// The silence that makes a customer lapsed.
        lapsed: Phrase<Lapsed>, "write when a customer counts as lapsed: lapsed: 90 days without an order";
        /// The attempts, in order, until the goal is reached.
        #[garde(length(min = 1, max = 50))]
        rounds: Vec<RoundFile>, "write at least one round with one step and its mail";
    }
    may have {
        /// draft decides and shows; live mails. A new program is a draft.
        status: Chosen<Status>;
        /// What counts as won back. Without it: an order.
        goal: Chosen<Goal>;
        /// At every new silence, or once in a customer's life. Without it: always.
        runs: Chosen<Runs>;
        /// Whom it means among the lapsed. Without it: everybody.
        audience: ConditionFile;
        /// Who makes its codes good: winback (a till or checkout asks our /redeem), pool (the shop did, and handed them to us), or the store itself. Without it: winback.
        codes: Chosen<Authority>;
        /// Offers by name, for the steps to use.
        offers: Named<OfferFile>;
        /// What holds after the last letter.
        afterwards: AfterwardsFile;
        /// A larger share to hold out than the shop's.
        holdout: Phrase<Percent>;
    }
    later {}
}

mapping! {
    /// One condition on a customer.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
    ConditionFile "a condition"
    needs {}
    may have {
        /// All of these hold.
        #[garde(length(min = 1, max = 50))]
        all: Vec<ConditionFile>;
        /// At least one of these holds.
        #[garde(length(min = 1, max = 50))]
        any: Vec<ConditionFile>;
        /// This does not hold.
        not: Box<ConditionFile>;
        /// How many orders, cancelled and refunded ones left out.
        orders: Phrase<Bound<u32>>;
        /// What was paid and not refunded, in all.
        spent: Phrase<Bound<Money>>;
        /// What was paid, divided by the number of orders.
        average_order: Phrase<Bound<Money>>;
        /// Where their latest complaint stands.
        complaint: Chosen<ComplaintIs>;
        /// The language they read.
        language: Text;
        /// How many others they brought.
        referred: Phrase<Bound<u32>>;
        /// Why they ended the subscription, word for word as the store says it.
        #[garde(length(chars, min = 1, max = 200))]
        reason: Text;
    }
    later { "best" }
}

mapping! {
    /// What a customer is offered.
    OfferFile "an offer"
    needs {
        /// What the customer gets.
        gives: Phrase<Gives>, "write what the customer gets, such as gives: 10 EUR off";
        /// How long: to the end of the last day, shop time, counted from the day after the letter.
        valid: Phrase<Days>, "an offer always has a deadline: valid: 3 days";
    }
    may have {
        /// The least an order must come to.
        minimum_order: Phrase<Money>;
        /// How many orders may use the code. Without it: one.
        uses: Count;
        /// How many there are. Without it: as many as wanted.
        stock: Count;
    }
    later {} with at
}

mapping! {
    /// One attempt: a letter and its follow-ups.
    RoundFile "a round"
    needs {
        /// The letters, in order.
        #[garde(length(min = 1, max = 20))]
        steps: Vec<StepFile>, "write the round's letters: steps, with a list of mails";
    }
    may have {
        /// Days after the previous round began. The first round has none.
        wait: Phrase<Days>;
    }
    later {} with at
}

mapping! {
    /// One letter.
    StepFile "a step"
    needs {
        /// The folder under mails/.
        #[garde(length(chars, min = 1, max = 60), custom(one_line))]
        #[schemars(example = &"we-miss-you")]
        mail: Text, "write which letter to send: mail, with the name of a folder under mails/";
    }
    may have {
        /// When it leaves. Without it: as soon as it is due, outside of quiet hours.
        send: Phrase<Send>;
        /// The name of an offer, or an offer written in place. Without it: news only.
        offer: OfferHere;
    }
    later { "arms" }
}

mapping! {
    /// What holds after the last letter.
    AfterwardsFile "what comes afterwards"
    needs {}
    may have {
        /// How long before a new silence counts. Without it: at once.
        rest: Phrase<Days>;
        /// The most offers one customer ever gets from this program.
        offers_in_a_lifetime: Count;
        /// Which orders count as won back. Without it: order within 30 days of a mail.
        counts_as_return: Phrase<ReturnWindow>;
    }
    later {}
}

/// The offer of a step: a name, or an offer written in place.
#[derive(Debug)]
pub(super) enum OfferHere {
    /// The name of one under `offers`.
    Name(Text),
    /// Written in place.
    InPlace(Box<OfferFile>),
}

impl FromNode for OfferHere {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.content, Content::Mapping(_)) {
            return FromNode::from_node(node, problems).map(Self::InPlace);
        }
        Text::from_node(node, problems).map(Self::Name)
    }
}

impl JsonSchema for OfferHere {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OfferHere".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let offer = generator.subschema_for::<OfferFile>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, offer] })
    }
}

impl Choice for Kind {
    const ALL: &'static [(&'static str, Self)] =
        &[("online", Self::Online), ("outlet", Self::Outlet), ("expensive", Self::Expensive)];
}

impl Choice for Status {
    const ALL: &'static [(&'static str, Self)] = &[("draft", Self::Draft), ("live", Self::Live)];
}

impl Choice for Goal {
    const ALL: &'static [(&'static str, Self)] =
        &[("order", Self::Order), ("subscription", Self::Subscription), ("activity", Self::Activity)];
}

impl Choice for Authority {
    const ALL: &'static [(&'static str, Self)] = &[
        ("winback", Self::Winback),
        ("pool", Self::Pool),
        ("shopify", Self::Shopify),
        ("woocommerce", Self::WooCommerce),
        ("stripe", Self::Stripe),
    ];
}

impl Choice for Runs {
    const ALL: &'static [(&'static str, Self)] = &[("always", Self::Always), ("once", Self::Once)];
}

impl Choice for ComplaintIs {
    const ALL: &'static [(&'static str, Self)] =
        &[("open", Self::Open), ("resolved", Self::Resolved), ("none", Self::None)];
}
