//! The plan: the changes, their calls in order, and the findings that no call can remedy.
//!
//! It is data: printed, saved, compared. It holds no secret, only names of secrets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::difference::fields;
use super::field::{Entry, Field, by_key};
use super::finding::Finding;
use super::id::{OperatorId, ResourceId};
use super::identity::Identity;
use super::last_change::LastChanged;
use super::queue::ASSIGN_MEMBERS;
use super::reason::{ChangeReason, FieldReason, SpelledReason, SpelledWait};
use super::rule::Effect;
use super::secret::{Secret, SecretRef};
use super::source::Source;
use super::value::{Members, Value};
use super::{codec, digest};

pub use super::operation::{Operation, Verb};
pub use super::step::{Step, StepId};

/// The value of `format` of a plan.
pub const FORMAT: &str = "rosterctl.plan/v1";

/// The action on a resource.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Create,
    /// Some of its fields change.
    Update,
    /// It is deleted and made again.
    Replace,
    /// It is deleted.
    Delete,
}

impl Action {
    /// Returns the mark before its line: `+`, `~`, `-/+`, `-`.
    pub fn mark(self) -> &'static str {
        match self {
            Action::Create => "+",
            Action::Update => "~",
            Action::Replace => "-/+",
            Action::Delete => "-",
        }
    }
}

/// Which side moved since the last apply.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Moved")]
pub enum ChangeOrigin {
    /// The live side changed.
    Live,
    /// The manifest changed.
    Manifest,
    /// Both.
    Both,
    /// Neither: what is wanted changed with time, since the ledger's last run.
    Date,
    /// The ledger does not tell.
    Unknown,
}

/// The change of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which resource.
    pub id: ResourceId,
    /// The action.
    pub action: Action,
    /// Its name for people, where the id is no name: an agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which side moved.
    pub moved: ChangeOrigin,
    /// The vendor's number of a queue, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exten: Option<String>,
    /// The vendor's own identity of an agent that is there.
    #[serde(default, skip_serializing_if = "Identity::is_unknown")]
    pub identity: Identity,
    /// The manifest protects the agent that is made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
    /// The agent has left: its date disables it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave: bool,
    /// The reason, where the fields do not tell it.
    #[serde(flatten, serialize_with = "ChangeReason::serialize", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpelledReason>")]
    pub reason: Option<ChangeReason>,
    /// The last change of the live resource, if the live side moved and the vendor tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LastChanged>")]
    pub last_changed: Option<Box<LastChanged>>,
    /// Names of the agents that join or leave the queue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub names: BTreeMap<OperatorId, String>,
    /// Its fields: those that change, or all that is known of it when it is deleted.
    pub fields: Vec<FieldDiff>,
    /// Its place in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Change {
    /// Returns the change of a field.
    pub fn field(&self, field: &Field) -> Option<&FieldDiff> {
        self.fields.iter().find(|diff| diff.field == field)
    }

    /// Returns a queue's members before the change, if it changes them.
    pub fn members_before(&self) -> Option<&Arc<Members>> {
        self.field(&ASSIGN_MEMBERS)?.before.as_ref()?.members()
    }

    /// Returns a queue's members after the change, if it sets them.
    pub fn members_after(&self) -> Option<&Arc<Members>> {
        self.field(&ASSIGN_MEMBERS)?.after.as_ref()?.members()
    }
}

/// One field of a change. Values stand in the manifest's words; a password's are `null`.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldDiff {
    /// Name of the field.
    #[serde(rename = "path")]
    #[schemars(with = "String")]
    pub field: &'static Field,
    /// The live value; `null` when unset, unknown or secret.
    #[schemars(with = "Json")]
    pub before: Option<Value>,
    /// The new value; `null` when unset or secret.
    #[schemars(with = "Json")]
    pub after: Option<Value>,
    /// Which side moved.
    pub moved: ChangeOrigin,
    /// The reason, where the values do not tell it.
    #[serde(default, serialize_with = "FieldReason::serialize", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<FieldReason>,
    /// The vendor cannot edit it: this field forces the replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forces_replacement: bool,
    /// A new password is made and stored, even where the store has one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
    /// Name of the secret that a password comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SecretRef>")]
    pub secret: Option<Arc<SecretRef>>,
    /// Its place in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl FieldDiff {
    /// Returns true if a step that sends `keys` sends the field.
    pub fn is_in(&self, keys: &[&'static str]) -> bool {
        keys.contains(&self.field.key)
    }

    /// Creates a difference without a reason and without a place in a manifest.
    pub fn new(
        field: &'static Field,
        before: Option<Value>,
        after: Option<Value>,
        moved: ChangeOrigin,
    ) -> Self {
        Self {
            field,
            before,
            after,
            moved,
            reason: None,
            forces_replacement: false,
            renew: false,
            secret: None,
            source: None,
        }
    }

    /// Creates the difference between the value before and the value of a manifest.
    pub fn to_entry(before: Option<Value>, entry: Entry<'_>, moved: ChangeOrigin) -> Self {
        let (after, secret) = match entry.value {
            Value::Password(secret) => (None, Some(Arc::clone(secret))),
            value => (Some(value.clone()), None),
        };
        Self { secret, source: entry.source.cloned(), ..Self::new(entry.field, before, after, moved) }
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spelled = SpelledChange::deserialize(deserializer)?;
        let fields = spelled.fields.into_iter().map(|field| field.parse(&spelled.id));
        Ok(Self {
            fields: fields.collect::<Result<_, String>>().map_err(D::Error::custom)?,
            id: spelled.id,
            action: spelled.action,
            title: spelled.title,
            moved: spelled.moved,
            exten: spelled.exten,
            identity: spelled.identity,
            protect: spelled.protect,
            leave: spelled.leave,
            reason: ChangeReason::parse(spelled.reason, spelled.waiting),
            last_changed: spelled.last_changed,
            names: spelled.names,
            source: spelled.source,
        })
    }
}

/// A [`Change`] in its JSON form: its id determines how its fields are parsed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpelledChange {
    id: ResourceId,
    action: Action,
    title: Option<String>,
    moved: ChangeOrigin,
    exten: Option<String>,
    #[serde(default)]
    identity: Identity,
    #[serde(default)]
    protect: bool,
    #[serde(default)]
    leave: bool,
    reason: Option<String>,
    waiting: Option<SpelledWait>,
    last_changed: Option<Box<LastChanged>>,
    #[serde(default)]
    names: BTreeMap<OperatorId, String>,
    fields: Vec<SpelledField>,
    source: Option<Source>,
}

/// A [`FieldDiff`] in its JSON form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpelledField {
    path: String,
    before: Json,
    after: Json,
    moved: ChangeOrigin,
    reason: Option<String>,
    #[serde(default)]
    forces_replacement: bool,
    #[serde(default)]
    renew: bool,
    secret: Option<Arc<SecretRef>>,
    source: Option<Source>,
}

impl SpelledField {
    /// Parses both values. The error names the place and hides the value, which may be personal.
    fn parse(self, id: &ResourceId) -> Result<FieldDiff, String> {
        let path = &self.path;
        let field = by_key(fields(id.kind), path).ok_or_else(|| format!("{id} has no field `{path}`"))?;
        let value = |side: &str, json: &Json| {
            let wrong = |_| format!("`{side}` of `{path}` of {id} is no value of that field");
            codec::from_json(field, json).map_err(wrong)
        };
        Ok(FieldDiff {
            field,
            before: value("before", &self.before)?,
            after: value("after", &self.after)?,
            moved: self.moved,
            reason: self.reason.map(|text| FieldReason::Saved { text }),
            forces_replacement: self.forces_replacement,
            renew: self.renew,
            secret: self.secret,
            source: self.source,
        })
    }
}

/// A rule that was lifted for this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
    /// `deletes`, `changes`, `members` or `presence`.
    pub rule: String,
    /// Up to how many.
    pub up_to: u32,
}

/// Counts of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Resources that are made.
    pub create: usize,
    /// Resources that change.
    pub update: usize,
    /// Resources that are deleted and made again.
    pub replace: usize,
    /// Resources that are deleted.
    pub delete: usize,
    /// Calls that carry the plan out, reading back not counted.
    pub calls: usize,
    /// Their least duration under the rate limits, in seconds, rounded up.
    pub estimated_seconds: u64,
    /// Findings by severity.
    pub findings: FindingCounts,
    /// Resources that are live, by kind.
    pub live: LiveCounts,
}

/// Findings by severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FindingCounts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Infos.
    pub info: usize,
}

/// Numbers of live resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveCounts {
    /// Live agents.
    pub agents: usize,
    /// Live queues.
    pub queues: usize,
    /// Live agents outside the workspace's scope, or ignored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outside_agents: usize,
    /// Live queues outside the workspace's scope, or ignored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outside_queues: usize,
}

impl LiveCounts {
    /// Returns the number of agents that a listing holds.
    pub fn listed_agents(&self) -> usize {
        self.agents + self.outside_agents
    }

    /// Returns the number of queues that a listing holds.
    pub fn listed_queues(&self) -> usize {
        self.queues + self.outside_queues
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Digests that make a saved plan stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Digests {
    /// Of the workspace file and the manifests, SHA-256 in hex.
    pub manifests: String,
    // Computed when a JSON form is due.
    /// Of the plan's own content, SHA-256 in hex; empty until the plan is saved.
    pub plan: String,
    /// HMAC-SHA-256 of that digest in hex, where `ledger.fingerprintKey` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The digest of a plan for another instant than that of its run: it cannot be applied.
pub const FOR_ANOTHER_INSTANT: &str = "for another instant";

/// Signs a plan's digest with the key of the ledger's fingerprints.
pub fn sign(digest: &str, key: &Secret) -> String {
    Secret::new(digest.to_owned()).fingerprint(key, FORMAT)
}

/// A plan. Its JSON form holds its digest, which is computed when it is due.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[schemars(description = "A plan.")]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `rosterctl.plan/v1`.
    pub format: String,
    /// Version of the program that made it.
    pub program: String,
    /// Name of the workspace.
    pub workspace: String,
    /// Counts.
    pub summary: Summary,
    /// The changes, by resource.
    pub changes: Vec<Change>,
    /// By which calls.
    pub steps: Vec<Step>,
    /// Differences that no call remedies.
    pub findings: Vec<Finding>,
    /// Rules that were lifted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowance>,
    /// Fields of unknown value are set, as `--assert-unread` asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assert_unread: bool,
    /// Resources that the run was narrowed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<ResourceId>,
    /// The instant at which its manifests were resolved, with the zone's offset; only with dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The instant of the last complete run, if the plan holds only what dates brought about since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_since: Option<String>,
    /// With dates, the first later moment at which a value in its scope is wanted otherwise.
    #[serde(default)]
    pub good_until: Option<String>,
    /// The digests that make it stale.
    pub digests: Digests,
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digests = Cow::Borrowed(&self.digests);
        if digests.plan.is_empty() {
            digests.to_mut().plan = self.digest();
        }
        let mut plan = serializer.serialize_struct("Plan", 14)?;
        plan.serialize_field("format", &self.format)?;
        plan.serialize_field("program", &self.program)?;
        plan.serialize_field("workspace", &self.workspace)?;
        plan.serialize_field("summary", &self.summary)?;
        plan.serialize_field("changes", &self.changes)?;
        plan.serialize_field("steps", &self.steps)?;
        plan.serialize_field("findings", &self.findings)?;
        if !self.allowed.is_empty() {
            plan.serialize_field("allowed", &self.allowed)?;
        }
        if self.assert_unread {
            plan.serialize_field("assertUnread", &self.assert_unread)?;
        }
        if !self.targets.is_empty() {
            plan.serialize_field("targets", &self.targets)?;
        }
        if let Some(at) = &self.at {
            plan.serialize_field("at", at)?;
            plan.serialize_field("goodUntil", &self.good_until)?;
        }
        if let Some(since) = &self.due_since {
            plan.serialize_field("dueSince", since)?;
        }
        plan.serialize_field("digests", &digests)?;
        plan.end()
    }
}

/// A [`Plan`] with its keys in order, as its digest covers it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InKeyOrder<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allowed: &'a [Allowance],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    assert_unread: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    changes: &'a [Change],
    digests: &'a Digests,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_since: Option<&'a str>,
    findings: &'a [Finding],
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "no key without dates; null if no date comes")]
    good_until: Option<Option<&'a str>>,
    program: &'a str,
    steps: &'a [Step],
    summary: &'a Summary,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    targets: &'a [ResourceId],
    workspace: &'a str,
}

impl Plan {
    /// Returns the digest of the plan's own content: all of it but the digest itself and its signature.
    pub fn digest(&self) -> String {
        let digests = Digests { manifests: self.digests.manifests.clone(), ..Digests::default() };
        digest::canonical(&self.in_key_order(&digests))
    }

    /// Returns the plan with its keys in order, and with other digests.
    fn in_key_order<'a>(&'a self, digests: &'a Digests) -> InKeyOrder<'a> {
        let Plan {
            format,
            program,
            workspace,
            summary,
            changes,
            steps,
            findings,
            allowed,
            assert_unread,
            targets,
            at,
            due_since,
            good_until,
            digests: _,
        } = self;
        InKeyOrder {
            allowed,
            assert_unread: *assert_unread,
            at: at.as_deref(),
            changes,
            digests,
            due_since: due_since.as_deref(),
            findings,
            format,
            good_until: at.as_ref().map(|_| good_until.as_deref()),
            program,
            steps,
            summary,
            targets,
            workspace,
        }
    }

    /// Returns true if there are no changes; there may be findings.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the change of a resource.
    pub fn change(&self, id: &ResourceId) -> Option<&Change> {
        // The planner orders changes by id; a plan from elsewhere may not.
        match self.changes.binary_search_by(|change| change.id.cmp(id)) {
            Ok(at) => self.changes.get(at),
            Err(_) => self.changes.iter().find(|change| change.id == *id),
        }
    }

    /// Returns the change of a queue, if it changes the member list.
    pub fn list_change(&self, id: &ResourceId) -> Option<&Change> {
        self.change(id).filter(|change| change.field(&ASSIGN_MEMBERS).is_some())
    }

    /// Returns true if live state differs from the manifests.
    pub fn differs(&self) -> bool {
        let weighs = |f: &Finding| f.effect() != Effect::None;
        !self.changes.is_empty() || self.findings.iter().any(weighs)
    }

    /// Returns true if some finding has this effect.
    pub fn has(&self, effect: Effect) -> bool {
        self.findings.iter().any(|f| f.effect() == effect)
    }
}
