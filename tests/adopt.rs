//! Adoption over manifests as people write them: contract rule 14.4.
//!
//! Each file of `adopt/corpus/` is adopted after each console edit that fits it. The file beside it holds the edits as
//! diffs; `UPDATE=1` writes them again. `NAME.crlf.yaml`, `NAME.bom.yaml` and `NAME.open.yaml` get these line breaks,
//! this mark, or no final line break when they are read.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "adopt/console.rs"]
mod console;
#[path = "adopt/layout.rs"]
mod layout;
#[path = "support/planning.rs"]
mod planning;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use console::ConsoleEdit;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rosterctl::apply::ledger_update;
use rosterctl::config::workspace::Workspace;
use rosterctl::manifest::edit::{EditedFile, Manifests, edit};
use rosterctl::manifest::{self, format};
use rosterctl::model::date::Date;
use rosterctl::model::desired::Desired;
use rosterctl::model::diagnostic::{Diagnostic, Diagnostics};
use rosterctl::model::id::ResourceId;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::Live;
use rosterctl::model::manifest_edit::{EntryEdit, LeftEdit, ManifestEdit};
use rosterctl::model::plan::Plan;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::source::File;
use rosterctl::plan::adoption::{Adoption, Views, adoption};
use rosterctl::plan::{self, Options};
use rosterctl::report::patch::{self, PatchedFile};
use similar::{ChangeTag, TextDiff};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adopt/corpus");
const NAME: &str = "roster/roster.yaml";
/// The instant of all plans, the last day of an adoption for a time, and an instant after it.
const NOW: &str = "2026-11-15T04:00:00Z";
const UNTIL: &str = "2026-11-20";
const LATER: &str = "2026-11-22T04:00:00Z";

/// A manifest, what is live behind it, and the ledger of a clean run.
struct Estate {
    workspace: Workspace,
    text: String,
    desired: Desired,
    live: Live,
    ledger: Ledger,
}

/// The result of an adoption.
struct Adopted {
    edits: Vec<ManifestEdit>,
    left: Vec<LeftEdit>,
    files: Vec<EditedFile>,
}

impl Adopted {
    fn text(&self, before: &str) -> String {
        let edited = self.files.iter().find(|file| file.name.as_ref() == NAME);
        edited.map_or_else(|| before.to_owned(), |file| file.after.clone())
    }
}

fn workspace() -> Workspace {
    let text = planning::workspace_text(
        "  agents: { provider: agent-config, baseUrl: sandbox }
  webchat: { provider: webchat-queue, baseUrl: sandbox }",
        "{ limits: { floor: 1000 } }",
    );
    planning::workspace(&format!("timeZone: Asia/Shanghai\n{text}"))
}

fn load(workspace: &Workspace, text: &str, at: &str) -> Result<Desired, String> {
    let file = File { name: NAME.into(), bytes: text.as_bytes().to_vec() };
    match manifest::load_at(&[file], workspace, at.parse().unwrap()) {
        Ok(roster) => Ok(roster.desired),
        Err(wrong) => Err(sentences(wrong)),
    }
}

fn sentences(wrong: Diagnostics) -> String {
    let all = wrong.into_sorted();
    let place = |one: &Diagnostic| one.source.as_ref().map(ToString::to_string).unwrap_or_default();
    all.iter().map(|one| format!("{}: {}", place(one), one.message())).collect::<Vec<_>>().join("; ")
}

impl Estate {
    fn new(text: String) -> Self {
        let workspace = workspace();
        let desired = load(&workspace, &text, NOW).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let live = console::live(&desired);
        let mut estate = Self { workspace, text, desired, live, ledger: Ledger::default() };
        let plan = estate.plan(&estate.desired, &estate.live);
        assert!(plan.changes.is_empty(), "live fits the manifest: {:#?}", plan.changes);
        let supports = planning::supports();
        ledger_update::adopt(&mut estate.ledger, &supports, &estate.desired, &estate.live, &plan);
        console::apply_unread(&estate.desired, &mut estate.ledger);
        estate
    }

    fn plan(&self, desired: &Desired, live: &Live) -> Plan {
        let options = Options { program: "test".to_owned(), ..Options::default() };
        plan::plan(&self.workspace, desired, live, &self.ledger, &options).expect("a plan")
    }

    fn adopt(
        &self,
        text: &str,
        desired: &Desired,
        change: &ConsoleEdit,
        until: bool,
    ) -> Result<Adopted, String> {
        let plan = self.plan(desired, &change.live);
        let views = Views { workspace: &self.workspace, desired, live: &change.live, ledger: &self.ledger };
        let Adoption { edits, mut left } = adoption(views, &plan, &change.named, until);
        let files = [File { name: NAME.into(), bytes: text.as_bytes().to_vec() }];
        let at: Timestamp = NOW.parse().unwrap();
        let dates = manifest::load_at(&files, &self.workspace, at).ok().and_then(|roster| roster.dates);
        let (dates, folder) = (dates.as_deref(), Some("roster"));
        let manifests = Manifests { files: &files, workspace: &self.workspace, desired, dates, at, folder };
        let until = until.then(|| Date::parse(UNTIL).unwrap());
        let edited =
            edit(manifests, &edits, until).map_err(|wrong| format!("refused: {}", sentences(wrong)))?;
        left.extend(edited.left);
        Ok(Adopted { edits, left, files: edited.files })
    }

    /// Adopts a console edit, and checks what holds for each adoption.
    fn check(&self, change: &ConsoleEdit, until: bool) -> Result<Adopted, String> {
        let adopted = self.adopt(&self.text, &self.desired, change, until)?;
        let after = adopted.text(&self.text);
        self.touches_only(&adopted, &after)?;
        let body = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
        let is_canonical = |text: &str| format::format(&body(text)).text == body(text);
        let holds = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}\n{after}")) };
        holds(!is_canonical(&self.text) || is_canonical(&after), "fmt is not content")?;
        holds(self.text.starts_with('\u{feff}') == after.starts_with('\u{feff}'), "the mark is lost")?;
        let alone = after.replace("\r\n", "").matches('\n').count();
        holds(!self.text.contains("\r\n") || alone == 0, "the line breaks are mixed")?;
        if !adopted.left.is_empty() {
            return Ok(adopted);
        }
        let desired = load(&self.workspace, &after, NOW).map_err(|why| format!("{why}\n{after}"))?;
        let plan = self.plan(&desired, &change.live);
        holds(plan.changes.is_empty(), &format!("the next plan changes {:?}", plan.changes))?;
        // The names of the first adoption do not differ any more.
        let silent = ConsoleEdit { named: Vec::new(), ..change.clone() };
        let again = self.adopt(&after, &desired, &silent, until)?;
        holds(again.files.is_empty(), &format!("a second adoption makes {:?}", again.edits))?;
        if until {
            let (before, later) = (self.load_later(&self.text)?, self.load_later(&after)?);
            holds(before == later, &format!("the base does not return: {before:?} {later:?}"))?;
        }
        Ok(adopted)
    }

    /// Returns what a manifest wants after the last day.
    fn load_later(&self, text: &str) -> Result<Vec<String>, String> {
        let desired = load(&self.workspace, text, LATER)?;
        let agents = desired
            .agents
            .iter()
            .map(|(id, agent)| format!("{id} {} {:?}", agent.is_absent(), planning::words(&agent.record)));
        let queues = desired.queues.iter().map(|(id, queue)| {
            let members = queue.record.get(&ASSIGN_MEMBERS).map(|value| value.to_json().to_string());
            format!("{id} {:?} {members:?}", planning::words(&queue.record))
        });
        Ok(agents.chain(queues).collect())
    }

    /// Asserts that no line changes but those of the touched entries, and that each comment elsewhere stays.
    fn touches_only(&self, adopted: &Adopted, after: &str) -> Result<(), String> {
        let ids: BTreeSet<&ResourceId> = adopted.edits.iter().map(|edit| &edit.id).collect();
        let all_queues = adopted.edits.iter().any(|edit| edit.tombstone().is_some());
        let named: BTreeSet<_> = adopted
            .edits
            .iter()
            .filter_map(|edit| match &edit.what {
                EntryEdit::Member(agent, _) => Some(agent.clone()),
                _ => None,
            })
            .collect();
        let agents = self.desired.agents.iter().map(|(id, agent)| {
            let touched = ids.contains(&ResourceId::agent(id))
                || named.contains(id)
                    && (self.desired.memberships.contains_key(id) || self.text.contains("during"));
            (agent.source.line, touched)
        });
        let queues = self.desired.queues.iter().filter(|(_, queue)| !queue.implied);
        let queues = queues.map(|(id, queue)| (queue.source.line, all_queues || ids.contains(id)));
        let mut starts: Vec<(u32, bool)> = agents.chain(queues).collect();
        // Entries on one line, or of one pool, are touched together.
        starts.sort_by_key(|(line, touched)| (*line, !touched));
        starts.dedup_by_key(|(line, _)| *line);
        let diff = TextDiff::from_lines(self.text.as_str(), after);
        for change in diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Delete) {
            let line = u32::try_from(change.old_index().unwrap()).unwrap() + 1;
            let entry = starts.iter().rfind(|(start, _)| *start <= line);
            let grows = adopted.edits.iter().any(|edit| matches!(edit.what, EntryEdit::Declare(_)));
            let unended = !change.value().ends_with('\n');
            // Where an anchor goes, an alias takes its value over.
            let unended = unended || change.value().contains('*');
            if !(entry.is_some_and(|(_, touched)| *touched) || grows || unended) {
                return Err(format!("line {line} is of no touched entry: {}\n{after}", change.value()));
            }
        }
        Ok(())
    }
}

/// Returns the changed lines, with the one before and behind.
fn shown(adopted: &Adopted, before: &str) -> String {
    let mut out = String::new();
    for file in &adopted.files {
        if file.name.as_ref() != NAME {
            let _ = writeln!(out, "+++ {}", file.name);
        }
        let old = if file.name.as_ref() == NAME { before } else { "" };
        let diff = TextDiff::from_lines(old, file.after.as_str());
        let hunks = diff.unified_diff().context_radius(1).to_string();
        out.extend(
            hunks
                .replace('\r', "␍")
                .replace('\u{feff}', "␢")
                .split_inclusive('\n')
                .map(|line| if line.starts_with("@@") { "@@\n" } else { line }.to_owned()),
        );
    }
    for left in &adopted.left {
        let _ = writeln!(out, "left: {left}");
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

fn read(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut text = fs::read_to_string(path).unwrap();
    if name.contains(".crlf.") {
        text = text.replace('\n', "\r\n");
    }
    if name.contains(".bom.") {
        text.insert(0, '\u{feff}');
    }
    if name.contains(".open.") {
        text.truncate(text.trim_end().len());
    }
    text
}

fn corpus() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(CORPUS).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    all.sort();
    all
}

#[test]
fn each_console_edit_becomes_the_edit_that_a_careful_person_would_write() {
    let files = corpus();
    assert!(files.len() >= 40, "{} manifests", files.len());
    let mut differ = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let estate = Estate::new(read(&path));
        let mut out = String::new();
        for change in console::edits(&estate.desired, &estate.live) {
            for until in [false, true].into_iter().filter(|until| !until || change.for_a_time) {
                let how = if until { ", --until" } else { "" };
                match estate.check(&change, until) {
                    Ok(adopted) => {
                        let _ = write!(out, "# {}{how}\n{}\n", change.title, shown(&adopted, &estate.text));
                    }
                    // The command leaves such a resource out, and says why.
                    Err(why) if why.starts_with("refused: ") => {
                        let _ = write!(out, "# {}{how}\n{why}\n\n", change.title);
                    }
                    Err(why) => differ.push(format!("{name}: {}{how}: {why}", change.title)),
                }
            }
        }
        let expected = path.with_extension("expected");
        let before = fs::read_to_string(&expected).unwrap_or_default();
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &out).unwrap();
        } else if before != out {
            differ.push(format!(
                "{name}\n{}",
                TextDiff::from_lines(before.as_str(), out.as_str()).unified_diff()
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// Applies an adoption as a patch with real git, below the root of a repository, and compares the files.
fn git_takes(before: &str, adopted: &Adopted) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("a workspace");
    fs::create_dir_all(workspace.join("roster")).unwrap();
    fs::write(workspace.join(NAME), before).unwrap();
    let git = |arguments: &[&str]| {
        let run = Command::new("git").args(arguments).current_dir(&workspace).output().unwrap();
        if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
    };
    git(&["init", "--quiet", ".."])?;
    let files = adopted.files.iter().map(|file| PatchedFile {
        path: &file.name,
        before: file.before.as_deref(),
        after: &file.after,
    });
    let patch = patch::patch(files);
    if patch.is_empty() {
        return Ok(());
    }
    fs::write(workspace.join("console.patch"), &patch).unwrap();
    for how in [&["apply", "--check", "console.patch"][..], &["apply", "console.patch"]] {
        git(how).map_err(|why| format!("git {how:?}: {why}\n{patch}"))?;
    }
    for file in &adopted.files {
        if fs::read_to_string(workspace.join(&*file.name)).unwrap() != file.after {
            return Err(format!("git wrote another {}\n{patch}", file.name));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 100, failure_persistence: None, ..Config::default() })]

    #[test]
    fn rosters_in_any_layout_take_any_console_edit_over(seed: u64, which: prop::sample::Index, for_a_time: bool) {
        let text = layout::roster(seed);
        let estate = Estate::new(text);
        let edits = console::edits(&estate.desired, &estate.live);
        let change = which.get(&edits);
        let checked = estate.check(change, for_a_time && change.for_a_time);
        prop_assert!(checked.is_ok(), "{}: {}\n{}", change.title, checked.err().unwrap_or_default(), estate.text);
        let adopted = checked.unwrap();
        prop_assert!(adopted.left.is_empty(), "{}: left\n{}", change.title, estate.text);
        if Command::new("git").arg("--version").output().is_ok() {
            let taken = git_takes(&estate.text, &adopted);
            prop_assert!(taken.is_ok(), "{}", taken.err().unwrap_or_default());
        }
    }
}
