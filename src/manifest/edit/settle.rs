//! Dates that are over, folded into the base: `fmt --settle`.
//!
//! ```text
//! files ─dates that are over─▶ folds ─splices─▶ files ─load─▶ the same roster at each later moment?
//!                                ▲                                        │
//!                                └──────────── without some folds ◀───no──┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::agents::range;
use super::splice::{KeyChange, Splices};
use super::tree::{self, Body, Entry, Item, Node, Tree};
use super::{EditedFile, MOST_ALIASES};
use crate::config::workspace::{Leavers, Workspace};
use crate::manifest::{self, Dates, Roster, Timeline, format};
use crate::model::date::{Date, Zone};
use crate::model::desired::{Desired, DesiredAgent, DesiredQueue};
use crate::model::diagnostic::Diagnostics;
use crate::model::field::Record;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::queue::ListMode;
use crate::model::source::{File, Source};

/// The result of a fold.
#[derive(Debug, Default)]
pub struct Settled {
    /// The files that change, by name.
    pub files: Vec<EditedFile>,
    /// The dates that stay, because without them something else would be wanted. The places are those after the fold.
    pub left: Vec<Source>,
}

/// Most rounds: a folded list may hold members whose own dates are over.
const MOST_ROUNDS: usize = 4;

/// Folds the dates that are over at an instant into the base. What is wanted then and later stays the same.
///
/// # Errors
/// All errors of the files; then none of them changes.
pub fn settle(files: &[File], workspace: &Workspace, at: Timestamp) -> Result<Settled, Diagnostics> {
    let before = manifest::load_at(files, workspace, at)?;
    let mut now: Vec<File> = files.iter().map(copy).collect();
    let mut left = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let round = Round::new(&now, workspace, &before, at);
        let (after, unproven) = round.fold();
        left = unproven;
        match after {
            Some(after) => now = after,
            None => break,
        }
    }
    let changed = files.iter().zip(now).filter(|(before, after)| before.bytes != after.bytes);
    let edited = changed.filter_map(|(before, after)| {
        Some(EditedFile {
            name: Arc::clone(&before.name),
            before: Some(String::from_utf8(before.bytes.clone()).ok()?),
            after: String::from_utf8(after.bytes).ok()?,
        })
    });
    Ok(Settled { files: edited.collect(), left })
}

fn copy(file: &File) -> File {
    File { name: Arc::clone(&file.name), bytes: file.bytes.clone() }
}

/// The place of a fold: its file, line and column.
type Key = (usize, (u32, u32));
/// A span in moments.
type Moments = (Option<Timestamp>, Option<Timestamp>);

/// The fate of dates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They are over.
    Over,
    /// They hold from the instant on, without an end.
    Base,
    /// They may change something later.
    Ahead,
}

/// One pass over all files.
struct Round<'a> {
    files: &'a [File],
    /// The texts, without byte order marks, with those aliases written out that stand for dates which are over.
    texts: Vec<Option<String>>,
    workspace: &'a Workspace,
    zone: Zone,
    before: &'a Roster,
    at: Timestamp,
}

impl<'a> Round<'a> {
    fn new(files: &'a [File], workspace: &'a Workspace, before: &'a Roster, at: Timestamp) -> Self {
        let zone = workspace.time_zone.clone().unwrap_or_else(Zone::utc);
        let mut round = Self { files, texts: Vec::new(), workspace, zone, before, at };
        round.texts = files
            .iter()
            .map(|file| round.written_out(unmarked(std::str::from_utf8(&file.bytes).ok()?).1))
            .collect();
        round
    }

    /// Returns a text without those aliases that stand for dates which are over.
    fn written_out(&self, text: &str) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..MOST_ALIASES {
            let tree = tree::read(&text)?;
            let mut splices = Splices::new(&tree);
            for root in &tree.roots {
                self.aliases(&tree, root, &mut splices);
            }
            if splices.is_empty() {
                break;
            }
            text = splices.text()?;
        }
        Some(text)
    }

    fn aliases(&self, tree: &Tree<'_>, node: &Node, splices: &mut Splices<'_>) {
        if node.is_alias() {
            if tree.meant(node).is_some_and(|meant| self.has_past(tree, meant)) {
                splices.replace(node.range.clone(), tree.flow(node, false));
            }
            return;
        }
        for child in node.children() {
            self.aliases(tree, child, splices);
        }
    }

    /// Returns true if a map in a value has a date that has passed, or a period.
    fn has_past(&self, tree: &Tree<'_>, node: &Node) -> bool {
        let passed = |date: Option<Timestamp>| date.is_some_and(|date| date <= self.at);
        let (from, until) = self.span(tree, node);
        passed(from)
            || passed(until)
            || node.entry("period").is_some()
            || node.children().any(|child| self.has_past(tree, child))
    }

    /// Returns the moments of `from` and `until` of a map.
    fn span(&self, tree: &Tree<'_>, node: &Node) -> Moments {
        let date = |key: &str| Date::parse(tree.scalar(&node.entry(key)?.value)?);
        let from = date("from").and_then(|date| date.first(&self.zone).ok());
        (from, date("until").and_then(|date| date.end(&self.zone).ok()))
    }

    /// Returns the fate of values that hold in some spans.
    fn fate(&self, spans: &[Moments]) -> Fate {
        let over = |(_, until): &Moments| until.is_some_and(|until| until <= self.at);
        let open = |(from, until): &Moments| until.is_none() && from.is_some_and(|from| from <= self.at);
        match spans {
            [] => Fate::Ahead,
            spans if spans.iter().all(over) => Fate::Over,
            spans if spans.iter().any(open) => Fate::Base,
            _ => Fate::Ahead,
        }
    }

    /// Folds all that can be folded. Returns the files, if one changes, and the places of what stays.
    fn fold(&self) -> (Option<Vec<File>>, Vec<Source>) {
        let trees: Vec<Option<Tree<'_>>> =
            self.texts.iter().map(|text| tree::read(text.as_deref()?)).collect();
        let (all, _) = Walk::run(self, &trees, None);
        let mut accepted = BTreeSet::new();
        let all: Vec<Key> = all.into_iter().collect();
        let mut after = self.accept(&trees, &mut accepted, &all);
        if all.is_empty() {
            // A period may be over without an entry that refers to it.
            after = self.attempt(&trees, &accepted);
        }
        let changed = after
            .filter(|after| after.iter().zip(self.files).any(|(after, before)| after.bytes != before.bytes));
        let mut left: Vec<Source> = all
            .iter()
            .filter(|key| !accepted.contains(*key))
            .map(|(file, (line, column))| Source::new(&self.files[*file].name, *line, *column))
            .collect();
        let unread = self.files.iter().zip(&trees).filter(|(_, tree)| tree.is_none());
        left.extend(unread.map(|(file, _)| Source::new(&file.name, 1, 1)));
        (changed, left)
    }

    /// Accepts folds as far as the roster stays the same with them; halves what fails.
    fn accept(
        &self,
        trees: &[Option<Tree<'_>>],
        accepted: &mut BTreeSet<Key>,
        some: &[Key],
    ) -> Option<Vec<File>> {
        if some.is_empty() {
            return None;
        }
        let with: BTreeSet<Key> = accepted.iter().chain(some).copied().collect();
        if let Some(files) = self.attempt(trees, &with) {
            *accepted = with;
            return Some(files);
        }
        if some.len() == 1 {
            return None;
        }
        let (one, other) = some.split_at(some.len() / 2);
        let first = self.accept(trees, accepted, one);
        self.accept(trees, accepted, other).or(first)
    }

    /// Returns the files with some folds; `None` if they do not mean the same from the instant on.
    fn attempt(&self, trees: &[Option<Tree<'_>>], folds: &BTreeSet<Key>) -> Option<Vec<File>> {
        let (_, splices) = Walk::run(self, trees, Some(folds));
        let mut files = Vec::with_capacity(self.files.len());
        for (file, splices) in self.files.iter().zip(splices) {
            let Some(splices) = splices.filter(|splices| !splices.is_empty()) else {
                files.push(copy(file));
                continue;
            };
            let whole = std::str::from_utf8(&file.bytes).ok()?;
            let (mark, before) = unmarked(whole);
            let mut text = splices.text()?;
            if remarks(before) != remarks(&text) {
                return None;
            }
            if format::format(before).text == before {
                text = format::format(&text).text;
            }
            files.push(File { name: Arc::clone(&file.name), bytes: format!("{mark}{text}").into_bytes() });
        }
        let after = manifest::load_at(&files, self.workspace, self.at).ok()?;
        is_same(self.before, &after, self.workspace.policy.at_least).then_some(files)
    }
}

/// Returns the byte order mark of a text, and the rest.
fn unmarked(text: &str) -> (&'static str, &str) {
    text.strip_prefix('\u{feff}').map_or(("", text), |rest| ("\u{feff}", rest))
}

/// Returns the comments of a text in a fixed order.
fn remarks(text: &str) -> Vec<String> {
    let mut all = format::remarks(text);
    all.sort();
    all
}

/// The folds of a pass, found or carried out.
struct Walk<'r, 't> {
    round: &'r Round<'r>,
    /// The folds to carry out; `None` finds and carries out all.
    folds: Option<&'r BTreeSet<Key>>,
    found: BTreeSet<Key>,
    periods: BTreeMap<String, Vec<Moments>>,
    /// The periods that an entry refers to after the folds.
    used: BTreeSet<&'t str>,
    /// The agents that become tombstones.
    gone: BTreeSet<OperatorId>,
    file: usize,
}

impl<'r, 't> Walk<'r, 't> {
    fn run(
        round: &'r Round<'r>,
        trees: &'t [Option<Tree<'t>>],
        folds: Option<&'r BTreeSet<Key>>,
    ) -> (BTreeSet<Key>, Vec<Option<Splices<'t>>>) {
        let mut walk = Self {
            round,
            folds,
            found: BTreeSet::new(),
            periods: BTreeMap::new(),
            used: BTreeSet::new(),
            gone: BTreeSet::new(),
            file: 0,
        };
        let roots = |tree: &'t Option<Tree<'t>>| {
            tree.iter().flat_map(|tree| tree.roots.iter().map(move |root| (tree, root)))
        };
        for (file, tree) in trees.iter().enumerate() {
            walk.file = file;
            for (tree, root) in roots(tree) {
                for entry in root.entry("periods").iter().flat_map(|entry| entry.value.entries()) {
                    walk.period(tree, entry);
                }
                for item in root.entry("agents").iter().flat_map(|entry| entry.value.items()) {
                    if let Some(until) = walk.deleted(tree, &item.value)
                        && walk.takes(&until.value)
                    {
                        walk.gone.extend(numbers(tree, &item.value));
                    }
                }
            }
        }
        let mut all: Vec<Option<Splices<'t>>> =
            trees.iter().map(|tree| tree.as_ref().map(Splices::keeping_comments)).collect();
        for (file, (tree, splices)) in trees.iter().zip(&mut all).enumerate() {
            walk.file = file;
            let Some(splices) = splices else { continue };
            for (tree, root) in roots(tree) {
                walk.document(tree, root, splices);
            }
        }
        if trees.iter().all(Option::is_some) {
            for (tree, splices) in trees.iter().zip(&mut all) {
                let Some(splices) = splices else { continue };
                for (_, root) in roots(tree) {
                    walk.drop_periods(root, splices);
                }
            }
        }
        (walk.found, all)
    }

    /// Returns true if a fold is carried out.
    fn takes(&mut self, node: &Node) -> bool {
        let key = (self.file, node.place);
        if let Some(folds) = self.folds {
            return folds.contains(&key);
        }
        self.found.insert(key);
        true
    }

    fn period(&mut self, tree: &Tree<'_>, entry: &Entry) {
        let Some(node) = tree.meant(&entry.value) else { return };
        let spans = match &node.body {
            Body::List { items, .. } => {
                let meant = items.iter().filter_map(|item| tree.meant(&item.value));
                meant.map(|span| self.round.span(tree, span)).collect()
            }
            Body::Scalar { .. } | Body::Alias(_) | Body::Map { .. } => vec![self.round.span(tree, node)],
        };
        self.periods.insert(entry.name.clone(), spans);
    }

    /// Removes the periods that are over and that nothing refers to.
    fn drop_periods(&self, root: &Node, splices: &mut Splices<'t>) {
        let Some(periods) = root.entry("periods") else { return };
        let names = periods.value.entries().iter().map(|entry| entry.name.as_str());
        let gone: Vec<KeyChange> = names
            .filter(|name| !self.used.contains(name))
            .filter(|name| self.periods.get(*name).is_some_and(|spans| self.round.fate(spans) != Fate::Ahead))
            .map(|name| (name.to_owned(), None))
            .collect();
        if gone.len() == periods.value.entries().len() {
            splices.keys(root, &[("periods".to_owned(), None)], &|_| 0);
        } else if !gone.is_empty() {
            splices.keys(&periods.value, &gone, &|_| 0);
        }
    }

    /// Returns the `until` of an agent that is deleted by the instant.
    fn deleted(&self, tree: &Tree<'_>, agent: &'t Node) -> Option<&'t Entry> {
        let until = self.round.span(tree, agent).1?;
        let days = match self.round.workspace.policy.leavers {
            Leavers::Disable { delete_after } => delete_after?,
            Leavers::Delete => 0,
            Leavers::Keep => return None,
        };
        (self.round.zone.days_later(until, days) <= self.round.at).then(|| agent.entry("until"))?
    }

    fn document(&mut self, tree: &'t Tree<'t>, root: &'t Node, splices: &mut Splices<'t>) {
        let agent = |key: &str| format::rank(format::Entry::Agent, key);
        let queue = |key: &str| format::rank(format::Entry::Queue, key);
        if let Some(defaults) = root.entry("defaults") {
            self.map(tree, &defaults.value, Vec::new(), splices, &agent);
        }
        for profile in root.entry("profiles").iter().flat_map(|entry| entry.value.entries()) {
            self.map(tree, &profile.value, Vec::new(), splices, &agent);
        }
        for item in root.entry("agents").iter().flat_map(|entry| entry.value.items()) {
            let map = &item.value;
            let gone = self.deleted(tree, map);
            if gone.is_some_and(|until| self.takes(&until.value)) {
                let dates = ["from", "until", "during", "queues"].into_iter();
                let own = dates.filter(|key| map.entry(key).is_some());
                let mut changes: Vec<KeyChange> = own.map(|key| (key.to_owned(), None)).collect();
                changes.push(("state".to_owned(), Some("absent".to_owned())));
                splices.keys(map, &changes, &agent);
            } else {
                let changes = self.begun(tree, map);
                self.map(tree, map, changes, splices, &agent);
            }
        }
        for item in root.entry("queues").iter().flat_map(|entry| entry.value.items()) {
            self.map(tree, &item.value, Vec::new(), splices, &queue);
        }
    }

    /// Returns the removal of a `from` that has passed.
    fn begun(&mut self, tree: &Tree<'_>, map: &'t Node) -> Vec<KeyChange> {
        let begun = self.round.span(tree, map).0.is_some_and(|from| from <= self.round.at);
        let from = map.entry("from").filter(|_| begun);
        from.filter(|from| self.takes(&from.value)).map(|_| ("from".to_owned(), None)).into_iter().collect()
    }

    /// Folds `during` and `assignMembers` of a map.
    fn map(
        &mut self,
        tree: &'t Tree<'t>,
        map: &'t Node,
        mut changes: Vec<KeyChange>,
        splices: &mut Splices<'t>,
        rank: &dyn Fn(&str) -> usize,
    ) {
        let mut set: BTreeSet<&str> = BTreeSet::new();
        if let Some(during) = map.entry("during") {
            let items = during.value.items();
            let mut removed = BTreeSet::new();
            for (at, item) in items.iter().enumerate() {
                let fate = self.during(tree, item);
                if fate != Fate::Ahead && self.takes(&item.value) {
                    removed.insert(at);
                    if fate == Fate::Base {
                        for entry in item.value.entries() {
                            if !["from", "until", "period"].contains(&entry.name.as_str()) {
                                set.insert(&entry.name);
                                changes.push((entry.name.clone(), Some(tree.flow(&entry.value, false))));
                            }
                        }
                    }
                } else {
                    if let Some(period) = item.value.entry("period") {
                        self.used.extend(tree.scalar(&period.value));
                    }
                    if let Some(list) = item.value.entry("assignMembers") {
                        self.members(tree, list, splices);
                    }
                }
            }
            if !items.is_empty() && removed.len() == items.len() {
                changes.push(("during".to_owned(), None));
            } else if !removed.is_empty() {
                splices.items(during.colon, &during.value, &removed, &[]);
            }
        }
        if let Some(list) = map.entry("assignMembers").filter(|_| !set.contains("assignMembers")) {
            self.members(tree, list, splices);
        }
        if !changes.is_empty() {
            splices.keys(map, &changes, rank);
        }
    }

    /// Returns the fate of an entry of `during`.
    fn during(&self, tree: &Tree<'_>, item: &Item) -> Fate {
        let period = item.value.entry("period").and_then(|entry| tree.scalar(&entry.value));
        match period {
            Some(name) => self.periods.get(name).map_or(Fate::Ahead, |spans| self.round.fate(spans)),
            None => self.round.fate(&[self.round.span(tree, &item.value)]),
        }
    }

    /// Folds the dates of the entries of a list of members.
    fn members(&mut self, tree: &'t Tree<'t>, list: &'t Entry, splices: &mut Splices<'t>) {
        let member = |key: &str| format::rank(format::Entry::Member, key);
        let mut removed = BTreeSet::new();
        for (at, item) in list.value.items().iter().enumerate() {
            let map = tree.meant(&item.value).unwrap_or(&item.value);
            let number = map.entry("agentNumber").map_or(map, |entry| &entry.value);
            let gone = tree.scalar(number).is_some_and(|id| self.gone.contains(&OperatorId::from(id)));
            let over = self.round.span(tree, map).1.is_some_and(|until| until <= self.round.at);
            if gone || (over && self.takes(&item.value)) {
                removed.insert(at);
            } else if !item.value.is_alias() {
                let changes = self.begun(tree, &item.value);
                self.map(tree, &item.value, changes, splices, &member);
            }
        }
        if !removed.is_empty() {
            splices.items(list.colon, &list.value, &removed, &[]);
        }
    }
}

/// Returns the numbers of an entry of `agents`.
fn numbers(tree: &Tree<'_>, agent: &Node) -> Vec<OperatorId> {
    let text = |key: &str| tree.scalar(&agent.entry(key)?.value);
    if let Some(id) = text("operatorId") {
        return vec![OperatorId::from(id)];
    }
    if let Some((first, last, width)) = text("operatorIds").and_then(range) {
        return (first..=last).map(|at| OperatorId::from(format!("{at:0width$}").as_str())).collect();
    }
    let items = agent.entry("operatorIds").map_or(&[][..], |entry| entry.value.items());
    items.iter().filter_map(|item| tree.scalar(&item.value)).map(OperatorId::from).collect()
}

/// A roster on its way through time.
struct State<'a> {
    desired: &'a Desired,
    dates: Option<&'a Dates>,
    timeline: Option<Timeline<'a>>,
    at: Timestamp,
    agents: BTreeMap<OperatorId, DesiredAgent>,
    queues: BTreeMap<ResourceId, DesiredQueue>,
}

impl<'a> State<'a> {
    fn new(roster: &'a Roster, at: Timestamp) -> Self {
        let dates = roster.dates.as_deref();
        let timeline = dates.map(|dates| Timeline::new(dates, &roster.desired));
        Self {
            desired: &roster.desired,
            dates,
            timeline,
            at,
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
        }
    }

    fn next(&self) -> Option<Timestamp> {
        self.dates?.next(self.at)
    }

    /// Steps to a moment. Adds what changes to the sets.
    fn step(&mut self, to: Timestamp, agents: &mut BTreeSet<OperatorId>, queues: &mut BTreeSet<ResourceId>) {
        let steps = self.timeline.as_mut().and_then(|timeline| timeline.next(to));
        self.at = to;
        let Some((_, step)) = steps else { return };
        for agent in step.agents {
            agents.insert(agent.id.clone());
            self.agents.insert(agent.id, agent.after);
        }
        for queue in step.queues {
            queues.insert(queue.id.clone());
            self.queues.insert(queue.id, queue.after);
        }
    }

    fn agent(&self, id: &OperatorId) -> Option<&DesiredAgent> {
        self.agents.get(id).or_else(|| self.desired.agents.get(id))
    }

    fn queue(&self, id: &ResourceId) -> Option<&DesiredQueue> {
        self.queues.get(id).or_else(|| self.desired.queues.get(id))
    }
}

/// Returns true if two rosters want the same at their instant and at each later moment.
fn is_same(one: &Roster, other: &Roster, at_least: bool) -> bool {
    let instant = |roster: &Roster| roster.dates.as_ref().map(|dates| dates.at);
    let at = instant(one).or(instant(other)).unwrap_or(Timestamp::MIN);
    let (mut one, mut other) = (State::new(one, at), State::new(other, at));
    let mut agents: BTreeSet<OperatorId> =
        one.desired.agents.keys().chain(other.desired.agents.keys()).cloned().collect();
    let mut queues: BTreeSet<ResourceId> =
        one.desired.queues.keys().chain(other.desired.queues.keys()).cloned().collect();
    loop {
        let agent = |id| matches!((one.agent(id), other.agent(id)), (Some(a), Some(b)) if same_agent(a, b));
        let queue =
            |id| matches!((one.queue(id), other.queue(id)), (Some(a), Some(b)) if same_queue(a, b, at_least));
        if !agents.iter().all(agent) || !queues.iter().all(queue) {
            return false;
        }
        let Some(next) = one.next().into_iter().chain(other.next()).min() else { return true };
        agents.clear();
        queues.clear();
        one.step(next, &mut agents, &mut queues);
        other.step(next, &mut agents, &mut queues);
    }
}

fn same_agent(one: &DesiredAgent, other: &DesiredAgent) -> bool {
    one.existence == other.existence
        && one.protect == other.protect
        && one.allow_any_role == other.allow_any_role
        // What a tombstone says besides means nothing.
        && (one.is_absent() || same_values(&one.record, &other.record))
}

fn same_queue(one: &DesiredQueue, other: &DesiredQueue, at_least: bool) -> bool {
    let minimum = |queue: &DesiredQueue| queue.min_members.as_ref().map(|(minimum, _)| *minimum);
    let selector = match (&one.selector, &other.selector) {
        (Some(one), Some(other)) => same_values(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    // Only where members are added to those that are live, it matters who must not be one.
    let only_added = one.mode.map_or(at_least, |mode| mode == ListMode::AtLeast);
    selector
        && minimum(one) == minimum(other)
        && one.allow_empty == other.allow_empty
        && one.mode == other.mode
        && one.except == other.except
        && same_values(&one.record, &other.record)
        && (!only_added || one.excluded.keys().eq(other.excluded.keys()))
}

fn same_values(one: &Record, other: &Record) -> bool {
    one.len() == other.len() && one.iter().all(|entry| other.get(entry.field) == Some(entry.value))
}
