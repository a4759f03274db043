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

/// The read that serves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The resource alone.
    Single,
    /// A shared listing.
    Listing {
        /// Age up to which the last one serves.
        max_age: Duration,
    },
}

/// Returns the read of queues before a call; `pages` is the size of a listing of queues.
///
/// `since` is the time in which another run may have created a queue.
pub fn for_queues(
    plan: &Plan,
    op: &WriteOp,
    pages: usize,
    since: Option<Duration>,
    fresh: Duration,
) -> Observation {
    match op {
        WriteOp::SetMembers { .. } => for_members(plan, pages, fresh),
        WriteOp::CreateQueue { .. } => for_new_queue(pages, since.unwrap_or(Duration::MAX), fresh),
        WriteOp::DeleteAgents { .. }
        | WriteOp::EditAgent { .. }
        | WriteOp::CreateAgents { .. }
        | WriteOp::SetPassword { .. }
        | WriteOp::PutSecret { .. } => Observation::Listing { max_age: fresh },
    }
}

/// Returns the read before a call that replaces members; `pages` is the size of a listing of queues.
fn for_members(plan: &Plan, pages: usize, fresh: Duration) -> Observation {
    // A replacement writes queues twice, and a listing may be older than the first time.
    let once = plan.changes.iter().all(|change| change.action != Action::Replace);
    if once && overwritten(plan, Kind::Queue) > FEW && pages <= MANY_PAGES {
        Observation::Listing { max_age: fresh }
    } else {
        Observation::Single
    }
}

/// Returns the read before a call that creates a queue; `pages` is the size of a listing of queues.
fn for_new_queue(pages: usize, since: Duration, fresh: Duration) -> Observation {
    if pages > MOST_PAGES {
        Observation::Single
    } else {
        Observation::Listing { max_age: since.min(if pages > MANY_PAGES { BURST } else { fresh }) }
    }
}

/// Returns true if one listing serves all edits of agents; `page` is the number of agents on a page.
pub fn shares_agents(plan: &Plan, page: usize) -> bool {
    let agents = overwritten(plan, Kind::Agent);
    agents > FEW && plan.summary.live.agents.div_ceil(page) * 4 <= agents
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
    use crate::model::id::{OperatorId, ResourceId};
    use crate::model::plan::{ChangeOrigin, Digests, LiveCounts, Summary};

    /// A plan that updates resources of a kind, for a roster of `agents`.
    fn plan(kind: Kind, updates: usize, agents: usize) -> Plan {
        let id = |at: usize| ResourceId { kind, name: OperatorId::from(&*at.to_string()) };
        let change = |at| Change {
            id: id(at),
            action: Action::Update,
            title: None,
            moved: ChangeOrigin::Live,
            exten: None,
            reason: None,
            names: BTreeMap::new(),
            fields: Vec::new(),
            source: None,
        };
        Plan {
            format: String::new(),
            program: String::new(),
            workspace: String::new(),
            summary: Summary { live: LiveCounts { agents, queues: 0 }, ..Summary::default() },
            changes: (0..updates).map(change).collect(),
            steps: Vec::new(),
            findings: Vec::new(),
            allowed: Vec::new(),
            targets: Vec::new(),
            digests: Digests::default(),
        }
    }

    #[test]
    fn many_lists_of_members_share_a_listing_of_few_pages() {
        let listing = Observation::Listing { max_age: FRESH };
        for (updates, pages, expected) in
            [(10, 1, Observation::Single), (11, 1, listing), (11, 4, listing), (11, 5, Observation::Single)]
        {
            assert_eq!(
                for_members(&plan(Kind::Queue, updates, 0), pages, FRESH),
                expected,
                "{updates} {pages}"
            );
        }
        let agents = plan(Kind::Agent, 11, 0);
        assert_eq!(for_members(&agents, 1, FRESH), Observation::Single, "only queues count");
        let mut replacing = plan(Kind::Queue, 11, 0);
        replacing.changes[0].action = Action::Replace;
        assert_eq!(for_members(&replacing, 1, FRESH), Observation::Single, "a listing may be too old");
    }

    #[test]
    fn the_age_of_a_listing_for_new_queues_grows_with_its_pages() {
        for (pages, expected) in [
            (0, Observation::Listing { max_age: FRESH }),
            (4, Observation::Listing { max_age: FRESH }),
            (5, Observation::Listing { max_age: BURST }),
            (12, Observation::Listing { max_age: BURST }),
            (13, Observation::Single),
        ] {
            assert_eq!(for_new_queue(pages, Duration::MAX, FRESH), expected, "{pages} pages");
        }
        let max_age = Duration::from_secs(1);
        assert_eq!(for_new_queue(5, max_age, FRESH), Observation::Listing { max_age }, "created since");
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
