//! Declarations of the old manifests that the new ones of an import do not hold.

use std::collections::{BTreeMap, BTreeSet};

use super::document;
use crate::manifest::{Roster, format};
use crate::model::agent;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::field::Record;

/// A kind of lost declaration, in the order of the lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LostPart {
    /// A key, with its value if the value is always the same.
    Key(String),
    /// All that was declared.
    All,
    /// Another reference of a password.
    Password,
    /// Dates.
    Dates,
}

/// Returns the declarations that only the old manifests hold, each with the resources that lose it.
pub fn lost(old: &Roster, new: &Desired) -> BTreeMap<LostPart, Vec<String>> {
    let mut lost = Lost::default();
    for id in old.dates.iter().flat_map(|dates| dates.resources()) {
        lost.put(LostPart::Dates, id.to_string());
    }
    let old = &old.desired;
    for (id, agent) in &old.agents {
        let name = format!("agent/{id}");
        match new.agents.get(id) {
            None if agent.is_absent() => lost.add("`state: absent`", name),
            None => lost.put(LostPart::All, name),
            Some(now) => agent_lost(&mut lost, &name, agent, now),
        }
    }
    for id in old.memberships.keys().filter(|id| new.agents.contains_key(*id)) {
        lost.add("`queues`", format!("agent/{id}"));
    }
    for (id, queue) in old.declared_queues() {
        match new.queues.get(id).or_else(|| new.queues.values().find(|now| now.name == queue.name)) {
            None => lost.put(LostPart::All, id.to_string()),
            Some(now) => queue_lost(&mut lost, &id.to_string(), queue, now),
        }
    }
    for id in old.seats.keys() {
        lost.put(LostPart::All, format!("seat/{id}"));
    }
    lost.0
}

fn agent_lost(lost: &mut Lost, id: &str, old: &DesiredAgent, new: &DesiredAgent) {
    if old.is_absent() {
        lost.add("`state: absent`", id.to_owned());
    }
    if old.protect {
        lost.add("`protect: true`", id.to_owned());
    }
    if old.allow_any_role {
        lost.add("`allowAnyRole: true`", id.to_owned());
    }
    fields(lost, id, &old.record, &new.record);
    let said = |agent: &DesiredAgent| agent.record.get(&agent::PASSWORD).cloned();
    if let (Some(before), Some(now)) = (said(old), said(new))
        && before != now
    {
        lost.put(LostPart::Password, id.to_owned());
    }
}

fn queue_lost(lost: &mut Lost, id: &str, old: &DesiredQueue, new: &DesiredQueue) {
    if old.min_members.is_some() && new.min_members.is_none() {
        lost.add("`minMembers`", id.to_owned());
    }
    if old.selector.is_some() && new.selector.is_none() {
        lost.add("`memberSelector`", id.to_owned());
    }
    if old.was.is_some() {
        lost.add("`was`", id.to_owned());
    }
    if old.distinct {
        lost.add("`distinct: true`", id.to_owned());
    }
    fields(lost, id, &old.record, &new.record);
}

fn fields(lost: &mut Lost, id: &str, old: &Record, new: &Record) {
    for entry in old.iter().filter(|entry| new.get(entry.field).is_none()) {
        lost.add(&format!("`{}`", entry.field.key), id.to_owned());
    }
}

/// Returns the comments of an old file that no new file holds. The comments at the head of an imported file do not
/// count.
pub fn lost_remarks<'a>(old: &str, new: impl Iterator<Item = &'a str>) -> Vec<String> {
    let kept: BTreeSet<String> = new.flat_map(format::remarks).collect();
    let head = old.lines().take_while(|line| line.starts_with('#')).count();
    let head = if document::says_written(old) { head } else { 0 };
    let own = |at: usize, text: &str| at < head && (at < 3 || document::is_own(text));
    let remarks = format::remarks(old).into_iter().enumerate();
    remarks.filter(|(at, text)| !own(*at, text) && !kept.contains(text)).map(|(_, text)| text).collect()
}

/// Lost declarations, and the resources that lose them.
#[derive(Default)]
struct Lost(BTreeMap<LostPart, Vec<String>>);

impl Lost {
    fn put(&mut self, part: LostPart, id: String) {
        self.0.entry(part).or_default().push(id);
    }

    /// Adds a key, with its value or without it.
    fn add(&mut self, key: &str, id: String) {
        self.put(LostPart::Key(key.to_owned()), id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_that_is_like_a_part_of_an_own_one_is_a_persons() {
        let head = format!(
            "# Skill group x.\n#\n# Written by `rosterctl import` 1 from\n# {}\n",
            document::SIP_AUTO
        );
        let old = format!("{head}agents:\n  # account\n  - operatorId: \"8001\" # role\n");
        assert_eq!(lost_remarks(&old, std::iter::empty()), ["# account", "# role"]);
        assert_eq!(lost_remarks("# account\nagents: []\n", std::iter::empty()), ["# account"]);
    }
}
