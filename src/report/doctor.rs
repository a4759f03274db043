//! Result of `doctor`: one line per check, the problem and its remedy.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::text::{TextStyle, wrap};
use crate::model::call::Reason;
use crate::model::id::safe;

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
    pub message: String,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The reason why a system returned no usable data, if that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Check {
    /// Creates a check that passed.
    pub fn ok(name: impl Into<String>, message: impl Into<String>) -> Self {
        let (name, message) = (name.into(), message.into());
        Self { name, status: Health::Ok, message, help: None, reason: None }
    }

    /// Creates a check that needs attention.
    pub fn warning(name: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Health::Warning, help: Some(help.into()), ..Self::ok(name, message) }
    }

    /// Creates a check that failed.
    pub fn error(name: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Health::Error, help: Some(help.into()), ..Self::ok(name, message) }
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
pub fn text(findings: &Findings, look: TextStyle) -> String {
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
                text.push_str(&format!("      {lead}{}\n", wrap(&safe(words), start, Some(width))));
            }
        }
    }
    let count = |status: Health| findings.checks.iter().filter(|check| check.status == status).count();
    text.push_str(&match (count(Health::Error), count(Health::Warning)) {
        (0, 0) => "\nAll is well.\n".to_owned(),
        (0, warnings) => format!("\nAll works; {warnings} to look at.\n"),
        (errors, 0) => format!("\n{errors} of {} checks failed.\n", findings.checks.len()),
        (errors, warnings) => {
            format!("\n{errors} of {} checks failed, and {warnings} to look at.\n", findings.checks.len())
        }
    });
    text
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
                Check::ok("connection/agents", "answers in 12 ms"),
                Check::error("store/ci", "has no key `CC_TOKEN`", "set the environment variable CC_TOKEN"),
            ],
        };
        assert_eq!(
            text(&findings, TextStyle::default()),
            "  ok  connection/agents\n      answers in 12 ms\n   x  store/ci\n      has no key `CC_TOKEN`\n      -> set \
             the environment variable CC_TOKEN\n\n1 of 2 checks failed.\n"
        );
    }
}
