//! Terraform on a copy of the module, with its providers from a folder where the registry is out of reach.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a folder of providers may lie, besides `TF_PLUGIN_DIR`.
const ROOTS: [&str; 4] = ["/opt", "/usr/local", "/root", "/home"];
/// How deep below those roots it is looked for.
const DEPTH: u32 = 4;

/// A copy of the module, ready to be tested.
pub struct Terraform {
    dir: PathBuf,
}

impl Terraform {
    /// A copy of the module with its providers. Nothing where there is no Terraform at all: Rust and a C compiler are
    /// enough for everything else here. With `WINBACK_TERRAFORM=required` that is a failure.
    pub fn prepare() -> Option<Self> {
        if Command::new("terraform").arg("version").output().is_err() {
            let required = std::env::var("WINBACK_TERRAFORM").is_ok_and(|wish| wish == "required");
            assert!(!required, "terraform is not installed, and WINBACK_TERRAFORM=required wants it");
            println!("NOT TESTED: terraform is not installed");
            return None;
        }
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("terraform-{}", std::process::id()));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/terraform"), &dir.join("module"));
        let terraform = Self { dir };
        let plugins = std::env::var_os("TF_PLUGIN_DIR").map(PathBuf::from).or_else(found);
        let from = plugins.as_ref().map(|plugins| format!("-plugin-dir={}", plugins.display()));
        let mut arguments = vec!["init", "-backend=false", "-input=false", "-no-color"];
        arguments.extend(from.as_deref());
        if let Err(said) = terraform.try_run(&arguments) {
            let help = "no providers: the Terraform registry cannot be reached and no folder `tf-plugins` holds them. \
                        Name one in TF_PLUGIN_DIR (a folder as `terraform providers mirror` makes it)";
            panic!("{help}; looked in {plugins:?} and below {ROOTS:?}.\n{said}");
        }
        Some(terraform)
    }

    /// Runs a command in the copy; it must succeed. Answers what it said.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|said| panic!("terraform {arguments:?}:\n{said}"))
    }

    fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(self.dir.join("module")).env("TF_DATA_DIR", self.dir.join("data"));
        // No account is meant, whatever this machine knows of one.
        command.env("TF_IN_AUTOMATION", "1").env_remove("AWS_PROFILE").env_remove("AWS_ACCESS_KEY_ID");
        let output = command.output().expect("terraform starts");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        if output.status.success() { Ok(said) } else { Err(said) }
    }
}

impl Drop for Terraform {
    fn drop(&mut self) {
        // It lies in the target folder: left over it does no harm.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The first folder of providers that lies around.
fn found() -> Option<PathBuf> {
    ROOTS.iter().find_map(|root| below(Path::new(root), DEPTH))
}

fn below(dir: &Path, depth: u32) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let named = folders.iter().find(|folder| folder.ends_with("tf-plugins")).cloned();
    named.or_else(|| folders.iter().filter(|_| depth > 1).find_map(|folder| below(folder, depth - 1)))
}

/// Copies what is tracked of the module; what Terraform left there stays there.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder is made");
    for entry in std::fs::read_dir(from).expect("the module is there") {
        let entry = entry.expect("an entry");
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type().expect("it has a type").is_dir() {
            if name != ".terraform" {
                copy(&entry.path(), &target);
            }
        } else if name != ".terraform.lock.hcl" {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
