//! Reports of a run in the requested formats. Only this file prints and writes them.
//!
//! ```text
//! begin (bad paths refused) ─▶ planned, ran, failed: a part each ─▶ finish: standard output, then each file
//! ```

use std::cell::{Cell, RefCell};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::console::{self, Console};
use super::error::CliError;
use super::exit::Exit;
use super::output_guard;
use super::session::load;
use crate::model::note::Refused;
use crate::report::redact::Mask;
use crate::report::text::{self, TextStyle};
use crate::report::view::View;
use crate::report::{self, Body, BoundPlan, Command, Failure, Format, Part, Report, Roots, Run, view};
use crate::storage::files::Place;
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
    format: Format,
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

/// Parses `FORMAT=PATH`.
fn written(text: &str) -> Result<Written, String> {
    let words = Format::ALL.iter().map(|format| format.word()).collect::<Vec<_>>().join(", ");
    let help = format!("write FORMAT=PATH, like html=plan.html, where FORMAT is one of {words}");
    let (word, path) = text.split_once('=').ok_or_else(|| help.clone())?;
    let format = Format::from_str(word, false).map_err(|_| format!("there is no format `{word}`: {help}"))?;
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
    ) -> Option<PendingJson> {
        let workspaces = || workspaces.into_iter().map(Path::to_owned).collect();
        let masked = self.mask_personal;
        (self.format == Format::Json).then(|| PendingJson { workspaces: workspaces(), several, masked })
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
        let mut formats = self.writes.iter().map(|written| written.format).chain([self.format]);
        if let Some(format) = formats.find(|format| !format.fits(command)) {
            let (word, command) = (format.word(), command.word());
            return Err(CliError::error(format!(
                "`{word}` is a format of `drift`; `{command}` has all others"
            )));
        }
        let reporter = Reporter {
            output: self,
            console,
            command,
            several,
            workspaces: workspaces.iter().map(|path| (*path).to_owned()).collect(),
            parts: RefCell::default(),
            exit: Cell::new(Exit::Success),
            plan: RefCell::default(),
            seconds: Cell::default(),
            run: RefCell::default(),
            shown: Cell::new(false),
        };
        for (at, Written { path, .. }) in self.writes.iter().enumerate() {
            let again = |other: &Written| files::real(&other.path) == files::real(path);
            if self.writes[..at].iter().any(again) {
                return Err(CliError::error(format!("--write names {} twice", path.display())));
            }
            reporter.spare("--write", path)?;
            files::probe(path).map_err(|error| unwritable(path, &error))?;
        }
        Ok(reporter)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::error(format!("the report cannot be written to {}: {error}", path.display()))
}

/// Collects the result of each workspace, and reports them at the end.
pub(super) struct Reporter<'a> {
    output: &'a Output,
    console: &'a Console,
    command: Command,
    several: bool,
    workspaces: Vec<PathBuf>,
    parts: RefCell<Vec<Part>>,
    exit: Cell<Exit>,
    /// The plan of the current run.
    plan: RefCell<Option<BoundPlan>>,
    /// Least seconds that the plan takes as of now.
    seconds: Cell<Option<u64>>,
    /// Result of the plan.
    run: RefCell<Option<Run>>,
    /// True once the plan was shown.
    shown: Cell<bool>,
}

impl Reporter<'_> {
    /// Checks that another output does not overwrite a report.
    ///
    /// # Errors
    /// It would.
    pub(super) fn apart(&self, flag: &str, path: &Path) -> Result<(), CliError> {
        let same = |other: &Written| files::real(&other.path) == files::real(path);
        if self.output.writes.iter().any(same) {
            return Err(CliError::error(format!("--write and {flag} both name {}", path.display())));
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
    pub(super) fn show(&self, plan: &BoundPlan, seconds: u64, due: bool) {
        self.plan.replace(Some(plan.clone()));
        self.seconds.set(Some(seconds));
        if self.output.format != Format::Text {
            return;
        }
        self.shown.set(true);
        let masked = self.output.mask_personal.then(|| plan.with(Mask::for_plan(plan).plan(plan)));
        let view = view::build(masked.as_ref().unwrap_or(plan), self.command, Some(seconds));
        let view = View { due, ..view };
        self.console.out(&text::plan(&view, self.console.look()));
    }

    /// Records the result of the plan that was shown.
    pub(super) fn ran(&self, run: Run) {
        self.run.replace(Some(run));
    }

    /// Records a workspace's plan.
    pub(super) fn planned(
        &self,
        place: &Path,
        exit: Exit,
        plan: BoundPlan,
        seconds: Option<u64>,
        last_clean_run: Option<String>,
    ) {
        self.seconds.set(seconds);
        self.add(place, exit, last_clean_run, Body::Planned(plan));
    }

    /// Records the end of a run.
    pub(super) fn end(&self, place: &Path, exit: Exit) {
        let run = self.run.take();
        if let Some(plan) = self.plan.take() {
            let unrun = || Run { refused: Some(Refused::NotApproved), ..Run::default() };
            self.add(place, exit, None, Body::Ran(plan, run.unwrap_or_else(unrun)));
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
        self.add(place, exit, None, body);
    }

    fn add(&self, place: &Path, exit: Exit, last_clean_run: Option<String>, body: Body) {
        self.exit.set(self.exit.get().graver(exit));
        let part = part(place, exit, last_clean_run, body);
        self.parts.borrow_mut().push(Part { seconds: self.seconds.take(), ..part });
    }

    /// Prints and writes the recorded parts, and returns the gravest exit code.
    pub(super) fn finish(self) -> Exit {
        let mut exit = self.exit.get();
        let parts = self.parts.into_inner();
        let roots = roots(&parts);
        let mut report = Report { command: self.command, parts, several: self.several, roots };
        if self.output.mask_personal {
            report = report.masked();
        }
        match self.output.format {
            Format::Text => {
                let look = self.console.look();
                // Standard error has already given the reason.
                let said = report.parts.iter().all(|part| matches!(part.body, Body::Failed(_)));
                if self.shown.get() {
                    self.console.out(&text::outcome(&report, look));
                } else if self.several || !said {
                    self.console.write(|out| report::render(&report, Format::Text, look, out));
                }
            }
            format => self.console.write(|out| report::render(&report, format, TextStyle::default(), out)),
        }
        for Written { format, path } in &self.output.writes {
            let written = files::Output::create(path).and_then(|mut file| {
                report::render(&report, *format, TextStyle::default(), &mut file)?;
                file.finish()
            });
            if let Err(error) = written {
                exit = exit.graver(self.console.fail(&unwritable(path, &error)));
            }
        }
        exit
    }
}

fn part(place: &Path, exit: Exit, last_clean_run: Option<String>, body: Body) -> Part {
    let file = Place::find(place).map_or_else(|_| files::shown(place), |found| found.shown);
    Part {
        place: files::shown(place).to_string(),
        file,
        exit: exit as u8,
        last_clean_run,
        seconds: None,
        body,
    }
}

fn failed(place: &Path, failure: Failure) -> Body {
    let name = load::workspace(place).map(|(_, workspace)| workspace.name.to_string()).ok();
    Body::Failed(Failure { workspace: name, ..failure })
}

/// Finds the roots of the workspaces' repositories. On GitHub, its own workspace comes first.
fn roots(parts: &[Part]) -> Roots {
    let current = env::current_dir().map(|folder| files::shown(&folder).to_string()).unwrap_or_default();
    let mut roots = Roots { current, repositories: Vec::new() };
    let workspace = env::var_os("GITHUB_WORKSPACE").map(PathBuf::from).filter(|path| path.is_absolute());
    let spellings = workspace.iter().flat_map(|path| [Some(path.clone()), fs::canonicalize(path).ok()]);
    let of_github = spellings.flatten().map(|path| roots.absolute(&path.to_string_lossy()));
    let checkouts = parts.iter().filter_map(|part| {
        let file = roots.absolute(&part.file);
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
}

impl PendingJson {
    /// Returns the document of a command on one workspace.
    pub(super) fn of_one(workspace: &Path) -> Self {
        Self { workspaces: vec![workspace.to_owned()], several: false, masked: false }
    }

    /// Reports the failure, also on standard output unless it has content.
    pub(super) fn emit_failure(self, fail: &CliError, console: &Console) -> Exit {
        let failure = fail.failure();
        let exit = console.fail(fail);
        let parts =
            self.workspaces.iter().map(|place| part(place, exit, None, failed(place, failure.clone())));
        let parts: Vec<Part> = parts.collect();
        let roots = roots(&parts);
        let report = Report { command: Command::Plan, parts, several: self.several, roots };
        let report = if self.masked { report.masked() } else { report };
        if !console::said() {
            console.write(|out| report::render(&report, Format::Json, TextStyle::default(), out));
        }
        exit
    }
}
