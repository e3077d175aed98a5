//! The alarms that listen to logs: what they listen for is said, in these very words, by code that the function runs.

use crate::house::tree::{code, rust_below};

const METRICS: &str = include_str!("../../../infra/terraform/metrics.tf");

/// What a metric filter listens for.
#[derive(Debug)]
struct Listens<'a> {
    function: &'a str,
    words: &'a str,
    /// The line's field whose value is the metric's; nothing where lines are counted.
    field: Option<&'a str>,
}

fn listening() -> Vec<Listens<'static>> {
    let value = |line: &'static str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name} = \""))?;
        Some(rest.split_once('"')?.0)
    };
    let lines = METRICS.lines().map(str::trim).filter(|line| line.contains("{ log = \""));
    let listens = lines.map(|line| Listens {
        function: value(line, "log").expect("a log"),
        words: value(line, "message").expect("words"),
        field: value(line, "value").and_then(|value| value.strip_prefix("$.fields.")),
    });
    listens.collect()
}

/// Every log line of these folders, as it is written: from `tracing::` to the end of the call.
fn lines(folders: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for file in folders.iter().flat_map(|folder| rust_below(folder)) {
        let text: String = code(&file).map(|(_, line)| format!("{line}\n")).collect();
        let calls = text.split("tracing::").skip(1).filter_map(|rest| rest.split_once(");"));
        lines.extend(calls.map(|(call, _)| call.trim_end().to_owned()));
    }
    lines
}

#[test]
fn every_alarm_listens_for_words_that_its_function_says() {
    let listening = listening();
    assert!(listening.len() >= 6, "{listening:?}");
    for Listens { function, words, field } in listening {
        let said = lines(&[&format!("functions/{function}/src"), "shared/cloud/src"]);
        let quoted = format!("\"{words}\"");
        let heard: Vec<&String> = said.iter().filter(|line| line.ends_with(&quoted)).collect();
        assert!(!heard.is_empty(), "{function} never says {words:?}");
        for (line, field) in heard.iter().zip(field.into_iter().cycle()) {
            assert!(line.contains(field), "{words:?} comes without {field}: {line}");
        }
    }
}
