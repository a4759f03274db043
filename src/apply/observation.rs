//! Observations before a call: which read serves it, and how long that read stays current.
//!
//! A plan that overwrites little reads each resource alone. A larger one shares a listing among all calls of a
//! moment, so that a long run does not take twice the time. Reading is rate-limited too: a listing of many pages
//! serves a longer moment, and one of very many pages none.

use std::time::Duration;

use super::write_op::WriteOp;
use crate::model::id::Kind;
use crate::model::plan::{Action, Change, Plan};

/// Time for which an observation counts as current.
pub const FRESH: Duration = Duration::from_secs(3);

/// Most agents or queues of a plan that are read one by one.
const FEW: usize = 10;

/// Most pages of a listing of queues that few calls may share.
const MANY_PAGES: usize = 4;

/// Most pages of a listing of queues that the calls of a burst may share.
const MOST_PAGES: usize = 12;

/// Time of a burst of calls that a rate limit lets go at once.
const BURST: Duration = Duration::from_secs(15);

/// Returns the age up to which the last listing of queues serves a call. Returns `None` if the call reads its queue
/// alone.
///
/// `pages` is the size of a listing. `since` is the time in which another run may have created a queue.
pub fn listing_age(
    plan: &Plan,
    op: &WriteOp,
    pages: usize,
    since: Option<Duration>,
    fresh: Duration,
) -> Option<Duration> {
    match op {
        WriteOp::SetMembers { .. } => {
            // A replacement writes queues twice, and a listing may be older than the first time.
            let once = plan.changes.iter().all(|change| change.action != Action::Replace);
            (once && overwritten(plan, Kind::Queue) > FEW && pages <= MANY_PAGES).then_some(fresh)
        }
        WriteOp::Create { kind: Kind::Queue, .. } => {
            let age = if pages > MANY_PAGES { BURST } else { fresh };
            (pages <= MOST_PAGES).then(|| since.map_or(age, |since| age.min(since)))
        }
        WriteOp::Delete { kind: Kind::Queue, .. } => None,
        WriteOp::Create { .. }
        | WriteOp::Edit { .. }
        | WriteOp::Delete { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => Some(fresh),
    }
}

/// Returns true if one listing serves all edits of agents. `page` is the number of agents on a page.
pub fn shares_agents(plan: &Plan, page: usize) -> bool {
    let agents = overwritten(plan, Kind::Agent);
    agents > FEW && plan.summary.live.listed_agents().div_ceil(page) * 4 <= agents
}

/// Returns the number of resources of a kind that a plan overwrites.
fn overwritten(plan: &Plan, kind: Kind) -> usize {
    let overwrites = |change: &&Change| change.action == Action::Update && change.id.kind == kind;
    plan.changes.iter().filter(overwrites).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::field::Record;
    use crate::model::id::{OperatorId, ResourceId};
    use crate::model::identity::Identity;
    use crate::model::plan::{ChangeOrigin, Digests, LiveCounts, Summary};

    /// Returns a plan that updates resources of a kind, for a roster of `agents`.
    fn plan(kind: Kind, updates: usize, agents: usize) -> Plan {
        let id = |at: usize| ResourceId { kind, name: OperatorId::from(&*at.to_string()) };
        let change = |at| Change {
            id: id(at),
            action: Action::Update,
            title: None,
            moved: ChangeOrigin::Live,
            exten: None,
            identity: Identity::default(),
            protect: false,
            leave: false,
            last_changed: None,
            reason: None,
            names: BTreeMap::new(),
            fields: Vec::new(),
            source: None,
        };
        Plan {
            format: String::new(),
            program: String::new(),
            workspace: String::new(),
            summary: Summary { live: LiveCounts { agents, ..LiveCounts::default() }, ..Summary::default() },
            changes: (0..updates).map(change).collect(),
            steps: Vec::new(),
            findings: Vec::new(),
            allowed: Vec::new(),
            assert_unread: false,
            targets: Vec::new(),
            at: None,
            due_since: None,
            good_until: None,
            digests: Digests::default(),
        }
    }

    #[test]
    fn many_lists_of_members_share_a_listing_of_few_pages() {
        let op = WriteOp::SetMembers {
            exten: OperatorId::from("1001"),
            members: std::sync::Arc::default(),
            before: None,
        };
        let age = |plan: &Plan, pages| listing_age(plan, &op, pages, None, FRESH);
        for (updates, pages, expected) in
            [(10, 1, None), (11, 1, Some(FRESH)), (11, 4, Some(FRESH)), (11, 5, None)]
        {
            assert_eq!(age(&plan(Kind::Queue, updates, 0), pages), expected, "{updates} {pages}");
        }
        assert_eq!(age(&plan(Kind::Agent, 11, 0), 1), None, "only queues count");
        let mut replacing = plan(Kind::Queue, 11, 0);
        replacing.changes[0].action = Action::Replace;
        assert_eq!(age(&replacing, 1), None, "a listing may be too old");
    }

    #[test]
    fn the_age_of_a_listing_for_new_queues_grows_with_its_pages() {
        let op = WriteOp::Create {
            kind: Kind::Queue,
            ids: vec!["q".into()],
            record: Record::default(),
            password: None,
        };
        let soon = Duration::from_secs(1);
        for (pages, since, expected) in [
            (0, None, Some(FRESH)),
            (4, None, Some(FRESH)),
            (5, None, Some(BURST)),
            (12, None, Some(BURST)),
            (12, Some(soon), Some(soon)),
            (13, None, None),
        ] {
            assert_eq!(
                listing_age(&plan(Kind::Queue, 0, 0), &op, pages, since, FRESH),
                expected,
                "{pages} pages"
            );
        }
    }

    #[test]
    fn edits_share_a_listing_of_agents_that_costs_a_quarter_of_them() {
        for (updates, agents, expected) in
            [(10, 1, false), (11, 0, true), (12, 300, true), (12, 301, false), (16, 400, true)]
        {
            assert_eq!(
                shares_agents(&plan(Kind::Agent, updates, agents), 100),
                expected,
                "{updates} {agents}"
            );
        }
    }
}
