//! Every sentence about a plan, a run or a file, in every language. One folder a language, one exhaustive match a type
//! of messages: a sentence that a language lacks does not compile.
//!
//! The `Display` of a message is its English sentence: JSON, logs and errors of the command line use it.

pub mod en;
pub mod subject;

use std::fmt;

use self::subject::Subject;
use crate::model::finding::Finding;
use crate::model::note::{Allowed, Deferred, Disorder, Moved, Note, Refused, Unread};
use crate::model::presence::{GapReason, Objection};
use crate::model::reason::{ChangeReason, FieldReason};

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&en::finding(&self.what, &Subject::for_finding(self)))
    }
}

/// Displays messages in English.
macro_rules! display {
    ($($ty:ty: $write:ident),+ $(,)?) => {$(
        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&en::$write(self))
            }
        }
    )+};
}

display!(
    Note: note,
    Moved: moved,
    Unread: unread,
    Refused: refused,
    Disorder: disorder,
    Deferred: deferred,
    Allowed: allowed,
    Objection: objection,
    GapReason: gap,
    ChangeReason: change_reason,
    FieldReason: field_reason,
);
