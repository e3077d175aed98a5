//! After a restore: what the tables of before still know is carried into the restored ones.
//!
//! Tables are restored from a backup to a moment in the past. Since then mails were sent, people said no, were forgotten,
//! bought, redeemed. The tables of before may still be read; but somebody restored for a reason, so they may be damaged:
//! items are missing, values are wrong. And the restored ones may live already. So one rule holds for all:
//!
//! **What keeps a mail back, or remembers one, is believed from either side. What would let a mail go, or says where it
//! goes, is believed from the restored side alone.** A record that the restored side has nothing of is taken whole.
//!
//! That is one function for every kind of item, `carry(restored, old)`, and each is a join: carried twice it changes
//! nothing, and what it joins does not depend on the order.
//!
//! | item | rule |
//! | --- | --- |
//! | customer: `rev`, `stop_rev` | the larger: the ledger's conditions rest on claim numbers, which only rise |
//! | refused, bounced, till, complaint opened | from either. A yes of the old side is believed only where the restored side says no no |
//! | latest word of consent | a no, unless the restored side heard a later yes; a yes of the old side only confirms one |
//! | address, name, language | the restored side's; the old one's address only where it comes with its bounce |
//! | forgotten | a wish of either side; whoever had not heard of it is emptied first. The ledger is scrubbed after that |
//! | journeys | of two episodes the later; of one, the steps of both, the higher end of each; held out if either says so; offers the larger |
//! | mailed | the moments of both, for the frequency cap |
//! | open message | the later claim, and past the fence before not: a `sending` becomes what the lease makes of it. One that the other side has settled is over. A claim of which the old side can tell nothing may have been mailed: it counts as past the fence |
//! | orders: count, sum | not carried: they follow the orders of the ledger. The moments are, since they end a silence |
//! | active, subscription, referred | the later; all |
//! | ends of chains in the ledger, lapsed claims | of both |
//! | alias | where the old side knows two records as one, so does the restored one after that |
//! | order | the later version, the larger refund, cancelled stays; its customer's sums change by the difference |
//! | message | one that was mailed before one that was not, then the later claim; the higher state. One that was claimed and that no open message speaks of any more counts as `unknown` |
//! | code | the uses of both. Dead if either says so, unless its message was mailed |
//! | stock lot | every piece that was taken is taken, every one that was put back is put back |
//! | counters of a day, of a month | the larger |
//! | plan | the old side's too; the number never falls |
//! | store | paused, whatever either side says; ramp, throttle and troubles the later; gaps of both |

mod customer;
mod ledger;
mod store;

pub use customer::{customer, in_doubt, merged, remember};
pub use ledger::{as_far_as_known, coupon, letter_first, message, order, order_first, sums};
pub use store::{BECAUSE, paused, store};

#[cfg(test)]
mod tests;
