//! The chapters of the page: a table of agents, the queues with their picture, the findings with what to do.

use super::super::Report;
use super::super::view::{Line, LineKind, Section, Segment, Tense, View};
use super::staffing;
use crate::model::field::{Field, by_key};
use crate::model::rule::{Severity, rule};
use crate::model::source::Source;
use crate::model::{agent, queue};
use crate::report::escape::Markup;
use crate::report::word_diff::{Span, spans};

/// Where a chapter stands: its place in the report, and how deep its headings are.
#[derive(Clone, Copy)]
pub(super) struct RenderCtx<'a> {
    pub(super) report: &'a Report,
    pub(super) number: usize,
}

impl RenderCtx<'_> {
    /// The heading of a chapter, one deeper where there are several workspaces.
    pub(super) fn heading(self) -> (&'static str, &'static str) {
        if self.report.several { ("<h3>", "</h3>") } else { ("<h2>", "</h2>") }
    }
}

/// Longest text that is not folded, in characters.
const FOLD: usize = 240;

/// The word of a chapter in the page's names.
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

/// What a chapter means, for whoever reads the first one.
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
            "Agents of whom something else is live than their manifest says.",
            "Agents that stayed where they were and got another setting.",
        ),
        Section::Remade => {
            let said = "Agents of whom something differs that can only be set when an agent is made: the account is deleted \
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
            let said = "What rosterctl cannot mend, or must not do, and what you can do about it.";
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

/// A chapter; nothing when it has no line.
pub(super) fn chapter(page: &mut Markup, spot: RenderCtx<'_>, view: &View, group: Section) {
    let lines: Vec<&Line> = view.group(group).collect();
    if lines.is_empty() {
        return;
    }
    let (open, close) = spot.heading();
    page.raw("<section class=\"")
        .raw(word(group))
        .raw("\" id=\"w")
        .number(spot.number)
        .raw("-")
        .raw(word(group));
    page.raw("\">")
        .raw(open)
        .raw(group.title(view.tense))
        .raw(" <span lang=\"zh\">")
        .raw(chinese(group, view.tense));
    page.raw("</span> <span class=\"count\">").number(view.count(group)).raw("</span>").raw(close);
    page.raw("<p class=\"meaning\">").raw(meaning(group, view.tense)).raw("</p>\n");
    match group {
        Section::Findings => findings(page, spot, &lines),
        Section::Open => open_lines(page, spot, &lines),
        Section::Queues => queues(page, spot, &lines, view.tense),
        Section::Moves if view.tense == Tense::Differs => {
            table(page, spot, group, &lines, &["agent", "name", "is in", "belongs to", "also"]);
        }
        Section::Moves => table(page, spot, group, &lines, &["agent", "name", "from", "to", "also"]),
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            table(page, spot, group, &lines, &["agent", "name", "what"]);
        }
    }
    page.raw("</section>\n");
}

fn table(page: &mut Markup, spot: RenderCtx<'_>, group: Section, lines: &[&Line], columns: &[&'static str]) {
    page.raw("<table><thead><tr>");
    for column in columns {
        page.raw("<th scope=\"col\">").raw(column).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    for line in lines {
        page.raw("<tr data-row=\"").raw(word(group)).raw("\"");
        everyone(page, line);
        page.raw("><th scope=\"row\" data-label=\"agent\">");
        page.raw("<span class=\"mark\" aria-hidden=\"true\">").raw(line.tone.mark()).raw("</span> ");
        page.text(bare(&line.subject)).raw("</th><td data-label=\"name\">");
        page.text(line.name().unwrap_or_default()).raw("</td>");
        if let (Section::Moves, Some((from, to))) = (group, line.moves()) {
            let (here, there) = (columns.get(2).copied(), columns.get(3).copied());
            page.raw("<td data-label=\"").raw(here.unwrap_or_default()).raw("\">").text(from);
            page.raw("</td><td data-label=\"").raw(there.unwrap_or_default()).raw("\"><strong>");
            page.text(to).raw("</strong></td><td data-label=\"also\">");
            said(page, agent::FIELDS, line.beside_the_move());
        } else {
            page.raw("<td data-label=\"what\">");
            said(page, agent::FIELDS, line.pieces.iter());
        }
        place(page, spot.report, line.source.as_ref());
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table>\n");
}

fn queues(page: &mut Markup, spot: RenderCtx<'_>, lines: &[&Line], tense: Tense) {
    let most = staffing::most(lines.iter().filter_map(|line| line.staffing.as_ref()));
    if most > 0 {
        staffing::legend(page, tense);
    }
    page.raw("<ul class=\"queues\">\n");
    for line in lines {
        page.raw("<li data-row=\"queues\"");
        everyone(page, line);
        page.raw("><p class=\"queue\">").raw("<span class=\"mark\" aria-hidden=\"true\">");
        page.raw(line.tone.mark()).raw("</span> <strong>");
        page.text(bare(&line.subject)).raw("</strong>");
        if let Some(staffing) = &line.staffing {
            staffing::numbers(page, staffing);
        }
        page.raw("</p>");
        if let Some(staffing) = &line.staffing {
            staffing::picture(page, staffing, most, tense);
        }
        page.raw("<p>");
        said(page, queue::FIELDS, line.pieces.iter());
        page.raw("</p>");
        place(page, spot.report, line.source.as_ref());
        page.raw("</li>\n");
    }
    page.raw("</ul>\n");
}

/// What was not done, and why.
fn open_lines(page: &mut Markup, spot: RenderCtx<'_>, lines: &[&Line]) {
    page.raw("<table class=\"steps\"><thead><tr>");
    for column in ["result", "agent or queue", "name", "what, and why"] {
        page.raw("<th scope=\"col\">").raw(column).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    for line in lines {
        page.raw("<tr data-row=\"open\"");
        everyone(page, line);
        let word = line.tone.word();
        page.raw("><td data-label=\"result\"><span class=\"badge ").raw(word).raw("\">").raw(word);
        page.raw("</span></td><th scope=\"row\" data-label=\"agent or queue\">").text(bare(&line.subject));
        page.raw("</th><td data-label=\"name\">").text(line.name().unwrap_or_default());
        page.raw("</td><td data-label=\"what, and why\">");
        said(page, agent::FIELDS, line.pieces.iter());
        place(page, spot.report, line.source.as_ref());
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table>\n");
}

fn findings(page: &mut Markup, spot: RenderCtx<'_>, lines: &[&Line]) {
    page.raw("<ul class=\"findings\">\n");
    for line in lines {
        let severity = match line.tone {
            LineKind::Find(severity) => severity,
            LineKind::Act(_) | LineKind::Open(_) | LineKind::Moved => Severity::Info,
        };
        page.raw("<li class=\"").raw(severity.word()).raw("\" data-row=\"findings\"");
        everyone(page, line);
        page.raw("><p><span class=\"badge ");
        page.raw(severity.word()).raw("\">").raw(severity.word()).raw("</span> <code>").text(&line.subject);
        page.raw("</code> ");
        fold(page, &line.words());
        page.raw("</p>");
        if let Some(rule) = rule(&line.subject) {
            page.raw("<p class=\"help\">").quoted(rule.remedy).raw("</p>");
        }
        place(page, spot.report, line.source.as_ref());
        page.raw("</li>\n");
    }
    page.raw("</ul>\n");
}

/// Whom a line draws together, for the search: `8101..8180` is found by `8123`.
fn everyone(page: &mut Markup, line: &Line) {
    if !line.everyone.is_empty() {
        page.raw(" data-also=\"").text(&line.everyone.join(" ")).raw("\"");
    }
}

/// A resource without its kind, which the heading says.
fn bare(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}

/// What is said of a line, but for the name.
fn said<'a>(page: &mut Markup, fields: &'static [&'static Field], pieces: impl Iterator<Item = &'a Segment>) {
    let mut first = true;
    for piece in pieces {
        if matches!(piece, Segment::Name(_)) {
            continue;
        }
        if !first {
            page.raw(if matches!(piece, Segment::Remark(_)) { " " } else { " · " });
        }
        first = false;
        match piece {
            Segment::Name(_) => {}
            Segment::Field { key, before, after } => {
                page.raw("<span class=\"field\"><span class=\"key\"");
                if let Some(field) = by_key(fields, key) {
                    page.raw(" title=\"").text(field.doc.trim()).raw("\"");
                }
                page.raw(">").text(key).raw("</span> ");
                changed(page, before, after);
                page.raw("</span>");
            }
            Segment::Remark(_) => {
                page.raw("<em>").quoted(&piece.words()).raw("</em>");
            }
            Segment::Count(_) | Segment::Words(_) => fold(page, &piece.words()),
        }
    }
}

/// Both sides of a value, with what differs marked in them.
fn changed(page: &mut Markup, before: &str, after: &str) {
    let whole = || vec![Span::Gone(before.to_owned()), Span::New(after.to_owned())];
    let spans = spans(before, after).unwrap_or_else(whole);
    for (side, open) in [(false, "<del>"), (true, " <span class=\"arrow\">→</span> <ins>")] {
        page.raw(open);
        for span in &spans {
            match span {
                Span::Same(text) => page.text(text),
                Span::Gone(text) if !side => page.raw("<mark>").text(text).raw("</mark>"),
                Span::New(text) if side => page.raw("<mark>").text(text).raw("</mark>"),
                Span::Gone(_) | Span::New(_) => page.raw(""),
            };
        }
        page.raw(if side { "</ins>" } else { "</del>" });
    }
}

/// Text, folded when it is long.
fn fold(page: &mut Markup, text: &str) {
    match text.char_indices().nth(FOLD) {
        None => {
            page.quoted(text);
        }
        Some((end, _)) => {
            page.raw("<details><summary>").text(&text[..end]).raw("…</summary>");
            page.quoted(text).raw("</details>");
        }
    }
}

/// Where a manifest says so.
pub(super) fn place(page: &mut Markup, report: &Report, source: Option<&Source>) {
    if let Some(source) = source {
        page.raw(" <small class=\"place\">")
            .text(&report.path(&source.file))
            .raw(":")
            .number(source.line as usize);
        page.raw("</small>");
    }
}
