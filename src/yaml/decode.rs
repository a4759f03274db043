//! Nodes → values, by the kinds' tables. Every complaint says what, where, why and what to do, and
//! suggests the nearest name.

use std::sync::Arc;

use super::fullwidth;
use super::{Key, Node, NodeValue, Scalar, ScalarKind};
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::value::{Sip, Type, Value, word};

/// The fields of a mapping, each taken once; what is left over at the end is unknown.
pub(crate) struct Fields<'a> {
    /// What the mapping is, with its article, for messages.
    pub(crate) what: &'a str,
    /// Where it stands.
    pub(crate) source: Source,
    entries: &'a [(Key, Node)],
    /// Which entries were taken; those beyond the last bit are looked up among the known keys.
    taken: u64,
    /// Where the last key was found: keys mostly stand in the order in which they are asked for.
    at: usize,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a mapping; complains about anything else.
    pub(crate) fn open(node: &'a Node, what: &'a str, out: &mut Diagnostics) -> Option<Self> {
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
                out.push(match meant {
                    Some((_, sign)) => not_yaml(&node.source, sign),
                    None => Diagnostic::at(
                        &node.source,
                        format!("{what} is {} instead of a mapping", kind(other)),
                    )
                    .help("write its fields as `key: value`"),
                });
                None
            }
        }
    }

    /// Takes a field; `null` is a complaint.
    pub(crate) fn take(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a Node> {
        self.known.push(key);
        let (_, node) = self.find(key)?;
        self.taken |= u32::try_from(self.at).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0);
        if let NodeValue::Scalar(scalar) = &node.value
            && scalar.kind() == ScalarKind::Null
        {
            out.push(
                Diagnostic::at(&node.source, format!("`{key}` has no value"))
                    .help("give it a value, or leave the key out: what is not said is not managed"),
            );
            return None;
        }
        Some(node)
    }

    /// Finds an entry, and remembers where.
    fn find(&mut self, key: &str) -> Option<&'a (Key, Node)> {
        let (before, behind) = self.entries.split_at(self.at.min(self.entries.len()));
        let is = |(k, _): &(Key, Node)| *k.name == *key;
        let found = behind.iter().position(is).map(|at| before.len() + at);
        self.at = found.or_else(|| before.iter().position(is))?;
        self.entries.get(self.at)
    }

    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes a field that must be there.
    pub(crate) fn required(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a Node> {
        let node = self.take(key, out);
        if !self.has(key) {
            out.push(self.missing(key));
        }
        node
    }

    /// Takes a field that must be there; that it is not, [`Fields::reject_unknown`] says, unless a misspelled
    /// one stands in its place.
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

    fn missing(&self, key: &str) -> Diagnostic {
        let help = match key {
            "apiVersion" | "kind" => {
                "every file of rosterctl says `apiVersion: rosterctl/v1` and what `kind` it is; \
                                      a file for something else belongs into another folder"
                    .to_owned()
            }
            _ => format!("add `{key}: …`"),
        };
        Diagnostic::at(&self.source, format!("{} has no `{key}`", self.what)).help(help)
    }

    /// Where a key stands.
    pub(crate) fn place(&self, key: &str) -> Option<&'a Source> {
        self.entries.iter().find(|(k, _)| *k.name == *key).map(|(k, _)| &k.source)
    }

    /// The text of a field, when it is one; complains about nothing.
    pub(crate) fn peek(&self, key: &str) -> Option<&'a str> {
        let (_, node) = self.entries.iter().find(|(k, _)| *k.name == *key)?;
        scalar(node).map(|scalar| &*scalar.text)
    }

    /// Whether a key is there, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, _)| *k.name == *key)
    }

    /// Complains about every field that nobody took.
    pub(crate) fn reject_unknown(mut self, out: &mut Diagnostics) {
        for (at, (key, _)) in self.entries.iter().enumerate() {
            let taken = at < 64 && self.taken & (1 << at) != 0;
            if taken || self.known.iter().any(|known| *known == &*key.name) {
                continue;
            }
            // What follows the sign is a value, and may be a password.
            if let Some((meant, sign)) = fullwidth::indent(&key.name).or_else(|| fullwidth::colon(&key.name))
            {
                self.missing.retain(|missing| *missing != meant);
                out.push(not_yaml(&key.source, sign));
                continue;
            }
            let near = did_you_mean(&key.name, self.known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            self.missing.retain(|missing| Some(*missing) != near);
            out.push(
                Diagnostic::at(&key.source, format!("unknown field `{}` in {}", key.name, self.what))
                    .help(help),
            );
        }
        for key in &self.missing {
            out.push(self.missing(key));
        }
    }
}

/// The items of a list; complains about anything else.
pub(crate) fn list<'a>(node: &'a Node, key: &str, out: &mut Diagnostics) -> &'a [Node] {
    match &node.value {
        NodeValue::List(items) => items,
        other => {
            out.push(match plain(node).and_then(fullwidth::opening_bracket) {
                Some(sign) => not_yaml(&node.source, sign),
                None => Diagnostic::at(&node.source, format!("`{key}` is {} instead of a list", kind(other)))
                    .help("write a list: one line an item, each behind `- `, or `[a, b]`"),
            });
            &[]
        }
    }
}

/// The kind of a node, with its article.
pub(crate) fn kind(value: &NodeValue) -> &'static str {
    match value {
        NodeValue::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Null => "nothing",
            ScalarKind::Bool(true) => "`true`",
            ScalarKind::Bool(false) => "`false`",
            ScalarKind::Int => "a whole number",
            ScalarKind::Float => "a number with a fraction",
            ScalarKind::Text => "text",
        },
        NodeValue::List(_) => "a list",
        NodeValue::Map(_) => "a mapping",
    }
}

fn wrong(node: &Node, key: &str, wanted: &str) -> Diagnostic {
    Diagnostic::at(&node.source, format!("`{key}` is {} instead of {wanted}", kind(&node.value)))
}

/// A sign of a Chinese keyboard where YAML has one of its own.
fn not_yaml(source: &Source, sign: char) -> Diagnostic {
    let (message, help) = fullwidth::words(sign);
    Diagnostic::at(source, message).help(help)
}

/// The text of a value that stands without quotes.
fn plain(node: &Node) -> Option<&str> {
    scalar(node).filter(|scalar| scalar.plain).map(|scalar| &*scalar.text)
}

fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}

/// A text. An unquoted number or flag is refused: other YAML tools would not keep `003` as it is.
pub(crate) fn text<'a>(node: &'a Node, key: &str, out: &mut Diagnostics) -> Option<&'a Arc<str>> {
    let Some(scalar) = scalar(node) else {
        out.push(wrong(node, key, "text").help("write one text, in quotes where in doubt"));
        return None;
    };
    match scalar.kind() {
        ScalarKind::Text => Some(&scalar.text),
        ScalarKind::Null => {
            out.push(wrong(node, key, "text").help("write a text, or remove the entry"));
            None
        }
        kind => {
            let is = match kind {
                ScalarKind::Bool(_) => "a yes or no",
                _ => "a number",
            };
            out.push(
                Diagnostic::at(
                    &node.source,
                    format!("`{key}` must be text, and unquoted `{}` is {is} in YAML", scalar.text),
                )
                .help(format!("write it in quotes: \"{}\"", scalar.text)),
            );
            None
        }
    }
}

/// A text that is not empty.
pub(crate) fn filled<'a>(node: &'a Node, key: &str, out: &mut Diagnostics) -> Option<&'a Arc<str>> {
    let text = text(node, key, out)?;
    if text.trim().is_empty() {
        let help = "write something, or remove it";
        out.push(Diagnostic::at(&node.source, format!("`{key}` is empty")).help(help));
        return None;
    }
    Some(text)
}

/// `true` or `false`.
pub(crate) fn flag(node: &Node, key: &str, out: &mut Diagnostics) -> Option<bool> {
    if let Some(scalar) = scalar(node)
        && let ScalarKind::Bool(flag) = scalar.kind()
    {
        return Some(flag);
    }
    out.push(wrong(node, key, "true or false").help("write true or false, without quotes"));
    None
}

/// A whole number within bounds.
pub(crate) fn number(node: &Node, key: &str, min: i64, max: i64, out: &mut Diagnostics) -> Option<i64> {
    let Some(scalar) = scalar(node).filter(|s| s.kind() == ScalarKind::Int) else {
        out.push(wrong(node, key, "a whole number").help("write digits, without quotes"));
        return None;
    };
    let digits = scalar.text.strip_prefix('-').unwrap_or(&scalar.text);
    if digits.len() > 1 && digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        out.push(
            Diagnostic::at(
                &node.source,
                format!("`{key}` is written `{}`, which tools read differently", scalar.text),
            )
            .help("write plain decimal digits, without leading zeros or sign"),
        );
        return None;
    }
    match scalar.text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        _ => {
            let bounds = match (max == i64::from(i32::MAX) || max == i64::MAX, scalar.text.starts_with('-')) {
                (false, _) => format!("from {min} to {max}"),
                (true, true) => format!("of at least {min}"),
                (true, false) => format!("of at most {max}"),
            };
            out.push(
                Diagnostic::at(&node.source, format!("`{key}` is {}, out of bounds", scalar.text))
                    .help(format!("write a whole number {bounds}")),
            );
            None
        }
    }
}

/// One of some words.
pub(crate) fn choice(
    node: &Node,
    key: &str,
    words: &'static [&'static str],
    out: &mut Diagnostics,
) -> Option<&'static str> {
    let given = match scalar(node) {
        Some(scalar) if scalar.kind() != ScalarKind::Null => &scalar.text,
        _ => {
            out.push(wrong(node, key, "a word").help(format!("one of: {}", words.join(", "))));
            return None;
        }
    };
    let found = word(words, given);
    if found.is_none() {
        let help = match did_you_mean(given, words.iter().copied()) {
            _ if words.len() == 1 => format!("write `{key}: {}`", words.join("")),
            Some(near) => format!("did you mean `{near}`? One of: {}", words.join(", ")),
            None => format!("one of: {}", words.join(", ")),
        };
        out.push(Diagnostic::at(&node.source, format!("`{key}` cannot be `{given}`")).help(help));
    }
    found
}

/// Some of some words, in the table's order.
pub(crate) fn words(
    node: &Node,
    key: &str,
    known: &'static [&'static str],
    out: &mut Diagnostics,
) -> Option<Vec<&'static str>> {
    let before = out.len();
    let mut found = Vec::new();
    for item in list(node, key, out) {
        if let Some(word) = choice(item, key, known, out) {
            if found.contains(&word) {
                out.push(
                    Diagnostic::at(&item.source, format!("`{word}` stands twice in `{key}`"))
                        .help("remove one of the two"),
                );
            }
            found.push(word);
        }
    }
    found.sort_by_key(|word| known.iter().position(|k| k == word));
    (out.len() == before).then_some(found)
}

/// The value of a field, by its type. Members are read by the queue itself.
pub(crate) fn value(node: &Node, key: &str, ty: Type, out: &mut Diagnostics) -> Option<Value> {
    match ty {
        Type::Text { required: true } => filled(node, key, out).map(|text| Value::Text(Arc::clone(text))),
        Type::Text { required: false } => text(node, key, out).map(|text| Value::Text(Arc::clone(text))),
        Type::Flag => flag(node, key, out).map(Value::Flag),
        Type::Number => number(node, key, 0, i64::from(i32::MAX), out).map(Value::Number),
        Type::Choice(words) => choice(node, key, words, out).map(Value::Choice),
        Type::Set(known) => {
            let set = words(node, key, known, out)?;
            if set.is_empty() {
                out.push(
                    Diagnostic::at(&node.source, format!("`{key}` is empty"))
                        .help(format!("name at least one of: {}", known.join(", "))),
                );
                return None;
            }
            Some(Value::Set(set.into()))
        }
        Type::Sip => sip(node, key, out).map(Value::Sip),
        Type::Password => secret(node, key, true, out).map(|secret| Value::Password(Arc::new(secret))),
        Type::Members => None,
    }
}

fn sip(node: &Node, key: &str, out: &mut Diagnostics) -> Option<Sip> {
    if let NodeValue::Map(_) = node.value {
        let mut fields = Fields::open(node, "a SIP account", out)?;
        let number = fields.required_or_misspelled("number", out).and_then(|n| filled(n, "number", out));
        fields.reject_unknown(out);
        return number.map(|number| Sip::Number(Arc::clone(number)));
    }
    match scalar(node).map(|scalar| &*scalar.text) {
        Some("auto") => return Some(Sip::Auto),
        Some("none") => return Some(Sip::None),
        Some(other) => out.push(
            Diagnostic::at(&node.source, format!("`{key}` cannot be `{other}`"))
                .help("write auto, none, or { number: \"1001\" }"),
        ),
        None => out.push(wrong(node, key, "a word").help("write auto, none, or { number: \"1001\" }")),
    }
    None
}

/// `{ store, key }`, for passwords also `generate` and `version`.
///
/// Whatever else stands there may be a literal secret: no complaint repeats it, and none shows it.
pub(crate) fn secret(node: &Node, key: &str, password: bool, out: &mut Diagnostics) -> Option<SecretRef> {
    let help = "put the secret into a store and name it: { store: NAME, key: KEY }";
    let NodeValue::Map(entries) = &node.value else {
        out.push(
            Diagnostic::at(
                &node.source,
                format!("`{key}` holds a literal value instead of a reference to a store"),
            )
            .help(format!("{help}; then change the secret, since it stood in a file"))
            .masked(),
        );
        return None;
    };
    let allowed: &[&str] =
        if password { &["store", "key", "generate", "version"] } else { &["store", "key"] };
    // One complaint is enough: what is no reference lacks all that makes one.
    if let Some((entry, _)) = entries.iter().find(|(entry, _)| !allowed.contains(&&*entry.name)) {
        let message = format!("`{key}` holds something beside {}", allowed.join(", "));
        out.push(Diagnostic::at(&entry.source, message).help(help).masked());
        return None;
    }
    let mut inner = Diagnostics::default();
    let mut fields = Fields::open(node, "a secret reference", &mut inner)?;
    let mut name = |fields: &mut Fields<'_>, part: &'static str| {
        let node = fields.take(part, &mut inner);
        let text = node.and_then(scalar).filter(|s| s.kind() == ScalarKind::Text && !s.text.is_empty());
        if text.is_none() {
            let at = node.map_or(&fields.source, |n| &n.source);
            let message = format!("`{part}` of `{key}` is missing, or is not text");
            inner.push(Diagnostic::at(at, message).help(help));
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

/// Checks `apiVersion` and `kind` of a document; `false` when it is of no kind or of another, so that
/// to read on would be to complain of everything.
pub(crate) fn header(fields: &mut Fields<'_>, wanted: &'static str, out: &mut Diagnostics) -> bool {
    if let Some(node) = fields.required("apiVersion", out) {
        choice(node, "apiVersion", &["rosterctl/v1"], out);
    }
    let words: &'static [&'static str] = if wanted == "Roster" { &["Roster"] } else { &["Workspace"] };
    let Some(node) = fields.required("kind", out) else { return false };
    if wanted == "Roster" && fields.peek("kind") == Some("Workspace") {
        out.push(
            Diagnostic::at(&node.source, "a workspace file does not belong among the manifests")
                .help("move it out of the folders that `manifests:` names: it lies beside them"),
        );
        return false;
    }
    choice(node, "kind", words, out).is_some()
}
