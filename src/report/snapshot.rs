//! A snapshot in the form of a plan, so that every format renders it: each live resource with its fields.

use std::collections::BTreeMap;

use crate::model::agent::NAME;
use crate::model::field::{Entry, Record};
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::identity::Identity;
use crate::model::live::{Live, LiveQueue};
use crate::model::plan::{
    Action, Change, ChangeOrigin, Digests, FieldDiff, FindingCounts, LiveCounts, Plan, Summary,
};
use crate::model::rule::INCOMPLETE;

/// Converts live state to a document of the view. `format` is that of the snapshot.
pub fn view(format: &str, workspace: &str, taken: &str, live: &Live) -> Plan {
    let mut changes = Vec::new();
    let mut doubts = Vec::new();
    if let Some(agents) = &live.agents {
        changes.extend(agents.items.iter().map(|(id, record)| resource(ResourceId::agent(id), record, None)));
        doubts.extend(agents.incomplete.clone().map(|doubt| FindingKind::AgentsIncomplete { doubt }));
    }
    if let Some(queues) = &live.queues {
        let queue = |(exten, queue): (&OperatorId, &LiveQueue)| {
            let id = ResourceId::queue(&queue.name, Some(exten.as_str()));
            resource(id, &queue.record, Some(exten.to_string()))
        };
        changes.extend(queues.items.iter().map(queue));
        doubts.extend(queues.incomplete.clone().map(|doubt| FindingKind::QueuesIncomplete { doubt }));
    }
    let findings: Vec<Finding> = doubts.into_iter().map(|doubt| Finding::new(&INCOMPLETE, doubt)).collect();
    let count = |all: Option<usize>| all.unwrap_or_default();
    let live = LiveCounts {
        agents: count(live.agents.as_ref().map(|agents| agents.items.len())),
        queues: count(live.queues.as_ref().map(|queues| queues.items.len())),
        outside_agents: count(live.agents.as_ref().map(|agents| agents.outside.len())),
        outside_queues: count(live.queues.as_ref().map(|queues| queues.outside.len())),
    };
    let counts = FindingCounts { error: findings.len(), ..FindingCounts::default() };
    Plan {
        format: format.to_owned(),
        program: String::new(),
        workspace: workspace.to_owned(),
        summary: Summary { findings: counts, live, ..Summary::default() },
        changes,
        steps: Vec::new(),
        findings,
        allowed: Vec::new(),
        assert_unread: false,
        targets: Vec::new(),
        at: Some(taken.to_owned()),
        due_since: None,
        good_until: None,
        digests: Digests::default(),
    }
}

fn resource(id: ResourceId, record: &Record, exten: Option<String>) -> Change {
    let origin = ChangeOrigin::Manifest;
    let field = |entry: Entry<'_>| FieldDiff::to_entry(None, entry, origin);
    Change {
        id,
        action: Action::Create,
        title: record.text(&NAME).map(str::to_owned),
        moved: origin,
        last_changed: None,
        exten,
        identity: Identity::UNKNOWN,
        protect: false,
        leave: false,
        reason: None,
        names: BTreeMap::new(),
        fields: record.iter().map(field).collect(),
        source: None,
    }
}
