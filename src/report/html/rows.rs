//! The chapters of the page: a table of agents, the queues with their picture, the findings with their remedies.

use std::borrow::Cow;

use maud::{Markup, html};

use super::super::Report;
use super::super::phrases::{Column, Phrase, comma};
use super::super::view::{Line, LineKind, Section, Segment, Tense, View};
use super::frame::{framed, hole, put};
use super::staffing;
use crate::messages::zh::{Region, reference};
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::id::Kind;
use crate::model::language::Language;
use crate::model::plan::Action;
use crate::model::rule::{Severity, rule};
use crate::model::scene::Commit;
use crate::model::source::Source;
use crate::report::escape::{Text, quoted, url, url_path};
use crate::report::word_diff::{Span, spans};

/// The context of a chapter: the report, and the number of its workspace.
#[derive(Clone, Copy)]
pub(super) struct RenderCtx<'a> {
    pub(super) report: &'a Report,
    pub(super) number: usize,
}

impl RenderCtx<'_> {
    /// Renders the heading of a chapter, one level deeper if there are several workspaces.
    pub(super) fn heading(self, title: &Markup) -> Markup {
        html! { @if self.report.several { h3 { (title) } } @else { h2 { (title) } } }
    }
}

/// Most rows of a table whose columns fit all of its rows. A browser lays a longer one out row by row, as it is read.
/// The fields of a longer one do not tell their meanings, which each row would repeat.
pub(in crate::report) const LONG: usize = 200;

/// Longest text that is not folded, in characters.
const FOLD: usize = 240;

/// Returns the word of a chapter in the page's names.
pub(super) fn word(group: Section) -> &'static str {
    match group {
        Section::Open => "open",
        Section::Decide => "decide",
        Section::Queues => "queues",
        Section::TakenBack => "back",
        Section::Leaves => "leaves",
        Section::Remade => "remade",
        Section::Joins => "joins",
        Section::Moves => "moves",
        Section::Changes => "changes",
        Section::Notes => "notes",
    }
}

/// Writes a chapter; nothing if it has no line.
pub(super) fn chapter(page: &mut Markup, spot: RenderCtx<'_>, view: &View<'_>, group: Section) {
    let unchanged = view.unchanged.as_ref().filter(|_| group == Section::Queues);
    if view.rows(group) == 0 {
        return;
    }
    let title = html! {
        (view.say(Phrase::Heading(group, view.tense))) " " span.count { (view.count(group)) }
    };
    let frame = html! {
        section class=(word(group)) id={ "w" (spot.number) "-" (word(group)) } {
            (spot.heading(&title))
            p.meaning { (view.say(Phrase::Meaning(group, view.tense))) } "\n"
            (hole())
            @if let Some(unchanged) = unchanged { p.meaning.unchanged { (Text(unchanged)) } }
        } "\n"
    };
    let lines = view.group(group);
    framed(page, &frame, |page| match group {
        Section::Decide | Section::Notes => findings(page, spot, view, group, lines),
        Section::Open => open_lines(page, spot, view, lines),
        Section::Queues => queues(page, spot, view, &lines.collect::<Vec<_>>()),
        Section::TakenBack => taken_back(page, spot, view, lines),
        Section::Moves => {
            let tense = if view.tense == Tense::Differs { Tense::Differs } else { Tense::Planned };
            let columns = [Column::Agent, Column::Name, Column::From(tense), Column::To(tense), Column::Also];
            agents(page, spot, view, group, lines, &columns);
        }
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            agents(page, spot, view, group, lines, &[Column::Agent, Column::Name, Column::What]);
        }
    });
}

/// Returns the titles of columns.
fn titles(view: &View<'_>, columns: &[Column]) -> Vec<Cow<'static, str>> {
    columns.iter().map(|column| view.say(Phrase::Column(*column))).collect()
}

fn head(titles: &[Cow<'static, str>]) -> Markup {
    html! { thead { tr { @for title in titles { th scope="col" { (title) } } } } "\n" }
}

fn agents<'a>(
    page: &mut Markup,
    spot: RenderCtx<'_>,
    view: &View<'_>,
    group: Section,
    lines: impl Iterator<Item = Cow<'a, Line>>,
    columns: &[Column],
) {
    let titles = titles(view, columns);
    let is_long = view.rows(group) > LONG;
    let help = (!is_long).then(|| view.language());
    let row = |line: &Line| {
        html! {
            tr data-row=(word(group)) data-who=[people(line)] {
                th scope="row" data-label=(titles[0]) { (mark(line)) " " (Text(bare(&line.subject))) }
                td data-label=(titles[1]) { (Text(line.name().unwrap_or_default())) }
                @if let (Section::Moves, Some((from, to))) = (group, line.moves()) {
                    td data-label=(titles[2]) { (Text(from)) }
                    td data-label=(titles[3]) { strong { (Text(to)) } }
                    td data-label=(titles[4]) {
                        (said(Kind::Agent, line.beside_the_move(), help))
                        (place_of(spot, view, line))
                    }
                } @else {
                    td data-label=(titles[2]) {
                        (said(Kind::Agent, line.pieces.iter(), help))
                        (place_of(spot, view, line))
                    }
                }
            } "\n"
        }
    };
    let frame = html! { table.long[is_long] { (head(&titles)) tbody { (hole()) } } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

/// Writes the changes in the console, with the values of both sides, and who made them when.
fn taken_back<'a>(
    page: &mut Markup,
    spot: RenderCtx<'_>,
    view: &View<'_>,
    lines: impl Iterator<Item = Cow<'a, Line>>,
) {
    let columns = [Column::Resource, Column::InConsole, Column::InManifest(view.tense), Column::WhoAndWhen];
    let titles = titles(view, &columns);
    let row = |line: &Line| {
        let fields = line.pieces.iter().filter_map(|piece| match piece {
            Segment::Field { label, before, after, .. } => Some((&**label, &**before, &**after)),
            Segment::Name(_) | Segment::Words(_) | Segment::Remark(_) => None,
        });
        let fields: Vec<(&str, &str, &str)> = fields.collect();
        html! {
            tr data-row="back" data-who=[people(line)] {
                th scope="row" data-label=(titles[0]) {
                    (Text(who(line, view.language())))
                }
                td data-label=(titles[1]) {
                    @for (label, before, _) in &fields { p { span.key { (Text(label)) } " " (fold(before)) } }
                }
                td data-label=(titles[2]) {
                    @for (.., after) in &fields { p { strong { (fold(after)) } } }
                    (place_of(spot, view, line))
                }
                td data-label=(titles[3]) { (Text(line.last_changed.as_deref().unwrap_or("?"))) }
            } "\n"
        }
    };
    let frame = html! { table.back { (head(&titles)) tbody { (hole()) } } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn queues(page: &mut Markup, spot: RenderCtx<'_>, view: &View<'_>, lines: &[Cow<'_, Line>]) {
    let help = (lines.len() <= LONG).then(|| view.language());
    let most = staffing::most(lines.iter().filter_map(|line| line.staffing.as_ref()));
    let row = |line: &Line| {
        // The members that join and leave have their own lines, but for a new queue.
        let members = line.staffing.as_ref().filter(|staff| staff.moves() && is_update(line));
        let others =
            line.pieces.iter().filter(|piece| members.is_none() || !matches!(piece, Segment::Words(_)));
        html! {
            li data-row="queues" data-who=[people(line)] {
                p.queue {
                    (mark(line)) " " strong { (Text(bare(&line.subject))) }
                    @if let Some(staffing) = &line.staffing { (staffing::numbers(staffing, view)) }
                }
                @if let Some(staffing) = &line.staffing { (staffing::picture(staffing, most, view)) }
                @if let Some(staffing) = members {
                    (staffing::people(&staffing.leaving, Column::Leaves(view.tense), view))
                    (staffing::people(&staffing.joining, Column::Joins(view.tense), view))
                }
                p { (said(Kind::Queue, others, help)) }
                (place_of(spot, view, line))
            } "\n"
        }
    };
    let frame = html! {
        @if most > 0 { (staffing::legend(view)) "\n" }
        ul.queues { (hole()) }
    };
    framed(page, &frame, |page| lines.iter().for_each(|line| put(page, &row(line))));
}

fn is_update(line: &Line) -> bool {
    line.tone == LineKind::Act(Action::Update)
}

/// Returns the resources of a line by name.
fn who(line: &Line, language: Language) -> String {
    match (line.name(), line.everyone.is_empty() || line.subject.starts_with("queue/")) {
        (None, false) => line.everyone.join(comma(language)),
        (name, _) => format!("{} {}", bare(&line.subject), name.unwrap_or_default()),
    }
}

/// Returns the word of a line's kind in the style.
fn class(line: &Line) -> &'static str {
    match line.tone {
        LineKind::Open(status) => status.word(),
        LineKind::Moved => "moved",
        LineKind::Find(severity) => severity.word(),
        LineKind::Act(_) => "act",
    }
}

/// Writes the changes that were not done, with the reasons.
fn open_lines<'a>(
    page: &mut Markup,
    spot: RenderCtx<'_>,
    view: &View<'_>,
    lines: impl Iterator<Item = Cow<'a, Line>>,
) {
    let help = (view.rows(Section::Open) <= LONG).then(|| view.language());
    let titles = titles(view, &[Column::Result, Column::Resource, Column::Name, Column::WhatAndWhy]);
    let row = |line: &Line| {
        html! {
            tr data-row="open" data-who=[people(line)] {
                td data-label=(titles[0]) { (badge(class(line), &view.say(Phrase::Kind(line.tone)))) }
                th scope="row" data-label=(titles[1]) { (Text(bare(&line.subject))) }
                td data-label=(titles[2]) { (Text(line.name().unwrap_or_default())) }
                td data-label=(titles[3]) {
                    (said(Kind::Agent, line.pieces.iter(), help))
                    (place_of(spot, view, line))
                }
            } "\n"
        }
    };
    let frame = html! { table.steps { (head(&titles)) tbody { (hole()) } } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn findings<'a>(
    page: &mut Markup,
    spot: RenderCtx<'_>,
    view: &View<'_>,
    group: Section,
    lines: impl Iterator<Item = Cow<'a, Line>>,
) {
    let severity = |line: &Line| match line.tone {
        LineKind::Find(severity) => severity,
        LineKind::Act(_) | LineKind::Open(_) | LineKind::Moved => Severity::Info,
    };
    let row = |line: &Line| {
        let severity = severity(line);
        html! {
            li class=(severity.word()) data-row=(word(group)) data-who=[people(line)] {
                p {
                    (badge(severity.word(), &view.say(Phrase::Kind(LineKind::Find(severity))))) " "
                    code { (Text(&line.subject)) } " " (fold(&line.words()))
                }
                // In a pull request the line itself names the label that lifts a limit.
                @if let Some(rule) = rule(&line.subject).filter(|rule| !view.scene.pull_request || !rule.is_limit()) {
                    p.help { (quoted(rule.remedy_in(view.language()))) }
                }
                (place_of(spot, view, line))
            } "\n"
        }
    };
    let frame = html! { ul.findings { (hole()) } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn badge(class: &'static str, word: &str) -> Markup {
    html! { span class={ "badge " (class) } { (word) } }
}

fn mark(line: &Line) -> Markup {
    html! { span.mark aria-hidden="true" { (line.tone.mark()) } }
}

/// Returns the people of a line, one a line, for the search and the cards.
fn people(line: &Line) -> Option<Text<String>> {
    if !line.everyone.is_empty() {
        return Some(Text(line.everyone.join("|")));
    }
    let id = line.subject.strip_prefix("agent/")?;
    Some(Text(format!("{id} {}", line.name().unwrap_or_default())))
}

/// Returns a resource without its kind, which the heading names.
fn bare(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}

/// Returns the meaning of a field, in a language.
fn meaning(kind: Kind, key: &str, language: Language) -> Option<&'static str> {
    match Region::of(language) {
        None => by_key(fields(kind), key).map(|field| field.doc.trim()),
        Some(region) => reference::doc(&format!("{}.{key}", kind.word()), region),
    }
}

/// Renders the segments of a line, except the name. With a language to help in, each field tells its meaning.
pub(in crate::report) fn said<'a>(
    kind: Kind,
    pieces: impl Iterator<Item = &'a Segment>,
    help: Option<Language>,
) -> Markup {
    let pieces = pieces.filter(|piece| !matches!(piece, Segment::Name(_)));
    html! {
        @for (at, piece) in pieces.enumerate() {
            @if at > 0 { (piece.gap()) }
            @match piece {
                Segment::Field { key, label, before, after } => {
                    @let meaning = help.and_then(|language| meaning(kind, key, language)).map(Text);
                    span.field { span.key title=[meaning] { (Text(label)) } " " (changed(before, after)) }
                }
                Segment::Remark(_) => { em { (quoted(&piece.words())) } }
                Segment::Name(_) | Segment::Words(_) => (fold(&piece.words())),
            }
        }
    }
}

/// Renders both sides of a value, with the differences marked.
fn changed(before: &str, after: &str) -> Markup {
    let whole = || vec![Span::Gone(before.to_owned()), Span::New(after.to_owned())];
    let spans = spans(before, after).unwrap_or_else(whole);
    let side = |is_after: bool| {
        html! {
            @for span in &spans {
                @match span {
                    Span::Same(text) => (Text(text)),
                    Span::Gone(text) => { @if !is_after { mark { (Text(text)) } } }
                    Span::New(text) => { @if is_after { mark { (Text(text)) } } }
                }
            }
        }
    };
    html! { del { (side(false)) } " " span.arrow { "→" } " " ins { (side(true)) } }
}

/// Renders text, folded if it is long. The visible part ends between two words.
fn fold(text: &str) -> Markup {
    html! {
        @if let Some((end, _)) = text.char_indices().nth(FOLD) {
            @let gap = text[..end].rfind([' ', '、', '，', '；']).filter(|gap| *gap > 0).unwrap_or(end);
            details { summary { (Text(&text[..gap])) " …" } (quoted(text)) }
        } @else {
            (quoted(text))
        }
    }
}

/// Renders the place of a line in a manifest.
fn place_of(spot: RenderCtx<'_>, view: &View<'_>, line: &Line) -> Markup {
    place(spot.report, line.source.as_ref(), view.scene.commit.as_ref())
}

/// Renders a place in a manifest, as a link where the commit tells its page.
pub(super) fn place(report: &Report, source: Option<&Source>, commit: Option<&Commit>) -> Markup {
    html! {
        @if let Some(source) = source {
            @let path = report.path(&source.file);
            @let text = html! { (Text(&*path)) ":" (source.line) };
            " " small.place {
                @if let Some(files) = commit.and_then(|commit| commit.files.as_ref()) {
                    a href={ (url(files)) "/" (url_path(&path)) "#L" (source.line) } { (text) }
                } @else {
                    (text)
                }
            }
        }
    }
}
