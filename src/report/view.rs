//! A plan in words, ordered once for every format: one line for what is one thing.
//!
//! Agents that are made alike in a row (a pool) are one line; so are new agents that differ in their names alone,
//! and agents that change in the same way. A roster of 300 agents stays readable.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::model::agent::{self, MAIN_SKILL_GROUP, NAME, PASSWORD, ROLE};
use crate::model::field::by_key;
use crate::model::finding::{
    Effect, Finding, Rule, Severity, UNMANAGED_AGENT, UNMANAGED_QUEUE, UNMANAGED_SEAT,
};
use crate::model::id::{Kind, OperatorId};
use crate::model::plan::{Action, Change, FieldDiff, Moved, Plan};
use crate::model::queue::{self, ASSIGN_MEMBERS};
use crate::model::value::{Members, Value};

/// What a line is about; formats colour it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something happens.
    Act(Action),
    /// A finding.
    Find(Severity),
}

impl Tone {
    /// The mark before the line.
    pub fn mark(self) -> &'static str {
        match self {
            Tone::Act(action) => action.mark(),
            Tone::Find(Severity::Error | Severity::Warning) => "!",
            Tone::Find(Severity::Info) => "i",
        }
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub tone: Tone,
    /// The resource or resources.
    pub subject: String,
    /// What is said of it, in pieces.
    pub pieces: Vec<Piece>,
    /// Where the manifest asks for it.
    pub source: Option<String>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// A field and what becomes of it.
    Field {
        /// Its name.
        key: String,
        /// What it held.
        before: String,
        /// What it will hold.
        after: String,
    },
    /// A remark.
    Remark(String),
}

/// A plan in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What happens.
    pub changes: Vec<Line>,
    /// What cannot be mended, or must not be done.
    pub findings: Vec<Line>,
    /// Rules that were lifted.
    pub allowed: Vec<String>,
    /// Whether there is nothing to do.
    pub nothing: bool,
    /// The line of counts.
    pub counts: String,
}

/// Puts a plan into words.
pub fn of(plan: &Plan) -> View {
    let mut changes = agents(plan);
    changes.extend(plan.changes.iter().filter(|c| c.id.kind != Kind::Agent).map(queue_line));
    View {
        changes,
        findings: findings(&plan.findings),
        allowed: plan
            .allowed
            .iter()
            .map(|a| format!("allowed for this run: {} up to {}", a.rule, a.up_to))
            .collect(),
        nothing: plan.changes.is_empty(),
        counts: counts(plan),
    }
}

fn counts(plan: &Plan) -> String {
    let s = &plan.summary;
    let mut text = format!(
        "Plan: {} to create, {} to update, {} to replace, {} to delete",
        s.create, s.update, s.replace, s.delete
    );
    let mends = |f: &&Finding| f.severity == Severity::Info || f.effect() == Effect::None;
    let open = plan.findings.iter().filter(|f| !mends(f)).count();
    if open > 0 {
        text.push_str(&format!(", {open} that cannot be mended"));
    }
    match s.calls {
        0 => text.push('.'),
        calls => text.push_str(&format!(
            "; {calls} call{}, about {} under the rate limits.",
            if calls == 1 { "" } else { "s" },
            length(s.estimated_seconds)
        )),
    }
    text
}

/// A length of time for people.
fn length(seconds: u64) -> String {
    match seconds {
        0 => "a moment".to_owned(),
        1..=119 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

/// A change with the agent's number replaced, so that a pool's agents look alike.
fn shape(change: &Change) -> (Action, Option<String>, Vec<(String, String, String)>) {
    let general = |json: &Json| json.to_string().replace(change.id.name.as_str(), "{operatorId}");
    let fields = change.fields.iter().map(|f| (f.path.clone(), general(&f.before), general(&f.after)));
    (change.action, change.reason.clone(), fields.collect())
}

/// From so many new agents on that differ in their names alone, they share a line.
const FEWEST_PEERS: usize = 6;

/// A change without the agent's name.
fn nameless(change: &Change) -> (Action, Option<String>, Vec<(String, String, String)>) {
    let (action, reason, mut fields) = shape(change);
    fields.retain(|(path, ..)| path != NAME.key);
    (action, reason, fields)
}

/// Who is in a group whose names differ: `8001 张三, 8002 李四`.
fn who(all: &[&Change], group: &[usize]) -> String {
    let one = |at: &usize| match all[*at].title.as_deref() {
        Some(name) => format!("{} {name}", all[*at].id.name),
        None => all[*at].id.name.to_string(),
    };
    group.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn agents(plan: &Plan) -> Vec<Line> {
    let all: Vec<&Change> = plan.changes.iter().filter(|c| c.id.kind == Kind::Agent).collect();
    let mut lines = Vec::new();
    let mut taken = vec![false; all.len()];
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, change) in all.iter().enumerate().filter(|(_, c)| c.action == Action::Update) {
        alike.entry(format!("{:?}", shape(change))).or_default().push(at);
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
            Action::Update => alike.get(&format!("{:?}", shape(change))).cloned().unwrap_or_else(|| vec![at]),
            Action::Replace | Action::Delete => vec![at],
        };
        for index in &group {
            taken[*index] = true;
        }
        lines.push(if group.len() > 1 { group_line(&all, &group) } else { agent_line(change) });
    }
    lines
}

/// The run of new agents that are alike and follow each other.
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

fn group_line(all: &[&Change], group: &[usize]) -> Line {
    let first = all[group[0]];
    let ids: Vec<&OperatorId> = group.iter().map(|at| &all[*at].id.name).collect();
    let mut pieces = vec![Piece::Words(format!("{} agents", group.len()))];
    let mut general = Change {
        fields: first
            .fields
            .iter()
            .map(|f| FieldDiff {
                before: generalise(&f.before, &first.id.name),
                after: generalise(&f.after, &first.id.name),
                ..f.clone()
            })
            .collect(),
        // Agents of a group have a name in common, or none.
        title: common_title(all, group),
        ..first.clone()
    };
    let mut subject = format!("agent/{}", ranges(&ids));
    let named = first.action == Action::Create
        && general.title.is_none()
        && group.iter().any(|at| all[*at].title.is_some());
    if named {
        general.fields.retain(|field| field.path != NAME.key);
        // Their numbers stand before their names; twice would be too much.
        subject = match ids.as_slice() {
            [first, .., last] => format!("agent/{first} … {last}"),
            _ => subject,
        };
    }
    pieces.extend(agent_pieces(&general));
    if named {
        pieces.push(Piece::Words(who(all, group)));
    }
    Line {
        tone: Tone::Act(first.action),
        subject,
        pieces,
        source: first.source.as_ref().map(ToString::to_string),
    }
}

fn common_title(all: &[&Change], group: &[usize]) -> Option<String> {
    let title =
        |at: &usize| Some(all[*at].title.as_ref()?.replace(all[*at].id.name.as_str(), "{operatorId}"));
    let first = group.first().and_then(title)?;
    group.iter().all(|at| title(at).as_ref() == Some(&first)).then_some(first)
}

fn generalise(json: &Json, id: &OperatorId) -> Json {
    match json {
        Json::String(text) => Json::String(text.replace(id.as_str(), "{operatorId}")),
        other => other.clone(),
    }
}

fn agent_line(change: &Change) -> Line {
    Line {
        tone: Tone::Act(change.action),
        subject: change.id.to_string(),
        pieces: agent_pieces(change),
        source: change.source.as_ref().map(ToString::to_string),
    }
}

fn words(field: &FieldDiff, json: &Json, table: &'static [&'static crate::model::field::Field]) -> String {
    let value = by_key(table, &field.path).and_then(|row| Value::from_json(row.ty, json));
    value.map_or_else(|| "unset".to_owned(), |value| value.words())
}

fn agent_pieces(change: &Change) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(title) = change.title.as_ref().filter(|_| change.field(NAME.key).is_none()) {
        pieces.push(Piece::Words(title.clone()));
    }
    match change.action {
        Action::Create => {
            for key in [NAME.key, ROLE.key, MAIN_SKILL_GROUP.key] {
                pieces.extend(change.field(key).map(|f| Piece::Words(words(f, &f.after, agent::FIELDS))));
            }
            for field in &change.fields {
                if field.path == PASSWORD.key {
                    pieces.push(Piece::Words("password".to_owned()));
                } else if ![NAME.key, ROLE.key, MAIN_SKILL_GROUP.key].contains(&field.path.as_str()) {
                    pieces.push(Piece::Words(format!(
                        "{} {}",
                        field.path,
                        words(field, &field.after, agent::FIELDS)
                    )));
                }
            }
        }
        Action::Delete => {
            for key in [NAME.key, MAIN_SKILL_GROUP.key] {
                pieces.extend(change.field(key).map(|f| Piece::Words(words(f, &f.before, agent::FIELDS))));
            }
        }
        Action::Update | Action::Replace => {
            for field in change.fields.iter().filter(|f| f.path == PASSWORD.key || f.before != f.after) {
                pieces.push(if field.path == PASSWORD.key {
                    Piece::Words("password".to_owned())
                } else {
                    Piece::Field {
                        key: field.path.clone(),
                        before: words(field, &field.before, agent::FIELDS),
                        after: words(field, &field.after, agent::FIELDS),
                    }
                });
                if let Some(reason) = &field.reason {
                    pieces.push(Piece::Remark(reason.clone()));
                }
            }
        }
    }
    remarks(change, &mut pieces);
    pieces
}

fn remarks(change: &Change, pieces: &mut Vec<Piece>) {
    if let Some(reason) = &change.reason {
        pieces.push(Piece::Remark(reason.clone()));
    }
    match (change.moved, change.action) {
        (Moved::Live, Action::Create) => {
            pieces.push(Piece::Remark("it was deleted in the console".to_owned()));
        }
        (Moved::Live, _) => pieces.push(Piece::Remark("it was changed in the console".to_owned())),
        (Moved::Both, _) => {
            pieces.push(Piece::Remark("both the console and the manifest changed it".to_owned()));
        }
        (Moved::Manifest | Moved::Unknown, _) => {}
    }
}

fn members(json: &Json) -> Members {
    match Value::from_json(ASSIGN_MEMBERS.ty, json) {
        Some(Value::Members(members)) => Members::clone(&members),
        _ => Members::new(),
    }
}

fn queue_line(change: &Change) -> Line {
    let mut pieces = Vec::new();
    for field in &change.fields {
        if field.path == ASSIGN_MEMBERS.key {
            pieces.extend(member_pieces(&members(&field.before), &members(&field.after), change.action));
        } else if change.action == Action::Create {
            pieces.push(Piece::Words(format!(
                "{} {}",
                field.path,
                words(field, &field.after, queue::FIELDS)
            )));
        } else {
            pieces.push(Piece::Field {
                key: field.path.clone(),
                before: words(field, &field.before, queue::FIELDS),
                after: words(field, &field.after, queue::FIELDS),
            });
        }
    }
    remarks(change, &mut pieces);
    Line {
        tone: Tone::Act(change.action),
        subject: change.id.to_string(),
        pieces,
        source: change.source.as_ref().map(ToString::to_string),
    }
}

fn member_pieces(before: &Members, after: &Members, action: Action) -> Vec<Piece> {
    let joined = after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(id, p)| (id, *p)).collect();
    if action == Action::Create {
        let count = if after.len() == 1 { "1 member".to_owned() } else { format!("{} members", after.len()) };
        return vec![Piece::Words(if after.is_empty() {
            count
        } else {
            format!("{count}: {}", by_priority(joined))
        })];
    }
    let left: Vec<&OperatorId> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    let mut pieces = Vec::new();
    let many = |count: usize| if count > 3 { format!("{count} ") } else { String::new() };
    if !joined.is_empty() {
        pieces.push(Piece::Words(format!("{}joining: {}", many(joined.len()), by_priority(joined))));
    }
    if !left.is_empty() {
        pieces.push(Piece::Words(format!("{}leaving: {}", many(left.len()), ranges(&left))));
    }
    let mut moved: BTreeMap<(i64, i64), Vec<&OperatorId>> = BTreeMap::new();
    for (id, now) in after {
        if let Some(was) = before.get(id).filter(|was| *was != now) {
            moved.entry((*was, *now)).or_default().push(id);
        }
    }
    for ((was, now), ids) in moved {
        pieces.push(Piece::Field {
            key: format!("priority of {}", ranges(&ids)),
            before: was.to_string(),
            after: now.to_string(),
        });
    }
    pieces
}

/// Members by priority, the most urgent last named first; priority 0 goes without saying.
fn by_priority(members: Vec<(&OperatorId, i64)>) -> String {
    let mut groups: BTreeMap<i64, Vec<&OperatorId>> = BTreeMap::new();
    for (id, priority) in members {
        groups.entry(priority).or_default().push(id);
    }
    let groups = groups.iter().rev().map(|(priority, ids)| match priority {
        0 => ranges(ids),
        priority => format!("{} (priority {priority})", ranges(ids)),
    });
    groups.collect::<Vec<_>>().join(", ")
}

/// Numbers with runs of three and more drawn together: `8001, 8101..8180`.
pub fn ranges(ids: &[&OperatorId]) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < ids.len() {
        let mut end = at;
        while end + 1 < ids.len() && ids[end].successor().as_ref() == Some(ids[end + 1]) {
            end += 1;
        }
        if end - at >= 2 {
            parts.push(format!("{}..{}", ids[at], ids[end]));
        } else {
            parts.extend(ids[at..=end].iter().map(ToString::to_string));
        }
        at = end + 1;
    }
    parts.join(", ")
}

/// What merely stands in no manifest, by kind.
const UNMANAGED: [(&Rule, &str); 3] =
    [(&UNMANAGED_AGENT, "agents"), (&UNMANAGED_QUEUE, "queues"), (&UNMANAGED_SEAT, "seats")];

/// Findings, a line each; what merely stands in no manifest is one line a kind.
fn findings(findings: &[Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (rule, what) in UNMANAGED {
        let ids: Vec<&OperatorId> = findings
            .iter()
            .filter(|f| f.code == rule.code)
            .filter_map(|f| f.id.as_ref())
            .map(|id| &id.name)
            .collect();
        if ids.len() < 2 {
            continue;
        }
        let shown: Vec<&OperatorId> = ids.clone();
        let mut names = ranges(&shown);
        if names.chars().count() > 200 {
            names = format!("{}…", names.chars().take(200).collect::<String>());
        }
        lines.push(Line {
            tone: Tone::Find(rule.severity),
            subject: rule.code.to_owned(),
            pieces: vec![Piece::Words(format!("{} live {what} stand in no manifest: {names}", ids.len()))],
            source: None,
        });
    }
    let grouped = |f: &Finding| {
        UNMANAGED.iter().any(|(rule, _)| rule.code == f.code)
            && findings.iter().filter(|other| other.code == f.code).count() > 1
    };
    let single = findings.iter().filter(|f| !grouped(f)).map(|finding| Line {
        tone: Tone::Find(finding.severity),
        subject: finding.code.clone(),
        pieces: vec![Piece::Words(finding.message.clone())],
        source: finding.source.as_ref().map(ToString::to_string),
    });
    let mut all: Vec<Line> = single.collect();
    all.extend(lines);
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

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
        let view = of(&serde_json::from_value(plan).unwrap());
        let subjects: Vec<&str> = view.changes.iter().map(|line| &*line.subject).collect();
        assert_eq!(subjects, ["agent/8001 … 8011", "agent/9001"]);
        assert_eq!(view.changes[0].pieces[0], Piece::Words("6 agents".to_owned()));
        let named = "8001 张, 8003 王, 8005 李, 8007 赵, 8009 陈, 8011 杨".to_owned();
        assert_eq!(view.changes[0].pieces.last(), Some(&Piece::Words(named)));
    }

    #[test]
    fn runs_of_three_and_more_are_drawn_together() {
        let ids = ["8001", "8002", "8101", "8102", "8103", "a"].map(OperatorId::from);
        assert_eq!(ranges(&ids.iter().collect::<Vec<_>>()), "8001, 8002, 8101..8103, a");
    }
}
