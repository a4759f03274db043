//! Result of `doctor`: one line per check, the problem and its remedy.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::text::{TextStyle, wrap};
use crate::model::call::Reason;
use crate::model::id::safe;
use crate::model::language::{Language, Localized, localized};

/// The value of `format`.
pub const FORMAT: &str = "rosterctl.doctor/v1";

/// The width used when the terminal does not report its own.
const USUAL: usize = 80;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// The check passed.
    Ok,
    /// The subject works but needs attention.
    Warning,
    /// The subject does not work.
    Error,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The subject of the check: `connection/agents`, `store/ci`, `ledger`.
    pub name: String,
    /// The outcome.
    pub status: Health,
    /// The observed state.
    pub message: Localized,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Localized>,
    /// The reason why a system returned no usable data, if that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Check {
    /// Creates a check that passed.
    pub fn ok(name: impl Into<String>, message: Localized) -> Self {
        Self { name: name.into(), status: Health::Ok, message, help: None, reason: None }
    }

    /// Creates a check that needs attention.
    pub fn warning(name: impl Into<String>, message: Localized, help: Localized) -> Self {
        Self { status: Health::Warning, help: Some(help), ..Self::ok(name, message) }
    }

    /// Creates a check that failed.
    pub fn error(name: impl Into<String>, message: Localized, help: Localized) -> Self {
        Self { status: Health::Error, help: Some(help), ..Self::ok(name, message) }
    }
}

/// All checks of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// `rosterctl.doctor/v1`.
    pub format: &'static str,
    /// Name of the workspace.
    pub workspace: String,
    /// The checks.
    pub checks: Vec<Check>,
}

/// Renders the checks and a line of counts.
pub fn text(findings: &Findings, look: TextStyle, language: Language) -> String {
    let width = look.width.unwrap_or(USUAL);
    let mut text = String::new();
    for check in &findings.checks {
        let (mark, colour) = match check.status {
            Health::Ok => ("ok", AnsiColor::Green),
            Health::Warning => ("!", AnsiColor::Yellow),
            Health::Error => ("x", AnsiColor::Red),
        };
        let mark = look.paint(&format!("{mark:>4}  "), colour.on_default().bold());
        let name = safe(&check.name);
        text.push_str(&format!("{mark}{}\n", look.paint(&name, Style::new().bold())));
        for (lead, words) in [("", Some(&check.message)), ("-> ", check.help.as_ref())] {
            if let Some(words) = words {
                let start = 6 + lead.len();
                let words = safe(words.text(language));
                text.push_str(&format!("      {lead}{}\n", wrap(&words, start, Some(width))));
            }
        }
    }
    text.push_str(&format!("\n{}\n", counts(findings).text(language)));
    text
}

/// Returns the numbers of failed checks and of warnings.
fn counts(findings: &Findings) -> Localized {
    let count = |status: Health| findings.checks.iter().filter(|check| check.status == status).count();
    let all = findings.checks.len();
    match (count(Health::Error), count(Health::Warning)) {
        (0, 0) => localized!("All is well.", "一切正常。", "一切正常。"),
        (0, warnings) => localized!(
            "All works; {warnings} to look at.",
            "都能用；有 {warnings} 项需要看。",
            "都能用；有 {warnings} 項需要看。"
        ),
        (errors, 0) => localized!(
            "{errors} of {all} checks failed.",
            "{all} 项检查，{errors} 项没有通过。",
            "{all} 項檢查，{errors} 項沒有通過。"
        ),
        (errors, warnings) => localized!(
            "{errors} of {all} checks failed, and {warnings} to look at.",
            "{all} 项检查，{errors} 项没有通过，另有 {warnings} 项需要看。",
            "{all} 項檢查，{errors} 項沒有通過，另有 {warnings} 項需要看。"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_above_its_way_out() {
        let findings = Findings {
            format: FORMAT,
            workspace: "w".to_owned(),
            checks: vec![
                Check::ok(
                    "connection/agents",
                    localized!("answers in 12 ms", "12 毫秒内响应", "12 毫秒內回應"),
                ),
                Check::error(
                    "store/ci",
                    localized!("has no key `CC_TOKEN`", "没有 `CC_TOKEN`", "沒有 `CC_TOKEN`"),
                    localized!("set the variable CC_TOKEN", "请设置变量 CC_TOKEN", "請設定變數 CC_TOKEN"),
                ),
            ],
        };
        assert_eq!(
            text(&findings, TextStyle::default(), Language::En),
            "  ok  connection/agents\n      answers in 12 ms\n   x  store/ci\n      has no key `CC_TOKEN`\n      -> set \
             the variable CC_TOKEN\n\n1 of 2 checks failed.\n"
        );
        assert_eq!(
            text(&findings, TextStyle::default(), Language::ZhTw),
            "  ok  connection/agents\n      12 毫秒內回應\n   x  store/ci\n      沒有 `CC_TOKEN`\n      -> 請設定變數 \
             CC_TOKEN\n\n2 項檢查，1 項沒有通過。\n"
        );
        let json = serde_json::to_value(&findings).unwrap_or_default();
        assert_eq!(json["checks"][1]["help"], "set the variable CC_TOKEN");
    }
}
