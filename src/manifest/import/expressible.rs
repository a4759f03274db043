//! The fields of a live agent that a manifest can express, and remarks for the others.

use std::collections::BTreeSet;

use super::options::Options;
use crate::model::agent::{self, MAIN_SKILL_GROUP, PASSWORD, ROLE, SIP, SKILL_LEVEL};
use crate::model::field::{Field, Record};
use crate::model::id::{OperatorId, ResourceId};
use crate::model::language::{Localized, localized};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::objection::IdObjection;
use crate::model::support::Support;
use crate::model::value::{Sip, Type, Value};
use crate::yaml::placeholder::{PLACEHOLDER, misspelt, unfilled};

/// The declaration of one agent, with remarks.
#[derive(Debug, Default)]
pub(super) struct Expressed {
    /// Fields of the manifest.
    pub record: Record,
    /// Live fields that a manifest cannot express: no profile may set them either.
    pub unsaid: Vec<&'static Field>,
    /// Reasons for fields left out, for people.
    pub remarks: Vec<String>,
    /// The reason why no manifest can name the agent.
    pub objection: Option<IdObjection>,
}

/// Returns the SIP numbers of several live agents: no manifest can give one number to two agents.
pub(super) fn shared_numbers(live: &Live) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    let records = live.agents.iter().flat_map(|listing| listing.items.values());
    let numbers = records.filter_map(|record| match record.get(&SIP) {
        Some(Value::Sip(Sip::Number(number))) => Some(&**number),
        _ => None,
    });
    numbers.filter(|number| !seen.insert(*number)).collect()
}

/// Returns the declaration of an agent: live fields, and fields last applied that no system returns.
pub(super) fn agent(
    support: &Support,
    id: &OperatorId,
    live: &Record,
    ledger: &Ledger,
    options: &Options,
    shared: &BTreeSet<&str>,
) -> Expressed {
    let mut told = Expressed { objection: OperatorId::objection(id.as_str()), ..Expressed::default() };
    for entry in live.iter() {
        let value = match entry.value {
            Value::Sip(Sip::Number(_)) if !options.sip_numbers => &Value::Sip(Sip::Auto),
            Value::Sip(Sip::Number(number)) if shared.contains(&**number) => {
                told.remarks.push(format!("sip is {number} and is not said: another agent has it too"));
                &Value::Sip(Sip::Auto)
            }
            value => value,
        };
        match objection(value, entry.field) {
            None => told.record.set(entry.field, value.clone(), None),
            Some(why) => {
                told.unsaid.push(entry.field);
                told.remarks.push(format!("{} is {} and is not said: {why}", entry.field.key, value.words()));
            }
        }
    }
    for field in agent::FIELDS.iter().copied().filter(|field| support.is_read(field) && live.is_unread(field))
    {
        told.unsaid.push(field);
        let why = if live.is_masked(field) {
            "the vendor hides a part of it"
        } else {
            "the answer does not tell it"
        };
        told.remarks.push(format!("{} is not said: {why}", field.key));
    }
    let applied = ledger.agent(&ResourceId::agent(id), live);
    for field in agent::FIELDS.iter().copied().filter(|field| !support.is_read(field)) {
        let known = applied.filter(|_| *field != PASSWORD).and_then(|applied| applied.value(field));
        match known.filter(|value| objection(value, field).is_none()) {
            Some(value) => told.record.set(field, value, None),
            None => told.unsaid.push(field),
        }
    }
    if let Some(role) = options.role.as_ref().filter(|_| told.record.get(&ROLE).is_none()) {
        told.record.set(&ROLE, Value::Text(role.clone()), None);
    }
    if told.record.get(&SKILL_LEVEL).is_some() && told.record.get(&MAIN_SKILL_GROUP).is_none() {
        // A level without a group cannot be expressed.
        told.record = without(&told.record, &SKILL_LEVEL);
        told.unsaid.push(&SKILL_LEVEL);
    }
    told
}

fn without(record: &Record, field: &Field) -> Record {
    let mut rest = Record::default();
    for entry in record.iter().filter(|entry| entry.field.index != field.index) {
        rest.set(entry.field, entry.value.clone(), None);
    }
    rest
}

/// Returns the reason why a manifest cannot set a field to this value. Returns `None` if it can.
pub(super) fn objection(value: &Value, field: &Field) -> Option<Localized> {
    match (value, value.text()) {
        (Value::Password(_) | Value::Members(_), _) => {
            Some(localized!("it is said elsewhere", "它写在别处", "它寫在別處"))
        }
        (_, Some(text)) => text_objection(text, field.ty != Type::Text { required: false }),
        (Value::Number(number), _) => number_objection(*number),
        (Value::Set(words), _) if words.is_empty() => {
            Some(localized!("a manifest names at least one", "清单至少要写一个", "清單至少要寫一個"))
        }
        (Value::Other(_), _) => Some(localized!("no document lists it", "没有文档列出它", "沒有文件列出它")),
        (_, None) => None,
    }
}

fn text_objection(text: &str, required: bool) -> Option<Localized> {
    if required && text.trim().is_empty() {
        Some(localized!("a manifest cannot say that it is blank", "清单没法写成空白", "清單沒辦法寫成空白"))
    } else if text.contains(PLACEHOLDER) {
        Some(localized!(
            "a manifest would put the agent's number where {{operatorId}} stands",
            "清单会把 {{operatorId}} 换成工号",
            "清單會把 {{operatorId}} 換成工號"
        ))
    } else if misspelt(text).is_some() {
        Some(localized!(
            "a manifest would take it for a misspelt {{operatorId}}",
            "清单会当成写错的 {{operatorId}}",
            "清單會當成寫錯的 {{operatorId}}"
        ))
    } else if unfilled(text).is_some() {
        Some(localized!(
            "a manifest would take it for a placeholder that was not filled in",
            "清单会当成没有填的占位符",
            "清單會當成沒有填的佔位符"
        ))
    } else {
        None
    }
}

/// Returns the reason why a manifest cannot hold a number.
pub(super) fn number_objection(number: i64) -> Option<Localized> {
    (!(0..=i64::from(i32::MAX)).contains(&number)).then(|| {
        localized!("a manifest takes whole numbers from 0", "清单只写从 0 起的整数", "清單只寫從 0 起的整數")
    })
}
