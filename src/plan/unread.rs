//! Unread fields of declared agents, in one finding for all agents.

use std::collections::BTreeMap;

use super::context::Draft;
use super::released::Released;
use crate::model::field::Field;
use crate::model::finding::{Finding, FindingKind};
use crate::model::id::OperatorId;
use crate::model::message::Word;
use crate::model::rule::{MASKED, UNPRINTED, UNREAD};
use crate::model::support::Support;

/// The most agents that one finding names.
const MOST_NAMED: usize = 100;

/// The unread fields that the ledger does not hold, and the partly hidden ones.
#[derive(Default)]
pub(super) struct Unread {
    agents: usize,
    fields: BTreeMap<u8, &'static Field>,
    masked_agents: usize,
    masked: BTreeMap<u8, &'static Field>,
    /// The fields that left the manifests.
    pub(super) released: Released,
    /// The agents whose password is set and has no fingerprint.
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
            draft.find(Finding::new(
                &MASKED,
                FindingKind::Masked { fields: keys(self.masked.values()), agents: self.masked_agents },
            ));
        }
        if !self.unprinted.is_empty() {
            let mut agents = self.unprinted;
            let more = agents.len().saturating_sub(MOST_NAMED);
            agents.truncate(MOST_NAMED);
            draft.find(Finding::new(&UNPRINTED, FindingKind::Unprinted { agents, more }));
        }
        if self.agents == 0 {
            return;
        }
        let is_editable = |field: &&&'static Field| support.mapping(field).is_editable();
        let editable = keys(self.fields.values().filter(is_editable));
        let fields = keys(self.fields.values());
        draft.find(Finding::new(&UNREAD, FindingKind::Unread { fields, editable, agents: self.agents }));
    }
}

/// Returns the keys of fields.
fn keys<'a>(fields: impl Iterator<Item = &'a &'static Field>) -> Vec<Word> {
    fields.map(|field| Word::Borrowed(field.key)).collect()
}
