//! Identifiers: newtypes, no bare strings.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::objection::IdObjection;
use super::text::{is_hidden, sanitize, visible};

/// An agent's number (坐席工号): the key of an agent in every system; always a string.
///
/// Numbers order by value (`8001` before `10001`), then all other ids by letter.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperatorId(Arc<str>);

impl OperatorId {
    /// Wraps an id without any check: vendors hold ids that a manifest may not.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// Returns the id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the reason why a manifest may not use `id`; `None` if it may.
    ///
    /// An id has 1 to 64 letters, digits and `_ . @ -`, a letter or digit first. It is part of secret keys and file
    /// names, where any other character could escape the folder.
    pub fn objection(id: &str) -> Option<IdObjection> {
        let allowed = |c: char| is_letter(c) || matches!(c, '_' | '.' | '@' | '-');
        if id.is_empty() {
            Some(IdObjection::Empty)
        } else if id.chars().count() > 64 {
            Some(IdObjection::TooLong)
        } else if id.chars().any(is_hidden) {
            Some(IdObjection::Hidden)
        } else if !id.chars().all(allowed) {
            Some(IdObjection::Sign)
        } else if !id.starts_with(is_letter) {
            Some(IdObjection::Begin)
        } else {
            None
        }
    }

    /// Returns the digits of a numeric id, without leading zeros.
    pub fn number(&self) -> Option<&str> {
        let digits = !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| self.0.trim_start_matches('0'))
    }

    /// Returns the next id of a range of numbers; leading zeros keep the width.
    pub fn successor(&self) -> Option<OperatorId> {
        let number: u64 = self.0.parse().ok()?;
        let next = number.checked_add(1)?;
        let text = format!("{next:0width$}", width = self.0.len());
        Some(Self(text.into()))
    }
}

impl Ord for OperatorId {
    fn cmp(&self, other: &Self) -> Ordering {
        // The most frequent question is if a manifest and a vendor mean the same agent.
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        if a == b {
            return Ordering::Equal;
        }
        // Nearly all numbers of an estate have one length, and then their order is that of their letters.
        if a.len() == b.len() && a.iter().chain(b).all(u8::is_ascii_digit) {
            return a.cmp(b);
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => {
                a.len().cmp(&b.len()).then_with(|| a.cmp(b)).then_with(|| self.0.len().cmp(&other.0.len()))
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for OperatorId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for OperatorId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// The letters and digits of an agent's number, as portable ranges of regular expressions.
///
/// The schema contains the same ranges, because editors of all kinds read it. There are no blanks, no signs and no
/// invisible characters.
pub const LETTERS: &str = r"0-9A-Za-z\u00C0-\u034E\u0350-\u061B\u061D-\u115E\u1161-\u167F\u1681-\u17B3\u17B6-\u180A\u1810-\u1FFF\u2C00-\u2FEF\u3001-\u3163\u3165-\uD7FF\uF900-\uFDCF";

fn is_letter(c: char) -> bool {
    !is_hidden(c)
        && matches!(c, '0'..='9' | 'A'..='Z' | 'a'..='z'
            | '\u{C0}'..='\u{167F}' | '\u{1681}'..='\u{1FFF}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}')
}

/// The kinds of resources that a roster holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person who answers calls and chats.
    Agent,
    /// An online skill group: a line of waiting customers and the agents who serve it.
    Queue,
    /// A voice seat; read only.
    Seat,
}

/// The names of a kind.
#[derive(Debug)]
pub struct KindNames {
    /// The kind.
    pub kind: Kind,
    /// The word before the `/` of a resource's id.
    pub word: &'static str,
    /// The word for several, which is the section of a manifest.
    pub plural: &'static str,
}

/// The kinds, in their order.
pub static KINDS: [KindNames; 3] = [
    KindNames { kind: Kind::Agent, word: "agent", plural: "agents" },
    KindNames { kind: Kind::Queue, word: "queue", plural: "queues" },
    KindNames { kind: Kind::Seat, word: "seat", plural: "seats" },
];

impl Kind {
    /// Returns the word before the `/` of a resource's id.
    pub fn word(self) -> &'static str {
        KINDS[self as usize].word
    }

    /// Returns the word for several.
    pub fn plural(self) -> &'static str {
        KINDS[self as usize].plural
    }
}

/// The id of a resource: `agent/8001`, `queue/在线售前`, `queue/NAME@EXTEN`.
///
/// Agents order before queues before seats, and by number within a kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The kind of the resource.
    pub kind: Kind,
    /// The name within the kind: an agent's number, a queue's name (with `@EXTEN` if pinned), a seat's account.
    pub name: OperatorId,
}

impl ResourceId {
    /// Returns the id of an agent.
    pub fn agent(id: &OperatorId) -> Self {
        Self { kind: Kind::Agent, name: id.clone() }
    }

    /// The id of a queue; `exten` is given when the name alone does not tell it.
    ///
    /// A `@` in the vendor's key is written `%40`, and a `%` is written `%25`: the last `@` stands before the key.
    pub fn queue(name: &str, exten: Option<&str>) -> Self {
        let key = |exten: &str| exten.replace('%', "%25").replace('@', "%40");
        let name = exten.map_or_else(|| name.to_owned(), |exten| format!("{name}@{}", key(exten)));
        Self { kind: Kind::Queue, name: OperatorId::new(name) }
    }

    /// Returns the vendor's key of a queue that [`ResourceId::queue`] made of a name and a key.
    pub fn exten(&self) -> Option<OperatorId> {
        let (_, key) = self.name.as_str().rsplit_once('@')?;
        Some(OperatorId::new(key.replace("%40", "@").replace("%25", "%")))
    }

    /// The id of a voice seat.
    pub fn seat(account: &OperatorId) -> Self {
        Self { kind: Kind::Seat, name: account.clone() }
    }

    /// Returns the unescaped `KIND/NAME`: the key of the ledger, which [`ResourceId::parse`] reads.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }

    /// Parses `KIND/NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let kind = KINDS.iter().find(|names| names.word == kind)?.kind;
        (!name.is_empty()).then(|| Self { kind, name: OperatorId::new(name) })
    }
}

impl fmt::Display for ResourceId {
    /// Writes the readable id: a name with odd characters is in quotes, escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_str();
        let name = if name.bytes().all(|byte| byte.is_ascii_graphic()) { name.into() } else { visible(name) };
        write!(f, "{}/{name}", self.kind.word())
    }
}

/// Returns a name that is safe on one line: see [`sanitize`].
pub fn safe(text: &str) -> String {
    sanitize(text).into_owned()
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.kind.word(), self.name))
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not KIND/NAME, like agent/8001")))
    }
}

impl schemars::JsonSchema for ResourceId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ResourceId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A resource: agent/8001, queue/NAME, queue/NAME@EXTEN, seat/ACCOUNT.",
            "pattern": "^(agent|queue|seat)/.+$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_as_people_count() {
        let mut ids: Vec<OperatorId> =
            ["10001", "8001", "a1", "0800", "800", "8002"].map(OperatorId::from).into();
        ids.sort();
        assert_eq!(
            ids.iter().map(OperatorId::as_str).collect::<Vec<_>>(),
            ["800", "0800", "8001", "8002", "10001", "a1"]
        );
    }

    #[test]
    fn an_id_that_could_climb_out_of_a_folder_is_refused() {
        for id in ["", "../x", "a/b", "a b", "{operatorId}", ".x", "a\nb"] {
            assert!(OperatorId::objection(id).is_some(), "{id:?}");
        }
        for hidden in
            ['\u{34f}', '\u{61c}', '\u{115f}', '\u{17b4}', '\u{180b}', '\u{200b}', '\u{3164}', '\u{feff}']
        {
            assert!(OperatorId::objection(&format!("80{hidden}01")).is_some(), "{hidden:?}");
        }
        assert_eq!(OperatorId::objection("8001"), None);
    }

    #[test]
    fn the_key_of_a_queue_may_be_a_name() {
        for key in ["1001", "a@1001", "50%", "%40", "@"] {
            assert_eq!(ResourceId::queue("a@b", Some(key)).exten(), Some(key.into()), "{key}");
        }
        assert_eq!(ResourceId::queue("a@b", Some("1001")).key(), "queue/a@b@1001");
    }

    #[test]
    fn the_schema_knows_the_same_letters() {
        let hex = |text: &str| text.strip_prefix("\\u").and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let mut named = vec![false; 0x11_0000];
        let mut rest = LETTERS;
        while !rest.is_empty() {
            let take = if rest.starts_with('\\') { 6 } else { 1 };
            let (first, last) = (&rest[..take], &rest[take + 1..=2 * take]);
            let code = |text: &str| hex(text).unwrap_or_else(|| u32::from(text.as_bytes()[0]));
            (code(first)..=code(last)).for_each(|code| named[code as usize] = true);
            rest = &rest[2 * take + 1..];
        }
        for c in '\0'..=char::MAX {
            assert_eq!(named[c as usize], is_letter(c), "{c:?}");
        }
    }

    #[test]
    fn successors_keep_their_width() {
        assert_eq!(OperatorId::from("0099").successor(), Some("0100".into()));
        assert_eq!(OperatorId::from("x").successor(), None);
    }
}
