//! The JSON Schemas of the files, for editors: made from the same types that read them.

use schemars::generate::SchemaSettings;

use super::raw::{ProgramFile, ShopFile};

/// The schema of `shop.yaml`, as the file `schemas/shop.json`.
pub fn shop() -> String {
    text::<ShopFile>()
}

/// The schema of `program.yaml` and `programs/<name>.yaml`, as the file `schemas/program.json`.
pub fn program() -> String {
    text::<ProgramFile>()
}

fn text<T: schemars::JsonSchema>() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is made of JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares, and where they differ writes the file anew: run once more and commit it.
    fn fresh(name: &str, kept: &str, made: &str) {
        if kept != made {
            let path = format!("{}/schemas/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(&path, made).expect("the schema can be written");
            panic!("schemas/{name} was out of date and has been written anew");
        }
    }

    #[test]
    fn the_schemas_on_file_are_those_of_the_types() {
        fresh("shop.json", include_str!("../../schemas/shop.json"), &shop());
        fresh("program.json", include_str!("../../schemas/program.json"), &program());
    }
}
