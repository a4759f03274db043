//! Lines of a run's files, for diagnostics.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::language::Language;
use crate::model::source::{File, Source};
use crate::storage::files::Manifest;

/// Files of a run, from which a diagnostic shows its line.
///
/// The text of a sound file is dropped after it is parsed, since a large roster would take much memory. It is read
/// again when a diagnostic shows one of its lines.
#[derive(Default)]
pub(crate) struct SourceCache {
    files: Vec<File>,
    found: Vec<Manifest>,
    language: Option<Language>,
    lines: RefCell<BTreeMap<Arc<str>, Vec<String>>>,
}

impl SourceCache {
    /// Returns a cache of files that are held whole.
    pub(crate) fn new(files: Vec<File>) -> Self {
        Self { files, ..Self::default() }
    }

    /// Returns a cache of files, and of the places of the manifests among them.
    pub(super) fn found(files: Vec<File>, found: Vec<Manifest>) -> Self {
        Self { found, ..Self::new(files) }
    }

    /// Returns the cache of a workspace that names a language.
    #[must_use]
    pub(super) fn speaking(self, language: Option<Language>) -> Self {
        Self { language, ..self }
    }

    /// Returns the language that the workspace names.
    pub(crate) fn language(&self) -> Option<Language> {
        self.language
    }

    /// Returns the manifests.
    pub(crate) fn manifests(&self) -> &[Manifest] {
        &self.found
    }

    /// Returns the text of a line. A name is never opened: two files may have one display name.
    pub(crate) fn line(&self, source: &Source) -> Option<String> {
        let mut lines = self.lines.borrow_mut();
        if !lines.contains_key(&*source.file) {
            let file = self.files.iter().find(|file| *file.name == *source.file);
            let file = file.filter(|file| !file.bytes.is_empty());
            let again = match file {
                Some(_) => None,
                None => Some(self.found.iter().find(|found| *found.name == *source.file)?.read().ok()?),
            };
            let file = file.or(again.as_ref())?;
            lines.insert(Arc::clone(&file.name), split(&file.bytes));
        }
        let line = lines.get(&*source.file)?.get(usize::try_from(source.line).ok()?.checked_sub(1)?)?;
        (line.len() <= LONGEST_LINE).then(|| line.clone())
    }
}

/// Longest line to show, in bytes: each of many errors would scan all of it.
const LONGEST_LINE: usize = 64 * 1024;

/// Splits a text into lines like the YAML reader. Each `\n`, `\r\n` and lone `\r` ends a line.
fn split(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.split(['\n', '\r']).map(str::to_owned).collect()
}
