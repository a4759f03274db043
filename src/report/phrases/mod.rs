//! The words of reports. Each language is a file with one exhaustive match: a missing text does not compile.

mod en;
mod phrase;
mod zh;

use std::borrow::Cow;

pub use self::phrase::{Again, Column, Phrase, Refuser, Swatch};
use super::chapter::LineKind;
use super::content::Sound;
use crate::messages::zh::Region;
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
