//! Loads a workspace and its manifests.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use jiff::Timestamp;

use super::clients::Clients;
use super::source_cache::SourceCache;
use crate::cli::error::CliError;
use crate::config;
use crate::config::workspace::Workspace;
use crate::manifest;
use crate::manifest::Dates;
use crate::model::date::{Date, Zone};
use crate::model::desired::Desired;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::digest;
use crate::model::id::ResourceId;
use crate::model::language::{Language, Localized, say};
use crate::model::problem::RosterProblem;
use crate::model::source::File;
use crate::runtime::clock;
use crate::storage::files;
use crate::storage::files::{Manifest, Place};
use crate::storage::journal::JournalPath;
use crate::storage::ledger;
use crate::storage::secrets::Secrets;
use crate::vendors::{self, Registry};

/// The vendors of this process.
static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Sets the vendors of this process, before the first workspace is loaded.
pub(crate) fn register(registry: Registry) {
    let _ = REGISTRY.set(registry);
}

/// Returns the vendors of this process.
pub(crate) fn registry() -> Registry {
    *REGISTRY.get_or_init(|| vendors::ALL)
}

/// Function that names another workspace of the run with an agent in the same tenant.
pub(crate) type Elsewhere = Box<dyn Fn(&ResourceId) -> Option<Arc<str>> + Send + Sync>;

/// A workspace with its manifests.
pub(crate) struct Loaded {
    /// Location of the workspace.
    pub(crate) place: Place,
    /// The workspace.
    pub(crate) workspace: Workspace,
    /// Desired state of the manifests, at the instant of the run.
    pub(crate) desired: Desired,
    /// Instant of the run.
    pub(crate) instant: Timestamp,
    /// Dates of the manifests; `None` without any.
    pub(crate) dates: Option<Box<Dates>>,
    /// The files, to show their lines.
    pub(crate) sources: SourceCache,
    /// Digest of the workspace file and the manifests.
    pub(crate) digest: String,
    /// The stores.
    pub(crate) secrets: Secrets,
    /// The clients of its connections.
    pub(crate) clients: Clients,
    /// Declarations of the run's other workspaces; `None` in a run of one.
    pub(crate) elsewhere: Option<Elsewhere>,
}

impl Loaded {
    /// Returns the location of its journal.
    pub(crate) fn journal(&self) -> JournalPath {
        JournalPath::for_workspace(&self.workspace, &self.place)
    }
}

/// Returns the instant of the run: the second of its first use, once a process.
pub(crate) fn instant() -> Timestamp {
    static INSTANT: OnceLock<Timestamp> = OnceLock::new();
    *INSTANT.get_or_init(|| Timestamp::from_second(clock::now_ms().div_euclid(1000)).unwrap_or_default())
}

/// Reads a workspace and its manifests.
///
/// # Errors
/// All errors in them.
pub(crate) fn load(argument: &Path) -> Result<Loaded, CliError> {
    load_beside(argument, 0, None)
}

/// Reads a workspace and its manifests while `busy` processors have other work. It starts fewer threads, since each
/// holds memory of its own. `at` is another instant than the run's.
///
/// # Errors
/// All errors in them.
pub(crate) fn load_beside(argument: &Path, busy: usize, at: Option<Date>) -> Result<Loaded, CliError> {
    let (place, workspace, bytes) = opened(argument)?;
    let instant = instant_at(at, &workspace)?;
    let own = |bytes: &[u8]| File { name: Arc::clone(&place.shown), bytes: bytes.to_vec() };
    let fail = |out: Diagnostics, files: Vec<File>, found| {
        CliError::Input(out.into_sorted(), SourceCache::found(files, found).speaking(workspace.language))
    };
    let found = match files::manifests(&place, &workspace) {
        Ok(found) => found,
        Err(out) => return Err(fail(out, vec![own(&bytes)], Vec::new())),
    };
    let read = match side_by_side(&found, busy) {
        Ok(read) => read,
        Err(out) => return Err(fail(out, vec![own(&bytes)], found)),
    };
    let (mut files, mut said) = (vec![own(&bytes)], Vec::new());
    let mut digests = vec![digest::sha256([bytes.as_slice()])];
    for one in read {
        files.push(one.file);
        said.push(one.said);
        digests.push(one.digest);
    }
    let manifest::Roster { desired, dates } = match manifest::resolve(said, &workspace, instant) {
        Ok(roster) => roster,
        Err(out) => return Err(fail(out, files, found)),
    };
    // Names are relative to the workspace, so that a plan from another folder is valid too.
    let folder = files::shown_folder(&place);
    let parts = files.iter().zip(&digests).flat_map(|(file, digest)| {
        let name = file.name.strip_prefix(&*folder).unwrap_or(&file.name);
        [name.as_bytes(), digest.as_bytes()]
    });
    let digest = digest::sha256(parts);
    let secrets = Secrets::open(&workspace, &place.folder);
    Ok(Loaded {
        sources: SourceCache::found(files, found).speaking(workspace.language),
        place,
        workspace,
        desired,
        instant,
        dates,
        digest,
        secrets,
        clients: Clients::default(),
        elsewhere: None,
    })
}

/// Returns the moment of `--at` in the zone of a workspace; the instant of the run without it.
///
/// # Errors
/// The zone skips the moment, or has it twice.
pub(crate) fn instant_at(at: Option<Date>, workspace: &Workspace) -> Result<Timestamp, CliError> {
    let Some(at) = at else { return Ok(instant()) };
    let utc = Zone::utc();
    at.first(workspace.time_zone.as_ref().unwrap_or(&utc)).map_err(|readings| {
        let problem = RosterProblem::TwoReadings { date: at.to_string(), readings };
        let diagnostic = Diagnostic::general(problem);
        CliError::Error(Localized::of(|language| {
            let (what, help) = (diagnostic.message_in(language), diagnostic.help_in(language));
            say!(language, "--at: {what}; {help}", "--at：{what}；{help}", "--at：{what}；{help}")
        }))
    })
}

/// Manifest that was read.
struct One {
    said: manifest::ParsedFile,
    /// The file, without its text if it is sound.
    file: File,
    /// Digest of the text.
    digest: String,
}

impl One {
    /// Reads a manifest, in pieces if there are threads for them.
    fn read(found: &Manifest, threads: usize) -> Result<Self, Box<Diagnostic>> {
        let mut file = found.read()?;
        let pieces = if threads > 1 { manifest::split(&file, threads) } else { Vec::new() };
        let said = with_threads(threads, &pieces, |piece| manifest::read_piece(&file, piece));
        let said = manifest::join(said).unwrap_or_else(|| manifest::read(&file));
        let digest = digest::sha256([file.bytes.as_slice()]);
        if said.is_sound() {
            file.bytes = Vec::new();
        }
        Ok(Self { said, file, digest })
    }
}

/// Returns the number of processors, at least 1.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Works on items with a number of threads. Returns the results in the order of the items.
pub(crate) fn with_threads<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    one: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(at)
        {
            done.push((at, one(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(items.len())).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            // A panic of a thread is a panic of the program.
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Reads manifests in their order, with one thread per processor if the size justifies it.
fn side_by_side(found: &[Manifest], busy: usize) -> Result<Vec<One>, Diagnostics> {
    /// Bytes that one thread reads in a few milliseconds.
    const WORTH_A_THREAD: u64 = 1 << 20;
    let bytes: u64 = found.iter().map(|manifest| manifest.length).sum();
    let worth = usize::try_from(bytes / WORTH_A_THREAD).unwrap_or(usize::MAX);
    let threads = processors().saturating_sub(busy).min(worth);
    let (mut all, mut unreadable) = (Vec::new(), Diagnostics::default());
    // A file of more than a thread's share keeps all of them busy.
    let share = bytes / u64::try_from(threads.max(1)).unwrap_or(1);
    let read = |manifest: &Manifest| One::read(manifest, if manifest.length > share { threads } else { 1 });
    for one in with_threads(threads, found, read) {
        match one {
            Ok(one) => all.push(one),
            Err(diagnostic) => unreadable.push(*diagnostic),
        }
    }
    if unreadable.is_empty() { Ok(all) } else { Err(unreadable) }
}

/// Reads a workspace for a command that needs live state only. Its manifests may be wrong or missing.
///
/// # Errors
/// All errors in the workspace file.
pub(crate) fn bare(argument: &Path) -> Result<Loaded, CliError> {
    let (place, workspace) = workspace(argument)?;
    let found = files::manifests(&place, &workspace).unwrap_or_default();
    let secrets = Secrets::open(&workspace, &place.folder);
    let (desired, digest) = (Desired::default(), String::new());
    let clients = Clients::default();
    Ok(Loaded {
        place,
        workspace,
        desired,
        instant: instant(),
        dates: None,
        sources: SourceCache::found(Vec::new(), found),
        digest,
        secrets,
        clients,
        elsewhere: None,
    })
}

/// A workspace with the bytes of its manifests.
pub(crate) struct Texts {
    /// Location of the workspace.
    pub(crate) place: Place,
    /// The workspace.
    pub(crate) workspace: Workspace,
    /// The manifests.
    pub(crate) found: Vec<Manifest>,
    /// Their bytes, in the same order.
    pub(crate) files: Vec<File>,
}

/// Reads a workspace and the bytes of its manifests, which may be wrong.
///
/// # Errors
/// All errors in the workspace file, or all files that cannot be read.
pub(crate) fn texts(argument: &Path) -> Result<Texts, CliError> {
    let (place, workspace) = self::workspace(argument)?;
    let fail = |wrong: Diagnostics| CliError::Input(wrong.into_sorted(), SourceCache::default());
    let found = files::manifests(&place, &workspace).map_err(fail)?;
    let (mut files, mut wrong) = (Vec::new(), Diagnostics::default());
    for manifest in &found {
        match manifest.read() {
            Ok(file) => files.push(file),
            Err(unreadable) => wrong.push(*unreadable),
        }
    }
    if wrong.is_empty() { Ok(Texts { place, workspace, found, files }) } else { Err(fail(wrong)) }
}

/// The language of the first workspace that was read.
static LANGUAGE: OnceLock<Option<Language>> = OnceLock::new();

/// Returns the language of the first workspace that was read, if it names one. An error that ends a command uses it.
pub(crate) fn language() -> Option<Language> {
    LANGUAGE.get().copied().flatten()
}

/// Reads a workspace without its manifests.
///
/// # Errors
/// All errors in it.
pub(crate) fn workspace(argument: &Path) -> Result<(Place, Workspace), CliError> {
    opened(argument).map(|(place, workspace, _)| (place, workspace))
}

/// Reads the workspace file.
fn opened(argument: &Path) -> Result<(Place, Workspace, Vec<u8>), CliError> {
    let place = Place::find(argument)?;
    let bytes = place.read().map_err(|error| CliError::unreadable(Path::new(&*place.shown), &error))?;
    match config::load::load(&place.shown, &bytes, &registry().specs()) {
        Ok(mut workspace) => {
            LANGUAGE.get_or_init(|| workspace.language);
            files::own_files(&place, ledger::files(&workspace, &place)).map_err(CliError::other)?;
            files::locate_stores(&place, &mut workspace)?;
            Ok((place, workspace, bytes))
        }
        Err(out) => {
            let file = File { name: Arc::clone(&place.shown), bytes };
            Err(CliError::Input(out.into_sorted(), SourceCache::new(vec![file])))
        }
    }
}
