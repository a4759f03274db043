//! `rosterctl doctor`: tries each connection and store once, and reports problems with their remedies. Changes
//! nothing but a trial object in the ledger's store, which it deletes again.

use std::path::PathBuf;

use futures_util::future::join_all;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::PendingJson;
use super::session::load::{Loaded, registry};
use super::session::{connections, git_exposure, load, other_ledger};
use super::text_or_json::TextOrJson;
use crate::config::settings::Rate;
use crate::config::workspace::Connection;
use crate::model::agent::PASSWORD;
use crate::model::call::{Failure, Reply};
use crate::model::id::{OperatorId, safe};
use crate::model::language::Language;
use crate::model::presence::State;
use crate::model::seat;
use crate::model::secret::SecretRef;
use crate::model::value::Value;
use crate::provider::{PresenceQuery, QueryMode, Row};
use crate::report::doctor::{self, Check, FORMAT, Findings, Health};
use crate::runtime::client::Client;
use crate::runtime::clock;
use crate::storage::files;
use crate::storage::ledger::{LedgerError, LockStatus, Store};
use crate::storage::secrets::SecretError;

/// Largest tolerated clock difference: signatures of some vendors hold for five minutes.
const SKEW_MS: u64 = 2 * 60 * 1000;

/// The span that is asked for when only the seats are wanted: the vendor insists on one.
const DAY_MS: i64 = 24 * 3_600_000;

/// Try each connection and store once, and report each problem with its remedy. Changes nothing but a trial object in
/// the ledger's store, which it deletes again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    #[command(flatten)]
    output: TextOrJson,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(&self.workspace)
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    // Wrong manifests are one finding among others.
    let (loaded, wrong) = match load::load(&arguments.workspace) {
        Ok(loaded) => (loaded, None),
        Err(fail) => (load::bare(&arguments.workspace)?, Some(fail)),
    };
    let mut checks = vec![manifests(arguments, &loaded, wrong.as_ref())];
    let connections = &loaded.workspace.connections;
    let (stores, tried, ledger) = tokio::join!(
        stores(&loaded),
        join_all(connections.iter().map(|connection| try_connection(&loaded, connection))),
        ledger(&loaded)
    );
    checks.extend(stores);
    let clocks: Vec<(&str, i64)> =
        connections.iter().zip(&tried).filter_map(|(c, (_, ahead))| Some((&*c.name, (*ahead)?))).collect();
    checks.extend(clock_check(&clocks));
    checks.extend(tried.into_iter().map(|(check, _)| check));
    checks.extend(ledger);
    checks.push(presence(&loaded));
    checks.extend(unasked(&loaded));
    let failed = |check: &&Check| check.status == Health::Error;
    let exit = match checks.iter().filter(failed).map(|check| check.reason.is_some()).max() {
        None => Exit::Success,
        Some(true) => Exit::Unreachable,
        Some(false) => Exit::Error,
    };
    let findings = Findings { format: FORMAT, workspace: loaded.workspace.name.to_string(), checks };
    arguments.output.show(console, &findings, |look| doctor::text(&findings, look))?;
    Ok(exit)
}

fn manifests(arguments: &Arguments, loaded: &Loaded, wrong: Option<&CliError>) -> Check {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match wrong {
        None => {
            let desired = &loaded.desired;
            Check::ok(
                "manifests",
                format!(
                    "sound: {}, {} and {}",
                    count(desired.agents.len(), "agent"),
                    count(desired.declared_queues().count(), "queue"),
                    count(desired.seats.len(), "seat")
                ),
            )
        }
        // There is no manifest yet, and `import` can write the first ones.
        Some(CliError::Input(..)) if files::no_manifest_yet(&loaded.place, &loaded.workspace) => {
            let workspace = match arguments.workspace.display().to_string().as_str() {
                "." => String::new(),
                path => format!(" {path}"),
            };
            let names = loaded.workspace.manifests.iter().map(|(name, _)| loaded.place.folder.join(&**name));
            let folder = names.into_iter().find(|path| path.extension().is_none());
            let out = folder.map_or_else(|| "FOLDER".to_owned(), |path| files::shown(&path).to_string());
            Check::warning(
                "manifests",
                "there are none yet",
                format!(
                    "`rosterctl import{workspace} --out {out}` writes down what is live; or write the first one"
                ),
            )
        }
        Some(CliError::Input(diagnostics, _)) => Check::error(
            "manifests",
            format!("{} in them", count(diagnostics.len(), "error")),
            "`rosterctl validate` shows each with its line",
        ),
        Some(_) => Check::error("manifests", "they cannot be read", "`rosterctl validate` says why"),
    }
}

/// Secret that the workspace names, with its setting and its user.
struct Named<'a> {
    secret: &'a SecretRef,
    way: String,
    what: String,
}

/// Returns the secrets that the workspace itself names. The embedded sandbox needs none.
fn named(loaded: &Loaded) -> Vec<Named<'_>> {
    let workspace = &loaded.workspace;
    let mut all = Vec::new();
    for connection in workspace.connections.iter().filter(|connection| connection.base_url().is_some()) {
        for (way, secret) in connection.settings.secrets() {
            let what = format!("`{way}` of connection `{}`", connection.name);
            all.push(Named { secret, way, what });
        }
    }
    for store in workspace.stores.values() {
        for (way, secret) in store.settings.secrets() {
            let what = format!("`{way}` of store `{}`", store.name);
            all.push(Named { secret, way, what });
        }
    }
    for (way, secret) in workspace.ledger.secrets() {
        let what = format!("`ledger.{way}`");
        all.push(Named { secret, way, what });
    }
    all
}

/// Tries every store, with each key that the workspace names or with one manifest password.
async fn stores(loaded: &Loaded) -> Vec<Check> {
    let named = named(loaded);
    let checks = loaded.workspace.stores.keys().map(|store| try_store(loaded, store, &named));
    let mut checks: Vec<Check> = join_all(checks).await.into_iter().flatten().collect();
    let exposed = git_exposure::find(loaded, Language::En).into_iter();
    checks.extend(exposed.map(|one| Check::warning(one.check, one.said, one.help)));
    checks
}

async fn try_store(loaded: &Loaded, store: &str, named: &[Named<'_>]) -> Vec<Check> {
    let name = format!("store/{store}");
    let mine: Vec<&Named<'_>> = named.iter().filter(|named| *named.secret.store == *store).collect();
    if mine.is_empty() {
        return vec![sample(loaded, store, name).await];
    }
    let mut checks = Vec::new();
    for named in &mine {
        match loaded.secrets.get(named.secret).await {
            Err(error) => {
                let about = format!("{}: {error}", named.what);
                checks.push(unread(
                    &name,
                    about,
                    &error,
                    "put the value there, or correct `store` and `key`",
                ));
            }
            Ok(value) => {
                if let Some(why) = connections::objection(&named.way, named.secret, &value) {
                    let about = format!("{}: {why}", named.what);
                    checks.push(Check::error(&name, about, "store the value again"));
                }
            }
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            &name,
            match mine.len() {
                1 => "holds the one key that the workspace names in it".to_owned(),
                many => format!("holds the {many} keys that the workspace names in it"),
            },
        ));
    }
    checks
}

/// Tries a store with one password that a manifest names. The password may be missing, since `apply` may be about to
/// make it.
async fn sample(loaded: &Loaded, store: &str, name: String) -> Check {
    let agents = loaded.desired.agents.values().filter(|agent| !agent.is_absent()).map(|agent| &agent.record);
    let agents = agents.filter_map(|record| record.get(&PASSWORD));
    let seats = loaded.desired.seats.values().filter_map(|seat| seat.record.get(&seat::PASSWORD));
    let secret = agents.chain(seats).find_map(|value| match value {
        Value::Password(secret) if *secret.store == *store => Some(secret),
        _ => None,
    });
    let Some(secret) = secret else {
        return Check::ok(name, "nothing names a key of it, so it was not tried");
    };
    match loaded.secrets.get(secret).await {
        Ok(value) => match value.line_objection() {
            Some(why) => Check::error(name, format!("the password {secret} {why}"), "store another one"),
            None => Check::ok(name, format!("answers (tried with `{}`)", secret.key)),
        },
        Err(SecretError::Missing { .. }) if secret.generate => {
            Check::ok(name, format!("answers; `{}` is still to be made", secret.key))
        }
        Err(error @ SecretError::Missing { .. }) => Check::warning(
            name,
            format!("answers, and a password is not there: {error}"),
            "put it there, or write `generate: true` beside it",
        ),
        Err(error) => unread(&name, error.to_string(), &error, "correct the store in rosterctl.yaml"),
    }
}

/// Returns the check of a secret that cannot be read. `help` applies if its store responds.
fn unread(name: &str, about: String, error: &SecretError, help: &str) -> Check {
    match error {
        SecretError::Unreachable { reason, .. } => Check {
            reason: Some(*reason),
            ..Check::error(
                name,
                about,
                "check that the store runs, that this host reaches it, and its sign-in",
            )
        },
        SecretError::Missing { .. } | SecretError::Store { .. } => Check::error(name, about, help),
    }
}

/// Tries a connection with one call. Also returns the lead of its clock.
async fn try_connection(loaded: &Loaded, connection: &Connection) -> (Check, Option<i64>) {
    let name = format!("connection/{}", connection.name);
    let link = match connections::trial(loaded, connection).await {
        Ok(link) => link,
        Err(why) => {
            let help = if why.is_unsigned() {
                "the check of its store says what is missing"
            } else {
                "correct what is said of it, in rosterctl.yaml or on this machine"
            };
            return (Check::error(name, format!("{} {}", connection.spec.name, why.fault()), help), None);
        }
    };
    let started = std::time::Instant::now();
    let told = ask(loaded, &link).await;
    let millis = started.elapsed().as_millis();
    let at = connection.base_url().unwrap_or("the embedded sandbox");
    let place = format!("{} at {at}", connection.spec.name);
    let check = match told {
        Ok(Told { words: told, foreign }) => {
            let rates: Vec<String> = link.rates().iter().map(|rate| rate_words(*rate)).collect();
            let rates = if rates.is_empty() {
                "no rate limit is known".to_owned()
            } else {
                format!("calls in the rate window: {}", rates.join(", "))
            };
            let words = format!("{place} answers in {millis} ms and accepts the sign-in: {told}; {rates}");
            match foreign {
                None => Check::ok(name, words),
                Some(foreign) => Check::warning(
                    name,
                    format!("{words}; {foreign}"),
                    "they are left out of every plan; correct `companyId` if they are yours",
                ),
            }
        }
        Err(failure) => failed(name, &place, connection, &failure),
    };
    (check, link.ahead_ms())
}

/// Formats a rate, like `addQueue 3 of 20 in 60 s`.
fn rate_words((operation, rate, used): (&str, Rate, usize)) -> String {
    format!("{operation} {used} of {} in {} s", rate.calls, rate.per.as_secs_f32())
}

/// Response of a system.
struct Told {
    words: String,
    /// Note that it lists agents of other companies.
    foreign: Option<String>,
}

impl From<String> for Told {
    fn from(words: String) -> Self {
        Self { words, foreign: None }
    }
}

/// Lists the agents of a page that belong to other companies.
fn foreign(rows: &[Row]) -> Option<String> {
    let foreign = rows.iter().filter_map(|row| match row {
        Row::Foreign(id, company) => Some(format!("{} (companyId {company})", safe(id.as_str()))),
        Row::Agent(..) | Row::Queue(..) => None,
    });
    let foreign: Vec<String> = foreign.collect();
    let more = if foreign.len() > 5 { format!(" and {} more", foreign.len() - 5) } else { String::new() };
    let first = foreign.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let count = foreign.len();
    (count > 0).then(|| format!("its first page lists {count} of other companies: {first}{more}"))
}

/// Makes one cheap read call, and returns its result.
async fn ask(loaded: &Loaded, link: &Client) -> Result<Told, Failure> {
    let connection = link.connection();
    let vendor = registry().vendor(connection);
    let mut told = Told { words: String::new(), foreign: None };
    for provider in vendor.map_or(&[][..], |vendor| vendor.resources) {
        let hear = |reply: &Reply| provider.parse_list(connection, reply);
        let page = link.read(|| Some(provider.list_request(connection, 1)), hear).await?;
        let separator = if told.words.is_empty() { "" } else { "; " };
        told.words.push_str(separator);
        told.words.push_str(&listed(page.total, provider.support().kind.plural()));
        told.foreign = told.foreign.or_else(|| foreign(&page.rows));
    }
    if !told.words.is_empty() {
        return Ok(told);
    }
    if let Some(observer) = vendor.and_then(|vendor| vendor.presence) {
        let agent =
            an_agent(loaded, |agent| observer.ask(connection, &PresenceQuery::Agent(agent)).is_some());
        let question = match observer.way(connection) {
            QueryMode::Listing(_) => PresenceQuery::Page(1),
            QueryMode::Singly => PresenceQuery::Agent(&agent),
        };
        let hear = |reply: &Reply| observer.hear(connection, &question, reply);
        let sightings = link.read(|| observer.ask(connection, &question), hear).await?;
        return Ok(match question {
            PresenceQuery::Page(_) => listed(sightings.total, "agents"),
            PresenceQuery::Agent(agent) => match sightings.said.first() {
                Some((agent, said)) => format!("agent {agent} is {}", said.state),
                None => format!("it does not know agent {agent}"),
            },
        }
        .into());
    }
    let now = clock::now_ms();
    let reader = vendor.and_then(|vendor| vendor.seats);
    let windows = reader.map(|reader| reader.windows(connection, now.saturating_sub(DAY_MS), now));
    let (Some(reader), Some(window)) = (reader, windows.and_then(|mut windows| windows.pop())) else {
        return Err(Failure::Refused("there is nothing to ask".to_owned()));
    };
    let hear = |reply: &Reply| reader.parse_page(connection, reply);
    let page = link.read(|| Some(reader.page_request(&window, 1)), hear).await?;
    Ok(listed(page.total, "seats").into())
}

fn listed(total: Option<usize>, noun: &str) -> String {
    match total {
        Some(1) => format!("1 {} is live", noun.trim_end_matches('s')),
        Some(total) => format!("{total} {noun} are live"),
        None => format!("it lists {noun} and gives no total, so nothing could be called missing"),
    }
}

/// Returns a declared agent that the system accepts in a query, else the first work number.
fn an_agent(loaded: &Loaded, can: impl Fn(&OperatorId) -> bool) -> OperatorId {
    let declared = loaded.desired.agents.iter().filter(|(_, agent)| !agent.is_absent()).map(|(id, _)| id);
    declared.into_iter().find(|id| can(id)).cloned().unwrap_or_else(|| OperatorId::from("101"))
}

fn failed(name: String, place: &str, connection: &Connection, failure: &Failure) -> Check {
    let message = failure.message();
    let (what, help) = match failure {
        Failure::NotSent(_) => {
            ("cannot be reached", "check `baseUrl`, the network and a proxy (HTTPS_PROXY, NO_PROXY)")
        }
        Failure::Untrusted(_) => (
            "cannot be connected to",
            "do what the message says; `caFile` of the connection names a PEM file of further authorities",
        ),
        Failure::Late(_) => {
            ("does not answer in time", "check the network, or raise the connection's `timeout`")
        }
        Failure::Throttled { .. } => {
            ("wants fewer calls", "wait, and lower `rateLimit` if other programs use the same account")
        }
        Failure::Unknown(_) => ("is unwell", "try again; if it stays so, ask the vendor"),
        Failure::SignIn(_) | Failure::Shut(_) => (
            "refuses the sign-in",
            "check the connection's credentials and this host's clock; do not try again and again: some vendors \
             lock the address",
        ),
        Failure::Garbled(_) => (
            "gives no usable answer",
            "check `baseUrl`: a proxy, a login page or another service may answer in its place",
        ),
        Failure::Refused(_) => {
            let usual = "check the connection's settings; the message is the vendor's own";
            ("refuses", connection.spec.refused.unwrap_or(usual))
        }
        Failure::Halted => ("was not asked", "run it again"),
    };
    Check { reason: Some(failure.reason()), ..Check::error(name, format!("{place} {what}: {message}"), help) }
}

/// Compares this host's clock with the systems' clocks, as their responses report them.
fn clock_check(clocks: &[(&str, i64)]) -> Option<Check> {
    let (_, worst) = clocks.iter().max_by_key(|(_, ahead)| ahead.unsigned_abs())?;
    let seconds = |ms: i64| (ms.unsigned_abs() + 500) / 1000;
    if worst.unsigned_abs() <= SKEW_MS {
        let within = seconds(*worst).max(1);
        return Some(Check::ok("clock", format!("within {within} s of what the systems tell")));
    }
    let off = clocks.iter().filter(|(_, ahead)| ahead.unsigned_abs() > SKEW_MS).map(|(name, ahead)| {
        let way = if *ahead > 0 { "behind" } else { "ahead of" };
        format!("{} s {way} `{name}`", seconds(*ahead))
    });
    Some(Check::warning(
        "clock",
        format!("this host is {}", off.collect::<Vec<_>>().join(", ")),
        "set this host's clock by NTP: signatures hold for a few minutes only",
    ))
}

async fn ledger(loaded: &Loaded) -> Vec<Check> {
    let failed = |name: &str, error: &LedgerError| match error {
        LedgerError::Others { what, help } => Check::error(name, what.to_string(), help.to_string()),
        LedgerError::Unreachable(reason, why) => {
            let help =
                "check `ledger.url`, the network and the provider's environment (AWS_…, GOOGLE_…, AZURE_…)";
            Check { reason: Some(*reason), ..Check::error(name, why.clone(), help) }
        }
        LedgerError::Unusable(_) | LedgerError::Locked(_) | LedgerError::Moved(_) => {
            Check::error(name, error.to_string(), "correct `ledger` in rosterctl.yaml, or restore the ledger")
        }
    };
    let store = match Store::open(&loaded.workspace, &loaded.place) {
        Ok(store) => store,
        Err(error) => return vec![failed("ledger", &error)],
    };
    let (read, lock) = tokio::join!(store.load(), store.holder());
    let ledger = match read {
        Ok(ledger) if ledger.serial == 0 => match other_ledger::find(loaded, &store, &ledger, Language::En) {
            Some(other) => Check::warning("ledger", other.said, other.help),
            None => {
                Check::ok("ledger", format!("{} is not there yet: the first apply makes it", store.place()))
            }
        },
        Ok(ledger) => {
            let clean = ledger.last_clean_run.as_deref().unwrap_or("none so far");
            let many = ledger.resources.len();
            Check::ok("ledger", format!("{} knows {many} resources; last clean run: {clean}", store.place()))
        }
        Err(error) => failed("ledger", &error),
    };
    let lock = match lock {
        Ok(LockStatus::Nothing) if ledger.status == Health::Error => Check::ok("lock", "it is free"),
        Ok(LockStatus::Nothing) => match store.try_writes().await {
            Ok(()) => Check::ok("lock", "it is free"),
            Err(error) => Check::error(
                "lock",
                error.to_string(),
                "`apply` cannot take it there: choose another store for `ledger.url`, or let its credentials write; `plan` \
                 and `drift` only read",
            ),
        },
        Ok(LockStatus::Holder(holding)) => Check::warning(
            "lock",
            format!("held by {}", holding.words()),
            "wait until that apply has ended; `rosterctl unlock` frees the lock of one that is gone",
        ),
        Ok(LockStatus::Unreadable) => Check::warning(
            "lock",
            "what lies in its place is no lock that this rosterctl can read",
            "`rosterctl unlock --force` frees it, once you are sure that no apply is running",
        ),
        Err(error) => failed("lock", &error),
    };
    vec![ledger, lock]
}

/// Warns about declared agents that a system without a listing cannot be asked for. By that system they are not
/// guarded.
fn unasked(loaded: &Loaded) -> Vec<Check> {
    let guard = &loaded.workspace.policy.presence;
    let mut checks = Vec::new();
    for connection in loaded.workspace.connections.iter().filter(|_| !guard.block.is_empty()) {
        let Some(observer) = registry().vendor(connection).and_then(|vendor| vendor.presence) else {
            continue;
        };
        let guards = observer.spec().states.iter().any(|state| guard.protect.contains(state));
        if !guards || observer.way(connection) != QueryMode::Singly {
            continue;
        }
        let never = |agent: &&OperatorId| observer.ask(connection, &PresenceQuery::Agent(agent)).is_none();
        let (many, all) = (loaded.desired.agents.keys().filter(never).count(), loaded.desired.agents.len());
        if many > 0 {
            checks.push(Check::warning(
                format!("presence/{}", connection.name),
                format!(
                    "{} cannot be asked for {many} of {all} declared agents, whose ids are no work numbers: by it \
                     they are not guarded",
                    connection.spec.name
                ),
                "nothing, where they take no calls there; else protect a state that another system tells",
            ));
        }
    }
    checks
}

/// Checks that some connection can report the states that the policy protects.
fn presence(loaded: &Loaded) -> Check {
    let guard = &loaded.workspace.policy.presence;
    let connected = |state: State| loaded.workspace.connections.iter().find(|c| c.spec.tells(state));
    let specs = registry().specs();
    let teller = |state: State| {
        let known = specs.iter().copied().find(|spec| spec.tells(state));
        connected(state).map(|connection| connection.spec).or(known)
    };
    if guard.protect.is_empty() || guard.block.is_empty() {
        return Check::warning(
            "presence",
            "`policy.presence` protects no state",
            "name states under `protect` and steps under `block`, or leave them out for the defaults",
        );
    }
    let words = |told: bool| {
        let of = guard.protect.iter().filter(|state| connected(**state).is_some() == told);
        of.map(|state| match teller(*state) {
            Some(spec) => format!("{state} ({})", spec.name),
            None => state.to_string(),
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    let (told, untold) = (words(true), words(false));
    match (told.as_str(), untold.as_str()) {
        ("", untold) => Check::warning(
            "presence",
            format!(
                "no connection knows who is at work in a protected state, so no agent is guarded before being \
                 deleted, disabled, moved or taken out of a queue: {untold}"
            ),
            "add a connection of that provider, or protect another state",
        ),
        (told, "") => Check::ok("presence", format!("busy agents are left alone: {told}")),
        (told, untold) => Check::warning(
            "presence",
            format!("guarded: {told}; no connection tells: {untold}"),
            "add a connection of that provider, or protect another state",
        ),
    }
}
