//! Digests, by which a saved plan becomes stale.

use std::cell::RefCell;
use std::io;

use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest, Sha256};

use crate::model::text::hex;

/// Returns true if a plan from a file has the digest, which covers keys that this program does not know, too.
///
/// Earlier programs hashed the length of the text before the text.
pub fn is_of(digest: &str, plan: &Json) -> bool {
    let plan = without_digest(plan);
    canonical(&plan) == digest || sha256([plan.to_string().as_bytes()]) == digest
}

/// Returns the digest of a plan from a file.
pub fn of_json(plan: &Json) -> String {
    canonical(&without_digest(plan))
}

fn without_digest(plan: &Json) -> Json {
    let mut plan = plan.clone();
    // The signature is of the digest.
    if let Some(digests) = plan.get_mut("digests").and_then(Json::as_object_mut) {
        digests.remove("signature");
    }
    if let Some(digest) = plan.pointer_mut("/digests/plan") {
        *digest = Json::String(String::new());
    }
    plan
}

/// Returns the SHA-256 of parts in hex.
///
/// Each part is preceded by its length, so that no two lists of parts collide.
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// Returns the SHA-256 of a value's compact JSON, with the keys of each nested object in order.
///
/// The outermost object must have its keys in order, so that it is hashed while it is written. No part of the text is
/// kept longer than the largest value in it.
pub(super) fn canonical(value: &impl Serialize) -> String {
    let text = RefCell::new(KeySorter::default());
    let mut serializer = Serializer::with_formatter(Sorted(&text), Sorted(&text));
    // Only a map with a key that is no text could fail.
    let _ = value.serialize(&mut serializer);
    hex(&text.into_inner().hasher.finalize())
}

/// The text of the open objects, and the digest of all text before.
#[derive(Default)]
struct KeySorter {
    hasher: Sha256,
    /// The open objects, the outermost one first.
    open: Vec<Object>,
    /// The text that is not hashed yet.
    text: Vec<u8>,
    /// The entries of an object in order.
    sorted: Vec<u8>,
    /// Lists of entries for the next objects.
    spare: Vec<Vec<Entry>>,
}

/// An object that is being written.
#[derive(Default)]
struct Object {
    /// The place of its first entry in the text.
    start: usize,
    entries: Vec<Entry>,
}

/// The place of an entry, `"key":value`, in the text.
struct Entry {
    start: usize,
    key_end: usize,
    end: usize,
}

/// Bytes that are hashed at once.
const BLOCK: usize = 1 << 16;

impl KeySorter {
    fn add(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
        if self.text.len() >= BLOCK && self.open.len() <= 1 {
            self.hash();
        }
    }

    fn hash(&mut self) {
        self.hasher.update(&self.text);
        self.text.clear();
    }

    fn begin(&mut self) {
        self.add(b"{");
        let entries = self.spare.pop().unwrap_or_default();
        self.open.push(Object { start: self.text.len(), entries });
    }

    fn begin_entry(&mut self, first: bool) {
        let at = self.text.len();
        if self.open.len() == 1 {
            self.add(if first { b"" } else { b"," });
        } else if let Some(object) = self.open.last_mut() {
            object.entries.push(Entry { start: at, key_end: at, end: at });
        }
    }

    /// Returns the entry that is being written; none for the outermost object.
    fn entry(&mut self) -> Option<&mut Entry> {
        self.open.last_mut()?.entries.last_mut()
    }

    fn end_key(&mut self) {
        let at = self.text.len();
        if let Some(entry) = self.entry() {
            entry.key_end = at;
        }
    }

    fn end_entry(&mut self) {
        let at = self.text.len();
        if let Some(entry) = self.entry() {
            entry.end = at;
        }
    }

    fn end(&mut self) {
        let Some(Object { start, mut entries }) = self.open.pop() else { return };
        let text = &self.text;
        // Without the quotation marks, so that a key orders before its continuations.
        entries.sort_by_key(|entry| &text[entry.start + 1..entry.key_end - 1]);
        self.sorted.clear();
        for (at, entry) in entries.drain(..).enumerate() {
            if at > 0 {
                self.sorted.push(b',');
            }
            self.sorted.extend_from_slice(&text[entry.start..entry.end]);
        }
        self.spare.push(entries);
        if !self.open.is_empty() {
            self.text.truncate(start);
            self.text.extend_from_slice(&self.sorted);
        }
        self.add(b"}");
        if self.open.is_empty() {
            self.hash();
        }
    }
}

/// The writer of a sorted text, and the formatter that tells it where objects and their entries begin and end.
struct Sorted<'a>(&'a RefCell<KeySorter>);

impl io::Write for Sorted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().add(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().add(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Formatter for Sorted<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().begin();
        Ok(())
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        self.0.borrow_mut().begin_entry(first);
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().end_key();
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().end_entry();
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.borrow_mut().end();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_hashed_in_order_and_a_key_goes_before_its_continuations() {
        #[derive(Serialize)]
        struct Nested {
            b: [(); 1],
            a: Option<u8>,
        }
        #[derive(Serialize)]
        struct Outer {
            outer: Nested,
        }
        let value = json!({ "a b": 1, "a\"": [], "a": { "z": {}, "y": "\"" }, "": [{ "b": 1, "a": 2 }, {}] });
        let text = value.to_string();
        assert_eq!(canonical(&value), hex(&Sha256::digest(text.as_bytes())), "{text}");
        let outer = json!({ "outer": { "a": null, "b": [null] } });
        assert_eq!(canonical(&Outer { outer: Nested { b: [()], a: None } }), canonical(&outer));
    }

    #[test]
    fn a_digest_of_an_earlier_program_is_valid() {
        let plan = json!({ "changes": [], "digests": { "plan": "x", "signature": "y" } });
        let earlier = sha256([r#"{"changes":[],"digests":{"plan":""}}"#.as_bytes()]);
        assert!(is_of(&earlier, &plan) && is_of(&of_json(&plan), &plan) && !is_of("x", &plan));
    }
}
