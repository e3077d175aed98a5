//! Who needs whom, as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The crates of the workspace, and all they bring along.
pub struct Crates {
    metadata: Value,
    names: BTreeMap<String, String>,
}

impl Crates {
    /// Asks cargo. Nothing is downloaded that the lock file does not name.
    pub fn read() -> Self {
        let said = cargo(&["metadata", "--format-version", "1", "--locked"]);
        let metadata: Value = serde_json::from_str(&said).expect("cargo writes JSON");
        let packages = metadata["packages"].as_array().expect("packages");
        let named = packages.iter().map(|package| (text(&package["id"]), text(&package["name"])));
        let names = named.collect();
        Self { metadata, names }
    }

    /// The crates of the workspace.
    pub fn members(&self) -> BTreeSet<String> {
        let ids = self.metadata["workspace_members"].as_array().expect("members");
        ids.iter().map(|id| self.names[&text(id)].clone()).collect()
    }

    /// The crates of the workspace below a folder.
    pub fn in_folder(&self, folder: &str) -> BTreeSet<String> {
        let members = self.members();
        let packages = self.metadata["packages"].as_array().expect("packages").iter();
        let inside = packages.filter(|package| text(&package["manifest_path"]).contains(&format!("/{folder}/")));
        inside.map(|package| text(&package["name"])).filter(|name| members.contains(name)).collect()
    }

    /// What a crate's Cargo.toml lists, its tests' needs left out.
    pub fn needs(&self, name: &str) -> BTreeSet<String> {
        let mut packages = self.metadata["packages"].as_array().expect("packages").iter();
        let package = packages.find(|package| package["name"] == name).expect("the crate is there");
        let listed = package["dependencies"].as_array().expect("dependencies").iter();
        listed.filter(|needed| needed["kind"] != "dev").map(|needed| text(&needed["name"])).collect()
    }

    /// A crate imports none of ours but these.
    pub fn ours_only(&self, name: &str, allowed: &[&str]) {
        let members = self.members();
        let ours: Vec<String> = self.needs(name).into_iter().filter(|needed| members.contains(needed)).collect();
        assert!(ours.iter().all(|known| allowed.contains(&known.as_str())), "{name} imports {ours:?}");
    }

    /// All that a crate brings along, by whatever way, its tests' needs left out.
    pub fn closure(&self, name: &str) -> BTreeSet<String> {
        let nodes = self.metadata["resolve"]["nodes"].as_array().expect("nodes").iter();
        let nodes: BTreeMap<String, &Value> = nodes.map(|node| (text(&node["id"]), node)).collect();
        let members = self.metadata["workspace_members"].as_array().expect("members").iter().map(text);
        let mut open: Vec<String> = members.filter(|id| self.names[id] == name).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            for needed in nodes[&id]["deps"].as_array().expect("deps") {
                let mut kinds = needed["dep_kinds"].as_array().expect("kinds").iter();
                let package = text(&needed["pkg"]);
                if kinds.any(|kind| kind["kind"] != "dev") && seen.insert(package.clone()) {
                    open.push(package);
                }
            }
        }
        seen.iter().map(|id| self.names[id].clone()).collect()
    }
}

/// Every package that something of ours is built with, tests too, on whatever machine. Unlike the metadata this leaves out
/// what only a feature that nobody chose would bring.
pub fn built() -> BTreeSet<String> {
    let edges = ["--edges", "normal,build,dev", "--target", "all"];
    let shape = ["--prefix", "none", "--format", "{p}", "--locked"];
    let said = cargo(&[&["tree", "--workspace"], &edges[..], &shape[..]].concat());
    let names: BTreeSet<String> =
        said.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.len() > 100, "cargo tree told of {names:?}");
    names
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes text")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
