//! Renders the result of a search: a card a resource, or a line each if there are many.

use anstyle::Style;
use console::{Alignment, measure_text_width, pad_str};

use super::text::TextStyle;
use crate::model::id::{OperatorId, safe};
use crate::model::reason::ChangeReason;
use crate::model::search::{
    AgentHit, Declared, Exclusion, FieldHit, Layer, MemberKey, Membership, Origin, QueueHit, SearchResult,
};
use crate::model::source::Source;
use crate::model::text::{sanitize, visible};
use crate::model::value::Value;

/// The most resources of a kind that have a card each.
const CARDS: usize = 10;

/// Renders the result for people. No line is cut.
pub fn text(result: &SearchResult, look: TextStyle) -> String {
    let mut blocks = Vec::new();
    if result.agents.len() > CARDS {
        blocks.push(brief(&result.agents));
    } else {
        blocks.extend(result.agents.iter().map(|hit| agent(hit, look)));
    }
    if result.queues.len() > CARDS {
        let row = |hit: &QueueHit| {
            vec![hit.id.to_string(), format!("{} members", hit.members.len()), hit.source.to_string()]
        };
        blocks.push(columns(0, &result.queues.iter().map(row).collect::<Vec<_>>()));
    } else {
        blocks.extend(result.queues.iter().map(|hit| queue(hit, look)));
    }
    blocks.extend(result.seats.iter().map(|hit| {
        let head = look.paint(&hit.id.to_string(), Style::new().bold());
        format!("{head}\n  {}\n{}", hit.source, columns(2, &hit.fields.iter().map(field).collect::<Vec<_>>()))
    }));
    if result.agents.len() > CARDS || result.queues.len() > CARDS {
        blocks.push("Search for one of them to see its fields and its queues.\n".to_owned());
    }
    blocks.join("\n")
}

/// Renders many agents, a line each; those of a pool share a line.
fn brief(hits: &[AgentHit]) -> String {
    let rows = hits.chunk_by(|one, next| one.pool.is_some() && one.source == next.source).map(|agents| {
        let (first, last) = (&agents[0], &agents[agents.len() - 1]);
        let place = first.source.as_ref().map(Source::to_string).unwrap_or_default();
        match &first.pool {
            Some(pool) if agents.len() > 1 => {
                let ids = format!("{} .. {}", first.id, last.id);
                vec![ids, format!("{} agents of the pool {pool}", agents.len()), place]
            }
            Some(_) | None => vec![first.id.to_string(), called(first.name.as_deref()), place],
        }
    });
    columns(0, &rows.collect::<Vec<_>>())
}

fn agent(hit: &AgentHit, look: TextStyle) -> String {
    let mut head = look.paint(&hit.id.to_string(), Style::new().bold());
    head.extend(hit.name.as_deref().map(|name| format!("  {}", visible(name))));
    head.extend(hit.pool.as_ref().map(|pool| format!(", of the pool {pool}")));
    head.push_str(match hit.declared {
        Declared::Present => "",
        Declared::Absent => ", a tombstone: `state: absent`",
        Declared::Nowhere => ", which no manifest declares",
    });
    let mut out = format!("{head}\n");
    out.extend(hit.source.iter().map(|source| format!("  {source}\n")));
    let out_of_date = hit.out_of_date.iter().map(|out| ChangeReason::Left { out: out.clone() });
    out.extend(out_of_date.map(|reason| format!("  {reason}\n")));
    out.push_str(&columns(2, &hit.fields.iter().map(field).collect::<Vec<_>>()));
    if !hit.queues.is_empty() {
        out.push_str("  queues\n");
        let row = |member: &Membership| placed(visible(member.queue.name.as_str()).into(), member);
        out.push_str(&columns(4, &hit.queues.iter().map(row).collect::<Vec<_>>()));
    }
    if !hit.excluded.is_empty() {
        out.push_str("  not in\n");
        let row = |out: &Exclusion| vec![visible(out.queue.name.as_str()).into(), excluded(out)];
        out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
    }
    out
}

fn queue(hit: &QueueHit, look: TextStyle) -> String {
    let head = look.paint(&hit.id.to_string(), Style::new().bold());
    let told = if hit.declared { "" } else { ", which only agents name" };
    let mut out = format!("{head}{told}\n  {}\n", hit.source);
    let mut rows: Vec<Vec<String>> = hit.fields.iter().map(field).collect();
    if let Some(selector) = &hit.member_selector {
        let wants: Vec<String> =
            selector.fields.iter().map(|hit| format!("{}: {}", hit.path, words(&hit.value))).collect();
        let layer = layer(&Origin { layer: Layer::Queue, during: selector.during.clone() });
        rows.push(vec!["memberSelector".to_owned(), wants.join(", "), layer, selector.source.to_string()]);
    }
    out.push_str(&columns(2, &rows));
    out.push_str(&format!("  {} members\n", hit.members.len()));
    let who = |id: &OperatorId, name: Option<&str>| format!("{} {}", safe(id.as_str()), called(name));
    let row = |member: &Membership| placed(who(&member.agent_number, member.name.as_deref()), member);
    out.push_str(&columns(4, &hit.members.iter().map(row).collect::<Vec<_>>()));
    if !hit.excluded.is_empty() {
        out.push_str("  not in it\n");
        let row = |out: &Exclusion| vec![who(&out.agent_number, out.name.as_deref()), excluded(out)];
        out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
    }
    out
}

fn called(name: Option<&str>) -> String {
    name.map(visible).unwrap_or_default().into_owned()
}

fn field(hit: &FieldHit) -> Vec<String> {
    let place = hit.source.as_ref().map(Source::to_string).unwrap_or_default();
    vec![hit.path.to_owned(), words(&hit.value), layer(&hit.origin), place]
}

/// Returns a value in words; of a password the reference to it.
fn words(value: &Value) -> String {
    match value {
        Value::Password(reference) => sanitize(&format!("{reference}")).into_owned(),
        value => value.words(),
    }
}

fn layer(origin: &Origin) -> String {
    let layer = match &origin.layer {
        Layer::Agent => "agent".to_owned(),
        Layer::Pool { pool } => format!("pool {pool}"),
        Layer::Profile { profile } => format!("profile {}", visible(profile)),
        Layer::Defaults => "defaults".to_owned(),
        Layer::Queue => "queue".to_owned(),
        Layer::Seat => "seat".to_owned(),
    };
    match &origin.during {
        Some(during) => format!("{layer}, during {}", safe(during)),
        None => layer,
    }
}

/// Returns the row of a membership: the other side, the priority, the key, and its place.
fn placed(other: String, member: &Membership) -> Vec<String> {
    let during = member.origin.during.as_ref().map(|during| format!(", during {}", safe(during)));
    let by = match member.by {
        MemberKey::AssignMembers => format!("assignMembers{}", during.unwrap_or_default()),
        MemberKey::MemberSelector => format!("memberSelector{}", during.unwrap_or_default()),
        MemberKey::Queues => format!("queues of {}", layer(&member.origin)),
    };
    vec![other, format!("priority {}", member.priority), by, member.source.to_string()]
}

fn excluded(out: &Exclusion) -> String {
    match &out.out_of_date {
        Some(out) => ChangeReason::Left { out: out.clone() }.to_string(),
        None => format!("an exception of its memberSelector ({})", out.source),
    }
}

/// Renders rows with their cells below each other.
fn columns(indent: usize, rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| rows.iter().filter_map(|row| Some(measure_text_width(row.get(at)?))).max();
    let widths: Vec<usize> = (0..count).filter_map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| pad_str(cell, width + 2, Alignment::Left, None));
        format!("{:indent$}{}\n", "", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}
