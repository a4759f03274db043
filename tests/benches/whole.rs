//! Whole processes, timed from outside, for the tables of the README beside this file.
//!
//! Run `cargo bench --bench whole`; `-- --largest` adds an estate of a million agents. It needs Linux and GNU time.
//! The benchmark runs its own baselines in separate processes. `floor` reads the same YAML as bare parser events
//! and the same JSON into types. `fetch` requests the same pages and decodes them.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark's output is for people"
)]

use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;

#[allow(dead_code, reason = "its program is not needed here")]
#[path = "../../examples/estate.rs"]
mod estate;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rosterctl");
/// Calls in flight of a connection: the default of a workspace.
const CONCURRENCY: usize = 8;
/// The vendor's response time, in benches that simulate one.
const LATENCY_MS: usize = 50;
const PAGE: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["changes"] => changes(&[1_000, 10_000, 100_000]),
        ["floor", folder] => floor(Path::new(folder)),
        ["fetch", url] => fetch(url),
        [] => tables(&[1_000, 10_000, 100_000, 200_000]),
        ["workspaces"] => workspaces(),
        ["--largest"] => tables(&[1_000, 10_000, 100_000, 200_000, 500_000, 1_000_000]),
        _ => panic!("nothing, `changes` or `workspaces` for one table, or --largest"),
    }
}

fn tables(sizes: &[usize]) {
    println!("rosterctl {}\n", env!("CARGO_PKG_VERSION"));
    start();
    offline(sizes);
    changes(sizes);
    online(100_000);
    apply(1_000);
    workspaces();
}

/// The resources that a process took.
#[derive(Clone, Copy)]
struct Took {
    /// User and system seconds.
    cpu: f64,
    wall: f64,
    /// The peak of memory, in MB.
    peak: f64,
    /// Log lines of calls.
    calls: usize,
}

/// Runs a process to its end and requires success.
fn run(program: &Path, arguments: &[&str], folder: &Path) -> Took {
    let figures = folder.join("time");
    let started = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S %M", "-o"])
        .arg(&figures)
        .arg(program)
        .args(arguments)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("ESTATE_TOKEN", "t0ken-of-the-estate")
        .env("ESTATE_API_SECRET", "s3cret-of-the-estate")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("GNU time at /usr/bin/time: {error}"));
    let wall = started.elapsed().as_secs_f64();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {err}");
    let text = fs::read_to_string(figures).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let cpu = next() + next();
    let calls = err.lines().filter(|line| line.contains(" call connection=")).count();
    Took { cpu, wall, peak: next() / 1000.0, calls }
}

/// Returns the median of several runs, figure by figure.
fn median(times: usize, run: impl Fn() -> Took) -> Took {
    let runs: Vec<Took> = (0..times).map(|_| run()).collect();
    let of = |figure: fn(&Took) -> f64| {
        let mut all: Vec<f64> = runs.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Took { cpu: of(|r| r.cpu), wall: of(|r| r.wall), peak: of(|r| r.peak), calls: runs[0].calls }
}

fn start() {
    let folder = tempfile::tempdir().unwrap();
    let mut walls: Vec<f64> = (0..31)
        .map(|_| {
            let started = Instant::now();
            let run = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status();
            assert!(run.unwrap().success());
            started.elapsed().as_secs_f64()
        })
        .collect();
    walls.sort_by(f64::total_cmp);
    let size = fs::metadata(PROGRAM).unwrap().len();
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let size = size as f64 / 1e6;
    println!("start (`--version`): {:.1} ms; binary: {size:.1} MB\n", walls[walls.len() / 2] * 1e3);
    drop(folder);
}

fn offline(sizes: &[usize]) {
    println!("| agents | | CPU s | wall s | peak MB | CPU of floor |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: |");
    let myself = std::env::current_exe().unwrap();
    for agents in sizes.iter().copied() {
        let folder = made(agents, 1.0, "sandbox");
        let times = if agents > 300_000 { 3 } else { 5 };
        let place = folder.path().to_str().unwrap();
        let live = folder.path().join("live.json");
        let live = live.to_str().unwrap();
        let floor = median(times, || run(&myself, &["floor", place], folder.path()));
        let validate = median(times, || run(Path::new(PROGRAM), &["validate", place], folder.path()));
        let plan = ["plan", place, "--live", live];
        let plan = median(times, || run(Path::new(PROGRAM), &plan, folder.path()));
        for (what, took) in [("floor", floor), ("`validate`", validate), ("`plan --live`", plan)] {
            let Took { cpu, wall, peak, .. } = took;
            println!("| {agents} | {what} | {cpu:.2} | {wall:.2} | {peak:.0} | {:.2} |", cpu / floor.cpu);
        }
    }
    println!();
}

/// Plans with ever more changes: a share of the agents in hundredths that differ, then all of them new, in each format.
fn changes(sizes: &[usize]) {
    println!("| agents | changes | format | CPU s | wall s | peak MB |");
    println!("| ---: | --- | --- | ---: | ---: | ---: |");
    let row = |agents, what: &str, format, folder: &Path| {
        let (live, allow) = (folder.join("live.json"), format!("changes={agents}"));
        let place = [folder, &live].map(|path| path.to_str().unwrap());
        let plan = ["plan", place[0], "--live", place[1], "--format", format, "--allow", &allow];
        let Took { cpu, wall, peak, .. } = median(3, || run(Path::new(PROGRAM), &plan, folder));
        println!("| {agents} | {what} | {format} | {cpu:.2} | {wall:.2} | {peak:.0} |");
    };
    for agents in sizes.iter().copied() {
        for changed in [0.0, 1.0, 10.0, 100.0] {
            let folder = made(agents, changed, "sandbox");
            row(agents, &format!("{changed} %"), "json", folder.path());
            if changed >= 100.0 {
                let live = folder.path().join("live.json");
                let mut empty: serde_json::Value = serde_json::from_slice(&fs::read(&live).unwrap()).unwrap();
                for kind in ["agents", "queues"] {
                    empty[kind]["items"] = serde_json::json!([]);
                }
                fs::write(&live, empty.to_string()).unwrap();
                for format in ["text", "json", "html", "markdown"] {
                    row(agents, "all new", format, folder.path());
                }
            }
        }
    }
    println!();
}

/// Creates an estate in its own folder.
fn made(agents: usize, changed: f64, url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let estate = estate::Estate { agents, changed, url: url.to_owned(), ..estate::Estate::default() };
    estate::write(&estate, folder.path()).unwrap();
    folder
}

/// Reads the same bytes as a plan from a snapshot, with the minimum of work.
fn floor(folder: &Path) {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder.join("roster")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let texts: Vec<String> = names.iter().map(|name| fs::read_to_string(name).unwrap()).collect();
    for text in &texts {
        let mut parser = saphyr_parser::Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            black_box(event.unwrap());
        }
    }
    let live = fs::read(folder.join("live.json")).unwrap();
    let read: Snapshot = serde_json::from_slice(&live).unwrap();
    assert!(!read.agents.items.is_empty());
    black_box(&read);
}

#[derive(Deserialize)]
struct Snapshot {
    agents: Items,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Agent>,
}

/// An agent, as typed fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read and not used")]
#[expect(clippy::struct_excessive_bools, reason = "so the vendor has it")]
struct Agent {
    operator_id: String,
    name: String,
    r#type: String,
    main_skill_group: String,
    enabled: bool,
    wrap_up_seconds: u32,
    bound_phone: String,
    caller_id: String,
    hide_phone: bool,
    recording: bool,
    outbound: String,
    sip: Sip,
    channels: Vec<String>,
    survey: bool,
    email: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read and not used")]
struct Sip {
    number: String,
}

/// The simulated vendors in their own process, which ends on drop.
struct Vendors {
    process: Child,
    url: String,
}

impl Vendors {
    fn start(seed: &Path) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--seed"])
            .arg(seed)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http")).unwrap();
        Self { process, url: url.trim_end_matches(';').to_owned() }
    }
}

impl Drop for Vendors {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the vendors of an estate with an extended seed. Points the workspace at them.
fn serve(folder: &Path, more: &str) -> Vendors {
    let seed = folder.join("seed.yaml");
    let text = fs::read_to_string(&seed).unwrap();
    let rate = "rateLimit: { calls: 100000, claimCalls: 100000, perMs: 1000 }";
    fs::write(&seed, format!("{rate}\n{more}{text}")).unwrap();
    let vendors = Vendors::start(&seed);
    let url = vendors.url.clone();
    estate::workspace(&estate::Estate { url, ..estate::Estate::default() }, folder).unwrap();
    let file = folder.join("rosterctl.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let rate = "accountId: N1\n    rateLimit: { calls: 100000, per: 1s }";
    fs::write(&file, text.replace("accountId: N1", rate)).unwrap();
    vendors
}

fn online(agents: usize) {
    let folder = made(agents, 1.0, "sandbox");
    let vendors = serve(folder.path(), "");
    let place = folder.path().to_str().unwrap();
    let myself = std::env::current_exe().unwrap();
    let bare = median(5, || run(&myself, &["fetch", &vendors.url], folder.path()));
    let plan = median(5, || run(Path::new(PROGRAM), &["plan", place, "-v"], folder.path()));
    println!(
        "| {agents} agents over loopback HTTP | CPU s | wall s | peak MB | calls | wall of bare | CPU of bare |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let pages = agents.div_ceil(PAGE);
    for (what, took, calls) in [("bare client", bare, pages), ("`plan`", plan, plan.calls)] {
        let Took { cpu, wall, peak, .. } = took;
        let (of_wall, of_cpu) = (wall / bare.wall, cpu / bare.cpu);
        println!("| {what} | {cpu:.2} | {wall:.2} | {peak:.0} | {calls} | {of_wall:.2} | {of_cpu:.2} |");
    }
    println!();
}

/// Requests all pages of agents with a connection's concurrency, and decodes them.
fn fetch(url: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let page = |number: usize| {
            let body = format!("{{\"abbreviate\":\"acme\",\"pageNumber\":{number},\"pageSize\":{PAGE}}}");
            let request = client
                .post(format!("{url}/api/v1/config/openapi/agent/page"))
                .header("token", "t0ken-of-the-estate")
                .header("content-type", "application/json")
                .body(body);
            async move {
                let bytes = request.send().await?.bytes().await?;
                Ok::<_, reqwest::Error>(serde_json::from_slice::<Answer>(&bytes).unwrap().data)
            }
        };
        let first = page(1).await.unwrap();
        let pages = 2..=first.total.div_ceil(PAGE);
        let rest: Vec<Rows> =
            stream::iter(pages).map(page).buffered(CONCURRENCY).try_collect().await.unwrap();
        let rows = first.result.len() + rest.iter().map(|page| page.result.len()).sum::<usize>();
        assert_eq!(rows, first.total);
        black_box(rest);
    });
}

#[derive(Deserialize)]
struct Answer {
    data: Rows,
}

#[derive(Deserialize)]
struct Rows {
    total: usize,
    result: Vec<Row>,
}

/// The fields of a `page` row that a roster covers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Row {
    operator_id: String,
    name: Option<String>,
    operator_type: Option<i64>,
    main_group_name: Option<String>,
    status: Option<i64>,
    after_interval: Option<i64>,
    bindcode: Option<String>,
    showcaller: Option<String>,
    ttscontent: Option<String>,
    is_hide_phone: Option<i64>,
    isrecord: Option<i64>,
    outcallflag: Option<i64>,
    sip_number: Option<String>,
    isaudio: Option<i64>,
    ismessage: Option<i64>,
    isvideo: Option<i64>,
    judge: Option<i64>,
    email: Option<String>,
}

/// Edits a number of agents at a slow vendor.
fn apply(changes: usize) {
    let folder = made(changes * 2, 50.0, "sandbox");
    let delay =
        format!("faults: {{ delayMs: {{ probability: 1, min: {LATENCY_MS}, max: {LATENCY_MS} }} }}\n");
    let vendors = serve(folder.path(), &delay);
    let place = folder.path().to_str().unwrap();
    let took = run(Path::new(PROGRAM), &["apply", place, "--auto-approve", "-v"], folder.path());
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let least = (took.calls * LATENCY_MS) as f64 / 1e3 / CONCURRENCY as f64;
    println!(
        "| apply, {LATENCY_MS} ms a call, {CONCURRENCY} at a time | calls | least s | wall s | wall of least | CPU s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let Took { cpu, wall, calls, .. } = took;
    println!(
        "| {changes} agents edited | {calls} | {least:.2} | {wall:.2} | {:.2} | {cpu:.2} |",
        wall / least
    );
    drop(vendors);
}

/// Plans several workspaces of some agents each.
fn workspaces() {
    const AGENTS: usize = 314;
    println!("| workspaces of {AGENTS} agents | vendors | `--jobs` | CPU s | wall s | peak MB |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: |");
    let table = |count: usize, vendors: &str, folder: &Path, jobs: usize| {
        let places: Vec<String> = (0..count).map(|at| place(folder, at).display().to_string()).collect();
        let jobs = jobs.to_string();
        let out = folder.join("out.json").display().to_string();
        // The document goes to a file, too: each is written as it is made.
        let write = format!("json={out}");
        let mut arguments = vec!["plan", "--format", "json", "--write", &write, "--jobs", &jobs];
        arguments.extend(places.iter().map(String::as_str));
        let Took { cpu, wall, peak, .. } = run(Path::new(PROGRAM), &arguments, folder);
        println!("| {count} | {vendors} | {jobs} | {cpu:.2} | {wall:.2} | {peak:.0} |");
    };
    let folder = tempfile::tempdir().unwrap();
    for at in 0..300 {
        let estate = estate::Estate { agents: AGENTS, seed: at, ..estate::Estate::default() };
        estate::write(&estate, &place(folder.path(), at)).unwrap();
    }
    for jobs in [1, CONCURRENCY] {
        table(300, "empty, in the process", folder.path(), jobs);
    }
    let folder = tempfile::tempdir().unwrap();
    estate::write(&estate::Estate { agents: AGENTS, ..estate::Estate::default() }, folder.path()).unwrap();
    let delay =
        format!("faults: {{ delayMs: {{ probability: 1, min: {LATENCY_MS}, max: {LATENCY_MS} }} }}\n");
    let vendors = serve(folder.path(), &delay);
    for at in 0..40 {
        let place = place(folder.path(), at);
        let estate = estate::Estate { agents: AGENTS, url: vendors.url.clone(), ..estate::Estate::default() };
        estate::write(&estate, &place).unwrap();
        // Each has a tenant of its own at one host.
        let file = place.join("rosterctl.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("abbreviate: acme", &format!("abbreviate: acme{at}"));
        fs::write(&file, text.replace("accountId: N1", &format!("accountId: N{at}"))).unwrap();
    }
    for jobs in [1, CONCURRENCY] {
        table(40, &format!("{LATENCY_MS} ms a call"), folder.path(), jobs);
    }
    println!();
}

/// Returns the folder of a workspace of several.
fn place(folder: &Path, at: impl std::fmt::Display) -> PathBuf {
    folder.join(format!("w{at}"))
}
