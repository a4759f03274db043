//! Words of values, kinds and states.

use std::borrow::Cow;
use std::time::Duration;

use super::{Region, list, zh};
use crate::model::choices::choice;
use crate::model::difference::{self, Difference};
use crate::model::field::by_key;
use crate::model::id::Kind;
use crate::model::language::Language;
use crate::model::message::Word;
use crate::model::plan::{Action, Operation, Verb};
use crate::model::presence::{Disruption, STATES, State};
use crate::model::rule::Severity;
use crate::model::text::visible;
use crate::model::value::{Sip, Value, shown};

/// Returns the language of a region.
pub fn language(region: Region) -> Language {
    region.choose(Language::ZhCn, Language::ZhTw)
}

/// Writes a value as people read it. Text stays as it is.
pub fn value(region: Region, value: &Value) -> String {
    match value {
        Value::Text(_) | Value::Number(_) | Value::Sip(Sip::Number(_)) => value.words(),
        Value::Flag(true) => "是".to_owned(),
        Value::Flag(false) => "否".to_owned(),
        Value::Choice(word) => choice(word, language(region)).to_owned(),
        Value::Set(words) if words.is_empty() => region.choose("无", "無").to_owned(),
        Value::Set(words) => list(words.iter().map(|word| choice(word, language(region)))),
        Value::Sip(Sip::Auto) => region.choose("自动", "自動").to_owned(),
        Value::Sip(Sip::None) => region.choose("无", "無").to_owned(),
        Value::Password(_) => region.choose("（密码）", "（密碼）").to_owned(),
        Value::Members(members) => format!("{} 人", members.len()),
        Value::Other(raw) => zh!(region, "{}（rosterctl 不认识）", "{}（rosterctl 不認識）", shown(raw)),
    }
}

/// Writes a predicate: `为 30`, `为“张三”`, `未设置`.
pub fn is(region: Region, value: Option<&Value>) -> String {
    let Some(value) = value else { return region.choose("未设置", "未設定").to_owned() };
    let words = self::value(region, value);
    match value {
        Value::Text(text) if text.is_empty() => zh!(region, "为空文本", "為空文字"),
        Value::Text(_) | Value::Choice(_) | Value::Set(_) | Value::Flag(_) | Value::Sip(_) => {
            zh!(region, "为“{words}”", "為「{words}」")
        }
        Value::Number(_) | Value::Members(_) | Value::Other(_) => zh!(region, "为 {words}", "為 {words}"),
        Value::Password(_) => zh!(region, "为{words}", "為{words}"),
    }
}

/// Writes both values of a field: `姓名为“王方”，应为“王芳”`.
pub fn differs(region: Region, difference: &Difference) -> String {
    let field = before_chinese(difference.field.name(language(region)));
    let before = is(region, difference.before.as_ref());
    match &difference.after {
        None => zh!(region, "{field}{before}，应留空", "{field}{before}，應留空"),
        after => {
            let after = is(region, after.as_ref());
            zh!(region, "{field}{before}，应{after}", "{field}{before}，應{after}")
        }
    }
}

/// Returns the name of a field by its key; an unknown key stays as it is.
pub fn field(region: Region, kind: Kind, key: &str) -> &str {
    by_key(difference::fields(kind), key).map_or(key, |field| field.name(language(region)))
}

/// Writes the names of fields by their keys.
pub fn fields(region: Region, kind: Kind, keys: &[Word]) -> String {
    list(keys.iter().map(|key| field(region, kind, key)))
}

/// Adds a space behind a text that ends in Latin letters or digits.
pub fn before_chinese(text: &str) -> String {
    let space = if text.ends_with(|c: char| c.is_ascii_alphanumeric()) { " " } else { "" };
    format!("{text}{space}")
}

/// Adds a space before a text that begins with Latin letters or digits.
pub fn after_chinese(text: &str) -> String {
    let space = if text.starts_with(|c: char| c.is_ascii_alphanumeric()) { " " } else { "" };
    format!("{space}{text}")
}

/// Adds both spaces.
pub fn amid_chinese(text: &str) -> String {
    after_chinese(&before_chinese(text))
}

/// Returns a name in quotation marks; a name with escapes has them already.
pub fn quoted(region: Region, name: &str) -> String {
    match visible(name) {
        Cow::Borrowed(plain) => zh!(region, "“{plain}”", "「{plain}」"),
        Cow::Owned(escaped) => format!(" {escaped}"),
    }
}

/// Writes a span of time: `30 秒`.
pub fn duration(region: Region, time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    match (seconds % 3600, seconds % 60, millis) {
        (0, _, 0) if seconds > 0 => zh!(region, "{} 小时", "{} 小時", seconds / 3600),
        (_, 0, 0) if seconds > 0 => zh!(region, "{} 分钟", "{} 分鐘", seconds / 60),
        (_, _, 0) => format!("{seconds} 秒"),
        _ => format!("{} 秒", time.as_secs_f64()),
    }
}

/// Returns the word of a kind.
pub fn kind(region: Region, kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => region.choose("坐席", "客服人員"),
        Kind::Queue => region.choose("队列", "佇列"),
        Kind::Seat => region.choose("语音坐席", "語音座席"),
    }
}

/// Returns the word of an action.
pub fn action(region: Region, action: Action) -> &'static str {
    match action {
        Action::Create => region.choose("新增", "新增"),
        Action::Update => region.choose("修改", "修改"),
        Action::Replace => region.choose("删除后重建", "刪除後重建"),
        Action::Delete => region.choose("删除", "刪除"),
    }
}

/// Returns an operation: `新增坐席`.
pub fn operation(region: Region, operation: Operation) -> String {
    let kind = self::kind(region, operation.kind);
    match operation.verb {
        Verb::Create => format!("新增{kind}"),
        Verb::Edit => format!("修改{kind}"),
        Verb::Password => zh!(region, "设置{kind}密码", "設定{kind}密碼"),
        Verb::Delete => zh!(region, "删除{kind}", "刪除{kind}"),
        Verb::Members => zh!(region, "设置{kind}成员", "設定{kind}成員"),
        Verb::Put => zh!(region, "保存{kind}密码", "儲存{kind}密碼"),
    }
}

/// Returns the word of a severity.
pub fn severity(region: Region, severity: Severity) -> &'static str {
    match severity {
        Severity::Error => region.choose("错误", "錯誤"),
        Severity::Warning => "警告",
        Severity::Info => "提示",
    }
}

/// Returns a state of presence as people say it.
pub fn state(region: Region, state: State) -> &'static str {
    match state {
        State::OnCall => region.choose("通话中", "通話中"),
        State::WrapUp => region.choose("话后整理中", "話後整理中"),
        State::Busy => region.choose("忙碌", "忙碌"),
        State::Idle => region.choose("空闲", "空閒"),
        State::Resting => region.choose("小休", "休息中"),
        State::Studying => region.choose("学习中", "學習中"),
        State::SignedOut => region.choose("已签出", "已簽出"),
        State::Online => region.choose("在线", "在線"),
        State::Offline => region.choose("离线", "離線"),
        State::Claiming => region.choose("接单中", "接單中"),
        State::NotClaiming => region.choose("未接单", "未接單"),
        State::Unknown => region.choose("状态不明", "狀態不明"),
    }
}

/// Returns a state by its English phrase, as [`Objection::phrase`] has it; an unknown phrase stays as it is.
///
/// [`Objection::phrase`]: crate::model::presence::Objection::phrase
pub fn phrase(region: Region, phrase: &str) -> &str {
    if phrase == "perhaps at work" {
        return region.choose("可能在工作", "可能在工作");
    }
    let known = STATES.iter().find(|(state, ..)| state.phrase() == phrase);
    known.map_or(phrase, |(state, ..)| self::state(region, *state))
}

/// Returns the participle of a disruption: `删除`.
pub fn disruption(region: Region, disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::Delete => region.choose("删除", "刪除"),
        Disruption::Disable => region.choose("停用", "停用"),
        Disruption::Regroup => region.choose("调到别的技能组", "調到別的技能群組"),
        Disruption::Unqueue => region.choose("移出队列", "移出佇列"),
    }
}
