//! Renders a report as one HTML file for team leaders.
//!
//! The file is self-contained: no script is needed to read it, and no font or picture comes from elsewhere. Its
//! Content-Security-Policy allows only its own style and script, by their hashes. With script a reader can search and
//! choose chapters; `#q=WORDS` searches at once.

mod frame;
mod rows;
mod staffing;

use std::io::{self, Write};

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::frame::{framed, hole, put, split};
use self::rows::RenderCtx;
pub(super) use self::rows::said;
use super::escape::{Text, quoted};
use super::view::{self, Section, Tense, View};
use super::{Body, Command, Failure, Part, Report};
use crate::model::rule::Severity;
use crate::model::text::is_hidden;

/// Style of every page.
pub(super) const STYLE: PreEscaped<&str> = PreEscaped(include_str!("page.css"));
/// Script of every page.
pub(super) const SCRIPT: PreEscaped<&str> = PreEscaped(include_str!("page.js"));

/// A workspace in a page.
pub(super) struct Entry {
    name: String,
    /// Its line of the contents, if there are several.
    contents: Option<Markup>,
    body: Markup,
}

/// Renders a workspace; `number` counts from 0.
pub(super) fn part(report: &Report, number: usize, part: &Part) -> Entry {
    let contents = report.several.then(|| contents(report, number, part));
    let mut body = Markup::default();
    workspace(&mut body, RenderCtx { report, number }, part);
    assert_visible(&body);
    Entry { name: part.name().to_owned(), contents, body }
}

fn assert_visible(markup: &Markup) {
    debug_assert!(
        markup.0.chars().all(|c| c == '\n' || !is_hidden(c)),
        "a value stands in the page without `Text`"
    );
}

/// Writes a report from its workspaces.
pub(super) fn document(report: &Report, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let title = &title(report, entries);
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" {
            (head(report, title)) "\n"
            body {
                a.skip href="#main" { "Skip to what changes" } "\n"
                header.top {
                    p.kind { "rosterctl " (report.command.word()) }
                    h1 { (Text(title)) }
                    p.lead { (lead(report)) }
                } "\n"
                main #main {
                    (filter(report)) "\n"
                    @if report.several {
                        nav aria-label="Workspaces" {
                            ul.contents { @for entry in entries { @if let Some(line) = &entry.contents { (line) } } }
                        } "\n"
                    }
                    (hole())
                } "\n"
                footer {
                    p { "Made by rosterctl " (env!("CARGO_PKG_VERSION")) ". This file needs no network and sends nothing." }
                } "\n"
                script { (SCRIPT) }
            }
        }
        "\n"
    };
    assert_visible(&page);
    let (before, after) = split(&page);
    out.write_all(before.as_bytes())?;
    for entry in entries {
        writeln!(out, "{}", entry.body.0)?;
    }
    out.write_all(after.as_bytes())
}

fn title(report: &Report, entries: &[Entry]) -> String {
    match entries {
        [entry] if !report.several => entry.name.clone(),
        entries => format!("{} workspaces", entries.len()),
    }
}

fn lead(report: &Report) -> &'static str {
    match report.command {
        Command::Snapshot => "What was live when the snapshot was taken.",
        Command::Plan => "What would change in the live systems. Nothing has been changed yet.",
        Command::Apply => "What was changed in the live systems.",
        Command::Drift => {
            "How the live systems differ from the manifests: what is live stands first, what the manifest says \
             after it. Nothing has been changed."
        }
        Command::Validate => "What is wrong with the workspace and its manifests. No system was asked.",
    }
}

/// Returns the tense of the page's own words.
fn tense(report: &Report) -> Tense {
    match report.command {
        Command::Plan | Command::Validate => Tense::Planned,
        Command::Apply => Tense::Done,
        Command::Drift => Tense::Differs,
        Command::Snapshot => Tense::Live,
    }
}

/// Returns the source of a style or script in a Content-Security-Policy.
pub(super) fn hash(text: PreEscaped<&str>) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.0)))
}

fn head(report: &Report, title: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="referrer" content="no-referrer";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (Text(title)) " · rosterctl " (report.command.word()) } "\n"
            style { (STYLE) }
        }
    }
}

/// Renders the search, which is hidden without script.
fn filter(report: &Report) -> Markup {
    let tense = tense(report);
    let groups = Section::ALL.into_iter().filter(|group| *group != Section::Open || tense == Tense::Done);
    html! {
        form #filter role="search" hidden {
            label for="q" { "Search" } "\n"
            input #q type="search" autocomplete="off" placeholder="name, number, queue…"; "\n"
            label for="show" { "Show" } "\n"
            select #show {
                option value="" { "everything" }
                @for group in groups { option value=(rows::word(group)) { (group.title(tense)) } }
            } "\n"
            output #shown for="q show" aria-live="polite" {}
        }
    }
}

/// Renders the line of one of several workspaces in the contents.
fn contents(report: &Report, number: usize, part: &Part) -> Markup {
    let said = match &part.body {
        Body::Planned(plan) => {
            let view = view::build(plan, report.command, part.seconds);
            view.verdict().map_or_else(|| view.headline(), str::to_owned)
        }
        Body::Ran(plan, run) => {
            view::build_run(plan, run, part.seconds).end.and_then(|end| end.verdict).unwrap_or_default()
        }
        Body::Sound(sound) => sound.to_string(),
        Body::Failed(failure) => format!("Failed: {}", failure.message),
    };
    html! {
        li {
            a href={ "#w" (number) } { (Text(part.name())) }
            " " small { (Text(report.path(&part.place))) } " " (Text(said))
        } "\n"
    }
}

/// Writes a workspace.
fn workspace(page: &mut Markup, spot: RenderCtx<'_>, part: &Part) {
    let frame = html! {
        article id={ "w" (spot.number) } {
            @if spot.report.several {
                h2 { (Text(part.name())) " " small { (Text(spot.report.path(&part.place))) } }
            }
            (hole())
        }
    };
    framed(page, &frame, |page| match &part.body {
        Body::Planned(plan) => view(page, spot, &view::build(plan, spot.report.command, part.seconds)),
        Body::Ran(plan, run) => view(page, spot, &view::build_run(plan, run, part.seconds)),
        Body::Sound(sound) => put(page, &html! { p.note { (Text(&sound.to_string())) } "\n" }),
        Body::Failed(failure) => put(page, &failed(spot, failure)),
    });
}

fn view(page: &mut Markup, spot: RenderCtx<'_>, view: &View<'_>) {
    put(page, &overview(spot, view));
    for group in Section::told() {
        rows::chapter(page, spot, view, group);
    }
    put(page, &order(spot, view));
}

/// Renders the outcome and the counts.
fn overview(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    let is_clean = view.findings.iter().all(|line| line.tone == view::LineKind::Find(Severity::Info));
    html! {
        @if let Some(end) = &view.end {
            @if let Some(verdict) = &end.verdict {
                p class=(if end.whole { "note good" } else { "note bad" }) { (Text(verdict)) } "\n"
            }
            @for note in &end.notes { p.note.warn { (Text(note)) } "\n" }
        }
        (tiles(spot, view)) "\n"
        @if let Some(verdict) = view.verdict() {
            p class=(if is_clean { "note good" } else { "note warn" }) { (Text(verdict)) } "\n"
        }
        @if let Some(refused) = &view.refused {
            p.note.bad { strong { "Not to be applied as it is." } " " (Text(refused)) } "\n"
        }
        @if let Some(instant) = &view.instant { p.note { (Text(instant)) } "\n" }
        @if let Some(narrowed) = &view.narrowed { p.note.warn { (Text(narrowed)) } "\n" }
        @for allowed in &view.allowed { p.note.warn { "A limit was lifted: " (Text(allowed)) } "\n" }
    }
}

/// Renders the counts, each a link to its chapter.
fn tiles(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    // Such chapters are rare, and an empty tile would raise a question.
    let is_rare = |group: &Section| matches!(group, Section::Remade | Section::Open);
    html! {
        ul.tiles {
            @for group in Section::ALL.into_iter().filter(|group| !is_rare(group) || view.count(*group) > 0) {
                @let (count, word) = (view.count(group), rows::word(group));
                @let tile = html! { b { (count) } " " span { (group.noun(view.tense)) } };
                @if count == 0 {
                    li class={ (word) " none" } { (tile) } "\n"
                } @else {
                    li class=(word) { a href={ "#w" (spot.number) "-" (word) } { (tile) } } "\n"
                }
            }
        }
        @if view.summary.calls > 0 { "\n" p.effort { (Text(view::effort(&view.summary))) } }
    }
}

/// Renders the order of the stages.
fn order(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    let is_drift = view.tense == Tense::Differs;
    let title = html! {
        (if is_drift { "What an apply would do, in this order" } else { "In this order" })
        " " span lang="zh" { "执行顺序" }
    };
    html! {
        @if !view.order.stages.is_empty() {
            section.order {
                (spot.heading(&title))
                ol {
                    @for stage in &view.order.stages {
                        li {
                            (Text(stage.words())) " "
                            small { (stage.calls) (if stage.calls == 1 { " call" } else { " calls" }) }
                        } "\n"
                    }
                }
            } "\n"
        }
    }
}

fn failed(spot: RenderCtx<'_>, failure: &Failure) -> Markup {
    html! {
        p.note.bad { strong { "Failed:" } " " (Text(&failure.message)) } "\n"
        @if !failure.diagnostics.is_empty() {
            section {
                (spot.heading(&html! { "What is wrong" }))
                ul.findings {
                    @for diagnostic in &failure.diagnostics {
                        li.error data-row="findings" {
                            p { span.badge.error { "error" } " " (quoted(&diagnostic.message())) }
                            @let help = diagnostic.help();
                            @if !help.is_empty() { p.help { (quoted(&help)) } }
                            (rows::place(spot.report, diagnostic.source.as_ref()))
                        } "\n"
                    }
                }
            }
        }
    }
}
