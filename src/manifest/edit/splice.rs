//! Changes of a text: byte ranges that are replaced, so that everything else stays.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tree::{Body, Entry, Item, Node, Tree};
use crate::yaml::quoting::scalar;

/// Replacements in one text; no two overlap.
pub(super) struct Splices<'t> {
    tree: &'t Tree<'t>,
    edits: Vec<(Range<usize>, String)>,
    /// True if the comments of what is removed stay.
    keeps_comments: bool,
}

/// The new value of a key, in YAML on one line; `None` removes the key.
pub(super) type KeyChange = (String, Option<String>);

impl<'t> Splices<'t> {
    /// Creates an empty list of replacements.
    pub(super) fn new(tree: &'t Tree<'t>) -> Self {
        Self { tree, edits: Vec::new(), keeps_comments: false }
    }

    /// Creates an empty list of replacements that keep the comments of what they remove.
    pub(super) fn keeping_comments(tree: &'t Tree<'t>) -> Self {
        Self { keeps_comments: true, ..Self::new(tree) }
    }

    /// Returns true if nothing is replaced.
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces a range.
    pub(super) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push((range, text.into()));
    }

    fn insert(&mut self, at: usize, text: String) {
        self.replace(at..at, text);
    }

    /// Replaces a value behind its key.
    pub(super) fn value(&mut self, entry: &Entry, text: &str) {
        let value = &entry.value;
        match &value.body {
            // Its first line is not the key's.
            Body::Map { flow: false, .. } | Body::List { flow: false, .. } => {
                self.block(entry.colon, value, &format!(" {text}"));
            }
            _ if value.range.is_empty() => self.insert(entry.colon, format!(" {text}")),
            _ => self.replace(value.range.clone(), text),
        }
    }

    /// Replaces a block below a key by a value on the key's line; a comment on that line stays.
    fn block(&mut self, colon: usize, value: &Node, text: &str) {
        let tree = self.tree;
        self.insert(colon, text.to_owned());
        let first = value.entries().first().map_or_else(
            || value.items().first().map_or(value.range.start, |item| item.start),
            |entry| entry.key.start,
        );
        // Anchor and tag of the block.
        if value.range.start < tree.line_end(colon) {
            let end = tree.text[value.range.start..].find(char::is_whitespace).unwrap_or(0);
            self.replace(colon..value.range.start + end, String::new());
        }
        self.lines(tree.line_start(first), value.range.end);
    }

    /// Removes whole lines, from the start of one to the end of the line of a byte.
    fn lines(&mut self, start: usize, end: usize) {
        let tree = self.tree;
        let next = tree.next_line(end.saturating_sub(1).max(start));
        let mut range = start..next;
        if next == tree.text.len() && !tree.text.ends_with('\n') {
            // The last line has no break: the one before it becomes the last.
            range.start = tree.line_end(start.saturating_sub(1)).min(start);
        }
        let kept = if self.keeps_comments { self.comments(start..next) } else { String::new() };
        self.replace(range, kept);
    }

    /// Returns the comments in some lines, each on a line of its own.
    fn comments(&self, range: Range<usize>) -> String {
        let tree = self.tree;
        let indent = tree.text[range.start..].chars().take_while(|c| *c == ' ').count();
        let mut out = String::new();
        for comment in tree.comments(range) {
            out.push_str(&format!("{:indent$}{}{}", "", tree.text[comment].trim_end(), tree.line_break()));
        }
        out
    }

    /// Changes keys of a map whose keys are names, in any order.
    pub(super) fn names(&mut self, map: &Node, changes: &[KeyChange]) {
        let known = |key: &str| map.entry(key).is_some();
        let changes: Vec<KeyChange> = changes
            .iter()
            .map(|(key, value)| (if known(key) { key.clone() } else { scalar(key) }, value.clone()))
            .collect();
        self.keys(map, &changes, &|_| 0);
    }

    /// Changes keys of a map. `rank` is the place of a key in the order of the reference.
    pub(super) fn keys(&mut self, map: &Node, changes: &[KeyChange], rank: &dyn Fn(&str) -> usize) {
        let Body::Map { flow, entries } = &map.body else { return };
        let removed: BTreeSet<usize> = changes
            .iter()
            .filter(|(_, value)| value.is_none())
            .filter_map(|(key, _)| entries.iter().position(|entry| entry.name == *key))
            .collect();
        let mut added: Vec<(&str, &str)> = Vec::new();
        for (key, value) in changes {
            let Some(value) = value else { continue };
            match entries.iter().find(|entry| entry.name == *key) {
                Some(entry) => self.value(entry, value),
                None => added.push((key, value)),
            }
        }
        added.sort_by_key(|(key, _)| rank(key));
        let kept: Vec<usize> = (0..entries.len()).filter(|at| !removed.contains(at)).collect();
        if kept.is_empty() {
            let pairs: Vec<String> = added.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            let text = if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) };
            let first = entries.first().filter(|_| !flow).map_or(map.range.start, |entry| entry.key.start);
            self.replace(first..map.range.end, text);
            return;
        }
        for (key, value) in added {
            let before = kept.iter().filter(|at| rank(&entries[**at].name) <= rank(key)).max();
            let pair = format!("{key}: {value}");
            let next = &entries[kept[0]];
            match (before, flow) {
                (Some(at), true) => self.insert(entries[*at].end(), format!(", {pair}")),
                (None, true) => self.insert(next.key.start, format!("{pair}, ")),
                (Some(at), false) => self.line_after(entries[*at].end(), next.key.start, &pair),
                (None, false) => self.line_before(next.key.start, &pair),
            }
        }
        let places: Vec<Range<usize>> = entries.iter().map(|entry| entry.key.start..entry.end()).collect();
        self.drop_parts(&places, &removed, *flow);
    }

    /// Inserts a line behind the line of a byte, indented like another byte.
    fn line_after(&mut self, end: usize, like: usize, text: &str) {
        let tree = self.tree;
        let at = tree.line_end(end);
        self.insert(at, format!("{}{}{text}", tree.line_break(), tree.indent(like)));
    }

    /// Inserts a line before a key or a dash, which takes its place.
    fn line_before(&mut self, start: usize, text: &str) {
        let tree = self.tree;
        self.insert(start, format!("{text}{}{}", tree.line_break(), tree.indent(start)));
    }

    /// Removes items of a list and adds others at its end. `colon` is the byte behind the colon of its key.
    pub(super) fn items(&mut self, colon: usize, list: &Node, removed: &BTreeSet<usize>, added: &[String]) {
        let Body::List { flow, items } = &list.body else { return };
        let kept = (0..items.len()).filter(|at| !removed.contains(at)).max();
        let (Some(end), Some(first)) = (kept.map(|at| items[at].value.range.end), items.first()) else {
            let text = format!("[{}]", added.join(", "));
            if *flow {
                self.replace(self.flow_start(list)..list.range.end, text);
            } else if let Some(first) = items.first().filter(|_| !added.is_empty()) {
                let between = format!("{}{}- ", self.tree.line_break(), self.tree.indent(first.start));
                self.replace(first.start..list.range.end, format!("- {}", added.join(&between)));
            } else {
                self.block(colon, list, " []");
            }
            return;
        };
        if *flow {
            for item in added {
                self.insert(end, format!(", {item}"));
            }
        } else {
            for item in added {
                self.line_after(end, first.start, &format!("- {item}"));
            }
        }
        let places: Vec<Range<usize>> = items.iter().map(Item::range).collect();
        self.drop_parts(&places, removed, *flow);
    }

    /// Returns the bracket of a flow list.
    fn flow_start(&self, list: &Node) -> usize {
        self.tree.text[list.range.clone()].find('[').map_or(list.range.start, |at| list.range.start + at)
    }

    /// Removes some entries or items; at least one stays.
    fn drop_parts(&mut self, places: &[Range<usize>], removed: &BTreeSet<usize>, flow: bool) {
        let tree = self.tree;
        for at in removed {
            let Some(this) = places.get(*at) else { continue };
            let next = places.get(at + 1);
            let has_kept_before = (0..*at).any(|before| !removed.contains(&before));
            let before = at.checked_sub(1).and_then(|before| places.get(before));
            let rest = tree.text[this.end..tree.line_end(this.end)].trim_start();
            let rest = if flow { rest.strip_prefix(',').unwrap_or(rest).trim_start() } else { rest };
            let alone = tree.begins_line(this.start) && (rest.is_empty() || rest.starts_with('#'));
            if alone {
                self.lines(tree.line_start(this.start), this.end.max(this.start + 1));
            } else if !flow {
                // The first entry of an item, on the line of its dash.
                let Some(next) = next else { continue };
                let gap = &tree.text[this.end..next.start];
                let end = if gap.trim().is_empty() { next.start } else { next_word(tree.text, this.end) };
                self.replace(this.start..end, String::new());
            } else if let Some(before) = before.filter(|_| has_kept_before) {
                if tree.text[before.end..this.start].contains('\n') {
                    let end = this.end + tree.text[this.end..].find(',').map_or(0, |comma| comma + 1);
                    let end = if rest.is_empty() || next.is_none() { this.end } else { end };
                    self.replace(this.start..end, String::new());
                } else {
                    self.replace(before.end..this.end, String::new());
                }
            } else if let Some(next) = next {
                self.replace(this.start..next.start, String::new());
            }
        }
    }

    /// Returns a part of the text after the replacements that begin in it; `None` if two of them overlap.
    pub(super) fn part(mut self, range: Range<usize>) -> Option<String> {
        self.edits.retain(|(edit, _)| range.start <= edit.start && edit.start <= range.end);
        self.edits.sort_by_key(|(edit, _)| (edit.start, edit.end));
        let mut out = String::with_capacity(range.len());
        let mut at = range.start;
        for (edit, text) in &self.edits {
            out.push_str(self.tree.text.get(at..edit.start)?);
            out.push_str(text);
            at = edit.end;
        }
        if at > range.end {
            // The last lines are gone, with the break that follows the part.
            out.truncate(out.trim_end().len());
        } else {
            out.push_str(self.tree.text.get(at..range.end)?);
        }
        Some(out)
    }

    /// Returns the text after all replacements; `None` if two of them overlap.
    ///
    /// Where an anchor is removed, the first alias that is left takes its value over.
    pub(super) fn text(mut self) -> Option<String> {
        let tree = self.tree;
        let removed: Vec<Range<usize>> =
            self.edits.iter().map(|(range, _)| range.clone()).filter(|range| !range.is_empty()).collect();
        let is_removed = |node: &Node| removed.iter().any(|range| range.contains(&node.range.start));
        let mut lost: Vec<&Node> = Vec::new();
        tree.walk(&mut |node| {
            if node.anchor > 0 && is_removed(node) {
                lost.push(node);
            }
        });
        for node in lost {
            let mut heir: Option<&Node> = None;
            tree.walk(&mut |other| {
                if heir.is_none() && matches!(other.body, Body::Alias(anchor) if anchor == node.anchor) {
                    heir = Some(other).filter(|other| !is_removed(other));
                }
            });
            if let Some(heir) = heir {
                self.replace(heir.range.clone(), tree.flow(node, true));
            }
        }
        self.part(0..tree.text.len())
    }
}

/// Returns the next byte that is no blank of the same line.
fn next_word(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    from + rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

impl Entry {
    /// Returns the end of its value.
    fn end(&self) -> usize {
        self.value.range.end.max(self.colon)
    }
}

impl Item {
    /// Returns its place, with its dash.
    fn range(&self) -> Range<usize> {
        self.start..self.value.range.end.max(self.start + 1)
    }
}
