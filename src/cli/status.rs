//! `rosterctl status`: one row per agent across all connections. Changes nothing anywhere.
//!
//! It reads with as few calls as the systems' paging allows. Agents, queues, seats, logins and chat states come in
//! pages. A system without a listing is asked for each agent with a row and a possible work number. With `--agent`,
//! the systems that allow it are asked for those agents alone. `--group` and `--name` need the listing of agents; then
//! presence is asked for the chosen agents alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::console::{self, Console};
use super::error::{self, CliError};
use super::exit::Exit;
use super::report_output::PendingJson;
use super::session::connections;
use super::session::load;
use super::session::load::{Loaded, registry};
use crate::config::scope::Scope;
use crate::config::settings::Spec;
use crate::config::workspace::Prune;
use crate::messages::Message as _;
use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::call::{Failure, Reason};
use crate::model::desired::Desired;
use crate::model::diagnostic::did_you_mean;
use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId, safe};
use crate::model::language::{Language, Localized, localized, say};
use crate::model::ledger::Ledger;
use crate::model::live::{Listing, Live, LiveQueue, Seats};
use crate::model::presence::GapReason;
use crate::model::text::skeleton;
use crate::model::unread::FailedCall;
use crate::model::value::{Members, NO_MEMBERS};
use crate::plan;
use crate::report::phrases::comma;
use crate::report::status::{self, Row, Sources, Status};
use crate::runtime::clock;
use crate::runtime::read::presence::Observers;
use crate::runtime::read::resources;
use crate::runtime::vendor::Vendor;
use crate::storage::ledger::Store;

/// Most agents that are asked for one by one; more are read by the listing.
const FEW: usize = 20;

/// Pause of `--watch` before it reads presence again.
const INTERVAL: Duration = Duration::from_secs(10);

/// Time for which `--watch` reuses the agents, queues and seats.
const FRESH: Duration = Duration::from_mins(1);

/// Show every agent across all connections: configured, online, on a call, in which queues.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Only this agent; repeatable.
    #[arg(long = "agent", value_name = "ID")]
    agents: Vec<String>,
    /// Only who is in this queue, beside those of --agent; repeatable.
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Of those only who is in this main skill group, live or declared; repeatable.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Of those only who has this text in the name, in upper or lower case; repeatable.
    #[arg(long = "name", value_name = "TEXT", value_parser = super::workspace_args::filled)]
    names: Vec<String>,
    /// Read again and again, until Ctrl-C. On a terminal the table is redrawn; elsewhere a table follows whenever
    /// something changed, rows of CSV and a line of JSON at each reading.
    #[arg(long)]
    watch: bool,
    /// Format of standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Output format of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people.
    Text,
    /// One JSON document; with --watch one on each line.
    Json,
    /// A row an agent.
    Csv,
}

/// Clients of the systems, or the reasons for which there are none.
struct Systems {
    agents: Option<Result<Vendor, Localized>>,
    queues: Option<Result<Vendor, Localized>>,
    observers: Observers,
    /// Every connection: connector and name.
    asked: Vec<(&'static Spec, Arc<str>)>,
}

/// Slowly changing state: agents, queues and seats with their calls.
struct Roster {
    live: Live,
    /// Providers with a failed or incomplete read, and the error.
    failed: Vec<(&'static str, Localized)>,
    /// Reasons of the failed or incomplete reads.
    reasons: BTreeMap<&'static str, Reason>,
    /// Live agents that no manifest names and that an apply deletes.
    pruned: BTreeSet<OperatorId>,
    /// Agents to which the status is narrowed.
    only: Option<BTreeSet<OperatorId>>,
    /// Errors in the arguments.
    wrong: Vec<Localized>,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        (self.format == Format::Json).then(|| PendingJson::of_one(&self.workspace))
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::load(&arguments.workspace)?;
    let systems = Systems {
        agents: connections::vendor(&loaded, Kind::Agent).await,
        queues: connections::vendor(&loaded, Kind::Queue).await,
        observers: connections::observers(&loaded).await,
        asked: registry()
            .specs()
            .into_iter()
            .filter_map(|spec| Some((spec, Arc::clone(&loaded.workspace.connection(spec.name)?.name))))
            .collect(),
    };
    let language = console.language(loaded.workspace.language);
    // A system that could not even be asked is a local mistake.
    let unasked = unasked(&loaded, console).await;
    let mut roster = read(arguments, &loaded, &systems).await;
    let mut at = Instant::now();
    let mut before = None;
    loop {
        let status = look(&loaded, &systems, &roster).await;
        let mut exit = Exit::Success;
        for wrong in roster.wrong.iter().cloned().chain(unknown(arguments, &loaded, &roster, &status)) {
            if before.is_none() {
                console.error(wrong.text(language), language);
            }
            exit = exit.graver(Exit::Error);
        }
        for system in status.systems.iter().filter(|system| !system.complete) {
            let ours = unasked.contains(system.provider);
            exit = exit.graver(if ours { Exit::Error } else { Exit::Unreachable });
        }
        show(arguments, console, language, &status, before.as_ref())?;
        if !arguments.watch || console::reader_is_gone() {
            return Ok(exit);
        }
        before = Some(status);
        tokio::time::sleep(INTERVAL).await;
        if at.elapsed() >= FRESH {
            roster = read(arguments, &loaded, &systems).await;
            at = Instant::now();
        }
    }
}

/// Returns the providers whose secret is not available, and reports each.
async fn unasked(loaded: &Loaded, console: &Console) -> BTreeSet<&'static str> {
    let mut unasked = BTreeSet::new();
    for connection in &loaded.workspace.connections {
        if let Err(why) = connections::link(loaded, connection).await {
            let language = console.language(loaded.workspace.language);
            let why = connections::unusable_connection(connection, why.fault());
            console.error(why.text(language), language);
            unasked.insert(connection.spec.name);
        }
    }
    unasked
}

/// Reads presence, and builds the status of all agents.
async fn look(loaded: &Loaded, systems: &Systems, roster: &Roster) -> Status {
    let everybody = status::everybody(&loaded.desired, &roster.live);
    let ids = roster.only.as_ref().unwrap_or(&everybody);
    let presence = systems.observers.presence(Some(ids)).await;
    status::build(&Sources {
        workspace: &loaded.workspace.name,
        read: &clock::timestamp(),
        desired: &loaded.desired,
        live: &roster.live,
        presence: &presence,
        asked: &systems.asked,
        failed: &roster.failed,
        reasons: &roster.reasons,
        pruned: &roster.pruned,
        only: Some(ids),
    })
}

fn show(
    arguments: &Arguments,
    console: &Console,
    language: Language,
    status: &Status,
    before: Option<&Status>,
) -> Result<(), CliError> {
    match arguments.format {
        Format::Json => {
            let text = if arguments.watch {
                serde_json::to_string(status)
            } else {
                serde_json::to_string_pretty(status)
            };
            console.out(&(text.map_err(CliError::other)? + "\n"));
        }
        Format::Csv => console.out(&status::csv(status, before.is_none())),
        Format::Text if !arguments.watch => console.out(&status::table(status, console.look(), language)),
        Format::Text => {
            let table = status::table(status, console.look(), language);
            let head =
                format!("{}{}{}\n\n", status.workspace, language.choose(" at ", "，", "，"), status.read);
            let same = before
                .is_some_and(|before| (&before.agents, &before.systems) == (&status.agents, &status.systems));
            if !console.redraw(&(head.clone() + &table), language) && !same {
                console.out(&(head + &table + "\n"));
            }
        }
    }
    Ok(())
}

async fn read(arguments: &Arguments, loaded: &Loaded, systems: &Systems) -> Roster {
    let named: BTreeSet<OperatorId> =
        arguments.agents.iter().map(|id| OperatorId::new(id.as_str())).collect();
    let scope = &loaded.workspace.scope;
    let mut only = (!named.is_empty() || !arguments.queues.is_empty()).then_some(named);
    let mut wrong = Vec::new();
    let (agents, queues, seats) = match &mut only {
        Some(ids) if !arguments.queues.is_empty() => {
            // The members of the queues must be known before they are asked for.
            let queues = read_queues(systems, scope).await;
            let listing = queues.as_ref().and_then(|read| read.as_ref().ok());
            for name in &arguments.queues {
                match members(name, &loaded.desired, listing) {
                    Ok(members) => {
                        ids.extend(members.into_iter().filter(|id| scope.agent_number(id).is_none()));
                    }
                    Err(why) => wrong.push(why),
                }
            }
            let (agents, seats) =
                tokio::join!(read_agents(systems, scope, Some(ids)), connections::seats(loaded, false));
            (agents, queues, seats)
        }
        only => {
            tokio::join!(
                read_agents(systems, scope, only.as_ref()),
                read_queues(systems, scope),
                connections::seats(loaded, false)
            )
        }
    };
    let mut trouble = Trouble::default();
    let seat_system = loaded.workspace.connection_of_kind(Kind::Seat).map_or("", |c| c.spec.name);
    let agents = settle(agents, loaded, Kind::Agent, &mut trouble);
    let queues = settle(queues, loaded, Kind::Queue, &mut trouble);
    if let Some(ids) = &mut only {
        ids.retain(|id| {
            let outside = scope.agent_number(id).is_some()
                || agents.as_ref().is_some_and(|agents| agents.outside.contains_key(id));
            if outside && arguments.agents.iter().any(|named| named == id.as_str()) {
                let id = safe(id.as_str());
                wrong.push(localized!(
                    "agent `{id}` is outside the scope of this workspace",
                    "坐席 `{id}` 不在这个工作区的范围里",
                    "客服人員 `{id}` 不在這個工作區的範圍裡"
                ));
            }
            !outside
        });
    }
    match &seats {
        Seats::Unread(why, reason) => trouble.add(seat_system, why.clone(), *reason),
        Seats::Read(seats) => {
            if let Some(why) = &seats.listing.incomplete {
                trouble.add(
                    seat_system,
                    GapReason::Incomplete { doubt: why.clone() }.localized(),
                    Some(Reason::Incomplete),
                );
            }
        }
        Seats::Unasked => {}
    }
    for vendor in [&systems.agents, &systems.queues].into_iter().flatten().flatten().filter(|v| v.is_shut()) {
        trouble.reasons.insert(vendor.provider.spec().name, Reason::SignIn);
    }
    let Trouble { failed, reasons } = trouble;
    let live = Live { agents, queues, seats };
    if !arguments.groups.is_empty() || !arguments.names.is_empty() {
        let all = only.take().unwrap_or_else(|| status::everybody(&loaded.desired, &live));
        // Only a complete listing proves that no agent fits.
        let listed = live.agents.as_ref().is_some_and(|agents| agents.incomplete.is_none());
        let (chosen, unmet) = chosen(arguments, &loaded.desired, live.agents.as_ref(), all);
        wrong.extend(unmet.into_iter().filter(|_| listed || systems.agents.is_none()));
        only = Some(chosen);
    }
    let pruned = pruned(loaded, &live).await;
    Roster { live, failed, reasons, pruned, only, wrong }
}

/// Returns the undeclared live agents that an apply deletes. Empty if the ledger cannot be read.
async fn pruned(loaded: &Loaded, live: &Live) -> BTreeSet<OperatorId> {
    let policy = loaded.workspace.policy.prune;
    let ledger = match policy {
        Prune::Owned => {
            let read = async { Store::open(&loaded.workspace, &loaded.place)?.load().await };
            read.await.unwrap_or_else(|error| {
                tracing::warn!("which agents prune deletes is not known: {error}");
                Ledger::default()
            })
        }
        Prune::None | Prune::All => Ledger::default(),
    };
    let listed = live.agents.iter().flat_map(|agents| &agents.items);
    let unmanaged = listed.filter(|(id, _)| !loaded.desired.agents.contains_key(*id));
    let pruned = unmanaged.filter(|(id, record)| plan::prunes(policy, &ledger, id, record));
    pruned.map(|(id, _)| id.clone()).collect()
}

/// Failed or incomplete reads: the errors, and the reason of each system that was asked.
#[derive(Default)]
struct Trouble {
    failed: Vec<(&'static str, Localized)>,
    reasons: BTreeMap<&'static str, Reason>,
}

impl Trouble {
    fn add(&mut self, provider: &'static str, why: Localized, reason: Option<Reason>) {
        self.failed.push((provider, why));
        self.reasons.extend(reason.map(|reason| (provider, reason)));
    }
}

/// A listing, or the error, with the reason if the system was asked.
type Read<T> = Option<Result<Listing<OperatorId, T>, (Localized, Option<Reason>)>>;

fn unread(failure: &Failure) -> (Localized, Option<Reason>) {
    (FailedCall::from(failure).localized(), Some(failure.reason()))
}

async fn read_agents(systems: &Systems, scope: &Scope, only: Option<&BTreeSet<OperatorId>>) -> Read<Record> {
    let read = match (systems.agents.as_ref()?, only) {
        (Err(why), _) => Err((why.clone(), None)),
        (Ok(vendor), Some(ids)) if ids.len() <= FEW => {
            Ok(resources::some_agents(vendor, ids, usize::MAX).await)
        }
        (Ok(vendor), _) => resources::agents(vendor).await.map_err(|failure| unread(&failure)),
    };
    Some(read.map(|mut listing| {
        scope.narrow_agents(&mut listing);
        listing
    }))
}

async fn read_queues(systems: &Systems, scope: &Scope) -> Read<LiveQueue> {
    let read = match systems.queues.as_ref()? {
        Err(why) => Err((why.clone(), None)),
        Ok(vendor) => resources::queues(vendor).await.map_err(|failure| unread(&failure)),
    };
    Some(read.map(|mut listing| {
        scope.narrow_queues(&mut listing);
        listing
    }))
}

/// Records a failed or incomplete read.
fn settle<T>(
    read: Read<T>,
    loaded: &Loaded,
    kind: Kind,
    trouble: &mut Trouble,
) -> Option<Listing<OperatorId, T>> {
    let spec = loaded.workspace.connection_of_kind(kind)?.spec;
    match read? {
        Ok(listing) => {
            if let Some(why) = &listing.incomplete {
                trouble.add(
                    spec.name,
                    GapReason::Incomplete { doubt: why.clone() }.localized(),
                    Some(Reason::Incomplete),
                );
            }
            Some(listing)
        }
        Err((why, reason)) => {
            trouble.add(spec.name, why, reason);
            None
        }
    }
}

/// Returns the agents that `--group` and `--name` choose, and an error for each choice that fits no agent.
fn chosen(
    arguments: &Arguments,
    desired: &Desired,
    live: Option<&Listing<OperatorId, Record>>,
    mut all: BTreeSet<OperatorId>,
) -> (BTreeSet<OperatorId>, Vec<Localized>) {
    let mut unmet = Vec::new();
    let mut narrow = |field, wanted: &[String], fits: &dyn Fn(&str, &str) -> bool, what: [&str; 3]| {
        if wanted.is_empty() {
            return;
        }
        let texts = |id: &OperatorId| {
            let declared = desired.agents.get(id).map(|agent| &agent.record);
            let records = [live.and_then(|live| live.items.get(id)), declared];
            records.into_iter().flatten().filter_map(|record| record.text(field))
        };
        for want in wanted.iter().filter(|want| !all.iter().flat_map(texts).any(|text| fits(text, want))) {
            let near = did_you_mean(want, all.iter().flat_map(texts).collect::<BTreeSet<_>>());
            let ([en, cn, tw], near, want) = (what, error::did_you_mean(near), safe(want));
            unmet.push(localized!(
                near;
                "no agent, live or declared, {en} `{want}`{near}",
                "线上和清单里都没有{cn} `{want}` 的坐席{near}",
                "線上和清單裡都沒有{tw} `{want}` 的客服人員{near}"
            ));
        }
        let is_wanted = |id: &OperatorId| texts(id).any(|text| wanted.iter().any(|want| fits(text, want)));
        all = all.iter().filter(|id| is_wanted(id)).cloned().collect();
    };
    narrow(
        &MAIN_SKILL_GROUP,
        &arguments.groups,
        &|text, want| text == want,
        ["is in the main skill group", "主技能组是", "主技能群組是"],
    );
    let has = |text: &str, want: &str| skeleton(text).contains(&skeleton(want));
    narrow(&NAME, &arguments.names, &has, ["has in the name", "姓名里有", "姓名裡有"]);
    (all, unmet)
}

/// Returns the members of a queue, live or declared.
fn members(
    name: &str,
    desired: &Desired,
    live: Option<&Listing<OperatorId, LiveQueue>>,
) -> Result<BTreeSet<OperatorId>, Localized> {
    let items = live.iter().flat_map(|listing| &listing.items).filter(|(exten, queue)| {
        *queue.name == *name || exten.as_str() == name || format!("{}@{exten}", queue.name) == name
    });
    let wanted = desired.queues.iter().filter(|(id, queue)| *queue.name == *name || id.name.as_str() == name);
    let found: Vec<&Members> = items
        .map(|(_, queue)| queue.members().unwrap_or(&NO_MEMBERS))
        .chain(wanted.map(|(_, queue)| queue.members_or_none()))
        .collect();
    if !found.is_empty() {
        return Ok(found.into_iter().flat_map(Members::keys).cloned().collect());
    }
    let declared = desired.queues.values().map(|queue| &*queue.name);
    let names: Vec<&str> = live
        .iter()
        .flat_map(|listing| listing.items.values())
        .map(|queue| &*queue.name)
        .chain(declared)
        .collect();
    let near = did_you_mean(name, names.iter().copied());
    let (near, name) = (error::did_you_mean(near), safe(name));
    Err(localized!(
        near;
        "queue `{name}` is neither live nor declared{near}",
        "线上和清单里都没有队列 `{name}`{near}",
        "線上和清單裡都沒有佇列 `{name}`{near}"
    ))
}

/// Returns one message for all named agents that are unknown.
fn unknown(arguments: &Arguments, loaded: &Loaded, roster: &Roster, status: &Status) -> Option<Localized> {
    let named = |row: &&Row| arguments.agents.iter().any(|id| id == row.operator_id.as_str());
    let unknown: Vec<&Row> = status.agents.iter().filter(named).filter(|row| row.is_unknown()).collect();
    if unknown.is_empty() {
        return None;
    }
    let known = status::everybody(&loaded.desired, &roster.live);
    Some(Localized::of(|language| {
        let words = unknown.iter().map(|row| {
            let id = row.operator_id.as_str();
            let near = did_you_mean(id, known.iter().map(OperatorId::as_str)).map(safe);
            let id = safe(id);
            match near {
                Some(near) => {
                    say!(
                        language,
                        "`{id}` (did you mean `{near}`?)",
                        "`{id}`（是不是 `{near}`？）",
                        "`{id}`（是不是 `{near}`？）"
                    )
                }
                None => format!("`{id}`"),
            }
        });
        let words = words.collect::<Vec<_>>().join(comma(language));
        match unknown.len() {
            1 => say!(
                language,
                "agent {words} is neither declared nor live, and no system mentions it",
                "坐席 {words} 线上和清单里都没有，也没有系统提到",
                "客服人員 {words} 線上和清單裡都沒有，也沒有系統提到"
            ),
            _ => say!(
                language,
                "agents {words} are neither declared nor live, and no system mentions them",
                "坐席 {words} 线上和清单里都没有，也没有系统提到",
                "客服人員 {words} 線上和清單裡都沒有，也沒有系統提到"
            ),
        }
    }))
}
