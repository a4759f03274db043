//! Digests, by which a saved plan becomes stale.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::{Error, Value as Json};
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
    let mut text = Canonical::default();
    // Nothing here fails, and no type of the model fails to serialize.
    let _ = value.serialize(&mut text);
    text.hash();
    hex(&text.hasher.finalize())
}

/// A serializer of canonical JSON: the text that is not hashed yet, and the digest of all text before.
///
/// Structs do not tell their keys in order, so the entries of an object are put in order when it ends.
#[derive(Default)]
struct Canonical {
    hasher: Sha256,
    text: Vec<u8>,
    /// The number of open objects.
    depth: usize,
    /// The entries of the open objects except the outermost one, by object.
    entries: Vec<Entry>,
    /// The entries of an object in order.
    sorted: Vec<u8>,
}

/// The place of an entry, `"key":value`, in the text.
struct Entry {
    /// The first bytes of the key, as a number of the same order.
    prefix: u64,
    start: usize,
    key_end: usize,
    end: usize,
}

impl Entry {
    /// Returns the key without the quotation marks, so that it orders before its continuations.
    fn key<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start + 1..self.key_end - 1]
    }
}

/// Bytes that are hashed at once.
const BLOCK: usize = 1 << 16;

impl Canonical {
    fn hash(&mut self) {
        self.hasher.update(&self.text);
        self.text.clear();
    }

    fn begin(&mut self, open: u8) -> Compound<'_> {
        self.text.push(open);
        let (start, entries) = (self.text.len(), self.entries.len());
        Compound { to: self, is_first: true, is_variant: false, start, entries }
    }

    fn begin_list(&mut self) -> Compound<'_> {
        self.begin(b'[')
    }

    fn begin_object(&mut self) -> Compound<'_> {
        self.depth += 1;
        self.begin(b'{')
    }

    /// Begins the object of a variant, which has one entry.
    fn begin_variant(&mut self, variant: &str) -> Result<(), Error> {
        self.depth += 1;
        self.text.push(b'{');
        self.serialize_str(variant)?;
        self.text.push(b':');
        Ok(())
    }

    fn end_variant(&mut self) {
        self.depth -= 1;
        self.text.push(b'}');
    }

    /// Puts the entries of an object that begins at a place of the text in order.
    fn sort(&mut self, start: usize, entries: usize) {
        let text = &self.text;
        let order = |a: &Entry, b: &Entry| a.prefix.cmp(&b.prefix).then_with(|| a.key(text).cmp(b.key(text)));
        self.entries[entries..].sort_by(order);
        self.sorted.clear();
        for entry in self.entries.drain(entries..) {
            if !self.sorted.is_empty() {
                self.sorted.push(b',');
            }
            self.sorted.extend_from_slice(&text[entry.start..entry.end]);
        }
        self.text.truncate(start);
        self.text.extend_from_slice(&self.sorted);
    }
}

/// A list or an object that is being written.
struct Compound<'a> {
    to: &'a mut Canonical,
    is_first: bool,
    /// True for the content of a variant, whose object ends with it.
    is_variant: bool,
    /// The place of its content in the text.
    start: usize,
    /// The place of its first entry.
    entries: usize,
}

impl Compound<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.to.text.push(b',');
        }
        if self.to.depth <= 1 && self.to.text.len() >= BLOCK {
            self.to.hash();
        }
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.separate();
        value.serialize(&mut *self.to)
    }

    fn key(&mut self, key: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if self.to.depth == 1 {
            self.separate();
        }
        let start = self.to.text.len();
        key.serialize(&mut *self.to)?;
        let text = &mut self.to.text;
        if text.get(start) != Some(&b'"') {
            // A number as a key becomes a text, as in `serde_json`.
            text.insert(start, b'"');
            text.push(b'"');
        }
        let key_end = text.len();
        text.push(b':');
        if self.to.depth > 1 {
            let prefix = text[start + 1..key_end - 1].iter().chain(&[0; 8]).take(8);
            let prefix = prefix.fold(0, |prefix, byte| prefix << 8 | u64::from(*byte));
            self.to.entries.push(Entry { prefix, start, key_end, end: key_end });
        }
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(&mut *self.to)?;
        if self.to.depth > 1
            && let Some(entry) = self.to.entries.last_mut()
        {
            entry.end = self.to.text.len();
        }
        Ok(())
    }

    fn end_list(self) {
        self.to.text.push(b']');
        if self.is_variant {
            self.to.end_variant();
        }
    }

    fn end_object(self) {
        if self.to.depth > 1 {
            self.to.sort(self.start, self.entries);
        }
        self.to.depth -= 1;
        self.to.text.push(b'}');
        if self.is_variant {
            self.to.end_variant();
        }
    }
}

/// Writes values that hold no others.
macro_rules! plain {
    ($($write:ident($ty:ty))*) => {
        $(fn $write(self, value: $ty) -> Result<(), Error> {
            serde_json::Serializer::new(&mut self.text).$write(value)
        })*
    };
}

impl<'a> Serializer for &'a mut Canonical {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    plain! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.text.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &str, _: u32, variant: &str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &str,
        _: u32,
        variant: &str,
        value: &T,
    ) -> Result<(), Error> {
        self.begin_variant(variant)?;
        value.serialize(&mut *self)?;
        self.end_variant();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.begin_list())
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.begin_list())
    }

    fn serialize_tuple_struct(self, _: &str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.begin_list())
    }

    fn serialize_tuple_variant(
        self,
        _: &str,
        _: u32,
        variant: &str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        self.begin_variant(variant)?;
        Ok(Compound { is_variant: true, ..self.begin_list() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.begin_object())
    }

    fn serialize_struct(self, _: &str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.begin_object())
    }

    fn serialize_struct_variant(
        self,
        _: &str,
        _: u32,
        variant: &str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        self.begin_variant(variant)?;
        Ok(Compound { is_variant: true, ..self.begin_object() })
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        serde_json::Serializer::new(&mut self.text).collect_str(value)
    }
}

/// Implements the traits of lists and of structs.
macro_rules! compounds {
    ($($of:ident: $list:ident)*; $($object:ident)*) => {
        $(impl ser::$of for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn $list<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.end_list();
                Ok(())
            }
        })*
        $(impl ser::$object for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.key(key)?;
                self.value(value)
            }

            fn end(self) -> Result<(), Error> {
                self.end_object();
                Ok(())
            }
        })*
    };
}

compounds! {
    SerializeSeq: serialize_element SerializeTuple: serialize_element
    SerializeTupleStruct: serialize_field SerializeTupleVariant: serialize_field;
    SerializeStruct SerializeStructVariant
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.end_object();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
    fn every_shape_of_a_value_is_hashed_as_its_json() {
        #[derive(Serialize)]
        enum Shape {
            Unit,
            Newtype(f32),
            Tuple(char, bool),
            Struct { long_key_2: Option<Unit>, long_key_1: BTreeMap<i8, String> },
        }
        #[derive(Serialize)]
        struct Unit;
        #[derive(Serialize)]
        struct Outer {
            outer: [Shape; 4],
        }
        let long_key_1 = [(-1, "\u{1}\"张".to_owned()), (20, String::new())].into();
        let shape = Shape::Struct { long_key_2: Some(Unit), long_key_1 };
        let outer = Outer { outer: [shape, Shape::Unit, Shape::Newtype(0.5), Shape::Tuple('"', true)] };
        // The keys of `Json` are in order.
        let text = json!({ "outer": outer.outer }).to_string();
        assert_eq!(canonical(&outer), hex(&Sha256::digest(text.as_bytes())), "{text}");
    }

    #[test]
    fn a_digest_of_an_earlier_program_is_valid() {
        let plan = json!({ "changes": [], "digests": { "plan": "x", "signature": "y" } });
        let earlier = sha256([r#"{"changes":[],"digests":{"plan":""}}"#.as_bytes()]);
        assert!(is_of(&earlier, &plan) && is_of(&of_json(&plan), &plan) && !is_of("x", &plan));
    }
}
