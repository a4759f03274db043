//! Decodes values of settings, by their tables.

use std::sync::Arc;
use std::time::Duration;

use crate::config::settings::{Constraint, Form, Setting, SettingType};
use crate::config::workspace::{Limit, SettingValue, Settings};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id_range::IdRange;
use crate::model::message;
use crate::model::problem::{Element, Label, ValueProblem, Wanted, WorkspaceProblem};
use crate::yaml::decode::{
    Fields, cannot_be, choice, filled, flag, list, number, secret, text, words, wrong_shape,
};
use crate::yaml::{Node, NodeValue};

/// Most days of a setting: ten years.
const MOST_DAYS: u32 = 3660;

/// Checks that a base URL is `https://`, or `http://` to loopback, without user, query or fragment. `insecure` is
/// `allowInsecure`, where the setting exists, and allows `http://` to every host.
pub(super) fn address(
    key: &'static str,
    base: &str,
    insecure: Option<bool>,
    source: &crate::model::source::Source,
    out: &mut Diagnostics,
) {
    let spelled = base.starts_with("https://") || base.starts_with("http://");
    let clean = spelled && !base.contains(char::is_whitespace);
    let url = match url::Url::parse(base) {
        Ok(url) if clean && url.host().is_some() => url,
        _ => {
            let (key, sandbox) = (key.into(), insecure.is_some());
            // A text that is no address may hold a password before an `@`.
            out.push(if base.contains(['@', '?', '#']) {
                Diagnostic::at(source, WorkspaceProblem::NoAddress { key, sandbox }).masked()
            } else {
                let (given, wanted) = (base.to_owned(), Wanted::Address { sandbox });
                Diagnostic::at(source, ValueProblem::CannotBe { key, given, wanted })
            });
            return;
        }
    };
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        out.push(Diagnostic::at(source, WorkspaceProblem::AddressHoldsMore { key: key.into() }).masked());
    }
    let loopback = url.host().is_some_and(|host| crate::model::host::is_loopback(&host));
    if url.scheme() == "http" && !loopback && insecure != Some(true) {
        let (key, lifted) = (key.into(), insecure.is_some());
        out.push(Diagnostic::at(source, WorkspaceProblem::InsecureAddress { key, lifted }));
    }
}

/// Returns the value of a key of a mapping.
pub(super) fn child<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        NodeValue::Map(entries) => entries.iter().find(|(k, _)| *k.name == *key).map(|(_, node)| node),
        _ => None,
    }
}

/// Reads a mapping of settings.
pub(super) fn settings(
    node: &Node,
    what: Element,
    table: &'static [Setting],
    demand: bool,
    out: &mut Diagnostics,
) -> Settings {
    let Some(mut fields) = Fields::open(node, what, out) else { return Settings::default() };
    let values = take(&mut fields, table, demand, out);
    fields.reject_unknown(out);
    values
}

/// Takes the settings of a table out of a mapping, and fills in the defaults.
pub(super) fn take(
    fields: &mut Fields<'_>,
    table: &'static [Setting],
    demand: bool,
    out: &mut Diagnostics,
) -> Settings {
    let mut values = defaults(table);
    for setting in table {
        let node = if setting.required && demand {
            fields.required_or_misspelled(setting.key, out)
        } else {
            fields.take(setting.key, out)
        };
        if let Some(value) = node.and_then(|node| decode_setting(node, setting, out)) {
            values.0.insert(setting.key, value);
        }
    }
    for setting in table {
        check_constraints(fields, setting, table, demand, out);
    }
    values
}

/// Checks the constraint of a setting and its neighbours.
fn check_constraints(
    fields: &Fields<'_>,
    setting: &Setting,
    table: &'static [Setting],
    demand: bool,
    out: &mut Diagnostics,
) {
    match setting.bond {
        Constraint::Free => {}
        Constraint::OneOf(keys) => {
            if keys.first() != Some(&setting.key) {
                return;
            }
            let mut given: Vec<_> = keys.iter().filter_map(|key| fields.place(key)).collect();
            given.sort_unstable();
            let default = table.iter().any(|s| keys.contains(&s.key) && !s.default.is_empty());
            if let [first, second, ..] = given[..] {
                let problem =
                    WorkspaceProblem::MoreThanOne { what: fields.what.clone(), keys: message::words(keys) };
                out.push(Diagnostic::at(second, problem).related(first, Label::First));
            } else if given.is_empty() && demand && !default {
                let problem =
                    WorkspaceProblem::NoneGiven { what: fields.what.clone(), keys: message::words(keys) };
                out.push(Diagnostic::at(&fields.source, problem));
            }
        }
        Constraint::When(key, word) => {
            if fields.peek(key) == Some(word) && !fields.has(setting.key) {
                let problem = WorkspaceProblem::NeededBy {
                    what: fields.what.clone(),
                    key: setting.key.into(),
                    setting: key.into(),
                    word: word.into(),
                };
                out.push(Diagnostic::at(&fields.source, problem));
            }
        }
    }
}

/// Returns the defaults of a table. Its rows hold them as YAML, and they are read like any other value.
pub(super) fn defaults(table: &'static [Setting]) -> Settings {
    let file: Arc<str> = Arc::from("default");
    let mut values = Settings::default();
    for setting in table.iter().filter(|s| !s.default.is_empty()) {
        let (nodes, _) = crate::yaml::read(&file, setting.default.as_bytes());
        let mut out = Diagnostics::default();
        let value = nodes.first().and_then(|node| decode_setting(node, setting, &mut out));
        if let Some(value) = value {
            values.0.insert(setting.key, value);
        }
    }
    values
}

fn decode_setting(node: &Node, setting: &Setting, out: &mut Diagnostics) -> Option<SettingValue> {
    let key = setting.key;
    Some(match setting.ty {
        // A default may be the empty text; a value in the file may not.
        SettingType::Text if setting.default == "\"\"" => {
            SettingValue::Text(Arc::clone(text(node, key, out)?))
        }
        SettingType::Text => SettingValue::Text(Arc::clone(filled(node, key, out)?)),
        SettingType::Address => {
            let base = filled(node, key, out)?;
            address(key, base, None, &node.source, out);
            SettingValue::Text(Arc::clone(base))
        }
        SettingType::Url(schemes) => {
            let url = filled(node, key, out)?;
            if !schemes.iter().any(|scheme| url.starts_with(scheme) && url.len() > scheme.len()) {
                // The text may be an address with credentials.
                let problem =
                    WorkspaceProblem::UnknownUrl { key: key.into(), schemes: message::words(schemes) };
                out.push(Diagnostic::at(&node.source, problem).masked());
                return None;
            }
            SettingValue::Text(Arc::clone(url))
        }
        SettingType::Choice(known) => SettingValue::Text(choice(node, key, known, out)?.into()),
        SettingType::Words(known) => {
            SettingValue::Texts(words(node, key, known, out)?.into_iter().map(Arc::from).collect())
        }
        SettingType::Texts => {
            if setting.required && is_empty(node, key, out) {
                return None;
            }
            let items = list(node, key, out).iter();
            SettingValue::Texts(items.filter_map(|item| text(item, key, out)).cloned().collect())
        }
        SettingType::Matching(_) | SettingType::Numbers if is_empty(node, key, out) => return None,
        SettingType::Matching(form) => {
            let items = match &node.value {
                NodeValue::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            SettingValue::Texts(items.iter().filter_map(|item| matching(item, key, form, out)).collect())
        }
        SettingType::Number { min, max } => SettingValue::Number(number(node, key, min, max, out)?),
        SettingType::Numbers => SettingValue::Numbers(match &node.value {
            NodeValue::List(items) => {
                items.iter().filter_map(|item| number(item, key, i64::MIN, i64::MAX, out)).collect()
            }
            _ => vec![number(node, key, i64::MIN, i64::MAX, out)?],
        }),
        SettingType::Flag => SettingValue::Flag(flag(node, key, out)?),
        SettingType::Duration { zero } => {
            let parsed = plain(node).and_then(duration);
            if parsed == Some(Duration::ZERO) && !zero {
                let problem = WorkspaceProblem::ZeroDuration { key: key.into() };
                out.push(Diagnostic::at(&node.source, problem));
                return None;
            }
            if parsed.is_none() {
                out.push(Diagnostic::at(&node.source, WorkspaceProblem::NoDuration { key: key.into() }));
            }
            SettingValue::Duration(parsed?)
        }
        SettingType::Days { min, never } => {
            let parsed = plain(node).and_then(|text| match text {
                "never" if never => Some(None),
                text => plain_number(text.strip_suffix('d')?)?.parse().ok().map(Some),
            });
            let parsed = parsed.filter(|days| days.is_none_or(|days| (min..=MOST_DAYS).contains(&days)));
            if parsed.is_none() {
                let problem = WorkspaceProblem::NoDays { key: key.into(), min, most: MOST_DAYS, never };
                out.push(Diagnostic::at(&node.source, problem));
            }
            SettingValue::Days(parsed?)
        }
        SettingType::Offset => {
            let parsed = plain(node).and_then(offset);
            if parsed.is_none() {
                out.push(Diagnostic::at(&node.source, WorkspaceProblem::NoOffset { key: key.into() }));
            }
            SettingValue::Number(parsed?)
        }
        SettingType::Share => {
            let parsed = plain(node).and_then(share);
            if parsed.is_none() {
                out.push(match plain(node) {
                    Some(text) => cannot_be(node, key, text, Wanted::Share),
                    None => wrong_shape(node, key, Wanted::Share),
                });
            }
            SettingValue::Limit(parsed?)
        }
        SettingType::Secret => SettingValue::Secret(secret(node, key, false, out)?),
        SettingType::Group(table) => {
            SettingValue::Group(settings(node, Element::Key { key: key.into() }, table, true, out))
        }
    })
}

/// Returns a text that a value must match; reports a range that is none.
fn matching(node: &Node, key: &'static str, form: Form, out: &mut Diagnostics) -> Option<Arc<str>> {
    let text = filled(node, key, out)?;
    let is_range = form == Form::Ids && text.contains("..");
    if is_range && IdRange::parse(text).is_none_or(IdRange::is_backward) {
        out.push(cannot_be(node, key, text, Wanted::Range));
        return None;
    }
    Some(Arc::clone(text))
}

/// Returns true if the value is an empty list, and reports it.
fn is_empty(node: &Node, key: &'static str, out: &mut Diagnostics) -> bool {
    let empty = matches!(&node.value, NodeValue::List(items) if items.is_empty());
    if empty {
        out.push(Diagnostic::at(&node.source, ValueProblem::EmptyList { key: key.into() }));
    }
    empty
}

pub(super) fn plain(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// Parses `500ms`, `30s`, `2m`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..unit].parse().ok()?;
    let millis = match &text[unit..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis).filter(|ms| *ms <= 7 * 24 * 3_600_000)?))
}

/// Parses `+08:00` into minutes.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| digits(part)?.parse::<i64>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Parses `10%` or `12`.
fn share(text: &str) -> Option<Limit> {
    match text.strip_suffix('%') {
        Some(percent) => plain_number(percent)?.parse().ok().filter(|p| *p <= 100).map(Limit::Percent),
        None => plain_number(text)?.parse().ok().map(Limit::Count),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// Returns digits without a sign and without leading zeros, which tools read differently.
fn plain_number(text: &str) -> Option<&str> {
    digits(text).filter(|digits| *digits == "0" || !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::{CALENDAR, CONNECTION, IGNORE, LEDGER, POLICY, SCOPE, STORES};
    use crate::vendors;

    #[test]
    fn every_default_of_every_table_is_read_by_its_own_type() {
        let tables = [CALENDAR, CONNECTION, IGNORE, LEDGER, POLICY, SCOPE]
            .into_iter()
            .chain(STORES.iter().map(|(.., table)| *table));
        let specs = vendors::ALL.specs();
        let specs = specs.iter().map(|spec| spec.settings);
        for table in tables.chain(specs) {
            let values = defaults(table);
            for setting in table.iter().filter(|s| !s.default.is_empty()) {
                assert!(values.0.contains_key(setting.key), "{}", setting.key);
            }
        }
    }

    #[test]
    fn lengths_of_time_offsets_and_shares() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Some(Duration::from_mins(2)));
        assert_eq!(duration("2"), None);
        assert_eq!(offset("+08:00"), Some(480));
        assert_eq!(offset("-03:30"), Some(-210));
        assert_eq!(offset("8"), None);
        assert_eq!(share("10%"), Some(Limit::Percent(10)));
        assert_eq!(share("12"), Some(Limit::Count(12)));
        assert_eq!(share("110%"), None);
        assert_eq!(offset("++8:00"), None);
        assert_eq!(share("+5"), None);
        assert_eq!(share("010%"), None);
    }
}
