//! Reports of a run in the requested formats. Only this file prints and writes them.
//!
//! ```text
//! begin (bad paths refused) ─▶ one workspace:  planned, ran or failed ─▶ finish: standard output, then each file
//!                           └▶ several: render, side by side ─▶ add: written once all before it are ─▶ finish
//! ```

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::console::{self, Console};
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::session::load;
use crate::model::history::RunReport;
use crate::model::language::{Language, localized};
use crate::model::note::Refused;
use crate::model::scene::Scene;
use crate::report::redact::Mask;
use crate::report::text::{self, TextStyle};
use crate::report::{
    Body, BoundPlan, Command, Document, Failure, Format, Kept, Part, Report, Roots, Run, view,
};
use crate::storage::files::Place;
use crate::storage::spool::{Spool, Spooled};
use crate::storage::{files, git};

/// Options for the outputs of a report.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// Format of standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write a format to a file in the same run, like `html=plan.html`; repeatable.
    #[arg(long = "write", value_name = "FORMAT=PATH", value_parser = written)]
    writes: Vec<Written>,
    /// Mask phone numbers and e-mail addresses in every format; the others that people post are masked anyway.
    #[arg(long)]
    mask_personal: bool,
}

/// Format and its file.
#[derive(Clone, Debug)]
struct Written {
    /// `None` stands for a patch of the manifests, which is no report.
    format: Option<Format>,
    path: PathBuf,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(self.doc()))
    }
}

/// Word of a patch of the manifests.
const PATCH: &str = "patch";

/// Parses `FORMAT=PATH`.
fn written(text: &str) -> Result<Written, String> {
    let words = Format::ALL.iter().map(|format| format.word()).collect::<Vec<_>>().join(", ");
    let help = format!(
        "write FORMAT=PATH, like html=plan.html, where FORMAT is one of {words}, {PATCH} (drift only)"
    );
    let (word, path) = text.split_once('=').ok_or_else(|| help.clone())?;
    let format = match Format::from_str(word, false) {
        Ok(format) => Some(format),
        Err(_) if word == PATCH => None,
        Err(_) => return Err(format!("there is no format `{word}`: {help}")),
    };
    if path.is_empty() {
        return Err(help);
    }
    if path == "-" {
        return Err("standard output has --format; a file of this name is ./-".to_owned());
    }
    Ok(Written { format, path: path.into() })
}

impl Output {
    /// Returns the JSON document that is due on these workspaces; `None` for another format.
    pub(super) fn due<'a>(
        &self,
        workspaces: impl IntoIterator<Item = &'a Path>,
        several: bool,
        command: Command,
    ) -> Option<PendingJson> {
        let workspaces = || workspaces.into_iter().map(Path::to_owned).collect();
        let masked = self.mask_personal;
        (self.format == Format::Json).then(|| PendingJson {
            workspaces: workspaces(),
            several,
            masked,
            command,
        })
    }

    /// Returns the files of reports.
    fn reports(&self) -> impl Iterator<Item = &Written> {
        self.writes.iter().filter(|written| written.format.is_some())
    }

    /// Returns the path of a requested patch of the manifests.
    pub(super) fn patch(&self) -> Option<&Path> {
        self.writes.iter().find(|written| written.format.is_none()).map(|written| &*written.path)
    }

    /// Returns true if standard output or a file is to be JSON.
    pub(super) fn has_json(&self) -> bool {
        self.is_json() || self.writes.iter().any(|written| written.format == Some(Format::Json))
    }

    /// Returns true if only standard output is to be written, as JSON with personal data.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json && self.writes.is_empty() && !self.mask_personal
    }

    /// Prepares a report on workspaces.
    ///
    /// # Errors
    /// The command lacks the format, or a path cannot or must not be written.
    pub(super) fn begin<'a>(
        &'a self,
        command: Command,
        several: bool,
        workspaces: &[&Path],
        console: &'a Console,
    ) -> Result<Reporter<'a>, CliError> {
        let language = workspaces.first().map_or(Language::En, |place| language(place, console));
        if command != Command::Drift && self.patch().is_some() {
            return Err(CliError::Error(localized!(
                "`{PATCH}` is a format of `drift`",
                "`{PATCH}` 是 `drift` 的格式",
                "`{PATCH}` 是 `drift` 的格式"
            )));
        }
        if several && self.patch().is_some() {
            return Err(CliError::Error(localized!(
                "a {PATCH} is of one workspace; name one",
                "{PATCH} 只属于一个工作区；请只写一个",
                "{PATCH} 只屬於一個工作區；請只寫一個"
            )));
        }
        let mut formats = self.reports().filter_map(|written| written.format).chain([self.format]);
        if let Some(format) = formats.find(|format| !format.fits(command)) {
            let (word, command) = (format.word(), command.word());
            return Err(CliError::Error(localized!(
                "`{word}` is a format of `drift`; `{command}` has all others",
                "`{word}` 是 `drift` 的格式；其余格式 `{command}` 都有",
                "`{word}` 是 `drift` 的格式；其餘格式 `{command}` 都有"
            )));
        }
        let roots = roots(workspaces.iter().copied());
        let reporter = Reporter {
            output: self,
            console,
            report: Report { command, parts: Vec::new(), several, roots, language },
            workspaces: workspaces.iter().map(|path| (*path).to_owned()).collect(),
            part: RefCell::default(),
            exit: Cell::new(Exit::Success),
            plan: RefCell::default(),
            scene: RefCell::default(),
            run: RefCell::default(),
            shown: Cell::new(false),
        };
        for (at, Written { path, .. }) in self.writes.iter().enumerate() {
            let again = |other: &Written| files::real(&other.path) == files::real(path);
            if self.writes[..at].iter().any(again) {
                let path = path.display();
                return Err(CliError::Error(localized!(
                    "--write names {path} twice",
                    "--write 写了两次 {path}",
                    "--write 寫了兩次 {path}"
                )));
            }
            reporter.spare("--write", path)?;
            files::probe(path).map_err(|error| unwritable(path, &error))?;
        }
        Ok(reporter)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    let path = path.display();
    CliError::Error(localized!(
        "the report cannot be written to {path}: {error}",
        "报告写不到 {path}：{error}",
        "報告無法寫到 {path}：{error}"
    ))
}

/// Outcome of a workspace that was planned or validated.
pub(super) struct Outcome {
    pub(super) exit: Exit,
    /// The plan, or the declarations.
    pub(super) body: Body,
    /// The facts of the run beside its plan.
    pub(super) scene: Scene,
    /// End of the last clean run, if the ledger knows one.
    pub(super) last_clean_run: Option<String>,
}

impl Outcome {
    fn into_part(self, place: &Path) -> Part {
        part(place, self.exit, self.last_clean_run, self.scene, self.body)
    }
}

/// Reports the result of a workspace at the end.
pub(super) struct Reporter<'a> {
    output: &'a Output,
    console: &'a Console,
    /// The report without its parts.
    report: Report,
    workspaces: Vec<PathBuf>,
    part: RefCell<Option<Part>>,
    exit: Cell<Exit>,
    /// The plan of the current run.
    plan: RefCell<Option<BoundPlan>>,
    /// The facts of the run beside its plan.
    scene: RefCell<Scene>,
    /// Result of the plan.
    run: RefCell<Option<Run>>,
    /// True once the plan was shown.
    shown: Cell<bool>,
}

impl<'a> Reporter<'a> {
    /// Checks that another output does not overwrite a report.
    ///
    /// # Errors
    /// It would.
    pub(super) fn apart(&self, flag: &str, path: &Path) -> Result<(), CliError> {
        let same = |other: &Written| files::real(&other.path) == files::real(path);
        if self.output.writes.iter().any(same) {
            let path = path.display();
            return Err(CliError::Error(localized!(
                "--write and {flag} both name {path}",
                "--write 和 {flag} 写的都是 {path}",
                "--write 和 {flag} 寫的都是 {path}"
            )));
        }
        Ok(())
    }

    /// Checks that a path is no file of a workspace, its stores or rosterctl.
    ///
    /// # Errors
    /// It is one.
    pub(super) fn spare(&self, flag: &str, path: &Path) -> Result<(), CliError> {
        self.workspaces.iter().try_for_each(|workspace| output_guard::check(workspace, flag, path))
    }

    /// Shows a plan before it is carried out, if standard output is for people.
    pub(super) fn show(&self, plan: &BoundPlan, scene: Scene, due: bool) {
        self.plan.replace(Some(plan.clone()));
        self.scene.replace(scene);
        if self.output.format != Format::Text {
            return;
        }
        self.shown.set(true);
        let mut plan = plan.clone();
        if self.output.mask_personal {
            Mask::for_plan(&plan).plan(Arc::make_mut(&mut plan.plan));
        }
        let scene = self.scene.borrow();
        let view = view::build_saved(&plan, self.report.command, &scene, due);
        self.console.out(&text::plan(&view, self.console.look()));
    }

    /// Returns the content of the report on a run of the only workspace.
    pub(super) fn content(&self, plan: &BoundPlan, run: &Run) -> RunReport {
        let place = self.workspaces.first().map_or(Path::new("."), PathBuf::as_path);
        let Roots { current, repositories } = self.report.roots.clone();
        RunReport {
            place: files::shown(place).to_string(),
            file: file(place),
            current,
            repositories,
            scene: self.scene.borrow().clone(),
            plan: Arc::clone(&plan.plan),
            run: run.clone(),
        }
    }

    /// Records a report that an earlier command made, with the folders that its paths are shown from.
    pub(super) fn again(&mut self, part: Part, roots: Option<Roots>) {
        self.part.replace(Some(part));
        if let Some(roots) = roots {
            self.report.roots = roots;
        }
    }

    /// Records the result of the plan that was shown.
    pub(super) fn ran(&self, run: Run) {
        self.run.replace(Some(run));
    }

    /// Records the outcome of a workspace.
    pub(super) fn planned(&self, place: &Path, outcome: Outcome) {
        self.exit.set(outcome.exit);
        self.part.replace(Some(outcome.into_part(place)));
    }

    /// Records the end of a run.
    pub(super) fn end(&self, place: &Path, exit: Exit) {
        let run = self.run.take();
        if let Some(plan) = self.plan.take() {
            let unrun = || Run { refused: Some(Refused::NotApproved), ..Run::default() };
            self.record(place, exit, Body::Ran(plan, run.unwrap_or_else(unrun)));
        }
    }

    /// Reports on standard error why a workspace failed, and records it.
    pub(super) fn fail(&self, place: &Path, fail: &CliError) {
        let failure = fail.failure();
        let exit = self.console.fail(fail);
        let body = match (self.plan.take(), self.run.take()) {
            (Some(plan), Some(run)) => Body::Ran(plan, run),
            (Some(plan), None) => {
                let refused = Some(Refused::Failed { why: failure.message });
                Body::Ran(plan, Run { refused, ..Run::default() })
            }
            (None, _) => failed(place, failure),
        };
        self.record(place, exit, body);
    }

    fn record(&self, place: &Path, exit: Exit, body: Body) {
        self.exit.set(exit);
        let scene = Scene { language: self.report.language, ..Scene::default() };
        let scene = if matches!(body, Body::Ran(..)) { self.scene.take() } else { scene };
        self.part.replace(Some(part(place, exit, None, scene, body)));
    }

    /// Prints and writes the recorded part, and returns the gravest exit code.
    pub(super) fn finish(self) -> Exit {
        let mut exit = self.exit.get();
        let Some(part) = self.part.take() else { return exit };
        // Standard error has already given the reason.
        let said = matches!(part.body, Body::Failed(_));
        let names = vec![part.name().to_owned()];
        let mut report = Report { parts: vec![part], ..self.report };
        let documents = documents(self.output, &report, &names, self.console);
        let paths: Vec<&Path> = self.output.reports().map(|written| &*written.path).collect();
        for at in unmasked_first(&documents) {
            let document = &documents[at];
            let Some(path) = at.checked_sub(1).and_then(|at| paths.get(at)).copied() else {
                if self.shown.get() {
                    if document.is_masked() {
                        report.parts.iter_mut().for_each(Part::mask);
                    }
                    self.console.out(&text::outcome(&report, self.console.look()));
                } else if self.output.format != Format::Text || !said {
                    self.console.write(|out| document.write(&mut report.parts, out));
                }
                continue;
            };
            let written = files::Output::create(path).and_then(|mut file| {
                document.write(&mut report.parts, &mut file)?;
                file.finish()
            });
            if let Err(error) = written {
                exit = exit.graver(self.console.fail(&unwritable(path, &error)));
            }
        }
        exit
    }

    /// Begins the documents of several workspaces of these names.
    pub(super) fn serial(self, names: &[String]) -> Serial<'a> {
        let documents: Arc<[Document]> = documents(self.output, &self.report, names, self.console).into();
        let stdout = &documents[0];
        let mut open = lock();
        self.console.write(|out| stdout.begin(out));
        *open = (stdout.format() == Format::Json).then_some(0);
        drop(open);
        let begin = |(Written { path, .. }, document): (&'a Written, &Document)| {
            let file = files::Output::create(path).and_then(|mut file| {
                document.begin(&mut file)?;
                Ok(file)
            });
            (path.as_path(), file)
        };
        let files = self.output.reports().zip(&documents[1..]).map(begin).collect();
        let kept = documents.iter().map(|_| Vec::new()).collect();
        Serial {
            console: self.console,
            files,
            kept,
            documents,
            exit: Exit::Success,
            next: 0,
            waiting: BTreeMap::new(),
            spool: Spool::default(),
        }
    }
}

/// Returns the document of standard output, and that of each file.
fn documents(output: &Output, report: &Report, names: &[String], console: &Console) -> Vec<Document> {
    let writes = output.writes.iter().filter_map(|written| Some((written.format?, TextStyle::default())));
    let all = [(output.format, console.look())].into_iter().chain(writes);
    let document = |(format, look)| {
        let document = Document::new(report.without_parts(), names.to_vec(), format, look);
        if output.mask_personal { document.masked() } else { document }
    };
    all.map(document).collect()
}

/// Returns the places of documents, those that are not masked first: a workspace is masked in place.
fn unmasked_first(documents: &[Document]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by_key(|at| documents[*at].is_masked());
    order
}

/// Number of entries in the unfinished document of several workspaces on standard output; `None` without one.
static OPEN: Mutex<Option<usize>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<usize>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A workspace of several, rendered in every format.
pub(super) struct Entry {
    exit: Exit,
    /// Its messages on standard error.
    console: Console,
    /// Its text in each document, and the part that the document keeps of it.
    texts: Vec<(Vec<u8>, Kept)>,
}

/// Renders the result of the workspace of a number in each document. Its memory is free afterwards.
pub(super) fn render(
    documents: &[Document],
    number: usize,
    place: &Path,
    console: Console,
    result: Result<Outcome, CliError>,
) -> Entry {
    let (exit, mut part) = match result {
        Ok(outcome) => (outcome.exit, outcome.into_part(place)),
        Err(fail) => {
            let exit = console.fail(&fail);
            let scene = Scene { language: language(place, &console), ..Scene::default() };
            (exit, part(place, exit, None, scene, failed(place, fail.failure())))
        }
    };
    let mut texts: Vec<(Vec<u8>, Kept)> = documents.iter().map(|_| Default::default()).collect();
    for at in unmasked_first(documents) {
        let (text, kept) = &mut texts[at];
        // A write to memory cannot fail.
        *kept = documents[at].add(number, &mut part, text).unwrap_or_default();
    }
    Entry { exit, console, texts }
}

/// An entry that waits for those before it.
struct Waiting {
    exit: Exit,
    console: Console,
    texts: Vec<(Spooled, Kept)>,
}

/// Writes the documents of several workspaces in order, while the workspaces become ready in any order.
pub(super) struct Serial<'a> {
    console: &'a Console,
    documents: Arc<[Document]>,
    /// Each file with its path, or the first error.
    files: Vec<(&'a Path, io::Result<files::Output>)>,
    /// What each document keeps until its end.
    kept: Vec<Vec<Kept>>,
    exit: Exit,
    /// Number of the next entry.
    next: usize,
    waiting: BTreeMap<usize, Waiting>,
    spool: Spool,
}

impl Serial<'_> {
    /// Returns the documents, for [`render`].
    pub(super) fn documents(&self) -> Arc<[Document]> {
        Arc::clone(&self.documents)
    }

    /// Adds the entry of a number. It is written, with all after it, once it is the next one.
    pub(super) fn add(&mut self, number: usize, entry: Entry) {
        let Entry { exit, console, texts } = entry;
        if number != self.next {
            let texts = texts.into_iter().map(|(text, kept)| (self.spool.put(text), kept)).collect();
            self.waiting.insert(number, Waiting { exit, console, texts });
            return;
        }
        self.put(exit, &console, texts.into_iter().map(|(text, kept)| (Ok(text), kept)).collect());
        while let Some(Waiting { exit, console, texts }) = self.waiting.remove(&self.next) {
            let texts = texts.into_iter().map(|(text, kept)| (self.spool.take(text), kept)).collect();
            self.put(exit, &console, texts);
        }
    }

    /// Writes the next entry.
    fn put(&mut self, exit: Exit, console: &Console, texts: Vec<(io::Result<Vec<u8>>, Kept)>) {
        self.exit = self.exit.graver(exit);
        self.next += 1;
        self.console.tell(console);
        for (at, (text, kept)) in texts.into_iter().enumerate() {
            self.kept[at].push(kept);
            match at.checked_sub(1) {
                None => {
                    let mut open = lock();
                    self.console.write(|out| out.write_all(&text?));
                    *open = open.map(|_| self.next);
                }
                Some(at) => self.write(at, |file, _| file.write_all(&text?)),
            }
        }
    }

    /// Writes to a file. After its first error it stays as it is.
    fn write(&mut self, at: usize, write: impl FnOnce(&mut files::Output, &Document) -> io::Result<()>) {
        let (_, file) = &mut self.files[at];
        if let Ok(output) = file
            && let Err(error) = write(output, &self.documents[at + 1])
        {
            *file = Err(error);
        }
    }

    /// Ends the documents, and returns the gravest exit code.
    pub(super) fn finish(mut self) -> Exit {
        let mut kept = std::mem::take(&mut self.kept).into_iter();
        let mut open = lock();
        *open = None;
        let of_stdout = kept.next().unwrap_or_default();
        self.console.write(|out| self.documents[0].end(of_stdout, out));
        drop(open);
        for (at, kept) in kept.enumerate() {
            self.write(at, |file, document| document.end(kept, file));
        }
        for (path, file) in self.files {
            if let Err(error) = file.and_then(files::Output::finish) {
                self.exit = self.exit.graver(self.console.fail(&unwritable(path, &error)));
            }
        }
        self.exit
    }
}

fn part(place: &Path, exit: Exit, last_clean_run: Option<String>, scene: Scene, body: Body) -> Part {
    Part {
        place: files::shown(place).to_string(),
        file: file(place),
        exit: exit as u8,
        last_clean_run,
        scene,
        masked: false,
        body,
    }
}

/// Returns the part of a document that an earlier command saved.
pub(super) fn shown_part(place: &Path, console: &Console, body: Body) -> Part {
    let scene = Scene { language: language(place, console), ..Scene::default() };
    part(place, Exit::Success, None, scene, body)
}

/// Returns the workspace file of a place, for display.
fn file(place: &Path) -> Arc<str> {
    Place::find(place).map_or_else(|_| files::shown(place), |found| found.shown)
}

/// Returns the name of a workspace, or its place if it has none.
pub(super) fn name(place: &Path) -> String {
    load::workspace(place)
        .map_or_else(|_| files::shown(place).to_string(), |(_, found)| found.name.to_string())
}

/// Returns the language of reports on a workspace.
fn language(place: &Path, console: &Console) -> Language {
    console.language(load::workspace(place).ok().and_then(|(_, workspace)| workspace.language))
}

fn failed(place: &Path, failure: Failure) -> Body {
    let name = load::workspace(place).map(|(_, workspace)| workspace.name.to_string()).ok();
    Body::Failed(Failure { workspace: name, ..failure })
}

/// Finds the roots of the workspaces' repositories. On GitHub, its own workspace comes first.
pub(super) fn roots<'a>(workspaces: impl Iterator<Item = &'a Path>) -> Roots {
    let current = env::current_dir().map(|folder| files::shown(&folder).to_string()).unwrap_or_default();
    let mut roots = Roots { current, repositories: Vec::new() };
    let workspace = env::var_os("GITHUB_WORKSPACE").map(PathBuf::from).filter(|path| path.is_absolute());
    let spellings = workspace.iter().flat_map(|path| [Some(path.clone()), fs::canonicalize(path).ok()]);
    let of_github = spellings.flatten().map(|path| roots.absolute(&path.to_string_lossy()));
    let checkouts = workspaces.filter_map(|place| {
        let file = roots.absolute(&file(place));
        Some(roots.absolute(&git::root(Path::new(&file))?.to_string_lossy()))
    });
    let found: Vec<String> = of_github.chain(checkouts).collect();
    roots.repositories = found;
    roots
}

/// JSON document for a command that fails before it has printed one. So a reader of JSON always gets JSON.
#[derive(Clone)]
pub(super) struct PendingJson {
    workspaces: Vec<PathBuf>,
    several: bool,
    masked: bool,
    command: Command,
}

impl PendingJson {
    /// Returns the document of a command on one workspace.
    pub(super) fn of_one(workspace: &Path) -> Self {
        let workspaces = vec![workspace.to_owned()];
        Self { workspaces, several: false, masked: false, command: Command::Plan }
    }

    /// Reports the failure, also on standard output unless it has content. Completes an unfinished document.
    pub(super) fn emit_failure(self, fail: &CliError, console: &Console) -> Exit {
        let failure = fail.failure();
        let exit = console.fail(fail);
        // Standard output is stalled in the middle of an entry, if another thread writes it.
        let Ok(mut open) = OPEN.try_lock() else { return exit };
        let written = open.take();
        if written.is_none() && console::said() {
            return exit;
        }
        let parts = self.workspaces.iter().skip(written.unwrap_or_default());
        let mut parts: Vec<Part> = parts
            .map(|place| part(place, exit, None, Scene::default(), failed(place, failure.clone())))
            .collect();
        let roots = roots(self.workspaces.iter().map(PathBuf::as_path));
        let language = Language::En;
        let report =
            Report { command: self.command, parts: Vec::new(), several: self.several, roots, language };
        let document = Document::new(report, Vec::new(), Format::Json, TextStyle::default());
        let document = if self.masked { document.masked() } else { document };
        console.write(|out| match written {
            None => document.write(&mut parts, out),
            Some(written) => document.complete(written, &mut parts, out),
        });
        exit
    }
}
