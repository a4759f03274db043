//! Random rosters with random dates, as text. Time is cut into slots of half a day, from the first of December 2026 on.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil;
use proptest::prelude::*;
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest::{self, Roster};
use rosterctl::model::date::Zone;
use rosterctl::model::diagnostic::Diagnostic;
use rosterctl::model::live::Live;
use rosterctl::model::source::File;
use serde_json::{Map, Value as Json, json};

use super::planning;

/// The slots of a case: eight weeks.
pub(super) const SLOTS: Range<i64> = 0..112;
/// The agents' numbers; the last three are a pool.
const IDS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "8001", "8002", "8003"];
const SINGLE: usize = 6;
/// Live agents that no manifest names.
const STRANGERS: [&str; 2] = ["901", "902"];
const ZONES: [&str; 3] = ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"];
const LEAVERS: [&str; 5] = [
    "{ then: disable }",
    "{ then: disable, deleteAfter: 0d }",
    "{ then: disable, deleteAfter: 4d }",
    "{ then: delete }",
    "{ then: keep }",
];

type Words = BTreeMap<&'static str, Json>;
/// From the first slot on, before the last one; a missing end is open.
type Slots = (Option<i64>, Option<i64>);

/// The time of an entry of `during`.
#[derive(Clone, Debug)]
enum When {
    Span(Slots),
    Period(usize),
}

/// Values, and entries of `during`.
#[derive(Clone, Debug)]
struct Layer<T> {
    base: T,
    during: Vec<(When, T)>,
}

#[derive(Clone, Debug)]
struct Agent {
    profile: Option<usize>,
    document: usize,
    span: Slots,
    layer: Layer<Words>,
}

#[derive(Clone, Debug)]
struct Member {
    agent: usize,
    span: Slots,
    priority: Layer<i64>,
}

/// What a queue, or an entry of its `during`, says.
#[derive(Clone, Debug)]
struct Set {
    members: Option<Vec<Member>>,
    selector: Option<(&'static str, &'static str)>,
    minimum: Option<usize>,
}

/// A random workspace, its roster and its live state.
#[derive(Clone, Debug)]
pub(super) struct Case {
    zone: &'static str,
    leavers: &'static str,
    prune: &'static str,
    at_least: bool,
    /// True if the manifests say `enabled`.
    enabled: bool,
    periods: Vec<Vec<Slots>>,
    profiles: Vec<Layer<Words>>,
    defaults: Vec<Layer<Words>>,
    agents: Vec<Agent>,
    queues: Vec<Layer<Set>>,
    live: Vec<Option<Words>>,
    live_members: Vec<Vec<usize>>,
}

/// Generates a span; `None` is open.
fn slots() -> impl Strategy<Value = Slots> {
    (SLOTS, 1..30i64, 0..6u8).prop_map(|(from, length, open)| match open {
        0 => (None, Some(from)),
        1 => (Some(from), None),
        _ => (Some(from), Some(from + length)),
    })
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![3 => slots().prop_map(When::Span), 1 => (0..3usize).prop_map(When::Period)]
}

/// Generates a value that an edit sets, and sets back.
fn said() -> impl Strategy<Value = (&'static str, Json)> {
    prop_oneof![
        2 => prop::sample::select(&["a", "b", "n{operatorId}"][..]).prop_map(|v| ("name", v.into())),
        3 => prop::sample::select(&["g1", "g2", "g3"][..]).prop_map(|v| ("mainSkillGroup", v.into())),
        2 => prop::sample::select(&["r1", "r2"][..]).prop_map(|v| ("role", v.into())),
        2 => (1..4i64).prop_map(|v| ("wrapUpSeconds", v.into())),
        1 => any::<bool>().prop_map(|v| ("hidePhone", v.into())),
        1 => any::<bool>().prop_map(|v| ("enabled", v.into())),
        3 => prop::collection::btree_map(prop::sample::select(&["q0", "q1"][..]), 0..3i64, 0..3)
            .prop_map(|queues| ("queues", json!(queues))),
    ]
}

fn words(most: usize) -> impl Strategy<Value = Words> {
    prop::collection::vec(said(), 0..most).prop_map(|words| words.into_iter().collect())
}

fn layer(most: usize) -> impl Strategy<Value = Layer<Words>> {
    let during = prop::collection::vec((when(), words(3)), 0..3);
    (words(most), during).prop_map(|(base, during)| Layer { base, during })
}

fn maybe_slots() -> impl Strategy<Value = Slots> {
    prop_oneof![2 => Just((None, None)), 1 => slots()]
}

fn agent() -> impl Strategy<Value = Agent> {
    (prop::option::of(0..2usize), 0..2usize, maybe_slots(), layer(3))
        .prop_map(|(profile, document, span, layer)| Agent { profile, document, span, layer })
}

fn member() -> impl Strategy<Value = Member> {
    let during = prop::collection::vec((when(), 0..3i64), 0..2);
    (0..IDS.len() + STRANGERS.len(), maybe_slots(), 0..3i64, during)
        .prop_map(|(agent, span, base, during)| Member { agent, span, priority: Layer { base, during } })
}

fn set() -> impl Strategy<Value = Set> {
    let selector =
        prop_oneof![Just(("mainSkillGroup", "g1")), Just(("mainSkillGroup", "g2")), Just(("role", "r1")),];
    let members = prop::option::of(prop::collection::vec(member(), 0..6));
    (members, prop::option::of(selector), prop::option::weighted(0.3, 0..3usize))
        .prop_map(|(members, selector, minimum)| Set { members, selector, minimum })
}

fn queue() -> impl Strategy<Value = Layer<Set>> {
    let during = prop::collection::vec((when(), set()), 0..3);
    (set(), during).prop_map(|(base, during)| Layer { base, during })
}

/// Generates a case.
pub(super) fn case() -> impl Strategy<Value = Case> {
    let policy = (
        prop::sample::select(&ZONES[..]),
        prop::sample::select(&LEAVERS[..]),
        prop::sample::select(&["none", "none", "owned", "all"][..]),
        prop::bool::weighted(0.2),
        any::<bool>(),
    );
    let periods = prop::collection::vec(prop::collection::vec(slots(), 1..3), 3);
    let roster = (
        periods,
        prop::collection::vec(layer(4), 2),
        prop::collection::vec(layer(4), 2),
        prop::collection::vec(agent(), SINGLE + 1),
        prop::collection::vec(queue(), 1..4),
    );
    let live = (
        prop::collection::vec(prop::option::of(words(6)), IDS.len()),
        prop::collection::vec(prop::collection::vec(0..IDS.len() + STRANGERS.len(), 0..5), 2),
    );
    (policy, roster, live).prop_map(|(policy, roster, live)| {
        let (zone, leavers, prune, at_least, enabled) = policy;
        let (periods, profiles, defaults, agents, queues) = roster;
        let (live, live_members) = live;
        let mut case = Case {
            zone,
            leavers,
            prune,
            at_least,
            enabled,
            periods,
            profiles,
            defaults,
            agents,
            queues,
            live,
            live_members,
        };
        case.tidy();
        case
    })
}

fn meet(one: Slots, other: Slots) -> bool {
    let before =
        |one: Slots, other: Slots| matches!((one.1, other.0), (Some(end), Some(start)) if end <= start);
    !before(one, other) && !before(other, one)
}

/// Keeps the entries that set no key twice at the same time.
fn keep_apart<T>(
    during: &mut Vec<(When, T)>,
    periods: &[Vec<Slots>],
    keys: impl Fn(&T) -> Vec<&'static str>,
) {
    let mut taken: Vec<(&'static str, Slots)> = Vec::new();
    during.retain(|(when, set)| {
        let spans = match when {
            When::Span(span) => vec![*span],
            When::Period(at) => periods[*at].clone(),
        };
        let keys = keys(set);
        let new: Vec<_> = keys.iter().flat_map(|key| spans.iter().map(move |span| (*key, *span))).collect();
        let apart =
            new.iter().all(|(key, span)| taken.iter().all(|(other, at)| key != other || !meet(*span, *at)));
        let kept = apart && !keys.is_empty();
        if kept {
            taken.extend(new);
        }
        kept
    });
}

impl Set {
    fn keys(&self) -> Vec<&'static str> {
        let keys = [
            self.members.is_some().then_some("assignMembers"),
            self.selector.is_some().then_some("memberSelector"),
            self.minimum.is_some().then_some("minMembers"),
        ];
        keys.into_iter().flatten().collect()
    }

    fn tidy(&mut self, periods: &[Vec<Slots>]) {
        let mut taken: Vec<(usize, Slots)> = Vec::new();
        if let Some(members) = &mut self.members {
            members.retain_mut(|member| {
                keep_apart(&mut member.priority.during, periods, |_| vec!["priority"]);
                let apart =
                    taken.iter().all(|(agent, span)| *agent != member.agent || !meet(*span, member.span));
                if apart {
                    taken.push((member.agent, member.span));
                }
                apart
            });
        }
    }
}

impl Layer<Set> {
    /// Returns true if a list of any time names a declared agent.
    fn lists_the_declared(&self) -> bool {
        let sets = std::iter::once(&self.base).chain(self.during.iter().map(|(_, set)| set));
        sets.flat_map(|set| &set.members).flatten().any(|member| member.agent < IDS.len())
    }
}

impl Case {
    /// Makes the roster legal: a base for each value, and no value twice.
    fn tidy(&mut self) {
        let enabled = self.enabled;
        let periods = self.periods.clone();
        // A pair has one priority: a queue whose lists name a declared agent is named by no agent.
        let lists: Vec<bool> = self.queues.iter().map(Layer::lists_the_declared).collect();
        let listed =
            |queue: &String| lists.iter().enumerate().any(|(at, lists)| *lists && *queue == format!("q{at}"));
        let agents = self.agents.iter_mut().map(|agent| &mut agent.layer);
        for layer in agents.chain(&mut self.profiles).chain(&mut self.defaults) {
            for words in std::iter::once(&mut layer.base).chain(layer.during.iter_mut().map(|(_, set)| set)) {
                words.retain(|key, _| enabled || *key != "enabled");
                if let Some(queues) = words.get_mut("queues").and_then(Json::as_object_mut) {
                    queues.retain(|queue, _| !listed(queue));
                }
            }
            keep_apart(&mut layer.during, &periods, |words| words.keys().copied().collect());
        }
        for layer in &mut self.defaults {
            for (key, value) in [
                ("name", "d".into()),
                ("mainSkillGroup", "g1".into()),
                ("role", "r1".into()),
                ("wrapUpSeconds", 9.into()),
                ("hidePhone", false.into()),
                ("queues", json!({})),
            ] {
                layer.base.entry(key).or_insert(value);
            }
            if enabled {
                layer.base.entry("enabled").or_insert(Json::Bool(true));
            }
        }
        for layer in &mut self.queues {
            if layer.base.members.is_none() && layer.base.selector.is_none() {
                for (_, set) in &mut layer.during {
                    (set.members, set.selector) = (None, None);
                }
            }
            layer.base.tidy(&periods);
            for (_, set) in &mut layer.during {
                set.tidy(&periods);
            }
            keep_apart(&mut layer.during, &periods, Set::keys);
        }
    }

    /// Returns the workspace.
    pub(super) fn workspace(&self) -> Workspace {
        let members = if self.at_least { "at-least" } else { "exact" };
        let policy = format!("prune: {}, leavers: {}, queueMembers: {members}", self.prune, self.leavers);
        super::workspace(self.zone, &policy)
    }

    /// Replaces what agents, profiles and `defaults` say without a date by what another case says.
    pub(super) fn with_bases_of(&self, other: &Self) -> Self {
        let mut case = self.clone();
        let others =
            other.agents.iter().map(|agent| &agent.layer).chain(&other.profiles).chain(&other.defaults);
        let agents = case.agents.iter_mut().map(|agent| &mut agent.layer);
        for (layer, other) in agents.chain(&mut case.profiles).chain(&mut case.defaults).zip(others) {
            layer.base.clone_from(&other.base);
        }
        case.tidy();
        case
    }

    /// Returns the moment of a slot.
    pub(super) fn moment(&self, slot: i64) -> jiff::Timestamp {
        super::moment(&super::workspace(self.zone, ""), &date(slot))
    }

    /// Returns the files. `order` returns the order of so many things.
    pub(super) fn files(&self, mut order: impl FnMut(usize) -> Vec<usize>) -> Vec<(String, String)> {
        let mut documents: Vec<Json> = Vec::new();
        for number in 0..2 {
            let mut agents = Vec::new();
            for at in order(self.agents.len()) {
                let agent = &self.agents[at];
                if agent.document == number {
                    agents.push(Self::agent(at, agent, &mut order));
                }
            }
            let mut document = json!({ "apiVersion": "rosterctl/v1", "kind": "Roster" });
            document["defaults"] = layer_words(&self.defaults[number], &mut order);
            document["agents"] = agents.into();
            documents.push(document);
        }
        let mut periods = Map::new();
        for at in order(self.periods.len()) {
            let mut spans = Vec::new();
            for n in order(self.periods[at].len()) {
                spans.push(Json::Object(span_words(self.periods[at][n])));
            }
            let spans = if spans.len() == 1 { spans.remove(0) } else { spans.into() };
            periods.insert(format!("p{at}"), spans);
        }
        let mut queues = Vec::new();
        for at in order(self.queues.len()) {
            queues.push(self.queue(at, &mut order));
        }
        let profiles: Map<String, Json> = order(2)
            .into_iter()
            .map(|at| (format!("f{at}"), layer_words(&self.profiles[at], as_is)))
            .collect();
        let head = || json!({ "apiVersion": "rosterctl/v1", "kind": "Roster" });
        let (mut one, mut other) = (head(), head());
        one["periods"] = periods.into();
        other["queues"] = queues.into();
        other["profiles"] = profiles.into();
        documents.extend([one, other]);
        // Three files; the last one has two documents.
        let mixed: Vec<String> = order(4).into_iter().map(|at| documents[at].to_string()).collect();
        let texts = [mixed[0].clone(), mixed[1].clone(), format!("{}\n---\n{}", mixed[2], mixed[3])];
        let name = |at: usize| ["a.yaml", "b.yaml", "c.yaml"][at].to_owned();
        order(3).into_iter().map(|at| (name(at), texts[at].clone())).collect()
    }

    fn agent(at: usize, agent: &Agent, order: &mut impl FnMut(usize) -> Vec<usize>) -> Json {
        let mut words = layer_words(&agent.layer, order);
        let map = words.as_object_mut().unwrap();
        map.extend(span_words(agent.span));
        if let Some(profile) = agent.profile {
            map.insert("profile".to_owned(), format!("f{profile}").into());
        }
        if at < SINGLE {
            map.insert("operatorId".to_owned(), IDS[at].into());
        } else {
            map.insert("operatorIds".to_owned(), "8001..8003".into());
        }
        words
    }

    fn queue(&self, at: usize, order: &mut impl FnMut(usize) -> Vec<usize>) -> Json {
        let layer = &self.queues[at];
        let mut words = set_words(&layer.base, order);
        words.insert("displayName".to_owned(), format!("q{at}").into());
        words.insert("allowEmpty".to_owned(), true.into());
        let mut during = Vec::new();
        for n in order(layer.during.len()) {
            let (when, set) = &layer.during[n];
            let mut entry = when_words(when);
            entry.extend(set_words(set, order));
            during.push(Json::Object(entry));
        }
        if !during.is_empty() {
            words.insert("during".to_owned(), during.into());
        }
        words.into()
    }

    /// Returns the live state of the beginning.
    pub(super) fn live(&self) -> Live {
        let mut agents = Map::new();
        let told = IDS.iter().copied().zip(&self.live);
        let strangers = STRANGERS.iter().map(|id| (*id, Words::new()));
        let told = told.filter_map(|(id, words)| Some((id, words.clone()?)));
        for (id, mut words) in told.chain(strangers) {
            words.remove("role");
            words.remove("queues");
            let mut fields = json!({
                "type": "agent", "enabled": true, "wrapUpSeconds": 0, "hidePhone": false, "recording": true,
                "outbound": "allowed", "sip": "none", "channels": ["voice"], "survey": true,
            });
            let all = fields.as_object_mut().unwrap();
            all.extend(words.into_iter().map(|(key, value)| (key.to_owned(), value)));
            agents.insert(id.to_owned(), fields);
        }
        let mut queues = Map::new();
        for (at, members) in self.live_members.iter().enumerate() {
            let ids: std::collections::BTreeSet<&str> = members.iter().map(|at| id(*at)).collect();
            let ids = ids.into_iter().filter(|id| agents.contains_key(*id));
            let members: Vec<Json> = ids.map(|id| json!({ "agentNumber": id, "priority": 0 })).collect();
            let queue = json!({ "displayName": format!("q{at}"), "assignRule": "least", "memory": "off", "assignMembers": members });
            queues.insert(format!("100{at}"), queue);
        }
        planning::live(&json!({ "agents": agents, "queues": queues }))
    }
}

fn id(at: usize) -> &'static str {
    IDS.iter().chain(&STRANGERS).nth(at).unwrap()
}

/// Returns the indexes in their written order.
pub(super) fn as_is(count: usize) -> Vec<usize> {
    (0..count).collect()
}

fn day(slot: i64) -> civil::Date {
    civil::date(2026, 12, 1).checked_add(jiff::Span::new().days(slot.div_euclid(2))).unwrap()
}

/// Returns the date of a slot: a day, or its noon.
fn date(slot: i64) -> String {
    if slot.rem_euclid(2) == 0 { day(slot).to_string() } else { format!("{}T12:00", day(slot)) }
}

fn span_words((from, until): Slots) -> Map<String, Json> {
    let mut words = Map::new();
    if let Some(from) = from {
        words.insert("from".to_owned(), date(from).into());
    }
    if let Some(until) = until {
        // A day is included.
        let last = if until.rem_euclid(2) == 0 { date(until - 2) } else { date(until) };
        words.insert("until".to_owned(), last.into());
    }
    words
}

fn when_words(when: &When) -> Map<String, Json> {
    match when {
        When::Span(span) => span_words(*span),
        When::Period(at) => [("period".to_owned(), format!("p{at}").into())].into_iter().collect(),
    }
}

fn layer_words(layer: &Layer<Words>, mut order: impl FnMut(usize) -> Vec<usize>) -> Json {
    let owned = |words: &Words| -> Map<String, Json> {
        words.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    let mut words = owned(&layer.base);
    let mut during = Vec::new();
    for at in order(layer.during.len()) {
        let (when, set) = &layer.during[at];
        let mut entry = when_words(when);
        entry.extend(owned(set));
        during.push(Json::Object(entry));
    }
    if !during.is_empty() {
        words.insert("during".to_owned(), during.into());
    }
    words.into()
}

fn set_words(set: &Set, order: &mut impl FnMut(usize) -> Vec<usize>) -> Map<String, Json> {
    let mut words = Map::new();
    if let Some(members) = &set.members {
        let mut list = Vec::new();
        for at in order(members.len()) {
            let member = &members[at];
            let mut entry = span_words(member.span);
            entry.insert("agentNumber".to_owned(), id(member.agent).into());
            entry.insert("priority".to_owned(), member.priority.base.into());
            let during: Vec<Json> = member
                .priority
                .during
                .iter()
                .map(|(when, priority)| {
                    let mut entry = when_words(when);
                    entry.insert("priority".to_owned(), (*priority).into());
                    entry.into()
                })
                .collect();
            if !during.is_empty() {
                entry.insert("during".to_owned(), during.into());
            }
            list.push(Json::Object(entry));
        }
        words.insert("assignMembers".to_owned(), list.into());
    }
    if let Some((field, value)) = set.selector {
        words.insert("memberSelector".to_owned(), json!({ field: value, "priority": 7 }));
    }
    if let Some(minimum) = set.minimum {
        words.insert("minMembers".to_owned(), minimum.into());
    }
    words
}

/// Resolves files at a moment.
pub(super) fn load(
    files: &[(String, String)],
    workspace: &Workspace,
    at: jiff::Timestamp,
) -> Result<Roster, String> {
    let files: Vec<File> = files
        .iter()
        .map(|(name, text)| File { name: name.as_str().into(), bytes: text.as_bytes().to_vec() })
        .collect();
    manifest::load_at(&files, workspace, at).map_err(|wrong| {
        let said: Vec<String> = wrong.into_sorted().iter().map(Diagnostic::message).collect();
        let utc = Zone::utc();
        format!("at {}: {said:#?}", utc.rfc3339(at))
    })
}
