//! Every sentence about a plan, a run or a file, in every language. Each language is a folder, with one exhaustive
//! match a type of messages: a missing sentence does not compile.
//!
//! The `Display` of a message is its English sentence: JSON, logs and errors of the command line use it. Reports for
//! people ask a [`Message`] for the sentence of their [`Language`].

pub mod en;
pub mod subject;
pub mod zh;

use std::fmt;

use self::subject::Subject;
use self::zh::Region;
use crate::model::chain::ChainRemark;
use crate::model::diagnostic::Diagnostic;
use crate::model::finding::{Finding, FindingKind};
use crate::model::journal::JournalRemark;
use crate::model::language::{Language, Localized};
use crate::model::manifest_edit::{EditObjection, LeftEdit, ManifestEdit};
use crate::model::note::{Allowed, Deferred, Disorder, Moved, Note, Refused};
use crate::model::objection::{IdObjection, KeyObjection, ValueObjection};
use crate::model::presence::{GapReason, Objection};
use crate::model::problem::{ConnectionFault, Label, Problem};
use crate::model::reason::{ChangeReason, FieldReason};
use crate::model::rule::Rule;
use crate::model::text::shortened;
use crate::model::unread::{FailedCall, ListingDoubt, Unread};

/// A message in every language.
pub trait Message {
    /// Returns the sentence of a language.
    fn say(&self, language: Language) -> String;

    /// Returns the sentence in every language.
    fn localized(&self) -> Localized {
        Localized::of(|language| self.say(language))
    }
}

impl Message for Finding {
    fn say(&self, language: Language) -> String {
        finding(&self.what, &Subject::for_finding(self), language)
    }
}

/// Returns the sentence of a finding about a subject.
pub fn finding(what: &FindingKind, about: &Subject<'_>, language: Language) -> String {
    match language {
        Language::En => en::finding(what, about),
        Language::ZhCn => zh::finding(what, about, Region::Cn),
        Language::ZhTw => zh::finding(what, about, Region::Tw),
    }
}

impl Finding {
    /// Returns the sentence of a language, without the allowance that lifts a limit.
    pub fn fact(&self, language: Language) -> String {
        let about = Subject::for_finding(self);
        match language {
            Language::En => en::fact(&self.what, &about),
            Language::ZhCn => zh::fact(&self.what, &about, Region::Cn),
            Language::ZhTw => zh::fact(&self.what, &about, Region::Tw),
        }
    }
}

/// Returns notes in one line.
pub fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>, language: Language) -> String {
    let notes: Vec<String> = notes.into_iter().map(|note| note.say(language)).collect();
    notes.join(language.choose("; ", "；", "；"))
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&en::finding(&self.what, &Subject::for_finding(self)))
    }
}

impl Rule {
    /// Returns the meaning in a language.
    pub fn doc_in(&self, language: Language) -> &'static str {
        language.choose(self.doc, zh::rules::doc(self, Region::Cn), zh::rules::doc(self, Region::Tw))
    }

    /// Returns the remedy in a language.
    pub fn remedy_in(&self, language: Language) -> &'static str {
        language.choose(self.remedy, zh::rules::remedy(self, Region::Cn), zh::rules::remedy(self, Region::Tw))
    }
}

impl Diagnostic {
    /// Returns the problem, in English.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }

    /// Returns the problem, in a language.
    pub fn message_in(&self, language: Language) -> String {
        self.problem.say(language)
    }

    /// Returns the remedy, in English; empty if the message contains it.
    pub fn help(&self) -> String {
        self.help_in(Language::En)
    }

    /// Returns the remedy, in a language; empty if the message contains it.
    pub fn help_in(&self, language: Language) -> String {
        shortened(problem(&self.problem, language).1)
    }
}

/// Writes a problem and its remedy in a language.
fn problem(problem: &Problem, language: Language) -> (String, String) {
    match language {
        Language::En => en::problem(problem),
        Language::ZhCn => zh::problem(problem, Region::Cn),
        Language::ZhTw => zh::problem(problem, Region::Tw),
    }
}

impl Message for Problem {
    fn say(&self, language: Language) -> String {
        shortened(problem(self, language).0)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

/// Displays messages in English, and says them in every language.
macro_rules! messages {
    ($($ty:ty: $write:ident),+ $(,)?) => {$(
        impl Message for $ty {
            fn say(&self, language: Language) -> String {
                match language {
                    Language::En => en::$write(self).into(),
                    Language::ZhCn => zh::$write(self, Region::Cn).into(),
                    Language::ZhTw => zh::$write(self, Region::Tw).into(),
                }
            }
        }

        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&en::$write(self))
            }
        }
    )+};
}

messages!(
    Note: note,
    Moved: moved,
    ListingDoubt: doubt,
    FailedCall: failed_call,
    Unread: unread,
    Refused: refused,
    Disorder: disorder,
    Deferred: deferred,
    Allowed: allowed,
    Objection: objection,
    GapReason: gap,
    ChangeReason: change_reason,
    FieldReason: field_reason,
    ChainRemark: chain_remark,
    JournalRemark: journal_remark,
    EditObjection: edit_objection,
    LeftEdit: left_edit,
    ManifestEdit: manifest_edit,
);

messages!(
    Label: label,
    ConnectionFault: fault,
    IdObjection: id_objection,
    KeyObjection: key_objection,
    ValueObjection: value_objection,
);
