//! Write operations: one call to a vendor, or one write to a secret store.

use std::sync::Arc;

use super::field::Record;
use super::id::{Kind, OperatorId};
use super::secret::SecretRef;
use super::value::Members;

/// The write operation of a step. It names a password and does not hold it.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Creation of agents with consecutive numbers and the same record.
    CreateAgents {
        /// The numbers; one, unless the connection allows batches.
        ids: Vec<OperatorId>,
        /// The fields.
        record: Record,
        /// The place of the password.
        password: Option<SecretRef>,
    },
    /// Update of an agent.
    EditAgent {
        /// The agent's number.
        id: OperatorId,
        /// The fields that change.
        record: Record,
    },
    /// Creation of a password in its store, unless the store has one.
    PutSecret {
        /// The place of the password.
        secret: SecretRef,
        /// True to generate one even if the store has one.
        renew: bool,
    },
    /// Update of an agent's password.
    SetPassword {
        /// The agent's number.
        id: OperatorId,
        /// The place of the password.
        password: SecretRef,
    },
    /// Deletion of agents.
    DeleteAgents {
        /// The agents' numbers.
        ids: Vec<OperatorId>,
    },
    /// Creation of a queue.
    CreateQueue {
        /// The queue's name.
        name: String,
        /// The fields.
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
            WriteOp::CreateAgents { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::DeleteAgents { .. } => Some(Kind::Agent),
            WriteOp::CreateQueue { .. } | WriteOp::EditQueue { .. } | WriteOp::SetMembers { .. } => {
                Some(Kind::Queue)
            }
        }
    }

    /// Returns the members of a queue after the operation.
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

    /// Returns the agents whose password it sends, with the password's place.
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
