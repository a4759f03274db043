//! A view as text for a terminal or a log. Meaning never rests on colour alone.

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};
use unicode_width::UnicodeWidthStr;

use super::view::{Line, Piece, Tone, View};
use crate::model::finding::Severity;
use crate::model::id::safe;
use crate::model::plan::Action;

/// How text is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Wrapped at so many columns; not at all when unknown.
    pub width: Option<usize>,
    /// With the place of each change.
    pub places: bool,
}

/// Draws a plan.
pub fn plan(view: &View, look: Look) -> String {
    let mut text = String::new();
    let subject = view.changes.iter().map(|line| line.subject.width()).max().unwrap_or(0).min(28);
    for line in &view.changes {
        text.push_str(&draw(line, subject, look));
    }
    if !view.changes.is_empty() && !view.findings.is_empty() {
        text.push('\n');
    }
    for line in &view.findings {
        text.push_str(&draw(line, 0, look));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for line in &view.allowed {
        text.push_str(&format!("{line}\n"));
    }
    if view.nothing {
        let clean = view.findings.iter().all(|line| line.tone == Tone::Find(Severity::Info));
        let refused = view.findings.iter().any(|line| line.tone == Tone::Find(Severity::Error));
        if clean {
            text.push_str("Nothing to do: the live systems are as the manifests say.\n");
        } else if !refused {
            text.push_str("No step can mend what differs.\n");
        }
    }
    text.push_str(&view.counts);
    text.push('\n');
    text
}

fn style(tone: Tone) -> Style {
    let colour = match tone {
        Tone::Act(Action::Create) => AnsiColor::Green,
        Tone::Act(Action::Update) | Tone::Find(Severity::Warning) => AnsiColor::Yellow,
        Tone::Act(Action::Replace) => AnsiColor::Magenta,
        Tone::Act(Action::Delete) | Tone::Find(Severity::Error) => AnsiColor::Red,
        Tone::Find(Severity::Info) => AnsiColor::Cyan,
    };
    colour.on_default()
}

fn painted(text: &str, style: Style, look: Look) -> String {
    if look.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

fn draw(line: &Line, subject: usize, look: Look) -> String {
    let mark = format!("{:>3} ", line.tone.mark());
    let gap = subject.saturating_sub(line.subject.width());
    let head = format!(
        "{}{}",
        painted(&mark, style(line.tone).bold(), look),
        painted(&line.subject, Style::new().bold(), look)
    );
    let width = mark.width() + line.subject.width();
    let mut pieces: Vec<String> = line.pieces.iter().map(|piece| draw_piece(piece, look)).collect();
    if look.places
        && let Some(source) = &line.source
    {
        pieces.push(painted(&format!("({source})"), Style::new().dimmed(), look));
    }
    if pieces.is_empty() {
        return format!("{head}\n");
    }
    let body = join(&line.pieces, &pieces);
    let start = width + gap + 2;
    let text = wrap(&body, start, look.width);
    format!("{head}{}  {text}\n", " ".repeat(gap))
}

fn join(kinds: &[Piece], pieces: &[String]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            let remark = matches!(kinds.get(at), None | Some(Piece::Remark(_)));
            text.push_str(if remark { " " } else { " · " });
        }
        text.push_str(piece);
    }
    text
}

fn draw_piece(piece: &Piece, look: Look) -> String {
    match piece {
        Piece::Words(words) => safe(words),
        Piece::Remark(words) => painted(&format!("({})", safe(words)), Style::new().dimmed(), look),
        Piece::Field { key, before, after } => {
            let (key, before, after) = (safe(key), safe(before), safe(after));
            let (before, after) = if look.colour { marked(&before, &after) } else { (before, after) };
            format!("{key} {before} -> {after}")
        }
    }
}

/// Marks the words that differ, so that one changed character in a long text is seen.
fn marked(before: &str, after: &str) -> (String, String) {
    let old = AnsiColor::Red.on_default();
    let new = AnsiColor::Green.on_default();
    let diff = TextDiff::from_unicode_words(before, after);
    // Texts with little in common are easier to read whole.
    if diff.ratio() < 0.4 {
        return (format!("{old}{before}{old:#}"), format!("{new}{after}{new:#}"));
    }
    let side = |skip: ChangeTag, style: Style| -> String {
        diff.iter_all_changes()
            .filter(|change| change.tag() != skip)
            .map(|change| match change.tag() {
                ChangeTag::Equal => change.value().to_owned(),
                ChangeTag::Delete | ChangeTag::Insert => format!("{style}{}{style:#}", change.value()),
            })
            .collect()
    };
    (side(ChangeTag::Insert, old), side(ChangeTag::Delete, new))
}

/// Wraps text that begins at a column, continuing below its beginning.
fn wrap(text: &str, start: usize, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width > start + 20) else { return text.to_owned() };
    let mut result = String::new();
    let mut column = start;
    for (at, word) in text.split(' ').enumerate() {
        let size = visible(word);
        if at > 0 && column + 1 + size > width {
            result.push('\n');
            result.push_str(&" ".repeat(start));
            column = start;
        } else if at > 0 {
            result.push(' ');
            column += 1;
        }
        result.push_str(word);
        column += size;
    }
    result
}

/// Columns that a text takes, colours aside.
fn visible(text: &str) -> usize {
    let mut plain = String::new();
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\u{1b}') => escaped = true,
            (true, 'm') => escaped = false,
            (true, _) => {}
            (false, c) => plain.push(c),
        }
    }
    plain.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_character_is_marked_alone() {
        let (before, after) = marked("客服一组", "客服二组");
        assert!(before.starts_with("客服"), "{before:?}");
        assert!(after.contains("二"));
    }

    #[test]
    fn lines_wrap_below_their_beginning_by_display_width() {
        assert_eq!(wrap("售前 售后 投诉 回访 外呼 质检", 4, Some(26)), "售前 售后 投诉 回访\n    外呼 质检");
    }
}
