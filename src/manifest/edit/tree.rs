//! The places of all values of a file, in bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::yaml::quoting::{quoted, scalar};

/// A file's text and its documents.
pub(super) struct Tree<'a> {
    /// The text, without a byte order mark.
    pub text: &'a str,
    /// The root of each document.
    pub roots: Vec<Node>,
    /// The first byte of each line.
    lines: Vec<usize>,
    /// The values that have an anchor, by its number.
    anchors: BTreeMap<usize, Range<usize>>,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// Line and column from 1, like [`crate::model::source::Source`].
    pub place: (u32, u32),
    /// All of it, with its anchor and tag, without what follows its last character.
    pub range: Range<usize>,
    /// The number of its anchor; 0 without one.
    pub anchor: usize,
    pub body: Body,
}

/// The content of a value.
#[derive(Debug)]
pub(super) enum Body {
    /// A single value.
    Scalar {
        text: String,
        /// True if it stands without quotes.
        plain: bool,
    },
    /// A reference to an anchor.
    Alias(usize),
    /// A map, with `flow` between braces.
    Map { flow: bool, entries: Vec<Entry> },
    /// A list, with `flow` between brackets.
    List { flow: bool, items: Vec<Item> },
}

/// An entry of a map.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    /// The key, as it is written.
    pub key: Range<usize>,
    /// The byte behind the colon.
    pub colon: usize,
    pub value: Node,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// The dash; in a flow list the item itself.
    pub start: usize,
    pub value: Node,
}

/// Reads the places of a text. Returns `None` if a construct cannot be located: an explicit key, or a directive.
pub(super) fn read(text: &str) -> Option<Tree<'_>> {
    let mut lines = vec![0];
    lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1));
    let mut reader =
        Reader { text, lines, parser: Parser::new_from_str(text), peeked: None, anchors: BTreeMap::new() };
    let mut roots = Vec::new();
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                let start = reader.byte(span.end)?;
                roots.push(reader.node(start, None)?);
            }
            _ => {}
        }
    }
    let Reader { text, lines, anchors, .. } = reader;
    Some(Tree { text, roots, lines, anchors })
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<usize>,
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    peeked: Option<(Event<'a>, Span)>,
    anchors: BTreeMap<usize, Range<usize>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        match self.peeked.take() {
            Some(event) => Some(event),
            None => self.parser.next_event()?.ok(),
        }
    }

    fn peek(&mut self) -> Option<&(Event<'a>, Span)> {
        if self.peeked.is_none() {
            self.peeked = self.parser.next_event()?.ok();
        }
        self.peeked.as_ref()
    }

    /// Returns the byte of a marker; its line counts from 1, its column from 0, in characters.
    fn byte(&self, marker: Marker) -> Option<usize> {
        let start = *self.lines.get(marker.line().checked_sub(1)?)?;
        let line = self.text.get(start..)?;
        let column = marker.col();
        // Most lines before a value hold ASCII alone.
        if line.as_bytes().get(..column).is_some_and(<[u8]>::is_ascii) {
            return Some(start + column);
        }
        let mut chars = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        chars.nth(column).map(|at| start + at)
    }

    /// Reads the next value. `after` is the byte before which it cannot begin; `indent` is the column of the collection
    /// around it.
    fn node(&mut self, after: usize, indent: Option<usize>) -> Option<Node> {
        let (event, span) = self.next()?;
        let place =
            (u32::try_from(span.start.line()).ok()?, u32::try_from(span.start.col()).ok()?.checked_add(1)?);
        let first = self.byte(span.start)?;
        let (range, anchor, body) = match event {
            Event::Alias(anchor) => (first..self.byte(span.end)?, 0, Body::Alias(anchor)),
            Event::Scalar(text, style, anchor, _) => {
                let range = self.scalar(after, first, style, span, indent)?;
                let plain = style == ScalarStyle::Plain;
                (range, anchor, Body::Scalar { text: text.into_owned(), plain })
            }
            Event::MappingStart(anchor, _) => {
                let inner = self.inner(first)?;
                let flow = self.text[inner..].starts_with('{');
                let (entries, end) = self.map(flow, inner)?;
                (first..end.max(inner), anchor, Body::Map { flow, entries })
            }
            Event::SequenceStart(anchor, _) => {
                let mut inner = self.inner(first)?;
                if !self.text[inner..].starts_with(['[', '-']) {
                    // The parser's place of a list at the column of its key is behind its dash.
                    inner = self.inner(after)?;
                }
                let first = first.min(inner);
                let flow = self.text[inner..].starts_with('[');
                let (items, end) = self.list(flow, inner)?;
                (first..end.max(inner), anchor, Body::List { flow, items })
            }
            _ => return None,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, range.clone());
        }
        Some(Node { place, range, anchor, body })
    }

    /// Returns the first byte behind anchors and tags.
    fn inner(&self, mut at: usize) -> Option<usize> {
        loop {
            let rest = self.text.get(at..)?;
            if rest.starts_with(['&', '!']) {
                at += rest.find(char::is_whitespace).unwrap_or(rest.len());
            } else if rest.starts_with(char::is_whitespace) {
                at += rest.len() - rest.trim_start().len();
            } else if rest.starts_with('#') {
                at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return Some(at);
            }
        }
    }

    fn scalar(
        &self,
        after: usize,
        first: usize,
        style: ScalarStyle,
        span: Span,
        indent: Option<usize>,
    ) -> Option<Range<usize>> {
        match style {
            ScalarStyle::Plain => Some(first..self.byte(span.end)?.max(first)),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let quote = if style == ScalarStyle::SingleQuoted { b'\'' } else { b'"' };
                let bytes = self.text.as_bytes();
                let mut at = self.inner(first)?;
                if bytes.get(at) != Some(&quote) {
                    return None;
                }
                at += 1;
                loop {
                    match *bytes.get(at)? {
                        b'\\' if quote == b'"' => at += 1,
                        b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
                        byte if byte == quote => break,
                        _ => {}
                    }
                    at += 1;
                }
                Some(first..at + 1)
            }
            // The parser's place is that of the text, or of its anchor.
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let rest = self.text.get(after..)?;
                let start = after + (rest.len() - rest.trim_start().len());
                let mark = self.inner(start)?;
                if !self.text[mark..].starts_with(['|', '>']) {
                    return None;
                }
                let header = mark + self.text[mark..].find('\n').unwrap_or(self.text.len() - mark);
                let keep = self.text[mark..header].split('#').next().is_some_and(|head| head.contains('+'));
                let mut end = self.text[..header].trim_end().len();
                let mut at = header + 1;
                while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
                    let line = rest.split_inclusive('\n').next()?;
                    let blank = line.trim().is_empty();
                    let depth = line.len() - line.trim_start_matches(' ').len();
                    if !blank && indent.is_some_and(|indent| depth <= indent) {
                        break;
                    }
                    if !blank || keep {
                        end = at + line.trim_end_matches(['\r', '\n']).len();
                    }
                    at += line.len();
                }
                Some(start..end)
            }
        }
    }

    /// Returns the column of a byte, from 0, in bytes; what precedes a block's entries is ASCII.
    fn column(&self, at: usize) -> usize {
        at - self.text[..at].rfind('\n').map_or(0, |line| line + 1)
    }

    fn map(&mut self, flow: bool, inner: usize) -> Option<(Vec<Entry>, usize)> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut end = inner;
        loop {
            let (event, span) = self.next()?;
            let (name, style) = match event {
                Event::MappingEnd if flow => return Some((entries, self.byte(span.start)? + 1)),
                Event::MappingEnd => return Some((entries, end)),
                Event::Scalar(name, style, 0, None) => (name.into_owned(), style),
                _ => return None,
            };
            let first = self.byte(span.start)?;
            let key = self.scalar(first, first, style, span, None)?;
            let rest = &self.text[key.end..];
            let blanks = rest.len() - rest.trim_start().len();
            let colon = if rest[blanks..].starts_with(':') { key.end + blanks + 1 } else { key.end };
            if !flow && (colon == key.end || self.text[..first].ends_with("? ")) {
                return None;
            }
            let indent = self.column(key.start);
            let value = self.node(colon, Some(indent))?;
            end = value.range.end.max(colon);
            entries.push(Entry { name, key, colon, value });
        }
    }

    fn list(&mut self, flow: bool, inner: usize) -> Option<(Vec<Item>, usize)> {
        let mut items: Vec<Item> = Vec::new();
        let indent = self.column(inner);
        let mut end = inner;
        loop {
            let (event, span) = self.peek()?;
            if matches!(event, Event::SequenceEnd) {
                let close = span.start;
                self.next()?;
                return Some((items, if flow { self.byte(close)? + 1 } else { end }));
            }
            let start = if flow { end } else { self.dash(end, indent)? };
            let value = self.node(if flow { end } else { start + 1 }, Some(indent))?;
            end = value.range.end.max(start);
            items.push(Item { start: if flow { value.range.start } else { start }, value });
        }
    }

    /// Returns the next dash at a column, from a byte on.
    fn dash(&self, from: usize, column: usize) -> Option<usize> {
        let mut start = from - self.column(from);
        for line in self.text[start..].split_inclusive('\n') {
            let at = start + column;
            if at >= from && line.as_bytes().get(column) == Some(&b'-') {
                let next = line.as_bytes().get(column + 1);
                if next.is_none_or(u8::is_ascii_whitespace) {
                    return Some(at);
                }
            }
            start += line.len();
        }
        None
    }
}

impl Node {
    /// Returns the entry of a key, if the value is a map.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name == name)
    }

    /// Returns the entries of a map; none of another value.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.body {
            Body::Map { entries, .. } => entries,
            Body::Scalar { .. } | Body::Alias(_) | Body::List { .. } => &[],
        }
    }

    /// Returns the items of a list; none of another value.
    pub(super) fn items(&self) -> &[Item] {
        match &self.body {
            Body::List { items, .. } => items,
            Body::Scalar { .. } | Body::Alias(_) | Body::Map { .. } => &[],
        }
    }

    /// Returns true if it is an alias.
    pub(super) fn is_alias(&self) -> bool {
        matches!(self.body, Body::Alias(_))
    }

    /// Returns the values in it.
    pub(super) fn children(&self) -> impl Iterator<Item = &Node> {
        self.entries().iter().map(|entry| &entry.value).chain(self.items().iter().map(|item| &item.value))
    }

    /// Calls a function for the value and all in it, in the order of the text.
    pub(super) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}

impl Tree<'_> {
    /// Calls a function for all values, in the order of the text.
    pub(super) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        for root in &self.roots {
            root.walk(visit);
        }
    }

    /// Returns the value of an anchor.
    pub(super) fn anchored(&self, anchor: usize) -> Option<&Node> {
        let range = self.anchors.get(&anchor)?;
        let mut found = None;
        self.walk(&mut |node| {
            if node.anchor == anchor && node.range == *range {
                found = Some(node);
            }
        });
        found
    }

    /// Returns a value, or the one that it refers to.
    pub(super) fn meant<'n>(&'n self, node: &'n Node) -> Option<&'n Node> {
        match node.body {
            Body::Alias(anchor) => self.anchored(anchor),
            Body::Scalar { .. } | Body::Map { .. } | Body::List { .. } => Some(node),
        }
    }

    /// Returns the text of a scalar, or of the one that an alias refers to.
    pub(super) fn scalar<'n>(&'n self, node: &'n Node) -> Option<&'n str> {
        match &self.meant(node)?.body {
            Body::Scalar { text, .. } => Some(text),
            Body::Alias(_) | Body::Map { .. } | Body::List { .. } => None,
        }
    }

    /// Returns the first byte of the line of a byte.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|start| *start <= at);
        line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or(0)
    }

    /// Returns the end of the line of a byte, before its break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |length| at + length);
        let line = &self.text[at..end];
        end - (line.len() - line.trim_end_matches('\r').len())
    }

    /// Returns the end of the line of a byte, behind its break.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length + 1)
    }

    /// Returns true if only blanks precede a byte on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    /// Returns the blanks that put a line below a byte: as many as there are characters before it.
    pub(super) fn indent(&self, at: usize) -> String {
        " ".repeat(self.text[self.line_start(at)..at].chars().count())
    }

    /// Returns the line break of the file.
    pub(super) fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Returns the comments in a range, each from its sign to the end of its line.
    pub(super) fn comments(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut texts: Vec<Range<usize>> = Vec::new();
        self.walk(&mut |node| {
            texts.extend(node.entries().iter().map(|entry| entry.key.clone()));
            if matches!(node.body, Body::Scalar { .. }) {
                texts.push(node.range.clone());
            }
        });
        texts.retain(|text| text.start < range.end && range.start < text.end);
        let mut found: Vec<Range<usize>> = Vec::new();
        for (at, _) in self.text[range.clone()].match_indices('#') {
            let at = range.start + at;
            let parted = self.text[..at].ends_with(char::is_whitespace) || at == 0;
            let inside = texts.iter().any(|text| text.contains(&at));
            if parted && !inside && found.last().is_none_or(|last| last.end <= at) {
                found.push(at..self.line_end(at));
            }
        }
        found
    }

    /// Returns the anchor and the tag of a value, as they are written.
    fn properties(&self, node: &Node) -> String {
        let mut rest = &self.text[node.range.clone()];
        let mut out = String::new();
        while rest.starts_with(['&', '!']) {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            out.push_str(&rest[..end]);
            out.push(' ');
            rest = rest[end..].trim_start();
        }
        out
    }

    /// Returns the first byte of a value behind its anchor and tag.
    fn inner(&self, node: &Node) -> usize {
        let mut rest = &self.text[node.range.clone()];
        while rest.starts_with(['&', '!']) {
            rest = rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..].trim_start();
        }
        node.range.end - rest.len()
    }

    /// Returns a value on one line, fit for any place. `keep` keeps its anchors.
    pub(super) fn flow(&self, node: &Node, keep: bool) -> String {
        let properties = if keep { self.properties(node) } else { String::new() };
        let body = match &node.body {
            Body::Scalar { text, plain } => {
                let written = self.text[self.inner(node)..node.range.end].trim();
                match (plain, written.contains('\n')) {
                    // A plain text means itself in a list too, if it holds no sign of one.
                    (true, false) if !written.contains([',', '[', ']', '{', '}', '&', '!']) => {
                        written.to_owned()
                    }
                    (true, _) => scalar(text),
                    (false, _) => quoted(text),
                }
            }
            Body::Alias(_) if keep => self.text[node.range.clone()].to_owned(),
            Body::Alias(_) => self.meant(node).map(|node| self.flow(node, false)).unwrap_or_default(),
            Body::Map { entries, .. } if entries.is_empty() => "{}".to_owned(),
            Body::Map { entries, .. } => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|e| format!("{}: {}", &self.text[e.key.clone()], self.flow(&e.value, keep)))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Body::List { items, .. } => {
                let items: Vec<String> = items.iter().map(|item| self.flow(&item.value, keep)).collect();
                format!("[{}]", items.join(", "))
            }
        };
        properties + &body
    }
}
