//! The connector's description.

use super::fields::AGENTS;
use crate::config::settings::{OperationSpec, SettingType, Spec, optional, required};

const fn operation(name: &'static str, writes: bool) -> OperationSpec {
    OperationSpec { name, writes, rate_setting: None }
}

/// The connector's description. The document gives no rate limits.
pub static SPEC: Spec = Spec {
    name: "agent-config",
    doc: "Agents: created, edited, deleted, listed.",
    document: "agent-config.zh-CN.txt",
    supports: &[&AGENTS],
    tenant: &["abbreviate", "companyId"],
    credential: &[],
    writes: true,
    settings: &[
        required("abbreviate", SettingType::Text, "Short name of the company (企业缩写)."),
        optional(
            "companyId",
            SettingType::Number { min: 0, max: i64::MAX },
            "",
            "Number of the company (企业id).",
        ),
        required("token", SettingType::Secret, "The token that every call carries."),
        optional(
            "successCodes",
            SettingType::Numbers,
            "[0, 200]",
            "Values of `code` that mean success; the vendor's document prints none.",
        ),
        optional(
            "batchCreate",
            SettingType::Flag,
            "false",
            "Make a run of identical new agents of a pool in one call. Off until you have tried it on your tenant.",
        ),
        optional(
            "mainGroupOnCreate",
            SettingType::Flag,
            "true",
            "Whether the skill bound at creation becomes the main skill group; false plans a second call. Read back either way.",
        ),
        optional(
            "enabledOnCreate",
            SettingType::Flag,
            "true",
            "Whether a new agent is enabled; false plans a second call. Read back either way.",
        ),
    ],
    operations: &[
        operation("page", false),
        operation("one/v2", false),
        operation("create/v2", true),
        operation("edit/v2", true),
        operation("editPwd", true),
        operation("del/v2", true),
    ],
    states: &[],
    refused: Some(
        "where the message reads like a success, add its code to `successCodes`; else check `abbreviate` and \
         `companyId`",
    ),
    asks: None,
};
