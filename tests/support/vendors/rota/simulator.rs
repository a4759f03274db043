//! The vendor's side: the people on duty and their activity.

use std::collections::BTreeMap;

use rosterctl::model::call::Call;
use rosterctl::sandbox::simulator::{People, Simulated};
use rosterctl::sandbox::support::{Answer, Context, note};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Path of the listing.
const PATH: &str = "/rota/duty";

/// Rows of a page.
const ROWS: usize = 20;

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct State {
    /// The activity of each person on duty: `talks`, `waits`, `rests` or `left`.
    pub(crate) duty: BTreeMap<String, String>,
    /// The token; any is taken while this is empty.
    pub(crate) token: String,
    /// Requests that the vendor does not know.
    pub(crate) departures: Vec<String>,
}

impl Simulated for State {
    const KEY: &'static str = "rota";
    const HEADERS: &'static [&'static str] = &["x-rota-token"];
    const PARAMETERS: &'static [&'static str] = &["page"];

    fn serves(path: &str) -> bool {
        path == PATH
    }

    fn may_change(_: &str) -> bool {
        false
    }

    fn answer(&mut self, method: &str, call: &Call, _: People<'_>, ctx: &mut Context<'_>) -> Option<Answer> {
        let page = call.query("page").and_then(|page| page.parse::<usize>().ok()).filter(|page| *page > 0);
        let (Some(page), "GET") = (page, method) else {
            note(&mut self.departures, "duty", "the method is not GET, or the page is no number from 1");
            return Some(Answer { status: 400, ..Answer::ok(json!({ "message": "bad request" })) });
        };
        let token = call.header("x-rota-token").unwrap_or_default();
        if ctx.guarded && !self.token.is_empty() && token != self.token {
            return Some(Answer { status: 401, ..Answer::ok(json!({ "message": "unknown token" })) });
        }
        let rows = self.duty.iter().skip((page - 1).saturating_mul(ROWS)).take(ROWS);
        let rows: Vec<Value> = rows.map(|(who, does)| json!({ "who": who, "does": does })).collect();
        Some(Answer::ok(json!({ "onDuty": self.duty.len(), "duty": rows })))
    }

    fn behave_like(&mut self, other: Self) {
        self.duty = other.duty;
        self.token = other.token;
    }

    fn departures(&self) -> &[String] {
        &self.departures
    }
}
