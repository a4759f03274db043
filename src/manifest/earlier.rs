//! What was wanted since an earlier run, by the manifests of now.

use jiff::Timestamp;

use super::timeline::{Dates, Timeline};
use crate::model::desired::{Desired, Earlier};
use crate::model::id::ResourceId;

impl Dates {
    /// Returns what was wanted at an earlier instant and at each moment since, of the resources that dates changed.
    pub fn since(&self, desired: &Desired, last: Timestamp) -> Earlier {
        let mut earlier = Earlier::default();
        let mut timeline = Timeline::new(self, desired);
        let step = timeline.step_to(last);
        let agents = step.agents.into_iter().map(|agent| (agent.id, vec![agent.after]));
        earlier.agents.extend(agents);
        earlier.queues.extend(step.queues.into_iter().map(|queue| (queue.id, vec![queue.after])));
        while let Some((_, step)) = timeline.next(self.at) {
            for agent in step.agents {
                let states = earlier.agents.entry(agent.id).or_insert_with(|| vec![agent.before]);
                states.push(agent.after);
            }
            for queue in step.queues {
                let states = earlier.queues.entry(queue.id).or_insert_with(|| vec![queue.before]);
                states.push(queue.after);
            }
        }
        earlier
    }

    /// Returns the resources of which something else is wanted at some moment between two others. Floors do not count.
    pub fn changed(&self, desired: &Desired, from: Timestamp, to: Timestamp) -> Vec<ResourceId> {
        let mut timeline = Timeline::new(self, desired);
        timeline.step_to(from.min(to));
        let mut ids = Vec::new();
        while let Some((_, step)) = timeline.next(from.max(to)) {
            ids.extend(step.ids());
        }
        ids.sort();
        ids.dedup();
        ids
    }
}
