//! The stages of a run, each on its own: time and allocations.
//!
//! Run `cargo bench --bench stages`, with a part of a name behind `--` to select. Every estate comes from
//! `examples/estate.rs`. One in a hundred agents differs from its manifest.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use rosterctl::vendors;
use std::sync::Arc;
use std::{fs, io};

use divan::{AllocProfiler, Bencher, black_box};
use jiff::Timestamp;
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest;
use rosterctl::model::desired::Desired;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::{Listing, Live};
use rosterctl::model::plan::Plan;
use rosterctl::model::source::File;
use rosterctl::plan::{self, Options};
use rosterctl::report::text::{self, TextStyle};
use rosterctl::report::{BoundPlan, Command};
use rosterctl::report::{json, view};
use rosterctl::storage::snapshot;
use rosterctl::yaml;
use rosterctl::yaml::{Node, Sink};

#[allow(dead_code, reason = "its program is not needed here")]
#[path = "../../examples/estate.rs"]
mod estate;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const AGENTS: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    divan::main();
}

/// An estate as bytes.
struct Bytes {
    workspace: Workspace,
    files: Vec<File>,
    live: Vec<u8>,
}

impl Bytes {
    fn new(agents: usize) -> Self {
        Self::dated(agents, 0)
    }

    /// Creates an estate in which some agents have a date.
    fn dated(agents: usize, dates: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        estate::write(&estate::Estate { agents, dates, ..estate::Estate::default() }, folder.path()).unwrap();
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        let workspace = rosterctl::config::load::load(
            &"rosterctl.yaml".into(),
            &read("rosterctl.yaml"),
            &vendors::ALL.specs(),
        );
        let mut names: Vec<_> = fs::read_dir(folder.path().join("roster"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let files = names
            .iter()
            .map(|name| File { name: Arc::from(name.as_str()), bytes: read(&format!("roster/{name}")) });
        Self { workspace: workspace.ok().unwrap(), files: files.collect(), live: read("live.json") }
    }

    fn desired(&self) -> Desired {
        manifest::load(&self.files, &self.workspace).ok().unwrap()
    }

    fn plan(&self, live: &Live) -> Plan {
        planned(&self.workspace, &self.desired(), live)
    }
}

fn planned(workspace: &Workspace, desired: &Desired, live: &Live) -> Plan {
    plan::plan(workspace, desired, live, &Ledger::default(), &Options::default()).unwrap()
}

/// Returns live state without resources.
fn nothing() -> Live {
    Live { agents: Some(Listing::default()), queues: Some(Listing::default()), ..Live::default() }
}

/// A sink that takes every tree and drops it.
struct Discard;

impl Sink for Discard {
    fn key(&self) -> Option<&'static str> {
        Some("agents")
    }

    fn item(&mut self, item: Node) {
        black_box(&item);
    }

    fn document(&mut self, root: Node) {
        black_box(&root);
    }

    fn reset(&mut self) {
        unreachable!("an estate is plain blocks");
    }
}

/// Parses bytes into trees.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn parse(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    bencher.bench_local(|| {
        for file in &bytes.files {
            assert!(yaml::read_into(&file.name, &file.bytes, &mut Discard).is_empty());
        }
    });
}

/// Resolves bytes into the desired roster: `parse`, tables, profiles, checks.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn resolve(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    bencher.bench_local(|| bytes.desired());
}

/// The instant of rosters with dates: most dates lie in the ninety days behind it.
fn new_year() -> Timestamp {
    "2026-12-31T16:00:00Z".parse().unwrap()
}

/// Resolves a roster at an instant; one in ten agents has a date.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn resolve_dated(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::dated(agents, agents / 10);
    bencher.bench_local(|| manifest::load_at(&bytes.files, &bytes.workspace, new_year()).ok().unwrap());
}

/// Checks a roster at every moment of ninety days; one in ten agents has a date.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn horizon(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::dated(agents, agents / 10);
    let roster = manifest::load_at(&bytes.files, &bytes.workspace, new_year()).ok().unwrap();
    let dates = roster.dates.unwrap();
    bencher.bench_local(|| dates.breaches(&bytes.workspace, &roster.desired));
}

/// Reads a snapshot into live state.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn live(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    bencher.bench_local(|| snapshot::read(&bytes.live).unwrap());
}

/// Plans desired and live state; one in a hundred agents differs.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn diff(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    let (desired, live) = (bytes.desired(), snapshot::read(&bytes.live).unwrap().live);
    bencher.bench_local(|| planned(&bytes.workspace, &desired, &live));
}

/// Plans the creation of everything: a step for each agent, and queues behind the agents that they name.
#[divan::bench(args = AGENTS, sample_count = 5, sample_size = 1)]
fn order(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    let (desired, live) = (bytes.desired(), nothing());
    bencher.bench_local(|| planned(&bytes.workspace, &desired, &live));
}

/// Renders a plan as text in which one in a hundred agents changes.
#[divan::bench(args = AGENTS, sample_count = 10, sample_size = 1)]
fn render_text(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    let plan = bytes.plan(&snapshot::read(&bytes.live).unwrap().live);
    let plan = BoundPlan::new(plan, bytes.workspace.supports());
    let look = TextStyle { colour: false, width: None, places: false };
    let scene = rosterctl::model::scene::Scene::default();
    bencher.bench_local(|| text::plan(&view::build(&plan, Command::Plan, &scene), look));
}

/// Renders a plan as JSON that creates everything.
#[divan::bench(args = AGENTS, sample_count = 5, sample_size = 1)]
fn render_json(bencher: Bencher<'_, '_>, agents: usize) {
    let bytes = Bytes::new(agents);
    let plan = bytes.plan(&nothing());
    bencher.bench_local(|| json::plan(&plan, &mut io::sink()));
}
