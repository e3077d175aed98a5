//! A language we have no words for: figures that are read the same everywhere.

use jiff::civil::{Date, Time};

use super::Words;
use crate::money::Money;
use crate::offer::Gives;

/// Figures only. `check` warns that a letter's language is written like this.
pub(crate) struct Plain;

impl Words for Plain {
    fn weekday_date(&self, day: Date) -> String {
        day.to_string()
    }

    fn weekday(&self, day: Date) -> String {
        day.to_string()
    }

    fn date(&self, day: Date, _today: Date) -> String {
        day.to_string()
    }

    fn month(&self, day: Date, _today: Date) -> String {
        day.strftime("%Y-%m").to_string()
    }

    fn time(&self, time: Time) -> String {
        time.strftime("%H:%M").to_string()
    }

    fn zone(&self, place: &str) -> String {
        place.to_owned()
    }

    fn money(&self, money: Money) -> String {
        money.to_string()
    }

    fn gives(&self, gives: &Gives) -> String {
        match gives {
            Gives::AmountOff(money) | Gives::Credit(money) => money.to_string(),
            Gives::PercentOff(percent) => format!("{percent} %"),
            Gives::FreeShipping | Gives::Thing(_) => gives.value(),
        }
    }

    fn gives_on_order(&self, gives: &Gives) -> String {
        self.gives(gives)
    }

    fn silence(&self, days: u32) -> String {
        days.to_string()
    }

    fn number(&self, number: u64) -> String {
        number.to_string()
    }

    fn form(&self, number: u64) -> usize {
        usize::from(number != 1)
    }
}
