//! A report → one HTML file that a team leader likes to read.
//!
//! It needs nothing but itself: no script to be read, no font, no picture from elsewhere. Its Content-Security-Policy
//! lets nothing in or out but its own style and script, which it names by their hashes. With script a reader can
//! search and choose chapters; `#q=WORDS` searches at once.

mod rows;
mod staffing;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use self::rows::RenderCtx;
use super::escape::Markup;
use super::view::{self, Section, Tense, View};
use super::{Body, Command, Failure, Part, Report};
use crate::model::rule::Severity;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Draws a report.
pub(super) fn report(report: &Report) -> String {
    let mut page = Markup::default();
    head(&mut page, report);
    page.raw("<body>\n<a class=\"skip\" href=\"#main\">Skip to what changes</a>\n<header class=\"top\">\n<p class=\"kind\">rosterctl ");
    page.raw(report.command.word()).raw("</p>\n<h1>").text(&title(report)).raw("</h1>\n<p class=\"lead\">");
    page.raw(lead(report)).raw("</p>\n</header>\n<main id=\"main\">\n");
    filter(&mut page, report);
    if report.several {
        contents(&mut page, report);
    }
    for (number, part) in report.parts.iter().enumerate() {
        workspace(&mut page, RenderCtx { report, number }, part);
    }
    page.raw("</main>\n<footer><p>Made by rosterctl ").text(env!("CARGO_PKG_VERSION"));
    page.raw(". This file needs no network and sends nothing.</p></footer>\n<script>").raw(SCRIPT);
    page.raw("</script>\n</body>\n</html>\n");
    page.into_string()
}

fn title(report: &Report) -> String {
    match report.parts.as_slice() {
        [part] if !report.several => part.name().to_owned(),
        parts => format!("{} workspaces", parts.len()),
    }
}

fn lead(report: &Report) -> &'static str {
    match report.command {
        Command::Plan => "What would change in the live systems. Nothing has been changed yet.",
        Command::Apply => "What was changed in the live systems.",
        Command::Drift => {
            "How the live systems differ from the manifests: what is live stands first, what the manifest says \
             after it. Nothing has been changed."
        }
    }
}

/// The tense of the page's own words.
fn tense(report: &Report) -> Tense {
    match report.command {
        Command::Plan => Tense::Planned,
        Command::Apply => Tense::Done,
        Command::Drift => Tense::Differs,
    }
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
}

fn head(page: &mut Markup, report: &Report) {
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    page.text(&hash(STYLE)).raw("; script-src ").text(&hash(SCRIPT));
    page.raw("; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>").text(&title(report));
    page.raw(" · rosterctl ").raw(report.command.word()).raw("</title>\n<style>").raw(STYLE);
    page.raw("</style>\n</head>\n");
}

/// The search; without script it is not shown.
fn filter(page: &mut Markup, report: &Report) {
    page.raw("<form id=\"filter\" role=\"search\" hidden>\n<label for=\"q\">Search</label>\n");
    page.raw("<input id=\"q\" type=\"search\" autocomplete=\"off\" placeholder=\"name, number, queue…\">\n");
    page.raw("<label for=\"show\">Show</label>\n<select id=\"show\"><option value=\"\">everything</option>");
    let tense = tense(report);
    for group in Section::ALL.into_iter().filter(|group| *group != Section::Open || tense == Tense::Done) {
        page.raw("<option value=\"")
            .raw(rows::word(group))
            .raw("\">")
            .raw(group.title(tense))
            .raw("</option>");
    }
    page.raw("</select>\n<output id=\"shown\" for=\"q show\" aria-live=\"polite\"></output>\n</form>\n");
}

/// A line a workspace, where there are several.
fn contents(page: &mut Markup, report: &Report) {
    page.raw("<nav aria-label=\"Workspaces\"><ul class=\"contents\">\n");
    for (number, part) in report.parts.iter().enumerate() {
        page.raw("<li><a href=\"#w").number(number).raw("\">").text(part.name()).raw("</a> <small>");
        page.text(&report.path(&part.place)).raw("</small> ");
        let said = match &part.body {
            Body::Planned(plan) => {
                let view = view::build(plan, report.command, part.seconds);
                view.verdict().map_or_else(|| view.headline(), str::to_owned)
            }
            Body::Ran(plan, run) => {
                view::build_run(plan, run, part.seconds).end.and_then(|end| end.verdict).unwrap_or_default()
            }
            Body::Failed(failure) => format!("Failed: {}", failure.message),
        };
        page.text(&said).raw("</li>\n");
    }
    page.raw("</ul></nav>\n");
}

fn workspace(page: &mut Markup, spot: RenderCtx<'_>, part: &Part) {
    page.raw("<article id=\"w").number(spot.number).raw("\">\n");
    if spot.report.several {
        page.raw("<h2>")
            .text(part.name())
            .raw(" <small>")
            .text(&spot.report.path(&part.place))
            .raw("</small></h2>\n");
    }
    match &part.body {
        Body::Planned(plan) => view(page, spot, &view::build(plan, spot.report.command, part.seconds)),
        Body::Ran(plan, run) => view(page, spot, &view::build_run(plan, run, part.seconds)),
        Body::Failed(failure) => failed(page, spot, failure),
    }
    page.raw("</article>\n");
}

fn view(page: &mut Markup, spot: RenderCtx<'_>, view: &View) {
    if let Some(end) = &view.end {
        if let Some(verdict) = &end.verdict {
            page.raw(if end.whole { "<p class=\"note good\">" } else { "<p class=\"note bad\">" });
            page.text(verdict).raw("</p>\n");
        }
        for note in &end.notes {
            page.raw("<p class=\"note warn\">").text(note).raw("</p>\n");
        }
    }
    tiles(page, spot, view);
    if let Some(verdict) = view.verdict() {
        let clean = view.findings.iter().all(|line| line.tone == view::LineKind::Find(Severity::Info));
        page.raw(if clean { "<p class=\"note good\">" } else { "<p class=\"note warn\">" })
            .text(verdict)
            .raw("</p>\n");
    }
    if let Some(refused) = &view.refused {
        page.raw("<p class=\"note bad\"><strong>Not to be applied as it is.</strong> ").text(refused);
        page.raw("</p>\n");
    }
    if let Some(narrowed) = &view.narrowed {
        page.raw("<p class=\"note warn\">").text(narrowed).raw("</p>\n");
    }
    for allowed in &view.allowed {
        page.raw("<p class=\"note warn\">A limit was lifted: ").text(allowed).raw("</p>\n");
    }
    for group in Section::told() {
        rows::chapter(page, spot, view, group);
    }
    order(page, spot, view);
}

/// The counts, each a link to its chapter.
fn tiles(page: &mut Markup, spot: RenderCtx<'_>, view: &View) {
    page.raw("<ul class=\"tiles\">\n");
    for group in Section::ALL {
        let count = view.count(group);
        // A rare thing, and an empty tile would ask what it is.
        if matches!(group, Section::Remade | Section::Open) && count == 0 {
            continue;
        }
        page.raw("<li class=\"").raw(rows::word(group)).raw(if count == 0 { " none\">" } else { "\">" });
        if count > 0 {
            page.raw("<a href=\"#w").number(spot.number).raw("-").raw(rows::word(group)).raw("\">");
        }
        page.raw("<b>").number(count).raw("</b> <span>").raw(group.noun(view.tense)).raw("</span>");
        page.raw(if count > 0 { "</a></li>\n" } else { "</li>\n" });
    }
    page.raw("</ul>\n");
    if view.summary.calls > 0 {
        page.raw("<p class=\"effort\">").text(&view::effort(&view.summary)).raw("</p>\n");
    }
}

/// What comes after what.
fn order(page: &mut Markup, spot: RenderCtx<'_>, view: &View) {
    if view.order.stages.is_empty() {
        return;
    }
    let (open, close) = spot.heading();
    page.raw("<section class=\"order\">")
        .raw(open)
        .raw(if view.tense == Tense::Differs {
            "What an apply would do, in this order"
        } else {
            "In this order"
        })
        .raw(" <span lang=\"zh\">执行顺序</span>")
        .raw(close);
    page.raw("<ol>\n");
    for stage in &view.order.stages {
        page.raw("<li>").text(&stage.words()).raw(" <small>");
        page.number(stage.calls)
            .raw(if stage.calls == 1 { " call" } else { " calls" })
            .raw("</small></li>\n");
    }
    page.raw("</ol></section>\n");
}

fn failed(page: &mut Markup, spot: RenderCtx<'_>, failure: &Failure) {
    page.raw("<p class=\"note bad\"><strong>Failed:</strong> ").text(&failure.message).raw("</p>\n");
    if failure.diagnostics.is_empty() {
        return;
    }
    let (open, close) = spot.heading();
    page.raw("<section>").raw(open).raw("What is wrong").raw(close).raw("<ul class=\"findings\">\n");
    for diagnostic in &failure.diagnostics {
        page.raw("<li class=\"error\" data-row=\"findings\"><p><span class=\"badge error\">error</span> ");
        page.quoted(&diagnostic.message()).raw("</p>");
        let help = diagnostic.help();
        if !help.is_empty() {
            page.raw("<p class=\"help\">").quoted(&help).raw("</p>");
        }
        rows::place(page, spot.report, diagnostic.source.as_ref());
        page.raw("</li>\n");
    }
    page.raw("</ul></section>\n");
}
