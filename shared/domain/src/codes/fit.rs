//! Who makes a program's codes good, and which offers it can honour.

use serde::{Deserialize, Serialize};

use crate::money::stripe::to_stripe;
use crate::offer::Gives;

/// Who makes a program's codes good: one per program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// We do: a till or a checkout asks our own `/redeem`.
    #[default]
    Winback,
    /// The shop did, before it handed them to us: a pool of codes that its own checkout takes.
    Pool,
    /// Shopify.
    Shopify,
    /// WooCommerce.
    WooCommerce,
    /// Stripe.
    Stripe,
}

impl Authority {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Winback, Self::Pool, Self::Shopify, Self::WooCommerce, Self::Stripe];

    /// Its name in files, secrets and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Winback => "winback",
            Self::Pool => "pool",
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
            Self::Stripe => "stripe",
        }
    }

    /// Whether it is asked, by its API, to make each code good.
    pub fn is_asked(self) -> bool {
        matches!(self, Self::Shopify | Self::WooCommerce | Self::Stripe)
    }

    /// The authority of a name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|authority| authority.word() == word)
    }
}

/// How an offer and an authority go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The code does it all.
    Native,
    /// No code can: a person of the shop is told and does it.
    ByHand,
    /// Neither, and why: a sentence for the shop.
    Refused(&'static str),
}

/// The table.
///
/// - `/redeem` says what a code gives to whoever asks, and they give it: everything fits.
/// - What a pool's codes give, how often and until when, the shop said where it made them.
/// - Shopify's store credit is no code: it lies in an account of a customer, is there at once and stays there when the
///   offer is over (`storeCreditAccountCredit`, docs "Store credit"). A person can put it there when the customer comes.
/// - WooCommerce has no store credit without a plugin. Its free shipping holds where the shop's free shipping method
///   "requires a coupon"; the API does not say whether it does.
/// - Stripe's credit balance pays invoices and no checkout; its promotion codes take from the price of goods alone.
pub fn fit(authority: Authority, gives: &Gives) -> Fit {
    match (authority, gives) {
        (Authority::Stripe, Gives::AmountOff(money)) if to_stripe(*money).is_none() => {
            Fit::Refused("Stripe does not count this currency so finely: round the amount.")
        }
        (Authority::Winback | Authority::Pool, _)
        | (_, Gives::AmountOff(_) | Gives::PercentOff(_))
        | (Authority::Shopify | Authority::WooCommerce, Gives::FreeShipping) => Fit::Native,
        (Authority::Stripe, Gives::FreeShipping) => {
            Fit::Refused("A promotion code of Stripe takes nothing off the shipping: offer an amount off.")
        }
        (Authority::Shopify, Gives::Credit(_)) | (_, Gives::Thing(_)) => Fit::ByHand,
        (Authority::WooCommerce, Gives::Credit(_)) => {
            Fit::Refused("WooCommerce has no store credit of its own: offer an amount off.")
        }
        (Authority::Stripe, Gives::Credit(_)) => {
            Fit::Refused("Stripe keeps credit for invoices and not for a checkout: offer an amount off.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};

    #[test]
    fn every_offer_meets_every_store() {
        let ten = Money::parse("10", Currency::parse("EUR").unwrap()).unwrap();
        let thing = Gives::Thing("free gift".to_owned());
        let offers = [Gives::AmountOff(ten), Gives::PercentOff(15), Gives::Credit(ten), Gives::FreeShipping, thing];
        let mut table = String::new();
        for gives in &offers {
            let cells = Authority::ALL.map(|authority| match fit(authority, gives) {
                Fit::Native => "native",
                Fit::ByHand => "by hand",
                Fit::Refused(_) => "refused",
            });
            let cells = cells.map(|cell| format!("{cell:7}")).join(" | ");
            table += &format!("{:13} | {cells}\n", gives.kind());
        }
        let expected = "\
amount_off    | native  | native  | native  | native  | native \n\
percent_off   | native  | native  | native  | native  | native \n\
credit        | native  | native  | by hand | refused | refused\n\
free_shipping | native  | native  | native  | native  | refused\n\
thing         | native  | native  | by hand | by hand | by hand\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn a_refusal_is_a_sentence_for_the_shop() {
        let ariary = Money::parse("1.50", Currency::parse("MGA").unwrap()).unwrap();
        for gives in [Gives::AmountOff(ariary), Gives::FreeShipping, Gives::Credit(ariary)] {
            let Fit::Refused(why) = fit(Authority::Stripe, &gives) else { panic!("{gives}") };
            assert!(why.ends_with('.') && why.contains("Stripe"), "{why}");
        }
    }

    #[test]
    fn an_authority_is_found_by_its_word() {
        for authority in Authority::ALL {
            assert_eq!(Authority::named(authority.word()), Some(authority));
        }
        assert_eq!(Authority::named("own"), None);
    }
}
