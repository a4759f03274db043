//! What is not known of the agents that manifests declare: said once for all of them.

use std::collections::BTreeMap;

use super::context::Draft;
use super::released::Released;
use crate::model::field::Field;
use crate::model::finding::{Finding, MASKED, UNPRINTED, UNREAD};
use crate::model::id::OperatorId;
use crate::model::support::Support;

/// Most agents that one finding names.
const MOST_NAMED: usize = 100;

/// Fields that no operation returns and the ledger knows nothing of: said once for all agents. Those of which the
/// vendor hides a part likewise.
#[derive(Default)]
pub(super) struct Unread {
    agents: usize,
    fields: BTreeMap<u8, &'static Field>,
    masked_agents: usize,
    masked: BTreeMap<u8, &'static Field>,
    /// Fields that left the manifests.
    pub(super) released: Released,
    /// Agents whose password was set and has no fingerprint.
    pub(super) unprinted: Vec<OperatorId>,
}

impl Unread {
    pub(super) fn add(&mut self, unknown: &[&'static Field]) {
        self.agents += usize::from(!unknown.is_empty());
        self.fields.extend(unknown.iter().map(|field| (field.index, *field)));
    }

    pub(super) fn add_masked(&mut self, masked: &[&'static Field]) {
        self.masked_agents += usize::from(!masked.is_empty());
        self.masked.extend(masked.iter().map(|field| (field.index, *field)));
    }

    pub(super) fn report(self, support: &Support, draft: &mut Draft) {
        self.released.report(draft);
        if !self.masked.is_empty() {
            let keys: Vec<&str> = self.masked.values().map(|field| field.key).collect();
            let agents = match self.masked_agents {
                1 => "one live agent".to_owned(),
                many => format!("{many} live agents"),
            };
            draft.find(Finding::new(
                &MASKED,
                format!(
                    "{} of {agents} cannot be compared, since the vendor does not tell all of the value: what the ledger \
                     does not know is left alone",
                    keys.join(", ")
                ),
            ));
        }
        if !self.unprinted.is_empty() {
            let named: Vec<&str> = self.unprinted.iter().take(MOST_NAMED).map(OperatorId::as_str).collect();
            let more = self.unprinted.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            draft.find(Finding::new(
                &UNPRINTED,
                format!(
                    "the password of {}{more} was set without a fingerprint, so that a change in its store is not seen: \
                     left alone; --assert-unread sets it again",
                    named.join(", ")
                ),
            ));
        }
        if self.agents == 0 {
            return;
        }
        let keys = |fields: &[&'static Field]| fields.iter().map(|f| f.key).collect::<Vec<_>>().join(", ");
        let all: Vec<&'static Field> = self.fields.into_values().collect();
        let editable: Vec<&'static Field> =
            all.iter().copied().filter(|f| support.mapping(f).is_editable()).collect();
        let them = if all.len() == 1 { "it" } else { "them" };
        let remedy = if editable.is_empty() {
            format!("left alone, since no edit can set {them}")
        } else if editable.len() == all.len() {
            format!("left alone; --assert-unread sets {them} again")
        } else {
            format!("left alone; --assert-unread sets {} again", keys(&editable))
        };
        draft.find(Finding::new(
            &UNREAD,
            format!(
                "{} of {} {} unknown, since no system returns {them} and rosterctl has not set {them} yet: {remedy}",
                keys(&all),
                if self.agents == 1 { "one live agent".to_owned() } else { format!("{} live agents", self.agents) },
                if all.len() == 1 { "is" } else { "are" },
            ),
        ));
    }
}
