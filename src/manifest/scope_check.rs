//! Declarations outside the workspace's `scope`, or under its `ignore`, are errors.

use std::collections::BTreeSet;

use super::layers::{Layer, substitute};
use super::members::QueuePlan;
use crate::config::scope::{Exclusion, Scope};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::problem::{Label, Problem, RosterProblem};
use crate::model::source::Source;

/// The check of the agents of one entry.
pub(super) struct EntryCheck<'a> {
    scope: &'a Scope,
    /// The first agent outside.
    first: Option<Diagnostic>,
    /// The number of other agents outside.
    more: usize,
}

impl<'a> EntryCheck<'a> {
    /// Returns the check of an entry; `None` if every agent is in scope.
    pub(super) fn new(scope: &'a Scope) -> Option<Self> {
        scope.hides_agents().then_some(Self { scope, first: None, more: 0 })
    }

    /// Checks an agent of the entry. Of a pool, one error names the first agent outside and counts the others.
    pub(super) fn agent(&mut self, id: &OperatorId, record: &Record, place: &Source, out: &mut Diagnostics) {
        let Some(exclusion) = self.scope.agent(id, record) else { return };
        let diagnostic = excluded(ResourceId::agent(id), exclusion, place);
        if matches!(exclusion, Exclusion::Ignored(_)) {
            out.push(diagnostic);
        } else if self.first.is_none() {
            self.first = Some(diagnostic);
        } else {
            self.more += 1;
        }
    }

    /// Checks the values of an agent that dates set, where no layer before sets them for all time.
    pub(super) fn dated(
        &self,
        id: &OperatorId,
        layers: &[impl AsRef<Layer>],
        complained: &mut BTreeSet<Source>,
        out: &mut Diagnostics,
    ) {
        for field in [&MAIN_SKILL_GROUP, &NAME] {
            for layer in layers.iter().map(AsRef::as_ref) {
                for entry in layer.dated().filter_map(|record| record.entry(field)) {
                    let mut record = Record::default();
                    record.set(field, entry.value.clone(), None);
                    let record = substitute(record, id);
                    if let Some(place) = entry.source
                        && let Some(exclusion @ Exclusion::Outside(..)) = self.scope.agent(id, &record)
                        && complained.insert(place.clone())
                    {
                        out.push(excluded(ResourceId::agent(id), exclusion, place));
                    }
                }
                if layer.template.record.get(field).is_some() {
                    break;
                }
            }
        }
    }

    /// Reports the agents of the entry that are outside.
    pub(super) fn finish(self, out: &mut Diagnostics) {
        let Some(mut first) = self.first else { return };
        if let Problem::Roster(RosterProblem::OutOfScope { more, .. }) = &mut first.problem {
            *more = self.more;
        }
        out.push(first);
    }
}

/// Checks a queue, and the agents in its lists, of any time.
pub(super) fn queue(scope: &Scope, plan: &QueuePlan, out: &mut Diagnostics) {
    if let Some(exclusion) = scope.queue(&plan.name, plan.exten.as_deref()) {
        out.push(excluded(ResourceId::queue(&plan.name, plan.exten.as_deref()), exclusion, &plan.source));
    }
    if !scope.hides_agents() {
        return;
    }
    let members = plan.sets().filter_map(|set| set.members.as_ref()).flat_map(|(_, list)| list);
    for member in members {
        if let Some(exclusion) = scope.agent_number(&member.id) {
            out.push(excluded(ResourceId::agent(&member.id), exclusion, &member.source));
        }
    }
}

/// Checks a seat.
pub(super) fn seat(scope: &Scope, account: &OperatorId, place: &Source, out: &mut Diagnostics) {
    if let Some(exclusion) = scope.seat(account) {
        out.push(excluded(ResourceId::seat(account), exclusion, place));
    }
}

fn excluded(id: ResourceId, exclusion: Exclusion<'_>, place: &Source) -> Diagnostic {
    match exclusion {
        Exclusion::Ignored(ignored) => {
            let problem = RosterProblem::Ignored { id, reason: ignored.reason.to_string() };
            Diagnostic::at(place, problem).related(&ignored.source, Label::IgnoredHere)
        }
        Exclusion::Outside(condition, value) => {
            let (key, value, scope) = (condition.key.into(), value.to_owned(), condition.to_string());
            let problem = RosterProblem::OutOfScope { id, key, value, scope, more: 0 };
            Diagnostic::at(place, problem).related(&condition.source, Label::Scope)
        }
    }
}
