//! Files of a workspace: found and read inside it, written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::workspace::{Connection, Store, Workspace};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::FileProblem;
use crate::model::source::File;
use crate::model::source::Source;
use crate::storage::paths::{self, WORKSPACE_FILE};

/// Most manifests of a workspace.
const MOST_FILES: usize = 100_000;
/// Most bytes of all manifests of a workspace together.
const MOST_BYTES: u64 = 1 << 30;
/// Most bytes of a workspace file.
const MOST_BYTES_OF_WORKSPACE: u64 = 16 << 20;
/// How deep a folder of manifests may lie.
const DEEPEST: usize = 64;

/// Where a workspace lies.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// The workspace file.
    pub file: PathBuf,
    /// The workspace file as it is shown to people.
    pub shown: Arc<str>,
}

impl Place {
    /// Finds the workspace that an argument names: a folder that holds `rosterctl.yaml`, or that file.
    ///
    /// # Errors
    /// There is none.
    pub fn find(argument: &Path) -> Result<Self, String> {
        let file = if argument.is_dir() { argument.join(WORKSPACE_FILE) } else { argument.to_owned() };
        if !file.is_file() {
            return Err(if argument.is_dir() {
                format!(
                    "{} holds no {WORKSPACE_FILE}: name a workspace folder, or write that file (the README shows one)",
                    argument.display()
                )
            } else {
                format!("there is no workspace at {}", argument.display())
            });
        }
        let folder = match file.parent() {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => PathBuf::from("."),
        };
        let shown = shown(&file);
        Ok(Self { folder, file, shown })
    }

    /// Reads the workspace file.
    ///
    /// # Errors
    /// It cannot be read, or is another file behind a link: what is wrong with it would show that file's lines.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        paths::unstrayed(&self.folder)?;
        let (root, real) = (fs::canonicalize(&self.folder)?, fs::canonicalize(&self.file)?);
        let name = Path::new(self.file.file_name().unwrap_or_default());
        if !paths::is_projected(&root, name, &real) {
            return Err(io::Error::other("it is a link to another file; put the file itself there"));
        }
        paths::read(paths::open_real(&real)?, MOST_BYTES_OF_WORKSPACE)
    }

    /// The folder of rosterctl's own files.
    pub fn own_folder(&self) -> PathBuf {
        self.folder.join(".rosterctl")
    }
}

/// A path as it is shown to people, without a leading `./`. It is never opened: two paths may be shown alike.
pub fn shown(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy();
    Arc::from(text.strip_prefix("./").unwrap_or(&text))
}

/// The part of shown names that leads to the workspace's folder, with its final `/`.
pub fn shown_folder(place: &Place) -> String {
    match place.shown.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/"),
        None => String::new(),
    }
}

/// A manifest that a workspace names.
pub struct Manifest {
    /// Where it was found.
    pub path: PathBuf,
    /// Where it lies, without any link on the way.
    pub real: PathBuf,
    /// Its path as it is shown to people.
    pub name: Arc<str>,
    /// How many bytes it had when it was found.
    pub length: u64,
}

impl Manifest {
    /// Reads it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> Result<File, Box<Diagnostic>> {
        match paths::open_real(&self.real).and_then(|file| paths::read(file, MOST_BYTES)) {
            Ok(bytes) => Ok(File { name: Arc::clone(&self.name), bytes }),
            Err(error) => Err(Box::new(unreadable(&self.path, &error))),
        }
    }
}

/// Finds the manifests that a workspace names, ordered by path.
///
/// A link may lead to another file of the manifests' own folders, and nowhere else: manifests may come from
/// strangers, and a message about a file shows its lines.
///
/// # Errors
/// Files that are not there, cannot be looked at, or may not be read; more of them than the bounds allow.
pub fn manifests(place: &Place, workspace: &Workspace) -> Result<Vec<Manifest>, Diagnostics> {
    let mut out = Diagnostics::default();
    let root = fs::canonicalize(&place.folder).unwrap_or_else(|_| place.folder.clone());
    let own = fs::canonicalize(&place.file).unwrap_or_default();
    let named = workspace.manifests.iter().filter_map(|(name, _)| fs::canonicalize(root.join(&**name)).ok());
    let named: Vec<PathBuf> = named.collect();
    let mut found: Vec<Manifest> = Vec::new();
    for path in find(place, workspace, &mut out) {
        let looked_at = fs::canonicalize(&path).and_then(|real| Ok((fs::metadata(&real)?.len(), real)));
        let (length, real) = match looked_at {
            Ok((_, real)) if real == own => continue,
            Ok(looked_at) => looked_at,
            Err(error) => {
                out.push(unreadable(&path, &error));
                continue;
            }
        };
        let name = shown(&path);
        let inside = path.strip_prefix(&place.folder).unwrap_or(&path);
        let is_link = !real.strip_prefix(&root).is_ok_and(|rest| rest == inside);
        let refused = if path.to_str().is_none() {
            Some(FileProblem::NameNotUtf8)
        } else if is_link && !named.iter().any(|entry| real.starts_with(entry)) {
            Some(FileProblem::LinkOut)
        } else if is_reserved(place, workspace, &named, &real, is_link) {
            Some(FileProblem::ReservedFile)
        } else {
            None
        };
        match refused {
            Some(problem) => out.push(Diagnostic::at(&Source::new(&name, 1, 1), problem)),
            None => found.push(Manifest { path, real, name, length }),
        }
    }
    if let Some(diagnostic) = bounds(place, &found) {
        out.push(diagnostic);
    }
    if out.is_empty() { Ok(found) } else { Err(out) }
}

/// Says which bound of the manifests together is passed.
fn bounds(place: &Place, found: &[Manifest]) -> Option<Diagnostic> {
    let bytes: u64 = found.iter().map(|manifest| manifest.length).sum();
    let problem = if found.len() > MOST_FILES {
        FileProblem::TooManyFiles { count: found.len(), most: MOST_FILES }
    } else if bytes > MOST_BYTES {
        FileProblem::TooManyBytes { bytes, most: MOST_BYTES }
    } else {
        return None;
    };
    Some(Diagnostic::at(&Source::new(&place.shown, 1, 1), problem))
}

/// Whether a file is kept by a secret store, by Git or by rosterctl, and so is no manifest.
fn is_reserved(place: &Place, workspace: &Workspace, named: &[PathBuf], real: &Path, is_link: bool) -> bool {
    let at = |path: &Path| fs::canonicalize(path).ok();
    let setting = |store: &Store, key| at(&place.folder.join(store.settings.text(key)?));
    let kept = |store: &Store| match store.kind {
        // A store may hold the whole workspace. Then only links are told apart.
        "dir" => setting(store, "path").is_some_and(|folder| {
            real.starts_with(&folder) && (is_link || !named.iter().any(|entry| entry.starts_with(&folder)))
        }),
        "sops" | "age" => setting(store, "path").is_some_and(|file| file == real),
        _ => setting(store, "caFile").is_some_and(|file| file == real),
    };
    let authorities = |connection: &Connection| {
        let file = connection.settings.text("caFile").and_then(|file| at(&place.folder.join(file)));
        file.is_some_and(|file| file == real)
    };
    let git = real.components().any(|part| part.as_os_str() == ".git");
    git || at(&place.own_folder()).is_some_and(|own| real.starts_with(own))
        || workspace.stores.values().any(kept)
        || workspace.connections.iter().any(authorities)
}

/// Paths of the manifests that a workspace names, as far as they are there.
pub fn manifest_paths(place: &Place, workspace: &Workspace) -> Vec<PathBuf> {
    find(place, workspace, &mut Diagnostics::default())
}

/// Whether a workspace has no manifest yet: what it names is not there, or is a folder with none in it.
pub fn no_manifest_yet(place: &Place, workspace: &Workspace) -> bool {
    workspace.manifests.iter().all(|(name, _)| {
        let path = place.folder.join(&**name);
        let (mut found, mut out) = (Vec::new(), Diagnostics::default());
        match fs::symlink_metadata(&path) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(about) => {
                about.is_dir()
                    && walk(&path, 1, &mut found, &mut out).is_ok()
                    && found.is_empty()
                    && out.is_empty()
            }
        }
    })
}

/// Finds the manifests that a workspace names, ordered by path.
fn find(place: &Place, workspace: &Workspace, out: &mut Diagnostics) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let root = fs::canonicalize(&place.folder).unwrap_or_else(|_| place.folder.clone());
    for (name, source) in &workspace.manifests {
        let path = place.folder.join(&**name);
        let shown = name.to_string();
        if fs::canonicalize(&path).is_ok_and(|real| !paths::is_projected(&root, Path::new(&**name), &real)) {
            out.push(Diagnostic::at(source, FileProblem::BehindLink { name: shown }));
        } else if path.is_dir() {
            let before = paths.len();
            let sound = out.len();
            if let Err(error) = walk(&path, 1, &mut paths, out) {
                let problem = FileProblem::FolderUnreadable { name: shown.clone(), why: error.to_string() };
                out.push(Diagnostic::at(source, problem));
            }
            if paths.len() == before && out.len() == sound {
                out.push(Diagnostic::at(source, FileProblem::NoManifest { name: shown }));
            }
        } else if path.is_file() {
            paths.push(path);
        } else {
            let problem = FileProblem::NoSuchFile { name: shown, workspace: place.shown.to_string() };
            out.push(Diagnostic::at(source, problem));
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::general(FileProblem::Unreadable { path: shown(path).to_string(), why: error.to_string() })
}

/// Finds all `*.yaml` and `*.yml` below a folder, but for hidden files and folders. What is passed over in silence
/// would look as if nobody asked for it, and `prune` deletes such agents: so whatever looks like a manifest or a
/// folder, and is none that can be read, is complained of.
fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, out: &mut Diagnostics) -> io::Result<()> {
    let complain =
        |path: &Path, problem: FileProblem| Diagnostic::at(&Source::new(&shown(path), 1, 1), problem);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if depth == DEEPEST {
                out.push(complain(&path, FileProblem::FolderTooDeep { most: DEEPEST }));
            } else if let Err(error) = walk(&path, depth + 1, found, out) {
                out.push(unreadable(&path, &error));
            }
            continue;
        }
        let is_manifest = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        match fs::metadata(&path) {
            Ok(real) if real.is_file() && is_manifest => found.push(path),
            // A link to a folder is not followed: it could lead in circles, or out of the workspace.
            Ok(real) if real.is_dir() => out.push(complain(&path, FileProblem::LinkToFolder)),
            Ok(_) if is_manifest => out.push(complain(&path, FileProblem::NoPlainFile)),
            Err(error) if kind.is_symlink() || is_manifest => {
                out.push(complain(&path, FileProblem::DanglingLink { why: error.to_string() }));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Writes a file whole or not at all, readable by its owner alone.
///
/// # Errors
/// The folder cannot be made, or the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a file that is not there yet, readable by its owner alone; `false` where one is there, which stays.
///
/// # Errors
/// The file cannot be written.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Keeps a folder, and the file that says so, out of Git; a `.gitignore` that is there stays.
///
/// # Errors
/// The file cannot be written.
pub fn ignore(folder: &Path) -> io::Result<()> {
    create(&folder.join(".gitignore"), b"*\n").map(|_| ())
}

/// Tries whether [`put`] could write there, and leaves what is there as it is.
///
/// # Errors
/// It could not.
pub fn probe(path: &Path) -> io::Result<()> {
    paths::unlinked(path)?;
    let path = match fs::metadata(path) {
        Ok(about) if about.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(about) if !about.is_file() => return Ok(()),
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)?;
    Ok(())
}

/// Replaces a file that people wrote, by its real path: whole or not at all, with the rights that it has.
///
/// # Errors
/// It is not there, or cannot be written.
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let rights = fs::metadata(path)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(rights)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether two paths lead to one file that is there.
pub fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Writes to a place that a command line names: a file is replaced whole, behind a link too unless the link lies in a
/// checkout; what is no file (a pipe, a device) is written through.
///
/// # Errors
/// A link of a checkout is on the way, or it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    paths::unlinked(path)?;
    match fs::metadata(path) {
        Ok(about) if about.is_file() => replace(&fs::canonicalize(path)?, bytes),
        Ok(about) if !about.is_dir() => fs::OpenOptions::new().write(true).open(path)?.write_all(bytes),
        _ => replace(path, bytes),
    }
}

/// When a file was last written, in milliseconds since 1970 UTC; `None` when nothing tells.
pub fn written_ms(path: &Path) -> Option<i64> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// Returns an error when a file that rosterctl keeps beside the workspace is a link, or lies behind one: what it
/// leads to would be read, or written over.
///
/// # Errors
/// One is.
pub fn own_files(place: &Place, ledger: Vec<PathBuf>) -> io::Result<()> {
    let folder = place.own_folder();
    paths::unlinked_below(&place.folder, &folder)?;
    let entries = fs::read_dir(&folder).into_iter().flatten().chain(
        // Kept by name below the own folder: rate windows and the history of runs.
        ["rate", "history"]
            .into_iter()
            .flat_map(|name| fs::read_dir(folder.join(name)).into_iter().flatten()),
    );
    let kept = entries.filter_map(Result::ok).map(|entry| entry.path());
    kept.chain(ledger).try_for_each(|path| paths::unlinked_below(&place.folder, &path))
}

/// Notes where the files of stores really lie: two stores may name one place.
///
/// # Errors
/// One lies behind a link of the workspace.
pub fn locate_stores(place: &Place, workspace: &mut Workspace) -> Result<(), String> {
    let root = real(&place.folder);
    for store in workspace.stores.values_mut().filter(|store| store.kind != "vault") {
        let Some(name) = store.settings.text("path") else { continue };
        let path = place.folder.join(name);
        let found = real(&path);
        if let Err(error) = paths::unlinked_below(&place.folder, &path)
            && !paths::is_projected(&root, Path::new(name), &found)
        {
            return Err(format!("store `{}`: {error}", store.name));
        }
        store.place = Some(found.to_string_lossy().into());
    }
    Ok(())
}

/// Returns where a path leads, links resolved, as far as it is there.
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if folder.as_os_str().is_empty() => real(Path::new(".")).join(name),
        (Some(folder), Some(name)) => real(folder).join(name),
        // `nowhere/..`: folders on the way are made when a file is written.
        (Some(folder), None) => real(folder).parent().map(Path::to_owned).unwrap_or_default(),
        (None, _) => path.to_owned(),
    }
}

/// Makes the folder of rosterctl's own files, which no version control shall take in.
///
/// # Errors
/// It cannot be made.
pub fn own_folder(place: &Place) -> io::Result<PathBuf> {
    let folder = place.own_folder();
    fs::create_dir_all(&folder)?;
    if !folder.join(".gitignore").exists() {
        ignore(&folder)?;
    }
    Ok(folder)
}
