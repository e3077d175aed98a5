//! A plan: what a shop's folder says at one moment, numbered. It never changes; the next one has a higher number.

use std::collections::BTreeMap;

use crate::program::Program;
use crate::shop::{Language, Shop};

/// A shop's folder as it is stored: path (with `/`) to text. `shop.yaml`, `program.yaml` or `programs/<name>.yaml`,
/// and `mails/<mail>/<language>/{subject.txt,body.mjml,body.txt}`.
pub type Folder = BTreeMap<String, String>;

/// A folder read and checked, with the number it was activated under.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rises with every activation; every write of `due` is stamped with it.
    pub number: u64,
    /// The shop.
    pub shop: Shop,
    /// Its programs, by the order of their names.
    pub programs: Vec<Program>,
    /// Its letters.
    pub letters: Letters,
}

impl Plan {
    /// A program by its name.
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.name == name)
    }

    /// Whether there are only so many of something it offers: then one customer's piece is another's loss.
    pub fn has_stock(&self) -> bool {
        self.programs.iter().flat_map(|program| program.offers.values()).any(|offer| offer.stock.is_some())
    }
}

/// All letters of a shop, by mail and language.
pub type Letters = BTreeMap<(String, Language), Letter>;

/// The three templates of one letter in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// MJML with minijinja.
    pub body_mjml: String,
    /// Plain text with minijinja: its own template, not a stripped page.
    pub body_text: String,
}
