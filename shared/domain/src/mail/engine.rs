//! The template engine: strict, bounded, and escaping whatever a template forgets to escape.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, Output, State, UndefinedBehavior};

use super::problem::{Part, Problem};
use super::variables::{KNOWN, Speech};
use super::words::Words;
use crate::plan::Letter;

/// Instructions one part may take. A long letter takes some hundreds; an endless loop is stopped within a millisecond.
const FUEL: u64 = 20_000;

/// An engine without letters.
pub(super) fn new() -> Environment<'static> {
    let mut engine = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    engine.set_syntax(syntax.build().expect("the default delimiters are valid"));
    // A missing fact may be asked for, never printed; a misspelled one is found in the source by `unknown`.
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_fuel(Some(FUEL));
    // For the span of the failing expression; the rest of the debug information quotes facts and is never shown.
    engine.set_debug(true);
    engine.set_auto_escape_callback(|name| if is_html(name) { AutoEscape::Html } else { AutoEscape::None });
    engine.set_formatter(print);
    engine.remove_filter("safe");
    engine.add_filter("spelled", spelled);
    engine.add_filter("counted", counted);
    engine
}

/// The three parts of a letter, under names that end with the part's file.
pub(super) fn add(engine: &mut Environment<'static>, folder: &str, letter: &Letter) -> Result<(), Problem> {
    for part in [Part::Subject, Part::Html, Part::Text] {
        let name = format!("{folder}/{}", part.file());
        let source = source_of(letter, part);
        engine.add_template_owned(name.clone(), source.to_owned()).map_err(|error| explain(&error, part, source))?;
        if let Some(problem) = unknown(engine, &name, part).into_iter().next() {
            return Err(problem);
        }
    }
    Ok(())
}

/// One part filled in.
pub(super) fn fill(engine: &Environment<'static>, folder: &str, part: Part, facts: &Value) -> Result<String, Problem> {
    let template =
        engine.get_template(&format!("{folder}/{}", part.file())).map_err(|error| explain(&error, part, ""))?;
    template.render(facts.clone()).map_err(|error| explain(&error, part, template.source()))
}

/// The template of a part.
pub(super) fn source_of(letter: &Letter, part: Part) -> &str {
    match part {
        Part::Subject => &letter.subject,
        Part::Html => &letter.body_mjml,
        Part::Text => &letter.body_text,
    }
}

/// The line, from 1, on which a text first stands.
pub(super) fn line_of(source: &str, text: &str) -> Option<usize> {
    let at = source.find(text)?;
    Some(source[..at].matches('\n').count() + 1)
}

/// Variables a template names that no letter has, also in branches that this customer would not take.
fn unknown(engine: &Environment<'static>, name: &str, part: Part) -> Vec<Problem> {
    let Ok(template) = engine.get_template(name) else {
        return Vec::new();
    };
    let mut strangers: Vec<String> =
        template.undeclared_variables(true).into_iter().filter(|path| !is_known(engine, path)).collect();
    strangers.sort();
    let problem = |path: &String| {
        Problem::error(part, line_of(template.source(), path), format!("unknown variable `{path}`: {}", advice(path)))
    };
    strangers.iter().map(problem).collect()
}

fn is_known(engine: &Environment<'static>, path: &str) -> bool {
    let (group, field) = path.split_once('.').unwrap_or((path, ""));
    let fields = KNOWN.iter().find(|(name, _)| *name == group).map(|(_, fields)| *fields);
    match fields {
        Some(fields) => field.is_empty() || fields.contains(&field),
        None => path == "today" || engine.globals().any(|(name, _)| name == path),
    }
}

fn advice(path: &str) -> String {
    let group = path.split('.').next().unwrap_or(path);
    match KNOWN.iter().find(|(name, _)| *name == group) {
        Some((name, fields)) => format!("`{name}` has {}", fields.join(", ")),
        None => {
            let groups: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
            format!("letters know {} and today", groups.join(", "))
        }
    }
}

/// What went wrong, without a word of the facts: these messages reach logs.
fn explain(error: &Error, part: Part, source: &str) -> Problem {
    let expression = error.range().and_then(|range| source.get(range)).map(|text| text.trim().to_owned());
    let shown = expression.filter(|text| !text.contains('\n')).unwrap_or_else(|| "this".to_owned());
    let message = match error.kind() {
        ErrorKind::UndefinedError => format!(
            "`{shown}` is not there for every customer or step: write `{{% if … %}}` around the sentence, or `{{{{ … or \"…\" }}}}`"
        ),
        ErrorKind::OutOfFuel => "takes too long: take the loop out".to_owned(),
        ErrorKind::UnknownFilter => format!(
            "{}: use one of minijinja's built-in filters, `spelled` or `counted`",
            error.detail().unwrap_or("unknown filter")
        ),
        ErrorKind::SyntaxError => error.detail().unwrap_or("syntax error").to_owned(),
        kind => format!("`{shown}`: {kind}"),
    };
    Problem::error(part, error.line(), message)
}

fn is_html(name: &str) -> bool {
    name.ends_with(Part::Html.file())
}

/// Prints a value. In HTML it is escaped whatever the template says, so `{% autoescape false %}` lets nothing through.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let text = value.to_string();
    if !is_html(state.name()) || value.is_safe() {
        return Ok(out.write_str(&text)?);
    }
    // A slash needs no escaping between quotes, and addresses stay readable for whoever filters mail.
    Ok(out.write_str(&HtmlEscape(&text).to_string().replace("&#x2f;", "/"))?)
}

fn speech(state: &State) -> Result<&'static dyn Words, Error> {
    let value = state.lookup("speech");
    let speech = value.as_ref().and_then(|value| value.downcast_object_ref::<Speech>());
    speech
        .map(|speech| speech.0)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "`speech` was set by the letter"))
}

/// `{{ 3 | spelled }}`: three.
fn spelled(state: &State, number: u64) -> Result<String, Error> {
    Ok(speech(state)?.number(number))
}

/// `{{ 3 | counted("order", "orders") }}`: three orders. As many forms as the language has.
fn counted(state: &State, number: u64, forms: Rest<String>) -> Result<String, Error> {
    let words = speech(state)?;
    let form = forms.get(words.form(number)).or(forms.last());
    let form = form.ok_or_else(|| Error::new(ErrorKind::MissingArgument, "`counted` wants the forms of the noun"))?;
    Ok(format!("{} {form}", words.number(number)))
}
