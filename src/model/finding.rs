//! Findings: differences that no step can remedy, or must not.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::call::Reason;
use super::difference::Difference;
use super::id::{OperatorId, ResourceId};
use super::last_change::LastChanged;
use super::message::{Argument, ReadMessage as _, Rewrite, Word, WrittenMessage, messages, plain};
use super::objection::IdObjection;
use super::outlook::Ahead;
use super::presence::{Disruption, Objection};
use super::rule::{Effect, INCOMPLETE, Rule, Severity, rule};
use super::source::Source;
use super::unread::ListingDoubt;
use crate::model::language::Localized;

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code, `R…`.
    pub code: String,
    /// The severity.
    pub severity: Severity,
    /// The difference.
    pub what: FindingKind,
    /// The resource.
    pub id: Option<ResourceId>,
    /// The resource's place in a manifest.
    pub source: Option<Source>,
    /// The reason why a system returned no usable response, if the finding is about that.
    pub reason: Option<Reason>,
    /// The last change of a resource that differs, if the vendor tells it.
    pub last_changed: Option<Box<LastChanged>>,
}

messages! {
    /// The difference, without its resource. Its sentence names the cause and a remedy.
    read FindingKind {
        /// A field that the vendor cannot edit differs.
        Immutable { difference: Difference },
        /// Fields that no operation returns are not in the ledger.
        Unread { fields: Vec<Word>, editable: Vec<Word>, agents: usize },
        /// A field of a voice seat differs.
        SeatDiffers { difference: Difference },
        /// The password of a voice seat is not the one in its store.
        SeatPasswordDiffers,
        /// The vendor returns no password of a voice seat, and the manifest names one.
        SeatPasswordUntold,
        /// A declared voice seat is not live.
        SeatMissing,
        /// The password of a voice seat could not be compared.
        SeatPasswordUnknown { why: Localized },
        /// A password that is set is no longer in its store.
        SecretGone { place: String },
        /// Passwords were set without a fingerprint.
        Unprinted { agents: Vec<OperatorId>, more: usize },
        /// A declared agent belongs to another company.
        ForeignAgent { queues: Vec<ResourceId> },
        /// A declared agent is live outside the scope.
        OutsideAgent { queues: Vec<ResourceId> },
        /// A declared queue is live outside the scope, under this name.
        OutsideQueue { exten: Word, live: String },
        /// A new resource would be outside the scope, for the lack of a value.
        CreatedOutside { key: Word },
        /// An agent cannot be deleted, or deleted and created `again`: queues outside the scope hold it.
        HeldOutside { queues: Vec<ResourceId>, again: bool },
        /// Members of a queue are outside the scope.
        KeptMembers { members: Vec<OperatorId>, more: usize },
        /// A queue names an agent that is live outside the scope.
        OutsideMember { member: OperatorId },
        /// Another agent holds the SIP number.
        SipHeld { number: String, holder: OperatorId },
        /// The vendor hides a part of fields.
        Masked { fields: Vec<Word>, agents: usize },
        /// A replacement would lose fields that the vendor hides in part.
        MaskedReplace { fields: Vec<Word> },
        /// A live agent is in no manifest. `unspeakable` says why no manifest may name it.
        UnmanagedAgent { name: Option<String>, unspeakable: Option<IdObjection> },
        /// A live queue is in no manifest.
        UnmanagedQueue { exten: Word },
        /// A live voice seat is in no manifest.
        UnmanagedSeat { name: Option<String> },
        /// Members of a queue whose list is written are no agents.
        UnknownMembers { members: Vec<OperatorId> },
        /// A field left the manifests.
        Released { field: Word, resources: Vec<Holder>, more: usize },
        /// The number of a known agent belongs to another agent now.
        Succeeded { name: Option<String> },
        /// Several live queues have one name.
        Ambiguous { name: String, extens: Vec<Word> },
        /// Two declared queues are one live queue.
        ClaimedTwice { exten: Word, first: ResourceId },
        /// The name finds one live queue, and the ledger or the former name another one.
        TwoQueues { named: Word, known: Word, name: String, was: bool },
        /// No live queue has the pinned number.
        MissingExten { exten: Word },
        /// A queue names an agent that is neither declared nor live.
        UnknownMember { member: OperatorId, near: Option<OperatorId> },
        /// The `queues` of an agent name a queue that is neither declared nor live.
        UnknownQueue { near: Option<String> },
        /// An agent would be created without a role.
        NoRole { again: bool },
        /// An agent was deleted in the console, and a creation would need a role.
        DeletedInConsole { name: Option<String>, queues: Vec<ResourceId> },
        /// A queue names an agent that the plan deletes.
        LeavingMember { member: OperatorId },
        /// A queue was renamed in the console.
        RenamedInConsole { exten: Word, live: String },
        /// A queue was renamed in the manifest, and not yet in the console.
        RenamedInManifest { exten: Word, live: String, declared: String },
        /// Queues left the manifests and are not known to be gone.
        LeftQueues { left: Vec<Numbered>, more: usize },
        /// Queues left the manifests and are not known to be gone; the vendor can delete queues.
        LeftDeletable { left: Vec<Numbered>, more: usize },
        /// The name of a new queue looks like another one.
        Lookalike { name: String, other: String },
        /// A created queue is in no listing yet.
        Pending { exten: Word, known: ResourceId },
        /// A rotation would overwrite a secret that is not known to be the agent's own.
        ForeignSecret { place: String, why: ForeignSecret },
        /// The name of a new queue holds a character that cannot be seen.
        InvisibleName { name: String },
        /// Another workspace of the tenant declares a resource that would be deleted.
        Elsewhere { workspace: String },
        /// Every live agent would be deleted.
        AllDeleted { count: usize, of: usize },
        /// More agents would be deleted than the limit allows.
        TooManyDeletes { count: usize, of: usize, limit: String },
        /// Every live queue would be deleted.
        AllQueuesDeleted { count: usize, of: usize },
        /// More queues would be deleted than the limit allows.
        TooManyQueueDeletes { count: usize, of: usize, limit: String },
        /// More resources would be changed than the limit allows.
        TooManyChanges { count: usize, of: usize, limit: String },
        /// A queue would lose more members than the limit allows.
        TooManyLeave { count: usize, of: usize, limit: String },
        /// A protected agent would be deleted, or deleted and created `again`. `remembered`: the manifest no longer
        /// protects it, the ledger does.
        Protected { again: bool, remembered: bool },
        /// A queue would keep too few members.
        TooFewMembers { left: usize, minimum: usize },
        /// The voice seat of an agent that would be deleted had calls.
        RecentCalls { seat: ResourceId, calls: u64, connected: u64, days: u32 },
        /// A system cannot be asked about an agent that the plan disrupts.
        Unasked { disruption: Disruption, system: Word, states: Vec<Word> },
        /// A busy agent was left alone.
        AtWork { disruption: Disruption, why: Objection, waited: Option<Duration> },
        /// The listing of agents is not proved complete.
        AgentsIncomplete { doubt: ListingDoubt },
        /// The listing of queues is not proved complete.
        QueuesIncomplete { doubt: ListingDoubt },
        /// The listing of voice seats is not proved complete.
        SeatsIncomplete { doubt: ListingDoubt },
        /// The voice seats could not be read.
        SeatsUnread { why: Localized },
        /// A live agent is before its `from`.
        NotYet { date: String },
        /// Dates could be folded into the base.
        Over { count: usize },
        /// A due value is neither the one before nor the one after. `member`: of a list of members.
        DueLeft { field: Word, member: Option<OperatorId> },
        /// A rule breaks at a later moment.
        Ahead { at: String, what: Ahead },
        /// A sentence of a plan that was saved without arguments, or by another version.
        Saved { message: String },
    }
}

/// A resource, and the short value that it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The resource.
    pub id: ResourceId,
    /// The value; `None` when it is unset, long or personal.
    pub value: Option<Word>,
}

/// A queue, and the vendor's number of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// The queue.
    pub id: ResourceId,
    /// Its number.
    pub exten: Word,
}

plain!(Holder, Numbered);

/// The reason why a rotation must not overwrite a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForeignSecret {
    /// Another agent uses its key.
    SharedWith(OperatorId),
    /// The live password came from another place.
    CameFrom(String),
    /// The ledger does not know the source of the live password.
    OriginUnknown,
    /// rosterctl has not set the live password.
    NeverSet,
}

impl Argument for ForeignSecret {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        if let ForeignSecret::CameFrom(place) = self {
            place.rewrite(with);
        }
    }
}

impl FindingKind {
    /// Returns the limit that the finding holds against, and the number that would lift it for one run.
    pub fn limit(&self) -> Option<(&'static str, usize)> {
        match self {
            FindingKind::AllDeleted { count, .. }
            | FindingKind::AllQueuesDeleted { count, .. }
            | FindingKind::TooManyDeletes { count, .. }
            | FindingKind::TooManyQueueDeletes { count, .. } => Some(("deletes", *count)),
            FindingKind::TooManyChanges { count, .. } => Some(("changes", *count)),
            FindingKind::TooManyLeave { count, .. } => Some(("members", *count)),
            _ => None,
        }
    }
}

impl Finding {
    /// Creates a finding of a rule.
    pub fn new(rule: &Rule, what: FindingKind) -> Self {
        Self {
            code: rule.code.to_owned(),
            severity: rule.severity,
            what,
            id: None,
            source: None,
            reason: (rule.code == INCOMPLETE.code).then_some(Reason::Incomplete),
            last_changed: None,
        }
    }

    /// Sets the resource.
    #[must_use]
    pub fn about(mut self, id: &ResourceId) -> Self {
        self.id = Some(id.clone());
        self
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// Lowers it to a warning: its resource is left out of the plan, and stops no other.
    #[must_use]
    pub fn left_out(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Sets the reason why a system returned no usable response.
    #[must_use]
    pub fn because(mut self, reason: Option<Reason>) -> Self {
        self.reason = reason;
        self
    }

    /// Returns the effect on a run.
    pub fn effect(&self) -> Effect {
        match rule(&self.code).map_or(Effect::None, |rule| rule.effect) {
            Effect::Invalid if self.severity == Severity::Warning => Effect::Partial,
            effect => effect,
        }
    }
}

/// One finding.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SpelledFinding {
    /// Stable code, `R…`.
    code: String,
    /// Its weight.
    severity: Severity,
    /// The fact, the reason why no step remedies it, and the remedy: in English.
    message: String,
    /// Which sentence it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// The arguments of the sentence, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    args: Option<serde_json::Map<String, Json>>,
    /// The resource it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<ResourceId>,
    /// Its place in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    /// The reason of an unusable response, where the finding is about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// The last change of the live resource, where the vendor tells it: of a voice seat that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LastChanged>")]
    last_changed: Option<Box<LastChanged>>,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let (kind, args) = match (&self.what, serde_json::to_value(&self.what).map_err(S::Error::custom)?) {
            (FindingKind::Saved { .. }, _) => (None, None),
            (_, mut what) => (
                what["kind"].as_str().map(str::to_owned),
                Some(what["args"].as_object_mut().map(std::mem::take).unwrap_or_default()),
            ),
        };
        let spelled = SpelledFinding {
            code: self.code.clone(),
            severity: self.severity,
            message: self.to_string(),
            kind,
            args,
            id: self.id.clone(),
            source: self.source.clone(),
            reason: self.reason,
            last_changed: self.last_changed.clone(),
        };
        spelled.serialize(out)
    }
}

impl<'de> Deserialize<'de> for Finding {
    /// Parses a finding. A sentence without arguments, or with another version's, is [`FindingKind::Saved`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spelled = SpelledFinding::deserialize(deserializer)?;
        let written =
            spelled.kind.map(|kind| WrittenMessage { kind, args: spelled.args.unwrap_or_default() });
        let what = written.and_then(|written| FindingKind::read(written).ok());
        Ok(Self {
            code: spelled.code,
            severity: spelled.severity,
            what: what.unwrap_or(FindingKind::Saved { message: spelled.message }),
            id: spelled.id,
            source: spelled.source,
            reason: spelled.reason,
            last_changed: spelled.last_changed,
        })
    }
}

impl JsonSchema for Finding {
    fn schema_name() -> Cow<'static, str> {
        "Finding".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        SpelledFinding::json_schema(generator)
    }
}
