//! The Terraform module as text, read as far as comparing it wants: literals, lists, objects, `merge`, products, and
//! references to locals, variables and the names of resources. Anything else stays text that begins with `?`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{ACCOUNT, REGION, arn, text};

/// Terraform's types that are named somewhere in the module, and what the same thing is called in a template.
const KINDS: [(&str, &str); 9] = [
    ("aws_dynamodb_table", "AWS::DynamoDB::Table"),
    ("aws_sqs_queue", "AWS::SQS::Queue"),
    ("aws_sns_topic", "AWS::SNS::Topic"),
    ("aws_lambda_function", "AWS::Serverless::Function"),
    ("aws_s3_bucket", "AWS::S3::Bucket"),
    ("aws_sesv2_configuration_set", "AWS::SES::ConfigurationSet"),
    ("aws_scheduler_schedule_group", "AWS::Scheduler::ScheduleGroup"),
    ("aws_cloudwatch_event_rule", "AWS::Events::Rule"),
    ("aws_sfn_state_machine", "AWS::StepFunctions::StateMachine"),
];

/// Every file of the module, without comments.
pub struct Module {
    text: String,
}

/// What stands between the braces of a block.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    module: &'a Module,
    inner: &'a str,
}

impl Module {
    pub fn read() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/terraform");
        let entries = std::fs::read_dir(&dir).expect("the module").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "tf")).collect();
        files.sort();
        let texts = files.iter().map(|path| uncommented(&std::fs::read_to_string(path).expect("a file of the module")));
        Self { text: texts.collect::<Vec<_>>().join("\n") }
    }

    pub fn resource(&self, kind: &str, name: &str) -> Block<'_> {
        self.block(&format!("resource \"{kind}\" \"{name}\" {{"))
    }

    /// The names of all resources of a type.
    pub fn names(&self, kind: &str) -> Vec<String> {
        let opens = format!("resource \"{kind}\" \"");
        let lines = self.text.lines().filter_map(|line| line.strip_prefix(&opens)?.split_once('"'));
        lines.map(|(name, _)| name.to_owned()).collect()
    }

    /// The value of a local.
    pub fn local(&self, name: &str) -> Value {
        self.evaluate(self.local_text(name).unwrap_or_else(|| panic!("the module has no local.{name}")))
    }

    /// The default of a variable; null where there is none.
    pub fn variable(&self, name: &str) -> Value {
        self.block(&format!("variable \"{name}\" {{")).get("default").unwrap_or_default()
    }

    fn block(&self, opens: &str) -> Block<'_> {
        let at = self.text.find(&format!("\n{opens}")).unwrap_or_else(|| panic!("the module has no {opens} ... }}"));
        Block { module: self, inner: enclosed(&self.text[at + opens.len()..]) }
    }

    fn local_text(&self, name: &str) -> Option<&str> {
        let blocks = self.text.match_indices("\nlocals {");
        blocks.map(|(at, opens)| enclosed(&self.text[at + opens.len() - 1..])).find_map(|inner| attribute(inner, name))
    }

    /// The value of an expression.
    pub fn evaluate(&self, expression: &str) -> Value {
        let expression = expression.trim();
        self.known(expression).unwrap_or_else(|| json!(format!("?{expression}")))
    }

    fn known(&self, expression: &str) -> Option<Value> {
        let first = expression.chars().next()?;
        if first == '"' && quoted(expression, 0) == expression.len() {
            return Some(json!(self.interpolated(&expression[1..expression.len() - 1])));
        }
        if matches!(first, '{' | '[') && enclosed(expression).len() + 2 == expression.len() {
            return self.collection(first, enclosed(expression));
        }
        if let Ok(plain) = serde_json::from_str::<Value>(expression)
            && !plain.is_string()
        {
            return Some(plain);
        }
        let factors = split(expression, &['*']);
        if factors.len() > 1 {
            let factors = factors.into_iter().map(|factor| self.evaluate(factor).as_u64());
            return factors.product::<Option<u64>>().map(|product| json!(product));
        }
        if let Some((name, rest)) = expression.split_once('(')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && expression.ends_with(')')
        {
            return self.call(name, &rest[..rest.len() - 1]);
        }
        self.reference(expression)
    }

    fn collection(&self, opens: char, inner: &str) -> Option<Value> {
        if inner.trim_start().starts_with("for ") {
            return None;
        }
        let items = split(inner, &[',', '\n']);
        if opens == '[' {
            return Some(items.into_iter().map(|item| self.evaluate(item)).collect());
        }
        let entries = items.into_iter().map(|item| {
            let at = split(item, &['='])[0].len();
            let key = item[..at].trim().trim_matches('"').to_owned();
            Some((key, self.evaluate(item.get(at + 1..)?)))
        });
        entries.collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    fn call(&self, name: &str, arguments: &str) -> Option<Value> {
        let arguments: Vec<Value> = split(arguments, &[',']).into_iter().map(|text| self.evaluate(text)).collect();
        match name {
            "toset" | "tomap" | "tostring" | "jsonencode" => arguments.into_iter().next(),
            "coalesce" => arguments.into_iter().find(|value| !value.is_null()),
            // What is not understood (an object made by `for`) adds nothing that could be compared.
            "merge" => {
                let objects = arguments.into_iter().filter_map(|value| value.as_object().cloned());
                Some(Value::Object(objects.flatten().collect()))
            }
            "concat" => {
                let lists = arguments.into_iter().filter_map(|value| value.as_array().cloned());
                Some(lists.flatten().collect())
            }
            _ => None,
        }
    }

    fn reference(&self, expression: &str) -> Option<Value> {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '"' | '*');
        if !expression.chars().all(word) {
            return None;
        }
        let steps = expression.split(['.', '[', ']']).map(|step| step.trim_matches('"'));
        let steps: Vec<&str> = steps.filter(|step| !step.is_empty()).collect();
        match steps.as_slice() {
            ["local", "account"] => Some(json!(ACCOUNT)),
            ["local", "region"] => Some(json!(REGION)),
            ["local", "partition"] => Some(json!("aws")),
            ["local", name, rest @ ..] => {
                let value = self.evaluate(self.local_text(name)?);
                rest.iter().try_fold(value, |value, step| value.get(step).cloned())
            }
            ["var", name] => Some(self.variable(name)),
            [kind, name, rest @ ..] => {
                let (_, as_template) = KINDS.iter().find(|(known, _)| known == kind)?;
                let own = match rest {
                    [function, _] if *kind == "aws_lambda_function" => format!("winback-{function}"),
                    _ => text(&self.own_name(kind, name)?),
                };
                Some(json!(match *rest.last()? {
                    "arn" => arn(as_template, &own),
                    "url" | "id" if *kind == "aws_sqs_queue" => super::queue_url(&own),
                    "name" | "function_name" | "bucket" | "configuration_set_name" => own,
                    _ => return None,
                }))
            }
            _ => None,
        }
    }

    fn own_name(&self, kind: &str, name: &str) -> Option<Value> {
        let block = self.resource(kind, name);
        ["name", "configuration_set_name", "bucket"].into_iter().find_map(|attribute| block.get(attribute))
    }

    /// A string's content with its `${...}` filled in and its escapes undone.
    fn interpolated(&self, content: &str) -> String {
        let (mut rest, mut done) = (content, String::new());
        while let Some(at) = rest.find("${") {
            let inner = enclosed(&rest[at + 1..]);
            done.push_str(&unescaped(&rest[..at]));
            done.push_str(&text(&self.evaluate(inner)));
            rest = &rest[at + inner.len() + 3..];
        }
        done + &unescaped(rest)
    }
}

impl Block<'_> {
    /// The value of an attribute, if the block has it.
    pub fn get(&self, name: &str) -> Option<Value> {
        attribute(self.inner, name).map(|expression| self.module.evaluate(expression))
    }

    /// The value of an attribute that must be there.
    pub fn value(&self, name: &str) -> Value {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.inner))
    }

    /// An attribute as it is written.
    pub fn written(&self, name: &str) -> &str {
        attribute(self.inner, name).map(str::trim).unwrap_or_else(|| panic!("no {name} in {}", self.inner))
    }

    /// The blocks in this one that are called so.
    pub fn inside(&self, name: &str) -> Vec<Self> {
        let items = split(self.inner, &['\n']).into_iter().filter_map(|item| item.trim().strip_prefix(name));
        let blocks = items.map(str::trim_start).filter(|rest| rest.starts_with('{'));
        blocks.map(|rest| Self { module: self.module, inner: enclosed(rest) }).collect()
    }
}

/// The expression of `name = expression` among the lines of a block.
fn attribute<'a>(inner: &'a str, name: &str) -> Option<&'a str> {
    split(inner, &['\n']).into_iter().find_map(|item| item.trim().strip_prefix(name)?.trim_start().strip_prefix('='))
}

/// What stands between the bracket that a text begins with and the one that closes it.
pub fn enclosed(text: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => at = quoted(text, at) - 1,
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[1..at];
        }
        at += 1;
    }
    panic!("a bracket is not closed: {text}");
}

/// Where the quoted text that begins at a quote ends: after its last quote.
fn quoted(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(b'$') if bytes.get(at + 1) == Some(&b'{') => at += enclosed(&text[at + 1..]).len() + 3,
            Some(_) => at += 1,
            None => panic!("a text is not closed: {text}"),
        }
    }
}

/// The parts between separators that stand in no bracket and no quoted text; empty ones are left out.
fn split<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => at = quoted(text, at),
            b'{' | b'[' | b'(' => at += enclosed(&text[at..]).len() + 2,
            _ if separators.contains(&char::from(byte)) => {
                parts.push(&text[from..at]);
                at += 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    parts.push(&text[from..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Without what stands behind `#`.
fn uncommented(text: &str) -> String {
    let (mut done, mut at) = (String::from("\n"), 0);
    while at < text.len() {
        let rest = &text[at..];
        let end = match rest.as_bytes()[0] {
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            b'"' => quoted(text, at) - at,
            _ => rest.find(['#', '"']).unwrap_or(rest.len()),
        };
        if !rest.starts_with('#') {
            done.push_str(&rest[..end]);
        }
        at += end;
    }
    done
}

fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}
