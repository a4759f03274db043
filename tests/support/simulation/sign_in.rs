//! Sign-ins that end during a run, and the check that no call follows.

use std::collections::{BTreeMap, BTreeSet};

use rosterctl::model::call::Reply;
use serde_json::json;

use super::world::World;

/// The systems that require a sign-in.
pub(super) const SYSTEMS: [&str; 3] = ["agents", "queues", "desk"];

/// Systems that refuse the sign-in.
#[derive(Default)]
pub(super) struct SignIn {
    ended: BTreeSet<&'static str>,
    /// The time at which the client learned of the refusal, by system.
    told: BTreeMap<&'static str, i64>,
}

impl SignIn {
    /// Ends the sign-in of a system.
    pub(super) fn end(&mut self, system: &'static str) {
        self.ended.insert(system);
    }

    /// Renews the sign-in of every system at the start of a run.
    pub(super) fn renew(&mut self) {
        *self = Self::default();
    }
}

/// Returns the system of an operation.
fn system(operation: &str) -> &'static str {
    match operation {
        "queueQueue" | "addQueue" | "updateQueueAssignMembers" => "queues",
        "agentbyworkno" => "desk",
        _ => "agents",
    }
}

impl World {
    /// Checks that no call leaves after the client learned of the refusal.
    pub(super) fn watch_sign_in(&mut self, operation: &str, begun: i64, orphan: bool) {
        let told = self.sign_in.told.get(system(operation));
        if !orphan && told.is_some_and(|told| begun > *told) {
            self.violate(format!("{operation} was sent after its system refused the sign-in"));
        }
    }

    /// Returns the refusal of a call if its sign-in ended.
    pub(super) fn refuse_sign_in(&mut self, operation: &str, way_back: Option<i64>) -> Option<Reply> {
        let system = system(operation);
        if !self.sign_in.ended.contains(system) {
            return None;
        }
        if let Some(way_back) = way_back {
            let at = self.now + way_back;
            let told = self.sign_in.told.entry(system).or_insert(at);
            *told = at.min(*told);
        }
        Some(Reply::json(401, &json!({ "code": 401, "msg": "the token ended" })))
    }
}
