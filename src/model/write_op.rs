//! Write operations: one call to a vendor, or one write to a secret store.

use std::sync::Arc;

use super::field::Record;
use super::id::{Kind, OperatorId};
use super::secret::SecretRef;
use super::value::Members;

/// The write operation of a step. It names a password and does not hold it.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Creation of resources with the same record.
    Create {
        /// The kind.
        kind: Kind,
        /// Consecutive numbers of agents, or a queue's name. One, unless the connection allows batches.
        ids: Vec<OperatorId>,
        /// The fields.
        record: Record,
        /// The place of the password.
        password: Option<SecretRef>,
    },
    /// Update of a resource.
    Edit {
        /// The kind.
        kind: Kind,
        /// The vendor's key of the resource.
        id: OperatorId,
        /// The fields that change.
        record: Record,
    },
    /// Deletion of resources.
    Delete {
        /// The kind.
        kind: Kind,
        /// The vendor's keys of the resources.
        ids: Vec<OperatorId>,
    },
    /// Creation of a password in its store, unless the store has one.
    PutSecret {
        /// The place of the password.
        secret: SecretRef,
        /// True to generate one even if the store has one.
        renew: bool,
    },
    /// Update of a resource's password.
    SetPassword {
        /// The kind.
        kind: Kind,
        /// The vendor's key of the resource.
        id: OperatorId,
        /// The place of the password.
        password: SecretRef,
    },
    /// Replacement of a queue's member list.
    SetMembers {
        /// The vendor's number of the queue.
        exten: OperatorId,
        /// All members.
        members: Arc<Members>,
        /// The members that it overwrites, as in the plan; `None` if another step replaced them before.
        before: Option<Arc<Members>>,
    },
}

impl WriteOp {
    /// Returns the kind of its target, which selects the connection; `None` for a secret store.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            WriteOp::PutSecret { .. } => None,
            WriteOp::Create { kind, .. }
            | WriteOp::Edit { kind, .. }
            | WriteOp::Delete { kind, .. }
            | WriteOp::SetPassword { kind, .. } => Some(*kind),
            WriteOp::SetMembers { .. } => Some(Kind::Queue),
        }
    }

    /// Returns the name of the queue that it creates.
    ///
    /// Only a queue may be created twice: the vendor chooses its key, and the name need not be unique.
    pub fn new_queue(&self) -> Option<&OperatorId> {
        match self {
            WriteOp::Create { kind: Kind::Queue, ids, .. } => ids.first(),
            WriteOp::Create { .. }
            | WriteOp::Edit { .. }
            | WriteOp::Delete { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::SetMembers { .. } => None,
        }
    }

    /// Returns the members of a queue after the operation.
    pub fn members(&self) -> Option<&Members> {
        match self {
            WriteOp::SetMembers { members, .. } => Some(members),
            WriteOp::Create { .. }
            | WriteOp::Edit { .. }
            | WriteOp::Delete { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. } => None,
        }
    }

    /// Returns the agents whose password it sends, with the password's place.
    pub fn password(&self) -> Option<(&[OperatorId], &SecretRef)> {
        match self {
            WriteOp::Create { ids, password, .. } => Some((ids, password.as_ref()?)),
            WriteOp::SetPassword { id, password, .. } => Some((std::slice::from_ref(id), password)),
            WriteOp::Edit { .. }
            | WriteOp::Delete { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetMembers { .. } => None,
        }
    }
}
