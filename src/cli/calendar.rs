//! `rosterctl calendar`: what dates change, and when; no network, no secret read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::{PendingJson, roots};
use super::session::load;
use super::session::load::Loaded;
use super::workspace_args::date;
use crate::manifest::{Dates, Timeline, TimelineStep};
use crate::model::agent::{MAIN_SKILL_GROUP, NAME};
use crate::model::calendar::{Calendar, Entry, FORMAT, Loan};
use crate::model::date::{Date, Zone};
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::language::localized;
use crate::plan::calendar::{AgentTurn, Kept, QueueTurn, entry};
use crate::report::calendar::{self, Format};

/// Show when dates change the roster: who joins, leaves, is lent and returns. No network, no secret.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// How many days to show; `calendar.horizon` of the workspace without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660), conflicts_with_all = ["from", "until"])]
    days: Option<u32>,
    /// The first day to show; the instant of the run without it.
    #[arg(long, value_name = "DAY", value_parser = super::workspace_args::day)]
    from: Option<Date>,
    /// The last day to show.
    #[arg(long, value_name = "DAY", value_parser = super::workspace_args::day)]
    until: Option<Date>,
    /// Look from another instant: 2026-12-01, or 2026-12-01T18:00 with or without an offset; a day means its first moment.
    #[arg(long, value_name = "DATE|MOMENT", value_parser = date)]
    at: Option<Date>,
    /// Format of standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Format::Text, Format::Json, Format::Csv, Format::Ics, Format::Markdown, Format::Html]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, help) = match self {
            Format::Text => ("text", "For people, on a terminal or in a log"),
            Format::Json => ("json", "One JSON document"),
            Format::Csv => ("csv", "A row a change"),
            Format::Ics => ("ics", "iCalendar, for calendar programs"),
            Format::Markdown => ("markdown", "For a wiki page or a comment"),
            Format::Html => ("html", "One file for a browser, that needs nothing else"),
        };
        Some(PossibleValue::new(word).help(help))
    }
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        (self.format == Format::Json).then(|| PendingJson::of_one(&self.workspace))
    }
}

/// Returns the first and the last instant of the calendar.
fn window(
    arguments: &Arguments,
    zone: &Zone,
    at: Timestamp,
    horizon: u32,
) -> Result<(Timestamp, Timestamp), CliError> {
    let from = arguments.from.and_then(|day| day.first(zone).ok()).unwrap_or(at);
    let last = match arguments.until.and_then(|day| day.end(zone).ok()) {
        Some(end) => second_before(end),
        None => zone.days_later(from, arguments.days.unwrap_or(horizon)),
    };
    if last < from {
        let first = zone.words(from);
        return Err(CliError::Error(localized!(
            "--until lies before the first day of the calendar, {first}; name that day or a later one",
            "--until 在日历的第一天 {first} 之前；请写那一天或更晚的日子",
            "--until 在行事曆的第一天 {first} 之前；請寫那一天或更晚的日子"
        )));
    }
    Ok((from, last))
}

/// Returns the last instant before a moment, since dates have no seconds.
fn second_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN)
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::load_beside(&arguments.workspace, 0, arguments.at)?;
    let zone = loaded.workspace.time_zone.clone().unwrap_or_else(Zone::utc);
    let (from, last) = window(arguments, &zone, loaded.instant, loaded.workspace.horizon)?;
    let calendar = Calendar {
        format: FORMAT,
        workspace: loaded.workspace.name.to_string(),
        time_zone: loaded.workspace.time_zone.as_ref().map(|zone| zone.name().to_owned()),
        at: zone.local(loaded.instant),
        from: zone.local(from),
        until: zone.local(last),
        is_dated: loaded.dates.is_some(),
        entries: loaded.dates.as_ref().map(|dates| entries(&loaded, dates, from, last)).unwrap_or_default(),
    };
    let supports = loaded.workspace.supports();
    let roots = roots(std::iter::once(&*arguments.workspace));
    let format = arguments.format;
    let language = console.language(loaded.workspace.language);
    console.write(|out| calendar::render(&calendar, supports, &roots, format, console.look(), language, out));
    Ok(Exit::Success)
}

/// Returns the entries of a window.
fn entries(loaded: &Loaded, dates: &Dates, from: Timestamp, last: Timestamp) -> Vec<Entry> {
    let mut timeline = Timeline::new(dates, &loaded.desired);
    // A moment at the beginning of the window is in it.
    timeline.step_to(second_before(from));
    let mut entries: Vec<Entry> = Vec::new();
    let mut loans = Loans::default();
    let mut kept = Kept::new();
    while let Some((at, step)) = timeline.next(last) {
        loans.end(&mut entries, &step, &dates.zone.local(at));
        let entry = turn(loaded, dates, at, &step, &mut kept);
        loans.begin(entries.len(), entry.as_ref());
        entries.extend(entry);
    }
    // The end of a loan may lie behind the window.
    while !loans.open.is_empty()
        && let Some((at, step)) = timeline.next(Timestamp::MAX)
    {
        loans.end(&mut entries, &step, &dates.zone.local(at));
    }
    for (at, change) in loans.open.into_values() {
        // Nothing ends it: the agent moves for good.
        entries[at].changes[change].loan = None;
    }
    entries
}

/// Returns the entry of a moment.
fn turn(
    loaded: &Loaded,
    dates: &Dates,
    at: Timestamp,
    step: &TimelineStep,
    kept: &mut Kept,
) -> Option<Entry> {
    let name = |id: &OperatorId| {
        let own = dates.values(id, at);
        let record = own.as_ref().or_else(|| Some(&loaded.desired.agents.get(id)?.record));
        record?.text(&NAME).map(str::to_owned)
    };
    let values: Vec<Record> =
        step.agents.iter().map(|agent| dates.values(&agent.id, at).unwrap_or_default()).collect();
    let agents: Vec<AgentTurn<'_>> = step
        .agents
        .iter()
        .zip(&values)
        .map(|(agent, values)| AgentTurn {
            id: &agent.id,
            before: &agent.before,
            after: &agent.after,
            values,
            loan: loan(dates, &agent.id, &agent.before.record, &agent.after.record),
            source: &agent.source,
        })
        .collect();
    let queues: Vec<QueueTurn<'_>> = step
        .queues
        .iter()
        .map(|queue| QueueTurn {
            id: &queue.id,
            before: &queue.before,
            after: &queue.after,
            source: &queue.source,
        })
        .collect();
    entry(&loaded.workspace, dates.zone.local(at), &agents, &queues, kept, name)
}

/// Returns the part of a loan that a move to another main skill group is: the group without any date is the agent's own.
fn loan(dates: &Dates, id: &OperatorId, before: &Record, after: &Record) -> Option<Loan> {
    let (was, now) = (before.get(&MAIN_SKILL_GROUP)?, after.get(&MAIN_SKILL_GROUP)?);
    if was == now {
        return None;
    }
    let own = dates.base(id)?;
    Some(if own.get(&MAIN_SKILL_GROUP) == Some(now) { Loan::Ends } else { Loan::Begins })
}

/// The loans that have not ended: the places of their entries and changes.
#[derive(Default)]
struct Loans {
    open: BTreeMap<OperatorId, (usize, usize)>,
}

impl Loans {
    /// Ends the loans of agents that a step moves, or that are out of their dates.
    fn end(&mut self, entries: &mut [Entry], step: &TimelineStep, at: &ZonedDateTime) {
        for agent in &step.agents {
            let group = |record: &Record| record.get(&MAIN_SKILL_GROUP).cloned();
            if group(&agent.before.record) != group(&agent.after.record)
                && let Some((entry, change)) = self.open.remove(&agent.id)
            {
                entries[entry].changes[change].until = Some(at.clone());
            }
        }
    }

    /// Remembers the loans that an entry begins.
    fn begin(&mut self, at: usize, entry: Option<&Entry>) {
        let changes = entry.into_iter().flat_map(|entry| entry.changes.iter().enumerate());
        let begun = changes.filter(|(_, change)| change.loan == Some(Loan::Begins));
        self.open.extend(begun.map(|(place, change)| (change.id.name.clone(), (at, place))));
    }
}
