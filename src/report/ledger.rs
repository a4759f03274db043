//! Output of `rosterctl ledger show`: the ledger without fingerprints, as text and JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::phrases::{comma, semicolon};
use crate::messages::zh::{Region, words};
use crate::model::codec;
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::id::{Kind, ResourceId, safe};
use crate::model::language::{Language, say};
use crate::model::ledger::{Ledger, LedgerEntry, ReplacementBackup};
use crate::model::presence::State;
use crate::model::text::sanitize;
use crate::model::value::Value;

/// The value of `format` of the document.
const FORMAT: &str = "rosterctl.ledger/v1";

/// Renders all resources, one per line, or one resource, one field per line.
pub fn text(ledger: &Ledger, id: Option<&ResourceId>, place: &str, language: Language) -> String {
    let words = Words(language);
    if let Some(id) = id {
        return one(ledger, &id.key(), words);
    }
    let mut out = head(ledger, place, words);
    let keys = keys(ledger);
    out.push_str(if keys.is_empty() {
        language.choose("It knows no resource.\n", "它没有记着任何资源。\n", "它沒有記著任何資源。\n")
    } else {
        "\n"
    });
    for key in keys {
        let brief = ledger.resources.get(key).map(|entry| brief(entry, words.of(key)));
        let parts: Vec<String> = brief.into_iter().chain(unfinished(ledger, key, words)).collect();
        out.push_str(&format!("{}  {}\n", sanitize(key), parts.join(semicolon(language))));
    }
    out
}

/// Renders what a ledger says of itself.
fn head(ledger: &Ledger, place: &str, words: Words) -> String {
    let (language, serial) = (words.0, ledger.serial);
    let of = ledger
        .workspace
        .as_deref()
        .map(safe)
        .map(|name| say!(language, " of workspace {name}", "，工作区 {name}", "，工作區 {name}"));
    let of = of.unwrap_or_default();
    let mut lines = vec![say!(
        language,
        "Ledger {place}{of}, write {serial}",
        "账本 {place}{of}，第 {serial} 次写入",
        "帳本 {place}{of}，第 {serial} 次寫入"
    )];
    let none = || language.choose("none", "还没有", "還沒有").to_owned();
    let clean = ledger.last_clean_run.as_deref().map_or_else(none, safe);
    lines.push(say!(language, "Last clean run: {clean}", "上次完整执行：{clean}", "上次完整執行：{clean}"));
    if let Some(instant) = ledger.last_instant.as_deref().map(safe) {
        lines.push(say!(
            language,
            "Dates applied up to: {instant}",
            "日期已执行到：{instant}",
            "日期已執行到：{instant}"
        ));
    }
    if let Some(newest) = &ledger.history {
        let run = &newest.run;
        lines.push(say!(
            language,
            "Newest record of the history: {run}",
            "历史里最新的记录：{run}",
            "歷史裡最新的紀錄：{run}"
        ));
    }
    if let Some(place) = ledger.copied_to.as_deref().map(safe) {
        lines.push(say!(language, "Copied to: {place}", "已复制到：{place}", "已複製到：{place}"));
    }
    for (provider, tenant) in &ledger.tenants {
        let settings: Vec<String> =
            tenant.iter().map(|(key, value)| format!("{} {}", safe(key), safe(value))).collect();
        let (provider, settings) = (safe(provider), settings.join(comma(language)));
        lines.push(say!(
            language,
            "Tenant of {provider}: {settings}",
            "{provider} 的租户：{settings}",
            "{provider} 的租戶：{settings}"
        ));
    }
    lines.join("\n") + "\n"
}

/// The words of a language.
#[derive(Clone, Copy)]
struct Words(Language);

impl Words {
    /// Returns the words of a resource.
    fn of(self, key: &str) -> ResourceWords {
        ResourceWords { words: self, kind: ResourceId::parse(key).map(|id| id.kind) }
    }

    /// Returns a saved state, which is a word or a phrase.
    fn state(self, state: &str) -> String {
        let known = Region::of(self.0).map(|region| match State::from_word(state) {
            Some(known) => words::state(region, known),
            None => words::phrase(region, state),
        });
        safe(known.unwrap_or(state))
    }
}

/// The words of a resource of some kind.
#[derive(Clone, Copy)]
struct ResourceWords {
    words: Words,
    kind: Option<Kind>,
}

impl ResourceWords {
    fn language(self) -> Language {
        self.words.0
    }

    /// Returns the name of a field; in English its key.
    fn field(self, key: &str) -> String {
        let known = Region::of(self.language()).zip(self.kind);
        safe(known.map_or(key, |(region, kind)| words::field(region, kind, key)))
    }

    /// Returns a value; in English, and of a list of members, its JSON.
    fn value(self, key: &str, value: &Json) -> String {
        let known = Region::of(self.language()).zip(self.kind).and_then(|(region, kind)| {
            let field = by_key(fields(kind), key)?;
            match codec::from_json(field, value).ok()?? {
                Value::Members(_) => None,
                value => Some(words::value(region, &value)),
            }
        });
        sanitize(&known.unwrap_or_else(|| value.to_string())).into_owned()
    }

    /// Returns the names of fields.
    fn fields<'a>(self, keys: impl IntoIterator<Item = &'a String>) -> String {
        let names: Vec<String> = keys.into_iter().map(|key| self.field(key)).collect();
        names.join(comma(self.language()))
    }
}

/// Returns the resources that a ledger knows.
pub fn keys(ledger: &Ledger) -> BTreeSet<&str> {
    let Ledger { resources, kept, awaited, waiting, .. } = ledger;
    let keys = resources.keys().chain(kept.keys()).chain(awaited.keys()).chain(waiting.keys());
    keys.map(String::as_str).collect()
}

/// Describes the work that earlier runs left unfinished on a resource.
fn unfinished(ledger: &Ledger, key: &str, words: Words) -> Vec<String> {
    let language = words.0;
    let kept = ledger.kept.get(key).map(|kept| {
        let parts = kept_parts(kept, words.of(key));
        say!(
            language,
            "kept for its replacement: {parts}",
            "重建要用，先留着：{parts}",
            "重建要用，先留著：{parts}"
        )
    });
    let awaited = ledger.awaited.get(key).map(|until| {
        say!(
            language,
            "asked for without an answer (until {until} ms)",
            "请求发出后没有响应（等到 {until} ms）",
            "要求送出後沒有回應（等到 {until} ms）"
        )
    });
    let waiting = ledger.waiting.get(key).map(|agents| {
        let agents = agents.iter().map(|(agent, state)| {
            let (agent, state) = (safe(agent), words.state(state));
            say!(language, "{agent} ({state})", "{agent}（{state}）", "{agent}（{state}）")
        });
        let agents = agents.collect::<Vec<_>>().join(comma(language));
        say!(language, "waiting for {agents}", "在等 {agents}", "在等 {agents}")
    });
    kept.into_iter().chain(awaited).chain(waiting).collect()
}

/// Returns the parts of a backup: its fields, and its priorities in queues.
fn kept_parts(kept: &ReplacementBackup, words: ResourceWords) -> String {
    let language = words.language();
    let fields = kept
        .fields
        .iter()
        .map(|(field, value)| format!("{} {}", words.field(field), words.value(field, value)));
    let queues = kept.queues.iter().map(|(exten, priority)| {
        let exten = safe(exten);
        say!(language, "queue {exten} {priority}", "队列 {exten} {priority}", "佇列 {exten} {priority}")
    });
    sanitize(&fields.chain(queues).collect::<Vec<_>>().join(comma(language))).into_owned()
}

/// Summarizes a resource on one line.
fn brief(entry: &LedgerEntry, words: ResourceWords) -> String {
    let language = words.language();
    let mut parts = standing(entry, language);
    if !entry.fields.is_empty() {
        parts.push(words.fields(entry.fields.keys()));
    }
    if entry.password.is_some() {
        parts.push(language.choose("password", "密码", "密碼").to_owned());
    }
    if parts.is_empty() {
        language.choose("adopted", "已接管", "已接管").to_owned()
    } else {
        parts.join(semicolon(language))
    }
}

/// Returns the identity of a resource and its special states.
fn standing(entry: &LedgerEntry, language: Language) -> Vec<String> {
    let number = |part: Option<std::num::NonZero<i64>>, word: &str| part.map(|part| format!("{word} {part}"));
    let mut parts = Vec::new();
    parts.extend(entry.exten.as_deref().map(|exten| format!("exten {}", safe(exten))));
    parts.extend(number(entry.identity.id, "id"));
    parts.extend(number(entry.identity.ctime, "ctime"));
    for (holds, word) in [
        (entry.pending, language.choose("no listing has shown it yet", "列表里还没出现", "列表裡還沒出現")),
        (entry.let_go, language.choose("let go", "已放手", "已放手")),
        (
            entry.succeeded,
            language.choose("another agent than before", "不再是原来的坐席", "不再是原來的客服人員"),
        ),
        (entry.protect, language.choose("protected", "受保护", "受保護")),
    ] {
        parts.extend(holds.then(|| word.to_owned()));
    }
    parts
}

/// Renders the ledger's knowledge of one resource.
fn one(ledger: &Ledger, key: &str, words: Words) -> String {
    let mut out = format!("{}\n", sanitize(key));
    let known = ledger.resources.get(key).map(|entry| lines(entry, words.of(key)));
    for line in known.into_iter().flatten().chain(unfinished(ledger, key, words)) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

/// Returns the lines of an entry, one a field.
fn lines(entry: &LedgerEntry, words: ResourceWords) -> Vec<String> {
    let language = words.language();
    let mut lines = standing(entry, language);
    for (field, value) in &entry.fields {
        let mark = if entry.released.contains(field) {
            language.choose(" (in no manifest)", "（清单里没有）", "（清單裡沒有）")
        } else {
            ""
        };
        let (field, value) = (words.field(field), words.value(field, value));
        lines.push(say!(
            language,
            "{field}: {value}{mark}",
            "{field}：{value}{mark}",
            "{field}：{value}{mark}"
        ));
    }
    if let Some(password) = &entry.password {
        let from = password.store.as_deref().zip(password.key.as_deref());
        let from = from.map(|(store, key)| (safe(store), safe(key)));
        let from = from.map(|(store, key)| {
            say!(language, " from {store} {key}", "，来自 {store} {key}", "，來自 {store} {key}")
        });
        let version = password
            .version
            .map(|version| say!(language, ", version {version}", "，版本 {version}", "，版本 {version}"));
        let (from, version) = (from.unwrap_or_default(), version.unwrap_or_default());
        lines.push(say!(
            language,
            "password: set{from}{version}",
            "密码：设置过{from}{version}",
            "密碼：設定過{from}{version}"
        ));
    }
    if !entry.unconfirmed.is_empty() {
        let fields = words.fields(&entry.unconfirmed);
        lines.push(say!(
            language,
            "not confirmed: {fields}",
            "厂商没有确认：{fields}",
            "廠商沒有確認：{fields}"
        ));
    }
    lines
}

/// Renders the whole ledger, or one resource of it, as JSON.
pub fn json(ledger: &Ledger, id: Option<&ResourceId>) -> String {
    let key = id.map(ResourceId::key);
    let resources = chosen(&ledger.resources, key.as_deref(), LedgerEntry::without_fingerprint);
    let document = json!({
        "format": FORMAT,
        "workspace": ledger.workspace,
        "serial": ledger.serial,
        "lastCleanRun": ledger.last_clean_run,
        "tenants": ledger.tenants,
        "history": ledger.history,
        "copiedTo": ledger.copied_to,
        "resources": resources,
        "kept": chosen(&ledger.kept, key.as_deref(), |kept| json!(kept)),
        "awaited": chosen(&ledger.awaited, key.as_deref(), |until| json!(until)),
        "waiting": chosen(&ledger.waiting, key.as_deref(), |agents| json!(agents)),
    });
    format!("{document:#}\n")
}

/// Returns the entries of all resources, or of one, as JSON.
fn chosen<T>(
    all: &BTreeMap<String, T>,
    key: Option<&str>,
    to_json: impl Fn(&T) -> Json,
) -> serde_json::Map<String, Json> {
    let chosen = all.iter().filter(|(name, _)| key.is_none_or(|key| key == *name));
    chosen.map(|(name, value)| (name.clone(), to_json(value))).collect()
}
