//! The words of `explain` beside the meanings of its topics.

use crate::config::settings::{Constraint, Form, Setting, SettingType};
use crate::messages::zh::{Region, list, zh};
use crate::model::field::Field;
use crate::model::id::Kind;
use crate::model::language::{Language, say};
use crate::model::rule::Effect;
use crate::model::support::{Cell, Mapping};
use crate::model::value::Type;
use crate::report::phrases::comma;
use crate::report::reference;
use crate::yaml::types::describe;

/// The label of a fact.
#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    /// The allowed values.
    Values,
    /// The value that holds without one.
    Default,
    /// The key that chooses a connector or a store.
    ChosenBy,
    /// The directions of a connector.
    Is,
    /// The operations of a connector.
    Calls,
    /// The document of a connector.
    Document,
    /// The severity of a finding.
    Severity,
    /// The effect of a finding.
    Effect,
    /// The remedy of a finding.
    WhatToDo,
    /// The keys that set a field at creation.
    SetBy,
    /// The keys that change a field.
    ChangedBy,
    /// The keys that return a field.
    ToldBy,
    /// What follows.
    So,
}

impl Label {
    /// Returns the text of a language.
    pub(super) fn say(self, language: Language) -> &'static str {
        let (en, cn, tw) = match self {
            Label::Values => ("values", "取值", "取值"),
            Label::Default => ("default", "默认值", "預設值"),
            Label::ChosenBy => ("chosen by", "写法", "寫法"),
            Label::Is => ("is", "读写", "讀寫"),
            Label::Calls => ("calls", "调用", "呼叫"),
            Label::Document => ("document", "文档", "文件"),
            Label::Severity => ("severity", "级别", "級別"),
            Label::Effect => ("effect", "后果", "後果"),
            Label::WhatToDo => ("what to do", "怎么办", "怎麼辦"),
            Label::SetBy => ("set by", "新增时", "新增時"),
            Label::ChangedBy => ("changed by", "修改时", "修改時"),
            Label::ToldBy => ("told by", "读取时", "讀取時"),
            Label::So => ("so", "因此", "因此"),
        };
        language.choose(en, cn, tw)
    }
}

/// Returns the directions of a connector.
pub(super) fn way(writes: bool, language: Language) -> &'static str {
    if writes {
        language.choose("read and written", "可读可写", "可讀可寫")
    } else {
        language.choose("read only", "只读", "唯讀")
    }
}

/// Returns the effect of a finding.
pub(super) fn effect(effect: Effect, language: Language) -> &'static str {
    let (cn, tw) = match effect {
        Effect::None => ("无", "無"),
        Effect::Differs => ("算作差异", "算作差異"),
        Effect::Partial => ("算作差异；其余照做（退出码 5）", "算作差異；其餘照做（結束代碼 5）"),
        Effect::Invalid => ("什么都不执行（退出码 1）", "什麼都不執行（結束代碼 1）"),
        Effect::Refused => ("策略不允许（退出码 4）", "政策不允許（結束代碼 4）"),
        Effect::Incomplete => ("什么都不执行（退出码 6）", "什麼都不執行（結束代碼 6）"),
    };
    language.choose(reference::effect(effect), cn, tw)
}

/// Returns the keys of a field in an operation.
pub(super) fn keys(cells: &[Cell], operation: &str, language: Language) -> String {
    if cells.is_empty() {
        return language.choose("no operation", "没有这种接口", "沒有這種介面").to_owned();
    }
    let one = |Cell { key, min, .. }: &Cell| match min {
        Some(min) => say!(language, "{key} (from {min})", "{key}（从 {min} 起）", "{key}（從 {min} 起）"),
        None => (*key).to_owned(),
    };
    let keys = cells.iter().map(one).collect::<Vec<_>>().join(comma(language));
    let operation = operation.replace(", ", comma(language));
    say!(language, "{keys} in {operation}", "{operation} 的 {keys}", "{operation} 的 {keys}")
}

/// Returns what follows from what a vendor can do with a field.
pub(super) fn reach(kind: Kind, field: &Field, mapping: &Mapping, language: Language) -> String {
    let replaced = if kind == Kind::Agent {
        language.choose(
            "a difference is a finding (R101), or with `policy.immutable: replace` the agent is deleted and made again",
            "有差异就报 R101；写了 `policy.immutable: replace` 就删除坐席再重建",
            "有差異就報 R101；寫了 `policy.immutable: replace` 就刪除客服人員再重建",
        )
    } else {
        language.choose(
            "a difference is a finding (R101): change it in the console, or in the manifest",
            "有差异就报 R101：在控制台修改，或改清单",
            "有差異就報 R101：在主控台修改，或改清單",
        )
    };
    let said = match (!mapping.create.is_empty(), mapping.is_editable(), mapping.is_read()) {
        _ if field.ty == Type::Password && kind == Kind::Agent => language.choose(
            "it is set when the agent is made and when `version` changes; no system returns it, so it is compared with the ledger",
            "新增坐席时、`version` 改变时设置；没有系统返回它，所以与账本比对",
            "新增客服人員時、`version` 改變時設定；沒有系統傳回它，所以與帳本比對",
        ),
        (true, true, true) => language.choose(
            "it is compared with what is live, and changed where it differs",
            "与线上比对，不同就修改",
            "與線上比對，不同就修改",
        ),
        (false, true, true) => language.choose(
            "a new one gets it by a second call; it is changed where it differs",
            "新增时用第二次调用设置；之后不同就修改",
            "新增時用第二次呼叫設定；之後不同就修改",
        ),
        (true, false, true) => {
            return say!(
                language,
                "it is set at creation only; {replaced}",
                "只在新增时设置；{replaced}",
                "只在新增時設定；{replaced}"
            );
        }
        (true, true, false) => language.choose(
            "no system returns it: it is compared with the ledger, and changed where that differs; `--assert-unread` sets it where the ledger knows nothing",
            "没有系统返回它：与账本比对，不同就修改；账本里没有时，`--assert-unread` 会设置它",
            "沒有系統傳回它：與帳本比對，不同就修改；帳本裡沒有時，`--assert-unread` 會設定它",
        ),
        (true, false, false) => language.choose(
            "it is set at creation only, and no system returns it: it is compared with the ledger",
            "只在新增时设置，没有系统返回它：与账本比对",
            "只在新增時設定，沒有系統傳回它：與帳本比對",
        ),
        (false, _, _) => language.choose(
            "it is only compared: every difference is a finding",
            "只比对：每个差异都报告",
            "只比對：每個差異都報告",
        ),
    };
    said.to_owned()
}

/// The values of a key that no table holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// A name, each with a number.
    Numbers,
    /// A day or a moment.
    Date,
    /// Spans with what holds in each.
    During,
}

/// Returns the values of a key that no table holds.
pub(super) fn plain_values(values: Plain, language: Language) -> &'static str {
    let (en, cn, tw) = match values {
        Plain::Text => ("text", "文本", "文字"),
        Plain::Number => ("whole number from 0", "整数，从 0 起", "整數，從 0 起"),
        Plain::Numbers => {
            ("{ NAME: whole number from 0 }", "{ NAME: 整数，从 0 起 }", "{ NAME: 整數，從 0 起 }")
        }
        Plain::Date => (
            "day or moment: 2026-12-01, 2026-12-01T18:00, 2026-12-01T18:00+08:00",
            "日期或时刻：2026-12-01、2026-12-01T18:00、2026-12-01T18:00+08:00",
            "日期或時刻：2026-12-01、2026-12-01T18:00、2026-12-01T18:00+08:00",
        ),
        Plain::During => (
            "list of { period, or from and until; and what holds then }",
            "列表，每项 { period，或 from 和 until；以及这段时间的值 }",
            "清單，每項 { period，或 from 和 until；以及這段時間的值 }",
        ),
    };
    language.choose(en, cn, tw)
}

/// Returns the values of a field.
pub(super) fn field_values(ty: Type, language: Language) -> String {
    let Some(region) = Region::of(language) else { return describe(ty) };
    match ty {
        Type::Text { required: true } => region.choose("文本，不能为空", "文字，不能為空").to_owned(),
        Type::Text { required: false } => plain_values(Plain::Text, language).to_owned(),
        Type::Number => plain_values(Plain::Number, language).to_owned(),
        Type::Flag => "true、false".to_owned(),
        Type::Choice(words) => list(words),
        Type::Set(words) => zh!(region, "列表：{}", "清單：{}", list(words)),
        Type::Sip => "auto、none、{ number: … }".to_owned(),
        Type::Password => describe(ty),
        Type::Members => region
            .choose(
                "列表，每项 { agentNumber, priority } 或引号里的工号",
                "清單，每項 { agentNumber, priority } 或引號裡的工號",
            )
            .to_owned(),
    }
}

/// Returns the values of a setting.
pub(super) fn setting_values(ty: SettingType, language: Language) -> String {
    let Some(r) = Region::of(language) else { return reference::setting_values(ty) };
    match ty {
        SettingType::Text => plain_values(Plain::Text, language).to_owned(),
        // These have no word of a language.
        SettingType::Address | SettingType::Url(_) | SettingType::Secret => reference::setting_values(ty),
        SettingType::Choice(words) => list(words),
        SettingType::Words(words) => zh!(r, "列表：{}", "清單：{}", list(words)),
        SettingType::Texts => r.choose("文本的列表", "文字的清單").to_owned(),
        SettingType::Matching(form) => {
            let one = match form {
                Form::Exact => plain_values(Plain::Text, language),
                Form::Pattern => r.choose(
                    "文本，`*` 代表任意文本，`?` 代表一个字符",
                    "文字，`*` 代表任意文字，`?` 代表一個字元",
                ),
                Form::Ids => r.choose("引号里的号码，或 FIRST..LAST", "引號裡的號碼，或 FIRST..LAST"),
            };
            zh!(r, "{one}；或它们的列表", "{one}；或它們的清單")
        }
        SettingType::Number { min, max: i64::MAX } => zh!(r, "整数，从 {min} 起", "整數，從 {min} 起"),
        SettingType::Number { min, max } => zh!(r, "整数，{min} 到 {max}", "整數，{min} 到 {max}"),
        SettingType::Numbers => r.choose("整数的列表", "整數的清單").to_owned(),
        SettingType::Flag => "true、false".to_owned(),
        SettingType::Duration { .. } => {
            r.choose("时长：500ms、30s、2m、1h", "時長：500ms、30s、2m、1h").to_owned()
        }
        SettingType::Days { never: false, .. } => r.choose("天数：90d", "天數：90d").to_owned(),
        SettingType::Days { never: true, .. } => {
            r.choose("天数：30d；或 never", "天數：30d；或 never").to_owned()
        }
        SettingType::Offset => r.choose("与 UTC 的时差：\"+08:00\"", "與 UTC 的時差：\"+08:00\"").to_owned(),
        SettingType::Share => r.choose("比例或数量：10%、12", "比例或數量：10%、12").to_owned(),
        SettingType::Group(_) => r.choose("映射", "對應表").to_owned(),
    }
}

/// Returns the value that applies when a setting is missing, if there is one to tell.
pub(super) fn setting_default(setting: &Setting, language: Language) -> Option<String> {
    let region = Region::of(language);
    let said = match (region, setting.required, setting.default, setting.bond) {
        (None, ..) | (_, false, "", Constraint::Free) => reference::setting_default(setting),
        (Some(region), true, ..) => region.choose("必填", "必填").to_owned(),
        (Some(region), false, "", Constraint::OneOf(keys)) => {
            zh!(region, "{} 选一个", "{} 選一個", list(keys))
        }
        (Some(region), false, "", Constraint::When(key, word)) => {
            zh!(region, "`{key}: {word}` 时必填", "`{key}: {word}` 時必填")
        }
        (Some(_), false, default, _) => default.to_owned(),
    };
    (said != "–").then_some(said)
}
