//! What a shop's files mean, in plain sentences: what an owner reads beside them.

use crate::file::count;
use crate::offer::Offer;
use crate::program::{Program, Round, Runs, Send, Status, StepOffer};
use crate::shop::Shop;

/// What holds over all programs.
pub fn shop(shop: &Shop) -> Vec<String> {
    let limits = &shop.limits;
    let zone = shop.time_zone.iana_name().unwrap_or("UTC");
    let mut said = vec![format!(
        "Letters come from {} <{}>; all times are those of {zone}.",
        shop.sender.name,
        shop.sender.email.as_str()
    )];
    if let Some(cap) = limits.per_customer {
        said.push(format!("Nobody gets more than {} in {}.", count(cap.mails, "mail"), count(cap.days, "day")));
    }
    if let Some(most) = limits.per_day {
        said.push(format!("At most {} leave in a day, the best customers' first.", count(most, "mail")));
    }
    if let Some(most) = limits.discounts_per_month {
        said.push(format!("Once {most} of discounts were used in a month, no new offer is made in it."));
    }
    if let Some(quiet) = limits.quiet_hours {
        let (from, until) = (quiet.from.strftime("%H:%M"), quiet.until.strftime("%H:%M"));
        said.push(format!("Nobody is written to between {from} and {until}."));
    }
    said.push(match shop.holdout.basis_points() {
        0 => "Nobody is held out, so nothing will tell what came back because of the letters.".to_owned(),
        _ => format!(
            "{} of the customers are never mailed: they are the yardstick for what the letters bring.",
            shop.holdout
        ),
    });
    said
}

/// What a program does, from whom it means to what holds after it.
pub fn program(program: &Program) -> Vec<String> {
    let mut said = vec![match program.status {
        Status::Live => "It mails.".to_owned(),
        Status::Draft => "It is a draft: it decides and shows, and mails nobody.".to_owned(),
    }];
    said.push(format!("It means {}.", program.audience));
    let runs = match program.runs {
        Runs::Always => "at every new silence",
        Runs::Once => "once in a customer's life",
    };
    said.push(format!("It begins after {}, {runs}.", program.lapsed));
    said.extend(program.rounds.iter().enumerate().map(|(index, one)| round(program, index, one)));
    let after = program.afterwards;
    if after.rest_days > 0 {
        said.push(format!("After the last letter they are left alone for {}.", count(after.rest_days, "day")));
    }
    if let Some(most) = after.offers_in_a_lifetime {
        said.push(format!("Nobody gets more than {} of it in a lifetime.", count(most, "offer")));
    }
    said.push(format!("An order within {} of a letter counts as a return.", count(after.return_window_days, "day")));
    if let Some(share) = program.holdout {
        said.push(format!("It holds out {share} of its customers."));
    }
    said
}

fn round(program: &Program, index: usize, round: &Round) -> String {
    let when = match index {
        0 => "Round 1".to_owned(),
        _ => format!("Round {}, {} after the one before began", index + 1, count(round.wait_days, "day")),
    };
    let steps = round.steps.iter().map(|step| {
        let sent = match &step.send {
            Send::AnyTime => "as soon as it is due".to_owned(),
            send => send.to_string(),
        };
        let offer = match &step.offer {
            StepOffer::None => " without an offer".to_owned(),
            StepOffer::Inherited => " with the same offer".to_owned(),
            StepOffer::Own(name) => program.offers.get(name).map_or_else(String::new, self::offer),
        };
        format!("{} ({sent}){offer}", step.mail)
    });
    format!("{when}: {}.", steps.collect::<Vec<_>>().join(", then "))
}

fn offer(offer: &Offer) -> String {
    let minimum = offer.minimum_order.map_or_else(String::new, |least| format!(" on orders from {least}"));
    let stock = offer.stock.map_or_else(String::new, |pieces| format!(", {pieces} of them"));
    let uses = if offer.uses == 1 { String::new() } else { format!(", for {} orders", offer.uses) };
    format!(" with {}{minimum}, good for {}{uses}{stock}", offer.gives, count(offer.valid_days, "day"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::plan;

    #[test]
    fn an_owner_reads_what_the_files_mean() {
        let plan = plan();
        let said = program(&plan.programs[0]);
        assert_eq!(said[0], "It mails.");
        assert_eq!(said[1], "It means at least 1 order and not (an open complaint).");
        assert_eq!(said[2], "It begins after 90 days without an order, at every new silence.");
        assert_eq!(
            said[3],
            "Round 1: letter (Tue-Thu 09:00) with 10.00 EUR off, good for 3 days, then letter (24 hours before the \
             deadline) with the same offer."
        );
        assert_eq!(said[4], "Round 2, 30 days after the one before began: letter (Tue-Thu 09:00) without an offer.");
        assert_eq!(said[5], "After the last letter they are left alone for 180 days.");
        let said = shop(&plan.shop);
        assert!(said.contains(&"Nobody gets more than 2 mails in 7 days.".to_owned()), "{said:?}");
        assert!(said.contains(&"Nobody is written to between 20:00 and 08:00.".to_owned()), "{said:?}");
    }
}
