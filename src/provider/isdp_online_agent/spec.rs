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
    refused: None,
    asks: None,
};
