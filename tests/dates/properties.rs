//! Properties of random rosters with random dates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest::edit::settle;
use rosterctl::manifest::{self, Dates, Roster, Timeline, format};
use rosterctl::model::agent::ENABLED;
use rosterctl::model::desired::{Desired, DesiredAgent, DesiredQueue, Existence};
use rosterctl::model::ledger::Ledger;
use rosterctl::model::plan::Plan;
use rosterctl::model::queue::ListMode;
use rosterctl::model::rule::Effect;
use rosterctl::model::source::{File, Source};
use rosterctl::model::value::Value;
use rosterctl::plan::Options;
use serde_json::{Value as Json, json};

use super::planning::{Estate, members, words, write_down};
use super::random::{Case, SLOTS, as_is, case, load};
use super::{codes, make};

/// Returns a configuration with some cases; `PROPTEST_CASES` asks for more.
fn config(cases: u32) -> Config {
    let usual = Config::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked { usual.cases } else { cases };
    Config { cases, failure_persistence: None, max_shrink_iters: 400, ..usual }
}

fn resolved(
    files: &[(String, String)],
    workspace: &Workspace,
    at: Timestamp,
) -> Result<Roster, TestCaseError> {
    load(files, workspace, at).map_err(|why| {
        let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
        TestCaseError::fail(format!("{why}\n{}", texts.join("\n")))
    })
}

/// Returns what is wanted of an agent, without places.
fn agent_words(agent: &DesiredAgent) -> Json {
    let out = agent.out_of_date.as_ref().map(|out| json!([out.before, out.date]));
    json!([format!("{:?}", agent.existence), out, agent.protect, words(&agent.record)])
}

/// Returns what is wanted of a queue, without places.
fn queue_words(queue: &DesiredQueue) -> Json {
    let excluded: BTreeMap<_, _> =
        queue.excluded.iter().map(|(id, out)| (id.to_string(), json!([out.before, out.date]))).collect();
    let selector = queue.selector.as_ref().map(words);
    let minimum = queue.min_members.as_ref().map(|(minimum, _)| minimum);
    json!([words(&queue.record), excluded, selector, minimum, queue.allow_empty])
}

fn all_words(desired: &Desired) -> BTreeMap<String, Json> {
    let agents = desired.agents.iter().map(|(id, agent)| (format!("agent/{id}"), agent_words(agent)));
    agents.chain(desired.queues.iter().map(|(id, queue)| (id.to_string(), queue_words(queue)))).collect()
}

/// Returns what a plan may have to change: existence and values of agents, members of queues; not the floors.
fn values(desired: &Desired) -> BTreeMap<String, Json> {
    let agents = desired.agents.iter().map(|(id, agent)| {
        (format!("agent/{id}"), json!([format!("{:?}", agent.existence), words(&agent.record)]))
    });
    let queues = desired.queues.iter().map(|(id, queue)| {
        let excluded: Vec<String> = queue.excluded.keys().map(ToString::to_string).collect();
        (id.to_string(), json!([words(&queue.record), excluded]))
    });
    agents.chain(queues).collect()
}

/// Returns the places of a queue's members: each one's own, and the reasons of those who are out of their dates.
fn places(queue: &DesiredQueue) -> (Vec<Source>, Vec<Source>) {
    let out = queue.excluded.values().map(|out| out.source.clone()).collect();
    (queue.member_sources.values().cloned().collect(), out)
}

proptest! {
    #![proptest_config(config(100))]

    /// The walk through time holds at each moment what the files say when they are resolved at that moment.
    #[test]
    fn rule_13_8_each_moment_of_the_walk_is_what_the_files_say_then(case in case(), slot in SLOTS) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let Roster { desired, dates } = resolved(&files, &workspace, case.moment(slot))?;
        let Some(dates) = dates else { return Ok(()) };
        let mut now = desired.clone();
        let mut timeline = Timeline::new(&dates, &desired);
        let mut last = dates.at;
        while let Some((at, step)) = timeline.next(Timestamp::MAX) {
            prop_assert!(at > last);
            // Nothing else changes between two moments.
            let midway = resolved(&files, &workspace, midway(last, at))?.desired;
            prop_assert_eq!(all_words(&now), all_words(&midway), "before {}", at);
            for agent in step.agents {
                let before = now.agents.insert(agent.id, agent.after);
                prop_assert_eq!(before.as_ref().map(agent_words), Some(agent_words(&agent.before)));
            }
            for queue in step.queues {
                let before = now.queues.insert(queue.id, queue.after);
                prop_assert_eq!(before.as_ref().map(queue_words), Some(queue_words(&queue.before)));
            }
            let fresh = resolved(&files, &workspace, at)?.desired;
            prop_assert_eq!(all_words(&now), all_words(&fresh), "at {}", at);
            for (id, queue) in &fresh.queues {
                prop_assert_eq!(places(&now.queues[id]), places(queue), "{} at {}", id, at);
            }
            last = at;
        }
    }

    /// What was wanted at another instant, earlier or later, is what the files say when they are resolved there.
    #[test]
    fn rule_13_7_what_was_wanted_at_another_instant_is_what_the_files_say_then(
        case in case(), now in SLOTS, then in SLOTS,
    ) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let (now, then) = (case.moment(now), case.moment(then));
        let Roster { mut desired, dates } = resolved(&files, &workspace, now)?;
        let Some(dates) = dates else { return Ok(()) };
        let earlier = dates.since(&desired, &[then]);
        let first = |states: Vec<_>| states.into_iter().next();
        desired.agents.extend(earlier.agents.into_iter().filter_map(|(id, states)| Some((id, first(states)?))));
        let first = |states: Vec<_>| states.into_iter().next();
        desired.queues.extend(earlier.queues.into_iter().filter_map(|(id, states)| Some((id, first(states)?))));
        prop_assert_eq!(all_words(&desired), all_words(&resolved(&files, &workspace, then)?.desired));
    }

    /// A plan is good until the first moment at which the files want another value.
    #[test]
    fn rule_13_6_good_until_the_first_moment_at_which_a_value_differs(case in case(), slot in SLOTS) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let Roster { desired, dates } = resolved(&files, &workspace, case.moment(slot))?;
        let Some(dates) = dates else { return Ok(()) };
        let now = values(&desired);
        let mut first = None;
        let mut at = dates.at;
        while let (None, Some(next)) = (&first, dates.next(at)) {
            let then = values(&resolved(&files, &workspace, next)?.desired);
            let ids: Vec<String> = then.iter().filter(|(id, value)| now.get(*id) != Some(value)).map(|(id, _)| id.clone()).collect();
            first = (!ids.is_empty()).then_some((next, ids));
            at = next;
        }
        let good = dates.good_until(&desired, |_| true).map(|(at, ids)| {
            let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            ids.sort();
            (at, ids)
        });
        prop_assert_eq!(good, first);
    }

    /// The order of files, documents, entries and members means nothing.
    #[test]
    fn rule_13_4_the_order_of_files_documents_and_entries_means_nothing(
        case in case(), slot in SLOTS, seed in any::<u64>(),
    ) {
        let (workspace, at) = (case.workspace(), case.moment(slot));
        let one = resolved(&case.files(as_is), &workspace, at)?;
        let other = resolved(&case.files(shuffled(seed)), &workspace, at)?;
        prop_assert_eq!(all_words(&one.desired), all_words(&other.desired));
        let (Some(dates), Some(mixed)) = (one.dates, other.dates) else { return Ok(()) };
        prop_assert_eq!(dates.over, mixed.over);
        prop_assert_eq!(dates.good_until(&one.desired, |_| true), mixed.good_until(&other.desired, |_| true));
        let ahead = |dates: &Dates, desired: &Desired| {
            let ahead = dates.breaches(&workspace, desired).into_iter();
            ahead.map(|breach| (breach.at, breach.id.to_string(), format!("{:?}", breach.what))).collect::<Vec<_>>()
        };
        prop_assert_eq!(ahead(&dates, &one.desired), ahead(&mixed, &other.desired));
    }

    /// A broken floor is told of at each moment at which the files, resolved there, break it and did not before.
    #[test]
    fn rule_13_8_a_break_ahead_is_one_that_the_files_have_from_then_on(case in case(), slot in SLOTS) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let Roster { desired, dates } = resolved(&files, &workspace, case.moment(slot))?;
        let Some(dates) = dates else { return Ok(()) };
        let broken = |desired: &Desired| -> BTreeMap<String, usize> {
            let found = rosterctl::manifest::floors(&workspace, desired).into_iter().filter_map(|finding| finding.id);
            found.map(|id| (id.to_string(), desired.queues[&id].min_members.as_ref().unwrap().0)).collect()
        };
        let end = dates.zone.days_later(dates.at, workspace.horizon);
        // The minima of which each queue keeps too few, since it last kept enough.
        let mut seen: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        seen.extend(broken(&desired).into_iter().map(|(id, minimum)| (id, BTreeSet::from([minimum]))));
        let mut expected = Vec::new();
        let mut at = dates.at;
        while let Some(next) = dates.next(at).filter(|next| *next <= end) {
            let now = broken(&resolved(&files, &workspace, next)?.desired);
            seen.retain(|id, _| now.contains_key(id));
            for (id, minimum) in now {
                if seen.entry(id.clone()).or_default().insert(minimum) {
                    expected.push((dates.zone.words(next), id));
                }
            }
            at = next;
        }
        let found = dates.breaches(&workspace, &desired).into_iter();
        let found: Vec<(String, String)> = found.map(|breach| (breach.at, breach.id.to_string())).collect();
        prop_assert_eq!(found, expected);
    }
}

/// The world of a run: the vendors and the ledger.
#[derive(Clone)]
struct World {
    estate: Estate,
    ledger: Ledger,
}

impl World {
    fn new(case: &Case) -> Self {
        Self { estate: Estate::new(case.live(), BTreeMap::new()), ledger: Ledger::default() }
    }

    fn plan(
        &self,
        files: &[(String, String)],
        workspace: &Workspace,
        at: Timestamp,
        due: bool,
    ) -> Result<Plan, TestCaseError> {
        let roster = resolved(files, workspace, at)?;
        let options = Options { due, ..Options::default() };
        Ok(make(workspace, &roster, &self.estate.live, &self.ledger, options))
    }

    /// Plans and applies at a moment. Returns false if the plan is refused.
    fn apply(
        &mut self,
        files: &[(String, String)],
        workspace: &Workspace,
        at: Timestamp,
    ) -> Result<bool, TestCaseError> {
        self.run(files, workspace, at, false)
    }

    /// Plans and applies at a moment all that differs, or what is due. Returns false if the plan is refused.
    fn run(
        &mut self,
        files: &[(String, String)],
        workspace: &Workspace,
        at: Timestamp,
        due: bool,
    ) -> Result<bool, TestCaseError> {
        let plan = self.plan(files, workspace, at, due)?;
        if [Effect::Invalid, Effect::Refused, Effect::Incomplete].into_iter().any(|effect| plan.has(effect)) {
            return Ok(false);
        }
        self.estate.carry_out(&plan, |_| 0).map_err(TestCaseError::fail)?;
        write_down(&mut self.ledger, &plan);
        self.ledger.last_instant = Some(at.to_string());
        Ok(true)
    }

    /// Returns what is live of all that is wanted at a moment.
    fn wanted(&self, desired: &Desired) -> BTreeMap<String, Json> {
        let mut found = BTreeMap::new();
        for (id, agent) in &desired.agents {
            let live = self.estate.agents().get(id);
            let said = match agent.existence {
                Existence::Present => {
                    let mut fields = live.map(words).unwrap_or_default();
                    // The vendor numbers the accounts that it makes.
                    fields.remove("sip");
                    // What the manifests do not say is theirs who made the agent.
                    fields.retain(|key, _| agent.record.iter().any(|entry| entry.field.key == *key));
                    json!([live.is_some(), fields])
                }
                Existence::Absent => json!(live.is_some()),
                Existence::IfLive => {
                    json!(live.is_none_or(|live| live.get(&ENABLED) == Some(&Value::Flag(false))))
                }
                Existence::Untouched => continue,
            };
            found.insert(format!("agent/{id}"), said);
        }
        for queue in self.estate.queues().values() {
            let members: BTreeMap<String, i64> =
                members(queue).into_iter().map(|(id, priority)| (id.to_string(), priority)).collect();
            found.insert(format!("queue/{}", queue.name), json!(members));
        }
        found
    }
}

proptest! {
    #![proptest_config(config(50))]

    /// What was applied at a moment leaves nothing to do until the next date.
    #[test]
    fn rule_13_6_applied_at_a_moment_nothing_is_left_until_the_next_date(case in case(), slot in SLOTS) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let at = case.moment(slot);
        let mut world = World::new(&case);
        if !world.apply(&files, &workspace, at)? {
            return Ok(());
        }
        let good = resolved(&files, &workspace, at)?.dates.and_then(|dates| {
            dates.good_until(&resolved(&files, &workspace, at).ok()?.desired, |_| true)
        });
        let year = at + SignedDuration::from_hours(24 * 365);
        let until = good.as_ref().map_or(year, |(until, _)| *until);
        for then in [at, midway(at, until), until - SignedDuration::from_secs(1)] {
            let plan = world.plan(&files, &workspace, then, false)?;
            prop_assert!(plan.is_empty() && plan.steps.is_empty(), "at {}: {:#?}", then, plan.changes);
        }
        // Then, what changes is what time brought about.
        if good.is_some() {
            let plan = world.plan(&files, &workspace, until, false)?;
            let wanted = resolved(&files, &workspace, until)?.desired;
            for change in &plan.changes {
                let only_adds = |queue: &DesiredQueue| workspace.policy.mode(queue) == ListMode::AtLeast;
                let at_least = wanted.queues.get(&change.id).is_some_and(only_adds);
                prop_assert!(at_least || json!(change.moved) == "date" || json!(change.moved) == "unknown", "at {}: {:#?} {:?}", until, change, codes(&plan));
            }
        }
    }

    /// The base may be edited during a loan: when the loan ends, the base of then holds.
    #[test]
    fn rule_13_4_the_end_of_a_loan_gives_the_base_of_then(one in case(), other in case(), slot in SLOTS) {
        let edited = one.with_bases_of(&other);
        let (workspace, before, after) = (one.workspace(), one.files(as_is), edited.files(as_is));
        let mut world = World::new(&one);
        if !world.apply(&before, &workspace, one.moment(slot))? {
            return Ok(());
        }
        // The edit, and then each date.
        for later in (slot..slot + 40).step_by(5) {
            if !world.apply(&after, &workspace, one.moment(later))? {
                return Ok(());
            }
        }
        let end = one.moment(slot + 35);
        let desired = resolved(&after, &workspace, end)?.desired;
        let mut fresh = World::new(&one);
        for at in [one.moment(slot), end] {
            if !fresh.apply(&after, &workspace, at)? {
                return Ok(());
            }
        }
        let wanted = |world: &World| {
            let mut all = world.wanted(&desired);
            all.retain(|id, _| id.starts_with("agent/"));
            all
        };
        prop_assert_eq!(wanted(&world), wanted(&fresh));
    }

}

proptest! {
    #![proptest_config(config(25))]

    /// Hourly runs, daily runs and one run after three days come to the same: of all that differs, and of what is due.
    #[test]
    fn rule_13_12_hourly_daily_and_late_runs_come_to_the_same(case in case(), slot in SLOTS) {
        let (workspace, files) = (case.workspace(), case.files(as_is));
        let (start, end) = (case.moment(slot), case.moment(slot + 6));
        let desired = resolved(&files, &workspace, end)?.desired;
        let mut begun = World::new(&case);
        if !begun.apply(&files, &workspace, start)? {
            return Ok(());
        }
        let mut ends = Vec::new();
        for (due, hours) in [(false, 24), (false, 72), (true, 1), (true, 24), (true, 72)] {
            let mut world = begun.clone();
            let mut at = start;
            while at < end {
                at = end.min(at + SignedDuration::from_hours(hours));
                if !world.run(&files, &workspace, at, due)? {
                    return Ok(());
                }
            }
            // Nothing but dates moved, so what was due was all.
            let left = world.plan(&files, &workspace, end, false)?;
            prop_assert!(left.is_empty(), "due {}, each {} hours: {:#?}", due, hours, left.changes);
            ends.push(world.wanted(&desired));
        }
        // Where members are only added, who was one in between stays one.
        if !workspace.policy.at_least {
            for other in &ends[1..] {
                prop_assert_eq!(&ends[0], other);
            }
        }
    }

}

proptest! {
    #![proptest_config(config(50))]

    /// A run of what is due leaves edits of the manifests alone.
    #[test]
    fn rule_13_12_what_is_due_are_the_values_that_time_changed(
        one in case(), other in case(), slot in SLOTS, later in 1..40i64,
    ) {
        let edited = one.with_bases_of(&other);
        let (workspace, before, after) = (one.workspace(), one.files(as_is), edited.files(as_is));
        let (start, end) = (one.moment(slot), one.moment(slot + later));
        let mut world = World::new(&one);
        if !world.apply(&before, &workspace, start)? {
            return Ok(());
        }
        let plan = world.plan(&after, &workspace, start, true)?;
        prop_assert!(plan.is_empty(), "{:#?}", plan.changes);
        let Some(dates) = resolved(&after, &workspace, start)?.dates else { return Ok(()) };
        let mut states = vec![values(&resolved(&after, &workspace, start)?.desired)];
        let mut at = start;
        while let Some(next) = dates.next(at).filter(|next| *next <= end) {
            states.push(values(&resolved(&after, &workspace, next)?.desired));
            at = next;
        }
        let now = values(&resolved(&after, &workspace, end)?.desired);
        let plan = world.plan(&after, &workspace, end, true)?;
        for change in &plan.changes {
            let id = change.id.to_string();
            let differs = |part: &dyn Fn(&Json) -> Json| {
                states.iter().any(|then| then.get(&id).map(part) != now.get(&id).map(part))
            };
            if differs(&Json::clone) {
                // Of an agent that was there all the time, only the fields that time changed.
                if id.starts_with("agent/") && !differs(&|agent| agent[0].clone()) {
                    for field in &change.fields {
                        let key = field.field.key;
                        prop_assert!(differs(&|agent| agent[1][key].clone()), "{}: {:#?}", key, change);
                    }
                }
                continue;
            }
            // Agents that are deleted, or that left, leave queues that do not name them.
            prop_assert!(id.starts_with("queue/"), "{:#?}", change);
            let (was, left) = (change.members_before().unwrap(), change.members_after().unwrap());
            prop_assert!(left.keys().all(|id| was.contains_key(id)), "{:#?}", change);
            for gone in was.keys().filter(|id| !left.contains_key(*id)) {
                prop_assert_ne!(&now[&format!("agent/{gone}")][0], "Present", "{:#?}", change);
            }
        }
    }
}

/// Returns what is wanted, without the reasons of what is not.
fn kept(desired: &Desired, at_least: bool) -> BTreeMap<String, Json> {
    let agents = desired.agents.iter().map(|(id, agent)| {
        // What a tombstone says besides means nothing.
        let values = (!agent.is_absent()).then(|| words(&agent.record));
        (format!("agent/{id}"), json!([format!("{:?}", agent.existence), agent.protect, values]))
    });
    let queues = desired.queues.iter().map(|(id, queue)| {
        let mut said = queue_words(queue);
        said[1] = if at_least {
            json!(queue.excluded.keys().map(ToString::to_string).collect::<Vec<_>>())
        } else {
            Json::Null
        };
        (id.to_string(), said)
    });
    agents.chain(queues).collect()
}

/// Returns files, in canonical layout on request, with a comment above and one beside each line that can have one.
fn remarked(files: Vec<(String, String)>, canonical: bool) -> Vec<File> {
    let file = |(name, text): (String, String)| {
        let mut text = format::format(&text).text;
        if canonical {
            let mut lines = String::new();
            for (at, line) in text.lines().enumerate() {
                let indent = line.len() - line.trim_start().len();
                if line != "---" {
                    lines.push_str(&format!("{:indent$}# above {at}\n", ""));
                }
                let beside = if line == "---" { String::new() } else { format!(" # beside {at}") };
                lines.push_str(&format!("{line}{beside}\n"));
            }
            let laid = format::format(&lines);
            if laid.canonical {
                text = laid.text;
            }
        }
        File { name: name.as_str().into(), bytes: text.into_bytes() }
    };
    files.into_iter().map(file).collect()
}

fn comments(files: &[File]) -> Vec<String> {
    let texts = files.iter().map(|file| std::str::from_utf8(&file.bytes).unwrap());
    let mut all: Vec<String> = texts.flat_map(format::remarks).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(config(100))]

    /// Dates that are over are folded: nothing else is wanted at any later moment, and every comment is still there.
    #[test]
    fn rule_13_9_a_fold_changes_nothing_that_is_wanted_from_then_on(
        case in case(), slot in SLOTS, with_comments in any::<bool>(),
    ) {
        let (workspace, at) = (case.workspace(), case.moment(slot));
        let before = remarked(case.files(as_is), with_comments);
        let fold = |files: &[File]| {
            let settled = settle::settle(files, &workspace, at).map_err(|_| TestCaseError::fail("the files are wrong"))?;
            let now: Vec<File> = files.iter().map(|file| {
                let after = settled.files.iter().find(|after| after.name == file.name);
                File { name: file.name.clone(), bytes: after.map_or_else(|| file.bytes.clone(), |after| after.after.clone().into_bytes()) }
            }).collect();
            Ok::<_, TestCaseError>((now, settled))
        };
        let (after, _) = fold(&before)?;
        let text = |files: &[File]| -> String {
            files.iter().map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).collect::<Vec<_>>().join("\n=====\n")
        };
        let shown = || format!("{at}\n{}\n>>>>>\n{}", text(&before), text(&after));
        prop_assert_eq!(comments(&before), comments(&after), "{}", shown());
        let at_least = workspace.policy.at_least;
        let dates = manifest::load_at(&before, &workspace, at).ok().and_then(|roster| roster.dates);
        let mut moment = Some(at);
        while let Some(now) = moment {
            let desired = |files: &[File]| manifest::load_at(files, &workspace, now).map(|roster| kept(&roster.desired, at_least)).map_err(|_| TestCaseError::fail("wrong after the fold"));
            prop_assert_eq!(desired(&before)?, desired(&after)?, "at {}: {}", now, shown());
            moment = dates.as_ref().and_then(|dates| dates.next(now));
        }
        let (again, second) = fold(&after)?;
        prop_assert!(second.files.is_empty(), "{}\n>>>>>\n{}", shown(), text(&again));
        for (before, after) in before.iter().zip(&after) {
            let canonical = |file: &File| { let text = std::str::from_utf8(&file.bytes).unwrap(); format::format(text).text == text };
            prop_assert!(!canonical(before) || canonical(after), "{}", shown());
        }
    }
}

/// Returns the moment halfway between two others, at a full second.
fn midway(one: Timestamp, other: Timestamp) -> Timestamp {
    Timestamp::from_second(i64::midpoint(one.as_second(), other.as_second())).unwrap()
}

/// Returns a function that shuffles, by seed.
fn shuffled(mut seed: u64) -> impl FnMut(usize) -> Vec<usize> {
    move |count| {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, usize::try_from(seed >> 33).unwrap() % (at + 1));
        }
        order
    }
}
