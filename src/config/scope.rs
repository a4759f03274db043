//! The part of a tenant that a workspace manages: its `scope`, and the resources that it ignores.
//!
//! Live resources outside move from the items of their listing to [`Listing::outside`]. So no later stage lists,
//! compares or deletes them. A value that is not declared, or that no response holds, decides differently: a manifest
//! may leave it out, but a live resource without it is outside.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::settings::Form;
use crate::model::agent::{MAIN_SKILL_GROUP, NAME, SIP};
use crate::model::field::{Field, Record};
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::id_range::IdRange;
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::seat::LiveSeat;
use crate::model::source::Source;
use crate::model::unread::ListingDoubt;

/// Key of the agents' numbers.
pub const OPERATOR_ID: &str = "operatorId";
/// Key of the queues' names.
pub const DISPLAY_NAME: &str = "displayName";
/// Key of the queues' numbers.
pub const EXTEN: &str = "exten";

/// A condition of a scope: a value has to match one of some texts.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Key of the value.
    pub key: &'static str,
    /// Place of the condition.
    pub source: Source,
    texts: Vec<Matcher>,
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact(Arc<str>),
    Pattern(Arc<str>),
    Range(Arc<str>, IdRange),
}

impl Condition {
    /// Creates a condition. Texts of the form [`Form::Ids`] may be ranges.
    pub fn new(key: &'static str, form: Form, texts: &[Arc<str>], source: Source) -> Self {
        let matcher = |text: &Arc<str>| match (form, IdRange::parse(text)) {
            (Form::Pattern, _) => Matcher::Pattern(Arc::clone(text)),
            (Form::Ids, Some(range)) => Matcher::Range(Arc::clone(text), range),
            (Form::Ids, None) | (Form::Exact, _) => Matcher::Exact(Arc::clone(text)),
        };
        Self { key, source, texts: texts.iter().map(matcher).collect() }
    }

    fn holds(&self, value: &str) -> bool {
        self.texts.iter().any(|matcher| match matcher {
            Matcher::Exact(text) => **text == *value,
            Matcher::Pattern(pattern) => matches(pattern, value),
            Matcher::Range(_, range) => range.contains(value),
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |matcher: &Matcher| match matcher {
            Matcher::Exact(text) | Matcher::Pattern(text) | Matcher::Range(text, _) => text.to_string(),
        };
        f.write_str(&self.texts.iter().map(text).collect::<Vec<_>>().join(", "))
    }
}

/// Returns true if a text matches a pattern: `*` stands for any text, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // The last `*`, and the place in the text up to which it stands.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(sign) if *sign == '?' || *sign == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((begin, until)) = star else { return false };
                star = Some((begin, until + 1));
                at = begin + 1;
                seen = until + 1;
            }
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
}

/// A live resource that a workspace leaves alone.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// The reason.
    pub reason: Arc<str>,
    /// Place of the entry.
    pub source: Source,
}

/// The reason why a resource is not managed.
#[derive(Clone, Copy, Debug)]
pub enum Exclusion<'a> {
    /// A value does not match a condition.
    Outside(&'a Condition, &'a str),
    /// `ignore` names the resource.
    Ignored(&'a Ignored),
}

/// The part of a tenant that a workspace manages.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Conditions of agents; all must hold.
    pub agents: Vec<Condition>,
    /// Conditions of queues; all must hold.
    pub queues: Vec<Condition>,
    /// Ignored resources. A queue may stand there with its number.
    pub ignored: BTreeMap<ResourceId, Ignored>,
}

impl Scope {
    /// Returns the reason why no manifest may declare an agent of these values; `None` if one may.
    pub fn agent<'a>(&'a self, id: &'a OperatorId, record: &'a Record) -> Option<Exclusion<'a>> {
        let ignored = self.ignored.get(&ResourceId::agent(id)).map(Exclusion::Ignored);
        ignored.or_else(|| {
            let outside = |condition: &'a Condition| {
                let value = agent_value(condition.key, id, record)?;
                (!condition.holds(value)).then_some(Exclusion::Outside(condition, value))
            };
            self.agents.iter().find_map(outside)
        })
    }

    /// Returns the reason why no manifest may name an agent of a number; `None` if one may.
    pub fn agent_number<'a>(&'a self, id: &'a OperatorId) -> Option<Exclusion<'a>> {
        let ignored = self.ignored.get(&ResourceId::agent(id)).map(Exclusion::Ignored);
        let mut numbers = self.agents.iter().filter(|condition| condition.key == OPERATOR_ID);
        let mut outside = || numbers.find(|condition| !condition.holds(id.as_str()));
        ignored.or_else(|| outside().map(|condition| Exclusion::Outside(condition, id.as_str())))
    }

    /// Returns the reason why no manifest may declare a queue; `None` if one may.
    pub fn queue<'a>(&'a self, name: &'a str, exten: Option<&'a str>) -> Option<Exclusion<'a>> {
        self.ignored_queue(name, exten).map(Exclusion::Ignored).or_else(|| {
            let outside = |condition: &'a Condition| {
                let value = if condition.key == DISPLAY_NAME { Some(name) } else { exten };
                let value = value.filter(|value| !condition.holds(value))?;
                Some(Exclusion::Outside(condition, value))
            };
            self.queues.iter().find_map(outside)
        })
    }

    /// Returns the reason why no manifest may declare a seat; `None` if one may.
    pub fn seat(&self, account: &OperatorId) -> Option<Exclusion<'_>> {
        self.ignored.get(&ResourceId::seat(account)).map(Exclusion::Ignored)
    }

    /// Returns a condition on agents whose value a record lacks. An agent that is created so would be outside.
    pub fn missing_in(&self, record: &Record) -> Option<&'static str> {
        let mut keys = self.agents.iter().map(|condition| condition.key);
        keys.find(|key| field(key).is_some_and(|field| record.text(field).is_none()))
    }

    /// Returns true if the vendor's number decides whether a queue is in scope. A new queue has none yet.
    pub fn needs_exten(&self) -> bool {
        self.queues.iter().any(|condition| condition.key == EXTEN)
    }

    /// Returns true if live agents may be outside.
    pub fn hides_agents(&self) -> bool {
        !self.agents.is_empty() || self.ignored.keys().any(|id| id.kind == Kind::Agent)
    }

    /// Moves the agents and queues outside out of the items of their listings.
    pub fn narrow(&self, live: &mut Live) {
        if let Some(agents) = &mut live.agents {
            self.narrow_agents(agents);
        }
        if let Some(queues) = &mut live.queues {
            self.narrow_queues(queues);
        }
    }

    /// Moves the agents outside out of the items of a listing.
    pub fn narrow_agents(&self, listing: &mut Listing<OperatorId, Record>) {
        let holds = |id: &OperatorId, record: &Record| {
            let known = |condition: &Condition| {
                let value = agent_value(condition.key, id, record);
                let told = field(condition.key).is_none_or(|field| !record.is_masked(field));
                value.is_some_and(|value| told && condition.holds(value))
            };
            !self.ignored.contains_key(&ResourceId::agent(id)) && self.agents.iter().all(known)
        };
        narrow(listing, self.hides_agents(), holds, |record| keep(record, &[&NAME, &MAIN_SKILL_GROUP, &SIP]));
    }

    /// Moves the queues outside out of the items of a listing.
    pub fn narrow_queues(&self, listing: &mut Listing<OperatorId, LiveQueue>) {
        let some = !self.queues.is_empty() || self.ignored.keys().any(|id| id.kind == Kind::Queue);
        let holds =
            |exten: &OperatorId, queue: &LiveQueue| self.queue(&queue.name, Some(exten.as_str())).is_none();
        narrow(listing, some, holds, |queue| LiveQueue {
            name: Arc::clone(&queue.name),
            changed: None,
            record: keep(&queue.record, &[&ASSIGN_MEMBERS]),
        });
    }

    /// Moves the ignored seats out of the items of a listing.
    pub fn narrow_seats(&self, listing: &mut Listing<OperatorId, LiveSeat>) {
        let some = self.ignored.keys().any(|id| id.kind == Kind::Seat);
        narrow(listing, some, |account, _| self.seat(account).is_none(), LiveSeat::clone);
    }

    fn ignored_queue(&self, name: &str, exten: Option<&str>) -> Option<&Ignored> {
        if self.ignored.is_empty() {
            return None;
        }
        let numbered = || self.ignored.get(&ResourceId::queue(name, Some(exten?)));
        self.ignored.get(&ResourceId::queue(name, None)).or_else(numbered)
    }
}

/// Returns the field of an agent that a condition judges; `None` for its number.
fn field(key: &str) -> Option<&'static Field> {
    [&MAIN_SKILL_GROUP, &NAME].into_iter().find(|field| field.key == key)
}

fn agent_value<'a>(key: &str, id: &'a OperatorId, record: &'a Record) -> Option<&'a str> {
    match field(key) {
        Some(field) => record.text(field),
        None => Some(id.as_str()),
    }
}

/// Returns a record with some of its fields.
fn keep(record: &Record, fields: &[&'static Field]) -> Record {
    let mut kept = Record::default();
    for field in fields {
        if let Some(value) = record.get(field) {
            kept.set(field, value.clone(), None);
        }
    }
    kept
}

/// Moves items outside a scope. If the scope is wider than that of a snapshot, the listing is incomplete.
fn narrow<V>(
    listing: &mut Listing<OperatorId, V>,
    some: bool,
    holds: impl Fn(&OperatorId, &V) -> bool,
    trim: impl Fn(&V) -> V,
) {
    if listing.outside.iter().any(|(id, value)| holds(id, value)) {
        listing.incomplete.get_or_insert(ListingDoubt::NarrowerSnapshot);
    }
    if !some {
        return;
    }
    let outside = listing.items.extract_if(.., |id, value| !holds(id, value));
    let outside = outside.map(|(id, value)| (id, trim(&value)));
    listing.outside.extend(outside.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_seat_is_no_item_of_its_listing() {
        let source = Source::new("rosterctl.yaml", 1, 1);
        let ignored = Ignored { reason: "x".into(), source };
        let scope = Scope { ignored: [(ResourceId::seat(&"a".into()), ignored)].into(), ..Scope::default() };
        let items = ["a", "b"].map(|account| (account.into(), LiveSeat::default())).into();
        let mut listing = Listing { items, ..Listing::default() };
        scope.narrow_seats(&mut listing);
        assert_eq!(listing.items.keys().collect::<Vec<_>>(), [&OperatorId::from("b")]);
        assert!(scope.seat(&"a".into()).is_some() && scope.seat(&"b".into()).is_none());
    }

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        for (pattern, text) in [
            ("售前*", "售前一组"),
            ("售前*", "售前"),
            ("*组", "售前一组"),
            ("*前*组*", "售前一组"),
            ("售前?组", "售前一组"),
            ("*", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("售前*", "在售前"),
            ("售前", "售前一组"),
            ("售前?", "售前"),
            ("*a*b", "abc"),
            ("", "a"),
            ("?", ""),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
