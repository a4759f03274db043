//! The scope of a run: all resources, or the targets and their dependencies.
//!
//! A targeted queue includes the new agents that it names. A targeted agent that is deleted leaves its queues, but
//! those queues are not changed in any other way.

use std::collections::BTreeSet;
use std::fmt;

use super::context::Context;
use crate::model::desired::DesiredQueue;
use crate::model::diagnostic::did_you_mean;
use crate::model::id::{Kind, ResourceId};

/// The resources that a run may touch.
pub(crate) struct Scope {
    named: Option<BTreeSet<ResourceId>>,
}

/// A target that is neither declared nor live.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTarget {
    /// The target.
    pub id: ResourceId,
    /// A near name, if there is one.
    pub near: Option<String>,
}

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target `{}` names nothing that is declared or live", self.id)?;
        match &self.near {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownTarget {}

impl Scope {
    pub(crate) fn from_context(context: &Context<'_>) -> Result<Self, UnknownTarget> {
        if context.options.targets.is_empty() {
            return Ok(Self { named: None });
        }
        let known = known(context);
        let mut named = BTreeSet::new();
        for target in &context.options.targets {
            if !known.contains(target) {
                let absent = context.desired.agents.iter().filter(|(_, agent)| agent.is_absent());
                let absent: BTreeSet<ResourceId> = absent.map(|(id, _)| ResourceId::agent(id)).collect();
                let words: Vec<String> = known.difference(&absent).map(ToString::to_string).collect();
                let near =
                    did_you_mean(&target.to_string(), words.iter().map(String::as_str)).map(str::to_owned);
                return Err(UnknownTarget { id: target.clone(), near });
            }
            named.insert(target.clone());
            for (id, queue) in context.desired.queues.iter().filter(|(_, q)| means(context, target, q)) {
                named.insert(id.clone());
                let live = context.live.agents.as_ref();
                let members = queue.members_or_none().keys();
                let new = members.filter(|id| live.is_none_or(|l| !l.items.contains_key(*id)));
                let new = new.filter(|id| context.desired.agents.contains_key(*id));
                named.extend(new.map(ResourceId::agent));
            }
        }
        Ok(Self { named: Some(named) })
    }

    /// Returns true if the run may touch a resource.
    pub(crate) fn holds(&self, id: &ResourceId) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(id))
    }

    /// Returns true if the run has no targets.
    pub(crate) fn is_whole(&self) -> bool {
        self.named.is_none()
    }
}

/// Returns true if a target means a declared queue.
///
/// A target is the id in the manifest, the name of a pinned queue, or the number of a bare name's only live queue.
fn means(context: &Context<'_>, target: &ResourceId, queue: &DesiredQueue) -> bool {
    if target.kind != Kind::Queue {
        return false;
    }
    if *target == queue.id() || *target == ResourceId::queue(&queue.name, None) {
        return true;
    }
    let Some(live) = context.live.queues.as_ref().filter(|_| queue.exten.is_none()) else { return false };
    let mut extens = live.items.iter().filter(|(_, live)| live.name == queue.name).map(|(exten, _)| exten);
    match (extens.next(), extens.next()) {
        (Some(exten), None) => *target == ResourceId::queue(&queue.name, Some(exten.as_str())),
        _ => false,
    }
}

fn known(context: &Context<'_>) -> BTreeSet<ResourceId> {
    let mut known: BTreeSet<ResourceId> = context.desired.queues.keys().cloned().collect();
    known.extend(context.desired.agents.keys().map(ResourceId::agent));
    known.extend(context.desired.seats.keys().map(ResourceId::seat));
    if let Some(seats) = context.live.seats.read() {
        known.extend(seats.listing.items.keys().map(ResourceId::seat));
    }
    if let Some(agents) = &context.live.agents {
        known.extend(agents.items.keys().map(ResourceId::agent));
    }
    if let Some(queues) = &context.live.queues {
        for (exten, queue) in &queues.items {
            known.insert(ResourceId::queue(&queue.name, None));
            known.insert(ResourceId::queue(&queue.name, Some(exten.as_str())));
        }
    }
    known
}
