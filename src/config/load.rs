//! Reads `rosterctl.yaml` into a Workspace and checks its settings by the connectors' tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::interpreter::takes_key_as_code;
use crate::config::secret_key::key_objection;
use crate::config::settings::{
    CALENDAR, CONNECTION, Constraint, LEDGER, POLICY, STORES, Setting, SettingType, Spec,
};
use crate::config::workspace::{
    Connection, Leavers, Limit, Policy, Prune, SettingValue, Settings, Store, Workspace,
};
use crate::model::date::Zone;
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::message::{self, Word};
use crate::model::presence::{self, Disruption, PresencePolicy};
use crate::model::problem::{Element, KeyForm, Label, ValueProblem, Wanted, WorkspaceProblem};
use crate::model::secret::SecretRef;
use crate::model::text::listed;
use crate::yaml::decode::{
    Fields, cannot_be, choice, filled, flag, header, list, number, secret, text, words, wrong_shape,
};
use crate::yaml::{Key, Node, NodeValue};

/// Reads the workspace file. `specs` are the known connectors.
pub fn load(file: &Arc<str>, bytes: &[u8], specs: &[&'static Spec]) -> Result<Workspace, Diagnostics> {
    let (nodes, mut out) = crate::yaml::read(file, bytes);
    let node = match nodes.as_slice() {
        [node] => node,
        [] if !out.is_empty() => return Err(out),
        [] => {
            let start = crate::model::source::Source::new(file, 1, 1);
            out.push(Diagnostic::at(&start, WorkspaceProblem::EmptyWorkspace));
            return Err(out);
        }
        [_, second, ..] => {
            out.push(Diagnostic::at(&second.source, WorkspaceProblem::SecondDocument));
            return Err(out);
        }
    };
    // The command of an exec store has placeholders of its own.
    crate::yaml::placeholder::check(node, |path| matches!(path, ["secrets", _, "get" | "put"]), &mut out);
    let workspace = decode(node, specs, &mut out);
    match workspace {
        Some(workspace) if out.is_empty() => Ok(workspace),
        _ => Err(out),
    }
}

fn decode(node: &Node, specs: &[&'static Spec], out: &mut Diagnostics) -> Option<Workspace> {
    let mut fields = Fields::open(node, Element::Workspace, out)?;
    if !header(&mut fields, "Workspace", out) {
        return None;
    }
    let name = fields.required("name", out).and_then(|n| filled(n, "name", out)).cloned().unwrap_or_default();
    let mut manifests = Vec::new();
    if let Some(node) = fields.required("manifests", out) {
        for item in list(node, "manifests", out) {
            if let Some(path) = filled(item, "manifests", out) {
                if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                    let problem = WorkspaceProblem::ManifestOutside { path: path.to_string() };
                    out.push(Diagnostic::at(&item.source, problem));
                }
                manifests.push((Arc::clone(path), item.source.clone()));
            }
        }
        if manifests.is_empty() && matches!(&node.value, NodeValue::List(items) if items.is_empty()) {
            out.push(Diagnostic::at(&node.source, WorkspaceProblem::NoManifestNamed));
        }
    }
    let stores = fields.take("secrets", out).map(|n| stores(n, out)).unwrap_or_default();
    let connections = fields.take("connections", out).map(|n| connections(n, specs, out)).unwrap_or_default();
    let ledger = match fields.take("ledger", out) {
        Some(node) => settings(node, Element::Ledger, LEDGER, true, out),
        None => defaults(LEDGER),
    };
    let policy = match fields.take("policy", out) {
        Some(node) => settings(node, Element::Policy, POLICY, true, out),
        None => defaults(POLICY),
    };
    let calendar = match fields.take("calendar", out) {
        Some(node) => settings(node, Element::Key { key: "calendar".into() }, CALENDAR, true, out),
        None => defaults(CALENDAR),
    };
    let time_zone = fields.take("timeZone", out).and_then(|node| zone(node, out));
    fields.reject_unknown(out);
    let entry = |section: &str, name: &str| child(node, section).and_then(|n| child(n, name));
    for connection in &connections {
        check_secret_refs(&connection.settings, &stores, entry("connections", &connection.name), out);
    }
    for store in stores.values() {
        check_secret_refs(&store.settings, &stores, entry("secrets", &store.name), out);
        if store_dependencies(store, &stores).contains(&store.name) {
            let problem = WorkspaceProblem::StoreNeedsItself { store: store.name.to_string() };
            out.push(Diagnostic::at(&store.source, problem));
        }
    }
    check_secret_refs(&ledger, &stores, child(node, "ledger"), out);
    let limits_source =
        child(node, "policy").and_then(|policy| child(policy, "limits")).map(|n| n.source.clone());
    let policy = Policy { limits_source, ..policy_of(&policy) };
    if let Some(leavers) = child(node, "policy").and_then(|policy| child(policy, "leavers"))
        && let Some(after) = child(leavers, "deleteAfter").filter(|node| plain(node) != Some("never"))
        && !matches!(policy.leavers, Leavers::Disable { .. })
    {
        let (key, setting, word) = ("deleteAfter".into(), "then".into(), "disable".into());
        out.push(Diagnostic::at(&after.source, WorkspaceProblem::OnlyWith { key, setting, word }));
        return None;
    }
    let horizon = calendar.days("horizon").unwrap_or(90);
    Some(Workspace {
        name,
        manifests,
        connections,
        stores,
        ledger,
        policy,
        time_zone,
        horizon,
        specs: specs.to_vec(),
    })
}

/// Returns the zone of the dates.
fn zone(node: &Node, out: &mut Diagnostics) -> Option<Zone> {
    let name = filled(node, "timeZone", out)?;
    let zone = Zone::named(name);
    if zone.is_none() {
        let names = Zone::names();
        let near = did_you_mean(name, names.iter().map(String::as_str)).map(str::to_owned);
        out.push(Diagnostic::at(
            &node.source,
            WorkspaceProblem::UnknownZone { zone: name.to_string(), near },
        ));
    }
    zone
}

/// Most days of a setting: ten years.
const MOST_DAYS: u32 = 3660;

fn connections(node: &Node, specs: &[&'static Spec], out: &mut Diagnostics) -> Vec<Connection> {
    let NodeValue::Map(entries) = &node.value else {
        Fields::open(node, Element::Key { key: "connections".into() }, out);
        return Vec::new();
    };
    let mut connections: Vec<Connection> = Vec::new();
    for (name, node) in entries {
        let what = Element::Connection { name: name.name.to_string() };
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let Some(provider) =
            fields.required("provider", out).and_then(|n| text(n, "provider", out).map(|t| (t, n)))
        else {
            continue;
        };
        let Some(spec) = specs.iter().find(|spec| *spec.name == **provider.0) else {
            let names: Vec<&'static str> = specs.iter().map(|spec| spec.name).collect();
            let problem = WorkspaceProblem::UnknownProvider {
                provider: provider.0.to_string(),
                near: did_you_mean(provider.0, names.iter().copied()).map(Word::Borrowed),
                known: message::words(&names),
            };
            out.push(Diagnostic::at(&provider.1.source, problem));
            continue;
        };
        if let Some(first) = connections.iter().find(|c| c.spec.name == spec.name) {
            let problem = WorkspaceProblem::SecondConnection { provider: spec.name.into() };
            out.push(Diagnostic::at(&name.source, problem).related(&first.source, Label::First));
            continue;
        }
        let second = spec.supports.iter().map(|support| support.kind);
        let second = second.filter_map(|kind| Some((kind, connections.iter().find(|c| c.spec.holds(kind))?)));
        if let Some((kind, first)) = second.into_iter().next() {
            let problem = WorkspaceProblem::SecondHolder { kind };
            out.push(Diagnostic::at(&name.source, problem).related(&first.source, Label::First));
            continue;
        }
        let sandbox = fields.peek("baseUrl") == Some("sandbox");
        let mut values = take(&mut fields, CONNECTION, true, out);
        values.0.extend(take(&mut fields, spec.settings, !sandbox, out).0);
        if let Some(base) = values.text("baseUrl").filter(|base| *base != "sandbox") {
            let source = child(node, "baseUrl").map_or(&node.source, |n| &n.source);
            address("baseUrl", base, Some(values.flag("allowInsecure")), source, out);
        }
        fields.reject_unknown(out);
        connections.push(Connection {
            name: Arc::from(&*name.name),
            spec,
            settings: values,
            source: name.source.clone(),
        });
    }
    connections
}

/// Checks that a base URL is `https://`, or `http://` to loopback, without user, query or fragment. `insecure` is
/// `allowInsecure`, where the setting exists, and allows `http://` to every host.
fn address(
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

fn stores(node: &Node, out: &mut Diagnostics) -> BTreeMap<Arc<str>, Store> {
    let NodeValue::Map(entries) = &node.value else {
        Fields::open(node, Element::Key { key: "secrets".into() }, out);
        return BTreeMap::new();
    };
    let mut stores = BTreeMap::new();
    let mut declare = |name: &Key, kind: &'static str, settings: Settings| {
        let text: Arc<str> = Arc::from(&*name.name);
        let store =
            Store { name: Arc::clone(&text), kind, settings, source: name.source.clone(), place: None };
        stores.insert(text, store);
    };
    for (name, node) in entries {
        // An unreadable store is declared all the same: a reference to it is then no second error.
        declare(name, "", Settings::default());
        let what = Element::Store { name: name.name.to_string() };
        let Some(mut fields) = Fields::open(node, what, out) else { continue };
        let words: &'static [&'static str] = &["env", "dir", "vault", "sops", "age", "exec"];
        let Some(kind) = fields.required("type", out).and_then(|n| choice(n, "type", words, out)) else {
            continue;
        };
        let table = STORES.iter().find(|(word, ..)| *word == kind).map_or(&[][..], |(.., table)| table);
        let settings = take(&mut fields, table, true, out);
        fields.reject_unknown(out);
        for key in ["get", "put"].into_iter().filter(|_| kind == "exec") {
            if takes_key_as_code(settings.texts(key)) {
                let source = child(node, key).map_or(&node.source, |node| &node.source);
                let problem = WorkspaceProblem::KeyAsCode { key: key.into(), store: name.name.to_string() };
                out.push(Diagnostic::at(source, problem));
            }
        }
        declare(name, kind, settings);
    }
    stores
}

/// Reports secrets of undeclared stores, and keys that their store does not accept.
fn check_secret_refs(
    settings: &Settings,
    stores: &BTreeMap<Arc<str>, Store>,
    node: Option<&Node>,
    out: &mut Diagnostics,
) {
    for (key, value) in &settings.0 {
        // A setting that is absent from the file has its default, and no default names a secret.
        let Some(node) = node.and_then(|node| child(node, key)) else { continue };
        match value {
            SettingValue::Secret(secret) => {
                if let Some(diagnostic) = reference(secret, &secret.key, stores, &node.source) {
                    out.push(diagnostic);
                }
            }
            SettingValue::Group(group) => check_secret_refs(group, stores, Some(node), out),
            _ => {}
        }
    }
}

/// Returns the value of a key of a mapping.
fn child<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        NodeValue::Map(entries) => entries.iter().find(|(k, _)| *k.name == *key).map(|(_, node)| node),
        _ => None,
    }
}

/// Returns the stores whose secrets must be read before this store can be opened.
fn store_dependencies(store: &Store, stores: &BTreeMap<Arc<str>, Store>) -> BTreeSet<Arc<str>> {
    fn named(settings: &Settings, found: &mut Vec<Arc<str>>) {
        for value in settings.0.values() {
            match value {
                SettingValue::Secret(secret) => found.push(Arc::clone(&secret.store)),
                SettingValue::Group(group) => named(group, found),
                _ => {}
            }
        }
    }
    let (mut seen, mut next) = (BTreeSet::new(), Vec::new());
    named(&store.settings, &mut next);
    while let Some(name) = next.pop() {
        if let Some(store) = stores.get(&name)
            && seen.insert(name)
        {
            named(&store.settings, &mut next);
        }
    }
    seen
}

/// Returns the error of a reference to a secret, by the declared stores alone. `key` is the reference's own, with a
/// number in place of `{operatorId}`.
pub(crate) fn reference(
    secret: &SecretRef,
    key: &str,
    stores: &BTreeMap<Arc<str>, Store>,
    at: &crate::model::source::Source,
) -> Option<Diagnostic> {
    let Some(store) = stores.get(&secret.store) else {
        let near = did_you_mean(&secret.store, stores.keys().map(|k| &**k)).map(str::to_owned);
        // Lists the other stores only without a near name.
        let others = stores.keys().filter(|_| near.is_none());
        let problem = WorkspaceProblem::UnknownStore {
            store: secret.store.to_string(),
            declared: listed(others.map(|name| &**name)),
            near,
        };
        return Some(Diagnostic::at(at, problem));
    };
    if let Some(why) = key_objection(store, key) {
        let form = match store.kind {
            "env" => KeyForm::Variable,
            "vault" if key.contains('#') => KeyForm::Field,
            _ => KeyForm::Path,
        };
        let (store, key) = (secret.store.to_string(), secret.key.to_string());
        return Some(Diagnostic::at(at, WorkspaceProblem::BadKey { store, key, form, why }));
    }
    let writable = match store.kind {
        "dir" | "vault" => true,
        "exec" => !store.settings.texts("put").is_empty(),
        _ => false,
    };
    let problem = || WorkspaceProblem::NotWritable { store: secret.store.to_string() };
    (secret.generate && !writable).then(|| Diagnostic::at(at, problem()))
}

/// Reads a mapping of settings.
fn settings(
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
fn take(fields: &mut Fields<'_>, table: &'static [Setting], demand: bool, out: &mut Diagnostics) -> Settings {
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
fn defaults(table: &'static [Setting]) -> Settings {
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
        SettingType::Number { min, max } => SettingValue::Number(number(node, key, min, max, out)?),
        SettingType::Numbers if is_empty(node, key, out) => return None,
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

/// Returns true if the value is an empty list, and reports it.
fn is_empty(node: &Node, key: &'static str, out: &mut Diagnostics) -> bool {
    let empty = matches!(&node.value, NodeValue::List(items) if items.is_empty());
    if empty {
        out.push(Diagnostic::at(&node.source, ValueProblem::EmptyList { key: key.into() }));
    }
    empty
}

fn plain(node: &Node) -> Option<&str> {
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

fn policy_of(settings: &Settings) -> Policy {
    let base = Policy::default();
    let limits = settings.group("limits").cloned().unwrap_or_default();
    let limit = |key: &str, default: Limit| limits.share(key).unwrap_or(default);
    Policy {
        prune: match settings.text("prune") {
            Some("owned") => Prune::Owned,
            Some("all") => Prune::All,
            _ => Prune::None,
        },
        deletes: limit("deletes", base.deletes),
        changes: limit("changes", base.changes),
        member_removals: limit("memberRemovals", base.member_removals),
        floor: limits.number("floor").and_then(|n| usize::try_from(n).ok()).unwrap_or(base.floor),
        limits_source: base.limits_source,
        replace_immutable: settings.text("immutable") == Some("replace"),
        at_least: settings.text("queueMembers") == Some("at-least"),
        leavers: settings.group("leavers").map_or(base.leavers, |leavers| match leavers.text("then") {
            Some("delete") => Leavers::Delete,
            Some("keep") => Leavers::Keep,
            _ => Leavers::Disable { delete_after: leavers.days("deleteAfter") },
        }),
        presence: settings.group("presence").map(presence_policy).unwrap_or_default(),
    }
}

/// Returns the presence policy of `policy.presence`. An absent setting keeps its default.
fn presence_policy(settings: &Settings) -> PresencePolicy {
    let base = PresencePolicy::default();
    let set = |key: &str| settings.0.contains_key(key);
    PresencePolicy {
        protect: if set("protect") {
            settings.texts("protect").iter().filter_map(|word| presence::State::from_word(word)).collect()
        } else {
            base.protect
        },
        block: if set("block") {
            let words = settings.texts("block");
            Disruption::ALL.into_iter().filter(|harm| words.iter().any(|w| **w == *harm.word())).collect()
        } else {
            base.block
        },
        wait: settings.duration("wait"),
        allow_gaps: settings.text("onError") == Some("allow"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors;

    #[test]
    fn every_default_of_every_table_is_read_by_its_own_type() {
        let tables =
            [CALENDAR, CONNECTION, LEDGER, POLICY].into_iter().chain(STORES.iter().map(|(.., table)| *table));
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

    #[test]
    fn the_policy_is_read_with_its_defaults() {
        assert_eq!(presence_policy(&Settings::default()), PresencePolicy::default());
        let texts = |words: &[&str]| SettingValue::Texts(words.iter().map(|w| Arc::from(*w)).collect());
        let mut settings = Settings::default();
        settings.0.insert("protect", texts(&["online", "claiming"]));
        settings.0.insert("block", texts(&[]));
        settings.0.insert("onError", SettingValue::Text("allow".into()));
        let guard = presence_policy(&settings);
        assert_eq!(guard.protect, BTreeSet::from([presence::State::Online, presence::State::Claiming]));
        assert!(guard.block.is_empty() && guard.allow_gaps);
    }
}
