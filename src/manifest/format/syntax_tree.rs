//! Parses a file's text into a syntax tree with places and comments.

use std::collections::VecDeque;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::comments::{self, Comment};
use crate::yaml::quoting::{is_ambiguous, quoted};
use crate::yaml::{Scalar, ScalarKind};

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    /// True if it begins with `---`.
    pub marked: bool,
    /// Comments before its first key.
    pub head: Vec<Line>,
    pub root: Node,
    /// Comments after its last entry.
    pub foot: Vec<Line>,
}

/// A comment on a line of its own.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// True if a blank line precedes it.
    pub blank: bool,
    pub text: String,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// Start, in characters.
    from: usize,
    column: usize,
    last_line: usize,
    pub body: Body,
}

/// The content of a value.
#[derive(Debug)]
pub(super) enum Body {
    /// A scalar, as it is written.
    Scalar(String),
    /// A text over several lines, below its `|` or `|-`.
    Literal(&'static str, Vec<String>),
    /// A collection.
    Collection(Collection),
}

/// A map or a list. The entries of a list have no key.
#[derive(Debug)]
pub(super) struct Collection {
    pub is_map: bool,
    /// True if it stands between braces.
    pub flow: bool,
    pub entries: Vec<Entry>,
    /// Comments below its last entry.
    pub foot: Vec<Line>,
}

/// An entry of a map, or an item of a list.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key and its spelling.
    pub key: Option<(String, String)>,
    from: usize,
    line: usize,
    pub value: Node,
    /// Comments above it.
    pub lead: Vec<Line>,
    /// True if a blank line stands right above it.
    pub blank: bool,
    /// A comment on its line, and the width of the blanks before that.
    pub trail: Option<(usize, String)>,
}

/// Reads a file; `None` if the tree cannot hold it.
pub(super) fn read(text: &str) -> Option<Vec<Document>> {
    let chars: Vec<char> = text.chars().collect();
    let odd = |line: &str| line.starts_with('%') || line.starts_with("...") || line.contains('\t');
    if text.lines().any(odd) {
        return None;
    }
    let mut events = VecDeque::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        events.push_back(event.ok()?);
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader { chars, lines, events, comments: comments::parse(text)?.into() };
    let documents = reader.documents()?;
    reader.comments.is_empty().then_some(documents)
}

struct Reader<'a> {
    chars: Vec<char>,
    lines: Vec<&'a str>,
    events: VecDeque<(Event<'a>, saphyr_parser::Span)>,
    comments: VecDeque<Comment>,
}

impl Reader<'_> {
    fn documents(&mut self) -> Option<Vec<Document>> {
        let mut documents = Vec::new();
        while let Some((event, span)) = self.events.pop_front() {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::Nothing => {}
                Event::DocumentStart(marked) => {
                    // A value on the line of the mark would move.
                    if marked && self.lines.get(span.start.line().checked_sub(1)?)?.trim_end() != "---" {
                        return None;
                    }
                    // Comments above a mark belong to the document before it; above the first mark they have no
                    // document.
                    if marked {
                        let above = self.before(span.start.index());
                        match documents.last_mut() {
                            Some(Document { foot, .. }) => foot.extend(above),
                            None if above.is_empty() => {}
                            None => return None,
                        }
                    }
                    let root = self.node()?;
                    documents.push(Document { marked, head: Vec::new(), root, foot: Vec::new() });
                }
                Event::DocumentEnd => {
                    let limit = self.events.iter().find_map(|(event, span)| match event {
                        Event::DocumentStart(_) => Some(span.start.index()),
                        _ => None,
                    });
                    let document = documents.last_mut()?;
                    document.head = self.before(document.root.from);
                    self.attach(&mut document.root, None, limit.unwrap_or(usize::MAX))?;
                    document.foot = self.before(limit.unwrap_or(usize::MAX));
                }
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => return None,
            }
        }
        documents
            .iter()
            .all(|d| matches!(&d.root.body, Body::Collection(c) if c.is_map && !c.flow))
            .then_some(documents)
    }

    fn node(&mut self) -> Option<Node> {
        let (event, span) = self.events.pop_front()?;
        match event {
            Event::Scalar(text, ScalarStyle::Literal, 0, None) => {
                let node = |body| Node {
                    from: span.start.index(),
                    column: span.start.col(),
                    last_line: span.start.line(),
                    body,
                };
                // The parser returns the start of the text, or of its mark. A comment or an indentation indicator may
                // follow the mark, and would be lost.
                let line = span.start.line().checked_sub(1)?;
                let own = self.lines.get(line)?.trim();
                let above =
                    line.checked_sub(1).and_then(|above| self.lines.get(above)).map_or("", |l| l.trim());
                let bare = |line: &str| line.ends_with(['|', '-']) && !line.contains('#');
                if !(matches!(own, "|" | "|-") || bare(above)) {
                    return None;
                }
                literal(&text).map(node)
            }
            Event::Scalar(text, style, 0, None) => {
                let (from, to, over_lines) = comments::place(&self.chars, style, span)?;
                let written: String = self.chars.get(from..to)?.iter().collect();
                let body = Body::Scalar(spelled(&text, style, written.trim_end())?);
                let node = Node { from, column: span.start.col(), last_line: span.start.line(), body };
                (!over_lines).then_some(node)
            }
            Event::MappingStart(0, None) => self.collection(span.start, true),
            Event::SequenceStart(0, None) => self.collection(span.start, false),
            _ => None,
        }
    }

    fn collection(&mut self, start: Marker, is_map: bool) -> Option<Node> {
        let flow = self.chars.get(start.index()) == Some(if is_map { &'{' } else { &'[' });
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (next, span) = self.events.front()?;
            if matches!(next, Event::MappingEnd | Event::SequenceEnd) {
                // The end of a block lies behind it; the end of a flow collection is its brace.
                let (end, last_line) = (span.start.index(), span.start.line());
                if flow && self.chars.get(span.start.index()) != Some(if is_map { &'}' } else { &']' }) {
                    return None;
                }
                self.events.pop_front();
                // The tree has no place for a comment between braces.
                let first = self.comments.partition_point(|comment| comment.at < start.index());
                if flow && self.comments.get(first).is_some_and(|comment| comment.at < end) {
                    return None;
                }
                let collection = Collection { is_map, flow, entries, foot: Vec::new() };
                let (from, column) = (start.index(), start.col());
                return Some(Node { from, column, last_line, body: Body::Collection(collection) });
            }
            let (from, line) = (span.start.index(), span.start.line());
            let key = if is_map {
                let Event::Scalar(name, ..) = next else { return None };
                let name = name.to_string();
                let Body::Scalar(written) = self.node()?.body else { return None };
                Some((name, written))
            } else {
                None
            };
            let value = self.node()?;
            // Lists of lists over several lines, and block maps in flow lists, are rare.
            if let Body::Collection(inner) = &value.body
                && ((!is_map && !inner.is_map && !inner.flow) || (flow && !inner.flow))
            {
                return None;
            }
            entries.push(Entry { key, from, line, value, lead: Vec::new(), blank: false, trail: None });
        }
    }

    /// Takes the remaining comments before a place.
    fn before(&mut self, at: usize) -> Vec<Line> {
        let mut lead = Vec::new();
        while let Some(comment) = self.comments.pop_front_if(|comment| comment.at < at) {
            let blank = self.is_blank(comment.line.saturating_sub(1));
            lead.push(Line { blank, text: comment.text });
        }
        lead
    }

    fn is_blank(&self, line: usize) -> bool {
        line.checked_sub(1).and_then(|at| self.lines.get(at)).is_some_and(|line| line.trim().is_empty())
    }

    /// Attaches each comment to the entry that it stands above, behind or below.
    fn attach(&mut self, node: &mut Node, parent: Option<usize>, limit: usize) -> Option<()> {
        let column = node.column;
        let Body::Collection(collection) = &mut node.body else { return Some(()) };
        if collection.flow {
            return Some(());
        }
        let starts: Vec<usize> = collection.entries.iter().map(|entry| entry.from).collect();
        for (at, entry) in collection.entries.iter_mut().enumerate() {
            let after = starts.get(at + 1).copied().unwrap_or(limit);
            entry.lead = self.before(entry.from);
            // A blank line at the beginning of a collection separates nothing.
            let parts = at > 0 || parent.is_none() || !entry.lead.is_empty();
            entry.blank = parts && self.is_blank(entry.line.checked_sub(1)?);
            let inline = match &entry.value.body {
                Body::Scalar(_) | Body::Literal(..) => true,
                Body::Collection(inner) => inner.flow,
            };
            // The comment of a block stands behind its key, on the entry's own line.
            let line = if inline { entry.value.last_line } else { entry.line };
            let end = if inline { after } else { entry.value.from };
            if let Some(comment) = self.comments.pop_front_if(|c| !c.alone && c.line == line && c.at < end) {
                entry.trail = Some((comment.gap, comment.text));
            }
            self.attach(&mut entry.value, Some(column), after)?;
        }
        while let Some(comment) = self.comments.pop_front_if(|comment| {
            comment.at < limit
                && comment.column >= column
                && parent.is_some_and(|parent| comment.column > parent)
        }) {
            let blank = self.is_blank(comment.line.saturating_sub(1));
            let Body::Collection(collection) = &mut node.body else { return None };
            collection.foot.push(Line { blank, text: comment.text });
        }
        Some(())
    }
}

/// Returns a text below its mark; `None` if its blanks need more than a mark.
fn literal(text: &str) -> Option<Body> {
    let (mark, inner) = match text.strip_suffix('\n') {
        Some(inner) => ("|", inner),
        None => ("|-", text),
    };
    let plain = !inner.is_empty() && !inner.starts_with([' ', '\n']) && !inner.ends_with('\n');
    plain.then(|| Body::Literal(mark, inner.split('\n').map(str::to_owned).collect()))
}

/// Returns the spelling of a scalar; `None` if it spans several lines or is empty.
fn spelled(text: &str, style: ScalarStyle, written: &str) -> Option<String> {
    match style {
        ScalarStyle::Plain => {
            let plain = Scalar { text: text.into(), plain: true };
            if written != text || text.is_empty() {
                None
            } else if plain.kind() == ScalarKind::Text && is_ambiguous(text) {
                Some(quoted(text))
            } else {
                Some(written.to_owned())
            }
        }
        ScalarStyle::SingleQuoted => {
            let sound = written.len() > 1 && written.starts_with('\'') && written.ends_with('\'');
            let double = quoted(text);
            // Quotes change only if nothing else does.
            let same = double.len() == text.len() + 2;
            sound.then(|| if same { double } else { written.to_owned() })
        }
        ScalarStyle::DoubleQuoted => {
            let sound = written.len() > 1 && written.starts_with('"') && written.ends_with('"');
            sound.then(|| written.to_owned())
        }
        ScalarStyle::Literal | ScalarStyle::Folded => None,
    }
}
