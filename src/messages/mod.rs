//! Every sentence about a plan, a run or a file, in every language. Each language is a folder, with one exhaustive
//! match a type of messages: a missing sentence does not compile.
//!
//! The `Display` of a message is its English sentence: JSON, logs and errors of the command line use it.

pub mod en;
pub mod subject;

use std::fmt;

use self::subject::Subject;
use crate::model::chain::ChainRemark;
use crate::model::diagnostic::Diagnostic;
use crate::model::finding::Finding;
use crate::model::manifest_edit::{EditObjection, LeftEdit, ManifestEdit};
use crate::model::note::{Allowed, Deferred, Disorder, Moved, Note, Refused, Unread};
use crate::model::objection::{IdObjection, KeyObjection, ValueObjection};
use crate::model::presence::{GapReason, Objection};
use crate::model::problem::{ConnectionFault, Label, Problem};
use crate::model::reason::{ChangeReason, FieldReason};
use crate::model::text::shortened;

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&en::finding(&self.what, &Subject::for_finding(self)))
    }
}

impl Diagnostic {
    /// Returns the problem, in English.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }

    /// Returns the remedy, in English; empty if the message contains it.
    pub fn help(&self) -> String {
        shortened(en::problem(&self.problem).1)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortened(en::problem(self).0))
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
    ChainRemark: chain_remark,
    Label: label,
    ConnectionFault: fault,
    IdObjection: id_objection,
    KeyObjection: key_objection,
    ValueObjection: value_objection,
    EditObjection: edit_objection,
    LeftEdit: left_edit,
    ManifestEdit: manifest_edit,
);
