//! Prints the syntax tree in the canonical layout.

use unicode_width::UnicodeWidthStr;

use super::order::Kind;
use super::syntax_tree::{Body, Collection, Document, Entry, Line, Node};

/// Longest line of a collection in braces, in columns.
const WIDTH: usize = 120;

/// Prints documents.
pub(super) fn print(documents: &[Document]) -> String {
    let mut out = String::new();
    for Document { marked, head, root, foot } in documents {
        if *marked {
            out.push_str("---\n");
        }
        let begins = out.len();
        comments(&mut out, head, 0, begins);
        if let Body::Collection(map) = &root.body {
            let blank = !head.is_empty() && map.entries.first().is_some_and(|entry| entry.blank);
            if blank {
                out.push('\n');
            }
            block(&mut out, map, 0, Kind::Document, false);
        }
        comments(&mut out, foot, 0, begins);
    }
    out
}

/// Prints comments on lines of their own. Prints no blank line at the beginning of the text.
fn comments(out: &mut String, lines: &[Line], indent: usize, begins: usize) {
    for line in lines {
        if line.blank && out.len() > begins {
            out.push('\n');
        }
        out.push_str(&format!("{:indent$}{}\n", "", line.text));
    }
}

/// Returns the entries in the order of the reference.
fn ordered(collection: &Collection, kind: Kind) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = collection.entries.iter().collect();
    if collection.is_map {
        entries.sort_by_key(|entry| entry.key.as_ref().map_or(0, |(name, _)| kind.place(name)));
    }
    entries
}

/// Prints a collection, an entry a line. With `begun` the line already holds the dash of a list's item.
fn block(out: &mut String, collection: &Collection, indent: usize, kind: Kind, begun: bool) {
    for (at, entry) in ordered(collection, kind).into_iter().enumerate() {
        let inline = begun && at == 0;
        if !inline {
            let blank = entry.lead.first().map_or(entry.blank, |line| line.blank);
            if blank && at > 0 {
                out.push('\n');
            }
            let begins = out.len();
            comments(out, &lead(entry, indent, kind), indent, begins);
            if entry.blank && !entry.lead.is_empty() {
                out.push('\n');
            }
            out.push_str(&" ".repeat(indent));
        }
        match &entry.key {
            Some((name, written)) => {
                out.push_str(&format!("{written}:"));
                value(out, entry, indent, indent + written.width() + 2, kind.child(name));
            }
            None => item(out, entry, indent, kind.item()),
        }
    }
    let begins = out.len() + 1;
    let foot = &collection.foot;
    comments(out, foot, indent, if foot.is_empty() { begins } else { 0 });
}

/// Returns the comments above an entry. They include those without a line behind the dash of an item.
fn lead(entry: &Entry, indent: usize, kind: Kind) -> Vec<Line> {
    let mut lines = entry.lead.clone();
    if entry.key.is_some() {
        return lines;
    }
    if let Body::Collection(collection) = &entry.value.body
        && (!collection.flow || !fits(&entry.value, indent + 2, kind.item()))
    {
        if let Some(first) = ordered(collection, kind.item()).first() {
            lines.extend(first.lead.iter().map(|line| Line { blank: false, text: line.text.clone() }));
        }
        lines.extend(entry.trail.iter().map(|(_, text)| Line { blank: false, text: text.clone() }));
    }
    lines
}

fn item(out: &mut String, entry: &Entry, indent: usize, kind: Kind) {
    match &entry.value.body {
        Body::Collection(collection) if !collection.flow || !fits(&entry.value, indent + 2, kind) => {
            out.push_str("- ");
            block(out, collection, indent + 2, kind, true);
        }
        Body::Literal(mark, lines) => literal(out, &format!("- {mark}"), lines, indent + 2),
        Body::Collection(_) | Body::Scalar(_) => {
            out.push_str(&format!("- {}", flow(&entry.value, kind)));
            end(out, entry);
        }
    }
}

fn value(out: &mut String, entry: &Entry, indent: usize, column: usize, kind: Kind) {
    match &entry.value.body {
        Body::Collection(collection) if !collection.flow || !fits(&entry.value, column, kind) => {
            end(out, entry);
            block(out, collection, indent + 2, kind, false);
        }
        Body::Literal(mark, lines) => literal(out, &format!(" {mark}"), lines, indent + 2),
        Body::Collection(_) | Body::Scalar(_) => {
            out.push_str(&format!(" {}", flow(&entry.value, kind)));
            end(out, entry);
        }
    }
}

/// Prints a text below its mark.
fn literal(out: &mut String, mark: &str, lines: &[String], indent: usize) {
    out.push_str(mark);
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&format!("{:indent$}{line}", ""));
        }
    }
    out.push('\n');
}

/// Ends a line with its trailing comment.
fn end(out: &mut String, entry: &Entry) {
    if let Some((gap, text)) = &entry.trail {
        out.push_str(&format!("{:gap$}{text}", ""));
    }
    out.push('\n');
}

/// Returns true if a collection stays between braces. An empty one has no other form.
fn fits(node: &Node, column: usize, kind: Kind) -> bool {
    match &node.body {
        Body::Collection(collection) => {
            let nested = collection.entries.iter().any(|entry| match &entry.value.body {
                Body::Collection(inner) => !collection.is_map && !inner.is_map,
                Body::Scalar(_) | Body::Literal(..) => false,
            });
            collection.entries.is_empty() || nested || column + flow(node, kind).width() <= WIDTH
        }
        Body::Scalar(_) | Body::Literal(..) => true,
    }
}

/// Returns a value on one line.
fn flow(node: &Node, kind: Kind) -> String {
    let collection = match &node.body {
        Body::Scalar(written) => return written.clone(),
        // A text over several lines never stands between braces.
        Body::Literal(mark, lines) => return format!("{mark} {}", lines.join(" ")),
        Body::Collection(collection) => collection,
    };
    let parts: Vec<String> = ordered(collection, kind)
        .into_iter()
        .map(|entry| match &entry.key {
            Some((name, written)) => format!("{written}: {}", flow(&entry.value, kind.child(name))),
            None => flow(&entry.value, kind.item()),
        })
        .collect();
    match (collection.is_map, parts.is_empty()) {
        (true, true) => "{}".to_owned(),
        (true, false) => format!("{{ {} }}", parts.join(", ")),
        (false, _) => format!("[{}]", parts.join(", ")),
    }
}
