//! Decodes nodes into values, by the tables of the kinds. Every error names the place, the reason and the remedy, and
//! suggests the nearest name.

use std::sync::Arc;

use super::fullwidth;
use super::{Key, Node, NodeValue, Scalar, ScalarKind};
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::message::{Word, words as listed};
use crate::model::problem::{Element, Problem, Shape, ValueProblem, Wanted};
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::value::word;

/// The fields of a mapping, each taken once; the rest is unknown at the end.
pub(crate) struct Fields<'a> {
    /// Name of the mapping, for messages.
    pub(crate) what: Element,
    /// Place of the mapping.
    pub(crate) source: Source,
    entries: &'a [(Key, Node)],
    /// One bit for each taken entry. Entries beyond the last bit are looked up among the known keys.
    taken: u64,
    /// Index of the last entry found. Keys are mostly in the order in which the decoder takes them.
    at: usize,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Returns the fields of a mapping; reports any other value.
    pub(crate) fn open(node: &'a Node, what: Element, out: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            NodeValue::Map(entries) => Some(Self {
                what,
                source: node.source.clone(),
                entries,
                taken: 0,
                at: 0,
                known: Vec::with_capacity(32),
                missing: Vec::new(),
            }),
            other => {
                let meant = plain(node).and_then(fullwidth::colon);
                let problem = match meant {
                    Some((_, sign)) => fullwidth::problem(sign).into(),
                    None => misshapen(what, other, Wanted::Mapping),
                };
                out.push(Diagnostic::at(&node.source, problem));
                None
            }
        }
    }

    /// Takes a field; reports `null`.
    pub(crate) fn take(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a Node> {
        self.known.push(key);
        let (_, node) = self.find(key)?;
        self.taken |= u32::try_from(self.at).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0);
        if let NodeValue::Scalar(scalar) = &node.value
            && scalar.kind() == ScalarKind::Null
        {
            out.push(Diagnostic::at(&node.source, ValueProblem::NoValue { key: key.into() }));
            return None;
        }
        Some(node)
    }

    /// Finds an entry, and remembers its index.
    fn find(&mut self, key: &str) -> Option<&'a (Key, Node)> {
        let (before, behind) = self.entries.split_at(self.at.min(self.entries.len()));
        let is = |(k, _): &(Key, Node)| *k.name == *key;
        let found = behind.iter().position(is).map(|at| before.len() + at);
        self.at = found.or_else(|| before.iter().position(is))?;
        self.entries.get(self.at)
    }

    /// Returns the number of fields that were not taken.
    pub(crate) fn left(&self) -> usize {
        self.entries.len() - self.taken.count_ones() as usize
    }

    /// Takes a mandatory field.
    pub(crate) fn required(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a Node> {
        let node = self.take(key, out);
        if !self.has(key) {
            out.push(self.missing(key));
        }
        node
    }

    /// Takes a mandatory field. [`Fields::reject_unknown`] reports its absence, unless a misspelled key explains it.
    pub(crate) fn required_or_misspelled(
        &mut self,
        key: &'static str,
        out: &mut Diagnostics,
    ) -> Option<&'a Node> {
        if !self.has(key) {
            self.missing.push(key);
        }
        self.take(key, out)
    }

    fn missing(&self, key: &'static str) -> Diagnostic {
        Diagnostic::at(&self.source, ValueProblem::Missing { what: self.what.clone(), key: key.into() })
    }

    /// Returns the place of a key.
    pub(crate) fn place(&self, key: &str) -> Option<&'a Source> {
        self.entries.iter().find(|(k, _)| *k.name == *key).map(|(k, _)| &k.source)
    }

    /// Returns the text of a field, if it is a scalar; reports nothing.
    pub(crate) fn peek(&self, key: &str) -> Option<&'a str> {
        let (_, node) = self.entries.iter().find(|(k, _)| *k.name == *key)?;
        scalar(node).map(|scalar| &*scalar.text)
    }

    /// Returns true if the mapping holds the key, with any value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, _)| *k.name == *key)
    }

    /// Reports every field that was not taken.
    pub(crate) fn reject_unknown(mut self, out: &mut Diagnostics) {
        for (at, (key, _)) in self.entries.iter().enumerate() {
            let taken = at < 64 && self.taken & (1 << at) != 0;
            if taken || self.known.iter().any(|known| *known == &*key.name) {
                continue;
            }
            // The text behind the sign is a value, and may be a password.
            if let Some((meant, sign)) = fullwidth::indent(&key.name).or_else(|| fullwidth::colon(&key.name))
            {
                self.missing.retain(|missing| *missing != meant);
                out.push(Diagnostic::at(&key.source, fullwidth::problem(sign)));
                continue;
            }
            let near = did_you_mean(&key.name, self.known.iter().copied());
            self.missing.retain(|missing| Some(*missing) != near);
            let problem = ValueProblem::UnknownField {
                what: self.what.clone(),
                key: key.name.to_string(),
                near: near.map(Word::Borrowed),
                known: listed(&self.known),
            };
            out.push(Diagnostic::at(&key.source, problem));
        }
        for key in &self.missing {
            out.push(self.missing(key));
        }
    }
}

/// Returns the items of a list; reports any other value.
pub(crate) fn list<'a>(node: &'a Node, key: &'static str, out: &mut Diagnostics) -> &'a [Node] {
    match &node.value {
        NodeValue::List(items) => items,
        other => {
            let problem = match plain(node).and_then(fullwidth::opening_bracket) {
                Some(sign) => fullwidth::problem(sign).into(),
                None => misshapen(Element::Key { key: key.into() }, other, Wanted::List),
            };
            out.push(Diagnostic::at(&node.source, problem));
            &[]
        }
    }
}

fn misshapen(what: Element, value: &NodeValue, wanted: Wanted) -> Problem {
    let is = match value {
        NodeValue::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Null => Shape::Nothing,
            ScalarKind::Bool(true) => Shape::True,
            ScalarKind::Bool(false) => Shape::False,
            ScalarKind::Int => Shape::Whole,
            ScalarKind::Float => Shape::Fraction,
            ScalarKind::Text => Shape::Text,
        },
        NodeValue::List(_) => Shape::List,
        NodeValue::Map(_) => Shape::Mapping,
    };
    ValueProblem::WrongShape { what, is, wanted }.into()
}

/// Returns the error for a value of the wrong shape.
pub(crate) fn wrong_shape(node: &Node, key: &'static str, wanted: Wanted) -> Diagnostic {
    Diagnostic::at(&node.source, misshapen(Element::Key { key: key.into() }, &node.value, wanted))
}

/// Returns the error for a value that its key does not accept.
pub(crate) fn cannot_be(node: &Node, key: &'static str, given: &str, wanted: Wanted) -> Diagnostic {
    let problem = ValueProblem::CannotBe { key: key.into(), given: given.to_owned(), wanted };
    Diagnostic::at(&node.source, problem)
}

/// Returns the text of an unquoted value.
fn plain(node: &Node) -> Option<&str> {
    scalar(node).filter(|scalar| scalar.plain).map(|scalar| &*scalar.text)
}

pub(crate) fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}

/// Returns a text. Reports an unquoted number or flag: other YAML tools would not keep `003` as it is.
pub(crate) fn text<'a>(node: &'a Node, key: &'static str, out: &mut Diagnostics) -> Option<&'a Arc<str>> {
    let Some(scalar) = scalar(node) else {
        out.push(wrong_shape(node, key, Wanted::Text));
        return None;
    };
    match scalar.kind() {
        ScalarKind::Text => Some(&scalar.text),
        ScalarKind::Null => {
            out.push(wrong_shape(node, key, Wanted::Text));
            None
        }
        kind => {
            let flag = matches!(kind, ScalarKind::Bool(_));
            let problem = ValueProblem::Unquoted { key: key.into(), text: scalar.text.to_string(), flag };
            out.push(Diagnostic::at(&node.source, problem));
            None
        }
    }
}

/// Returns a text that is not empty.
pub(crate) fn filled<'a>(node: &'a Node, key: &'static str, out: &mut Diagnostics) -> Option<&'a Arc<str>> {
    let text = text(node, key, out)?;
    if text.trim().is_empty() {
        out.push(Diagnostic::at(&node.source, ValueProblem::Empty { key: key.into() }));
        return None;
    }
    Some(text)
}

/// Returns `true` or `false`.
pub(crate) fn flag(node: &Node, key: &'static str, out: &mut Diagnostics) -> Option<bool> {
    if let Some(scalar) = scalar(node)
        && let ScalarKind::Bool(flag) = scalar.kind()
    {
        return Some(flag);
    }
    out.push(wrong_shape(node, key, Wanted::Flag));
    None
}

/// Returns a whole number within bounds.
pub(crate) fn number(
    node: &Node,
    key: &'static str,
    min: i64,
    max: i64,
    out: &mut Diagnostics,
) -> Option<i64> {
    let Some(scalar) = scalar(node).filter(|s| s.kind() == ScalarKind::Int) else {
        out.push(wrong_shape(node, key, Wanted::Number));
        return None;
    };
    let digits = scalar.text.strip_prefix('-').unwrap_or(&scalar.text);
    if digits.len() > 1 && digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let problem = ValueProblem::OddNumber { key: key.into(), text: scalar.text.to_string() };
        out.push(Diagnostic::at(&node.source, problem));
        return None;
    }
    match scalar.text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        _ => {
            let open = max == i64::from(i32::MAX) || max == i64::MAX;
            let below = scalar.text.starts_with('-');
            let problem = ValueProblem::OutOfBounds {
                key: key.into(),
                text: scalar.text.to_string(),
                least: (!open || below).then_some(min),
                most: (!open || !below).then_some(max),
            };
            out.push(Diagnostic::at(&node.source, problem));
            None
        }
    }
}

/// Returns one of the words.
pub(crate) fn choice(
    node: &Node,
    key: &'static str,
    words: &'static [&'static str],
    out: &mut Diagnostics,
) -> Option<&'static str> {
    let given = match scalar(node) {
        Some(scalar) if scalar.kind() != ScalarKind::Null => &scalar.text,
        _ => {
            out.push(wrong_shape(node, key, Wanted::Choice { words: listed(words), near: None }));
            return None;
        }
    };
    let found = word(words, given);
    if found.is_none() {
        let near = did_you_mean(given, words.iter().copied()).map(Word::Borrowed);
        out.push(cannot_be(node, key, given, Wanted::Choice { words: listed(words), near }));
    }
    found
}

/// Returns a list of the words, in the table's order.
pub(crate) fn words(
    node: &Node,
    key: &'static str,
    known: &'static [&'static str],
    out: &mut Diagnostics,
) -> Option<Vec<&'static str>> {
    let before = out.len();
    let mut found = Vec::new();
    for item in list(node, key, out) {
        if let Some(word) = choice(item, key, known, out) {
            if found.contains(&word) {
                let problem = ValueProblem::ItemTwice { key: key.into(), item: word.to_owned() };
                out.push(Diagnostic::at(&item.source, problem));
            }
            found.push(word);
        }
    }
    found.sort_by_key(|word| known.iter().position(|k| k == word));
    (out.len() == before).then_some(found)
}

/// Returns `{ store, key }`, for passwords also `generate` and `version`.
///
/// Any other content may be a literal secret: no error repeats it or shows its line.
pub(crate) fn secret(
    node: &Node,
    key: &'static str,
    password: bool,
    out: &mut Diagnostics,
) -> Option<SecretRef> {
    let NodeValue::Map(entries) = &node.value else {
        out.push(Diagnostic::at(&node.source, ValueProblem::LiteralSecret { key: key.into() }).masked());
        return None;
    };
    let allowed: &[&'static str] =
        if password { &["store", "key", "generate", "version"] } else { &["store", "key"] };
    // One error is enough: a mapping with other keys is no reference, and lacks the right keys as well.
    if let Some((entry, _)) = entries.iter().find(|(entry, _)| !allowed.contains(&&*entry.name)) {
        let problem = ValueProblem::SecretExtra { key: key.into(), allowed: listed(allowed) };
        out.push(Diagnostic::at(&entry.source, problem).masked());
        return None;
    }
    let mut inner = Diagnostics::default();
    let mut fields = Fields::open(node, Element::SecretReference, &mut inner)?;
    let mut name = |fields: &mut Fields<'_>, part: &'static str| {
        let node = fields.take(part, &mut inner);
        let text = node.and_then(scalar).filter(|s| s.kind() == ScalarKind::Text && !s.text.is_empty());
        if text.is_none() {
            let at = node.map_or(&fields.source, |n| &n.source);
            inner.push(Diagnostic::at(at, ValueProblem::SecretPart { key: key.into(), part: part.into() }));
        }
        text.map(|s| Arc::clone(&s.text))
    };
    let store = name(&mut fields, "store");
    let at = name(&mut fields, "key");
    let mut generate = false;
    let mut version = None;
    if password {
        generate = fields
            .take("generate", &mut inner)
            .and_then(|n| flag(n, "generate", &mut inner))
            .unwrap_or(false);
        version = fields
            .take("version", &mut inner)
            .and_then(|n| number(n, "version", 0, i64::from(u32::MAX), &mut inner))
            .and_then(|n| u32::try_from(n).ok());
    }
    let sound = inner.is_empty();
    for diagnostic in inner.into_sorted() {
        out.push(diagnostic.masked());
    }
    match (sound, store, at) {
        (true, Some(store), Some(at)) => Some(SecretRef { store, key: at, generate, version }),
        _ => None,
    }
}

/// Checks `apiVersion` and `kind` of a document. Returns `false` for another kind or none: its fields would all be
/// errors.
pub(crate) fn header(fields: &mut Fields<'_>, wanted: &'static str, out: &mut Diagnostics) -> bool {
    if let Some(node) = fields.required("apiVersion", out) {
        choice(node, "apiVersion", &["rosterctl/v1"], out);
    }
    let words: &'static [&'static str] = if wanted == "Roster" { &["Roster"] } else { &["Workspace"] };
    let Some(node) = fields.required("kind", out) else { return false };
    if wanted == "Roster" && fields.peek("kind") == Some("Workspace") {
        out.push(Diagnostic::at(&node.source, ValueProblem::WorkspaceAmongManifests));
        return false;
    }
    choice(node, "kind", words, out).is_some()
}
