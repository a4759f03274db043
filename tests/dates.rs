//! Dates of a roster. Each rule of dates has a test with its number: here, in `dates/rules.rs` and in
//! `dates/queues.rs` on manifests and plans, in `dates/runs.rs` with the program. `dates/properties.rs` checks random
//! rosters with random dates.
//!
//! Wrong dates, with their whole messages, are in `tests/manifest/invalid`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/planning.rs"]
mod planning;
#[path = "dates/properties.rs"]
mod properties;
#[path = "dates/queues.rs"]
mod queues;
#[path = "dates/random.rs"]
mod random;
#[path = "dates/rules.rs"]
mod rules;
#[path = "dates/runs.rs"]
mod runs;
#[path = "dates/zones.rs"]
mod zones;

use jiff::Timestamp;
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest::{self, Roster};
use rosterctl::model::date::{Date, Zone};
use rosterctl::model::desired::{DesiredAgent, DesiredQueue};
use rosterctl::model::diagnostic::Diagnostic;
use rosterctl::model::id::OperatorId;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::Live;
use rosterctl::model::plan::Plan;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::source::File;
use rosterctl::model::value::Value;
use rosterctl::plan::{self, Options};
use serde_json::Value as Json;

/// Returns a workspace with a time zone, and with limits that allow everything unless the policy has its own.
fn workspace(zone: &str, policy: &str) -> Workspace {
    let connections = "  agents: { provider: agent-config, baseUrl: sandbox }
  webchat: { provider: webchat-queue, baseUrl: sandbox }";
    let limits = if policy.contains("limits") { "" } else { "limits: { floor: 1000 }, " };
    let text = planning::workspace_text(connections, &format!("{{ {limits}{policy} }}"));
    planning::workspace(&format!("{text}timeZone: {zone}\n"))
}

/// Returns the moment of a date in a workspace's zone.
fn moment(workspace: &Workspace, at: &str) -> Timestamp {
    let utc = Zone::utc();
    let zone = workspace.time_zone.as_ref().unwrap_or(&utc);
    Date::parse(at).unwrap_or_else(|| panic!("{at} is a date")).first(zone).unwrap()
}

/// A workspace with a roster, in text.
struct House {
    workspace: Workspace,
    roster: String,
}

impl House {
    /// Creates a house in Shanghai.
    fn new(policy: &str, roster: &str) -> Self {
        Self::in_zone("Asia/Shanghai", policy, roster)
    }

    fn in_zone(zone: &str, policy: &str, roster: &str) -> Self {
        let roster = format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}");
        Self { workspace: workspace(zone, policy), roster }
    }

    /// Reads the roster at a date.
    fn at(&self, at: &str) -> Roster {
        let files = [("roster.yaml".to_owned(), self.roster.clone())];
        planning::roster(&files, &self.workspace, Some(moment(&self.workspace, at)))
    }

    /// Reads a wrong roster at a date, and returns its errors.
    fn errors(&self, at: &str) -> Vec<Diagnostic> {
        let file = File { name: "roster.yaml".into(), bytes: self.roster.clone().into_bytes() };
        match manifest::load_at(&[file], &self.workspace, moment(&self.workspace, at)) {
            Ok(_) => Vec::new(),
            Err(wrong) => wrong.into_sorted(),
        }
    }

    /// Returns an agent at a date.
    fn agent(&self, id: &str, at: &str) -> DesiredAgent {
        self.at(at).desired.agents[&OperatorId::from(id)].clone()
    }

    /// Returns a field of an agent at a date.
    fn field(&self, id: &str, key: &str, at: &str) -> Json {
        planning::words(&self.agent(id, at).record).remove(key).unwrap_or_default()
    }

    /// Returns the members of the queue at a date: number and priority.
    fn members(&self, at: &str) -> Vec<(String, i64)> {
        let roster = self.at(at);
        assert_eq!(roster.desired.queues.len(), 1);
        members(roster.desired.queues.values().next().unwrap())
    }

    /// Plans at a date.
    fn plan(&self, at: &str, live: &Live, ledger: &Ledger) -> Plan {
        self.narrowed(at, live, ledger, Options::default())
    }

    fn narrowed(&self, at: &str, live: &Live, ledger: &Ledger, options: Options) -> Plan {
        let roster = self.at(at);
        make(&self.workspace, &roster, live, ledger, options)
    }
}

/// Plans as the program does.
fn make(workspace: &Workspace, roster: &Roster, live: &Live, ledger: &Ledger, options: Options) -> Plan {
    let last = ledger.last_instant().map(|last| last.parse().unwrap());
    let outlook = |dates: &manifest::Dates| {
        dates.outlook(workspace, &roster.desired, last.as_slice(), &options.targets)
    };
    let outlook = roster.dates.as_deref().map(outlook);
    plan::plan(workspace, &roster.desired, live, ledger, &Options { outlook, ..options }).unwrap()
}

fn members(queue: &DesiredQueue) -> Vec<(String, i64)> {
    match queue.record.get(&ASSIGN_MEMBERS) {
        Some(Value::Members(members)) => members.iter().map(|(id, p)| (id.to_string(), *p)).collect(),
        _ => Vec::new(),
    }
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.findings.iter().map(|finding| finding.code.as_str()).collect()
}
