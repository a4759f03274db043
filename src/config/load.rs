//! Reads `rosterctl.yaml` into a Workspace and checks its settings by the connectors' tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::interpreter::takes_key_as_code;
use super::table::{address, child, defaults, plain, settings, take};
use crate::config::scope::{Condition, Ignored, Scope};
use crate::config::secret_key::key_objection;
use crate::config::settings::{
    CALENDAR, CONNECTION, IGNORE, LEDGER, POLICY, SCOPE, STORES, Setting, SettingType, Spec,
};
use crate::config::workspace::{
    Connection, Leavers, Limit, Policy, Prune, SettingValue, Settings, Store, Workspace,
};
use crate::model::date::Zone;
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::id::ResourceId;
use crate::model::language::{Language, TAGS};
use crate::model::message::{self, Word};
use crate::model::presence::{self, Disruption, PresencePolicy};
use crate::model::problem::{Element, KeyForm, Label, ValueProblem, Wanted, WorkspaceProblem};
use crate::model::secret::SecretRef;
use crate::model::text::listed;
use crate::yaml::decode::{Fields, choice, filled, header, list, text};
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
    let language = fields.take("language", out);
    let language = language.and_then(|node| choice(node, "language", TAGS, out)).and_then(Language::of_tag);
    let mut scope = fields.take("scope", out).map(|node| scope(node, out)).unwrap_or_default();
    if let Some(node) = fields.take("ignore", out) {
        scope.ignored = ignored(node, out);
    }
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
        scope,
        time_zone,
        horizon,
        language,
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

/// Returns the conditions of `scope`.
fn scope(node: &Node, out: &mut Diagnostics) -> Scope {
    let values = settings(node, Element::Key { key: "scope".into() }, SCOPE, true, out);
    let conditions = |kind: &str| {
        let table = SCOPE.iter().find(|setting| setting.key == kind).map(|setting| setting.ty);
        let Some((SettingType::Group(table), node, values)) = table
            .zip(child(node, kind))
            .zip(values.group(kind))
            .map(|((table, node), values)| (table, node, values))
        else {
            return Vec::new();
        };
        let condition = |setting: &Setting| {
            let SettingType::Matching(form) = setting.ty else { return None };
            let (texts, place) = (values.texts(setting.key), child(node, setting.key)?);
            (!texts.is_empty()).then(|| Condition::new(setting.key, form, texts, place.source.clone()))
        };
        table.iter().filter_map(condition).collect()
    };
    Scope { agents: conditions("agents"), queues: conditions("queues"), ignored: BTreeMap::new() }
}

/// Returns the entries of `ignore`.
fn ignored(node: &Node, out: &mut Diagnostics) -> BTreeMap<ResourceId, Ignored> {
    let mut ignored: BTreeMap<ResourceId, Ignored> = BTreeMap::new();
    for node in list(node, "ignore", out) {
        let values = settings(node, Element::Ignored, IGNORE, true, out);
        let (Some(given), Some(reason)) = (values.text("id"), values.text("reason")) else { continue };
        let place = child(node, "id").map_or(&node.source, |node| &node.source);
        let Some(id) = ResourceId::parse(given) else {
            let (key, given) = ("id".into(), given.to_owned());
            out.push(Diagnostic::at(place, ValueProblem::CannotBe { key, given, wanted: Wanted::Resource }));
            continue;
        };
        if let Some(first) = ignored.get(&id) {
            let problem = WorkspaceProblem::IgnoredTwice { id };
            out.push(Diagnostic::at(place, problem).related(&first.source, Label::First));
            continue;
        }
        ignored.insert(id, Ignored { reason: reason.into(), source: place.clone() });
    }
    ignored
}

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
