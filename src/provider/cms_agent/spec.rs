//! The connector's description.

use crate::config::settings::{
    Constraint, OperationSpec, RATE, RATE_DOC, SettingType, Spec, optional, required,
};
use crate::model::presence::State;

const AUTH_V2: Constraint = Constraint::When("scheme", "auth-v2");
const BEARER: Constraint = Constraint::When("scheme", "bearer");

/// The connector's description.
pub static SPEC: Spec = Spec {
    name: "cms-agent",
    doc: "One agent's state: read for the presence guard.",
    document: "cms-agent.zh-CN.txt",
    supports: &[],
    tenant: &[],
    credential: &["auth.accessKey"],
    writes: false,
    settings: &[
        required("ccId", SettingType::Number { min: 1, max: 65_535 }, "Number of the call centre."),
        required("vdn", SettingType::Number { min: 1, max: 5_000 }, "Number of the virtual call centre."),
        required(
            "auth",
            SettingType::Group(&[
                required("scheme", SettingType::Choice(&["auth-v2", "bearer"]), "How calls are signed."),
                optional("accessKey", SettingType::Text, "", "Access key of `auth-v2`.").bound(AUTH_V2),
                optional("secretKey", SettingType::Secret, "", "Secret key of `auth-v2`.").bound(AUTH_V2),
                optional("token", SettingType::Secret, "", "Token of `bearer`.").bound(BEARER),
                optional(
                    "signedHeaders",
                    SettingType::Words(super::auth::SIGNABLE),
                    "[host]",
                    "Headers that are signed; `host` always is.",
                ),
                optional("timestampMillis", SettingType::Flag, "false", "Milliseconds in the timestamp."),
                optional(
                    "emptyQueryLine",
                    SettingType::Flag,
                    "false",
                    "An empty line where a query would be.",
                ),
            ]),
            "How calls are signed.",
        ),
        optional("rateLimit", RATE, "", RATE_DOC),
    ],
    operations: &[OperationSpec { name: "agentbyworkno", writes: false, rate_setting: Some("rateLimit") }],
    states: &[
        State::OnCall,
        State::WrapUp,
        State::Busy,
        State::Idle,
        State::Resting,
        State::Studying,
        State::SignedOut,
        State::Unknown,
    ],
    chinese: &[
        (
            "",
            [
                "单个坐席的状态：供 `policy.presence` 读取。",
                "單一客服人員的狀態：供 `policy.presence` 讀取。",
            ],
        ),
        ("ccId", ["呼叫中心的编号。", "客服中心的編號。"]),
        ("vdn", ["虚拟呼叫中心的编号。", "虛擬客服中心的編號。"]),
        ("auth", ["调用怎么签名。", "呼叫怎麼簽章。"]),
        ("auth.scheme", ["调用怎么签名。", "呼叫怎麼簽章。"]),
        ("auth.accessKey", ["`auth-v2` 的 access key。", "`auth-v2` 的 access key。"]),
        ("auth.secretKey", ["`auth-v2` 的 secret key。", "`auth-v2` 的 secret key。"]),
        ("auth.token", ["`bearer` 的令牌。", "`bearer` 的權杖。"]),
        ("auth.signedHeaders", ["参与签名的请求头；`host` 总是参与。", "參與簽章的標頭；`host` 一定參與。"]),
        ("auth.timestampMillis", ["时间戳带毫秒。", "時間戳記帶毫秒。"]),
        ("auth.emptyQueryLine", ["查询参数的位置留一个空行。", "查詢參數的位置留一個空行。"]),
    ],
    refused: None,
    asks: Some(|agent| super::requests::work_number(agent).is_some()),
};
