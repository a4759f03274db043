//! Status: every agent across all systems, one row per agent.
//!
//! Input: desired state, live state, presence, and the systems that returned no data. Output: rows, and from them
//! text, CSV or JSON. If a system answers without an agent, the agent's cell is empty. If a system returns no data,
//! the cell is unknown (`?`, and the system's name under `unknown`).

mod csv;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

pub use self::csv::csv;
pub use self::table::table;
use crate::config::settings::Spec;
use crate::messages::Message as _;
use crate::model::agent::{ENABLED, MAIN_SKILL_GROUP, NAME};
use crate::model::call::Reason;
use crate::model::desired::{Desired, DesiredAgent};
use crate::model::field::{Field, Record};
use crate::model::id::{Kind, OperatorId};
use crate::model::language::{Localized, localized};
use crate::model::live::{Listing, Live, LiveSeats};
use crate::model::presence::{GapReason, Presence, PresenceReport, State};
use crate::model::seat::{self, Figures};
use crate::model::value::{Members, Value};

/// The value of `format` of a status.
pub const FORMAT: &str = "rosterctl.status/v1";

/// A part of the status that a system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The agents.
    Agents,
    /// The queues.
    Queues,
    /// The calls of voice seats.
    Calls,
    /// The agents that are online.
    Online,
    /// The agents' current activity.
    Activity,
    /// The agents' availability for chats.
    Chat,
}

impl Part {
    const ALL: [Part; 6] =
        [Part::Agents, Part::Queues, Part::Calls, Part::Online, Part::Activity, Part::Chat];

    /// Returns true if a connector says that its system tells the part.
    fn is_of(self, spec: &Spec) -> bool {
        let states: &[State] = match self {
            Part::Agents => return spec.holds(Kind::Agent),
            Part::Queues => return spec.holds(Kind::Queue),
            Part::Calls => return spec.holds(Kind::Seat),
            Part::Online => &[State::Online, State::Offline],
            Part::Activity => &[
                State::OnCall,
                State::WrapUp,
                State::Busy,
                State::Idle,
                State::Resting,
                State::Studying,
                State::SignedOut,
            ],
            Part::Chat => &[State::Claiming, State::NotClaiming],
        };
        states.iter().any(|state| spec.tells(*state))
    }
}

/// The input of a status.
pub struct Sources<'a> {
    /// Name of the workspace.
    pub workspace: &'a str,
    /// The time when the systems were read, as a UTC timestamp.
    pub read: &'a str,
    /// The desired state.
    pub desired: &'a Desired,
    /// The live state; a kind that could not be read is absent.
    pub live: &'a Live,
    /// The presence of agents.
    pub presence: &'a Presence,
    /// The queried connections: connector and name.
    pub asked: &'a [(&'static Spec, Arc<str>)],
    /// Providers that returned no or incomplete live state, and the cause.
    pub failed: &'a [(&'static str, Localized)],
    /// The machine-readable reason of each such failure.
    pub reasons: &'a BTreeMap<&'static str, Reason>,
    /// Live agents that no manifest names and that an apply deletes.
    pub pruned: &'a BTreeSet<OperatorId>,
    /// The agents that the status is limited to.
    pub only: Option<&'a BTreeSet<OperatorId>>,
}

/// The status of every agent across all systems.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `rosterctl.status/v1`.
    pub format: &'static str,
    /// Name of the workspace.
    pub workspace: String,
    /// The time when the systems were read, as a UTC timestamp.
    pub read: String,
    /// The queried systems.
    pub systems: Vec<System>,
    /// One row per agent.
    pub agents: Vec<Row>,
}

/// A queried system.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Its provider.
    pub provider: &'static str,
    /// The parts of the status that it tells.
    #[serde(skip)]
    parts: Vec<Part>,
    /// The connection's name.
    pub connection: String,
    /// True if it answered every question.
    pub complete: bool,
    /// The reason of an incomplete answer, if the system was queried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The data that it did not return, and states that no document explains. Each cause is listed once, with the
    /// number of agents that it affects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Localized>,
}

/// The desired existence of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Configured {
    /// A manifest declares the agent.
    Declared,
    /// A manifest declares that the agent must not exist.
    Absent,
    /// No manifest names the agent.
    Unmanaged,
}

impl Configured {
    /// Returns its word in output.
    pub fn word(self) -> &'static str {
        match self {
            Configured::Declared => "declared",
            Configured::Absent => "absent",
            Configured::Unmanaged => "unmanaged",
        }
    }
}

/// One agent across all systems; unknown values are absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The operator id.
    #[serde(serialize_with = "id")]
    pub operator_id: OperatorId,
    /// The desired existence.
    pub configured: Configured,
    /// True if the system of agents has the agent; `null` when unknown.
    pub live: Option<bool>,
    /// True if the agent is live and an apply deletes it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub to_be_deleted: bool,
    /// Its name, live or otherwise declared.
    pub name: Option<String>,
    /// Its main skill group, live or otherwise declared.
    pub main_skill_group: Option<String>,
    /// True if the agent may sign in.
    pub enabled: Option<bool>,
    /// True if the agent is online.
    pub online: Option<bool>,
    /// The agent's current activity.
    pub state: Option<&'static str>,
    /// The vendor's number of a state that no document lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_detail: Option<String>,
    /// True if the agent takes chats.
    pub claiming: Option<bool>,
    /// The clients on which the agent takes chats: `desktop`, `app`, `desktop and app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_on: Option<String>,
    /// The live queues that the agent is a member of.
    pub queues: Vec<String>,
    /// Calls of the agent's voice seats.
    pub calls: Option<Calls>,
    /// Queried systems whose data on the agent is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<&'static str>,
}

impl Status {
    /// Returns the systems that tell a part.
    fn systems_of(&self, part: Part) -> impl Iterator<Item = &System> {
        self.systems.iter().filter(move |system| system.parts.contains(&part))
    }

    /// Returns true if the status has a part.
    fn has(&self, part: Part) -> bool {
        self.systems_of(part).next().is_some()
    }

    /// Returns true if a part of a row is unknown.
    fn is_open(&self, row: &Row, part: Part) -> bool {
        self.systems_of(part).any(|system| row.unknown.contains(&system.provider))
    }
}

impl Row {
    /// Returns true if no manifest and no system knows the agent. False while any system's data is unknown.
    pub fn is_unknown(&self) -> bool {
        self.configured == Configured::Unmanaged
            && self.live != Some(true)
            && self.queues.is_empty()
            && self.online.is_none()
            && self.state.is_none()
            && self.claiming.is_none()
            && self.calls.is_none()
            && self.unknown.is_empty()
    }
}

/// Calls of an agent's voice seats.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// The period in days, ending now.
    pub days: u32,
    /// All calls.
    pub total: u64,
    /// Connected calls.
    pub connected: u64,
    /// The share of connected calls, as the vendor writes it.
    pub connect_rate: Option<Arc<str>>,
    /// Calls that lasted long enough to count.
    pub valid: Option<u64>,
    /// The share of those calls, as the vendor writes it.
    pub valid_rate: Option<Arc<str>>,
    /// The seats' accounts.
    pub seats: Vec<String>,
}

fn id<S: serde::Serializer>(id: &OperatorId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

/// Returns the agents that have a row: declared, live, or members of a queue.
pub fn everybody(desired: &Desired, live: &Live) -> BTreeSet<OperatorId> {
    let declared = desired.agents.iter().filter(|(_, agent)| agent.is_compared()).map(|(id, _)| id.clone());
    let listed = live.agents.iter().flat_map(|listing| listing.items.keys().cloned());
    let outside =
        |id: &OperatorId| live.agents.as_ref().is_some_and(|agents| agents.outside.contains_key(id));
    declared.chain(listed).chain(queues(live).into_keys()).filter(|id| !outside(id)).collect()
}

/// Builds the status.
pub fn build(sources: &Sources<'_>) -> Status {
    let Sources { desired, live, presence, asked, failed, .. } = sources;
    let all = everybody(desired, live);
    let ids = sources.only.unwrap_or(&all);
    let view = View {
        queues: queues(live),
        seats: seats(live.seats.read()),
        days: live.seats.read().map_or(0, |seats| seats.days),
        open: Open::new(presence, failed),
        sources,
    };
    Status {
        format: FORMAT,
        workspace: sources.workspace.to_owned(),
        read: sources.read.to_owned(),
        systems: asked.iter().map(|(spec, name)| system(sources, spec, name, ids)).collect(),
        agents: ids.iter().map(|id| view.row(id, desired.agents.get(id))).collect(),
    }
}

/// Returns the queues of each agent, by name.
fn queues(live: &Live) -> BTreeMap<OperatorId, Vec<String>> {
    let mut queues: BTreeMap<OperatorId, Vec<String>> = BTreeMap::new();
    for queue in live.queues.iter().flat_map(|listing| listing.items.values()) {
        for member in queue.members().into_iter().flat_map(Members::keys) {
            queues.entry(member.clone()).or_default().push(queue.name.to_string());
        }
    }
    queues
}

/// Returns the accounts and call figures of the seats of each work number.
fn seats(seats: Option<&LiveSeats>) -> BTreeMap<&str, (Vec<String>, Figures)> {
    let mut all: BTreeMap<&str, (Vec<String>, Figures)> = BTreeMap::new();
    for (account, live) in seats.iter().flat_map(|seats| &seats.listing.items) {
        if let Some(number) = live.record.text(&seat::EMPLOYEE) {
            let (accounts, figures) = all.entry(number).or_default();
            accounts.push(account.to_string());
            figures.add(&live.figures);
        }
    }
    all
}

/// Systems whose data is unknown.
struct Open<'a> {
    /// Systems that returned no data on one agent.
    one: BTreeSet<(&'static str, &'a OperatorId)>,
    /// Systems that returned no data on any agent that they do not list.
    all: BTreeSet<&'static str>,
}

impl<'a> Open<'a> {
    fn new(presence: &'a Presence, failed: &[(&'static str, Localized)]) -> Self {
        // A system that answers without an agent has no more data on it.
        let gaps: Vec<_> = presence.gaps().iter().filter(|gap| !gap.answered).collect();
        let one = gaps.iter().filter_map(|gap| Some((gap.system, gap.agent.as_ref()?))).collect();
        let all = gaps.iter().filter(|gap| gap.agent.is_none()).map(|gap| gap.system);
        Self { one, all: all.chain(failed.iter().map(|(system, _)| *system)).collect() }
    }

    fn leaves(&self, system: &'static str, agent: &OperatorId) -> bool {
        self.all.contains(system) || self.one.contains(&(system, agent))
    }
}

struct View<'a> {
    sources: &'a Sources<'a>,
    queues: BTreeMap<OperatorId, Vec<String>>,
    seats: BTreeMap<&'a str, (Vec<String>, Figures)>,
    days: u32,
    open: Open<'a>,
}

impl View<'_> {
    fn row(&self, id: &OperatorId, declared: Option<&DesiredAgent>) -> Row {
        let Sources { live, presence, asked, .. } = self.sources;
        let listing = live.agents.as_ref();
        let record = listing.and_then(|listing| listing.items.get(id));
        let by = |part: Part| {
            let systems = asked.iter().filter(move |(spec, _)| part.is_of(spec));
            systems.flat_map(|(spec, _)| presence.by(id, spec.name))
        };
        let online = flag(by(Part::Online), State::Online, State::Offline);
        let doing = by(Part::Activity).next();
        let claiming = flag(by(Part::Chat), State::Claiming, State::NotClaiming);
        let claim = by(Part::Chat).find(|said| said.state == State::Claiming);
        let unlisted =
            |system: &'static str| presence.by(id, system).any(|said| said.state == State::Unknown);
        let detail = |said: Option<&PresenceReport>| said?.detail.as_ref().map(ToString::to_string);
        let calls =
            self.seats.get(id.as_str()).map(|(accounts, figures)| calls(accounts, figures, self.days));
        let is_told = |part: Part| match part {
            Part::Agents => record.is_some(),
            Part::Queues => false,
            Part::Calls => calls.is_some(),
            Part::Online => online.is_some(),
            Part::Activity => doing.is_some(),
            Part::Chat => claiming.is_some(),
        };
        // The queues of an agent are told as a whole: beside another part of the system they leave nothing open.
        let told = |spec: &Spec| {
            let parts = || Part::ALL.into_iter().filter(|part| *part != Part::Queues && part.is_of(spec));
            parts().next().is_some() && parts().all(is_told)
        };
        Row {
            operator_id: id.clone(),
            configured: match declared {
                Some(agent) if agent.is_absent() => Configured::Absent,
                Some(_) => Configured::Declared,
                None => Configured::Unmanaged,
            },
            live: listing.and_then(|listing| is_live(listing, id)),
            to_be_deleted: record.is_some()
                && declared.map_or_else(|| self.sources.pruned.contains(id), DesiredAgent::is_absent),
            name: text(record, declared, &NAME),
            main_skill_group: text(record, declared, &MAIN_SKILL_GROUP),
            enabled: match record.and_then(|record| record.get(&ENABLED)) {
                Some(Value::Flag(flag)) => Some(*flag),
                _ => None,
            },
            online,
            state: doing.map(|said| said.state.word()),
            state_detail: detail(doing),
            claiming,
            claims_on: detail(claim),
            queues: self.queues.get(id).cloned().unwrap_or_default(),
            unknown: asked
                .iter()
                .filter(|(spec, _)| !told(spec))
                .map(|(spec, _)| spec.name)
                .filter(|system| unlisted(system) || self.open.leaves(system, id))
                .collect(),
            calls,
        }
    }
}

/// Combines several reports on an agent into one flag. Precedence: yes, unknown, no.
fn flag<'a>(said: impl Iterator<Item = &'a PresenceReport>, yes: State, no: State) -> Option<bool> {
    let states: BTreeSet<State> = said.map(|said| said.state).collect();
    let sure = !states.contains(&State::Unknown) && states.contains(&no);
    if states.contains(&yes) { Some(true) } else { sure.then_some(false) }
}

fn is_live(listing: &Listing<OperatorId, Record>, id: &OperatorId) -> Option<bool> {
    let there = listing.items.contains_key(id);
    // Only a listing that is proved complete may show an agent as missing.
    (there || listing.incomplete.is_none()).then_some(there)
}

fn text(live: Option<&Record>, declared: Option<&DesiredAgent>, field: &Field) -> Option<String> {
    let text = match live {
        Some(live) => live.text(field),
        None => declared.and_then(|agent| agent.record.text(field)),
    };
    text.map(str::to_owned)
}

fn calls(accounts: &[String], figures: &Figures, days: u32) -> Calls {
    Calls {
        days,
        total: figures.calls,
        connected: figures.connected,
        connect_rate: figures.connect_rate.clone(),
        valid: figures.valid,
        valid_rate: figures.valid_rate.clone(),
        seats: accounts.to_vec(),
    }
}

/// Describes one queried system: missing data and unexplained states, each cause once.
fn system(
    sources: &Sources<'_>,
    spec: &'static Spec,
    connection: &str,
    ids: &BTreeSet<OperatorId>,
) -> System {
    let Sources { presence, failed, reasons, .. } = sources;
    let provider = spec.name;
    let failed = failed.iter().filter(|(system, _)| *system == provider);
    let mut problems: Vec<Localized> = failed.map(|(_, why)| why.clone()).collect();
    problems.dedup();
    let mut of: BTreeMap<String, (GapReason, BTreeSet<&OperatorId>)> = BTreeMap::new();
    let new = |why: GapReason| (why, BTreeSet::new());
    for gap in presence.gaps().iter().filter(|gap| gap.system == provider && !gap.answered) {
        of.entry(gap.why.to_string()).or_insert_with(|| new(gap.why.clone())).1.extend(&gap.agent);
    }
    let complete = problems.is_empty() && of.is_empty();
    for id in ids {
        for why in presence.by(id, provider).filter_map(PresenceReport::unlisted) {
            of.entry(why.to_string()).or_insert_with(|| new(why)).1.insert(id);
        }
    }
    for (why, agents) in of.into_values() {
        let why = why.localized();
        let problem = match (agents.first(), agents.len()) {
            (None, _) => why,
            (Some(one), 1) => {
                localized!(why; "agent {one}: {why}", "坐席 {one}：{why}", "客服人員 {one}：{why}")
            }
            (Some(_), many) => {
                localized!(why; "{many} agents: {why}", "{many} 人：{why}", "{many} 人：{why}")
            }
        };
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    let reason = reasons.get(provider).copied().max(presence.reason(provider)).filter(|_| !complete);
    let parts = Part::ALL.into_iter().filter(|part| part.is_of(spec)).collect();
    System { provider, parts, connection: connection.to_owned(), complete, reason, problems }
}

#[cfg(test)]
mod tests;
