//! The ledger: last set values of unread fields, the number of each queue, and the owned resources.
//!
//! Losing it loses no roster.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::codec;
use super::field::{Field, Record};
use super::history::HistoryHead;
use super::id::ResourceId;
use super::identity::{Identity, Tenant};
use super::secret::SecretRef;
use super::value::Value;

/// The version of the ledger's format that this program writes.
pub const VERSION: u32 = 2;

/// The ledger of a workspace. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ledger {
    /// `rosterctl.ledger`.
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The name of its workspace; missing if an older rosterctl wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The number of writes.
    pub serial: u64,
    /// The end of the last run that left nothing to do, as a UTC timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_clean_run: Option<String>,
    /// The instant at which the last complete run resolved the manifests, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_instant: Option<String>,
    /// The instants of runs since then that carried out a part, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
    /// The tenant of each connection, by provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tenants: BTreeMap<String, Tenant>,
    /// The applied state, by resource.
    pub resources: BTreeMap<String, LedgerEntry>,
    /// The backups of agents with an unfinished replacement, by resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, ReplacementBackup>,
    /// The queue creations without a response, each with a time in milliseconds since 1970 UTC.
    ///
    /// Until then the vendor may still complete it, and no run sends it again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub awaited: BTreeMap<String, i64>,
    /// The busy agents that the last run skipped, with their states, by waiting resource.
    ///
    /// They are not part of the entries, because a mark makes no resource owned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<String, BTreeMap<String, String>>,
    /// The newest record of the history; missing before the first run that wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryHead>,
    /// The place that this ledger was copied to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_to: Option<String>,
}

/// A backup of an agent, made before the delete of its replacement.
///
/// It is written before the delete, so that a later run can restore it whatever the outcome of that run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplacementBackup {
    /// The values in the manifest's words, by field; never a password.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Json>,
    /// The values of the fields that forced the replacement: an agent that still holds them was not deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub was: BTreeMap<String, Json>,
    /// Its priority in queues that it returned to, by the vendor's number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queues: BTreeMap<String, i64>,
}

/// The applied state of one resource.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, left out of the file while false"
)]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerEntry {
    /// The values in the manifest's words, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Json>,
    /// The vendor's number of a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exten: Option<String>,
    /// True if no listing has shown the queue since its creation: it is not created again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// True if no manifest declared the queue in the last clean run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub let_go: bool,
    /// The vendor's own identity of the agent.
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    pub identity: Identity,
    /// The time of rosterctl's last write, in seconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<i64>,
    /// True if the number belongs to another agent since the last clean run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub succeeded: bool,
    /// True if the manifest protected the agent in the last run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
    /// True if the agent is disabled because it left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// The fields in this entry that no manifest held in the last clean run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub released: BTreeSet<String>,
    /// The password that rosterctl set, with its version if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<AppliedPassword>,
    /// The unread fields that a call without a response set: they are set again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unconfirmed: BTreeSet<String>,
    /// The values that a replacement sent and the vendor did not accept: it is not repeated for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_taken: BTreeMap<String, Json>,
    /// The reference at adoption, for a password that rosterctl did not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_seen: Option<SeenPassword>,
    /// A generated password in a store that the vendor has not accepted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_made: Option<MadePassword>,
}

/// The place of a generated password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MadePassword {
    /// The store.
    pub store: String,
    /// The key.
    pub key: String,
}

impl MadePassword {
    /// Returns the place of a secret.
    pub fn from_ref(secret: &SecretRef) -> Self {
        Self { store: secret.store.to_string(), key: secret.key.to_string() }
    }
}

/// The known facts about a password that rosterctl set; never the password or a plain digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliedPassword {
    /// The `version` of the reference when it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The keyed fingerprint of the password, if `ledger.fingerprintKey` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The store that it came from; missing if an older rosterctl set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The key in that store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The manifest's reference to a password that rosterctl has not set.
///
/// A higher `version` asks for a rotation, although the current password is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenPassword {
    /// The `version` of the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            format: "rosterctl.ledger".to_owned(),
            version: VERSION,
            workspace: None,
            serial: 0,
            last_clean_run: None,
            last_instant: None,
            tried: Vec::new(),
            tenants: BTreeMap::new(),
            resources: BTreeMap::new(),
            kept: BTreeMap::new(),
            awaited: BTreeMap::new(),
            waiting: BTreeMap::new(),
            history: None,
            copied_to: None,
        }
    }
}

impl LedgerEntry {
    /// Returns the entry as JSON without its password's fingerprint, for other programs.
    pub fn without_fingerprint(&self) -> Json {
        let mut entry = self.clone();
        if let Some(password) = &mut entry.password {
            password.fingerprint = None;
        }
        serde_json::to_value(entry).unwrap_or_default()
    }

    /// Returns the applied value of a field; `None` also if this version cannot parse it.
    pub fn value(&self, field: &Field) -> Option<Value> {
        codec::from_json(field, self.fields.get(field.key)?).ok()?
    }
}

impl Ledger {
    /// Returns the instant of the last complete run, in RFC 3339; its end, if the manifests held no date then.
    pub fn last_instant(&self) -> Option<&str> {
        self.last_instant.as_deref().or(self.last_clean_run.as_deref())
    }

    /// Returns the instants of the last complete run and of those since that carried out a part; none without such a run.
    pub fn runs(&self) -> Vec<Timestamp> {
        let Some(last) = self.last_instant().and_then(|last| last.parse().ok()) else { return Vec::new() };
        let tried = self.tried.iter().filter_map(|at| at.parse().ok());
        std::iter::once(last).chain(tried.filter(|at| *at > last)).collect()
    }

    /// Returns the entry of a resource.
    pub fn get(&self, id: &ResourceId) -> Option<&LedgerEntry> {
        // In a first run there are no entries, and no id needs to be formatted.
        if self.resources.is_empty() {
            return None;
        }
        self.resources.get(&id.key())
    }

    /// Returns true if rosterctl created or adopted a resource.
    pub fn owns(&self, id: &ResourceId) -> bool {
        self.get(id).is_some()
    }

    /// Returns the entry of the agent that has a number now; `None` for another agent.
    pub fn agent(&self, id: &ResourceId, live: &Record) -> Option<&LedgerEntry> {
        self.get(id).filter(|known| !known.identity.is_another(live.identity()))
    }

    /// Returns true if rosterctl owns the agent that has a number now.
    pub fn owns_agent(&self, id: &ResourceId, live: &Record) -> bool {
        self.agent(id, live).is_some_and(|known| !known.succeeded)
    }

    /// Returns the entries of queues, each with its id.
    pub fn queues(&self) -> impl Iterator<Item = (ResourceId, &LedgerEntry)> {
        const QUEUES: &str = "queue/";
        let entries = self.resources.range(QUEUES.to_owned()..);
        let entries = entries.take_while(|(key, _)| key.starts_with(QUEUES));
        entries.filter_map(|(key, entry)| Some((ResourceId::parse(key)?, entry)))
    }
}
