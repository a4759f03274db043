//! Builds the tree from the events of the parser, and collects all errors of a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::node::{Key, MAX_DEPTH, Node, NodeValue};
use super::redact::{is_private_key, mask_from};
use super::scalar::{Scalar, ScalarKind, plain_kind};
use super::syntax_errors::{self, SHOWN, number, shown};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::{Label, SyntaxProblem};
use crate::model::source::{FileName, Source};

/// Most problems listed for one file. A file with more is not a broken manifest but another kind of file.
pub(super) const MAX_PROBLEMS: usize = 1_000;
/// Number of entries from which on a map's keys are indexed.
const LONG_MAP: usize = 24;
/// Longest text that shares its memory with equal ones.
const SHARED_BYTES: usize = 64;
const CORE_TAGS: &str = "tag:yaml.org,2002:";

/// Receiver of documents and of the items of a long list. No tree of all items is in memory.
pub trait Sink {
    /// Returns the key of such lists in a document's map; `None` without one.
    fn key(&self) -> Option<&'static str>;

    /// Receives an item of the list, in the order of the file.
    fn item(&mut self, item: Node);

    /// Receives a document. Its tree holds an empty list in place of the items received since the last one.
    fn document(&mut self, root: Node);

    /// Drops everything: the file is read again.
    fn reset(&mut self);
}

/// The end of reading; the problems hold the cause.
pub(super) struct Stop;

/// An open list or map.
struct Frame {
    /// State of a map; `None` for a list.
    wait: Option<Expect>,
    source: Source,
    anchor: usize,
    /// Index of its first item (or entry) on the common stack.
    first: usize,
    /// Usage when it was opened.
    before: Size,
    /// Depth of its content so far.
    height: usize,
    /// True if the sink takes its items.
    handed: bool,
    /// Keys and their indices, if there are many.
    index: HashMap<Arc<str>, usize>,
}

/// The next part of a map.
pub(super) enum Expect {
    Key,
    Value(Key),
    /// The value of a refused key.
    Nothing,
}

#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

/// The value of an anchor.
enum Anchored {
    /// Incomplete: an alias to it would contain itself.
    Open,
    Done {
        node: Node,
        size: Size,
        height: usize,
    },
}

/// The tree under construction, from events or from the fast path.
pub(super) struct Reader<'a> {
    file: &'a Arc<str>,
    pub(super) name: FileName,
    text: &'a str,
    sink: &'a mut dyn Sink,
    pub(super) problems: Diagnostics,
    frames: Vec<Frame>,
    /// Items of all open lists, then entries of all open maps. Each is one growing buffer; a finished collection takes
    /// exactly the memory that it needs.
    items: Vec<Node>,
    entries: Vec<(Key, Node)>,
    pub(super) root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    used: Size,
    /// Copies for anchors, beside the tree.
    kept: Size,
    limit: Size,
    names: StringPool,
    values: StringPool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Arc<str>, text: &'a str, sink: &'a mut dyn Sink) -> Self {
        Self {
            file,
            name: FileName::from(&**file),
            text,
            sink,
            problems: Diagnostics::default(),
            frames: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            used: Size::default(),
            kept: Size::default(),
            // A file without aliases cannot hold more nodes than bytes, nor much more text.
            limit: Size { nodes: text.len().max(4_096), bytes: (text.len() * 2).max(64 << 10) },
            names: StringPool::for_text(text.len()),
            values: StringPool::for_text(text.len()),
        }
    }

    pub(super) fn run(&mut self) -> Result<(), Stop> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => self.event(event, span)?,
                // The parser has consumed this alias and continues behind it.
                Err(error) if syntax_errors::is_unknown_anchor(&error) => {
                    self.problem(syntax_errors::unknown_anchor(self.file, self.text, &error))?;
                    self.leave_out();
                }
                Err(error) => {
                    let open = self.frames.last().map(|frame| &frame.source);
                    let diagnostic = syntax_errors::describe(self.file, self.text, &error, open);
                    let _ = self.problem(diagnostic);
                    return Err(Stop);
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => Ok(()),
            Event::DocumentStart(_) => {
                // The parser keeps the anchors of the document before; YAML does not.
                self.anchors.clear();
                self.root = None;
                Ok(())
            }
            Event::DocumentEnd => {
                self.document();
                Ok(())
            }
            Event::Alias(id) => self.alias(id, &self.place(span)),
            Event::Scalar(text, style, anchor, tag) => {
                let source = self.place(span);
                self.scalar(&text, style == ScalarStyle::Plain, anchor, tag, source)
            }
            Event::SequenceStart(anchor, tag) => self.open(None, anchor, tag, self.place(span)),
            Event::MappingStart(anchor, tag) => self.open(Some(Expect::Key), anchor, tag, self.place(span)),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
        }
    }

    /// Passes a finished document on.
    pub(super) fn document(&mut self) {
        if let Some(root) = self.root.take() {
            self.sink.document(root);
        }
    }

    pub(super) fn scalar(
        &mut self,
        text: &str,
        unquoted: bool,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        source: Source,
    ) -> Result<(), Stop> {
        if self.frames.is_empty() && unquoted && text.is_empty() && anchor == 0 && tag.is_none() {
            return Ok(());
        }
        let plain = match tag {
            None => unquoted,
            Some(tag) => self.scalar_tag(&tag, text, unquoted, &source)?,
        };
        let size = Size { nodes: 1, bytes: text.len() };
        self.spend(size, &source)?;
        let is_key = matches!(self.frames.last(), Some(Frame { wait: Some(Expect::Key), .. }));
        let text = if is_key { self.names.get(text) } else { self.values.get(text) };
        let node = Node { source, value: NodeValue::Scalar(Scalar { text, plain }) };
        self.remember(anchor, &node, size, 0)?;
        self.put(node, 0)
    }

    pub(super) fn open(
        &mut self,
        wait: Option<Expect>,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        source: Source,
    ) -> Result<(), Stop> {
        if let Some(tag) = tag {
            self.collection_tag(&tag, wait.is_some(), &source)?;
        }
        if self.frames.len() == MAX_DEPTH {
            return self.too_deep(&source);
        }
        let before = self.used;
        self.spend(Size { nodes: 1, bytes: 0 }, &source)?;
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored::Open);
        }
        let first = if wait.is_some() { self.entries.len() } else { self.items.len() };
        let handed = wait.is_none() && anchor == 0 && self.is_handed_out();
        let index = HashMap::new();
        self.frames.push(Frame { wait, source, anchor, first, before, height: 0, handed, index });
        Ok(())
    }

    /// Returns true if a list that begins now is the sink's.
    fn is_handed_out(&self) -> bool {
        let [Frame { wait: Some(Expect::Value(key)), anchor: 0, .. }] = &*self.frames else { return false };
        self.sink.key() == Some(&*key.name)
    }

    /// Returns true if a value of a key of the document's map is open.
    pub(super) fn is_below(&self, key: &str) -> bool {
        matches!(self.frames.first(), Some(Frame { wait: Some(Expect::Value(open)), .. }) if *open.name == *key)
    }

    pub(super) fn close(&mut self) -> Result<(), Stop> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = if frame.wait.is_some() {
            NodeValue::Map(self.entries.drain(frame.first..).collect())
        } else {
            NodeValue::List(self.items.drain(frame.first..).collect())
        };
        let height = frame.height + 1;
        let node = Node { source: frame.source, value };
        let size =
            Size { nodes: self.used.nodes - frame.before.nodes, bytes: self.used.bytes - frame.before.bytes };
        self.remember(frame.anchor, &node, size, height)?;
        self.put(node, height)
    }

    fn alias(&mut self, id: usize, place: &Source) -> Result<(), Stop> {
        let (size, height) = match self.anchors.get(&id) {
            Some(Anchored::Done { size, height, .. }) => (*size, *height),
            Some(Anchored::Open) => {
                self.problem(Diagnostic::at(place, SyntaxProblem::AliasInItself))?;
                self.leave_out();
                return Ok(());
            }
            None => {
                self.problem(Diagnostic::at(place, SyntaxProblem::AnchorElsewhere))?;
                self.leave_out();
                return Ok(());
            }
        };
        if self.frames.len() + height > MAX_DEPTH {
            return self.too_deep(place);
        }
        self.spend(size, place)?;
        let Some(Anchored::Done { node, .. }) = self.anchors.get(&id) else { return Ok(()) };
        let node = node.clone();
        self.put(node, height)
    }

    /// Puts a finished value into the innermost list or map.
    fn put(&mut self, node: Node, height: usize) -> Result<(), Stop> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        let Some(wait) = &mut frame.wait else {
            if frame.handed {
                self.sink.item(node);
            } else {
                self.items.push(node);
            }
            return Ok(());
        };
        match std::mem::replace(wait, Expect::Key) {
            Expect::Key => self.key(node),
            Expect::Value(key) => {
                self.entries.push((key, node));
                Ok(())
            }
            Expect::Nothing => Ok(()),
        }
    }

    /// Takes a finished value as the next key of the innermost map.
    fn key(&mut self, node: Node) -> Result<(), Stop> {
        // Until the key is accepted, its value is dropped.
        self.await_value(Expect::Nothing);
        let Node { source, value } = node;
        let scalar = match value {
            NodeValue::Scalar(scalar) => scalar,
            NodeValue::List(_) | NodeValue::Map(_) => {
                let problem = if syntax_errors::is_doubled(self.text, &source) {
                    SyntaxProblem::UnfilledBegins { mark: "{{".into() }
                } else {
                    SyntaxProblem::KeyNotText
                };
                return self.problem(Diagnostic::at(&source, problem));
            }
        };
        if scalar.kind() == ScalarKind::Null {
            return self.problem(Diagnostic::at(&source, SyntaxProblem::KeyMissing));
        }
        if scalar.plain && &*scalar.text == "<<" {
            return self.problem(Diagnostic::at(&source, SyntaxProblem::MergeKey));
        }
        let key = Key { name: scalar.text, source };
        if let Some(first) = self.same_key(&key.name) {
            // Of `password：hunter2` the whole text is a key.
            let hidden = self.is_private() || mask_from(&key.name).is_some();
            let problem = SyntaxProblem::KeyTwice { key: (!hidden).then(|| shown(&key.name, SHOWN)) };
            return self.problem(Diagnostic::at(&key.source, problem).related(&first, Label::FirstHere));
        }
        self.await_value(Expect::Value(key));
        Ok(())
    }

    /// Looks for an equal key in the innermost map, and returns its place.
    fn same_key(&mut self, name: &Arc<str>) -> Option<Source> {
        let frame = self.frames.last_mut()?;
        let entries = &self.entries[frame.first..];
        if entries.len() < LONG_MAP {
            return entries.iter().find(|(key, _)| key.name == *name).map(|(key, _)| key.source.clone());
        }
        for (at, (key, _)) in entries.iter().enumerate().skip(frame.index.len()) {
            frame.index.insert(Arc::clone(&key.name), at);
        }
        frame.index.get(name).map(|at| entries[*at].0.source.clone())
    }

    fn await_value(&mut self, next: Expect) {
        if let Some(Frame { wait: Some(wait), .. }) = self.frames.last_mut() {
            *wait = next;
        }
    }

    /// Continues as after a value, without one in the tree.
    fn leave_out(&mut self) {
        if let Some(Frame { wait: Some(wait), .. }) = self.frames.last_mut() {
            *wait = match wait {
                Expect::Key => Expect::Nothing,
                Expect::Value(_) | Expect::Nothing => Expect::Key,
            };
        }
    }

    /// Keeps a copy of an anchored value for its aliases.
    fn remember(&mut self, anchor: usize, node: &Node, size: Size, height: usize) -> Result<(), Stop> {
        if anchor == 0 {
            return Ok(());
        }
        // Anchors within anchors are copied once a level, so the copies have a budget of their own.
        self.kept.nodes += size.nodes;
        if self.kept.nodes > self.limit.nodes {
            return self.too_much(&node.source.clone());
        }
        self.anchors.insert(anchor, Anchored::Done { node: node.clone(), size, height });
        Ok(())
    }

    /// Counts a value before it enters the tree.
    fn spend(&mut self, size: Size, place: &Source) -> Result<(), Stop> {
        self.used.nodes = self.used.nodes.saturating_add(size.nodes);
        self.used.bytes = self.used.bytes.saturating_add(size.bytes);
        if self.used.nodes > self.limit.nodes || self.used.bytes > self.limit.bytes {
            return self.too_much(place);
        }
        Ok(())
    }

    fn too_much(&mut self, place: &Source) -> Result<(), Stop> {
        let _ = self.problem(Diagnostic::at(place, SyntaxProblem::AliasesExpand));
        Err(Stop)
    }

    fn too_deep(&mut self, place: &Source) -> Result<(), Stop> {
        let _ = self.problem(Diagnostic::at(place, SyntaxProblem::TooDeep { most: MAX_DEPTH }));
        Err(Stop)
    }

    /// Returns true if a scalar of this tag may mean more than text.
    fn scalar_tag(&mut self, tag: &Tag, text: &str, plain: bool, place: &Source) -> Result<bool, Stop> {
        let name = full_name(tag);
        let Some(short) = name.strip_prefix(CORE_TAGS) else {
            return self.odd_tag(tag, place).map(|()| plain);
        };
        let kind = plain_kind(text);
        let fits = match short {
            "str" => return Ok(false),
            "null" => kind == ScalarKind::Null,
            "bool" => matches!(kind, ScalarKind::Bool(_)),
            "int" => kind == ScalarKind::Int,
            "float" => matches!(kind, ScalarKind::Float | ScalarKind::Int),
            "seq" | "map" => false,
            _ => return self.odd_tag(tag, place).map(|()| plain),
        };
        if !fits {
            self.wrong_tag(short, place)?;
        }
        // `!!int "5"` is the number five.
        Ok(plain || fits)
    }

    fn collection_tag(&mut self, tag: &Tag, is_map: bool, place: &Source) -> Result<(), Stop> {
        let name = full_name(tag);
        match name.strip_prefix(CORE_TAGS) {
            Some("map") if is_map => Ok(()),
            Some("seq") if !is_map => Ok(()),
            Some(short @ ("map" | "seq" | "str" | "int" | "bool" | "null" | "float")) => {
                self.wrong_tag(short, place)
            }
            _ => self.odd_tag(tag, place),
        }
    }

    fn wrong_tag(&mut self, short: &str, place: &Source) -> Result<(), Stop> {
        let tag = short.to_owned().into();
        self.problem(Diagnostic::at(place, SyntaxProblem::TagMisfit { tag }))
    }

    fn odd_tag(&mut self, tag: &Tag, place: &Source) -> Result<(), Stop> {
        let name = full_name(tag);
        let name = match name.strip_prefix(CORE_TAGS) {
            Some(short) => format!("!!{short}"),
            None => name,
        };
        // A password that begins with `!` reads like a tag.
        let tag = (!self.is_private()).then(|| shown(&name, SHOWN));
        self.problem(Diagnostic::at(place, SyntaxProblem::TagUnsupported { tag }))
    }

    /// Adds a problem. A problem within the value of a private key is masked.
    fn problem(&mut self, mut diagnostic: Diagnostic) -> Result<(), Stop> {
        if self.is_private() {
            diagnostic.masked = true;
        }
        self.problems.push(diagnostic);
        if self.problems.len() == MAX_PROBLEMS {
            let problem = SyntaxProblem::TooManyProblems { file: self.file.to_string(), most: MAX_PROBLEMS };
            self.problems.push(Diagnostic::general(problem));
            return Err(Stop);
        }
        Ok(())
    }

    fn is_private(&self) -> bool {
        self.frames
            .iter()
            .any(|frame| matches!(&frame.wait, Some(Expect::Value(key)) if is_private_key(&key.name)))
    }

    fn place(&self, span: Span) -> Source {
        self.name.at(number(span.start.line()), number(span.start.col() + 1))
    }
}

/// A pool of equal texts that share their memory. A roster of 100,000 agents has a dozen keys and a few roles. A small
/// table that forgets is enough, and no file can make it grow.
struct StringPool {
    slots: Vec<Option<Arc<str>>>,
}

impl StringPool {
    /// Returns a pool of a size for a text of so many bytes.
    fn for_text(bytes: usize) -> Self {
        Self { slots: vec![None; (bytes / 8).next_power_of_two().clamp(1 << 4, 1 << 10)] }
    }

    fn get(&mut self, text: &str) -> Arc<str> {
        if text.len() > SHARED_BYTES {
            return Arc::from(text);
        }
        // FNV-1a: a bad distribution costs memory, never correctness.
        let hash = text
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let last = self.slots.len() - 1;
        let slot = &mut self.slots[(hash ^ (hash >> 16)) as usize & last];
        match slot {
            Some(kept) if **kept == *text => Arc::clone(kept),
            _ => Arc::clone(slot.insert(Arc::from(text))),
        }
    }
}

fn full_name(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}
