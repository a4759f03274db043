//! The connector's description.

use super::fields::QUEUES;
use crate::config::settings::{OperationSpec, RATE, SettingType, Spec, optional, required};
use crate::model::presence::State;

const fn operation(name: &'static str, writes: bool, rate: &'static str) -> OperationSpec {
    OperationSpec { name, writes, rate_setting: Some(rate) }
}

/// The connector's description.
pub static SPEC: Spec = Spec {
    name: "webchat-queue",
    doc: "Queues (online skill groups) and their members: created, members replaced, listed.",
    document: "webchat-queue.zh-CN.txt",
    supports: &[&QUEUES],
    tenant: &["accountId"],
    credential: &["accountId"],
    writes: true,
    settings: &[
        required("accountId", SettingType::Text, "Number of the account (账户编号)."),
        required("apiSecret", SettingType::Secret, "The secret that signs every call."),
        optional("rateLimit", RATE, "{ calls: 20, per: 60s }", "Rate limit of each operation."),
        optional("claimRateLimit", RATE, "{ calls: 100, per: 60s }", "Rate limit of the claim status."),
        optional(
            "utcOffset",
            SettingType::Offset,
            "\"+08:00\"",
            "Offset of the signature's timestamp and of the times of last changes; never the host's local time.",
        ),
        optional("pageSize", SettingType::Number { min: 1, max: 1000 }, "50", "Rows of a page."),
    ],
    operations: &[
        operation("queueQueue", false, "rateLimit"),
        operation("addQueue", true, "rateLimit"),
        operation("updateQueueAssignMembers", true, "rateLimit"),
        operation("queueQueueAgentClaimStatus", false, "claimRateLimit"),
    ],
    states: &[State::Claiming, State::NotClaiming, State::Unknown],
    chinese: &[
        (
            "",
            [
                "队列（在线技能组）和成员：新增、替换成员、列出。",
                "佇列（線上技能群組）和成員：新增、取代成員、列出。",
            ],
        ),
        ("accountId", ["账户编号。", "帳戶編號。"]),
        ("rateLimit", ["每种调用的限速。", "每種呼叫的限速。"]),
        ("claimRateLimit", ["查询接单状态的限速。", "查詢接單狀態的限速。"]),
        (
            "utcOffset",
            [
                "签名时间戳、最后修改时间所用的时差；不看本机时区。",
                "簽章時間戳記、最後修改時間所用的時差；不看本機時區。",
            ],
        ),
        ("pageSize", ["一页的行数。", "一頁的列數。"]),
    ],
    refused: None,
    asks: None,
};
