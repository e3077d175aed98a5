//! The sample shop as it lies in shared/programs/shop, carried in the binary: it can be tried anywhere.

use winback_domain::plan::Folder;

/// A year and a half of its orders; `examples/sample_orders.rs` makes them.
pub const ORDERS: &str = include_str!("../../../shared/programs/shop/orders.csv");

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../shared/programs/shop/", $path)))),*]
    };
}

/// Its folder.
pub fn folder() -> Folder {
    let files = files![
        "shop.yaml",
        "program.yaml",
        "mails/we-miss-you/en/subject.txt",
        "mails/we-miss-you/en/body.mjml",
        "mails/we-miss-you/en/body.txt",
        "mails/last-day/en/subject.txt",
        "mails/last-day/en/body.mjml",
        "mails/last-day/en/body.txt",
        "mails/what-is-new/en/subject.txt",
        "mails/what-is-new/en/body.mjml",
        "mails/what-is-new/en/body.txt",
        "mails/one-more-gift/en/subject.txt",
        "mails/one-more-gift/en/body.mjml",
        "mails/one-more-gift/en/body.txt",
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn nothing_of_the_shop_is_missing() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/programs/shop");
        assert_eq!(super::folder(), winback_cloud::programs::read(&dir).unwrap());
    }
}
