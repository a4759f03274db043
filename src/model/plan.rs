//! The plan: what will change, by which calls, in which order; and what no call can mend.
//!
//! It is data: printed, saved, compared. It holds no secret, only names of secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::finding::{Effect, Finding, Severity};
use super::id::{OperatorId, ResourceId};
use super::secret::SecretRef;
use super::source::Source;

/// The value of `format` of a plan.
pub const FORMAT: &str = "rosterctl.plan/v1";

/// What happens to a resource.
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
    /// The mark before its line: `+`, `~`, `-/+`, `-`.
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
    /// Somebody changed the live side.
    Live,
    /// Somebody changed the manifest.
    Manifest,
    /// Both.
    Both,
    /// The ledger does not tell.
    Unknown,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which resource.
    pub id: ResourceId,
    /// What happens to it.
    pub action: Action,
    /// What people call it, where its id does not say it: an agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which side moved.
    pub moved: ChangeOrigin,
    /// The vendor's number of a queue, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exten: Option<String>,
    /// Why, where the fields do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What people call the agents that join or leave the queue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub names: BTreeMap<OperatorId, String>,
    /// Its fields: those that change, or all that is known of it when it is deleted.
    pub fields: Vec<FieldDiff>,
    /// Where the manifest asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Change {
    /// A field of the change.
    pub fn field(&self, path: &str) -> Option<&FieldDiff> {
        self.fields.iter().find(|f| f.path == path)
    }
}

/// One field of a change. Values stand in the manifest's words; a password's are `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldDiff {
    /// Name of the field.
    pub path: String,
    /// What it holds now; `null` when unset, unknown or secret.
    pub before: Json,
    /// What it will hold; `null` when unset or secret.
    pub after: Json,
    /// Which side moved.
    pub moved: ChangeOrigin,
    /// Why, where the values do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The vendor cannot edit it: this field forces the replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forces_replacement: bool,
    /// A new password is made and stored, even where the store has one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
    /// Name of the secret that a password comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretRef>,
    /// Where the manifest says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// What a step calls.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum Operation {
    /// Make an agent, or a run of them.
    #[serde(rename = "agent.create")]
    AgentCreate,
    /// Change fields of an agent.
    #[serde(rename = "agent.edit")]
    AgentEdit,
    /// Set an agent's password.
    #[serde(rename = "agent.password")]
    AgentPassword,
    /// Delete agents.
    #[serde(rename = "agent.delete")]
    AgentDelete,
    /// Make a queue.
    #[serde(rename = "queue.create")]
    QueueCreate,
    /// Replace a queue's member list.
    #[serde(rename = "queue.members")]
    QueueMembers,
    /// Store a generated password.
    #[serde(rename = "secret.put")]
    SecretPut,
}

impl Operation {
    /// The word in plans and results.
    pub fn word(self) -> &'static str {
        match self {
            Operation::AgentCreate => "agent.create",
            Operation::AgentEdit => "agent.edit",
            Operation::AgentPassword => "agent.password",
            Operation::AgentDelete => "agent.delete",
            Operation::QueueCreate => "queue.create",
            Operation::QueueMembers => "queue.members",
            Operation::SecretPut => "secret.put",
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `s1`, `s2`, … in an order that can be followed one by one.
    pub id: String,
    /// What is called.
    pub operation: Operation,
    /// Which resources it touches.
    pub targets: Vec<ResourceId>,
    /// Steps that must be done first.
    pub after: Vec<String>,
    /// Fields that it sends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// A new secret is made, even where the store has one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
    /// It only takes the SIP account from the agent, whose number another step of the plan binds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbind: bool,
    /// The member list that it sends, where it is not the one that the change ends with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Member>>,
    /// Members that it sends along although they are no agents, whom no manifest asks for: the vendor may leave
    /// them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub strangers: Vec<OperatorId>,
}

/// A member of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The agent's number.
    #[schemars(with = "String")]
    pub agent_number: OperatorId,
    /// Priority.
    pub priority: i64,
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
    /// How long they take at least under the rate limits, in seconds, rounded up.
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

/// How many resources are live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LiveCounts {
    /// Live agents.
    pub agents: usize,
    /// Live queues.
    pub queues: usize,
}

/// What makes a saved plan stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Digests {
    /// Of the workspace file and the manifests, SHA-256 in hex.
    pub manifests: String,
    /// Of the plan's own content, SHA-256 in hex; empty until the plan is saved.
    pub plan: String,
    /// HMAC-SHA-256 of that digest in hex, where `ledger.fingerprintKey` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// What happens to which resource.
    pub changes: Vec<Change>,
    /// By which calls.
    pub steps: Vec<Step>,
    /// What no call can mend.
    pub findings: Vec<Finding>,
    /// Rules that were lifted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowance>,
    /// Resources that the run was narrowed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<ResourceId>,
    /// What makes it stale.
    pub digests: Digests,
}

impl Plan {
    /// Whether there is nothing to do; findings may still stand.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change of a resource.
    pub fn change(&self, id: &ResourceId) -> Option<&Change> {
        // The planner orders them by id; a plan that comes from elsewhere need not be.
        match self.changes.binary_search_by(|change| change.id.cmp(id)) {
            Ok(at) => self.changes.get(at),
            Err(_) => self.changes.iter().find(|change| change.id == *id),
        }
    }

    /// Whether live differs from the manifests.
    pub fn differs(&self) -> bool {
        let weighs = |f: &Finding| f.severity != Severity::Info;
        !self.changes.is_empty() || self.findings.iter().any(weighs)
    }

    /// Whether some finding has this effect.
    pub fn has(&self, effect: Effect) -> bool {
        self.findings.iter().any(|f| f.effect() == effect)
    }
}
