//! The connector's description of itself.

use rosterctl::config::settings::{OperationSpec, RATE, SettingType, Spec, optional, required};

use super::fields::{LINES, PEOPLE};

const fn operation(name: &'static str, writes: bool) -> OperationSpec {
    OperationSpec { name, writes, rate_setting: Some("rateLimit") }
}

/// The connector's description.
pub(super) static SPEC: Spec = Spec {
    name: "hotline",
    doc: "People and lines of a help desk.",
    document: "hotline.txt",
    supports: &[&PEOPLE, &LINES],
    tenant: &["site"],
    credential: &["site"],
    writes: true,
    settings: &[
        required("site", SettingType::Text, "Name of the site."),
        required("key", SettingType::Secret, "The key that signs every call."),
        optional("pageSize", SettingType::Number { min: 1, max: 100 }, "50", "Rows of a page."),
        optional("rateLimit", RATE, "", "Rate limit of each operation."),
    ],
    operations: &[
        operation("people/list", false),
        operation("people/get", false),
        operation("people/add", true),
        operation("people/change", true),
        operation("people/remove", true),
        operation("lines/list", false),
        operation("lines/get", false),
        operation("lines/add", true),
        operation("lines/change", true),
        operation("lines/crew", true),
        operation("lines/remove", true),
    ],
    states: &[],
    chinese: &[],
    refused: None,
    asks: None,
};
