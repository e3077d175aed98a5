//! The readers of a small bookshop over some eighteen months. Nothing is random: every choice is a hash of whose it is and
//! what it is about, so the same readers order the same books every time. What is believable about them: many order once
//! or a few times and stop, some have a rhythm of their own, December is nearly twice a usual month, most orders fall
//! into the evening, two thirds agreed to mail, a few took a no back or said one later.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The day of the first orders.
pub const FIRST_DAY: Date = date(2025, 1, 1);
/// A year and a half.
pub const DAYS: u32 = 546;

/// How many readers there are, for how long, and what they are like.
#[derive(Clone, Copy, Debug)]
pub struct Bookshop {
    /// Readers who come within [`DAYS`].
    pub readers: u32,
    /// Readers who come in the days after.
    pub later: u32,
    /// Days from the first.
    pub days: u32,
    /// Of a hundred, who orders once.
    pub once: u32,
    /// Of a hundred, who orders once or a few times.
    pub spell: u32,
    /// Of a hundred, who orders once, a few times or with a rhythm of their own. The others come in December.
    pub regular: u32,
    /// Of a hundred, who comes back by themselves, months later.
    pub back: u32,
}

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

/// An order.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub reader: u32,
    /// What was paid.
    pub cents: u64,
    /// A code that is none of ours.
    pub code: Option<&'static str>,
}

/// A number below `below` that belongs to a question about somebody: the same every time.
pub fn draw(question: &str, whose: u64, below: u32) -> u32 {
    // FNV-1a, then a finish that mixes the high bits down: good enough for a bookshop.
    let bytes = question.bytes().chain(whose.to_le_bytes());
    let mut hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 29;
    u32::try_from(hash % u64::from(below.max(1))).unwrap_or(0)
}

impl Bookshop {
    fn habit(self, reader: u32) -> Habit {
        let whose = u64::from(reader);
        match draw("habit", whose, 100) {
            habit if habit < self.once => Habit::Once,
            habit if habit < self.spell => {
                Habit::Spell { orders: 2 + draw("orders", whose, 5), every: 12 + draw("every", whose, 45) }
            }
            habit if habit < self.regular => Habit::Regular { every: 18 + draw("every", whose, 62) },
            _ => Habit::December,
        }
    }

    /// The days a reader orders on, counted from the first.
    fn days(self, reader: u32) -> Vec<u32> {
        let whose = u64::from(reader);
        let late = if reader < self.readers { 0 } else { DAYS + 1 };
        let first = late + draw("first day", whose, if late == 0 { DAYS } else { self.days - late } - 20);
        let mut found = Vec::new();
        match self.habit(reader) {
            Habit::Once => found.push(first),
            Habit::Spell { orders, every } => self.rhythm(reader, first, every, orders, &mut found),
            Habit::Regular { every } => {
                self.rhythm(reader, late + draw("first day", whose, 200), every, u32::MAX, &mut found)
            }
            Habit::December => found.push(late.min(365) + 334 + draw("present", whose, 21)),
        }
        // Some come back by themselves, months after they were last there.
        if let Some(last) = found.last().filter(|_| draw("back", whose, 100) < self.back) {
            found.push(last + 95 + draw("when back", whose, 120));
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

    fn rhythm(self, reader: u32, first: u32, every: u32, orders: u32, found: &mut Vec<u32>) {
        let (mut day, mut count) = (first, 0);
        while day < self.days && count < orders {
            found.push(day);
            count += 1;
            // Nobody is on time: between two thirds of their rhythm and a third more.
            let whose = (u64::from(reader) << 32) | u64::from(count);
            day += (every * 2 / 3 + draw("late", whose, every * 2 / 3 + 1)).max(3);
        }
    }

    /// All orders, by time.
    pub fn orders(self) -> Vec<Order> {
        let helsinki = TimeZone::get("Europe/Helsinki").expect("the zone is in the database");
        let mut all = Vec::new();
        for reader in 0..self.readers + self.later {
            for day in self.days(reader) {
                let whose = (u64::from(reader) << 32) | u64::from(day);
                // Evenings, mostly.
                let hour = [8, 10, 12, 13, 16, 18, 19, 20, 20, 21, 21, 22][draw("hour", whose, 12) as usize];
                let minute = i8::try_from(draw("minute", whose, 60)).unwrap_or(0);
                let date = FIRST_DAY.saturating_add(i64::from(day).days());
                let at =
                    date.at(hour, minute, 0, 0).to_zoned(helsinki.clone()).expect("within the calendar").timestamp();
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
}

/// A reader's name and address.
pub fn name(reader: u32) -> (String, String) {
    let first = FIRST_NAMES[(reader * 7 % 40) as usize];
    let last = LAST_NAMES[((reader / 40 * 5 + reader * 11) % 32) as usize];
    let plain: String = format!("{first}.{last}").to_lowercase().replace('\'', "").replace('ö', "o").replace('ä', "a");
    (format!("{first} {last}"), format!("{plain}{reader}@reader.example"))
}

/// What the box for mail said at a reader's order, the first being 0.
pub fn consent(reader: u32, nth: u32) -> &'static str {
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

/// The name a reader gave; some never did.
pub fn given_name(reader: u32) -> Option<String> {
    (draw("nameless", u64::from(reader), 9) != 0).then(|| name(reader).0)
}

/// What a reader reads, as the shop has it.
pub fn language(reader: u32) -> &'static str {
    ["en", "en", "fi", "fi", "sv", "ru", ""][draw("language", u64::from(reader), 7) as usize]
}
