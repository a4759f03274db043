//! Explains a kind, a field, a setting or a finding code from the tables, for a terminal.
//!
//! Every topic has a path: `agent`, `agent.wrapUpSeconds`, `policy.limits.deletes`, `connection.agent-config.token`,
//! `R101`. A topic shows itself and those right below it. Topics outside the tables (`profile`, `minMembers`) come from
//! the schema of manifests, which editors show as well.

mod words;

use std::fmt::Write as _;

use console::{Alignment, measure_text_width, pad_str};
use serde_json::Value as Json;
use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter};

use self::words::{Label, Plain, plain_values};
use super::reference::{supports, told_by};
use crate::config::settings::{
    CALENDAR, CONNECTION, IGNORE, IGNORE_DOC, LANGUAGE_DOC, LEDGER, POLICY, SCOPE, SCOPE_DOC, STORES,
    Setting, SettingType, Spec, TIME_ZONE_DOC,
};
use crate::messages::zh::words::severity;
use crate::messages::zh::{Region, reference};
use crate::model::diagnostic::did_you_mean;
use crate::model::field::Field;
use crate::model::id::{KINDS, Kind};
use crate::model::language::{Language, say};
use crate::model::presence::STATES;
use crate::model::rule::RULES;
use crate::model::support::Support;
use crate::model::{agent, queue, seat};
use crate::report::phrases::comma;

/// A topic of `explain`.
struct Topic {
    path: String,
    /// Its meaning.
    doc: String,
    /// More lines, each a label and a fact.
    facts: Vec<(Label, String)>,
}

/// Explains a topic, or lists them all, in a language.
///
/// # Errors
/// There is no such topic; holds the nearest one, if one is near.
pub fn explain(
    wanted: Option<&str>,
    roster: &Json,
    specs: &[&'static Spec],
    language: Language,
) -> Result<String, Option<String>> {
    let topics = topics(roster, specs, language);
    let Some(wanted) = wanted else { return Ok(overview(&topics, specs, language)) };
    let paths = || topics.iter().map(|topic| topic.path.as_str());
    let path = canonical(wanted);
    if let Some(topic) = topics.iter().find(|topic| topic.path.eq_ignore_ascii_case(&path)) {
        return Ok(shown(topic, &topics, language));
    }
    // A bare name: every topic whose last part it is.
    let ends = |path: &str| path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(wanted));
    let named: Vec<&Topic> =
        topics.iter().filter(|topic| !wanted.contains('.') && ends(&topic.path)).collect();
    if !named.is_empty() {
        return Ok(named.iter().map(|topic| shown(topic, &topics, language)).collect::<Vec<_>>().join("\n"));
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let near = did_you_mean(&path, paths()).map(str::to_owned);
    let near = near.or_else(|| {
        let words: Vec<String> = paths().map(last).collect();
        let word = did_you_mean(wanted, words.iter().map(String::as_str))?;
        paths().find(|path| last(path) == word).map(str::to_owned)
    });
    // The beginning of a name, or a part of it.
    let beginning = wanted.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let begins = |path: &&str| beginning.len() >= 3 && last(path).to_ascii_lowercase().contains(&beginning);
    Err(near.or_else(|| paths().find(begins).map(str::to_owned)))
}

/// Returns the path of a topic for common spellings: plurals, and the keys of the workspace file.
fn canonical(wanted: &str) -> String {
    let (first, rest) = wanted.split_once('.').map_or((wanted, None), |(first, rest)| (first, Some(rest)));
    let lower = first.to_ascii_lowercase();
    let first = match lower.as_str() {
        "profiles" | "defaults" | "default" => "profile",
        "connections" => "connection",
        "secret" | "secrets" | "stores" => "store",
        "findings" | "codes" | "code" => "finding",
        "periods" => "period",
        "policies" => "policy",
        "states" => "presence",
        plural => KINDS.iter().find(|names| names.plural == plural).map_or(first, |names| names.word),
    };
    // A profile has the fields of an agent.
    match (first, rest) {
        ("profile", Some(rest)) => format!("agent.{rest}"),
        (first, Some(rest)) => format!("{first}.{rest}"),
        (first, None) => first.to_owned(),
    }
}

/// Topics under construction.
struct Topics<'a> {
    all: Vec<Topic>,
    specs: &'a [&'static Spec],
    language: Language,
}

fn topics(roster: &Json, specs: &[&'static Spec], language: Language) -> Vec<Topic> {
    let mut topics = Topics { all: Vec::new(), specs, language };
    topics.add("agent", "Someone who answers calls and chats; an entry of `agents` in a manifest.");
    topics.add(
        "queue",
        "An online skill group: a line of waiting customers and who serves it; an entry of `queues`.",
    );
    topics.add("seat", "A voice seat; an entry of `seats`. Compared, never written.");
    topics.add(
        "profile",
        "A named set of agent fields, under `profiles`; an agent takes one with `profile: NAME`. `defaults` are such fields for all agents of a document. What an agent says goes before its profile, the profile before `defaults`. The fields are those of `agent`.",
    );
    topics.add(
        "connection",
        "A vendor system, under `connections` in rosterctl.yaml, with a free name and a `provider`.",
    );
    topics.add(
        "store",
        "A place that secrets come from, under `secrets` in rosterctl.yaml, with a free name and a `type`.",
    );
    topics.add("ledger", "Where rosterctl remembers what it applied; `ledger` in rosterctl.yaml.");
    topics.add(
        "period",
        "A span of time by name, under `periods`: `{ from, until }`, or a list of them. One set for the whole workspace; an entry of `during` names one with `period`.",
    );
    topics.add("language", LANGUAGE_DOC);
    topics.add("timeZone", TIME_ZONE_DOC);
    topics.add(
        "calendar",
        "How far ahead the dates in the manifests are looked at; `calendar` in rosterctl.yaml.",
    );
    topics.add("policy", "What one run may do; `policy` in rosterctl.yaml.");
    topics.add("scope", SCOPE_DOC);
    topics.add("ignore", IGNORE_DOC);
    topics.add("presence", "States of people at work, which `policy.presence.protect` may name.");
    topics.add("finding", "Differences that no step remedies, or must not, each with a stable code.");
    let supports = supports(specs);
    topics.fields(Kind::Agent, agent::FIELDS, supports.agents, roster);
    topics.fields(Kind::Queue, queue::FIELDS, supports.queues, roster);
    topics.fields(Kind::Seat, seat::FIELDS, supports.seats, roster);
    topics.settings("connection", CONNECTION);
    for spec in specs {
        let path = format!("connection.{}", spec.name);
        let operations = spec.operations.iter().map(|operation| operation.name).collect::<Vec<_>>();
        let facts = vec![
            (Label::ChosenBy, format!("provider: {}", spec.name)),
            (Label::Is, words::way(spec.writes, language).to_owned()),
            (Label::Calls, operations.join(comma(language))),
            (Label::Document, spec.document.to_owned()),
        ];
        topics.push(&path, spec.doc, facts);
        topics.settings(&path, spec.settings);
    }
    for (word, doc, table) in STORES {
        let path = format!("store.{word}");
        topics.push(&path, doc, vec![(Label::ChosenBy, format!("type: {word}"))]);
        topics.settings(&path, table);
    }
    topics.settings("ledger", LEDGER);
    topics.settings("calendar", CALENDAR);
    topics.settings("policy", POLICY);
    topics.settings("scope", SCOPE);
    topics.settings("ignore", IGNORE);
    for (state, word, doc) in STATES {
        let path = format!("presence.{word}");
        let doc = told_by(specs, *state, &topics.meaning(&path, doc), language);
        topics.all.push(Topic { path, doc, facts: Vec::new() });
    }
    for rule in RULES {
        let severity =
            Region::of(language).map_or(rule.severity.word(), |region| severity(region, rule.severity));
        topics.all.push(Topic {
            path: rule.code.to_owned(),
            doc: rule.doc_in(language).to_owned(),
            facts: vec![
                (Label::Severity, severity.to_owned()),
                (Label::Effect, words::effect(rule.effect, language).to_owned()),
                (Label::WhatToDo, rule.remedy_in(language).to_owned()),
            ],
        });
    }
    topics.all
}

/// Returns the Chinese meaning of a topic: of a connector's own description, or of the tables.
fn chinese(specs: &[&'static Spec], path: &str, region: Region) -> Option<&'static str> {
    let own = specs.iter().find_map(|spec| {
        let below = path.strip_prefix("connection.")?.strip_prefix(spec.name)?;
        let below = if below.is_empty() { below } else { below.strip_prefix('.')? };
        let (_, [cn, tw]) = spec.chinese.iter().find(|(own, _)| *own == below)?;
        Some(region.choose(*cn, *tw))
    });
    own.or_else(|| reference::doc(path, region))
}

impl Topics<'_> {
    /// Returns the meaning of a topic in the language; the English one where it has no other.
    fn meaning(&self, path: &str, doc: &str) -> String {
        let chinese = Region::of(self.language).and_then(|region| chinese(self.specs, path, region));
        chinese.unwrap_or(doc).to_owned()
    }

    fn add(&mut self, path: &str, doc: &str) {
        self.push(path, doc, Vec::new());
    }

    fn push(&mut self, path: &str, doc: &str, facts: Vec<(Label, String)>) {
        self.all.push(Topic { path: path.to_owned(), doc: self.meaning(path, doc), facts });
    }

    /// Adds the fields of a kind: those of its table, then those of the schema alone.
    fn fields(&mut self, kind: Kind, table: &'static [&'static Field], support: &Support, roster: &Json) {
        let none = serde_json::Map::new();
        let known = roster["$defs"][kind.word()]["properties"].as_object().unwrap_or(&none);
        let more = known.iter().filter(|(key, _)| table.iter().all(|field| field.key != **key));
        let (keys, others): (Vec<_>, Vec<_>) = more.partition(|(key, _)| {
            matches!(key.as_str(), "operatorId" | "operatorIds" | "displayName" | "exten" | "account")
        });
        for (key, schema) in keys {
            self.schema(kind, key, schema);
        }
        for field in table {
            self.field(kind, field, support);
        }
        for (key, schema) in others {
            self.schema(kind, key, schema);
        }
    }

    fn field(&mut self, kind: Kind, field: &Field, support: &Support) {
        let language = self.language;
        let ([create, edit, read], mapping) = (support.operations, support.mapping(field));
        let facts = vec![
            (Label::Values, plain(&words::field_values(field.ty, language))),
            (Label::SetBy, words::keys(mapping.create, create, language)),
            (Label::ChangedBy, words::keys(mapping.update, edit, language)),
            (Label::ToldBy, words::keys(mapping.read, read, language)),
            (Label::So, words::reach(kind, field, mapping, language)),
        ];
        self.push(&format!("{}.{}", kind.word(), field.key), field.doc.trim(), facts);
    }

    fn schema(&mut self, kind: Kind, key: &str, schema: &Json) {
        let language = self.language;
        let texts = |list: &Json| {
            let texts = list.as_array()?.iter().filter_map(Json::as_str).collect::<Vec<_>>();
            Some(texts.join(comma(language)))
        };
        let said = |values: Plain| plain_values(values, language).to_owned();
        let values = match (texts(&schema["enum"]), schema["type"].as_str()) {
            (Some(words), _) => words,
            (None, Some("boolean")) => ["true", "false"].join(comma(language)),
            (None, Some("integer")) => said(Plain::Number),
            (None, Some("object")) if schema.get("properties").is_none() => said(Plain::Numbers),
            (None, Some("object")) => {
                let keys = schema["properties"]
                    .as_object()
                    .map(|all| all.keys().cloned().collect::<Vec<_>>().join(", "));
                format!("{{ {} }}", keys.unwrap_or_default())
            }
            (None, _) => match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
                Some("date") => said(Plain::Date),
                Some(list) if list.starts_with("during") => said(Plain::During),
                _ => said(Plain::Text),
            },
        };
        let mut facts = vec![(Label::Values, values)];
        if let Some(default) = schema.get("default") {
            let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            facts.push((Label::Default, default));
        }
        let doc = schema["description"].as_str().unwrap_or_default();
        self.push(&format!("{}.{key}", kind.word()), doc, facts);
    }

    fn settings(&mut self, above: &str, table: &'static [Setting]) {
        for setting in table {
            let path = format!("{above}.{}", setting.key);
            let mut facts = vec![(Label::Values, plain(&words::setting_values(setting.ty, self.language)))];
            let default = words::setting_default(setting, self.language);
            facts.extend(default.map(|default| (Label::Default, plain(&default))));
            self.push(&path, setting.doc, facts);
            if let SettingType::Group(inner) = setting.ty {
                self.settings(&path, inner);
            }
        }
    }
}

/// Returns a cell of the reference without its marks.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Returns true if a topic stands right below another.
fn is_below(topic: &Topic, above: &str) -> bool {
    if above == "finding" {
        return RULES.iter().any(|rule| rule.code == topic.path);
    }
    topic
        .path
        .strip_prefix(above)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| !rest.contains('.'))
}

fn shown(topic: &Topic, topics: &[Topic], language: Language) -> String {
    let mut out = format!("{}\n\n", topic.path);
    out.push_str(&wrapped(&topic.doc, 2, language));
    if !topic.facts.is_empty() {
        out.push('\n');
    }
    let facts: Vec<(&str, &str)> =
        topic.facts.iter().map(|(label, fact)| (label.say(language), fact.as_str())).collect();
    out.push_str(&table(&facts, language));
    let below: Vec<&Topic> = topics.iter().filter(|other| is_below(other, &topic.path)).collect();
    if !below.is_empty() {
        out.push('\n');
        out.push_str(&listed(&below, language));
    }
    out
}

/// Lists topics by the last parts of their paths.
fn listed(topics: &[&Topic], language: Language) -> String {
    let name = |topic: &'_ Topic| topic.path.rfind('.').map_or(0, |dot| dot + 1);
    let rows: Vec<(&str, &str)> =
        topics.iter().map(|topic| (&topic.path[name(topic)..], topic.doc.as_str())).collect();
    table(&rows, language)
}

fn table(rows: &[(&str, &str)], language: Language) -> String {
    let width = rows.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    let mut out = String::new();
    for (name, text) in rows {
        let text = wrapped(text, width + 4, language);
        let name = pad_str(name, width, Alignment::Left, None);
        let _ = write!(out, "  {name}  {}", text.trim_start());
    }
    out
}

fn overview(topics: &[Topic], specs: &[&'static Spec], language: Language) -> String {
    let kinds: Vec<&Topic> = topics
        .iter()
        .filter(|topic| !topic.path.contains('.') && RULES.iter().all(|rule| rule.code != topic.path))
        .collect();
    let vendor = specs.first().map_or("", |spec| spec.name);
    let kinds = listed(&kinds, language);
    say!(
        language,
        "What can be explained:\n\n{kinds}\nExamples: `rosterctl explain agent`, `explain agent.wrapUpSeconds`, \
         `explain connection.{vendor}`,\n`explain policy.limits`, `explain R101`.\n",
        "可以解释的有：\n\n{kinds}\n例如：`rosterctl explain agent`、`explain agent.wrapUpSeconds`、\
         `explain connection.{vendor}`、\n`explain policy.limits`、`explain R101`。\n",
        "可以解釋的有：\n\n{kinds}\n例如：`rosterctl explain agent`、`explain agent.wrapUpSeconds`、\
         `explain connection.{vendor}`、\n`explain policy.limits`、`explain R101`。\n"
    )
}

/// Returns text in lines of at most 100 columns, indented.
fn wrapped(text: &str, indent: usize, language: Language) -> String {
    let indent = " ".repeat(indent);
    let separator = match language {
        Language::En => WordSeparator::AsciiSpace,
        Language::ZhCn | Language::ZhTw => WordSeparator::Custom(characters),
    };
    let lines = Options::new(100)
        .initial_indent(&indent)
        .subsequent_indent(&indent)
        .word_separator(separator)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(&text.split_whitespace().collect::<Vec<_>>().join(" "), lines) + "\n"
}

/// Splits a Chinese text where a line may end: behind a space, and beside a wide character that is no punctuation.
fn characters(text: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let is_wide = |c: char| !c.is_ascii();
    let closes = |c: char| "，。；：、！？）”」…".contains(c);
    let opens = |c: char| "（“「".contains(c);
    let next = text.char_indices().skip(1);
    let ends = text.chars().zip(next).filter(move |(one, (_, next))| {
        *one == ' ' || (is_wide(*one) || is_wide(*next)) && *next != ' ' && !closes(*next) && !opens(*one)
    });
    let ends = ends.map(|(_, (at, _))| at).chain([text.len()]);
    let mut start = 0;
    Box::new(ends.map(move |end| Word::from(&text[std::mem::replace(&mut start, end)..end])))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::manifest::schema;
    use crate::vendors;

    /// Returns the part of a manifest schema that the tables lack.
    fn roster() -> Json {
        let own = json!({ "protect": { "description": "No deletes.", "type": "boolean", "default": false } });
        json!({ "$defs": { "agent": { "properties": own }, "queue": {}, "seat": {} } })
    }

    fn said(wanted: &str) -> String {
        explain(Some(wanted), &roster(), &vendors::ALL.specs(), Language::En)
            .unwrap_or_else(|near| format!("near: {near:?}"))
    }

    #[test]
    fn every_topic_has_a_path_of_its_own_and_a_meaning() {
        let topics = topics(&roster(), &[], Language::En);
        let paths: BTreeSet<&str> = topics.iter().map(|topic| topic.path.as_str()).collect();
        assert_eq!(paths.len(), topics.len());
        assert!(topics.iter().all(|topic| !topic.doc.is_empty()));
        // Every topic is listed under its parent, or in the list of all.
        let all = explain(None, &roster(), &[], Language::En).unwrap_or_default();
        for topic in &topics {
            let above = topic.path.rsplit_once('.').map_or("finding", |(above, _)| above);
            let list = if topic.path.contains('.') || topic.path.starts_with('R') {
                said(above)
            } else {
                all.clone()
            };
            assert!(list.contains(topic.path.rsplit('.').next().unwrap_or_default()), "{}", topic.path);
        }
    }

    #[test]
    fn what_follows_from_the_columns_is_said() {
        insta::assert_snapshot!(
            ["agent.wrapUpSeconds", "agents.channels", "Agent.Role", "queue.memory", "protect", "policy.limits.floor"]
                .map(said)
                .join("\n"),
            @r##"
            agent.wrapUpSeconds

              After-call work, in seconds. Zero can be set at creation only.

              values      whole number from 0
              set by      afterInterval (from 0) in create/v2
              changed by  afterInterval (from 1) in edit/v2
              told by     afterInterval in page, one/v2
              so          it is compared with what is live, and changed where it differs

            agent.channels

              What the agent can be reached by. Set at creation only.

              values      list of voice, message, video
              set by      isaudio, ismessage, isvideo in create/v2
              changed by  no operation
              told by     isaudio, ismessage, isvideo in page, one/v2
              so          it is set at creation only; a difference is a finding (R101), or with
                          `policy.immutable: replace` the agent is deleted and made again

            agent.role

              Permission set. No operation returns it, so it is compared with the ledger.

              values      text, not empty
              set by      roleName in create/v2
              changed by  roleName in edit/v2
              told by     no operation
              so          no system returns it: it is compared with the ledger, and changed where that differs;
                          `--assert-unread` sets it where the ledger knows nothing

            queue.memory

              For how long a customer comes back to the same agent.

              values      off, 2h, 1d, 1w, 30d
              set by      isMemory, memoryTime in addQueue
              changed by  no operation
              told by     isMemory, memoryTime in queueQueue
              so          it is set at creation only; a difference is a finding (R101): change it in the
                          console, or in the manifest

            agent.protect

              No deletes.

              values   true, false
              default  false

            policy.presence.protect

              States in which an agent is left alone.

              values   list of on-call, wrap-up, busy, idle, resting, studying, signed-out, online, offline,
                       claiming, not-claiming, unknown
              default  [on-call]

            policy.limits.floor

              Counts up to this pass every limit that is not zero.

              values   whole number from 0 to 1000000
              default  5
            "##
        );
    }

    #[test]
    fn every_topic_has_a_meaning_in_chinese() {
        let specs = vendors::ALL.specs();
        let topics = topics(schema::roster().as_value(), &specs, Language::En);
        let paths = topics.iter().map(|topic| topic.path.as_str());
        let paths: Vec<&str> = paths.filter(|path| RULES.iter().all(|rule| rule.code != *path)).collect();
        let without: Vec<&&str> =
            paths.iter().filter(|path| chinese(&specs, path, Region::Cn).is_none()).collect();
        assert!(without.is_empty(), "topics without a row: {without:?}");
        let own: BTreeSet<String> = specs
            .iter()
            .flat_map(|spec| spec.chinese.iter().map(move |(path, _)| (spec.name, path)))
            .map(|(name, path)| format!("connection.{name}.{path}").trim_end_matches('.').to_owned())
            .collect();
        let shared = paths.iter().filter(|path| !own.contains(**path));
        let used: BTreeSet<&str> = shared.filter_map(|path| reference::row(path)).collect();
        let unused: Vec<&str> = reference::paths().filter(|row| !used.contains(row)).collect();
        assert!(unused.is_empty(), "rows without a topic: {unused:?}");
        let unused: Vec<&String> = own.iter().filter(|path| !paths.contains(&path.as_str())).collect();
        assert!(unused.is_empty(), "rows without a topic: {unused:?}");
    }

    #[test]
    fn people_read_an_explanation_in_chinese() {
        let specs = vendors::ALL.specs();
        let said = |topic: &str, language| {
            explain(Some(topic), schema::roster().as_value(), &specs, language).unwrap_or_default()
        };
        let cn = ["agent.wrapUpSeconds", "agent.channels", "R401"].map(|topic| said(topic, Language::ZhCn));
        let tw = ["agent.password", "queue.during", "policy.presence.protect", "ledger"]
            .map(|topic| said(topic, Language::ZhTw));
        insta::assert_snapshot!(cn.into_iter().chain(tw).collect::<Vec<_>>().join("\n"), @r"
        agent.wrapUpSeconds

          通话后的整理时间，单位秒。零只能在新增时设置。

          取值    整数，从 0 起
          新增时  create/v2 的 afterInterval（从 0 起）
          修改时  edit/v2 的 afterInterval（从 1 起）
          读取时  page、one/v2 的 afterInterval
          因此    与线上比对，不同就修改

        agent.channels

          客户可以通过哪些渠道找到坐席。只能在新增时设置。

          取值    列表：voice、message、video
          新增时  create/v2 的 isaudio、ismessage、isvideo
          修改时  没有这种接口
          读取时  page、one/v2 的 isaudio、ismessage、isvideo
          因此    只在新增时设置；有差异就报 R101；写了 `policy.immutable: replace` 就删除坐席再重建

        R401

          要删除的坐席太多，超过 `policy.limits.deletes`。

          级别    错误
          后果    策略不允许（退出码 4）
          怎么办  确实要删这么多，`--allow deletes=N` 只放宽这一次；不然请查查少了哪个文件。

        agent.password

          登入密碼，寫成密鑰引用：6 到 32 個字元。廠商不傳回，rosterctl 也不顯示。

          取值    { store, key, generate, version }
          新增時  create/v2 的 password
          修改時  edit/v2 的 password
          讀取時  沒有這種介面
          因此    新增客服人員時、`version` 改變時設定；沒有系統傳回它，所以與帳本比對

        queue.during

          一段時間內的成員和人數下限；過後恢復基本值。

          取值  清單，每項 { period，或 from 和 until；以及這段時間的值 }

        policy.presence.protect

          客服人員在哪些狀態下先放過。

          取值    清單：on-call、wrap-up、busy、idle、resting、studying、signed-out、online、offline、
                  claiming、not-claiming、unknown
          預設值  [on-call]

        ledger

          帳本：rosterctl 在這裡記住執行過什麼；rosterctl.yaml 的 `ledger`。

          path            帳本檔案，路徑相對於 rosterctl.yaml；每個工作區各有一個。
          url             帳本的物件儲存，如 s3://bucket/prefix；取代 `path`。
          lease           鎖不續期能保持多久。
          fingerprintKey  密碼指紋的密鑰。
        ");
    }

    #[test]
    fn the_nearest_is_suggested() {
        assert_eq!(said("agent.wrapUpSecond"), "near: Some(\"agent.wrapUpSeconds\")");
        assert_eq!(said("wrapupsecs"), "near: Some(\"agent.wrapUpSeconds\")");
        assert_eq!(said("R10x"), "near: Some(\"R101\")");
        assert_eq!(said("xyzzy"), "near: None");
    }
}
