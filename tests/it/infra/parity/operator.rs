//! An operator's command finds a stack of the template as it finds one of the module.

use serde_json::{Map, Value, json};

use super::template::Template;
use super::text;
use crate::operate::world::{STORE, World, configuration};

/// Everything it needs to know stands in the functions' environment, and they are called by the prefix.
#[tokio::test]
async fn a_store_is_added_to_a_stack_of_the_template() {
    let world = World::new().await;
    let template = Template::with(&[("SecretsPrefix", "/shop/winback")]);
    for (name, function) in template.named("AWS::Serverless::Function", "FunctionName") {
        let variables = function.properties["Environment"]["Variables"].as_object().expect("variables");
        let told = variables.iter().map(|(variable, value)| {
            // The tables behind this stack's address are called without its prefix.
            let (value, table) = (text(value), variable.ends_with("_TABLE"));
            let value = if table { value.trim_start_matches("winback-") } else { &value };
            (variable.clone(), json!(value))
        });
        let told: Map<String, Value> = told.collect();
        world.control.change(&configuration(&name), |known| known["Environment"]["Variables"] = json!(told));
    }
    let said = world.winback(&["store", "add", STORE]).await.well();
    assert!(said.contains("Wrote the webhook secret of books to /shop/winback/stores/books/webhook-secrets"), "{said}");
    for name in ["keys/lookup", "keys/link", "keys/code", "stores/books/webhook-secrets"] {
        assert!(world.secret(&format!("/shop/winback/{name}")).await.is_some(), "no {name}");
    }
}
