//! Write operations: one call to a vendor, or one write to a secret store.

use std::sync::Arc;

use super::field::Record;
use super::id::{Kind, OperatorId};
use super::secret::SecretRef;
use super::value::Members;

/// Write operation of a step. It names a password and does not hold it.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Creation of agents with consecutive numbers and the same record.
    CreateAgents {
        /// Their numbers; one, unless the connection allows batches.
        ids: Vec<OperatorId>,
        /// Their fields.
        record: Record,
        /// Place of their password.
        password: Option<SecretRef>,
    },
    /// Update of an agent.
    EditAgent {
        /// Its number.
        id: OperatorId,
        /// The fields that change.
        record: Record,
    },
    /// Creation of a password in its store, unless the store has one.
    PutSecret {
        /// Place of the password.
        secret: SecretRef,
        /// Make one even where the store has one.
        renew: bool,
    },
    /// Update of an agent's password.
    SetPassword {
        /// Its number.
        id: OperatorId,
        /// Place of the password.
        password: SecretRef,
    },
    /// Deletion of agents.
    DeleteAgents {
        /// Their numbers.
        ids: Vec<OperatorId>,
    },
    /// Creation of a queue.
    CreateQueue {
        /// Its name.
        name: String,
        /// Its fields.
        record: Record,
    },
    /// Update of a queue's attributes.
    EditQueue {
        /// The vendor's number of the queue.
        exten: OperatorId,
        /// The fields that change.
        record: Record,
    },
    /// Replacement of a queue's member list.
    SetMembers {
        /// The vendor's number of the queue.
        exten: OperatorId,
        /// All its members.
        members: Arc<Members>,
        /// The members that it overwrites, as the plan saw them; `None` where another step of the plan
        /// replaced them before.
        before: Option<Arc<Members>>,
    },
}

impl WriteOp {
    /// Returns the kind of its target, which selects the connection; `None` for a secret store.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            WriteOp::PutSecret { .. } => None,
            WriteOp::CreateAgents { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::DeleteAgents { .. } => Some(Kind::Agent),
            WriteOp::CreateQueue { .. } | WriteOp::EditQueue { .. } | WriteOp::SetMembers { .. } => {
                Some(Kind::Queue)
            }
        }
    }

    /// Returns the members that a queue has after it.
    pub fn members(&self) -> Option<&Members> {
        match self {
            WriteOp::SetMembers { members, .. } => Some(members),
            WriteOp::CreateAgents { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::DeleteAgents { .. }
            | WriteOp::CreateQueue { .. }
            | WriteOp::EditQueue { .. } => None,
        }
    }

    /// Returns the agents whose password it sends, and its place.
    pub fn password(&self) -> Option<(&[OperatorId], &SecretRef)> {
        match self {
            WriteOp::CreateAgents { ids, password, .. } => Some((ids, password.as_ref()?)),
            WriteOp::SetPassword { id, password } => Some((std::slice::from_ref(id), password)),
            WriteOp::EditAgent { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::DeleteAgents { .. }
            | WriteOp::CreateQueue { .. }
            | WriteOp::EditQueue { .. }
            | WriteOp::SetMembers { .. } => None,
        }
    }
}
