//! The file of a skill group: its profiles and its agents.

use super::document;
use super::document::Pairs;
use super::expressible::{self, Expressed};
use super::file_names::Names;
use super::options::{Options, Origin};
use super::pools::{Pool, runs};
use super::profiles::{Entry, Profile, profiles};
use crate::model::agent::{ROLE, SIP};
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::value::{Sip, Value};
use crate::yaml::quoting::{quoted, scalar};
use crate::yaml::types::spelled;

/// Returns the file of a skill group; `None` stands for agents without one.
pub(super) fn file(
    group: Option<&str>,
    agents: &[(&OperatorId, &Expressed)],
    names: &mut Names,
    origin: Origin<'_>,
    options: &Options,
) -> String {
    let declared: Vec<(&OperatorId, &Expressed)> =
        agents.iter().filter(|(_, told)| told.objection.is_none()).copied().collect();
    let count = if declared.len() == 1 { "1 agent".to_owned() } else { format!("{} agents", declared.len()) };
    let what = match group {
        Some(group) => format!("{group}: {count}."),
        None => format!("Without a main skill group: {count}."),
    };
    let mut out = document::head(&what, &remarks(&declared, options), origin);
    let (profiles, entries) = profiles(group.unwrap_or("no-skill-group"), &declared, names);
    if let Some((store, key)) = &options.password {
        let password = format!("{{ store: {}, key: {} }}", scalar(store), quoted(key));
        out.push_str(&format!("defaults:\n  password: {password}\n"));
    }
    if !profiles.is_empty() {
        out.push_str("profiles:\n");
        for Profile { name, record } in &profiles {
            out.push_str(&format!("  {}:\n{}", scalar(name), document::block(4, &pairs(record))));
        }
    }
    if !declared.is_empty() {
        out.push_str("agents:\n");
    }
    out.push_str(&sections(&profiles, entries));
    for (id, told) in agents {
        if let Some(objection) = told.objection {
            let text = format!("The agent `{id}` is live and no manifest can name it: {objection}.");
            out.push_str(&document::remark(0, &text));
        }
    }
    out
}

/// Returns the remarks at the head of the file.
fn remarks(agents: &[(&OperatorId, &Expressed)], options: &Options) -> Vec<String> {
    let mut remarks = Vec::new();
    if options.password.is_none() {
        remarks.push(document::PASSWORDS.to_owned());
    }
    let roleless = agents.iter().filter(|(_, told)| told.record.get(&ROLE).is_none()).count();
    if roleless == agents.len() {
        remarks.push(document::NO_ROLES.to_owned());
    } else if roleless > 0 {
        remarks.push(document::SOME_ROLES.replace("{}", &roleless.to_string()));
    }
    if agents.iter().any(|(_, told)| told.record.get(&SIP) == Some(&Value::Sip(Sip::Auto))) {
        remarks.push(document::SIP_AUTO.to_owned());
    }
    remarks
}

/// Returns the agents, profile by profile in the order of their first numbers.
fn sections(profiles: &[Profile], entries: Vec<Entry<'_>>) -> String {
    let mut sections: Vec<(Option<usize>, Vec<Entry<'_>>)> = Vec::new();
    for entry in entries {
        match sections.iter_mut().find(|(profile, _)| *profile == entry.profile) {
            Some((_, section)) => section.push(entry),
            None => sections.push((entry.profile, vec![entry])),
        }
    }
    let sections: Vec<String> = sections
        .into_iter()
        .map(|(_, section)| runs(&section).iter().map(|run| agent(run, profiles)).collect())
        .collect();
    sections.join("\n")
}

fn agent(run: &Pool<'_>, profiles: &[Profile]) -> String {
    let mut all: Pairs = match run.last {
        None => vec![("operatorId".to_owned(), document::number(run.first.as_str()))],
        Some(last) => vec![("operatorIds".to_owned(), format!("{}..{last}", run.first))],
    };
    if let Some(profile) = run.profile.and_then(|at| profiles.get(at)) {
        all.push(("profile".to_owned(), scalar(&profile.name)));
    }
    all.extend(pairs(&run.record));
    let remarks = run.remarks.iter().map(|text| document::remark(2, &format!("{}: {text}", run.first)));
    remarks.collect::<String>() + &document::item(2, &all)
}

/// Returns the keys and values of one agent or seat, in YAML.
pub(super) fn entry(key: &str, id: &ResourceId, record: &Record) -> Vec<String> {
    let number = format!("{key}: {}", document::number(id.name.as_str()));
    let said = record.iter().filter(|entry| expressible::objection(entry.value, entry.field).is_none());
    std::iter::once(number)
        .chain(said.map(|entry| format!("{}: {}", entry.field.key, spelled(entry.value))))
        .collect()
}

fn pairs(record: &Record) -> Pairs {
    record.iter().map(|entry| (entry.field.key.to_owned(), spelled(entry.value))).collect()
}
