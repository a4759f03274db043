//! A status as comma-separated values (RFC 4180): one row per agent.

use super::{Row, Status};
use crate::report::csv::line;

/// The columns, named as in the JSON form.
const COLUMNS: &[&str] = &[
    "read",
    "operatorId",
    "configured",
    "live",
    "name",
    "mainSkillGroup",
    "enabled",
    "online",
    "state",
    "claiming",
    "claimsOn",
    "queues",
    "calls",
    "connected",
    "connectRate",
    "seats",
    "unknown",
];

/// Renders the rows, after a line of column names if `head` is set. Lists are joined by `; `.
pub fn csv(status: &Status, head: bool) -> String {
    let mut text = String::new();
    if head {
        text.push_str(&line(COLUMNS.iter().map(|name| (*name).to_owned())));
    }
    for row in &status.agents {
        text.push_str(&line(cells(&status.read, row)));
    }
    text
}

fn cells(read: &str, row: &Row) -> Vec<String> {
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string()).unwrap_or_default();
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let calls = row.calls.as_ref();
    vec![
        read.to_owned(),
        row.operator_id.to_string(),
        row.configured.word().to_owned(),
        flag(row.live),
        word(&row.name),
        word(&row.main_skill_group),
        flag(row.enabled),
        flag(row.online),
        row.state.unwrap_or_default().to_owned(),
        flag(row.claiming),
        word(&row.claims_on),
        row.queues.join("; "),
        calls.map(|calls| calls.total.to_string()).unwrap_or_default(),
        calls.map(|calls| calls.connected.to_string()).unwrap_or_default(),
        calls.and_then(|calls| calls.connect_rate.as_deref()).unwrap_or_default().to_owned(),
        calls.map(|calls| calls.seats.join("; ")).unwrap_or_default(),
        row.unknown.join("; "),
    ]
}
