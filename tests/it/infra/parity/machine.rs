//! The state machine as the module and the template write it, walked with the functions themselves.

use import_orders::Upload;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::store::State;

use super::module::Module;
use super::text;
use crate::faults::world::{World, folder};
use crate::support::{store, uploads};

const ORDERS: &str = "order_id,email,placed_at,total,currency\nA-1,anna@example.com,2025-03-01,45.00,EUR\n";
const STOCK: &str = "article,pieces\nA-1,7\n";

/// What Step Functions does, as far as this machine needs it.
struct Machine {
    states: Value,
    world: World,
    /// Which functions were asked, in order.
    asked: Vec<String>,
}

impl Machine {
    /// An upload's execution: its output, or the error and its cause.
    async fn execute(&mut self, upload: &Upload) -> Result<Value, (String, String)> {
        self.asked.clear();
        let states = self.states.clone();
        let input = json!({"key": upload.key, "etag": upload.etag});
        self.walk(&states, input).await
    }

    async fn walk(&mut self, machine: &Value, input: Value) -> Result<Value, (String, String)> {
        let (mut at, mut input) = (text(&machine["StartAt"]), input);
        loop {
            let state = &machine["States"][&at];
            let output = match text(&state["Type"]).as_str() {
                "Task" => json!({"Payload": self.ask(&filled(&state["Parameters"], &input, &json!(null))).await}),
                "Choice" => {
                    at = chosen(state, &input);
                    continue;
                }
                "Fail" => return Err((text(&state["Error"]), text(&found(&state["CausePath"], &input)))),
                "Map" => {
                    let mut outputs = Vec::new();
                    for item in found(&state["ItemsPath"], &input).as_array().expect("items") {
                        let input = filled(&state["ItemSelector"], &input, item);
                        outputs.push(Box::pin(self.walk(&state["ItemProcessor"], input)).await?);
                    }
                    Value::Array(outputs)
                }
                other => panic!("{at} is a {other}"),
            };
            let output = match state.get("ResultPath") {
                Some(Value::Null) => input,
                None => output,
                Some(other) => panic!("{at} puts its result at {other}"),
            };
            input = state.get("OutputPath").map_or_else(|| output.clone(), |path| found(path, &output));
            if state["End"] == json!(true) {
                return Ok(input);
            }
            at = text(&state["Next"]);
        }
    }

    async fn ask(&mut self, parameters: &Value) -> Value {
        let name = text(&parameters["FunctionName"]);
        let name = name.rsplit(":winback-").next().expect("a name").to_owned();
        self.asked.push(name.clone());
        let event = parameters["Payload"].clone();
        match name.as_str() {
            "import-orders" => self.run(import_orders::handle, event).await,
            "scan-customers" => self.run(scan_customers::handle, event).await,
            other => panic!("nobody imports with {other}"),
        }
    }

    async fn run<E: DeserializeOwned, R: Serialize>(
        &self,
        handle: impl AsyncFn(&Cloud, E, Invocation) -> Result<R, Error>,
        event: Value,
    ) -> Value {
        let place = &self.world.place;
        let event = serde_json::from_value(event).expect("the function reads its event");
        let answer = Box::pin(handle(&place.cloud, event, place.invocation())).await.expect("it answers");
        serde_json::to_value(answer).expect("an answer is JSON")
    }

    async fn upload(&self, name: &str, file: &str) -> Upload {
        uploads::upload(&self.world.place, &self.world.store, name, file).await
    }
}

/// The machine of the module. That the template's is the same is proved beside this.
async fn machine() -> Machine {
    let states = Module::read().local("import_steps");
    Machine { states, world: World::new(&folder()).await, asked: Vec::new() }
}

/// The next state of a choice.
fn chosen(state: &Value, input: &Value) -> String {
    let fits = |choice: &&Value| {
        assert_eq!(choice["IsPresent"], json!(true), "{choice}");
        !found(&choice["Variable"], input).is_null()
    };
    let choice = state["Choices"].as_array().expect("choices").iter().find(fits);
    text(choice.map_or(&state["Default"], |choice| &choice["Next"]))
}

/// What a path leads to; null where nothing is there.
fn found(path: &Value, input: &Value) -> Value {
    let path = text(path);
    let steps = path.strip_prefix('$').expect("a path").split('.').filter(|step| !step.is_empty());
    steps.fold(input.clone(), |value, step| value[step].clone())
}

/// Parameters with their paths followed.
fn filled(template: &Value, input: &Value, item: &Value) -> Value {
    let Some(entries) = template.as_object() else { return template.clone() };
    let entries = entries.iter().map(|(name, value)| match (name.strip_suffix(".$"), value.as_str()) {
        (Some(name), Some("$$.Map.Item.Value")) => (name.to_owned(), item.clone()),
        (Some(name), _) => (name.to_owned(), found(value, input)),
        (None, _) => (name.clone(), filled(value, input, item)),
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

#[tokio::test]
async fn a_history_comes_in_and_its_store_goes_on() {
    let mut machine = machine().await;
    let orders = machine.upload("orders.csv", ORDERS).await;
    let audit = machine.execute(&orders).await.expect("it comes in");
    assert_eq!(audit["customers"], 1);
    assert_eq!(machine.asked, ["import-orders", "import-orders", "import-orders", "scan-customers"]);
}

/// A file of several ranges: each is a step of its own, and a line keeps its number in the file, whichever range it lies in.
#[tokio::test]
async fn a_long_history_comes_in_range_by_range() {
    let mut machine = machine().await;
    let order = |number: u32| format!("A-{number},anna{number}@example.com,2025-03-01,45.00,EUR\n");
    // Orders far apart, and between them notes that somebody left in the file: it is longer than two ranges.
    let notes = format!("{}\n", "a note of the till ".repeat(300)).repeat(400);
    let file = format!(
        "order_id,email,placed_at,total,currency\n{}{notes}{}{notes}{notes}{notes}{}",
        order(1),
        order(2),
        order(3)
    );
    let orders = machine.upload("orders.csv", &file).await;
    let audit = machine.execute(&orders).await.expect("it comes in");
    assert_eq!(audit["customers"], 3);
    let ranges = machine.asked.iter().filter(|function| *function == "import-orders").count() - 2;
    assert!(ranges >= 3, "{:?} of {} bytes", machine.asked, file.len());
    let World { place, .. } = &machine.world;
    let bad = place.overseer.files.read_text(&format!("{}.bad-lines.txt", orders.key)).await.expect("it reads");
    let bad = bad.expect("there are bad lines");
    let numbers: Vec<u32> =
        bad.lines().filter_map(|line| line.strip_prefix("line ")?.split_once(':')?.0.parse().ok()).collect();
    let expected: Vec<u32> = (3..403).chain(404..1604).collect();
    assert_eq!(numbers, expected, "every note, and no order");
}

#[tokio::test]
async fn the_last_of_two_files_is_refused_and_whoever_the_other_brought_is_found_at_once() {
    let mut machine = machine().await;
    let World { place, store } = machine.world.clone();
    let stock = machine.upload("stock.csv", STOCK).await;
    uploads::begins_and_dies(&place, &store, &stock).await;
    let orders = machine.upload("orders.csv", ORDERS).await;
    machine.execute(&orders).await.expect("it comes in");
    let tables = &place.overseer.tables;
    assert_eq!(tables.store(&store).await.unwrap().unwrap().state, State::Importing);

    let (error, cause) = machine.execute(&stock).await.expect_err("no file of orders");
    assert!(error == "Refused" && cause.contains("no column"), "{error}: {cause}");
    assert_eq!(machine.asked, ["import-orders", "scan-customers"]);
    let known = tables.store(&store).await.unwrap().unwrap();
    assert_eq!((known.state, known.imports), (State::Live, None));
    assert!(tables.first_due(&store).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_of_a_store_that_nobody_knows_is_refused_and_nobody_is_looked_at() {
    let mut machine = machine().await;
    let strange = uploads::upload(&machine.world.place, &store("records"), "orders.csv", ORDERS).await;
    let (error, cause) = machine.execute(&strange).await.expect_err("nobody's file");
    assert!(error == "Refused" && cause.contains("records"), "{error}: {cause}");
    assert_eq!(machine.asked, ["import-orders"]);
}
