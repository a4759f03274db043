//! Support of agents: fields and operations. Source: agent-config §2.1.1 (create/v2), §2.1.2 (edit/v2), §2.1.3
//! (del/v2), §2.1.4 and §2.1.5 (one/v2, page), §2.1.6 (editPwd).
//!
//! The code of a word of `type` (`operatorType`) and of `outbound` (`outcallflag`) is its place in the list.

use crate::mapping;
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP};
use crate::model::id::Kind;
use crate::model::support::{CreationDefault, Support, VerbSpec, Verbs};

#[rustfmt::skip]
mapping! { FIELDS of agent;
    NAME             => create ["name"]                            update ["name"]                   read ["name"];
    TYPE             => create ["operatorType"]                    update ["operatorType"]           read ["operatorType"];
    ROLE             => create ["roleName"]                        update ["roleName"];
    MAIN_SKILL_GROUP => create ["bindSkillName"]                   update ["mainGroupName"]          read ["mainGroupName"];
    SKILL_LEVEL      => create ["bindSkillLevel"];
    PASSWORD         => create ["password"]                        update ["password"];
    ENABLED          =>                                            update ["status"]                 read ["status"];
    WRAP_UP_SECONDS  => create ["afterInterval" >= 0]              update ["afterInterval" >= 1]     read ["afterInterval"];
    BOUND_PHONE      => create ["bindcode"]                        update ["bindcode"]               read ["bindcode"];
    CALLER_ID        => create ["showcaller"]                      update ["showcaller"]             read ["showcaller"];
    ANNOUNCEMENT     => create ["ttscontent"]                      update ["ttscontent"]             read ["ttscontent"];
    HIDE_PHONE       => create ["isHidePhone"]                     update ["isHidePhone"]            read ["isHidePhone"];
    RECORDING        => create ["isrecord"]                        update ["isrecord"]               read ["isrecord"];
    OUTBOUND_CALLS   => create ["outcallflag"]                     update ["outcallflag"]            read ["outcallflag"];
    SIP              => create ["sipFlag"]                         update ["sipnumber", "unbindSip"] read ["sipNumber"];
    CHANNEL_SET      => create ["isaudio", "ismessage", "isvideo"]                                   read ["isaudio", "ismessage", "isvideo"];
    SURVEY           => create ["judge"]                                                             read ["judge"];
    EMAIL            => create ["email"]                                                             read ["email"];
}

/// The support of agents.
pub static AGENTS: Support = Support {
    kind: Kind::Agent,
    fields: &FIELDS,
    verbs: Verbs {
        // "batchSize": 1 to 1000.
        create: Some(VerbSpec { operation: "create/v2", batch: 1000, batch_setting: Some("batchCreate") }),
        update: Some(VerbSpec::single("edit/v2")),
        delete: Some(VerbSpec { operation: "del/v2", batch: usize::MAX, batch_setting: None }),
        set_members: None,
        set_password: Some(VerbSpec::single("editPwd")),
    },
    defaults: &[
        CreationDefault { field: &ENABLED, setting: "enabledOnCreate" },
        CreationDefault { field: &MAIN_SKILL_GROUP, setting: "mainGroupOnCreate" },
    ],
    operations: ["create/v2", "edit/v2", "page, one/v2"],
};
