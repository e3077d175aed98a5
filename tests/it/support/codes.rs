//! Who honours a shop's codes, and the codes that it made itself.

use std::collections::BTreeSet;

use winback_cloud::tables::pool::Pool;
use winback_domain::ids::{Code, StoreId};
use winback_domain::plan::Folder;
use winback_local::place::Place;

use super::edit;

/// The folder, with codes that this honours.
pub fn honoured_by(codes: &str, mut folder: Folder) -> Folder {
    edit(&mut folder, "program.yaml", "offers:\n", &format!("codes: {codes}\noffers:\n"));
    folder
}

/// The folder, with codes that the shop made itself. A gift of which there are so many is no pool's.
pub fn with_pool(stock: u32, folder: Folder) -> Folder {
    let mut folder = honoured_by("pool", folder);
    edit(&mut folder, "program.yaml", &format!(", stock: {stock}"), "");
    folder
}

/// The pool of the sample program's offer.
pub fn pool(store: &StoreId) -> Pool<'_> {
    Pool { store, program: "We miss you", offer: "ten-euro" }
}

/// Puts codes into it. How many are new.
pub async fn fill(place: &Place, store: &StoreId, codes: &[&str]) -> Option<usize> {
    let codes: BTreeSet<Code> = codes.iter().map(|code| Code::parse(code).expect("a code")).collect();
    place.overseer.tables.fill_pool(pool(store), &codes).await.expect("the table answers")
}
