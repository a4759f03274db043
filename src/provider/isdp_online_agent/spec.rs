//! The connector's description.

use crate::config::settings::{
    Constraint, OperationSpec, RATE, RATE_DOC, SettingType, Spec, optional, required,
};
use crate::model::presence::State;

const SIGN_IN: Constraint = Constraint::OneOf(&["token", "login"]);

/// The connector's description.
pub static SPEC: Spec = Spec {
    name: "isdp-online-agent",
    doc: "Who is online: read for the presence guard.",
    document: "isdp-online-agent.zh-CN.txt",
    supports: &[],
    tenant: &[],
    credential: &["login.clientId", "login.username"],
    writes: false,
    settings: &[
        optional("token", SettingType::Secret, "", "The token that every call carries.").bound(SIGN_IN),
        optional(
            "login",
            SettingType::Group(&[
                required("clientId", SettingType::Text, "Client id, also sent as client secret."),
                required("username", SettingType::Text, "Application id."),
                required("password", SettingType::Secret, "Application token."),
            ]),
            "",
            "Fetch the token, and renew it; instead of `token`.",
        )
        .bound(SIGN_IN),
        optional("rateLimit", RATE, "", RATE_DOC),
    ],
    operations: &[
        OperationSpec { name: "findOnlineAgent", writes: false, rate_setting: Some("rateLimit") },
        OperationSpec { name: "rest_token", writes: false, rate_setting: None },
    ],
    states: &[State::Online, State::Offline, State::Unknown],
    chinese: &[
        ("", ["谁在线：供 `policy.presence` 读取。", "誰在線上：供 `policy.presence` 讀取。"]),
        ("login", ["自动获取令牌并续期；代替 `token`。", "自動取得權杖並續期；取代 `token`。"]),
        ("login.clientId", ["客户端 id，也当作客户端密钥发送。", "用戶端 id，也當作用戶端密鑰傳送。"]),
        ("login.username", ["应用 id。", "應用程式 id。"]),
        ("login.password", ["应用的令牌。", "應用程式的權杖。"]),
    ],
    refused: None,
    asks: None,
};
