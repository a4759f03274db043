//! The connector's description.

use super::fields::SEATS;
use crate::config::settings::{OperationSpec, RATE, RATE_DOC, SettingType, Spec, optional, required};

/// The connector's description.
pub static SPEC: Spec = Spec {
    name: "seat-query",
    doc: "Voice seats: compared, never written.",
    document: "seat-query.zh-TW.txt",
    supports: &[&SEATS],
    tenant: &[],
    credential: &["apiKey"],
    writes: false,
    settings: &[
        required("apiKey", SettingType::Text, "The key that names the account."),
        required("apiSecret", SettingType::Secret, "The secret that signs every call."),
        optional(
            "utcOffset",
            SettingType::Offset,
            "\"+08:00\"",
            "Offset of the time span that is asked for, and of the times of last changes.",
        ),
        optional("rateLimit", RATE, "", RATE_DOC),
    ],
    operations: &[OperationSpec { name: "seat/query", writes: false, rate_setting: Some("rateLimit") }],
    states: &[],
    chinese: &[
        ("", ["语音坐席：只比对，不写入。", "語音座席：只比對，不寫入。"]),
        ("apiKey", ["账户的 key。", "帳戶的 key。"]),
        ("utcOffset", ["查询时段、最后修改时间所用的时差。", "查詢時段、最後修改時間所用的時差。"]),
    ],
    refused: None,
    asks: None,
};
