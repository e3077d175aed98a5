//! The operator's book and the READMEs: what they point at is there.

use super::tree::{self, File};

/// Fewer links were not found, they were not looked for.
const AT_LEAST: usize = 60;
/// So many are in the module's table of secrets.
const SECRETS: usize = 6;

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let ours = |path: &str| path == "README.md" || path.starts_with("infra/") && path.ends_with(".md");
    let pages: Vec<File> = tree::all().into_iter().filter(|file| ours(&file.path)).collect();
    let (mut looked, mut broken) = (0, Vec::new());
    for page in &pages {
        for (number, link) in links(&page.text) {
            looked += 1;
            if !leads(page, &link) {
                broken.push(format!("{}:{number}: {link}", page.path));
            }
        }
    }
    assert!(looked >= AT_LEAST, "only {looked} links were seen");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What a large import takes is computed with as many lanes as it has.
#[test]
fn an_imports_figures_are_those_of_its_lanes() {
    let part = tree::read("functions/import-orders/src/part.rs").text;
    let lanes = part.lines().find_map(|line| line.strip_prefix("const LANES: usize = ")?.strip_suffix(';'));
    let lanes = lanes.expect("part.rs says how many lanes there are");
    let page = tree::read("infra/operations/import.md").text;
    let said = [(", ", " orders side by side in a part"), ("R × t / ", " × 1 GB"), ("`import_concurrency × ", " / t`")];
    for (before, after) in said {
        let said = format!("{before}{lanes}{after}");
        assert!(page.contains(&said), "import.md does not say {said:?}");
    }
}

/// Whoever has to change a secret finds a row that says what it is, and a section that says how.
#[test]
fn every_secret_of_the_module_can_be_changed_by_the_book() {
    let module = tree::read("infra/terraform/README.md").text;
    let lines = module.lines().map(str::trim_start);
    let rows = lines.filter_map(|line| line.strip_prefix("| `<secrets_prefix>/")?.split_once('`'));
    let secrets: Vec<&str> = rows.map(|(secret, _)| secret).collect();
    assert!(secrets.len() >= SECRETS, "only {secrets:?} were seen");
    let page = tree::read("infra/operations/rotation.md").text;
    for secret in secrets {
        assert!(page.contains(&format!("\n| `{secret}` |")), "rotation.md has no row of {secret}");
        let section = page.lines().filter_map(|line| line.strip_prefix("## ")).any(|line| line.starts_with(secret));
        assert!(section, "rotation.md does not say how {secret} is changed");
    }
}

/// The links to files of ours, with the numbers of their lines. What stands in code is no link.
fn links(page: &str) -> Vec<(usize, String)> {
    let (mut inside, mut found) = (false, Vec::new());
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            let prose: String = line.split('`').step_by(2).collect();
            let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            let targets = targets.map(|(target, _)| target.to_owned()).filter(|target| !target.contains(':'));
            found.extend(targets.map(|target| (index + 1, target)));
        }
    }
    found
}

fn leads(page: &File, link: &str) -> bool {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { page.path.clone() } else { beside(&page.path, path) };
    if !tree::is_there(&target) {
        return false;
    }
    anchor.is_empty() || tree::read(&target).text.lines().filter_map(heading).any(|known| known == anchor)
}

/// A path as a page writes it, from the root.
fn beside(page: &str, path: &str) -> String {
    let mut steps: Vec<&str> = page.split('/').collect();
    steps.pop();
    for step in path.split('/').filter(|step| !step.is_empty() && *step != ".") {
        if step == ".." {
            steps.pop();
        } else {
            steps.push(step);
        }
    }
    steps.join("/")
}

/// What a heading is linked to by: lower case, hyphens for spaces, nothing else but letters and digits.
fn heading(line: &str) -> Option<String> {
    let words = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = words.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
}

#[test]
fn a_broken_link_is_found() {
    let page = File { path: "infra/sam/README.md".to_owned(), text: String::new() };
    assert!(leads(&page, "../terraform") && leads(&page, "../operations/README.md#first-deployment"));
    assert!(!leads(&page, "../operations/nowhere.md") && !leads(&page, "../operations/README.md#nowhere"));
    let seen = links("[a](b.md) and `[no](link)`\n```sh\n[c](d)\n```\n[e](https://f) ![g](h.png)");
    assert_eq!(seen, [(1, "b.md".to_owned()), (5, "h.png".to_owned())]);
}
