//! `rosterctl.yaml` → Workspace, its settings checked by the connectors' own tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::interpreter::takes_key_as_code;
use crate::config::secret_key::key_objection;
use crate::config::settings::{CONNECTION, Constraint, LEDGER, POLICY, STORES, Setting, SettingType, Spec};
use crate::config::workspace::{Connection, Limit, Policy, Prune, SettingValue, Settings, Store, Workspace};
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::presence::{self, Disruption, PresencePolicy};
use crate::model::secret::SecretRef;
use crate::yaml::decode::{Fields, choice, filled, flag, header, kind, list, number, secret, text, words};
use crate::yaml::{Key, Node, NodeValue};

/// What `baseUrl` may look like.
pub(crate) const BASE_URL_EXAMPLE: &str = "write https://HOST[:PORT], or `sandbox`";

/// Reads the workspace file. `specs` are the connectors that there are.
pub fn load(file: &Arc<str>, bytes: &[u8], specs: &[&'static Spec]) -> Result<Workspace, Diagnostics> {
    let (nodes, mut out) = crate::yaml::read(file, bytes);
    let node = match nodes.as_slice() {
        [node] => node,
        [] if !out.is_empty() => return Err(out),
        [] => {
            let start = crate::model::source::Source::new(file, 1, 1);
            out.push(
                Diagnostic::at(&start, "the workspace file is empty").help("see the README for an example"),
            );
            return Err(out);
        }
        [_, second, ..] => {
            out.push(
                Diagnostic::at(&second.source, "a workspace file holds one document")
                    .help("put manifests into files of their own and name them under `manifests`"),
            );
            return Err(out);
        }
    };
    // A command of an exec store has a language of its own.
    crate::yaml::placeholder::check(node, |path| matches!(path, ["secrets", _, "get" | "put"]), &mut out);
    let workspace = decode(node, specs, &mut out);
    match workspace {
        Some(workspace) if out.is_empty() => Ok(workspace),
        _ => Err(out),
    }
}

fn decode(node: &Node, specs: &[&'static Spec], out: &mut Diagnostics) -> Option<Workspace> {
    let mut fields = Fields::open(node, "the workspace", out)?;
    if !header(&mut fields, "Workspace", out) {
        return None;
    }
    let name = fields.required("name", out).and_then(|n| filled(n, "name", out)).cloned().unwrap_or_default();
    let mut manifests = Vec::new();
    if let Some(node) = fields.required("manifests", out) {
        for item in list(node, "manifests", out) {
            if let Some(path) = filled(item, "manifests", out) {
                if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                    out.push(
                        Diagnostic::at(&item.source, format!("`{path}` is not beside the workspace file"))
                            .help("name files and folders below the folder of rosterctl.yaml"),
                    );
                }
                manifests.push((Arc::clone(path), item.source.clone()));
            }
        }
        if manifests.is_empty() && matches!(&node.value, NodeValue::List(items) if items.is_empty()) {
            out.push(
                Diagnostic::at(&node.source, "`manifests` names no file or folder")
                    .help("name the folder of the manifests, like `manifests: [roster]`"),
            );
        }
    }
    let stores = fields.take("secrets", out).map(|n| stores(n, out)).unwrap_or_default();
    let connections = fields.take("connections", out).map(|n| connections(n, specs, out)).unwrap_or_default();
    let ledger = match fields.take("ledger", out) {
        Some(node) => settings(node, "the ledger", LEDGER, true, out),
        None => defaults(LEDGER),
    };
    let policy = match fields.take("policy", out) {
        Some(node) => settings(node, "the policy", POLICY, true, out),
        None => defaults(POLICY),
    };
    fields.reject_unknown(out);
    let entry = |section: &str, name: &str| child(node, section).and_then(|n| child(n, name));
    for connection in &connections {
        check_secret_refs(&connection.settings, &stores, entry("connections", &connection.name), out);
    }
    for store in stores.values() {
        check_secret_refs(&store.settings, &stores, entry("secrets", &store.name), out);
        if store_dependencies(store, &stores).contains(&store.name) {
            out.push(
                Diagnostic::at(&store.source, format!("store `{}` needs a secret of its own", store.name))
                    .help("take what opens it from another store, like one of type env"),
            );
        }
    }
    check_secret_refs(&ledger, &stores, child(node, "ledger"), out);
    let limits_source =
        child(node, "policy").and_then(|policy| child(policy, "limits")).map(|n| n.source.clone());
    let policy = Policy { limits_source, ..policy_of(&policy) };
    Some(Workspace { name, manifests, connections, stores, ledger, policy, specs: specs.to_vec() })
}

fn connections(node: &Node, specs: &[&'static Spec], out: &mut Diagnostics) -> Vec<Connection> {
    let NodeValue::Map(entries) = &node.value else {
        Fields::open(node, "`connections`", out);
        return Vec::new();
    };
    let mut connections: Vec<Connection> = Vec::new();
    for (name, node) in entries {
        let what = format!("connection `{}`", name.name);
        let Some(mut fields) = Fields::open(node, &what, out) else { continue };
        let Some(provider) =
            fields.required("provider", out).and_then(|n| text(n, "provider", out).map(|t| (t, n)))
        else {
            continue;
        };
        let Some(spec) = specs.iter().find(|spec| *spec.name == **provider.0) else {
            let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
            let help = match did_you_mean(provider.0, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names.join(", ")),
            };
            out.push(
                Diagnostic::at(&provider.1.source, format!("unknown provider `{}`", provider.0)).help(help),
            );
            continue;
        };
        if let Some(first) = connections.iter().find(|c| c.spec.name == spec.name) {
            out.push(
                Diagnostic::at(&name.source, format!("a second connection of provider `{}`", spec.name))
                    .related(&first.source, "the first one")
                    .help("a workspace has at most one connection of a provider; use a workspace for each tenant"),
            );
            continue;
        }
        let second = spec.supports.iter().map(|support| support.kind);
        let second = second.filter_map(|kind| Some((kind, connections.iter().find(|c| c.spec.holds(kind))?)));
        if let Some((kind, first)) = second.into_iter().next() {
            out.push(
                Diagnostic::at(&name.source, format!("a second connection that holds {}s", kind.word()))
                    .related(&first.source, "the first one")
                    .help(
                        "a workspace has at most one connection for a kind; use a workspace for each system",
                    ),
            );
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

/// `http://` only to loopback unless the connection says otherwise (`insecure`, for what can say so);
/// no user, query or fragment.
fn address(
    key: &str,
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
            let help = if insecure.is_some() { BASE_URL_EXAMPLE } else { "write https://HOST[:PORT]" };
            // What is no address may hold a password before an `@`.
            let secret = base.contains(['@', '?', '#']);
            let message =
                if secret { format!("`{key}` is no address") } else { format!("`{key}` cannot be `{base}`") };
            let diagnostic = Diagnostic::at(source, message).help(help);
            out.push(if secret { diagnostic.masked() } else { diagnostic });
            return;
        }
    };
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        out.push(
            Diagnostic::at(source, format!("`{key}` holds more than scheme, host, port and path"))
                .help("credentials belong into a store")
                .masked(),
        );
    }
    let loopback = url.host().is_some_and(|host| crate::model::host::is_loopback(&host));
    if url.scheme() == "http" && !loopback && insecure != Some(true) {
        let help = if insecure.is_some() {
            "use https://, or set `allowInsecure: true` on this connection"
        } else {
            "use https://"
        };
        let why = "is http:// to another host: passwords would cross the network in clear";
        out.push(Diagnostic::at(source, format!("`{key}` {why}")).help(help));
    }
}

fn stores(node: &Node, out: &mut Diagnostics) -> BTreeMap<Arc<str>, Store> {
    let NodeValue::Map(entries) = &node.value else {
        Fields::open(node, "`secrets`", out);
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
        // Known by name even when it cannot be read, so that nobody is told that it is not declared.
        declare(name, "", Settings::default());
        let what = format!("store `{}`", name.name);
        let Some(mut fields) = Fields::open(node, &what, out) else { continue };
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
                let message =
                    format!("`{key}` of store `{}` puts `{{key}}` into code that it runs", name.name);
                out.push(
                    Diagnostic::at(source, message)
                        .help("pass it as an argument, like [sh, -c, 'pass show \"$1\"', sh, \"{key}\"]"),
                );
            }
        }
        declare(name, kind, settings);
    }
    stores
}

/// Complains about secrets of stores that are not declared, and about keys that a store cannot have.
fn check_secret_refs(
    settings: &Settings,
    stores: &BTreeMap<Arc<str>, Store>,
    node: Option<&Node>,
    out: &mut Diagnostics,
) {
    for (key, value) in &settings.0 {
        // What does not stand in the file is a default, and no default names a secret.
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

/// The value of a key of a mapping.
fn child<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        NodeValue::Map(entries) => entries.iter().find(|(k, _)| *k.name == *key).map(|(_, node)| node),
        _ => None,
    }
}

/// The stores whose secrets must be read before this one answers.
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

/// Says what is wrong with a reference to a secret, judged by the declared stores alone. `key` is the
/// reference's own, with a number where it waits for one.
pub(crate) fn reference(
    secret: &SecretRef,
    key: &str,
    stores: &BTreeMap<Arc<str>, Store>,
    at: &crate::model::source::Source,
) -> Option<Diagnostic> {
    let Some(store) = stores.get(&secret.store) else {
        let help = match did_you_mean(&secret.store, stores.keys().map(|k| &**k)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if stores.is_empty() => "declare one under `secrets:` in rosterctl.yaml".to_owned(),
            None => {
                let names: Vec<&str> = stores.keys().map(|k| &**k).collect();
                format!("rosterctl.yaml declares: {}", names.join(", "))
            }
        };
        return Some(Diagnostic::at(at, format!("unknown store `{}`", secret.store)).help(help));
    };
    if let Some(objection) = key_objection(store, key) {
        let help = match store.kind {
            "env" => "write it like CC_TOKEN",
            "vault" if key.contains('#') => {
                "write it like agents/8001, or agents/8001#password for another field"
            }
            _ => "write names with `/` between them, like agents/8001",
        };
        let message = format!("store `{}` cannot have the key `{}`: {objection}", secret.store, secret.key);
        return Some(Diagnostic::at(at, message).help(help));
    }
    let writable = match store.kind {
        "dir" | "vault" => true,
        "exec" => !store.settings.texts("put").is_empty(),
        _ => false,
    };
    if secret.generate && !writable {
        return Some(
            Diagnostic::at(
                at,
                format!("`generate: true` needs a store that can be written, and `{}` cannot", secret.store),
            )
            .help("use a store of type dir, vault, or exec with `put`"),
        );
    }
    None
}

/// Reads a mapping of settings.
fn settings(
    node: &Node,
    what: &str,
    table: &'static [Setting],
    demand: bool,
    out: &mut Diagnostics,
) -> Settings {
    let Some(mut fields) = Fields::open(node, what, out) else { return Settings::default() };
    let values = take(&mut fields, table, demand, out);
    fields.reject_unknown(out);
    values
}

/// Takes the settings of a table out of a mapping, defaults filled in.
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

/// Checks what a setting has to do with its neighbours.
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
            let names = || keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
            let mut given: Vec<_> = keys.iter().filter_map(|key| fields.place(key)).collect();
            given.sort_unstable();
            let default = table.iter().any(|s| keys.contains(&s.key) && !s.default.is_empty());
            if let [first, second, ..] = given[..] {
                out.push(
                    Diagnostic::at(
                        second,
                        format!("{} has more than one of {}", fields.what, names().join(", ")),
                    )
                    .related(first, "the first one")
                    .help("keep one of them"),
                );
            } else if given.is_empty() && demand && !default {
                out.push(
                    Diagnostic::at(
                        &fields.source,
                        format!("{} has neither {}", fields.what, names().join(" nor ")),
                    )
                    .help("add one of them"),
                );
            }
        }
        Constraint::When(key, word) => {
            if fields.peek(key) == Some(word) && !fields.has(setting.key) {
                out.push(
                    Diagnostic::at(
                        &fields.source,
                        format!("{} has no `{}`, which `{key}: {word}` needs", fields.what, setting.key),
                    )
                    .help(format!("add `{}: …`", setting.key)),
                );
            }
        }
    }
}

/// The defaults of a table: its rows say them in YAML, and they are read like any other.
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
        // A default may be the empty text; what a person writes may not.
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
                let help = format!("begin it with one of {}", schemes.join(", "));
                // It may be an address with credentials in it.
                let message = format!("`{key}` is of no known kind");
                out.push(Diagnostic::at(&node.source, message).help(help).masked());
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
                out.push(
                    Diagnostic::at(&node.source, format!("`{key}` is zero, and so would allow nothing"))
                        .help("write a length of time such as 30s, or leave it out"),
                );
                return None;
            }
            if parsed.is_none() {
                out.push(
                    Diagnostic::at(&node.source, format!("`{key}` is not a length of time"))
                        .help("write a number and its unit, up to a week: 500ms, 30s, 2m, 1h"),
                );
            }
            SettingValue::Duration(parsed?)
        }
        SettingType::Offset => {
            let parsed = plain(node).and_then(offset);
            if parsed.is_none() {
                out.push(
                    Diagnostic::at(&node.source, format!("`{key}` is not an offset from UTC"))
                        .help("write it in quotes with sign, hours and minutes: \"+08:00\""),
                );
            }
            SettingValue::Number(parsed?)
        }
        SettingType::Share => {
            let parsed = plain(node).and_then(share);
            if parsed.is_none() {
                out.push(
                    Diagnostic::at(
                        &node.source,
                        match plain(node) {
                            Some(text) => format!("`{key}` cannot be `{text}`"),
                            None => format!("`{key}` is {} instead of a share or a count", kind(&node.value)),
                        },
                    )
                    .help("write a share of what is live, from 0% to 100%, or a count, like 12"),
                );
            }
            SettingValue::Limit(parsed?)
        }
        SettingType::Secret => SettingValue::Secret(secret(node, key, false, out)?),
        SettingType::Group(table) => {
            SettingValue::Group(settings(node, &format!("`{key}`"), table, true, out))
        }
    })
}

/// Complains about an empty list.
fn is_empty(node: &Node, key: &str, out: &mut Diagnostics) -> bool {
    let empty = matches!(&node.value, NodeValue::List(items) if items.is_empty());
    if empty {
        out.push(Diagnostic::at(&node.source, format!("`{key}` is an empty list")).help("name at least one"));
    }
    empty
}

fn plain(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// `500ms`, `30s`, `2m`, `1h`.
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

/// `+08:00`, in minutes.
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

/// `10%` or `12`.
fn share(text: &str) -> Option<Limit> {
    match text.strip_suffix('%') {
        Some(percent) => plain_number(percent)?.parse().ok().filter(|p| *p <= 100).map(Limit::Percent),
        None => plain_number(text)?.parse().ok().map(Limit::Count),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// Digits without a sign, and without leading zeros, which tools read differently.
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
        presence: settings.group("presence").map(presence_policy).unwrap_or_default(),
    }
}

/// Returns the presence policy of `policy.presence`. A setting that is absent keeps its default.
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
        let tables = [CONNECTION, LEDGER, POLICY].into_iter().chain(STORES.iter().map(|(.., table)| *table));
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
