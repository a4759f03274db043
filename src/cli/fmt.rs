//! `rosterctl fmt`: the canonical layout of manifests, comments kept.

use std::path::PathBuf;

use similar::TextDiff;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::{self, Texts};
use super::session::source_cache::SourceCache;
use crate::config::workspace::Workspace;
use crate::manifest::edit::name_comments::AgentNames;
use crate::manifest::edit::settle::{self, Settled};
use crate::manifest::format;
use crate::model::date::{Date, Zone};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id::safe;
use crate::model::language::say;
use crate::model::problem::FileProblem;
use crate::model::source::{File, Source};
use crate::model::text::sanitize_lines;
use crate::storage::files;
use crate::storage::files::Manifest;
use crate::storage::paths;
use crate::yaml;

/// Lay manifests out in the canonical way; comments and meaning stay.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Write nothing; show what would change, and exit with 1 when anything would.
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change.
    #[arg(long, conflicts_with = "check")]
    diff: bool,
    /// Fold dates that are over into the base; what is wanted now and later stays the same.
    #[arg(long)]
    settle: bool,
    /// Fold what is over at the beginning of this day, in the workspace's timeZone, instead of now.
    #[arg(long, value_name = "DAY", requires = "settle", value_parser = super::workspace_args::day)]
    before: Option<Date>,
    /// Write the name of each agent as a comment behind its number in the lists of queues. Other comments stay.
    #[arg(long)]
    names: bool,
}

impl Arguments {
    /// Returns true if no file is written.
    fn only_shows(&self) -> bool {
        self.check || self.diff
    }
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let Texts { place, workspace, found, files: manifests } = load::texts(&arguments.workspace)?;
    let mut wrong = Diagnostics::default();
    for found in found.iter().filter(|_| !arguments.only_shows()) {
        if let Err(error) = paths::unlinked_below(&place.folder, &found.path) {
            let problem = FileProblem::Told { message: error.to_string(), help: String::new() };
            wrong.push(Diagnostic::at(&Source::new(&found.name, 1, 1), problem));
        }
    }
    let settled = if arguments.settle {
        match settled(arguments, &workspace, &manifests) {
            Ok(settled) => settled,
            Err(wrong) => return Err(CliError::Input(wrong.into_sorted(), SourceCache::new(manifests))),
        }
    } else {
        Settled::default()
    };
    let names = if arguments.names {
        match AgentNames::load(&manifests, &workspace, load::instant()) {
            Ok(names) => Some(names),
            Err(wrong) => return Err(CliError::Input(wrong.into_sorted(), SourceCache::new(manifests))),
        }
    } else {
        None
    };
    let language = console.language(workspace.language);
    for place in &settled.left {
        console.note(&say!(
            language,
            "{place}: this date is over, but stays: without it something else would be wanted",
            "{place}：这个日期已过，但要留着：去掉它，要求的内容就变了",
            "{place}：這個日期已過，但要留著：拿掉它，要求的內容就變了"
        ));
    }
    let mut changed = Vec::new();
    for (manifest, found) in manifests.iter().zip(&found) {
        let (_, complaints) = yaml::read(&manifest.name, &manifest.bytes);
        if !complaints.is_empty() {
            wrong.extend(complaints);
        } else if let Ok(text) = std::str::from_utf8(&manifest.bytes) {
            let folded = settled.files.iter().find(|file| file.name == manifest.name);
            let laid_out = format::format(folded.map_or(text, |file| &file.after));
            if !laid_out.canonical {
                let name = &manifest.name;
                console.note(&say!(
                    language,
                    "{name}: its layout is left as it is, but for line ends: an anchor, a tag, a quoted or folded text over several lines, or a comment between braces stands in it",
                    "{name}：只统一了换行，排版不动：里面有锚点、标签、跨行的引号文本或折叠文本，或花括号里的注释",
                    "{name}：只統一了換行，排版不動：裡面有錨點、標籤、跨行的引號文字或摺疊文字，或大括號裡的註解"
                ));
            }
            let after = match &names {
                Some(names) => names.comment(&laid_out.text),
                None => laid_out.text,
            };
            if after != text {
                changed.push((found, text, after));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(CliError::Input(wrong.into_sorted(), SourceCache::new(manifests)));
    }
    for (Manifest { name, real, .. }, text, laid_out) in &changed {
        let name = safe(name);
        if arguments.only_shows() {
            let diff = TextDiff::from_lines(*text, laid_out.as_str());
            let theirs = format!("{name} ({})", if arguments.settle { "settled" } else { "canonical" });
            let diff = diff.unified_diff().context_radius(3).header(&name, &theirs).to_string();
            console.out(&sanitize_lines(&diff));
        } else {
            files::rewrite(real, laid_out.as_bytes()).map_err(|error| CliError::unwritable(real, &error))?;
            console.out(&format!("{name}\n"));
        }
    }
    Ok(if arguments.check && !changed.is_empty() { Exit::Error } else { Exit::Success })
}

/// Folds the dates that are over.
fn settled(arguments: &Arguments, workspace: &Workspace, manifests: &[File]) -> Result<Settled, Diagnostics> {
    let zone = workspace.time_zone.clone().unwrap_or_else(Zone::utc);
    // A day always has a first moment.
    let before = arguments.before.and_then(|day| day.first(&zone).ok());
    settle::settle(manifests, workspace, before.unwrap_or_else(load::instant))
}
