//! Support of queues: fields and operations. Source: webchat-queue, addQueue, updateQueueAssignMembers, queueQueue.
//!
//! The vendor has no operation that edits the attributes of a queue, and none that deletes one.

use crate::mapping;
use crate::model::id::Kind;
use crate::model::support::{Support, VerbSpec, Verbs};

#[rustfmt::skip]
mapping! { FIELDS of queue;
    ASSIGN_RULE    => create ["assignRule"]                                      read ["assignRule"];
    MEMORY_TIME    => create ["isMemory", "memoryTime"]                          read ["isMemory", "memoryTime"];
    ASSIGN_MEMBERS => create ["assignMembers"]          update ["assignMembers"] read ["assignMembers"];
}

/// The support of queues.
pub static QUEUES: Support = Support {
    kind: Kind::Queue,
    fields: &FIELDS,
    verbs: Verbs {
        create: Some(VerbSpec::single("addQueue")),
        set_members: Some(VerbSpec::single("updateQueueAssignMembers")),
        ..Verbs::NONE
    },
    defaults: &[],
    operations: ["addQueue", "updateQueueAssignMembers", "queueQueue"],
};
