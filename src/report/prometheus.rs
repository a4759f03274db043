//! A drift → Prometheus text exposition (0.0.4). Its readers are a push gateway or the node exporter's textfile
//! collector.
//!
//! Every run exports every series of a workspace, zeros too, so that an alert ends when its cause ends. Labels hold
//! the workspace's name and place, never a resource. So they hold no personal data, and no agent has its own series.

use std::collections::BTreeMap;

use super::{Part, Report};
use crate::model::plan::{Action, ChangeOrigin, Plan};
use crate::model::rule::{Severity, UNMANAGED_AGENT, UNMANAGED_QUEUE};
use crate::model::text::sanitize;

const ACTIONS: [(Action, &str); 4] = [
    (Action::Create, "create"),
    (Action::Update, "update"),
    (Action::Replace, "replace"),
    (Action::Delete, "delete"),
];
const SIDES: [(ChangeOrigin, &str); 5] = [
    (ChangeOrigin::Live, "live"),
    (ChangeOrigin::Manifest, "manifest"),
    (ChangeOrigin::Both, "both"),
    (ChangeOrigin::Date, "date"),
    (ChangeOrigin::Unknown, "unknown"),
];

/// Samples of a workspace: labels and value.
type Samples = Vec<(String, String)>;

/// A metric: name, help, and the samples of a workspace.
type Metric = (&'static str, &'static str, fn(&Part) -> Samples);

const METRICS: [Metric; 7] = [
    ("rosterctl_up", "Whether the workspace could be read and compared.", |part| {
        one(i64::from(part.plan().is_some()))
    }),
    (
        "rosterctl_exit_code",
        "Exit code of the workspace: 0 no drift, 2 drift, others: it could not be told.",
        |part| one(i64::from(part.exit)),
    ),
    (
        "rosterctl_drift_changes",
        "Resources that differ, by the action that remedies them and by the side that moved.",
        |part| part.plan().map(changes).unwrap_or_default(),
    ),
    ("rosterctl_drift_findings", "Differences that no step remedies, by severity.", |part| {
        part.plan().map(findings).unwrap_or_default()
    }),
    ("rosterctl_unmanaged_resources", "Live resources that no manifest names.", |part| {
        part.plan().map(unmanaged).unwrap_or_default()
    }),
    ("rosterctl_live_resources", "Live resources.", |part| part.plan().map(live).unwrap_or_default()),
    (
        "rosterctl_last_clean_run_timestamp_seconds",
        "End of the last apply that left nothing to do.",
        |part| {
            let time = part.last_clean_run.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
            time.map(|at| one(at.as_second())).unwrap_or_default()
        },
    ),
];

/// A workspace in the exposition.
pub(super) struct Entry {
    /// Labels of the workspace.
    labels: String,
    /// Samples of each metric.
    samples: [Samples; METRICS.len()],
}

/// Returns the samples of a workspace.
pub(super) fn part(report: &Report, part: &Part) -> Entry {
    let (name, path) = (label(part.name()), label(&report.path(&part.place)));
    let labels = format!("workspace=\"{name}\",path=\"{path}\"");
    Entry { labels, samples: METRICS.map(|(.., samples)| samples(part)) }
}

/// Renders a report from its workspaces.
pub(super) fn document(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (at, (name, help, _)) in METRICS.into_iter().enumerate() {
        // A duplicate label set would be invalid.
        let mut samples = BTreeMap::new();
        for Entry { labels: workspace, samples: all } in entries {
            for (labels, value) in &all[at] {
                let labels =
                    if labels.is_empty() { workspace.clone() } else { format!("{workspace},{labels}") };
                samples.insert(labels, value);
            }
        }
        if !samples.is_empty() {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        }
        for (labels, value) in samples {
            text.push_str(&format!("{name}{{{labels}}} {value}\n"));
        }
    }
    text
}

fn one(value: i64) -> Samples {
    vec![(String::new(), value.to_string())]
}

/// Escapes the value of a label.
fn label(text: &str) -> String {
    sanitize(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn changes(plan: &Plan) -> Samples {
    let mut samples = Vec::new();
    for (action, action_word) in ACTIONS {
        for (side, side_word) in SIDES {
            let count = plan.changes.iter().filter(|c| c.action == action && c.moved == side).count();
            samples.push((format!("action=\"{action_word}\",moved=\"{side_word}\""), count.to_string()));
        }
    }
    samples
}

fn findings(plan: &Plan) -> Samples {
    let counts = &plan.summary.findings;
    let severities =
        [(Severity::Error, counts.error), (Severity::Warning, counts.warning), (Severity::Info, counts.info)];
    severities
        .iter()
        .map(|(severity, count)| (format!("severity=\"{}\"", severity.word()), count.to_string()))
        .collect()
}

fn unmanaged(plan: &Plan) -> Samples {
    let count = |code: &str| plan.findings.iter().filter(|finding| finding.code == code).count();
    by_kind(count(UNMANAGED_AGENT.code), count(UNMANAGED_QUEUE.code))
}

fn live(plan: &Plan) -> Samples {
    by_kind(plan.summary.live.agents, plan.summary.live.queues)
}

fn by_kind(agents: usize, queues: usize) -> Samples {
    vec![("kind=\"agent\"".to_owned(), agents.to_string()), ("kind=\"queue\"".to_owned(), queues.to_string())]
}
