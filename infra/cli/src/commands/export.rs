//! `winback export`: all that is known, as lines of JSON.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use winback_cloud::Cloud;
use winback_cloud::dossier::opened;
use winback_cloud::tables::ledger::Entry;
use winback_domain::event::Who;
use winback_domain::figures::counted;
use winback_domain::ids::StoreId;
use winback_domain::time::whole_seconds;
use winback_local::clock::Turned;

use crate::stack::Where;
use crate::{Done, shop};

/// Write customers, orders, messages and codes as JSON lines
///
/// Into customers.jsonl, orders.jsonl, messages.jsonl and codes.jsonl; each line names its store. The files hold PERSONAL
/// DATA: addresses, names, what people bought and what was written to them. Only whoever runs this may read them (mode
/// 0600); delete them when they have served. Both tables are read whole, page by page, while everything goes on: what is
/// written meanwhile may be in it or not.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    place: Where,
    /// The folder for the files; made if it is not there, and never written into where the files are there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// One store alone
    #[arg(long, value_name = "NAME", value_parser = shop::store_id)]
    store: Option<StoreId>,
    /// One customer alone, by address or by the store's id: everything we hold of them, in customer.json
    #[arg(long, value_name = "WHO", requires = "store")]
    customer: Option<String>,
}

impl Export {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(Turned::real()).await?;
        if let (Some(store), Some(customer)) = (&self.store, &self.customer) {
            let path = one(opened.cloud(), &self.out, store, customer).await?;
            println!("Everything we hold of them is in {}. It is personal data.", path.display());
            return Ok(Done::Whole);
        }
        let Written { customers, orders, messages, codes } =
            export(opened.cloud(), &self.out, self.store.as_ref()).await?;
        println!(
            "{}, {}, {}, {} in {}. They are personal data.",
            counted(customers, "customer"),
            counted(orders, "order"),
            counted(messages, "message"),
            counted(codes, "code"),
            self.out.display()
        );
        Ok(Done::Whole)
    }
}

/// Writes everything we hold of one customer. Nobody known by that name is an answer too.
pub async fn one(cloud: &Cloud, dir: &Path, store: &StoreId, customer: &str) -> Result<PathBuf> {
    let who = match customer.parse() {
        Ok(email) => Who { email: Some(email), ..Who::default() },
        Err(_) => Who { customer_id: Some(customer.to_owned()), ..Who::default() },
    };
    folder(dir).with_context(|| dir.display().to_string())?;
    let dossier = cloud.dossier(store, &who, whole_seconds(cloud.clock.now())).await?;
    let (path, mut file) = own_file(dir, "customer.json")?;
    writeln!(file, "{}", serde_json::to_string_pretty(&dossier)?).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// How many lines each file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Aliases too.
    pub customers: u64,
    /// Orders.
    pub orders: u64,
    /// Messages.
    pub messages: u64,
    /// Codes.
    pub codes: u64,
}

/// Writes it all.
pub async fn export(cloud: &Cloud, dir: &Path, only: Option<&StoreId>) -> Result<Written> {
    folder(dir).with_context(|| dir.display().to_string())?;
    let wanted = |store: &StoreId| only.is_none_or(|only| only == store);
    let mut customers = Lines::new(dir, "customers.jsonl")?;
    let (mut orders, mut messages) = (Lines::new(dir, "orders.jsonl")?, Lines::new(dir, "messages.jsonl")?);
    let mut codes = Lines::new(dir, "codes.jsonl")?;
    let mut from: Option<String> = None;
    loop {
        let page = cloud.tables.scan(0, 1, from.as_deref()).await?;
        for (store, customer) in page.customers.iter().filter(|(store, _)| wanted(store)) {
            customers.add(store, json!({}), opened(customer))?;
        }
        for (store, id, of) in page.aliases.iter().filter(|(store, ..)| wanted(store)) {
            customers.add(store, json!({"id": id}), json!({"alias_of": of}))?;
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    loop {
        let (entries, next) = cloud.tables.ledger(from.as_deref()).await?;
        for entry in entries {
            match entry {
                Entry::Order(store, id, order) if wanted(&store) => {
                    orders.add(&store, json!({"order_id": id}), opened(&order))?
                }
                Entry::Message(store, message) if wanted(&store) => {
                    messages.add(&store, json!({}), opened(&message))?
                }
                Entry::Coupon(store, coupon) if wanted(&store) => codes.add(&store, json!({}), opened(&coupon))?,
                _ => {}
            }
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    Ok(Written {
        customers: customers.close()?,
        orders: orders.close()?,
        messages: messages.close()?,
        codes: codes.close()?,
    })
}

/// A folder for its owner alone, where it is new.
fn folder(dir: &Path) -> std::io::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(dir)
}

/// A new file for its owner alone. One that is there is somebody's, and stays.
fn own_file(dir: &Path, name: &str) -> Result<(PathBuf, File)> {
    let path = dir.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).with_context(|| path.display().to_string())?;
    Ok((path, file))
}

/// A file that grows by lines.
struct Lines {
    file: BufWriter<File>,
    path: PathBuf,
    count: u64,
}

impl Lines {
    fn new(dir: &Path, name: &str) -> Result<Self> {
        let (path, file) = own_file(dir, name)?;
        Ok(Self { file: BufWriter::new(file), path, count: 0 })
    }

    fn add(&mut self, store: &StoreId, key: Value, record: Value) -> Result<()> {
        let mut line = json!({"store": store});
        for part in [key, record] {
            if let (Some(line), Value::Object(part)) = (line.as_object_mut(), part) {
                line.extend(part);
            }
        }
        self.count += 1;
        writeln!(self.file, "{line}").with_context(|| self.path.display().to_string())
    }

    fn close(mut self) -> Result<u64> {
        self.file.flush().with_context(|| self.path.display().to_string())?;
        Ok(self.count)
    }
}
