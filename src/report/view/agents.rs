//! Groups changes of agents, and converts a group to a line. A new pool is one line, and so are new agents that differ
//! only in their names. Agents deleted for one reason share a line, and so do agents with equal changes.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::line::{Line, Segment, Telling};
use crate::messages::Message as _;
use crate::model::agent::{MAIN_SKILL_GROUP, NAME, PASSWORD, ROLE};
use crate::model::field::Field;
use crate::model::id::{Kind, OperatorId};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::secret::SecretRef;
use crate::model::support::Support;
use crate::model::value::{Sip, Value};
use crate::report::chapter::{LineKind, Section};
use crate::report::phrases::{Phrase, comma};

/// A change in the form by which agents share a line: its agent's number is replaced, so that a pool's agents are equal.
#[derive(Default)]
struct Shape(String);

impl Shape {
    /// Writes a change; `named` tells if the agent's name counts.
    fn write(&mut self, change: &Change, named: bool) -> &str {
        self.0.clear();
        // To write to a text cannot fail.
        let _ = match change.action {
            Action::Delete => self.write_deletion(change),
            Action::Create | Action::Update | Action::Replace => self.write_fields(change, named),
        };
        &self.0
    }

    /// Writes the facts of a deletion without the name. A tombstone has its own place.
    fn write_deletion(&mut self, change: &Change) -> fmt::Result {
        let group = change.field(&MAIN_SKILL_GROUP).and_then(|field| field.before.as_ref());
        write!(self.0, "{:?}", (change.moved, &change.reason, group, &change.source))?;
        self.write_last_change(change)
    }

    fn write_fields(&mut self, change: &Change, named: bool) -> fmt::Result {
        write!(self.0, "{:?}", (change.action, change.moved, &change.reason))?;
        self.write_last_change(change)?;
        for diff in change.fields.iter().filter(|diff| named || *diff.field != NAME) {
            self.0.push('\n');
            self.0.push_str(diff.field.key);
            self.write_value(diff.before.as_ref(), &change.id.name)?;
            match &diff.secret {
                // Agents share a line only if their secret keys follow one pattern.
                Some(secret) if secret.generate => {
                    self.write_text(&secret.store, &change.id.name)?;
                    self.write_text(&secret.key, &change.id.name)?;
                }
                Some(_) | None => self.write_value(diff.after.as_ref(), &change.id.name)?,
            }
        }
        Ok(())
    }

    /// Writes the last change to the minute, as a report shows it.
    fn write_last_change(&mut self, change: &Change) -> fmt::Result {
        let Some(last) = &change.last_changed else { return Ok(()) };
        write!(self.0, "{:?}", (last.time(), &last.by))
    }

    fn write_value(&mut self, value: Option<&Value>, id: &OperatorId) -> fmt::Result {
        match value {
            // A roster has many words and few other values. A text begins with a quotation mark, a word does not.
            Some(Value::Choice(word)) => {
                self.0.push(' ');
                self.0.push_str(word);
                Ok(())
            }
            Some(Value::Text(text)) => self.write_text(text, id),
            Some(Value::Sip(Sip::Number(number))) => {
                self.0.push_str(" sip");
                self.write_text(number, id)
            }
            Some(Value::Other(raw)) => {
                self.0.push_str(" other");
                self.write_text(raw, id)
            }
            value => write!(self.0, " {value:?}"),
        }
    }

    /// Writes a text with the agent's number replaced. Its length tells where it ends.
    fn write_text(&mut self, text: &str, id: &OperatorId) -> fmt::Result {
        let start = self.0.len();
        for (at, part) in text.split(id.as_str()).enumerate() {
            self.0.push_str(if at > 0 { OWN_NUMBER } else { "\"" });
            self.0.push_str(part);
        }
        let length = self.0.len() - start;
        write!(self.0, "\"{length}")
    }

    /// Returns true if two changes share a line.
    fn is_equal(&mut self, one: &Change, other: &Change, named: bool) -> bool {
        let one = self.write(one, named).to_owned();
        one == self.write(other, named)
    }
}

/// The placeholder for the agent's own number.
const OWN_NUMBER: &str = "{operatorId}";

/// Returns the storage place of a password that may have to be generated.
fn stored(field: &FieldDiff, how: Telling<'_>) -> Option<Segment> {
    let secret = field.secret.as_ref().filter(|secret| secret.generate)?;
    Some(how.remark(&how.say(Phrase::StoredAs(&secret.to_string()))))
}

/// The minimum number of new agents with different names that share a line.
const FEWEST_PEERS: usize = 6;

/// The maximum number of agents deleted in one line.
const MOST_DELETED: usize = 40;

/// Returns an agent by number and name: `8001 张三`.
fn who(change: &Change) -> String {
    match change.title.as_deref() {
        Some(name) => format!("{} {name}", change.id.name),
        None => change.id.name.to_string(),
    }
}

/// Groups of changes of one shape. A hash finds the groups, and the shape itself decides.
struct Peers {
    shape: Shape,
    named: bool,
    groups: Vec<Vec<usize>>,
    by_hash: BTreeMap<u64, Vec<usize>>,
}

impl Peers {
    fn new(named: bool) -> Self {
        Self { shape: Shape::default(), named, groups: Vec::new(), by_hash: BTreeMap::new() }
    }

    /// Adds a change, and returns its group.
    fn add(&mut self, changes: &[Change], at: usize) -> usize {
        let mut hasher = DefaultHasher::new();
        self.shape.write(&changes[at], self.named).hash(&mut hasher);
        let found = self.by_hash.entry(hasher.finish()).or_default();
        let is_own = |group: &&usize| {
            let first = self.groups[**group][0];
            self.shape.is_equal(&changes[first], &changes[at], self.named)
        };
        if let Some(group) = found.iter().find(is_own) {
            self.groups[*group].push(at);
            return *group;
        }
        found.push(self.groups.len());
        self.groups.push(vec![at]);
        self.groups.len() - 1
    }
}

/// Groups the changes of agents that share a line, in the order of their first changes.
pub(super) fn groups(changes: &[Change]) -> Vec<Vec<usize>> {
    let agents = (0..changes.len()).filter(|at| changes[*at].id.kind == Kind::Agent);
    let agents: Vec<usize> = agents.collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let (mut alike, mut peers) = (Peers::new(true), Peers::new(false));
    // The changes that are no run, each with its group.
    let mut rest: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    while let Some(at) = agents.get(next).copied() {
        let mut length = 1;
        if changes[at].action == Action::Create {
            length = run(&mut alike.shape, changes, &agents[next..]);
            if length > 1 {
                groups.push(agents[next..next + length].to_vec());
            } else {
                rest.push((at, peers.add(changes, at)));
            }
        } else {
            rest.push((at, alike.add(changes, at)));
        }
        next += length;
    }
    let mut taken = vec![false; changes.len()];
    for (at, group) in rest {
        if taken[at] {
            continue;
        }
        let (group, fewest) = match changes[at].action {
            Action::Create => (&peers.groups[group], FEWEST_PEERS),
            Action::Delete => (&alike.groups[group], FEWEST_PEERS),
            Action::Update | Action::Replace => (&alike.groups[group], 1),
        };
        // A comment cuts a long cell, but every deleted agent must be named.
        let most = if changes[at].action == Action::Delete { MOST_DELETED } else { usize::MAX };
        let group: Vec<usize> = if group.len() < fewest {
            vec![at]
        } else {
            group.iter().copied().filter(|at| !taken[*at]).take(most).collect()
        };
        for at in &group {
            taken[*at] = true;
        }
        groups.push(group);
    }
    groups.sort_by_key(|group| group[0]);
    groups
}

/// Returns the length of the run of equal new agents with consecutive numbers.
fn run(shape: &mut Shape, changes: &[Change], agents: &[usize]) -> usize {
    let first = &changes[agents[0]];
    let mut follows = |pair: &[usize]| {
        let (one, next) = (&changes[pair[0]].id.name, &changes[pair[1]]);
        one.successor().as_ref() == Some(&next.id.name) && shape.is_equal(first, next, true)
    };
    1 + agents.windows(2).take_while(|pair| follows(pair)).count()
}

/// Returns the line of a group.
pub(super) fn line(support: &Support, group: &[&Change], how: Telling<'_>) -> Line {
    match group {
        [change] => agent_line(support, change, how),
        group => group_line(support, group, how),
    }
}

fn group_line(support: &Support, group: &[&Change], how: Telling<'_>) -> Line {
    let first = group[0];
    let ids: Vec<&OperatorId> = group.iter().map(|change| &change.id.name).collect();
    let mut pieces = vec![Segment::Words(how.say(Phrase::Agents(group.len())))];
    let mut general = Change {
        fields: first
            .fields
            .iter()
            .map(|f| FieldDiff {
                before: generalise(f.before.as_ref(), &first.id.name),
                after: generalise(f.after.as_ref(), &first.id.name),
                secret: f.secret.as_deref().map(|secret| {
                    let key = secret.key.replace(first.id.name.as_str(), OWN_NUMBER).into();
                    Arc::new(SecretRef { key, ..secret.clone() })
                }),
                ..f.clone()
            })
            .collect(),
        // The title is the name pattern that the agents of a group share, if any.
        title: common_title(group),
        ..first.clone()
    };
    let mut subject = format!("agent/{}", how.ranges(&ids));
    let named = general.title.is_none() && group.iter().any(|change| change.title.is_some());
    if named {
        general.fields.retain(|field| *field.field != NAME);
        // The numbers already stand before the names, so the subject does not repeat them.
        subject = match ids.as_slice() {
            [first, second, ..] if ids.len() > 3 => {
                format!("agent/{first}{}{second} …", comma(how.language()))
            }
            _ => subject,
        };
    }
    pieces.extend(agent_pieces(support, &general, how));
    if named {
        pieces.push(Segment::Words(how.list(group.iter().map(|change| who(change)))));
    }
    Line {
        tone: LineKind::Act(first.action),
        group: chapter(first),
        subject,
        about: None,
        count: group.len(),
        pieces,
        staffing: None,
        everyone: group.iter().map(|change| who(change)).collect(),
        last_changed: how.last_changed(first),
        source: first.source.clone(),
    }
}

fn common_title(group: &[&Change]) -> Option<String> {
    let title = |change: &&Change| Some(change.title.as_ref()?.replace(change.id.name.as_str(), OWN_NUMBER));
    let first = group.first().and_then(title)?;
    group.iter().all(|change| title(change).as_ref() == Some(&first)).then_some(first)
}

/// Replaces the agent's own number in a value by a placeholder.
fn generalise(value: Option<&Value>, id: &OperatorId) -> Option<Value> {
    value.map(|value| value.map_text(|text| text.replace(id.as_str(), OWN_NUMBER).into()))
}

fn agent_line(support: &Support, change: &Change, how: Telling<'_>) -> Line {
    Line {
        tone: LineKind::Act(change.action),
        group: chapter(change),
        subject: change.id.to_string(),
        about: None,
        count: 1,
        pieces: agent_pieces(support, change, how),
        staffing: None,
        everyone: Vec::new(),
        last_changed: how.last_changed(change),
        source: change.source.clone(),
    }
}

/// Returns the chapter of an agent's change.
pub(super) fn chapter(change: &Change) -> Section {
    let moves = change.field(&MAIN_SKILL_GROUP).is_some_and(|field| field.before != field.after);
    match change.action {
        Action::Create => Section::Joins,
        Action::Delete => Section::Leaves,
        Action::Replace => Section::Remade,
        Action::Update if change.moved == ChangeOrigin::Live => Section::TakenBack,
        Action::Update if moves => Section::Moves,
        Action::Update => Section::Changes,
    }
}

fn agent_pieces(support: &Support, change: &Change, how: Telling<'_>) -> Vec<Segment> {
    let mut pieces = Vec::new();
    // If the name is set, removed or changed, it is among the fields instead.
    let named = change.field(&NAME).is_some_and(|name| name.before != name.after);
    if let Some(title) = change.title.as_ref().filter(|_| !named) {
        pieces.push(Segment::Name(title.clone()));
    }
    match change.action {
        Action::Create => {
            let said = |field: &Field| change.field(field).map(|f| how.value(support, f, f.after.as_ref()));
            pieces.extend(said(&NAME).map(Segment::Name));
            pieces.extend([&ROLE, &MAIN_SKILL_GROUP].into_iter().filter_map(said).map(Segment::Words));
            for field in &change.fields {
                if *field.field == PASSWORD {
                    pieces.push(Segment::Words(how.say(Phrase::Password)));
                    pieces.extend(stored(field, how));
                } else if ![&NAME, &ROLE, &MAIN_SKILL_GROUP].contains(&field.field) {
                    pieces.push(Segment::Words(format!(
                        "{} {}",
                        field.field.name(how.language()),
                        how.value(support, field, field.after.as_ref())
                    )));
                }
            }
        }
        Action::Delete => {
            let said = |field: &Field| change.field(field).map(|f| how.value(support, f, f.before.as_ref()));
            pieces.extend(said(&NAME).map(Segment::Name));
            pieces.extend(said(&MAIN_SKILL_GROUP).map(Segment::Words));
        }
        Action::Update | Action::Replace => {
            for field in change.fields.iter().filter(|f| *f.field == PASSWORD || f.before != f.after) {
                pieces.push(if *field.field == PASSWORD {
                    Segment::Words(how.say(Phrase::Password))
                } else {
                    how.field(support, field)
                });
                if let Some(reason) = &field.reason {
                    pieces.push(how.remark(&reason.say(how.language())));
                }
                pieces.extend(stored(field, how));
            }
        }
    }
    how.remarks(change, &mut pieces);
    pieces
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::scene::Scene;
    use crate::model::support::Supports;
    use crate::report::BoundPlan;
    use crate::report::chapter::Tense;

    fn how(scene: &Scene) -> Telling<'_> {
        Telling { scene, tense: Tense::Planned }
    }

    #[test]
    fn new_agents_that_differ_in_name_alone_share_a_line() {
        let field = |path: &str, after: &str| serde_json::json!({ "path": path, "before": null, "after": after, "moved": "manifest" });
        let new = |id: &str, name: &str, group: &str| {
            let fields = [field("name", name), field("mainSkillGroup", group)];
            let change = serde_json::json!({
                "id": format!("agent/{id}"), "action": "create", "title": name, "moved": "manifest", "fields": fields,
            });
            serde_json::from_value::<Change>(change).unwrap()
        };
        let mut changes: Vec<Change> = ["张", "王", "李", "赵", "陈", "杨"]
            .iter()
            .zip(0..)
            .map(|(n, i)| new(&format!("{}", 8001 + 2 * i), n, "售前"))
            .collect();
        changes.push(new("9001", "周", "售后"));
        assert_eq!(groups(&changes), [vec![0, 1, 2, 3, 4, 5], vec![6]]);
        let plan = serde_json::json!({
            "format": "rosterctl.plan/v1", "program": "0", "workspace": "w",
            "summary": { "create": 7, "update": 0, "replace": 0, "delete": 0, "calls": 7, "estimatedSeconds": 0,
                "findings": { "error": 0, "warning": 0, "info": 0 }, "live": { "agents": 0, "queues": 0 } },
            "changes": changes, "steps": [], "findings": [], "digests": { "manifests": "", "plan": "" },
        });
        let plan = BoundPlan { plan: serde_json::from_value(plan).unwrap(), supports: Supports::default() };
        let scene = Scene::default();
        let view = super::super::build(&plan, crate::report::Command::Plan, &scene);
        let lines: Vec<Line> = view.changes.iter().collect();
        let subjects: Vec<&str> = lines.iter().map(|line| &*line.subject).collect();
        assert_eq!(subjects, ["agent/8001, 8003 …", "agent/9001"]);
        assert_eq!(lines[0].pieces[0], Segment::Words("6 agents".to_owned()));
        let named = "8001 张, 8003 王, 8005 李, 8007 赵, 8009 陈, 8011 杨".to_owned();
        assert_eq!(lines[0].pieces.last(), Some(&Segment::Words(named)));
    }

    #[test]
    fn agents_that_change_alike_but_for_their_own_number_share_a_line() {
        let change = |id: &str, path: &str, after: &serde_json::Value| {
            let fields =
                [serde_json::json!({ "path": path, "before": null, "after": after, "moved": "manifest" })];
            let change = serde_json::json!({
                "id": format!("agent/{id}"), "action": "update", "moved": "manifest", "fields": fields,
            });
            serde_json::from_value::<Change>(change).unwrap()
        };
        let sip = |id: &str| change(id, "sip", &serde_json::json!({ "number": id }));
        let (first, second) = (sip("8001"), sip("8003"));
        assert!(Shape::default().is_equal(&first, &second, true));
        let line = group_line(Supports::default().agents, &[&first, &second], how(&Scene::default()));
        let field =
            |piece: &Segment| matches!(piece, Segment::Field { after, .. } if after == "{operatorId}");
        assert!(line.pieces.iter().any(field), "{:?}", line.pieces);
        // A count is not an agent's number.
        let seconds = |id: &str, count: i64| change(id, "wrapUpSeconds", &count.into());
        assert!(!Shape::default().is_equal(&seconds("1", 10), &seconds("2", 20), true));
    }
    #[test]
    fn two_names_that_look_alike_show_what_tells_them_apart() {
        let renamed = |before: &str, after: &str| {
            let field =
                serde_json::json!({ "path": "name", "before": before, "after": after, "moved": "manifest" });
            let change = serde_json::json!({
                "id": "agent/8001", "action": "update", "moved": "manifest", "fields": [field],
            });
            let change = serde_json::from_value::<Change>(change).unwrap();
            agent_line(Supports::default().agents, &change, how(&Scene::default())).words()
        };
        assert_eq!(renamed("王\u{200b}芳", "王芳"), r#"name "王\u{200b}芳" -> 王芳"#);
        assert_eq!(renamed("Rene\u{301}", "René"), r#"name "Rene\u{301}" -> René"#);
        assert_eq!(renamed("王 芳 ", "王芳"), r#"name "王 芳\u{20}" -> 王芳"#);
        assert_eq!(renamed("王芳", "王方"), "name 王芳 -> 王方");
    }
}
