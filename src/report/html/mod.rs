//! Renders a report as one HTML file for team leaders.
//!
//! The file is self-contained: no script is needed to read it, and no font or picture comes from elsewhere. Its
//! Content-Security-Policy allows only its own style and script, by their hashes. With script a reader can search and
//! choose chapters; `#q=WORDS` searches at once.

mod frame;
mod rows;
mod staffing;

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::frame::{framed, hole, put, split};
use self::rows::RenderCtx;
pub(super) use self::rows::{LONG, said};
use super::escape::{Text, quoted};
use super::phrases::Phrase;
use super::view::{self, LineKind, Section, Tense, View, Weight};
use super::{Body, Command, Failure, Part, Report};
use crate::model::language::Language;
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
    let say = |phrase: Phrase<'_>| phrase.say(report.language);
    let page = html! {
        (DOCTYPE) "\n"
        html lang=(report.language.tag()) {
            (head(title, &[STYLE])) "\n"
            body {
                a.skip href="#main" { (say(Phrase::SkipLink)) } "\n"
                header.top {
                    p.kind { "rosterctl " (report.command.word()) }
                    h1 { (Text(title)) }
                    p.lead { (say(Phrase::Lead(report.command))) }
                } "\n"
                main #main {
                    (filter(report)) "\n"
                    section #card.card aria-live="polite" data-title=(say(Phrase::Card)) hidden {} "\n"
                    @if report.several {
                        nav aria-label=(say(Phrase::Contents)) {
                            ul.contents { @for entry in entries { @if let Some(line) = &entry.contents { (line) } } }
                        } "\n"
                    }
                    (hole())
                } "\n"
                footer { p { (say(Phrase::MadeBy(env!("CARGO_PKG_VERSION")))) } } "\n"
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
    let title = match entries {
        [entry] if !report.several => Phrase::Title(report.command, &entry.name),
        entries => Phrase::Workspaces(report.command, entries.len()),
    };
    title.say(report.language).into_owned()
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
fn hash(text: PreEscaped<&str>) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.0)))
}

/// Renders the head of a page with the script and some styles.
pub(super) fn head(title: &str, styles: &[PreEscaped<&str>]) -> Markup {
    let hashes: Vec<String> = styles.iter().map(|style| hash(*style)).collect();
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hashes.join(" "),
        hash(SCRIPT)
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="referrer" content="no-referrer";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (Text(title)) }
            @for style in styles { "\n" style { (style) } }
        }
    }
}

/// Renders the search, which is hidden without script.
fn filter(report: &Report) -> Markup {
    let tense = tense(report);
    let groups = Section::ALL.into_iter().filter(|group| *group != Section::Open || tense == Tense::Done);
    let say = |phrase: Phrase<'_>| phrase.say(report.language);
    html! {
        form #filter role="search" hidden {
            label for="q" { (say(Phrase::Search)) } "\n"
            input #q type="search" autocomplete="off" placeholder=(say(Phrase::SearchHint)); "\n"
            span.pair {
                label for="show" { (say(Phrase::Show)) } "\n"
                select #show {
                    option value="" { (say(Phrase::Everything)) }
                    @for group in groups {
                        option value=(rows::word(group)) { (say(Phrase::Heading(group, tense))) }
                    }
                }
            } "\n"
            output #shown for="q show" aria-live="polite"
                data-found=(say(Phrase::Found)) data-all=(say(Phrase::AllLines)) {}
        }
    }
}

/// Renders the line of one of several workspaces in the contents.
fn contents(report: &Report, number: usize, part: &Part) -> Markup {
    let told = |view: View<'_>| {
        let verdict = view.verdict.as_ref().map(|verdict| verdict.text.clone());
        let counts = (view.tense != Tense::Done).then(|| view.headline()).filter(|counts| !counts.is_empty());
        verdict.into_iter().chain(counts).collect::<Vec<_>>().join(" ")
    };
    let said = match &part.body {
        Body::Planned(plan) => told(view::build(plan, report.command, &part.scene)),
        Body::Ran(plan, run) => told(view::build_run(plan, run, &part.scene)),
        Body::Sound(sound) => sound.words(part.scene.language),
        Body::Failed(failure) => {
            format!(
                "{} {}",
                Phrase::Failed.say(part.scene.language),
                failure.message.text(part.scene.language)
            )
        }
    };
    html! {
        li {
            a href={ "#w" (number) } { (Text(part.name())) }
            " " small { (Text(report.path(&part.place))) } " " (quoted(&said))
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
        Body::Planned(plan) => view(page, spot, &view::build(plan, spot.report.command, &part.scene)),
        Body::Ran(plan, run) => view(page, spot, &view::build_run(plan, run, &part.scene)),
        Body::Sound(sound) => put(page, &html! { p.note { (Text(sound.words(part.scene.language))) } "\n" }),
        Body::Failed(failure) => put(page, &failed(spot, failure, part.scene.language)),
    });
}

fn view(page: &mut Markup, spot: RenderCtx<'_>, view: &View<'_>) {
    put(page, &overview(spot, view));
    for group in Section::ALL {
        rows::chapter(page, spot, view, group);
    }
    put(page, &ahead(spot, view));
    put(page, &order(spot, view));
}

/// Renders the verdict, the facts and the counts.
fn overview(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    let class = |weight: Weight| match weight {
        Weight::Good | Weight::Ready => "note good",
        Weight::Decide => "note warn",
        Weight::Bad => "note bad",
    };
    let facts = view.facts.iter().map(|fact| Cow::Borrowed(&**fact)).chain(view.effort());
    let facts = facts.collect::<Vec<_>>().join(" · ");
    html! {
        @if let Some(verdict) = &view.verdict {
            p class={ "verdict " (class(verdict.weight)) } { (quoted(&verdict.text)) } "\n"
        }
        @if !facts.is_empty() { p.effort { (Text(facts)) } "\n" }
        @for note in view.end.iter().flat_map(|end| &end.notes) { p.note.warn { (Text(note)) } "\n" }
        (tiles(spot, view)) "\n"
        @if let Some(instant) = &view.instant { p.note { (Text(instant)) } "\n" }
        @if let Some(narrowed) = &view.narrowed { p.note.warn { (Text(narrowed)) } "\n" }
        @for allowed in &view.allowed { p.note.warn { (Text(allowed)) } "\n" }
        @if let Some((heading, agents)) = &view.at_work {
            div.note.warn {
                p { (Text(heading)) }
                @if !agents.is_empty() {
                    ul {
                        @for (who, line) in agents { li data-row="now" data-who=(Text(who)) { (quoted(line)) } }
                    }
                }
            } "\n"
        }
    }
}

/// Renders the counts, each a link to its chapter.
fn tiles(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    // Such chapters are rare, and an empty tile would raise a question.
    let is_rare = |group: &Section| {
        matches!(group, Section::Remade | Section::Open | Section::TakenBack | Section::Notes)
    };
    html! {
        ul.tiles {
            @for group in Section::ALL.into_iter().filter(|group| !is_rare(group) || view.count(*group) > 0) {
                @let (count, word) = (view.count(group), rows::word(group));
                @let tile = html! { b { (count) } " " span { (view.say(Phrase::Noun(group, view.tense))) } };
                @if count == 0 {
                    li class={ (word) " none" } { (tile) } "\n"
                } @else {
                    li class=(word) {
                        a href={ "#w" (spot.number) "-" (word) } data-show=(word) { (tile) }
                    } "\n"
                }
            }
        }
    }
}

/// Renders what the next dates bring.
fn ahead(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    let all = view.ahead();
    html! {
        @if !all.is_empty() {
            section.ahead {
                (spot.heading(&html! { (view.say(Phrase::Ahead)) }))
                ul.findings {
                    @for (ahead, words) in &all {
                        li data-row="ahead" data-who=(Text(view.people(ahead).join("|"))) {
                            p { strong { (Text(&ahead.at)) } " " (Text(words)) }
                        } "\n"
                    }
                }
            } "\n"
        }
    }
}

/// Renders the order of the stages.
fn order(spot: RenderCtx<'_>, view: &View<'_>) -> Markup {
    html! {
        @if !view.order.stages.is_empty() {
            section.order {
                (spot.heading(&html! { (view.say(Phrase::Order(view.tense))) }))
                ol {
                    @for stage in &view.order.stages {
                        li {
                            (Text(view.say(Phrase::Stage(stage.operation, stage.targets)))) " "
                            small { (view.say(Phrase::Calls(stage.calls))) }
                        } "\n"
                    }
                }
            } "\n"
        }
    }
}

fn failed(spot: RenderCtx<'_>, failure: &Failure, language: Language) -> Markup {
    html! {
        p.note.bad { strong { (Phrase::Failed.say(language)) } " " (Text(failure.message.text(language))) } "\n"
        @if !failure.diagnostics.is_empty() {
            section {
                (spot.heading(&html! { (Phrase::Errors.say(language)) }))
                ul.findings {
                    @for diagnostic in &failure.diagnostics {
                        li.error data-row="decide" {
                            @let kind = LineKind::Find(Severity::Error);
                            p {
                                span.badge.error { (Phrase::Kind(kind).say(language)) } " "
                                (quoted(&diagnostic.message_in(language)))
                            }
                            @let help = diagnostic.help_in(language);
                            @if !help.is_empty() { p.help { (quoted(&help)) } }
                            (rows::place(spot.report, diagnostic.source.as_ref(), None))
                        } "\n"
                    }
                }
            }
        }
    }
}
