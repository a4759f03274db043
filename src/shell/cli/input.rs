//! A workspace and its manifests, read and checked; and what a command needs of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::connect::Links;
pub(super) use super::connect::vendors;
use super::exit::Fail;
use crate::manifest::{self, File};
use crate::model::desired::Desired;
use crate::model::diagnostic::Diagnostics;
use crate::model::source::Source;
use crate::model::workspace::Workspace;
use crate::plan::digest;
use crate::provider::SPECS;
use crate::shell::files::{self, Place};
use crate::shell::secrets::Secrets;

/// The files of a run, for showing their lines.
#[derive(Default)]
pub(super) struct Input {
    files: Vec<File>,
    lines: RefCell<BTreeMap<Arc<str>, Vec<String>>>,
}

impl Input {
    pub(super) fn new(files: Vec<File>) -> Self {
        Self { files, lines: RefCell::default() }
    }

    /// Files in which nothing is wrong: a large roster's text would be kept for nothing, so a file is read again
    /// when a line of it has to be shown after all.
    fn sound(mut files: Vec<File>) -> Self {
        for file in &mut files {
            file.bytes = Vec::new();
        }
        Self::new(files)
    }

    /// Names of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| &*file.name)
    }

    /// The text of a line.
    pub(super) fn line(&self, source: &Source) -> Option<String> {
        let mut lines = self.lines.borrow_mut();
        if !lines.contains_key(&*source.file) {
            let file = self.files.iter().find(|file| *file.name == *source.file)?;
            let again = if file.bytes.is_empty() { fs::read(&*file.name).ok() } else { None };
            lines.insert(Arc::clone(&file.name), split(again.as_ref().unwrap_or(&file.bytes)));
        }
        lines.get(&*source.file)?.get(usize::try_from(source.line).ok()?.checked_sub(1)?).cloned()
    }
}

/// Lines as the YAML reader counts them: each of `\n`, `\r\n` and a lone `\r` ends one.
fn split(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.split(['\n', '\r']).map(str::to_owned).collect()
}

/// A workspace with its manifests.
pub(super) struct Loaded {
    /// Where it lies.
    pub(super) place: Place,
    /// The workspace.
    pub(super) workspace: Workspace,
    /// What the manifests ask for.
    pub(super) desired: Desired,
    /// The files.
    pub(super) input: Input,
    /// Digest of the workspace file and the manifests.
    pub(super) digest: String,
    /// The stores.
    pub(super) secrets: Secrets,
    /// The connections at work.
    pub(super) links: Links,
}

/// Reads a workspace and its manifests.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn load(argument: &Path) -> Result<Loaded, Fail> {
    load_beside(argument, 0)
}

/// The same, while so many processors have other work: each thread more holds on to memory of its own.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn load_beside(argument: &Path, busy: usize) -> Result<Loaded, Fail> {
    let place = Place::find(argument).map_err(Fail::error)?;
    let bytes = fs::read(&place.file)
        .map_err(|error| Fail::error(format!("{} cannot be read: {error}", place.shown)))?;
    let own = |bytes: &[u8]| File { name: Arc::clone(&place.shown), bytes: bytes.to_vec() };
    let fail = |out: Diagnostics, files: Vec<File>| Fail::Input(out.into_sorted(), Input::new(files));
    let workspace = match manifest::workspace::load(&place.shown, &bytes, SPECS) {
        Ok(workspace) => workspace,
        Err(out) => return Err(fail(out, vec![own(&bytes)])),
    };
    let mut files = match files::manifests(&place, &workspace) {
        Ok(files) => files,
        Err(out) => return Err(fail(out, vec![own(&bytes)])),
    };
    let said = side_by_side(&files, busy);
    files.insert(0, own(&bytes));
    let (resolved, digest) = thread::scope(|scope| {
        let digest = || digest_of(&files, &files::shown_folder(&place));
        let aside = (busy == 0).then(|| scope.spawn(digest));
        let resolved = manifest::resolve(said, &workspace);
        let digest = aside.map_or_else(digest, |aside| aside.join().unwrap_or_else(|p| resume_unwind(p)));
        (resolved, digest)
    });
    let desired = match resolved {
        Ok(desired) => desired,
        Err(out) => return Err(fail(out, files)),
    };
    let secrets = Secrets::of(&workspace, &place.folder);
    Ok(Loaded {
        place,
        workspace,
        desired,
        input: Input::sound(files),
        digest,
        secrets,
        links: Links::default(),
    })
}

/// The digest of a workspace file and its manifests.
fn digest_of(files: &[File], folder: &str) -> String {
    // Names are relative to the workspace, so that a plan made from another folder holds too.
    digest::sha256(files.iter().flat_map(|file| {
        let name = file.name.strip_prefix(folder).unwrap_or(&file.name);
        [name.as_bytes(), file.bytes.as_slice()]
    }))
}

/// Reads manifests, on as many processors as there are where it is worth a thread.
fn side_by_side(files: &[File], busy: usize) -> Vec<manifest::Said> {
    /// What one thread reads in a few milliseconds.
    const WORTH_A_THREAD: usize = 1 << 20;
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.saturating_sub(busy).min(bytes / WORTH_A_THREAD).min(files.len());
    if threads < 2 {
        return files.iter().map(manifest::read).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut read = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(file) = files.get(at)
        {
            read.push((at, manifest::read(file)));
        }
        read
    };
    let mut read: Vec<(usize, manifest::Said)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let others = others.into_iter().flat_map(|other| {
            // A panic of a thread is one of the program.
            other.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        others.chain(mine).collect()
    });
    read.sort_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, said)| said).collect()
}

/// Reads a workspace for a command that asks what is live and not what the manifests say: they may be wrong,
/// or not there yet.
///
/// # Errors
/// All that is wrong with the workspace file.
pub(super) fn bare(argument: &Path) -> Result<Loaded, Fail> {
    let (place, workspace) = workspace(argument)?;
    let files = files::manifests(&place, &workspace).unwrap_or_default();
    let secrets = Secrets::of(&workspace, &place.folder);
    let (desired, digest) = (Desired::default(), String::new());
    let links = Links::default();
    Ok(Loaded { place, workspace, desired, input: Input::new(files), digest, secrets, links })
}

/// Reads a workspace without its manifests.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn workspace(argument: &Path) -> Result<(Place, Workspace), Fail> {
    let place = Place::find(argument).map_err(Fail::error)?;
    let bytes = fs::read(&place.file)
        .map_err(|error| Fail::error(format!("{} cannot be read: {error}", place.shown)))?;
    match manifest::workspace::load(&place.shown, &bytes, SPECS) {
        Ok(workspace) => Ok((place, workspace)),
        Err(out) => {
            let file = File { name: Arc::clone(&place.shown), bytes };
            Err(Fail::Input(out.into_sorted(), Input::new(vec![file])))
        }
    }
}
