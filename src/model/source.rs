//! The place of a value: file, line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::id::safe;

/// A place in a manifest or a workspace file.
///
/// Lines and columns count from 1; columns count Unicode characters, not bytes, as editors do.
/// `file` is the path as it is shown to people: relative to the workspace folder, with `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Source {
    /// Path shown to people.
    pub file: FileName,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// Returns a place in `file`.
    pub fn new(file: &str, line: u32, column: u32) -> Self {
        FileName::from(file).at(line, column)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A pull request may bring a file of any name.
        write!(f, "{}:{}:{}", safe(&self.file), self.line, self.column)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The path of a file as shown to people: relative to the workspace folder, with `/`.
///
/// A roster holds a place for every value, and a handful of files. So each name is kept once, for the life of the
/// program, and a place holds its number, from 1.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(NonZero<u32>);

/// The numbers of all names that were ever used.
static NUMBERS: Mutex<BTreeMap<&'static str, FileName>> = Mutex::new(BTreeMap::new());

/// The names by number. List `n` holds the `2^n` names from number `2^n` on, so that no name ever moves and no reader
/// takes a lock.
static NAMES: [OnceLock<Box<[OnceLock<&'static str>]>>; 32] = [const { OnceLock::new() }; 32];

impl FileName {
    /// Returns a place in this file.
    pub fn at(&self, line: u32, column: u32) -> Source {
        Source { file: self.clone(), line, column }
    }

    /// Returns the cell of the name.
    fn cell(&self) -> Option<&'static OnceLock<&'static str>> {
        let list = self.0.ilog2();
        let names =
            NAMES.get(list as usize)?.get_or_init(|| (0..1 << list).map(|_| OnceLock::new()).collect());
        names.get(self.0.get() as usize - (1 << list))
    }
}

impl From<&str> for FileName {
    fn from(name: &str) -> Self {
        let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = numbers.get(name) {
            return known.clone();
        }
        let number = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let file = Self(NonZero::<u32>::MIN.saturating_add(number));
        let kept: &'static str = Box::leak(name.into());
        if let Some(cell) = file.cell() {
            cell.get_or_init(|| kept);
        }
        numbers.insert(kept, file.clone());
        file
    }
}

impl Deref for FileName {
    type Target = str;

    fn deref(&self) -> &str {
        self.cell().and_then(OnceLock::get).copied().unwrap_or_default()
    }
}

impl PartialOrd for FileName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FileName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if self == other { std::cmp::Ordering::Equal } else { str::cmp(self, other) }
    }
}

impl std::hash::Hash for FileName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        str::hash(self, state);
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for FileName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from(name.as_str()))
    }
}

impl schemars::JsonSchema for FileName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        <Arc<str>>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Arc<str>>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}

/// A manifest file.
pub struct File {
    /// The path as shown to people: relative to the workspace folder, with `/`.
    pub name: Arc<str>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_places_order_by_its_text() {
        let place = Source::new("b.yaml", 1, 2);
        assert_eq!(place, Source::new(&String::from("b.yaml"), 1, 2));
        assert!(Source::new("a.yaml", 9, 9) < place);
        assert!(place < Source::new("b.yaml", 1, 3));
        assert_eq!(size_of::<Option<Source>>(), 12);
    }
}
