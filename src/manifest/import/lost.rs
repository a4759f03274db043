//! Declarations of the old manifests that the new ones of an import do not hold.

use std::collections::{BTreeMap, BTreeSet};

use super::document;
use crate::manifest::{Roster, format};
use crate::messages::say;
use crate::model::agent;
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::field::Record;
use crate::model::language::Language;

/// Most resources that one line names.
const NAMED: usize = 5;

/// All declarations of a resource.
const ALL: &str = "all that was declared";

/// The password of an agent, by another reference.
const PASSWORD: &str = "another reference of `password`";

/// Returns the declarations that only the old manifests hold, a line each.
pub fn lost(old: &Roster, new: &Desired, language: Language) -> Vec<String> {
    let mut lost = Lost::default();
    for id in old.dates.iter().flat_map(|dates| dates.resources()) {
        lost.add("dates", id.to_string());
    }
    let old = &old.desired;
    for (id, agent) in &old.agents {
        let name = format!("agent/{id}");
        match new.agents.get(id) {
            None if agent.is_absent() => lost.add("`state: absent`", name),
            None => lost.add(ALL, name),
            Some(now) => agent_lost(&mut lost, &name, agent, now),
        }
    }
    for id in old.memberships.keys().filter(|id| new.agents.contains_key(*id)) {
        lost.add("`queues`", format!("agent/{id}"));
    }
    for (id, queue) in old.declared_queues() {
        match new.queues.get(id).or_else(|| new.queues.values().find(|now| now.name == queue.name)) {
            None => lost.add(ALL, id.to_string()),
            Some(now) => queue_lost(&mut lost, &id.to_string(), queue, now),
        }
    }
    for id in old.seats.keys() {
        lost.add(ALL, format!("seat/{id}"));
    }
    lost.words(language)
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
        lost.add(PASSWORD, id.to_owned());
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
struct Lost(BTreeMap<String, Vec<String>>);

impl Lost {
    fn add(&mut self, what: &str, id: String) {
        self.0.entry(what.to_owned()).or_default().push(id);
    }

    fn words(self, language: Language) -> Vec<String> {
        let line = |(what, ids): (String, Vec<String>)| {
            let what = match &*what {
                "dates" => language.choose("dates", "日期", "日期"),
                ALL => language.choose(ALL, "全部声明", "全部宣告"),
                PASSWORD => language.choose(PASSWORD, "`password` 的另一个引用", "`password` 的另一個參照"),
                key => key,
            };
            let (all, more) = (ids.len(), ids.len().saturating_sub(NAMED));
            let more = match more {
                0 => String::new(),
                more => say!(language, " and {more} more", " 等 {all} 个", " 等 {all} 個"),
            };
            let named: Vec<String> = ids.into_iter().take(NAMED).collect();
            let ids = named.join(language.choose(", ", "、", "、"));
            say!(language, "{what} of {ids}{more}", "{ids}{more} 的{what}", "{ids}{more} 的{what}")
        };
        self.0.into_iter().map(line).collect()
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
