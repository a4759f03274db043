//! Renders the result of a search: a card a resource, or a line each if there are many.

mod words;

use anstyle::Style;
use console::{Alignment, measure_text_width, pad_str};

use self::words::Words;
use super::phrases::{colon, comma};
use super::text::TextStyle;
use crate::messages::Message as _;
use crate::model::id::{Kind, OperatorId, safe};
use crate::model::language::Language;
use crate::model::reason::ChangeReason;
use crate::model::search::{
    AgentHit, Exclusion, FieldHit, Layer, Membership, Origin, QueueHit, SearchResult,
};
use crate::model::source::Source;
use crate::model::text::visible;

/// The most resources of a kind that have a card each.
const CARDS: usize = 10;

/// Renders the result for people. No line is cut.
pub fn text(result: &SearchResult, look: TextStyle, language: Language) -> String {
    let words = Words(language);
    let mut blocks = Vec::new();
    if result.agents.len() > CARDS {
        blocks.push(brief(&result.agents, words));
    } else {
        blocks.extend(result.agents.iter().map(|hit| agent(hit, look, words)));
    }
    if result.queues.len() > CARDS {
        let row = |hit: &QueueHit| {
            vec![hit.id.to_string(), words.members(hit.members.len()), hit.source.to_string()]
        };
        blocks.push(columns(0, &result.queues.iter().map(row).collect::<Vec<_>>()));
    } else {
        blocks.extend(result.queues.iter().map(|hit| queue(hit, look, words)));
    }
    blocks.extend(result.seats.iter().map(|hit| {
        let head = look.paint(&hit.id.to_string(), Style::new().bold());
        format!("{head}\n  {}\n{}", hit.source, columns(2, &rows(&hit.fields, Kind::Seat, words)))
    }));
    if result.agents.len() > CARDS || result.queues.len() > CARDS {
        blocks.push(format!("{}\n", words.search_for_one()));
    }
    blocks.join("\n")
}

/// Renders many agents, a line each; those of a pool share a line.
fn brief(hits: &[AgentHit], words: Words) -> String {
    let rows = hits.chunk_by(|one, next| one.pool.is_some() && one.source == next.source).map(|agents| {
        let (first, last) = (&agents[0], &agents[agents.len() - 1]);
        let place = first.source.as_ref().map(Source::to_string).unwrap_or_default();
        match &first.pool {
            Some(pool) if agents.len() > 1 => {
                let ids = format!("{} .. {}", first.id, last.id);
                vec![ids, words.agents_of(pool, agents.len()), place]
            }
            Some(_) | None => vec![first.id.to_string(), called(first.name.as_deref()), place],
        }
    });
    columns(0, &rows.collect::<Vec<_>>())
}

fn agent(hit: &AgentHit, look: TextStyle, words: Words) -> String {
    let mut head = look.paint(&hit.id.to_string(), Style::new().bold());
    head.extend(hit.name.as_deref().map(|name| format!("  {}", visible(name))));
    head.extend(hit.pool.as_ref().map(|pool| words.of_pool(pool)));
    head.push_str(words.declared(hit.declared));
    let mut out = format!("{head}\n");
    out.extend(hit.source.iter().map(|source| format!("  {source}\n")));
    let out_of_date = hit.out_of_date.iter().map(|out| ChangeReason::Left { out: out.clone() });
    out.extend(out_of_date.map(|reason| format!("  {}\n", reason.say(words.0))));
    out.push_str(&columns(2, &rows(&hit.fields, Kind::Agent, words)));
    if !hit.queues.is_empty() {
        out.push_str(&format!("  {}\n", words.queues()));
        let row = |member: &Membership| placed(visible(member.queue.name.as_str()).into(), member, words);
        out.push_str(&columns(4, &hit.queues.iter().map(row).collect::<Vec<_>>()));
    }
    if !hit.excluded.is_empty() {
        out.push_str(&format!("  {}\n", words.not_in()));
        let row = |out: &Exclusion| vec![visible(out.queue.name.as_str()).into(), words.excluded(out)];
        out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
    }
    out
}

fn queue(hit: &QueueHit, look: TextStyle, words: Words) -> String {
    let head = look.paint(&hit.id.to_string(), Style::new().bold());
    let told = if hit.declared { "" } else { words.only_named() };
    let mut out = format!("{head}{told}\n  {}\n", hit.source);
    let mut rows = rows(&hit.fields, Kind::Queue, words);
    if let Some(selector) = &hit.member_selector {
        let want = |hit: &FieldHit| {
            let field = words.field(Kind::Agent, hit.path);
            format!("{field}{}{}", colon(words.0), words.value(&hit.value))
        };
        let wants: Vec<String> = selector.fields.iter().map(want).collect();
        let layer = words.layer(&Origin { layer: Layer::Queue, during: selector.during.clone() });
        let wants = wants.join(comma(words.0));
        rows.push(vec!["memberSelector".to_owned(), wants, layer, selector.source.to_string()]);
    }
    out.push_str(&columns(2, &rows));
    out.push_str(&format!("  {}\n", words.members(hit.members.len())));
    let who = |id: &OperatorId, name: Option<&str>| format!("{} {}", safe(id.as_str()), called(name));
    let row = |member: &Membership| placed(who(&member.agent_number, member.name.as_deref()), member, words);
    out.push_str(&columns(4, &hit.members.iter().map(row).collect::<Vec<_>>()));
    if !hit.excluded.is_empty() {
        out.push_str(&format!("  {}\n", words.not_in_it()));
        let row = |out: &Exclusion| vec![who(&out.agent_number, out.name.as_deref()), words.excluded(out)];
        out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
    }
    out
}

fn called(name: Option<&str>) -> String {
    name.map(visible).unwrap_or_default().into_owned()
}

/// Returns the row of each field: its name, its value, the layer that says it, and its place.
fn rows(fields: &[FieldHit], kind: Kind, words: Words) -> Vec<Vec<String>> {
    let row = |hit: &FieldHit| {
        let place = hit.source.as_ref().map(Source::to_string).unwrap_or_default();
        let field = words.field(kind, hit.path).to_owned();
        vec![field, words.value(&hit.value), words.layer(&hit.origin), place]
    };
    fields.iter().map(row).collect()
}

/// Returns the row of a membership: the other side, the priority, the key, and its place.
fn placed(other: String, member: &Membership, words: Words) -> Vec<String> {
    vec![other, words.priority(member.priority), words.key(member), member.source.to_string()]
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
