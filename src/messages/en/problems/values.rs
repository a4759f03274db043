//! Problems of a value or a key.

use super::words::{did_you_mean, element, say};
use crate::messages::en::list;
use crate::model::message::Word;
use crate::model::problem::{Shape, ValueProblem, Wanted};

/// Help on ranges.
pub(super) const RANGE: &str = "write FIRST..LAST, like 8101..8180; one agent is `operatorId: \"8101\"`";
const NAME_A_SECRET: &str = "put the secret into a store and name it: { store: NAME, key: KEY }";

pub(super) fn problem(problem: &ValueProblem) -> (String, String) {
    use ValueProblem as P;
    match problem {
        P::WrongShape { what, is, wanted } => say(
            format!("{} is {} instead of {}", element(what), shape(*is), shape_of(wanted)),
            match wanted {
                Wanted::Text if *is == Shape::Nothing => "write a text, or remove the entry".to_owned(),
                Wanted::Choice { words, .. } => one_of(words),
                wanted => write(wanted),
            },
        ),
        P::CannotBe { key, given, wanted } => say(
            format!("`{key}` cannot be `{given}`"),
            match wanted {
                Wanted::Choice { words, .. } if words.len() == 1 => format!("write `{key}: {}`", list(words)),
                wanted => write(wanted),
            },
        ),
        P::NoValue { key } => say(
            format!("`{key}` has no value"),
            "set a value, or remove the key to leave the field unmanaged",
        ),
        P::Missing { what, key } => say(
            format!("{} has no `{key}`", element(what)),
            match key.as_ref() {
                "apiVersion" | "kind" => {
                    "every file of rosterctl says `apiVersion: rosterctl/v1` and what `kind` it is; a file for something \
                     else belongs into another folder"
                        .to_owned()
                }
                key => format!("add `{key}: …`"),
            },
        ),
        P::UnknownField { what, key, near, known } => say(
            format!("unknown field `{key}` in {}", element(what)),
            did_you_mean(near.as_ref(), || format!("known here: {}", list(known))),
        ),
        P::Unquoted { key, text, flag } => say(
            format!(
                "`{key}` must be text, and unquoted `{text}` is {} in YAML",
                if *flag { "a yes or no" } else { "a number" }
            ),
            format!("write it in quotes: \"{text}\""),
        ),
        P::Empty { key } => say(format!("`{key}` is empty"), "write something, or remove it"),
        P::EmptySet { key, known } => {
            say(format!("`{key}` is empty"), format!("name at least one of: {}", list(known)))
        }
        P::EmptyList { key } => say(format!("`{key}` is an empty list"), "name at least one"),
        P::OddNumber { key, text } => say(
            format!("`{key}` is written `{text}`, which tools read differently"),
            "write plain decimal digits, without leading zeros or sign",
        ),
        P::OutOfBounds { key, text, least, most } => say(
            format!("`{key}` is {text}, out of bounds"),
            match (least, most) {
                (Some(least), Some(most)) => format!("write a whole number from {least} to {most}"),
                (Some(least), None) => format!("write a whole number of at least {least}"),
                (None, Some(most)) => format!("write a whole number of at most {most}"),
                (None, None) => "write a whole number".to_owned(),
            },
        ),
        P::ItemTwice { key, item } => {
            say(format!("`{item}` appears twice in `{key}`"), "remove one of the two")
        }
        P::LiteralSecret { key } => say(
            format!("`{key}` holds a literal value instead of a reference to a store"),
            format!("{NAME_A_SECRET}; then change the secret, since it stood in a file"),
        ),
        P::SecretExtra { key, allowed } => {
            say(format!("`{key}` holds something beside {}", list(allowed)), NAME_A_SECRET)
        }
        P::SecretPart { key, part } => {
            say(format!("`{part}` of `{key}` is missing, or is not text"), NAME_A_SECRET)
        }
        P::WorkspaceAmongManifests => say(
            "a workspace file does not belong among the manifests",
            "move it out of the folders that `manifests:` names: it lies beside them",
        ),
    }
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Nothing => "nothing",
        Shape::True => "`true`",
        Shape::False => "`false`",
        Shape::Whole => "a whole number",
        Shape::Fraction => "a number with a fraction",
        Shape::Text => "text",
        Shape::List => "a list",
        Shape::Mapping => "a mapping",
    }
}

fn shape_of(wanted: &Wanted) -> &'static str {
    match wanted {
        Wanted::Text => "text",
        Wanted::Flag => "true or false",
        Wanted::Number => "a whole number",
        Wanted::Choice { .. } | Wanted::Sip => "a word",
        Wanted::List => "a list",
        Wanted::Mapping | Wanted::Profiles | Wanted::Periods => "a mapping",
        Wanted::Range => "a range",
        Wanted::Resource => "the id of a resource",
        Wanted::Date => "a date",
        Wanted::Share => "a share or a count",
        Wanted::Address { .. } => "an address",
    }
}

fn write(wanted: &Wanted) -> String {
    let text = match wanted {
        Wanted::Choice { words, near: Some(near) } => {
            return format!("did you mean `{near}`? One of: {}", list(words));
        }
        Wanted::Choice { words, near: None } => return one_of(words),
        Wanted::Address { sandbox } => address(*sandbox),
        Wanted::Text => "write one text, in quotes where in doubt",
        Wanted::Flag => "write true or false, without quotes",
        Wanted::Number => "write digits, without quotes",
        Wanted::Sip => "write auto, none, or { number: \"1001\" }",
        Wanted::List => "write a list: one line an item, each behind `- `, or `[a, b]`",
        Wanted::Mapping => "write its fields as `key: value`",
        Wanted::Profiles => "write each profile as `name: { fields }`",
        Wanted::Periods => "write each period as `name: { from: 2026-11-01, until: 2026-11-11 }`",
        Wanted::Date => {
            "write a day, like 2026-12-01, or a moment, like 2026-12-01T18:00 or 2026-12-01T18:00+08:00; neither \
             seconds nor relative dates"
        }
        Wanted::Range => RANGE,
        Wanted::Resource => "write agent/ID, queue/NAME, queue/NAME@EXTEN or seat/ACCOUNT",
        Wanted::Share => "write a share of what is live, from 0% to 100%, or a count, like 12",
    };
    text.to_owned()
}

/// Returns the help on addresses.
pub(super) fn address(sandbox: bool) -> &'static str {
    if sandbox { "write https://HOST[:PORT], or `sandbox`" } else { "write https://HOST[:PORT]" }
}

fn one_of(words: &[Word]) -> String {
    format!("one of: {}", list(words))
}
