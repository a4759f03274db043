//! The languages of what people read.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A language of reports and messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Chinese of the mainland, in simplified characters.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// Chinese of Taiwan, in traditional characters.
    #[serde(rename = "zh-TW")]
    ZhTw,
}

/// The tags of the languages, in the order of [`Language::ALL`].
pub const TAGS: &[&str] = &["en", "zh-CN", "zh-TW"];

impl Language {
    /// All languages.
    pub const ALL: [Language; 3] = [Language::En, Language::ZhCn, Language::ZhTw];

    /// Returns the BCP 47 tag, as `<html lang>` and `language` in the workspace have it.
    pub fn tag(self) -> &'static str {
        TAGS[self as usize]
    }

    /// Returns the language of a tag of the workspace or of `--lang`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Returns the language of a POSIX locale such as `zh_TW.UTF-8`; English of any other.
    pub fn of_locale(locale: &str) -> Self {
        let name = locale.split(['.', '@']).next().unwrap_or_default().replace('-', "_").to_ascii_lowercase();
        let mut parts = name.split('_');
        if parts.next() != Some("zh") {
            return Self::En;
        }
        let traditional = parts.any(|part| matches!(part, "tw" | "hk" | "mo" | "hant"));
        if traditional { Self::ZhTw } else { Self::ZhCn }
    }

    /// Returns the text of this language.
    pub fn choose<T>(self, en: T, zh_cn: T, zh_tw: T) -> T {
        match self {
            Language::En => en,
            Language::ZhCn => zh_cn,
            Language::ZhTw => zh_tw,
        }
    }
}

/// Formats the text of a language: `say!(language, "EN {word}", "CN {word}", "TW {word}")`.
macro_rules! say {
    ($language:expr, $en:literal, $cn:literal, $tw:literal $(,)?) => {
        match $language {
            $crate::model::language::Language::En => format!($en),
            $crate::model::language::Language::ZhCn => format!($cn),
            $crate::model::language::Language::ZhTw => format!($tw),
        }
    };
}
pub(crate) use say;

/// A text in every language. As text and in JSON it is English.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Localized(Box<[String; 3]>);

impl Localized {
    /// Writes a text in every language.
    pub fn of(write: impl Fn(Language) -> String) -> Self {
        Self(Box::new(Language::ALL.map(write)))
    }

    /// Returns the text of a language.
    pub fn text(&self, language: Language) -> &str {
        &self.0[language as usize]
    }

    /// Puts texts below each other.
    pub fn lines<'a>(texts: impl IntoIterator<Item = &'a Self, IntoIter: Clone>) -> Self {
        let texts = texts.into_iter();
        Self::of(|language| texts.clone().map(|text| text.text(language)).collect::<Vec<_>>().join("\n"))
    }

    /// Joins texts by the separator of each language.
    pub fn join(texts: &[Self], separator: impl Fn(Language) -> &'static str) -> Self {
        Self::of(|language| {
            let texts: Vec<&str> = texts.iter().map(|text| text.text(language)).collect();
            texts.join(separator(language))
        })
    }

    /// Changes the text of each language.
    #[must_use]
    pub fn map(self, change: impl FnMut(String) -> String) -> Self {
        Self(Box::new((*self.0).map(change)))
    }
}

/// The words of a system or a file, which are the same in every language.
impl From<String> for Localized {
    fn from(words: String) -> Self {
        Self::of(|_| words.clone())
    }
}

impl fmt::Display for Localized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(Language::En))
    }
}

impl fmt::Debug for Localized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(Language::En), f)
    }
}

impl Serialize for Localized {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(Language::En))
    }
}

/// A saved text is English.
impl<'de> Deserialize<'de> for Localized {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// Writes a [`Localized`]: `localized!("EN {word}", "CN {word}", "TW {word}")`. Variables that are localized themselves
/// are named before the texts: `localized!(why; "EN {why}", "CN {why}", "TW {why}")`.
macro_rules! localized {
    ($($part:ident),+; $en:literal, $cn:literal, $tw:literal $(,)?) => {
        $crate::model::language::Localized::of(|language| {
            $(let $part = $part.text(language);)+
            $crate::model::language::say!(language, $en, $cn, $tw)
        })
    };
    ($en:literal, $cn:literal, $tw:literal $(,)?) => {
        $crate::model::language::Localized::of(|language| {
            $crate::model::language::say!(language, $en, $cn, $tw)
        })
    };
}
pub(crate) use localized;

/// Returns true for equal texts.
pub(crate) const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    a.len() == b.len() && at == a.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_tells_its_language() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::ZhCn),
            ("zh", Language::ZhCn),
            ("zh_TW.UTF-8", Language::ZhTw),
            ("zh_HK", Language::ZhTw),
            ("zh-Hant", Language::ZhTw),
            ("en_US.UTF-8", Language::En),
            ("C", Language::En),
            ("", Language::En),
            ("de_DE", Language::En),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }
}
