//! The words of a search, in every language side by side.

use crate::messages::Message as _;
use crate::messages::zh::Region;
use crate::messages::zh::words::{self, before_chinese};
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::id::{Kind, safe};
use crate::model::language::{Language, say};
use crate::model::reason::ChangeReason;
use crate::model::search::{Declared, During, Exclusion, Layer, MemberKey, Membership, Origin};
use crate::model::text::{sanitize, visible};
use crate::model::value::Value;

/// The words of a language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    /// Returns the name of a field; another key of a manifest stays as it is.
    pub(super) fn field(self, kind: Kind, key: &'static str) -> &'static str {
        by_key(fields(kind), key).map_or(key, |field| field.name(self.0))
    }

    /// Returns a value; of a password the reference to it.
    pub(super) fn value(self, value: &Value) -> String {
        match (value, Region::of(self.0)) {
            (Value::Password(reference), _) => sanitize(&format!("{reference}")).into_owned(),
            (value, None) => value.words(),
            (value, Some(region)) => words::value(region, value),
        }
    }

    /// Returns the layer of a value.
    pub(super) fn layer(self, origin: &Origin) -> String {
        let layer = match &origin.layer {
            Layer::Agent => self.0.choose("agent", "坐席", "客服人員").to_owned(),
            Layer::Pool { pool } => say!(self.0, "pool {pool}", "号段 {pool}", "號段 {pool}"),
            Layer::Profile { profile } => {
                let profile = visible(profile);
                say!(self.0, "profile {profile}", "模板 {profile}", "範本 {profile}")
            }
            Layer::Defaults => "defaults".to_owned(),
            Layer::Queue => self.0.choose("queue", "队列", "佇列").to_owned(),
            Layer::Seat => self.0.choose("seat", "语音坐席", "語音座席").to_owned(),
        };
        layer + &self.during(origin)
    }

    /// Returns the key that puts an agent into a queue, with its layer.
    pub(super) fn key(self, member: &Membership) -> String {
        match member.by {
            MemberKey::AssignMembers => format!("assignMembers{}", self.during(&member.origin)),
            MemberKey::MemberSelector => format!("memberSelector{}", self.during(&member.origin)),
            MemberKey::Queues => {
                let layer = self.layer(&member.origin);
                let own = before_chinese(&layer);
                say!(self.0, "queues of {layer}", "{own}的 queues", "{own}的 queues")
            }
        }
    }

    /// Returns the time for which a value holds, behind its layer.
    fn during(self, origin: &Origin) -> String {
        let Some(during) = &origin.during else { return String::new() };
        let en = safe(&during.to_string());
        let zh = safe(&match during {
            During::Period(name) => name.clone(),
            During::Span { from: Some(from), until: Some(until) } => format!("{from} 到 {until}"),
            During::Span { from: Some(from), until: None } => format!("{from} 起"),
            During::Span { from: None, until } => format!("到 {}", until.as_deref().unwrap_or_default()),
        });
        say!(self.0, ", during {en}", "，时段：{zh}", "，時段：{zh}")
    }

    /// Returns the priority of a member.
    pub(super) fn priority(self, priority: i64) -> String {
        say!(self.0, "priority {priority}", "优先级 {priority}", "優先順序 {priority}")
    }

    /// Returns the number of members.
    pub(super) fn members(self, count: usize) -> String {
        say!(self.0, "{count} members", "成员 {count} 人", "成員 {count} 人")
    }

    /// Returns the number of agents of a pool.
    pub(super) fn agents_of(self, pool: &str, count: usize) -> String {
        say!(
            self.0,
            "{count} agents of the pool {pool}",
            "号段 {pool} 的 {count} 人",
            "號段 {pool} 的 {count} 人"
        )
    }

    /// Returns the pool of an agent, behind its name.
    pub(super) fn of_pool(self, pool: &str) -> String {
        say!(self.0, ", of the pool {pool}", "，号段 {pool}", "，號段 {pool}")
    }

    /// Returns what the manifests say of an agent, behind its name.
    pub(super) fn declared(self, declared: Declared) -> &'static str {
        match declared {
            Declared::Present => "",
            Declared::Absent => self.0.choose(
                ", a tombstone: `state: absent`",
                "，清单要求删除：`state: absent`",
                "，清單要求刪除：`state: absent`",
            ),
            Declared::Nowhere => {
                self.0.choose(", which no manifest declares", "，清单里没有声明", "，清單裡沒有宣告")
            }
        }
    }

    /// Returns the remark on a queue without a declaration, behind its id.
    pub(super) fn only_named(self) -> &'static str {
        self.0.choose(", which only agents name", "，没有声明，只有坐席提到", "，沒有宣告，只有客服人員提到")
    }

    /// Returns the heading of the queues of an agent.
    pub(super) fn queues(self) -> &'static str {
        self.0.choose("queues", "所在队列", "所在佇列")
    }

    /// Returns the heading of the queues that name an agent and do not hold it.
    pub(super) fn not_in(self) -> &'static str {
        self.0.choose("not in", "不在这些队列", "不在這些佇列")
    }

    /// Returns the heading of the agents that a queue names and does not hold.
    pub(super) fn not_in_it(self) -> &'static str {
        self.0.choose("not in it", "不在队列里", "不在佇列裡")
    }

    /// Returns the reason of an exclusion.
    pub(super) fn excluded(self, out: &Exclusion) -> String {
        let source = &out.source;
        match &out.out_of_date {
            Some(out) => ChangeReason::Left { out: out.clone() }.say(self.0),
            None => say!(
                self.0,
                "an exception of its memberSelector ({source})",
                "memberSelector 的 `except` 排除在外（{source}）",
                "memberSelector 的 `except` 排除在外（{source}）"
            ),
        }
    }

    /// Returns the sentence below many resources.
    pub(super) fn search_for_one(self) -> &'static str {
        self.0.choose(
            "Search for one of them to see its fields and its queues.",
            "查其中一个，就能看到它的字段和队列。",
            "查其中一個，就能看到它的欄位和佇列。",
        )
    }
}
