//! Edits of manifests: what a text shall say, and the reasons why it cannot.

use std::sync::Arc;

use super::field::{Field, Record};
use super::id::{Kind, OperatorId, ResourceId};
use super::message::{Word, messages};
use super::queue::ASSIGN_MEMBERS;
use super::value::{Members, Value};
use crate::model::language::Localized;

/// A new content of the manifests.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestEdit {
    /// The resource.
    pub id: ResourceId,
    /// The change of its entry.
    pub what: EntryEdit,
}

impl ManifestEdit {
    /// Returns the field that it changes; `None` for the whole entry.
    pub fn field(&self) -> Option<&'static str> {
        match self.what {
            EntryEdit::Field(field, _) => Some(field.key),
            EntryEdit::Member(..) => Some(ASSIGN_MEMBERS.key),
            EntryEdit::Absent | EntryEdit::Present | EntryEdit::Name(_) | EntryEdit::Declare(_) => None,
        }
    }

    /// Returns the agent that becomes a tombstone, if it is one.
    pub fn tombstone(&self) -> Option<&OperatorId> {
        (self.what == EntryEdit::Absent && self.id.kind == Kind::Agent).then_some(&self.id.name)
    }
}

/// A change of the entry of a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryEdit {
    /// A field gets a value.
    Field(&'static Field, Value),
    /// An agent joins a queue or gets another priority; `None`: it leaves.
    Member(OperatorId, Option<i64>),
    /// The resource must not exist: an agent becomes a tombstone, any other entry goes.
    Absent,
    /// A tombstone becomes an agent again.
    Present,
    /// A queue gets another name.
    Name(Arc<str>),
    /// A new entry.
    Declare(Box<NewEntry>),
}

/// The content of a new entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewEntry {
    /// Its fields.
    pub record: Record,
    /// The name of a queue.
    pub name: Arc<str>,
    /// The number of a queue, if its name is not unique.
    pub exten: Option<Arc<str>>,
    /// The members of a queue; `None` if they are not managed.
    pub members: Option<Arc<Members>>,
}

/// An edit that was not carried out.
#[derive(Clone, Debug)]
pub struct LeftEdit {
    /// The resource.
    pub id: ResourceId,
    /// The field, or `assignMembers`; `None` for the whole entry.
    pub field: Option<Word>,
    /// The reason.
    pub why: EditObjection,
}

impl LeftEdit {
    /// Returns true if an edit was not carried out, for this reason.
    pub fn is_about(&self, edit: &ManifestEdit) -> bool {
        self.id == edit.id && (self.field.is_none() || self.field.as_deref() == edit.field())
    }
}

messages! {
    /// The reason why the manifests cannot say something.
    EditObjection {
        /// No operation returns the field.
        Untold,
        /// No manifest declares the resource.
        Undeclared,
        /// No manifest can hold the value.
        Unspeakable { value: String, why: Localized },
        /// The value is unset, and no word of a manifest says so.
        Unset,
        /// A member is no agent, so no manifest can name it.
        NoAgent { agent: OperatorId },
        /// The place is part of a construct that no edit changes: an explicit key, or the like.
        Unlocated { place: String },
        /// A date of the manifest decides the value.
        Dated { place: String },
        /// `--until` cannot delete, create or rename.
        NotForATime,
        /// The vendor cannot set the value back, so it cannot hold for a time.
        NoWayBack,
        /// After the edit the manifests would be wrong.
        Wrong { problem: String, place: String },
        /// After the edit the manifests still say something else.
        NotReached,
        /// Both sides changed, or the ledger does not know which: it is taken over only if it is named.
        Both,
        /// The manifest changed, not the console.
        OwnChange,
        /// No difference is known.
        NoDifference,
        /// A later run or a person changed it since.
        ChangedSince,
        /// The effect of the run on it is unknown.
        UnknownEffect,
        /// The vendor cannot delete what the run made.
        NoDeletion,
    }
}
