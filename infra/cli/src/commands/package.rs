//! `winback package`: what is deployed, as files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{Done, packages};

/// No package should be larger, in bytes: it is fetched and unpacked before a function's first answer.
const LARGE: u64 = 5_000_000;

/// Build the functions' packages, and the shops' folders as a layer
///
/// Run it in a clone of the repository. On Linux it builds every function for this machine's own architecture with plain
/// cargo, packs each as FUNCTION.zip with the binary `bootstrap` in it, and writes their checksums to SHA256SUMS. The
/// same sources give the same bytes, whenever and in whatever folder they are built by the same compiler.
///
/// For Graviton, on a machine that has the target, build with cargo-lambda into a folder of its own and pack what it made:
///
///   AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo lambda build --profile lambda --arm64 --lambda-dir target/graviton &&
///   winback package --binaries target/graviton --out packages
#[derive(Debug, Args)]
pub struct Package {
    /// Where the packages go; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "packages")]
    out: PathBuf,
    /// Shops' folders, one per store and named like it: packed as the layer programs.zip
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Pack binaries that were built elsewhere: DIR/FUNCTION/bootstrap
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
    /// Pack the layer of programs alone
    #[arg(long, requires = "programs", conflicts_with = "binaries")]
    programs_only: bool,
}

impl Package {
    /// Runs it.
    pub fn run(self) -> Result<Done> {
        std::fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        let mut made = Vec::new();
        if let Some(dir) = &self.programs {
            made.push(packages::programs(dir, &self.out)?);
        }
        if !self.programs_only {
            for (name, binary) in self.binaries()? {
                made.push(packages::function(&name, &binary, &self.out)?);
            }
        }
        made.sort_by(|one, other| one.name.cmp(&other.name));
        let file = self.out.join("SHA256SUMS");
        // What was not made now keeps its line.
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        let others =
            known.lines().filter(|line| made.iter().all(|package| !line.ends_with(&format!("  {}", package.name))));
        let mut lines: Vec<String> = others.map(str::to_owned).collect();
        println!("{:<22} {:>9} {:>9}  SHA-256", "package", "unpacked", "zip");
        for package in &made {
            let (unpacked, zip) = (megabytes(package.unpacked), megabytes(package.zip));
            println!("{:<22} {unpacked:>9} {zip:>9}  {}", package.name, &package.sha256[..16]);
            lines.push(format!("{}  {}", package.sha256, package.name));
        }
        lines.sort_by(|one, other| one.split("  ").last().cmp(&other.split("  ").last()));
        std::fs::write(&file, lines.join("\n") + "\n").with_context(|| file.display().to_string())?;
        for package in made.iter().filter(|package| package.zip > LARGE) {
            eprintln!("{} is larger than {}: its first answer takes longer", package.name, megabytes(LARGE));
        }
        Ok(Done::Whole)
    }

    /// The functions' binaries by name.
    fn binaries(&self) -> Result<Vec<(String, PathBuf)>> {
        let workspace = workspace()?;
        let names = functions(&workspace)?;
        let built = |name: &String| match &self.binaries {
            Some(dir) => dir.join(name).join("bootstrap"),
            None => workspace.join("target/lambda").join(name),
        };
        let found = names.iter().map(|name| (name.clone(), built(name))).collect();
        if self.binaries.is_none() {
            build(&workspace, &names)?;
        }
        Ok(found)
    }
}

/// The folder of the workspace that this is run in.
fn workspace() -> Result<PathBuf> {
    let output = cargo().args(["locate-project", "--workspace", "--message-format=plain"]).output();
    let output = output.context("cargo cannot be started; it is what builds the functions")?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let workspace = Path::new(&path).parent().map(Path::to_owned).unwrap_or_default();
    if !output.status.success() || !workspace.join("functions/send-message").is_dir() {
        bail!(
            "this is no clone of Winback's repository: run it there, with --binaries too: the functions' names are read there"
        );
    }
    Ok(workspace)
}

/// The functions there are, by the folders they have.
fn functions(workspace: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(workspace.join("functions"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds them all at once: by themselves, so that they get the features they ask for and no others.
fn build(workspace: &Path, names: &[String]) -> Result<()> {
    let target = workspace.join("target");
    let mut command = cargo();
    command.current_dir(workspace).args(["build", "--profile", "lambda", "--locked", "--target-dir"]).arg(&target);
    for name in names {
        command.args(["-p", name]);
    }
    // Where this machine keeps its sources is nobody's business, and would make other bytes elsewhere.
    let (home, sysroot) = (cargo_home(), rustc(&["--print", "sysroot"])?);
    let places = [(workspace.display().to_string(), "/winback"), (home, "/cargo"), (sysroot, "/rust")];
    let flags: Vec<String> = places.iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect();
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")).env_remove("RUSTFLAGS");
    let maps: Vec<String> = places.iter().map(|(from, to)| format!("-ffile-prefix-map={from}={to}")).collect();
    command.env("CFLAGS", maps.join(" "));
    // The library for TLS would gather entropy from the jitter of the processor's clock, for 30 to 70 ms of every cold
    // start. It has the kernel's and the processor's own without.
    command.env("AWS_LC_SYS_NO_JITTER_ENTROPY", "1");
    let status = command.status().context("cargo cannot be started")?;
    if !status.success() {
        bail!("the functions do not build");
    }
    Ok(())
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn cargo_home() -> String {
    let home = std::env::var("CARGO_HOME").ok();
    home.unwrap_or_else(|| format!("{}/.cargo", std::env::var("HOME").unwrap_or_default()))
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output().context("rustc cannot be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn megabytes(bytes: u64) -> String {
    // Hundredths of a megabyte, rounded.
    let hundredths = (bytes + 5_000) / 10_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_those_that_have_a_folder() {
        let names = functions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
        assert!(names.contains(&"send-message".to_owned()) && names.contains(&"import-orders".to_owned()), "{names:?}");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(megabytes(4_994_999), "4.99 MB");
        assert_eq!(megabytes(4_995_000), "5.00 MB");
        assert_eq!(megabytes(12_345_678), "12.35 MB");
    }
}
