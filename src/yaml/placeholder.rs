//! Placeholders in a text: `{operatorId}` for the agent's number, and unfilled ones of other tools.

use std::cmp::Reverse;

use super::syntax_errors::shown;
use super::{Node, NodeValue};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::Source;
use crate::yaml::redact::is_private_key;

/// Placeholder of the agent's number.
pub(crate) const PLACEHOLDER: &str = "{operatorId}";
/// The delimiters of placeholders of a shell, Helm, Jinja or ERB. One delimiter alone is text.
const MARKS: [(&str, &str); 5] = [("${{", "}}"), ("${", "}"), ("{{", "}}"), ("{%", "%}"), ("<%", "%>")];
/// Most characters of a placeholder that a message repeats.
const SHOWN: usize = 60;

/// Returns a probable misspelling of the placeholder, such as `{operatorID}`. It would give every agent of a pool the
/// same value.
pub(crate) fn misspelt(text: &str) -> Option<&str> {
    // A much longer text is no misspelling.
    let near = |at: usize| text[at..].char_indices().take(PLACEHOLDER.len() + 3).find(|(_, c)| *c == '}');
    text.match_indices('{')
        .filter_map(|(at, _)| near(at).map(|(end, _)| &text[at..=at + end]))
        .find(|held| *held != PLACEHOLDER && strsim::osa_distance(held, PLACEHOLDER) <= 2)
}

/// Returns the first placeholder that another tool should have filled in.
pub(crate) fn unfilled(text: &str) -> Option<&str> {
    let places = MARKS.iter().filter_map(|(open, close)| {
        let at = text.find(open)?;
        let end = at + open.len() + text[at + open.len()..].find(close)?;
        Some((at, end + close.len()))
    });
    places.min_by_key(|(at, end)| (*at, Reverse(*end))).map(|(at, end)| &text[at..end])
}

/// Returns true if a file may hold such a placeholder. Nearly none does, and its tree is then not searched.
pub(crate) fn may_be_in(bytes: &[u8]) -> bool {
    MARKS.iter().any(|(open, _)| memchr::memmem::find(bytes, open.as_bytes()).is_some())
}

/// Reports each unfilled placeholder in the keys and values of a tree. `skip` exempts the values below a path of keys.
pub(crate) fn check(node: &Node, skip: fn(&[&str]) -> bool, out: &mut Diagnostics) {
    walk(node, &mut Vec::new(), skip, out);
}

fn walk<'a>(node: &'a Node, path: &mut Vec<&'a str>, skip: fn(&[&str]) -> bool, out: &mut Diagnostics) {
    match &node.value {
        NodeValue::Scalar(scalar) => report(&scalar.text, &node.source, path, out),
        NodeValue::List(items) => items.iter().for_each(|item| walk(item, path, skip, out)),
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                report(&key.name, &key.source, path, out);
                path.push(&key.name);
                if !skip(path) {
                    walk(value, path, skip, out);
                }
                path.pop();
            }
        }
    }
}

fn report(text: &str, source: &Source, path: &[&str], out: &mut Diagnostics) {
    let Some(found) = unfilled(text) else { return };
    // A literal password may stand beside the placeholder.
    let private = path.iter().any(|key| is_private_key(key));
    let problem = SyntaxProblem::Unfilled {
        found: (!private).then(|| shown(found, SHOWN)),
        own: !private && strsim::osa_distance(found, PLACEHOLDER) <= 4,
    };
    let diagnostic = Diagnostic::at(source, problem);
    out.push(if private { diagnostic.masked() } else { diagnostic });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_a_pair_of_marks() {
        for (text, found) in [
            ("https://${HOST}", Some("${HOST}")),
            ("{{ name }}", Some("{{ name }}")),
            ("a{{ .Values.x }}b${Y}", Some("{{ .Values.x }}")),
            ("${{ secrets.X }}", Some("${{ secrets.X }}")),
            ("{{operatorId}}", Some("{{operatorId}}")),
            ("<%= name %>", Some("<%= name %>")),
            ("{% if x %}", Some("{% if x %}")),
            ("{operatorId}", None),
            ("{operatorId}-{operatorId}", None),
            ("费用 $5 {含税}", None),
            ("$HOST", None),
            ("a ${ b", None),
            ("{{ a", None),
            ("a }} b {{", None),
            ("{\"a\":{\"b\":1}}", None),
        ] {
            assert_eq!(unfilled(text), found, "{text}");
        }
    }
}
