//! The queue: an online skill group (在线技能组). One row a field.
//!
//! The key, `displayName`, is not a row.

use super::field::kind;
use super::value::Type;

/// The rules by which waiting customers are assigned; the vendor's own words.
pub const ASSIGN_RULES: &[&str] = &["random", "queue", "least", "priority"];
/// The times for which a customer comes back to the same agent.
pub const MEMORY: &[&str] = &["off", "2h", "1d", "1w", "30d"];

#[rustfmt::skip]
kind! {
    /// How waiting customers are given out: at random, in turn (`queue`), to the least busy, or by priority.
    ASSIGN_RULE    "assignRule" "分配策略" "分配策略": Type::Choice(ASSIGN_RULES);
    /// For how long a customer comes back to the same agent.
    MEMORY_TIME    "memory" "记忆分配" "記憶分配": Type::Choice(MEMORY);
    /// The agents who serve the queue, each with a priority.
    ASSIGN_MEMBERS "assignMembers" "成员" "成員": Type::Members;
}

/// What a queue's list means for members that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListMode {
    /// They are taken out.
    Exact,
    /// They stay.
    AtLeast,
    /// They stay, and the list counts at the queue's creation only.
    Ignore,
}

impl ListMode {
    /// The words of `members`, each with its meaning.
    pub const WORDS: &[&str] = &["exact", "at-least", "ignore"];

    /// Returns the mode of a word of [`ListMode::WORDS`].
    pub fn from_word(word: &str) -> Self {
        match word {
            "at-least" => ListMode::AtLeast,
            "ignore" => ListMode::Ignore,
            _ => ListMode::Exact,
        }
    }

    /// Returns its word.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}
