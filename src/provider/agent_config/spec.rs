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
    chinese: &[
        ("", ["坐席：新增、修改、删除、列出。", "客服人員：新增、修改、刪除、列出。"]),
        ("abbreviate", ["企业缩写。", "企業縮寫。"]),
        ("companyId", ["企业 id。", "企業 id。"]),
        (
            "successCodes",
            ["`code` 取哪些值算成功；厂商文档没有写。", "`code` 取哪些值算成功；廠商文件沒有寫。"],
        ),
        (
            "batchCreate",
            [
                "一批坐席里内容相同的新坐席用一次调用新增。在自己的租户上试过之前，请先关着。",
                "一批客服人員裡內容相同的新帳號用一次呼叫新增。在自己的租戶上試過之前，請先關著。",
            ],
        ),
        (
            "mainGroupOnCreate",
            [
                "新增时绑定的技能组会不会成为主技能组；false 会计划第二次调用。两种情况都会回读。",
                "新增時綁定的技能群組會不會成為主技能群組；false 會計畫第二次呼叫。兩種情況都會回讀。",
            ],
        ),
        (
            "enabledOnCreate",
            [
                "新坐席是不是已启用；false 会计划第二次调用。两种情况都会回读。",
                "新客服人員是不是已啟用；false 會計畫第二次呼叫。兩種情況都會回讀。",
            ],
        ),
    ],
    refused: Some([
        "where the message reads like a success, add its code to `successCodes`; else check `abbreviate` and \
         `companyId`",
        "看上去像是成功了，就把其中的代码加进 `successCodes`；否则请检查 `abbreviate` 和 `companyId`",
        "看起來像是成功了，就把其中的代碼加進 `successCodes`；否則請檢查 `abbreviate` 和 `companyId`",
    ]),
    asks: None,
};
