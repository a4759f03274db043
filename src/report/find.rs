//! Renders the result of a search: a card a resource, or a line each if there are many.

use anstyle::Style;
use console::{Alignment, measure_text_width, pad_str};

use super::phrases::{bracketed, comma};
use super::text::TextStyle;
use super::view::value_words;
use crate::messages::zh::words::before_chinese;
use crate::messages::{Message as _, say};
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::id::{Kind, OperatorId, safe};
use crate::model::language::Language;
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
pub fn text(result: &SearchResult, look: TextStyle, language: Language) -> String {
    let words = Words(language);
    let mut blocks = Vec::new();
    if result.agents.len() > CARDS {
        blocks.push(words.brief(&result.agents));
    } else {
        blocks.extend(result.agents.iter().map(|hit| words.agent(hit, look)));
    }
    if result.queues.len() > CARDS {
        let row = |hit: &QueueHit| {
            vec![hit.id.to_string(), words.members(hit.members.len()), hit.source.to_string()]
        };
        blocks.push(columns(0, &result.queues.iter().map(row).collect::<Vec<_>>()));
    } else {
        blocks.extend(result.queues.iter().map(|hit| words.queue(hit, look)));
    }
    blocks.extend(result.seats.iter().map(|hit| {
        let head = look.paint(&hit.id.to_string(), Style::new().bold());
        format!("{head}\n  {}\n{}", hit.source, columns(2, &words.fields(Kind::Seat, &hit.fields)))
    }));
    if result.agents.len() > CARDS || result.queues.len() > CARDS {
        let more = language.choose(
            "Search for one of them to see its fields and its queues.",
            "查其中一个，就看得到它的字段和队列。",
            "查其中一個，就看得到它的欄位和佇列。",
        );
        blocks.push(format!("{more}\n"));
    }
    blocks.join("\n")
}

/// The words of a search in a language.
#[derive(Clone, Copy)]
struct Words(Language);

impl Words {
    /// Renders many agents, a line each; those of a pool share a line.
    fn brief(self, hits: &[AgentHit]) -> String {
        let rows = hits.chunk_by(|one, next| one.pool.is_some() && one.source == next.source).map(|agents| {
            let (first, last, count) = (&agents[0], &agents[agents.len() - 1], agents.len());
            let place = first.source.as_ref().map(Source::to_string).unwrap_or_default();
            match &first.pool {
                Some(pool) if count > 1 => vec![
                    format!("{} .. {}", first.id, last.id),
                    say!(
                        self.0,
                        "{count} agents of the pool {pool}",
                        "号段 {pool} 的 {count} 名坐席",
                        "號段 {pool} 的 {count} 位客服人員"
                    ),
                    place,
                ],
                Some(_) | None => vec![first.id.to_string(), called(first.name.as_deref()), place],
            }
        });
        columns(0, &rows.collect::<Vec<_>>())
    }

    fn agent(self, hit: &AgentHit, look: TextStyle) -> String {
        let mut head = look.paint(&hit.id.to_string(), Style::new().bold());
        head.extend(hit.name.as_deref().map(|name| format!("  {}", visible(name))));
        head.extend(
            hit.pool
                .as_ref()
                .map(|pool| say!(self.0, ", of the pool {pool}", "，属于号段 {pool}", "，屬於號段 {pool}")),
        );
        head.push_str(match hit.declared {
            Declared::Present => "",
            Declared::Absent => self.0.choose(
                ", a tombstone: `state: absent`",
                "，清单写了 `state: absent`",
                "，清單寫了 `state: absent`",
            ),
            Declared::Nowhere => {
                self.0.choose(", which no manifest declares", "，清单里没有声明", "，清單裡沒有宣告")
            }
        });
        let mut out = format!("{head}\n");
        out.extend(hit.source.iter().map(|source| format!("  {source}\n")));
        let out_of_date = hit.out_of_date.iter().map(|out| ChangeReason::Left { out: out.clone() });
        out.extend(out_of_date.map(|reason| format!("  {}\n", reason.say(self.0))));
        out.push_str(&columns(2, &self.fields(Kind::Agent, &hit.fields)));
        if !hit.queues.is_empty() {
            out.push_str(self.0.choose("  queues\n", "  队列\n", "  佇列\n"));
            let row = |member: &Membership| self.placed(visible(member.queue.name.as_str()).into(), member);
            out.push_str(&columns(4, &hit.queues.iter().map(row).collect::<Vec<_>>()));
        }
        if !hit.excluded.is_empty() {
            out.push_str(self.0.choose("  not in\n", "  不在\n", "  不在\n"));
            let row = |out: &Exclusion| vec![visible(out.queue.name.as_str()).into(), self.excluded(out)];
            out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
        }
        out
    }

    fn queue(self, hit: &QueueHit, look: TextStyle) -> String {
        let head = look.paint(&hit.id.to_string(), Style::new().bold());
        let told = if hit.declared {
            ""
        } else {
            self.0.choose(", which only agents name", "，只有坐席提到它", "，只有客服人員提到它")
        };
        let mut out = format!("{head}{told}\n  {}\n", hit.source);
        let mut rows = self.fields(Kind::Queue, &hit.fields);
        if let Some(selector) = &hit.member_selector {
            let wants: Vec<String> = selector
                .fields
                .iter()
                .map(|hit| format!("{}: {}", hit.path, self.value(&hit.value)))
                .collect();
            let layer = self.layer(&Origin { layer: Layer::Queue, during: selector.during.clone() });
            rows.push(vec![
                "memberSelector".to_owned(),
                wants.join(comma(self.0)),
                layer,
                selector.source.to_string(),
            ]);
        }
        out.push_str(&columns(2, &rows));
        out.push_str(&format!("  {}\n", self.members(hit.members.len())));
        let who = |id: &OperatorId, name: Option<&str>| format!("{} {}", safe(id.as_str()), called(name));
        let row =
            |member: &Membership| self.placed(who(&member.agent_number, member.name.as_deref()), member);
        out.push_str(&columns(4, &hit.members.iter().map(row).collect::<Vec<_>>()));
        if !hit.excluded.is_empty() {
            out.push_str(self.0.choose("  not in it\n", "  不在其中\n", "  不在其中\n"));
            let row = |out: &Exclusion| vec![who(&out.agent_number, out.name.as_deref()), self.excluded(out)];
            out.push_str(&columns(4, &hit.excluded.iter().map(row).collect::<Vec<_>>()));
        }
        out
    }

    fn members(self, count: usize) -> String {
        say!(self.0, "{count} members", "{count} 名成员", "{count} 位成員")
    }

    /// Returns a row a field: its name, its value, the layer that says it, and its place.
    fn fields(self, kind: Kind, hits: &[FieldHit]) -> Vec<Vec<String>> {
        let row = |hit: &FieldHit| {
            let name = by_key(fields(kind), hit.path).map_or(hit.path, |field| field.name(self.0));
            let place = hit.source.as_ref().map(Source::to_string).unwrap_or_default();
            vec![name.to_owned(), self.value(&hit.value), self.layer(&hit.origin), place]
        };
        hits.iter().map(row).collect()
    }

    /// Returns a value in words; of a password the reference to it.
    fn value(self, value: &Value) -> String {
        match value {
            Value::Password(reference) => sanitize(&format!("{reference}")).into_owned(),
            value => value_words(value, self.0),
        }
    }

    fn layer(self, origin: &Origin) -> String {
        let layer = match &origin.layer {
            Layer::Agent => self.0.choose("agent", "坐席", "客服人員").to_owned(),
            Layer::Pool { pool } => say!(self.0, "pool {pool}", "号段 {pool}", "號段 {pool}"),
            Layer::Profile { profile } => {
                let profile = visible(profile);
                say!(self.0, "profile {profile}", "模板 {profile}", "範本 {profile}")
            }
            Layer::Defaults => "defaults".to_owned(),
            Layer::Queue => self.0.choose("queue", "队列", "佇列").to_owned(),
            Layer::Seat => self.0.choose("seat", "语音席位", "語音席位").to_owned(),
        };
        layer + &self.during(origin)
    }

    /// Returns the time for which a value holds, behind its layer; empty if it always holds.
    fn during(self, origin: &Origin) -> String {
        let Some(during) = origin.during.as_deref().map(safe) else { return String::new() };
        say!(self.0, ", during {during}", "，时段 {during}", "，時段 {during}")
    }

    /// Returns the row of a membership: the other side, the priority, the key, and its place.
    fn placed(self, other: String, member: &Membership) -> Vec<String> {
        let by = match member.by {
            MemberKey::AssignMembers => format!("assignMembers{}", self.during(&member.origin)),
            MemberKey::MemberSelector => format!("memberSelector{}", self.during(&member.origin)),
            MemberKey::Queues => {
                let layer = self.layer(&member.origin);
                let before = before_chinese(&layer);
                say!(self.0, "queues of {layer}", "{before}的 queues", "{before}的 queues")
            }
        };
        let priority = member.priority;
        let priority = say!(self.0, "priority {priority}", "优先级 {priority}", "優先順序 {priority}");
        vec![other, priority, by, member.source.to_string()]
    }

    fn excluded(self, out: &Exclusion) -> String {
        if let Some(out) = &out.out_of_date {
            return ChangeReason::Left { out: out.clone() }.say(self.0);
        }
        let said = self.0.choose(
            "an exception of its memberSelector ",
            "它的 memberSelector 把此人除外",
            "它的 memberSelector 把此人除外",
        );
        format!("{said}{}", bracketed(&out.source.to_string(), self.0))
    }
}

fn called(name: Option<&str>) -> String {
    name.map(visible).unwrap_or_default().into_owned()
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
