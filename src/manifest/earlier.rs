//! What was wanted since an earlier run, by the manifests of now.

use jiff::Timestamp;

use super::timeline::{Dates, Timeline};
use crate::model::desired::{Desired, Earlier};
use crate::model::id::ResourceId;

impl Dates {
    /// Returns what was wanted at some instants, in order, of the resources that dates changed since the first of them.
    pub fn since(&self, desired: &Desired, instants: &[Timestamp]) -> Earlier {
        let mut earlier = Earlier::default();
        let mut timeline = Timeline::new(self, desired);
        for (number, at) in instants.iter().enumerate() {
            let step = timeline.step_to(*at);
            // Before the first instant comes the state of now, which is none of them.
            for agent in step.agents {
                let states = earlier.agents.entry(agent.id);
                let states =
                    states.or_insert_with(|| if number == 0 { Vec::new() } else { vec![agent.before] });
                states.push(agent.after);
            }
            for queue in step.queues {
                let states = earlier.queues.entry(queue.id);
                let states =
                    states.or_insert_with(|| if number == 0 { Vec::new() } else { vec![queue.before] });
                states.push(queue.after);
            }
        }
        earlier
    }

    /// Returns the resources of which something else is wanted at some moment between two others. Floors do not count.
    pub fn changed(&self, desired: &Desired, from: Timestamp, to: Timestamp) -> Vec<ResourceId> {
        let mut timeline = Timeline::new(self, desired);
        timeline.turn_to(from.min(to), false);
        let mut ids = Vec::new();
        while let Some((_, turn)) = timeline.next_turn(from.max(to)) {
            ids.extend(turn.ids());
        }
        ids.sort();
        ids.dedup();
        ids
    }
}
