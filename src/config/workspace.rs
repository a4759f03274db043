//! The trusted configuration, `rosterctl.yaml`, typed and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::scope::Scope;
use super::settings::{Rate, Spec};
use crate::model::date::Zone;
use crate::model::desired::DesiredQueue;
use crate::model::id::Kind;
use crate::model::identity::{BASE_URL, Tenant};
use crate::model::language::Language;
use crate::model::presence::PresencePolicy;
use crate::model::queue::ListMode;
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::model::support::Supports;

/// Values of a table of [`super::settings::Setting`]s, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Settings(pub BTreeMap<&'static str, SettingValue>);

/// The value of a setting.
#[derive(Clone, Debug)]
pub enum SettingValue {
    /// Text or a word.
    Text(Arc<str>),
    /// Texts or words.
    Texts(Vec<Arc<str>>),
    /// A whole number.
    Number(i64),
    /// Whole numbers.
    Numbers(Vec<i64>),
    /// A flag.
    Flag(bool),
    /// A length of time.
    Duration(Duration),
    /// A number of days; `None` for `never`.
    Days(Option<u32>),
    /// A share or a count.
    Limit(Limit),
    /// A secret's name.
    Secret(SecretRef),
    /// A mapping.
    Group(Settings),
}

/// A bound: a share of the live resources, or a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Hundredths.
    Percent(u32),
    /// A count.
    Count(u32),
}

impl Limit {
    /// Returns true if `count` out of `of` is within the bound.
    pub fn allows(self, count: usize, of: usize) -> bool {
        match self {
            Limit::Percent(percent) => count * 100 <= of * percent as usize,
            Limit::Count(bound) => count <= bound as usize,
        }
    }

    /// Returns true if the bound is zero.
    pub fn is_zero(self) -> bool {
        matches!(self, Limit::Percent(0) | Limit::Count(0))
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Percent(percent) => write!(f, "{percent}%"),
            Limit::Count(count) => write!(f, "{count}"),
        }
    }
}

impl Settings {
    /// Returns a text, if it is set.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns texts; empty if not set.
    pub fn texts(&self, key: &str) -> &[Arc<str>] {
        match self.0.get(key) {
            Some(SettingValue::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// Returns a number, if it is set.
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.0.get(key)? {
            SettingValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns numbers; empty if not set.
    pub fn numbers(&self, key: &str) -> &[i64] {
        match self.0.get(key) {
            Some(SettingValue::Numbers(numbers)) => numbers,
            _ => &[],
        }
    }

    /// Returns a flag; `false` if not set.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(SettingValue::Flag(true)))
    }

    /// Returns a length of time; zero if not set.
    pub fn duration(&self, key: &str) -> Duration {
        match self.0.get(key) {
            Some(SettingValue::Duration(duration)) => *duration,
            _ => Duration::ZERO,
        }
    }

    /// Returns a number of days; `None` for `never`, or if not set.
    pub fn days(&self, key: &str) -> Option<u32> {
        match self.0.get(key)? {
            SettingValue::Days(days) => *days,
            _ => None,
        }
    }

    /// Returns a bound, if it is set.
    pub fn share(&self, key: &str) -> Option<Limit> {
        match self.0.get(key)? {
            SettingValue::Limit(share) => Some(*share),
            _ => None,
        }
    }

    /// Returns a reference to a secret, if it is set.
    pub fn secret(&self, key: &str) -> Option<&SecretRef> {
        match self.0.get(key)? {
            SettingValue::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// Returns a mapping, if it is set.
    pub fn group(&self, key: &str) -> Option<&Settings> {
        match self.0.get(key)? {
            SettingValue::Group(group) => Some(group),
            _ => None,
        }
    }

    /// Returns every reference to a secret with its path: `token`, `auth.secretKey`.
    pub fn secrets(&self) -> Vec<(String, &SecretRef)> {
        let mut all = Vec::new();
        for (key, value) in &self.0 {
            match value {
                SettingValue::Secret(secret) => all.push(((*key).to_owned(), secret)),
                SettingValue::Group(group) => {
                    all.extend(
                        group.secrets().into_iter().map(|(way, secret)| (format!("{key}.{way}"), secret)),
                    );
                }
                SettingValue::Text(_)
                | SettingValue::Texts(_)
                | SettingValue::Number(_)
                | SettingValue::Numbers(_)
                | SettingValue::Flag(_)
                | SettingValue::Duration(_)
                | SettingValue::Days(_)
                | SettingValue::Limit(_) => {}
            }
        }
        all
    }

    /// Returns a rate limit, if it is set.
    pub fn rate(&self, key: &str) -> Option<Rate> {
        let group = self.group(key)?;
        let calls = usize::try_from(group.number("calls")?).ok()?;
        Some(Rate { calls, per: group.duration("per") })
    }
}

/// One configured vendor system.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its free name.
    pub name: Arc<str>,
    /// The connector's own description.
    pub spec: &'static Spec,
    /// The connector's settings and those that every connection has.
    pub settings: Settings,
    /// Place of its declaration.
    pub source: Source,
}

impl Connection {
    /// Returns the base URL without a final `/`; `None` for the embedded sandbox.
    pub fn base_url(&self) -> Option<&str> {
        match self.settings.text("baseUrl") {
            Some("sandbox") | None => None,
            Some(url) => Some(url.trim_end_matches('/')),
        }
    }

    /// Returns the settings that identify the tenant.
    pub fn tenant(&self) -> Tenant {
        let setting = |key: &&str| {
            let number = || self.settings.number(key).map(|number| number.to_string());
            let value = self.settings.text(key).map(str::to_owned).or_else(number)?;
            Some(((*key).to_owned(), value))
        };
        [BASE_URL].iter().chain(self.spec.tenant).filter_map(setting).collect()
    }

    /// Returns the number of calls in flight at a time, at least 1.
    pub fn concurrency(&self) -> usize {
        self.settings.number("concurrency").and_then(|n| usize::try_from(n).ok()).unwrap_or(8).max(1)
    }

    /// Returns the rate limit of an operation, if there is one.
    pub fn rate(&self, operation: &str) -> Option<Rate> {
        let spec = self.spec.operations.iter().find(|o| o.name == operation)?;
        self.settings.rate(spec.rate_setting?)
    }
}

/// A named store of secrets.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name.
    pub name: Arc<str>,
    /// Its type, one of [`super::settings::STORES`].
    pub kind: &'static str,
    /// The type's settings.
    pub settings: Settings,
    /// Place of its declaration.
    pub source: Source,
    /// Real path of its file or folder, once the session has read it.
    pub place: Option<Arc<str>>,
}

/// Limits and permissions of one run.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The undeclared agents and queues that a run deletes.
    pub prune: Prune,
    /// Most resources of a kind that a run deletes, as a share or count of the live ones.
    pub deletes: Limit,
    /// Most resources that a run updates or replaces, as a share or count of the live ones.
    pub changes: Limit,
    /// Most members that one queue loses.
    pub member_removals: Limit,
    /// Count up to which every limit that is not zero is met.
    pub floor: usize,
    /// Place of the limits, if the file sets them.
    pub limits_source: Option<Source>,
    /// True if a difference in an immutable field forces a replacement.
    pub replace_immutable: bool,
    /// True if members are added to queues and never removed.
    pub at_least: bool,
    /// What happens to agents who have left.
    pub leavers: Leavers,
    /// States and steps of the presence guard.
    pub presence: PresencePolicy,
}

impl Policy {
    /// Returns what a queue's list means for other members.
    pub fn mode(&self, queue: &DesiredQueue) -> ListMode {
        let policy = if self.at_least { ListMode::AtLeast } else { ListMode::Exact };
        queue.mode.unwrap_or(policy)
    }
}

/// See `policy.leavers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leavers {
    /// Disables them, and deletes them so many days after their last one.
    Disable {
        /// The days; `None` for never.
        delete_after: Option<u32>,
    },
    /// Deletes them.
    Delete,
    /// Leaves them alone.
    Keep,
}

/// See `policy.prune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Reports them.
    None,
    /// Deletes those that rosterctl made or adopted, by the ledger.
    Owned,
    /// Deletes them all.
    All,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            prune: Prune::None,
            deletes: Limit::Percent(10),
            changes: Limit::Percent(50),
            member_removals: Limit::Percent(30),
            floor: 5,
            limits_source: None,
            replace_immutable: false,
            at_least: false,
            leavers: Leavers::Disable { delete_after: None },
            presence: PresencePolicy::default(),
        }
    }
}

/// The whole of `rosterctl.yaml`.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its name.
    pub name: Arc<str>,
    /// Files and folders of manifests, with their places.
    pub manifests: Vec<(Arc<str>, Source)>,
    /// Connections, by name.
    pub connections: Vec<Connection>,
    /// Stores, by name.
    pub stores: BTreeMap<Arc<str>, Store>,
    /// The ledger's settings.
    pub ledger: Settings,
    /// Limits and permissions of one run.
    pub policy: Policy,
    /// The part of the tenant that it manages.
    pub scope: Scope,
    /// The zone of all dates, if the file names it.
    pub time_zone: Option<Zone>,
    /// How many days `validate` and `calendar` look ahead.
    pub horizon: u32,
    /// The language of what people read, if the file names it.
    pub language: Option<Language>,
    /// Every connector's description.
    pub specs: Vec<&'static Spec>,
}

impl Workspace {
    /// Returns the connection of a provider, if there is one.
    pub fn connection(&self, provider: &str) -> Option<&Connection> {
        self.connections.iter().find(|c| c.spec.name == provider)
    }

    /// Returns the connection that holds a kind of resources, if there is one.
    pub fn connection_of_kind(&self, kind: Kind) -> Option<&Connection> {
        self.connections.iter().find(|c| c.spec.holds(kind))
    }

    /// Returns what its connections can do with each kind.
    pub fn supports(&self) -> Supports {
        Supports::new(self.connections.iter().flat_map(|connection| connection.spec.supports.iter().copied()))
    }
}

/// Returns the storage location of a secret as far as the settings tell. Two stores may share a location.
pub fn place(stores: &BTreeMap<Arc<str>, Store>, store: &str, key: &str) -> String {
    let Some(declared) = stores.get(store) else { return format!("{store} {key}") };
    let text = |setting: &str| declared.settings.text(setting).unwrap_or_default();
    let path = declared.place.as_deref().unwrap_or(text("path"));
    let joined = |parts: &[&str]| {
        let parts = parts.iter().flat_map(|part| part.split('/'));
        parts.filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
    };
    match declared.kind {
        "env" => format!("env {}{key}", text("prefix")),
        "dir" => format!("dir {}", joined(&[path, key])),
        // One file under two store names. `/` in a key walks nested maps.
        "sops" | "age" => format!("{} {} {key}", declared.kind, joined(&[path])),
        // One command under two store names: the last part of its path identifies a program.
        "exec" => {
            let command = declared.settings.texts("get").join("\0").replace("{key}", key);
            let (program, rest) = command.split_once('\0').unwrap_or((&command, ""));
            format!("exec {}\0{rest}", program.rsplit('/').next().unwrap_or(program))
        }
        "vault" => {
            let (name, field) = key.split_once('#').unwrap_or((key, "value"));
            let path = joined(&[text("mount"), text("path"), name]);
            let address = text("address").trim_end_matches('/').to_ascii_lowercase();
            format!("vault {} {path}#{field}", address.strip_suffix(":443").unwrap_or(&address))
        }
        _ => format!("{store} {key}"),
    }
}
