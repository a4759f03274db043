//! A view as text for a terminal or a log. Colour is never the only carrier of meaning.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use console::measure_text_width;
use textwrap::core::{Word, break_words};
use textwrap::{WordSeparator, WrapAlgorithm};

use super::phrases::{Phrase, bracketed, colon};
use super::view::{self, Line, LineKind, Section, Segment, Tense, View, Weight};
use super::word_diff::{Span, spans};
use super::{Body, Failure, Part, Report};
use crate::model::id::safe;
use crate::model::language::Language;
use crate::model::outcome::Status;
use crate::model::plan::Action;
use crate::model::queue::ASSIGN_MEMBERS;
use crate::model::rule::Severity;
use crate::model::text::{sanitize, sanitize_lines};

/// The style of text output.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextStyle {
    /// True if text is coloured.
    pub colour: bool,
    /// The number of columns to wrap at; `None` does not wrap.
    pub width: Option<usize>,
    /// True if the place of each change is shown.
    pub places: bool,
}

impl TextStyle {
    /// Paints a text if colours are enabled.
    pub(super) fn paint(self, text: &str, style: Style) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Number of columns from which on a changed text is shown once, with marks in it.
const LONG: usize = 24;

/// Renders a workspace with its plan and, after an apply, its outcome.
pub(super) fn part(report: &Report, part: &Part, look: TextStyle) -> String {
    let text = match &part.body {
        Body::Planned(shown) => plan(&view::build(shown, report.command, &part.scene), look),
        Body::Ran(shown, run) => plan(&view::build_run(shown, run, &part.scene), look),
        Body::Sound(sound) => {
            let (colon, stop) = (colon(part.scene.language), part.scene.language.choose(".", "。", "。"));
            return format!("{}{colon}{}{stop}\n", sanitize(part.name()), sound.words(part.scene.language));
        }
        Body::Failed(failure) => failed(failure, part.scene.language),
    };
    if report.several { format!("# {}\n{text}", safe(part.name())) } else { text }
}

/// Renders the steps that were not done, and the counts. The plan was shown before its run. Standard error already
/// holds the reason of a refused run.
pub fn outcome(report: &Report, look: TextStyle) -> String {
    let parts = report.parts.iter().filter_map(|part| match &part.body {
        Body::Ran(plan, run) if run.refused.is_none() => {
            let view = view::build_run(plan, run, &part.scene);
            let open: String = view.open.iter().map(|line| draw(line, 0, &view, look)).collect();
            let gap = if open.is_empty() { "" } else { "\n" };
            Some(open + gap + &end(&view, look))
        }
        Body::Ran(..) | Body::Planned(_) | Body::Sound(_) | Body::Failed(_) => None,
    });
    parts.filter(|text| !text.is_empty()).fold(String::new(), |all, text| all + "\n" + &text)
}

/// Renders the failure of a workspace that has no plan.
fn failed(failure: &Failure, language: Language) -> String {
    let head = Phrase::Failed.say(language);
    let gap = language.choose(" ", "", "");
    let mut text = format!("{head}{gap}{}\n", sanitize_lines(failure.message.text(language)));
    for diagnostic in &failure.diagnostics {
        let place = diagnostic.source.as_ref().map(|source| format!("{source}: ")).unwrap_or_default();
        text.push_str(&format!("  ! {place}{}\n", safe(&diagnostic.message_in(language))));
    }
    text
}

/// Renders the end of a run.
fn end(view: &View<'_>, look: TextStyle) -> String {
    let notes = view.end.iter().flat_map(|end| &end.notes);
    let verdict = view.verdict.as_ref().filter(|_| view.end.is_some());
    let sentences =
        notes.map(|note| (note, None)).chain(verdict.map(|verdict| (&verdict.text, Some(verdict.weight))));
    sentences.fold(String::new(), |all, (sentence, weight)| all + &told(sentence, weight, look))
}

/// Renders a sentence on lines of its own.
fn told(sentence: &str, weight: Option<Weight>, look: TextStyle) -> String {
    let text = wrap(&safe(sentence), 0, look.width);
    let colour = match weight {
        Some(Weight::Good | Weight::Ready) => AnsiColor::Green,
        Some(Weight::Decide) => AnsiColor::Yellow,
        Some(Weight::Bad) => AnsiColor::Red,
        None => return text + "\n",
    };
    look.paint(&text, colour.on_default()) + "\n"
}

/// Renders a plan or a run: the verdict and the facts, the chapters, the counts.
pub fn plan(view: &View<'_>, look: TextStyle) -> String {
    let mut text = String::new();
    let plain = |sentence: &str| told(sentence, None, look);
    // After a run the verdict is the last line, as that of a command on a terminal.
    if let Some(verdict) = view.verdict.as_ref().filter(|_| view.end.is_none()) {
        text.push_str(&told(&verdict.text, Some(verdict.weight), look));
    }
    if !view.facts.is_empty() {
        let facts = wrap(&safe(&sentence(&view.facts.join(" · "))), 0, look.width);
        text.push_str(&format!("{}\n", look.paint(&facts, Style::new().dimmed())));
    }
    text.extend(view.instant.iter().chain(&view.narrowed).chain(&view.allowed).map(|one| plain(one)));
    if view.tense == Tense::Differs && !view.changes.is_empty() {
        text.push_str(&plain(&view.say(Phrase::LiveFirst)));
    }
    if let Some((heading, agents)) = &view.at_work {
        text.push_str(&plain(heading));
        text.extend(agents.iter().map(|(_, line)| plain(&format!("  ! {line}"))));
    }
    let subject = view.changes.subject_columns(28);
    for section in Section::ALL {
        let mut lines = view.group(section).peekable();
        let unchanged = view.unchanged.as_ref().filter(|_| section == Section::Queues);
        if lines.peek().is_none() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let heading = view.say(Phrase::Heading(section, view.tense));
        let count = bracketed(&view.count(section).to_string(), view.language());
        let heading = format!("{heading}{}{count}", view.language().choose(" ", "", ""));
        text.push_str(&format!("{}\n", look.paint(&heading, Style::new().bold())));
        let columns =
            if matches!(section, Section::Open | Section::Decide | Section::Notes) { 0 } else { subject };
        for line in lines {
            let line = draw(&line, columns, view, look);
            // The mark of a creation stands first in its line.
            text.push_str(&if view.tense == Tense::Live { line.replacen('+', " ", 1) } else { line });
        }
        if let Some(unchanged) = unchanged {
            let unchanged = wrap(&safe(unchanged), 4, look.width);
            text.push_str(&format!("    {}\n", look.paint(&unchanged, Style::new().dimmed())));
        }
    }
    let ahead = view.ahead();
    if !ahead.is_empty() {
        text.push_str(&format!("\n{}\n", look.paint(&view.say(Phrase::Ahead), Style::new().bold())));
        for (ahead, words) in ahead {
            let words = wrap(&safe(&words), 6 + ahead.at.len(), look.width);
            text.push_str(&format!("    {}  {words}\n", look.paint(&ahead.at, Style::new().bold())));
        }
    }
    if view.tense != Tense::Done {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", wrap(&view.counts(), 0, look.width)));
    }
    text + &end(view, look)
}

/// Returns facts as a sentence, which begins with a capital letter.
fn sentence(facts: &str) -> String {
    let mut chars = facts.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn style(tone: LineKind) -> Style {
    let colour = match tone {
        LineKind::Act(Action::Create) => AnsiColor::Green,
        LineKind::Act(Action::Update)
        | LineKind::Find(Severity::Warning)
        | LineKind::Open(Status::Skipped | Status::Done) => AnsiColor::Yellow,
        LineKind::Act(Action::Replace) => AnsiColor::Magenta,
        LineKind::Act(Action::Delete)
        | LineKind::Find(Severity::Error)
        | LineKind::Open(Status::Failed | Status::Unknown)
        | LineKind::Moved => AnsiColor::Red,
        LineKind::Find(Severity::Info) => AnsiColor::Cyan,
    };
    colour.on_default()
}

fn draw(line: &Line, subject: usize, view: &View<'_>, look: TextStyle) -> String {
    let mark = match line.tone {
        LineKind::Open(_) | LineKind::Moved => {
            format!("{:>3} {} ", line.tone.mark(), view.say(Phrase::Kind(line.tone)))
        }
        LineKind::Act(_) | LineKind::Find(_) => format!("{:>3} ", line.tone.mark()),
    };
    // A vendor's numbers may hold any character.
    let name = sanitize(&line.subject);
    let gap = subject.saturating_sub(measure_text_width(&name));
    let head =
        format!("{}{}", look.paint(&mark, style(line.tone).bold()), look.paint(&name, Style::new().bold()));
    let width = measure_text_width(&mark) + measure_text_width(&name);
    let mut pieces: Vec<Cow<'_, str>> = line.pieces.iter().map(|piece| draw_piece(piece, look)).collect();
    let staffing = line.staffing.as_ref().filter(|staff| staff.moves() && is_update(line));
    let staffing = staffing.map(|staff| {
        let minimum = staff.minimum.map(|minimum| view.say(Phrase::Minimum(minimum))).unwrap_or_default();
        let mut members = format!("{} -> {}", staff.before, staff.after());
        for part in [staff.difference().into(), minimum].iter().filter(|part| !part.is_empty()) {
            members.push(' ');
            members.push_str(part);
        }
        format!("{} · ", look.paint(&members, Style::new().bold()))
    });
    if look.places
        && let Some(source) = &line.source
    {
        pieces.push(look.paint(&format!("({source})"), Style::new().dimmed()).into());
    }
    if pieces.is_empty() {
        return format!("{head}\n");
    }
    let body = format!("{}{}", staffing.unwrap_or_default(), join(&line.pieces, &pieces));
    let start = width + gap + 2;
    let text = wrap(&body, start, look.width);
    format!("{head}{}  {text}\n", " ".repeat(gap))
}

fn is_update(line: &Line) -> bool {
    line.tone == LineKind::Act(Action::Update)
}

/// Joins the pieces of a line.
pub(super) fn join(kinds: &[Segment], pieces: &[Cow<'_, str>]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            text.push_str(kinds.get(at).map_or(" ", Segment::gap));
        }
        text.push_str(piece);
    }
    text
}

/// Draws a piece of a line.
pub(super) fn draw_piece(piece: &Segment, look: TextStyle) -> Cow<'_, str> {
    match piece {
        Segment::Name(words) | Segment::Words(words) => sanitize(words),
        Segment::Remark(_) => look.paint(&safe(&piece.words()), Style::new().dimmed()).into(),
        // What the console did, and what apply does, are no two values of a text.
        Segment::Field { key, label, before, after } if *key == ASSIGN_MEMBERS.key => {
            format!("{} {} -> {}", safe(label), safe(before), safe(after)).into()
        }
        Segment::Field { label, before, after, .. } => {
            format!("{} {}", safe(label), changed(&safe(before), &safe(after), look)).into()
        }
    }
}

/// Renders both sides of a value. A long text appears once, with removed and added words marked by colour. Without
/// colour, `[-…-]` and `{+…+}` mark them.
fn changed(before: &str, after: &str, look: TextStyle) -> String {
    let old = AnsiColor::Red.on_default();
    let new = AnsiColor::Green.on_default();
    let Some(spans) = spans(before, after) else {
        return format!("{} -> {}", look.paint(before, old), look.paint(after, new));
    };
    if measure_text_width(before).max(measure_text_width(after)) >= LONG {
        return spans
            .iter()
            .map(|span| match span {
                Span::Same(text) => text.clone(),
                Span::Gone(text) => look.paint(&format!("[-{text}-]"), old),
                Span::New(text) => look.paint(&format!("{{+{text}+}}"), new),
            })
            .collect();
    }
    let side = |after: bool| -> String {
        let shown = spans.iter().filter_map(|span| match span {
            Span::Same(text) => Some(text.clone()),
            Span::Gone(text) => (!after).then(|| look.paint(text, old)),
            Span::New(text) => after.then(|| look.paint(text, new)),
        });
        shown.collect()
    };
    format!("{} -> {}", side(false), side(true))
}

/// Wraps text that starts at a column; later lines start at the same column. An item between two dots stays on one
/// line where it fits. A word that is longer than a line, such as a Chinese sentence, breaks at the end of the line.
pub(super) fn wrap(text: &str, start: usize, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width > start + 20) else { return text.to_owned() };
    let room = [width - start];
    let words = text.split_inclusive(" · ").flat_map(|item| {
        let fits = measure_text_width(item.trim_end_matches(' ')) <= room[0];
        if fits { vec![Word::from(item)] } else { WordSeparator::AsciiSpace.find_words(item).collect() }
    });
    let words = break_words(words, room[0]);
    let lines = WrapAlgorithm::FirstFit.wrap(&words, &room).into_iter().map(|words| {
        let line: String = words.iter().flat_map(|word| [word.word, word.whitespace]).collect();
        line.trim_end_matches(' ').to_owned()
    });
    lines.collect::<Vec<_>>().join(&format!("\n{:start$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOUR: TextStyle = TextStyle { colour: true, width: None, places: false };

    #[test]
    fn a_value_stays_with_its_name_where_a_line_has_room() {
        let text = "4 agents · type agent · outbound no-long-distance · a member list of 8001, 8002 and 8003 is long";
        let lines = wrap(text, 4, Some(34));
        assert_eq!(
            lines.lines().collect::<Vec<_>>(),
            [
                "4 agents · type agent ·",
                "    outbound no-long-distance · a",
                "    member list of 8001, 8002 and",
                "    8003 is long",
            ]
        );
        assert_eq!(wrap(text, 4, None), text);
    }

    #[test]
    fn one_changed_character_is_marked_alone() {
        let shown = changed("客服一组", "客服二组", COLOUR);
        assert!(shown.starts_with("客服\u{1b}") && shown.ends_with("组"), "{shown:?}");
        assert_eq!(changed("客服一组", "客服二组", TextStyle::default()), "客服一组 -> 客服二组");
    }

    #[test]
    fn a_long_text_stands_once_and_reads_without_colour() {
        let (before, after) = ("欢迎致电，现在是工作时间，请稍候。", "欢迎致电，现在是休息时间，请稍候。");
        assert_eq!(
            changed(before, after, TextStyle::default()),
            "欢迎致电，现在是[-工作-]{+休息+}时间，请稍候。"
        );
        let (before, after) = ("Please hold the line, we will be with you", "周一至周五九点至十八点，请按一");
        assert_eq!(changed(before, after, TextStyle::default()), format!("{before} -> {after}"));
    }

    #[test]
    fn lines_wrap_below_their_beginning_by_display_width() {
        assert_eq!(wrap("售前 售后 投诉 回访 外呼 质检", 4, Some(26)), "售前 售后 投诉 回访\n    外呼 质检");
        let long = "\u{1b}[32m一二三四五六七八九十一二三\u{1b}[0m";
        assert_eq!(wrap(long, 4, Some(26)), "\u{1b}[32m一二三四五六七八九十一\n    二三\u{1b}[0m");
    }
}
