//! Checks that a password shared by several agents is rotated for all of them, or for none.
//!
//! A raised `version` creates a new password, and the store forgets the old one. An agent that shares the secret under
//! another version would keep the old password, which is known nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::agent::PASSWORD;
use crate::model::desired::Desired;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id::OperatorId;
use crate::model::problem::{Label, RosterProblem};
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::value::Value;

/// An agent's reference to a secret, and its place.
type Use<'a> = (&'a OperatorId, &'a SecretRef, &'a Source);

/// Reports every secret that is rotated for some of its agents only.
pub(super) fn check(desired: &Desired, out: &mut Diagnostics) {
    let mut uses: BTreeMap<(&str, &str), Vec<Use<'_>>> = BTreeMap::new();
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| !agent.is_absent()) {
        if let Some(entry) = agent.record.entry(&PASSWORD)
            && let (Value::Password(secret), Some(source)) = (entry.value, &entry.source)
        {
            uses.entry((&*secret.store, &*secret.key)).or_default().push((id, Arc::as_ref(secret), source));
        }
    }
    for uses in uses.values().filter(|uses| uses.iter().any(|(_, secret, _)| secret.generate)) {
        let [first, rest @ ..] = &uses[..] else { continue };
        let mut complained: BTreeSet<&Source> = BTreeSet::new();
        for other in rest.iter().filter(|other| apart(first.1, other.1)) {
            // A pool or a profile declares many agents at one place.
            if complained.insert(other.2) {
                out.push(complaint(first, other));
            }
        }
    }
}

/// Returns true if a rotation of one leaves the other behind.
fn apart(one: &SecretRef, other: &SecretRef) -> bool {
    one.version != other.version || one.version.is_some() && one.generate != other.generate
}

fn complaint((first, one, place): &Use<'_>, (id, other, source): &Use<'_>) -> Diagnostic {
    let problem = RosterProblem::SharedPassword {
        first: (*first).clone(),
        second: (*id).clone(),
        secret: one.to_string(),
        version: other.version,
        generate: other.generate,
    };
    let label = Label::Says { agent: (*first).clone(), version: one.version, generate: one.generate };
    Diagnostic::at(source, problem).related(place, label)
}
