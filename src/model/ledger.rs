//! What rosterctl applied last: the fields that no operation returns, the number of each queue, and
//! what it owns. Losing it loses no roster.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::codec;
use super::field::{Field, Record};
use super::id::ResourceId;
use super::identity::{Identity, Tenant};
use super::secret::SecretRef;
use super::value::Value;

/// Version of the ledger's form that this program writes.
pub const VERSION: u32 = 2;

/// The ledger of a workspace. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ledger {
    /// `rosterctl.ledger`.
    pub format: String,
    /// Version of the form.
    pub version: u32,
    /// Name of the workspace that it is of; unsaid until it is written again by a rosterctl that tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Counts the writes.
    pub serial: u64,
    /// End of the last run that left nothing to do, as a UTC timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_clean_run: Option<String>,
    /// The tenant that each connection leads to, by provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tenants: BTreeMap<String, Tenant>,
    /// What was applied, by resource.
    pub resources: BTreeMap<String, LedgerEntry>,
    /// What agents had that are being deleted and made again, until they have it back; by resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, ReplacementBackup>,
    /// Queues that a run asked for without an answer, and until when the vendor may still make them, in
    /// milliseconds since 1970 UTC: before that nobody asks for them again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub awaited: BTreeMap<String, i64>,
    /// Agents at work that the last run left alone, each with its state, by the resource that waits for them. They
    /// stand beside the entries, since a mark makes nothing owned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<String, BTreeMap<String, String>>,
}

/// What an agent had before it was deleted to be made again. It is written down before the deletion, so that
/// whatever becomes of that run, a later one can give it back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplacementBackup {
    /// Values in the manifest's words, by field; never a password.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Json>,
    /// What it held in the fields that forced the replacement: while it holds that, it was not deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub was: BTreeMap<String, Json>,
    /// Its priority in queues that it came back to, by the vendor's number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queues: BTreeMap<String, i64>,
}

/// What was applied to one resource.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, left out of the file while false"
)]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerEntry {
    /// Values in the manifest's words, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Json>,
    /// The vendor's number of a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exten: Option<String>,
    /// No listing has shown the queue since its creation was answered: it is never asked for again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// No manifest declared the queue in the last clean run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub let_go: bool,
    /// The vendor's own identity of the agent.
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    pub identity: Identity,
    /// Since the last clean run another agent has the number than the one known before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub succeeded: bool,
    /// The manifest protected the agent in the last run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
    /// Fields known here that no manifest held in the last clean run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub released: BTreeSet<String>,
    /// The password was set by rosterctl, with this version where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<AppliedPassword>,
    /// Fields that no operation returns and that a call set whose answer was not heard: they are set again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unconfirmed: BTreeSet<String>,
    /// Values that a replacement asked for and that the vendor did not take: it is not made again for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_taken: BTreeMap<String, Json>,
    /// The password was not set by rosterctl: what the manifest said of it when the agent was adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_seen: Option<SeenPassword>,
    /// A password that was made for the agent in a store and that the vendor has not accepted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_made: Option<MadePassword>,
}

/// Where a password lies that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MadePassword {
    /// Its store.
    pub store: String,
    /// Its key.
    pub key: String,
}

impl MadePassword {
    /// The place of a secret.
    pub fn from_ref(secret: &SecretRef) -> Self {
        Self { store: secret.store.to_string(), key: secret.key.to_string() }
    }
}

/// What is known of a password that rosterctl set; never the password nor a plain digest of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliedPassword {
    /// `version` of the reference when it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Keyed fingerprint of the password, where `ledger.fingerprintKey` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Store that it came from; unsaid by a rosterctl that did not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Key in that store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a manifest said of a password that rosterctl has not set: raising `version` from there asks for a rotation,
/// although nobody knows what the password is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenPassword {
    /// `version` of the reference.
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
            tenants: BTreeMap::new(),
            resources: BTreeMap::new(),
            kept: BTreeMap::new(),
            awaited: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }
}

impl LedgerEntry {
    /// Returns the entry as JSON without the fingerprint of its password, for others to read.
    pub fn without_fingerprint(&self) -> Json {
        let mut entry = self.clone();
        if let Some(password) = &mut entry.password {
            password.fingerprint = None;
        }
        serde_json::to_value(entry).unwrap_or_default()
    }

    /// Returns the value that was applied to a field; none too where this rosterctl cannot read it.
    pub fn value(&self, field: &Field) -> Option<Value> {
        codec::from_json(field, self.fields.get(field.key)?).ok()?
    }
}

impl Ledger {
    /// What was applied to a resource.
    pub fn get(&self, id: &ResourceId) -> Option<&LedgerEntry> {
        // In a first run there is nothing, and no id has to be spelled.
        if self.resources.is_empty() {
            return None;
        }
        self.resources.get(&id.key())
    }

    /// Returns true if rosterctl created or adopted a resource.
    pub fn owns(&self, id: &ResourceId) -> bool {
        self.get(id).is_some()
    }

    /// Returns what was applied to the agent that has a number now; `None` for another agent than the known one.
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
