//! The workflow that turns a tag into a release. Nobody runs it here, so what it promises is read.

use serde_json::Value;

use super::tree;

/// As Lambda's provided.al2023: what is built on something newer asks for a glibc that is not there.
const IMAGE: &str = "public.ecr.aws/amazonlinux/amazonlinux:2023";

fn workflow() -> Value {
    // Not YAML 1.1: there the key `on` would be a yes.
    let options = serde_saphyr::options! { strict_booleans: true };
    let text = tree::read(".github/workflows/release.yml").text;
    serde_saphyr::from_str_with_options(&text, options).unwrap_or_else(|error| panic!("release.yml: {error}"))
}

/// What the steps of a job run, in their order.
fn runs(job: &Value) -> Vec<&str> {
    job["steps"].as_array().expect("steps").iter().filter_map(|step| step["run"].as_str()).collect()
}

#[test]
fn a_release_is_built_by_the_compiler_and_the_libc_it_says() {
    let (workflow, root) = (workflow(), tree::read("Cargo.toml").text);
    let toolchain = workflow["env"]["RUSTUP_TOOLCHAIN"].as_str().expect("a toolchain");
    assert!(root.contains(&format!("rust-version = \"{toolchain}\"")), "{toolchain} is not the workspace's");
    let job = &workflow["jobs"]["packages"];
    assert_eq!(job["container"], IMAGE);
    let steps = runs(job);
    let installed = steps.iter().position(|run| run.contains("--default-toolchain \"$RUSTUP_TOOLCHAIN\""));
    let built = steps.iter().position(|run| run.contains("cargo build --locked"));
    assert!(installed.expect("it is installed") < built.expect("and then builds"), "{steps:#?}");
    let built: Vec<&Value> = job["strategy"]["matrix"]["include"].as_array().expect("a matrix").iter().collect();
    let architectures: Vec<&str> = built.iter().filter_map(|entry| entry["architecture"].as_str()).collect();
    assert_eq!(architectures, ["x86_64", "arm64"]);
}

#[test]
fn what_is_released_was_built_twice_and_is_attached_whole() {
    let workflow = workflow();
    let job = &workflow["jobs"]["packages"];
    let steps = runs(job);
    let at = |words: &str| {
        let found = steps.iter().position(|run| run.contains(words));
        found.unwrap_or_else(|| panic!("no step says {words}: {steps:#?}"))
    };
    let (first, again) = (at("target/debug/winback package --out packages"), at("git clone --quiet . again"));
    assert!(steps[again].contains("winback-built package --out packages"), "{}", steps[again]);
    assert!(steps[again].contains("diff packages/SHA256SUMS again/packages/SHA256SUMS"), "{}", steps[again]);
    // The whole folder: every function's zip and SHA256SUMS.
    let packed = at("(cd packages && zip -q -r ../winback-${{ matrix.architecture }}.zip .)");
    assert!(first < again && again < packed, "{steps:#?}");
    assert!(steps[packed].contains("sha256sum winback-${{ matrix.architecture }}.zip"), "{}", steps[packed]);
    let uploads = job["steps"].as_array().expect("steps").iter().filter_map(|step| step["with"]["path"].as_str());
    assert_eq!(uploads.collect::<Vec<_>>(), ["winback-${{ matrix.architecture }}.zip*"]);
    let release = &workflow["jobs"]["release"];
    assert_eq!(release["needs"], "packages");
    let published = runs(release).join("\n");
    assert!(published.contains("gh release create \"$TAG\" winback-*.zip winback-*.sha256"), "{published}");
}

/// The command by which the functions are built for Graviton and packed, in one line: however it is broken, and
/// whatever stands before its lines.
fn recipe(path: &str) -> String {
    let text = tree::read(path).text;
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("///"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).filter(|word| !["\\", "&&"].contains(word)).collect();
    let at = |from: usize, wanted: &str| {
        let found = words[from..].iter().position(|word| *word == wanted);
        from + found.unwrap_or_else(|| panic!("{path} has no {wanted}"))
    };
    let from = at(0, "AWS_LC_SYS_NO_JITTER_ENTROPY=1");
    let to = at(from, "--out") + 1;
    words[from..=to].join(" ")
}

/// Whoever packs for Graviton copies it from one of two places, and gets every function from either.
#[test]
fn the_recipe_for_graviton_is_one_wherever_it_is_read() {
    let told = recipe("infra/cli/src/commands/package.rs");
    assert_eq!(told, recipe("infra/terraform/README.md"));
    for part in ["cargo lambda build --profile lambda --arm64 ", "$(ls functions | sed 's/^/-p /')"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
}
