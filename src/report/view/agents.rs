//! Converts changes of agents to lines. A new pool is one line, and so are new agents that differ only in their names.
//! Agents deleted for one reason share a line, and so do agents with equal changes.

use std::collections::BTreeMap;

use super::line::{Line, LineKind, Section, Segment, Tense, field_piece, ranges, remarks, words};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME, PASSWORD, ROLE};
use crate::model::field::Field;
use crate::model::id::{Kind, OperatorId};
use crate::model::plan::{Action, Change, ChangeOrigin, FieldDiff};
use crate::model::reason::ChangeReason;
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::support::Support;
use crate::model::value::Value;

/// A value before, and the value after or the place where it is stored.
type Sides = (Option<Value>, Result<Option<Value>, String>);
type Shape = (Action, ChangeOrigin, Option<ChangeReason>, Vec<(&'static Field, Sides)>);

/// Returns the change with the agent's number replaced, so that a pool's agents are equal.
fn shape(change: &Change) -> Shape {
    let general = |value: &Option<Value>| generalise(value.as_ref(), &change.id.name);
    // Agents share a line only if their secret keys follow one pattern.
    let after = |f: &FieldDiff| match stored(f) {
        Some(place) => Err(place.replace(change.id.name.as_str(), "{operatorId}")),
        None => Ok(general(&f.after)),
    };
    let fields = change.fields.iter().map(|f| (f.field, (general(&f.before), after(f))));
    (change.action, change.moved, change.reason.clone(), fields.collect())
}

/// Returns the storage place of a password that may have to be generated.
fn stored(field: &FieldDiff) -> Option<String> {
    field.secret.as_ref().filter(|secret| secret.generate).map(|secret| format!("stored as {secret}"))
}

/// The minimum number of new agents with different names that share a line.
const FEWEST_PEERS: usize = 6;

/// The maximum number of agents deleted in one line.
const MOST_DELETED: usize = 40;

/// Returns the change without the agent's name.
fn nameless(change: &Change) -> Shape {
    let mut shape = shape(change);
    shape.3.retain(|(field, _)| **field != NAME);
    shape
}

/// Returns the facts of a deletion without the name. A tombstone has its own place.
fn fate(change: &Change) -> (ChangeOrigin, Option<ChangeReason>, Option<Value>, Option<&Source>) {
    let group = change.field(&MAIN_SKILL_GROUP).and_then(|field| field.before.clone());
    (change.moved, change.reason.clone(), group, change.source.as_ref())
}

/// Lists the agents of a group with different names: `8001 张三, 8002 李四`.
fn who(all: &[&Change], group: &[usize]) -> String {
    let one = |at: &usize| match all[*at].title.as_deref() {
        Some(name) => format!("{} {name}", all[*at].id.name),
        None => all[*at].id.name.to_string(),
    };
    group.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns the lines of agents, with equal changes grouped.
pub(super) fn lines(support: &Support, changes: &[Change], tense: Tense) -> Vec<Line> {
    let all: Vec<&Change> = changes.iter().filter(|c| c.id.kind == Kind::Agent).collect();
    let mut lines = Vec::new();
    let mut taken = vec![false; all.len()];
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, change) in all.iter().enumerate() {
        match change.action {
            Action::Update | Action::Replace => {
                alike.entry(format!("{:?}", shape(change))).or_default().push(at);
            }
            Action::Delete => alike.entry(format!("{:?}", fate(change))).or_default().push(at),
            Action::Create => {}
        }
    }
    let mut runs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut peers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut at = 0;
    while at < all.len() {
        let length = if all[at].action == Action::Create { run(&all, at).len() } else { 0 };
        if length > 1 {
            runs.insert(at, (at..at + length).collect());
        } else if length == 1 {
            peers.entry(format!("{:?}", nameless(all[at]))).or_default().push(at);
        }
        at += length.max(1);
    }
    for at in 0..all.len() {
        if taken[at] {
            continue;
        }
        let change = all[at];
        let group: Vec<usize> = match change.action {
            Action::Create => runs.remove(&at).unwrap_or_else(|| {
                let peers = peers.get(&format!("{:?}", nameless(change))).cloned().unwrap_or_default();
                if peers.len() >= FEWEST_PEERS { peers } else { vec![at] }
            }),
            Action::Update | Action::Replace => {
                alike.get(&format!("{:?}", shape(change))).cloned().unwrap_or_else(|| vec![at])
            }
            Action::Delete => {
                let alike = alike.get(&format!("{:?}", fate(change))).cloned().unwrap_or_default();
                if alike.len() >= FEWEST_PEERS {
                    // A comment cuts a long cell, but every deleted agent must be named.
                    alike.into_iter().filter(|at| !taken[*at]).take(MOST_DELETED).collect()
                } else {
                    vec![at]
                }
            }
        };
        for index in &group {
            taken[*index] = true;
        }
        lines.push(if group.len() > 1 {
            group_line(support, &all, &group, tense)
        } else {
            agent_line(support, change, tense)
        });
    }
    lines
}

/// Returns the run of equal new agents with consecutive numbers.
fn run(all: &[&Change], at: usize) -> Vec<usize> {
    let first = shape(all[at]);
    let mut group = vec![at];
    for next in at + 1..all.len() {
        let follows = all[next - 1].id.name.successor().as_ref() == Some(&all[next].id.name);
        if !follows || shape(all[next]) != first {
            break;
        }
        group.push(next);
    }
    group
}

fn group_line(support: &Support, all: &[&Change], group: &[usize], tense: Tense) -> Line {
    let first = all[group[0]];
    let ids: Vec<&OperatorId> = group.iter().map(|at| &all[*at].id.name).collect();
    let mut pieces = vec![Segment::Count(group.len())];
    let mut general = Change {
        fields: first
            .fields
            .iter()
            .map(|f| FieldDiff {
                before: generalise(f.before.as_ref(), &first.id.name),
                after: generalise(f.after.as_ref(), &first.id.name),
                secret: f.secret.as_ref().map(|secret| SecretRef {
                    key: secret.key.replace(first.id.name.as_str(), "{operatorId}").into(),
                    ..secret.clone()
                }),
                ..f.clone()
            })
            .collect(),
        // The title is the name pattern that the agents of a group share, if any.
        title: common_title(all, group),
        ..first.clone()
    };
    let mut subject = format!("agent/{}", ranges(&ids));
    let named = general.title.is_none() && group.iter().any(|at| all[*at].title.is_some());
    if named {
        general.fields.retain(|field| *field.field != NAME);
        // The numbers already stand before the names, so the subject does not repeat them.
        subject = match ids.as_slice() {
            [first, .., last] if ids.len() > 3 => format!("agent/{first} … {last}"),
            _ => subject,
        };
    }
    pieces.extend(agent_pieces(support, &general, tense));
    if named {
        pieces.push(Segment::Words(who(all, group)));
    }
    Line {
        tone: LineKind::Act(first.action),
        group: chapter(first),
        subject,
        about: None,
        count: group.len(),
        pieces,
        staffing: None,
        everyone: group.iter().map(|at| who(all, &[*at])).collect(),
        source: first.source.clone(),
    }
}

fn common_title(all: &[&Change], group: &[usize]) -> Option<String> {
    let title =
        |at: &usize| Some(all[*at].title.as_ref()?.replace(all[*at].id.name.as_str(), "{operatorId}"));
    let first = group.first().and_then(title)?;
    group.iter().all(|at| title(at).as_ref() == Some(&first)).then_some(first)
}

/// Replaces the agent's own number in a value by a placeholder.
fn generalise(value: Option<&Value>, id: &OperatorId) -> Option<Value> {
    value.map(|value| value.map_text(|text| text.replace(id.as_str(), "{operatorId}").into()))
}

fn agent_line(support: &Support, change: &Change, tense: Tense) -> Line {
    Line {
        tone: LineKind::Act(change.action),
        group: chapter(change),
        subject: change.id.to_string(),
        about: None,
        count: 1,
        pieces: agent_pieces(support, change, tense),
        staffing: None,
        everyone: Vec::new(),
        source: change.source.clone(),
    }
}

fn chapter(change: &Change) -> Section {
    let moves = change.field(&MAIN_SKILL_GROUP).is_some_and(|field| field.before != field.after);
    match change.action {
        Action::Create => Section::Joins,
        Action::Delete => Section::Leaves,
        Action::Replace => Section::Remade,
        Action::Update if moves => Section::Moves,
        Action::Update => Section::Changes,
    }
}

fn agent_pieces(support: &Support, change: &Change, tense: Tense) -> Vec<Segment> {
    let mut pieces = Vec::new();
    // If the name is set, removed or changed, it is among the fields instead.
    let named = change.field(&NAME).is_some_and(|name| name.before != name.after);
    if let Some(title) = change.title.as_ref().filter(|_| !named) {
        pieces.push(Segment::Name(title.clone()));
    }
    match change.action {
        Action::Create => {
            let said = |field: &Field| change.field(field).map(|f| words(support, f, f.after.as_ref()));
            pieces.extend(said(&NAME).map(Segment::Name));
            pieces.extend([&ROLE, &MAIN_SKILL_GROUP].into_iter().filter_map(said).map(Segment::Words));
            for field in &change.fields {
                if *field.field == PASSWORD {
                    pieces.push(Segment::Words("password".to_owned()));
                    pieces.extend(stored(field).map(Segment::Remark));
                } else if ![&NAME, &ROLE, &MAIN_SKILL_GROUP].contains(&field.field) {
                    pieces.push(Segment::Words(format!(
                        "{} {}",
                        field.field.key,
                        words(support, field, field.after.as_ref())
                    )));
                }
            }
        }
        Action::Delete => {
            let said = |field: &Field| change.field(field).map(|f| words(support, f, f.before.as_ref()));
            pieces.extend(said(&NAME).map(Segment::Name));
            pieces.extend(said(&MAIN_SKILL_GROUP).map(Segment::Words));
        }
        Action::Update | Action::Replace => {
            for field in change.fields.iter().filter(|f| *f.field == PASSWORD || f.before != f.after) {
                pieces.push(if *field.field == PASSWORD {
                    Segment::Words("password".to_owned())
                } else {
                    field_piece(support, field)
                });
                if let Some(reason) = &field.reason {
                    pieces.push(Segment::Remark(reason.to_string()));
                }
                pieces.extend(stored(field).map(Segment::Remark));
            }
        }
    }
    remarks(change, tense, &mut pieces);
    pieces
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::support::Supports;
    use crate::report::BoundPlan;

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
        let refs: Vec<&Change> = changes.iter().collect();
        assert_eq!(run(&refs, 0), [0]);
        let plan = serde_json::json!({
            "format": "rosterctl.plan/v1", "program": "0", "workspace": "w",
            "summary": { "create": 7, "update": 0, "replace": 0, "delete": 0, "calls": 7, "estimatedSeconds": 0,
                "findings": { "error": 0, "warning": 0, "info": 0 }, "live": { "agents": 0, "queues": 0 } },
            "changes": changes, "steps": [], "findings": [], "digests": { "manifests": "", "plan": "" },
        });
        let plan = BoundPlan { plan: serde_json::from_value(plan).unwrap(), supports: Supports::default() };
        let view = super::super::build(&plan, crate::report::Command::Plan, None);
        let subjects: Vec<&str> = view.changes.iter().map(|line| &*line.subject).collect();
        assert_eq!(subjects, ["agent/8001 … 8011", "agent/9001"]);
        assert_eq!(view.changes[0].pieces[0], Segment::Count(6));
        let named = "8001 张, 8003 王, 8005 李, 8007 赵, 8009 陈, 8011 杨".to_owned();
        assert_eq!(view.changes[0].pieces.last(), Some(&Segment::Words(named)));
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
        assert_eq!(shape(&sip("8001")), shape(&sip("8003")));
        let (first, second) = (sip("8001"), sip("8003"));
        let line = group_line(Supports::default().agents, &[&first, &second], &[0, 1], Tense::Planned);
        let field =
            |piece: &Segment| matches!(piece, Segment::Field { after, .. } if after == "{operatorId}");
        assert!(line.pieces.iter().any(field), "{:?}", line.pieces);
        // A count is not an agent's number.
        let seconds = |id: &str, count: i64| change(id, "wrapUpSeconds", &count.into());
        assert_ne!(shape(&seconds("1", 10)), shape(&seconds("2", 20)));
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
            agent_line(Supports::default().agents, &change, Tense::Planned).words()
        };
        assert_eq!(renamed("王\u{200b}芳", "王芳"), r#"name "王\u{200b}芳" -> 王芳"#);
        assert_eq!(renamed("Rene\u{301}", "René"), r#"name "Rene\u{301}" -> René"#);
        assert_eq!(renamed("王 芳 ", "王芳"), r#"name "王 芳\u{20}" -> 王芳"#);
        assert_eq!(renamed("王芳", "王方"), "name 王芳 -> 王方");
    }
}
