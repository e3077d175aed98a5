//! Makes the sample shop's orders: `cargo run -p winback --example sample-orders > shared/programs/shop/orders.csv`.
//!
//! Three hundred readers of a small bookshop over eighteen months. Nothing is random: every choice is a hash of whose it
//! is and what it is about, so the same readers order the same books every time. What is believable about them:
//! many order once or a few times and stop, some have a rhythm of their own, December is nearly twice a usual month,
//! most orders fall into the evening, two thirds agreed to mail, a few took a no back or said one later.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const FIRST_DAY: Date = date(2025, 1, 1);
const DAYS: u32 = 546;
const READERS: u32 = 300;

const FIRST_NAMES: [&str; 40] = [
    "Aino", "Anna", "Antti", "Bo", "Clara", "Daniel", "Eero", "Elena", "Elsa", "Emil", "Eva", "Frida", "Hanna",
    "Heikki", "Helmi", "Ida", "Ilja", "Jari", "Johanna", "Juho", "Kaisa", "Karin", "Katja", "Lauri", "Leena", "Linnea",
    "Maria", "Markus", "Matti", "Mika", "Minna", "Nadja", "Niko", "Olga", "Oskar", "Petra", "Riikka", "Sami", "Sofia",
    "Ville",
];
const LAST_NAMES: [&str; 32] = [
    "Ahola",
    "Berg",
    "Blom",
    "Eklund",
    "Forsman",
    "Granlund",
    "Hakala",
    "Heikkinen",
    "Ivanova",
    "Jansson",
    "Jokinen",
    "Karlsson",
    "Kettunen",
    "Koskinen",
    "Laine",
    "Lehto",
    "Lind",
    "Mattila",
    "Niemi",
    "Nyman",
    "O'Brien",
    "Palmu",
    "Petrova",
    "Rantanen",
    "Rautio",
    "Saari",
    "Salonen",
    "Sandell",
    "Toivonen",
    "Virtanen",
    "Wallin",
    "Ylönen",
];
/// What books cost, in cents.
const PRICES: [u64; 8] = [690, 990, 1290, 1490, 1890, 2290, 2490, 3290];
/// Codes of other shops and of old posters: nothing of ours.
const STRANGE_CODES: [&str; 5] = ["BOOKFAIR25", "WELCOME10", "FRIENDS", "SUMMER-READS", "NOEL24"];

/// What a reader does with the shop.
#[derive(Clone, Copy)]
enum Habit {
    /// One order.
    Once,
    /// A few orders within some weeks or months, and no more.
    Spell { orders: u32, every: u32 },
    /// Goes on for as long as we know, so many days apart.
    Regular { every: u32 },
    /// Presents, once a year.
    December,
}

struct Order {
    at: Timestamp,
    reader: u32,
    cents: u64,
    code: Option<&'static str>,
}

/// A number below `below` that belongs to a question about somebody: the same every time.
fn draw(question: &str, whose: u64, below: u32) -> u32 {
    // FNV-1a, then a finish that mixes the high bits down: good enough for a bookshop.
    let bytes = question.bytes().chain(whose.to_le_bytes());
    let mut hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 29;
    u32::try_from(hash % u64::from(below.max(1))).unwrap_or(0)
}

fn habit(reader: u32) -> Habit {
    let whose = u64::from(reader);
    match draw("habit", whose, 100) {
        0..38 => Habit::Once,
        38..68 => Habit::Spell { orders: 2 + draw("orders", whose, 5), every: 12 + draw("every", whose, 45) },
        68..92 => Habit::Regular { every: 18 + draw("every", whose, 62) },
        _ => Habit::December,
    }
}

/// The days a reader orders on, counted from the first.
fn days(reader: u32) -> Vec<u32> {
    let whose = u64::from(reader);
    let first = draw("first day", whose, DAYS - 20);
    let mut found = Vec::new();
    match habit(reader) {
        Habit::Once => found.push(first),
        Habit::Spell { orders, every } => rhythm(reader, first, every, orders, &mut found),
        Habit::Regular { every } => rhythm(reader, draw("first day", whose, 200), every, u32::MAX, &mut found),
        Habit::December => found.push(334 + draw("present", whose, 21)),
    }
    // Before Christmas also those come who had stopped.
    let season = 330 + draw("season", whose, 22);
    if found.first().is_some_and(|first| *first < 300) && draw("christmas", whose, 100) < 24 {
        found.push(season);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn rhythm(reader: u32, first: u32, every: u32, orders: u32, found: &mut Vec<u32>) {
    let (mut day, mut count) = (first, 0);
    while day < DAYS && count < orders {
        found.push(day);
        count += 1;
        // Nobody is on time: between two thirds of their rhythm and a third more.
        let whose = (u64::from(reader) << 32) | u64::from(count);
        day += (every * 2 / 3 + draw("late", whose, every * 2 / 3 + 1)).max(3);
    }
}

fn orders() -> Vec<Order> {
    let helsinki = TimeZone::get("Europe/Helsinki").expect("the zone is in the database");
    let mut all = Vec::new();
    for reader in 0..READERS {
        for day in days(reader) {
            let whose = (u64::from(reader) << 32) | u64::from(day);
            // Evenings, mostly.
            let hour = [8, 10, 12, 13, 16, 18, 19, 20, 20, 21, 21, 22][draw("hour", whose, 12) as usize];
            let minute = i8::try_from(draw("minute", whose, 60)).unwrap_or(0);
            let date = FIRST_DAY.saturating_add(i64::from(day).days());
            let at = date.at(hour, minute, 0, 0).to_zoned(helsinki.clone()).expect("within the calendar").timestamp();
            // One to five books.
            let books = 1 + draw("books", whose, 3) + draw("more books", whose, 3);
            let price = |book| PRICES[draw("price", (whose << 3) | book, 8) as usize];
            let mut cents: u64 = (0..u64::from(books)).map(price).sum();
            if draw("gift", whose, 120) == 0 {
                cents = 0;
            }
            let code = (draw("code", whose, 14) == 0).then(|| STRANGE_CODES[draw("which code", whose, 5) as usize]);
            all.push(Order { at, reader, cents, code });
        }
    }
    all.sort_by_key(|order| (order.at, order.reader));
    all
}

fn name(reader: u32) -> (String, String) {
    let first = FIRST_NAMES[(reader * 7 % 40) as usize];
    let last = LAST_NAMES[((reader / 40 * 5 + reader * 11) % 32) as usize];
    let plain: String = format!("{first}.{last}").to_lowercase().replace('\'', "").replace('ö', "o").replace('ä', "a");
    (format!("{first} {last}"), format!("{plain}{reader}@reader.example"))
}

fn consent(reader: u32, nth: u32) -> &'static str {
    let whose = u64::from(reader);
    match draw("consent", whose, 100) {
        0..62 => "yes",
        // A box left as it is says nothing; they said yes once.
        62..72 => ["yes", ""][nth.min(1) as usize],
        // They thought better of it.
        72..76 => ["yes", "no"][nth.min(1) as usize],
        76..80 => ["no", "yes"][nth.min(1) as usize],
        80..96 => "no",
        _ => "",
    }
}

/// The whole file.
fn file() -> String {
    let mut text = "order_id,email,placed_at,total,currency,name,language,consent,discount_code\n".to_owned();
    let mut nth = vec![0_u32; READERS as usize];
    for (number, order) in orders().into_iter().enumerate() {
        let whose = u64::from(order.reader);
        let (name, email) = name(order.reader);
        // Some never gave a name.
        let name = if draw("nameless", whose, 9) == 0 { String::new() } else { name };
        let language = ["en", "en", "fi", "fi", "sv", "ru", ""][draw("language", whose, 7) as usize];
        let count = &mut nth[order.reader as usize];
        text.push_str(&format!(
            "B-{},{email},{},{}.{:02},EUR,{name},{language},{},{}\n",
            10_001 + number,
            order.at,
            order.cents / 100,
            order.cents % 100,
            consent(order.reader, *count),
            order.code.unwrap_or_default()
        ));
        *count += 1;
    }
    text
}

fn main() {
    print!("{}", file());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_orders_in_the_repository_are_these() {
        assert!(super::file() == include_str!("../../../shared/programs/shop/orders.csv"), "make them again");
    }

    #[test]
    fn no_two_readers_share_an_address() {
        let all: std::collections::BTreeSet<String> = (0..super::READERS).map(|reader| super::name(reader).1).collect();
        assert_eq!(all.len(), super::READERS as usize);
    }
}
