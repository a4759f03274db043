//! Chinese messages: those of the mainland, and those of Taiwan. Both texts of a message stand side by side.

mod chain;
mod edits;
mod findings;
mod notes;
mod problems;
mod reasons;
pub mod reference;
pub mod rules;
pub mod words;

pub use self::chain::chain_remark;
pub use self::edits::{edit_objection, left_edit, manifest_edit};
pub use self::findings::{fact, finding};
pub use self::notes::{
    allowed, deferred, disorder, doubt, failed_call, gap, journal_remark, moved, note, notes, objection,
    refused, unread,
};
pub use self::problems::{fault, id_objection, key_objection, label, problem, value_objection};
pub use self::reasons::{change_reason, field_reason};
use crate::model::language::Language;

/// A region of Chinese readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// The mainland.
    Cn,
    /// Taiwan.
    Tw,
}

impl Region {
    /// Returns the region of a language; `None` of English.
    pub fn of(language: Language) -> Option<Self> {
        language.choose(None, Some(Region::Cn), Some(Region::Tw))
    }

    /// Returns the language of this region.
    pub fn language(self) -> Language {
        self.choose(Language::ZhCn, Language::ZhTw)
    }

    /// Returns the text of this region.
    pub fn choose<T>(self, cn: T, tw: T) -> T {
        match self {
            Region::Cn => cn,
            Region::Tw => tw,
        }
    }
}

/// Formats the text of a region: `zh!(region, "CN {}", "TW {}", arguments)`.
macro_rules! zh {
    ($region:expr, $cn:literal, $tw:literal $(, $argument:expr)* $(,)?) => {
        match $region {
            $crate::messages::zh::Region::Cn => format!($cn $(, $argument)*),
            $crate::messages::zh::Region::Tw => format!($tw $(, $argument)*),
        }
    };
}
pub(crate) use zh;

use std::fmt::Display;

/// Writes a list: `a、b、c`.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("、")
}

/// The words that count people: those of the mainland, and those of Taiwan.
pub(crate) const PEOPLE: [&str; 2] = ["名", "位"];

/// The words that count things.
pub(crate) const THINGS: [&str; 2] = ["个", "個"];

/// Writes a list with omitted items: `a、b 等 5 名`; the unit counts all of them.
pub(crate) fn listed<T: Display>(
    region: Region,
    items: impl IntoIterator<Item = T>,
    more: usize,
    [cn, tw]: [&str; 2],
) -> String {
    let items: Vec<T> = items.into_iter().collect();
    let all = items.len() + more;
    let items = list(items);
    if more == 0 { items } else { zh!(region, "{items} 等 {all} {cn}", "{items} 等 {all} {tw}") }
}
