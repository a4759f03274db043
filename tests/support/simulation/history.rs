//! Histories: some runs with faults, then a few without, and the final verdict.

use rosterctl::sandbox::WebchatQueue;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rosterctl::model::desired::Desired;
use rosterctl::model::presence::PresencePolicy;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::value::Value;
use rosterctl::sandbox::vendor_state::Random;
use rosterctl::sandbox::webchat_queue::Queue;

use super::judge::judge;
use super::sign_in::SYSTEMS;
use super::world::{Happening, Weather, World};
use super::{Client, End, Mutant, Roster, Shared, Story, live_through};

/// The theme of a history, besides its faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Faults only.
    #[default]
    Plain,
    /// The console gives numbers to other agents, and renames and deletes queues.
    Identities,
    /// Listings show new resources only minutes later.
    Late,
    /// Sign-ins end in the middle of a run.
    SignIn,
}

/// The moment at which a client dies, and the other faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    pub(crate) mutant: Option<Mutant>,
    pub(crate) theme: Theme,
    /// The one client with faults dies after this many events, and nothing else goes wrong.
    pub(crate) dies_after: Option<u64>,
    /// The age of the state that reads show, in milliseconds.
    pub(crate) lag: i64,
}

/// Plays one history of a roster.
pub(crate) fn history(seed: u64, roster: &Roster, course: Course) -> Story {
    play(seed, &[roster], course)
}

/// Plays one history of two workspaces on one tenant, which run in turn.
pub(crate) fn tenants(seed: u64, rosters: &[Roster; 2], course: Course) -> Story {
    play(seed, &rosters.each_ref(), course)
}

/// Plays one run without faults. Calls take up to `latency` milliseconds each way; `after` is the time after which
/// the operator stops the run.
pub(crate) fn one_run(roster: &Roster, latency: usize, after: Option<i64>) -> Story {
    let world = Rc::new(RefCell::new(world(1, &[roster], Course::default())));
    world.borrow_mut().weather = Weather { faults: 0, latency };
    let mut client = Client::new(&world, roster, None);
    client.stops = after;
    let end = live_through(&world, client.apply(), None, &mut 0);
    let steps = *client.steps.borrow();
    let mut world = world.borrow_mut();
    Story {
        ended: end.iter().map(|end| (word(end), 1)).collect(),
        manifest: roster.manifest.clone(),
        violations: std::mem::take(&mut world.violations),
        log: std::mem::take(&mut world.log),
        most_begun: world.most_begun,
        intents: world.intents,
        steps,
        ..Story::default()
    }
}

fn play(seed: u64, rosters: &[&Roster], course: Course) -> Story {
    let mut dice = Random::new(seed ^ 0x5eed);
    let world = Rc::new(RefCell::new(world(seed, rosters, course)));
    let manifests: Vec<&str> = rosters.iter().map(|roster| &*roster.manifest).collect();
    let mut story = Story { manifest: manifests.join("\n"), ..Story::default() };
    let alone = course.dies_after.is_some();
    let runs = if alone { 1 } else { rosters.len() * (1 + dice.below(3)) };
    for run in 0..runs {
        let workspace = run % rosters.len();
        let roster = rosters[workspace];
        let mut client = Client::new(&world, roster, course.mutant);
        client.workspace = workspace;
        if run < rosters.len() {
            client.desired = roster.earlier.as_ref().unwrap_or(&roster.desired);
        }
        let mut dies_after = course.dies_after;
        if !alone {
            dies_after = brew(&mut client, &mut dice, course.theme);
        }
        world.borrow_mut().catch_up();
        let mut events = 0;
        let end = live_through(&world, client.apply(), dies_after, &mut events);
        story.steps = story.steps.max(*client.steps.borrow());
        if run == 0 {
            story.events = events;
        }
        drop(client);
        let mut world = world.borrow_mut();
        if end.is_none() {
            let (now, has_journal) = (world.now, !world.unfinished().is_empty());
            world.hidden.show_untold(now, has_journal);
            world.orphan_created();
        }
        if let Some(end) = &end {
            world.watch_refusal(end);
        }
        world.land();
        let end = end.map_or_else(
            || {
                world.note("the client dies");
                story.crashes += 1;
                "died"
            },
            |end| word(&end),
        );
        world.note(format!("the run ends: {end}"));
        *story.ended.entry(end).or_default() += 1;
    }
    heal(&world, rosters, course.mutant);
    let mut world = world.borrow_mut();
    for (workspace, roster) in rosters.iter().enumerate() {
        world.enter(workspace, &roster.desired);
        judge(&mut world, roster);
    }
    story.violations = std::mem::take(&mut world.violations);
    story.log = std::mem::take(&mut world.log);
    story
}

/// Creates the world of a history.
fn world(seed: u64, rosters: &[&Roster], course: Course) -> World {
    let first = rosters[0];
    let mut world = World::new(first.house, first.estate.clone(), Random::new(seed ^ 0xfa17), first.limit);
    world.lag = course.lag;
    world.owners.changes = course.theme == Theme::Identities;
    for (workspace, roster) in rosters.iter().enumerate() {
        world.store.extend(roster.store.clone());
        world.generated.extend(roster.generated.clone());
        world.ledgers.insert(workspace, roster.ledger.clone());
        world.own_from(workspace, &roster.ledger);
        world.declared.extend(roster.desired.agents.keys().map(ToString::to_string));
        for queue in roster.desired.queues.values() {
            if let Some(Value::Members(members)) = queue.record.get(&ASSIGN_MEMBERS) {
                let strangers = members.keys().filter(|id| !roster.desired.agents.contains_key(*id));
                world.named_by_queues.extend(strangers.map(ToString::to_string));
            }
        }
    }
    world.remember_unsaid(
        rosters.iter().flat_map(|roster| roster.desired.queues.values()).map(|queue| &*queue.name),
    );
    world.template = Some(Queue {
        exten: String::new(),
        display_name: String::new(),
        assign_rule: "least".to_owned(),
        is_memory: false,
        memory_time: None,
        update_time: String::new(),
        update_agent: String::new(),
        assign_members: Vec::new(),
    });
    world.enter(0, &first.desired);
    world
}

/// Draws the faults of a run; returns the number of events after which its client dies.
fn brew(client: &mut Client<'_>, dice: &mut Random, theme: Theme) -> Option<u64> {
    let world = &client.world;
    {
        let mut world = world.borrow_mut();
        world.weather =
            Weather { faults: [0, 5, 15, 30][dice.below(4)], latency: [50, 1_500][dice.below(2)] };
        let busy = [0, 0, 1, 3][dice.below(4)];
        for _ in 0..busy {
            let within = [400, 4_000, 60_000][dice.below(3)];
            let at = i64::try_from(dice.below(within)).unwrap_or(0);
            world.happen(at, Happening::Console(dice.draw()));
        }
    }
    let wait = [0, 0, 20, 90][dice.below(4)];
    let guard = PresencePolicy { wait: Duration::from_secs(wait), ..PresencePolicy::default() };
    client.conduct.guard = (dice.below(3) > 0).then_some(guard);
    world.borrow_mut().guarded = client.conduct.guard.is_some();
    for _ in 0..[0, 0, 2, 6][dice.below(4)] {
        let at = i64::try_from(dice.below(30_000)).unwrap_or(0);
        world.borrow_mut().happen(at, Happening::Calls(dice.draw()));
    }
    client.conduct.skip_stale = dice.below(3) == 0;
    client.conduct.saved = dice.below(2) == 0;
    client.hesitates = i64::from(client.conduct.saved) * i64::try_from(dice.below(20_000)).unwrap_or(0);
    client.stops = (dice.below(8) == 0).then(|| i64::try_from(dice.below(5_000)).unwrap_or(0));
    client.loses = (dice.below(10) == 0).then(|| i64::try_from(dice.below(5_000)).unwrap_or(0));
    let dies_after = (dice.below(2) == 0).then(|| dice.below(120) as u64);
    client.keeps_journal = dice.below(4) > 0;
    let mut world = world.borrow_mut();
    match theme {
        Theme::Plain => {}
        Theme::Identities => {
            for _ in 0..=dice.below(3) {
                let at = i64::try_from(dice.below(20_000)).unwrap_or(0);
                world.happen(at, Happening::Console(dice.draw()));
            }
        }
        Theme::Late => world.hidden.most = [20_000, 240_000][dice.below(2)],
        Theme::SignIn => {
            let at = i64::try_from(dice.below(8_000)).unwrap_or(0);
            world.happen(at, Happening::SignInEnds(SYSTEMS[dice.below(SYSTEMS.len())]));
        }
    }
    dies_after
}

fn word(end: &End) -> &'static str {
    match end {
        End::Unreadable => "unreadable",
        End::Blocked => "blocked",
        End::Empty => "empty",
        End::Stale => "stale",
        End::Blind => "blind",
        End::Ran(true) => "done",
        End::Ran(false) => "partial",
        End::Held => "held",
        End::Interrupted => "interrupted",
    }
}

/// Runs each workspace at most three times without faults, until nothing is left to do.
fn heal(world: &Shared, rosters: &[&Roster], mutant: Option<Mutant>) {
    {
        let mut world = world.borrow_mut();
        world.note("the weather clears");
        world.weather = Weather { faults: 0, latency: 50 };
        world.calls.clear();
        world.guarded = false;
        world.hidden.show_all();
        world.settle();
        // In a race the console may create a duplicate of our queue; people must remove it.
        let World { estate, by_console, .. } = &mut *world;
        let queues = &mut estate.get_mut::<WebchatQueue>().queues;
        let names: Vec<String> = queues.iter().map(|queue| queue.display_name.clone()).collect();
        queues.retain(|queue| {
            let same = names.iter().filter(|name| **name == queue.display_name).count();
            same == 1 || !by_console.contains_key(&queue.exten)
        });
    }
    for run in 1..=4 {
        let mut ends = Vec::new();
        for (workspace, roster) in rosters.iter().enumerate() {
            world.borrow_mut().catch_up();
            let mut client = Client::new(world, roster, mutant);
            client.workspace = workspace;
            let end = live_through(world, client.apply(), None, &mut 0);
            if let Some(end) = &end {
                world.borrow_mut().watch_refusal(end);
            }
            ends.push(end);
        }
        let forgot = world.borrow_mut().forget_gone();
        if !forgot && ends.iter().all(|end| *end == Some(End::Empty)) {
            return;
        }
        if run == 4 {
            world.borrow_mut().violate(format!("three runs in fine weather did not do: {ends:?}"));
        }
    }
}

impl World {
    /// Switches to a workspace with its desired state.
    fn enter(&mut self, workspace: usize, desired: &Desired) {
        let before = self.owners.workspace;
        if let Some(ledger) = self.ledgers.remove(&workspace) {
            let other = std::mem::replace(&mut self.ledger, ledger);
            if before != workspace {
                self.ledgers.insert(before, other);
            }
        }
        self.owners.workspace = workspace;
        self.declared = desired.agents.keys().map(ToString::to_string).collect();
        self.wanted_queues = desired.queues.values().map(|queue| queue.name.to_string()).collect();
    }

    /// Starts a run of a workspace.
    pub(super) fn begin_run(&mut self, workspace: usize, desired: &Desired) {
        self.enter(workspace, desired);
        self.lost = false;
        self.planned = false;
        self.run_ms = self.now;
        // A run recovers the journal of a run that died.
        let died = !self.journals.is_empty();
        if !died {
            self.truth.clear();
        }
        self.was_missing.clear();
        self.may_create.clear();
        self.may_delete.clear();
        self.may_delete_queues.clear();
        self.carried.clear();
        self.owners.begin_run(died);
        self.hidden.begin_run();
        self.sign_in.renew();
        self.observe();
    }
}
