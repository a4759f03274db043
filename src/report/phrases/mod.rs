//! The words of reports. Each language is a file with one exhaustive match: a missing text does not compile.

mod en;
mod phrase;
mod zh;

use std::borrow::Cow;

pub use self::phrase::{Again, Column, Phrase, Refuser, Swatch};
use super::chapter::LineKind;
use super::content::{Failure, Sound};
use crate::messages::zh::Region;
use crate::model::call::Reason;
use crate::model::language::Language;
use crate::model::outcome::Status;

impl Phrase<'_> {
    /// Returns the text of a language.
    pub fn say(self, language: Language) -> Cow<'static, str> {
        match language {
            Language::En => en::phrase(self),
            Language::ZhCn => zh::phrase(self, Region::Cn),
            Language::ZhTw => zh::phrase(self, Region::Tw),
        }
    }
}

/// Returns the sign between items of a list.
pub fn comma(language: Language) -> &'static str {
    language.choose(", ", "、", "、")
}

/// Returns the sign between sentences of one line.
pub fn semicolon(language: Language) -> &'static str {
    language.choose("; ", "；", "；")
}

/// Returns the sign after a label.
pub fn colon(language: Language) -> &'static str {
    language.choose(": ", "：", "：")
}

/// Returns a remark in brackets.
pub fn bracketed(text: &str, language: Language) -> String {
    language.choose(format!("({text})"), format!("（{text}）"), format!("（{text}）"))
}

impl Failure {
    /// Returns the failure in one sentence. The words of a system, and those of an error of this machine, are English.
    pub fn message_in(&self, language: Language) -> String {
        let Some(region) = Region::of(language) else { return self.message.clone() };
        match (self.diagnostics.len(), self.reason) {
            (0, Some(reason)) => format!("{}：{}", unread(reason, region), self.message),
            (0, None) => self.message.clone(),
            _ if self.is_of_policy => Phrase::RefusedFiles.say(language).into_owned(),
            (count, _) => Phrase::WrongFiles(count).say(language).into_owned(),
        }
    }
}

/// Returns why there is no live state.
fn unread(reason: Reason, region: Region) -> &'static str {
    match reason {
        Reason::Incomplete => region.choose("有系统没有读全", "有系統沒有讀全"),
        Reason::NoAnswer => region.choose("有系统没有给出可用的响应", "有系統沒有給出可用的回應"),
        Reason::Unreachable => region.choose("有系统连不上", "有系統連不上"),
        Reason::SignIn => region.choose("有系统拒绝了登录", "有系統拒絕了登入"),
    }
}

impl Sound {
    /// Returns the declarations in a sentence.
    pub fn words(&self, language: Language) -> String {
        Phrase::Sound(self).say(language).into_owned()
    }
}

/// Returns the word of a step's status.
pub fn status(status: Status, language: Language) -> Cow<'static, str> {
    Phrase::Kind(LineKind::Open(status)).say(language)
}
