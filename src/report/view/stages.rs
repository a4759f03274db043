//! Converts steps to the order of their stages, condensed for people.
//!
//! ```text
//! create 80 agents ─▶ replace members of 2 queues ─▶ delete 3 agents
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::model::plan::{Operation, Step, StepId, Verb};

/// The maximum number of stages in a readable picture.
const MOST: usize = 12;

/// Stages and the arrows between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Stages, in an order that can be followed one by one.
    pub stages: Vec<Stage>,
    /// Pairs of stage indexes: from, to.
    pub arrows: Vec<(usize, usize)>,
}

/// Steps of one operation that may run in parallel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The operation.
    pub operation: Operation,
    /// The number of resources.
    pub targets: usize,
    /// The number of calls.
    pub calls: usize,
}

impl Order {
    /// Returns true if a picture says more than a list: it has arrows and fits.
    pub fn helps(&self) -> bool {
        !self.arrows.is_empty() && self.stages.len() <= MOST
    }
}

/// The place of a stage: its distance from the start, whether it calls a secret store, and its operation.
type Place = (usize, bool, Operation);

/// Groups steps into stages. Steps of one operation at the same distance from the start share a stage.
pub(super) fn from_steps(steps: &[Step]) -> Order {
    let mut depth: BTreeMap<StepId, Place> = BTreeMap::new();
    let mut stages: BTreeMap<Place, (usize, usize)> = BTreeMap::new();
    let mut arrows = BTreeSet::new();
    for step in steps {
        let before: Vec<Place> = step.after.iter().filter_map(|id| depth.get(id).copied()).collect();
        let distance = before.iter().map(|(distance, ..)| distance + 1).max().unwrap_or(0);
        let own = (distance, step.operation.verb == Verb::Put, step.operation);
        depth.insert(step.id, own);
        arrows.extend(before.into_iter().map(|stage| (stage, own)));
        let stage = stages.entry(own).or_default();
        stage.0 += step.targets.len();
        stage.1 += 1;
    }
    let places: BTreeMap<Place, usize> = stages.keys().copied().zip(0..).collect();
    Order {
        arrows: arrows.iter().filter_map(|(from, to)| Some((*places.get(from)?, *places.get(to)?))).collect(),
        stages: stages
            .into_iter()
            .map(|((.., operation), (targets, calls))| Stage { operation, targets, calls })
            .collect(),
    }
}
