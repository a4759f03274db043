//! The chapters of the page: a table of agents, the queues with their picture, the findings with their remedies.

use std::borrow::Cow;

use maud::{Markup, html};

use super::super::Report;
use super::super::view::{Line, LineKind, Section, Segment, Tense, View};
use super::frame::{framed, hole, put};
use super::staffing;
use crate::model::field::{Field, by_key};
use crate::model::rule::{Severity, rule};
use crate::model::source::Source;
use crate::model::{agent, queue};
use crate::report::escape::{Text, quoted};
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

/// Longest text that is not folded, in characters.
const FOLD: usize = 240;

/// Returns the word of a chapter in the page's names.
pub(super) fn word(group: Section) -> &'static str {
    match group {
        Section::Joins => "joins",
        Section::Leaves => "leaves",
        Section::Remade => "remade",
        Section::Moves => "moves",
        Section::Changes => "changes",
        Section::Queues => "queues",
        Section::Open => "open",
        Section::Findings => "findings",
    }
}

fn chinese(group: Section, tense: Tense) -> &'static str {
    let (plan, drift) = match group {
        Section::Joins => ("新增坐席", "缺少坐席"),
        Section::Leaves => ("删除坐席", "多余坐席"),
        Section::Remade => ("删除后重建", "须删除后重建"),
        Section::Moves => ("调组坐席", "组别不符"),
        Section::Changes => ("变更坐席", "设置不符"),
        Section::Queues => ("队列人员", "队列人员"),
        Section::Open => ("未执行", "未执行"),
        Section::Findings => ("需要关注", "需要关注"),
    };
    tense.choose(plan, drift, plan)
}

/// Returns the meaning of a chapter, for new readers.
fn meaning(group: Section, tense: Tense) -> &'static str {
    let (plan, drift, done) = match group {
        Section::Joins => (
            "Agents that are made.",
            "Agents that a manifest names and that are not live.",
            "Agents that were made.",
        ),
        Section::Leaves => (
            "Agents that are deleted: they can no longer sign in.",
            "Live agents that should not be there.",
            "Agents that were deleted: they can no longer sign in.",
        ),
        Section::Moves => (
            "Agents that get another main skill group.",
            "Agents that are in another main skill group than their manifest says.",
            "Agents that got another main skill group.",
        ),
        Section::Changes => (
            "Agents that stay where they are and differ in something else.",
            "Agents whose live state differs from their manifest.",
            "Agents that stayed where they were and got another setting.",
        ),
        Section::Remade => {
            let said = "Agents with a difference that only a creation can set: the account is deleted \
             and made again, and leaves its queues meanwhile.";
            (said, said, "Agents whose account was deleted and made again.")
        }
        Section::Queues => {
            let said = "Queues whose members or settings differ.";
            (said, said, "Queues that were made or got other members.")
        }
        Section::Open => {
            let said = "Changes that were not made, or the part of them that was not, and why.";
            (said, said, said)
        }
        Section::Findings => {
            let said =
                "Differences that rosterctl cannot remedy, or must not, and what you can do about them.";
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

/// Writes a chapter; nothing if it has no line.
pub(super) fn chapter(page: &mut Markup, spot: RenderCtx<'_>, view: &View<'_>, group: Section) {
    if view.rows(group) == 0 {
        return;
    }
    let title = html! {
        (group.title(view.tense)) " " span lang="zh" { (chinese(group, view.tense)) }
        " " span.count { (view.count(group)) }
    };
    let frame = html! {
        section class=(word(group)) id={ "w" (spot.number) "-" (word(group)) } {
            (spot.heading(&title))
            p.meaning { (meaning(group, view.tense)) } "\n"
            (hole())
        } "\n"
    };
    let lines = view.group(group);
    framed(page, &frame, |page| match group {
        Section::Findings => findings(page, spot, lines),
        Section::Open => open_lines(page, spot, lines),
        Section::Queues => queues(page, spot, &lines.collect::<Vec<_>>(), view.tense),
        Section::Moves if view.tense == Tense::Differs => {
            table(page, spot, group, lines, &["agent", "name", "is in", "belongs to", "also"]);
        }
        Section::Moves => table(page, spot, group, lines, &["agent", "name", "from", "to", "also"]),
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            table(page, spot, group, lines, &["agent", "name", "what"]);
        }
    });
}

fn head(columns: &[&'static str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } "\n" }
}

fn table<'a>(
    page: &mut Markup,
    spot: RenderCtx<'_>,
    group: Section,
    lines: impl Iterator<Item = Cow<'a, Line>>,
    columns: &[&'static str],
) {
    let row = |line: &Line| {
        html! {
            tr data-row=(word(group)) data-also=[everyone(line)] {
                th scope="row" data-label="agent" { (mark(line)) " " (Text(bare(&line.subject))) }
                td data-label="name" { (Text(line.name().unwrap_or_default())) }
                @if let (Section::Moves, Some((from, to))) = (group, line.moves()) {
                    td data-label=[columns.get(2)] { (Text(from)) }
                    td data-label=[columns.get(3)] { strong { (Text(to)) } }
                    td data-label="also" {
                        (said(agent::FIELDS, line.beside_the_move()))
                        (place(spot.report, line.source.as_ref()))
                    }
                } @else {
                    td data-label="what" {
                        (said(agent::FIELDS, line.pieces.iter()))
                        (place(spot.report, line.source.as_ref()))
                    }
                }
            } "\n"
        }
    };
    let frame = html! { table { (head(columns)) tbody { (hole()) } } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn queues(page: &mut Markup, spot: RenderCtx<'_>, lines: &[Cow<'_, Line>], tense: Tense) {
    let most = staffing::most(lines.iter().filter_map(|line| line.staffing.as_ref()));
    let row = |line: &Line| {
        html! {
            li data-row="queues" data-also=[everyone(line)] {
                p.queue {
                    (mark(line)) " " strong { (Text(bare(&line.subject))) }
                    @if let Some(staffing) = &line.staffing { (staffing::numbers(staffing)) }
                }
                @if let Some(staffing) = &line.staffing { (staffing::picture(staffing, most, tense)) }
                p { (said(queue::FIELDS, line.pieces.iter())) }
                (place(spot.report, line.source.as_ref()))
            } "\n"
        }
    };
    let frame = html! {
        @if most > 0 { (staffing::legend(tense)) "\n" }
        ul.queues { (hole()) }
    };
    framed(page, &frame, |page| lines.iter().for_each(|line| put(page, &row(line))));
}

/// Writes the changes that were not done, with the reasons.
fn open_lines<'a>(page: &mut Markup, spot: RenderCtx<'_>, lines: impl Iterator<Item = Cow<'a, Line>>) {
    let row = |line: &Line| {
        html! {
            tr data-row="open" data-also=[everyone(line)] {
                td data-label="result" { (badge(line.tone.word())) }
                th scope="row" data-label="agent or queue" { (Text(bare(&line.subject))) }
                td data-label="name" { (Text(line.name().unwrap_or_default())) }
                td data-label="what, and why" {
                    (said(agent::FIELDS, line.pieces.iter()))
                    (place(spot.report, line.source.as_ref()))
                }
            } "\n"
        }
    };
    let columns = ["result", "agent or queue", "name", "what, and why"];
    let frame = html! { table.steps { (head(&columns)) tbody { (hole()) } } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn findings<'a>(page: &mut Markup, spot: RenderCtx<'_>, lines: impl Iterator<Item = Cow<'a, Line>>) {
    let severity = |line: &Line| match line.tone {
        LineKind::Find(severity) => severity.word(),
        LineKind::Act(_) | LineKind::Open(_) | LineKind::Moved => Severity::Info.word(),
    };
    let row = |line: &Line| {
        html! {
            li class=(severity(line)) data-row="findings" data-also=[everyone(line)] {
                p { (badge(severity(line))) " " code { (Text(&line.subject)) } " " (fold(&line.words())) }
                @if let Some(rule) = rule(&line.subject) { p.help { (quoted(rule.remedy)) } }
                (place(spot.report, line.source.as_ref()))
            } "\n"
        }
    };
    let frame = html! { ul.findings { (hole()) } };
    framed(page, &frame, |page| lines.for_each(|line| put(page, &row(&line))));
}

fn badge(word: &'static str) -> Markup {
    html! { span class={ "badge " (word) } { (word) } }
}

fn mark(line: &Line) -> Markup {
    html! { span.mark aria-hidden="true" { (line.tone.mark()) } }
}

/// Returns the agents of a line, for the search: `8123` finds `8101..8180`.
fn everyone(line: &Line) -> Option<Text<String>> {
    (!line.everyone.is_empty()).then(|| Text(line.everyone.join(" ")))
}

/// Returns a resource without its kind, which the heading names.
fn bare(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}

/// Renders the segments of a line, except the name.
pub(in crate::report) fn said<'a>(
    fields: &'static [&'static Field],
    pieces: impl Iterator<Item = &'a Segment>,
) -> Markup {
    let pieces = pieces.filter(|piece| !matches!(piece, Segment::Name(_)));
    html! {
        @for (at, piece) in pieces.enumerate() {
            @if at > 0 { (if matches!(piece, Segment::Remark(_)) { " " } else { " · " }) }
            @match piece {
                Segment::Field { key, before, after } => {
                    @let doc = by_key(fields, key).map(|field| Text(field.doc.trim()));
                    span.field { span.key title=[doc] { (Text(key)) } " " (changed(before, after)) }
                }
                Segment::Remark(_) => { em { (quoted(&piece.words())) } }
                Segment::Name(_) | Segment::Count(_) | Segment::Words(_) => (fold(&piece.words())),
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

/// Renders text, folded if it is long.
fn fold(text: &str) -> Markup {
    html! {
        @if let Some((end, _)) = text.char_indices().nth(FOLD) {
            details { summary { (Text(&text[..end])) "…" } (quoted(text)) }
        } @else {
            (quoted(text))
        }
    }
}

/// Renders the place in a manifest.
pub(super) fn place(report: &Report, source: Option<&Source>) -> Markup {
    html! {
        @if let Some(source) = source {
            " " small.place { (Text(report.path(&source.file))) ":" (source.line) }
        }
    }
}
