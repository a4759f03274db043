//! Workspace files: found and read inside the workspace, written whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use crate::config::workspace::{Connection, Store, Workspace};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::language::{Localized, localized};
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
/// Deepest level of a folder of manifests.
const DEEPEST: usize = 64;

/// Bytes of an output that are written at once.
const BUFFER: usize = 1 << 16;

/// Location of a workspace.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// The workspace file.
    pub file: PathBuf,
    /// Path of the workspace file for display.
    pub shown: Arc<str>,
}

impl Place {
    /// Finds the workspace that an argument names: a folder with `rosterctl.yaml`, or that file.
    ///
    /// # Errors
    /// No workspace is there.
    pub fn find(argument: &Path) -> Result<Self, Localized> {
        let file = if argument.is_dir() { argument.join(WORKSPACE_FILE) } else { argument.to_owned() };
        if !file.is_file() {
            let shown = argument.display();
            return Err(if argument.is_dir() {
                localized!(
                    "{shown} holds no {WORKSPACE_FILE}: name a workspace folder, or write that file (the README shows one)",
                    "{shown} 里没有 {WORKSPACE_FILE}：请指定一个工作区目录，或写一个（README 里有例子）",
                    "{shown} 裡沒有 {WORKSPACE_FILE}：請指定一個工作區資料夾，或寫一個（README 裡有例子）"
                )
            } else {
                localized!("there is no workspace at {shown}", "{shown} 没有工作区", "{shown} 沒有工作區")
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
    /// The file cannot be read, or is a link to another file, whose lines an error message would show.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        paths::unstrayed(&self.folder)?;
        let (root, real) = (fs::canonicalize(&self.folder)?, fs::canonicalize(&self.file)?);
        let name = Path::new(self.file.file_name().unwrap_or_default());
        if !paths::is_projected(&root, name, &real) {
            return Err(io::Error::other("it is a link to another file; put the file itself there"));
        }
        paths::read(paths::open_real(&real)?, MOST_BYTES_OF_WORKSPACE)
    }

    /// Returns the folder of rosterctl's own files.
    pub fn own_folder(&self) -> PathBuf {
        self.folder.join(".rosterctl")
    }
}

/// Returns a path for display, without a leading `./`. Never open it: two paths may have one display form.
pub fn shown(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy();
    Arc::from(text.strip_prefix("./").unwrap_or(&text))
}

/// Returns the display path of the workspace's folder, with its final `/`.
pub fn shown_folder(place: &Place) -> String {
    match place.shown.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/"),
        None => String::new(),
    }
}

/// A manifest that a workspace names.
pub struct Manifest {
    /// Path under which it was found.
    pub path: PathBuf,
    /// Real path, with all links resolved.
    pub real: PathBuf,
    /// Path for display.
    pub name: Arc<str>,
    /// Size in bytes when it was found.
    pub length: u64,
}

impl Manifest {
    /// Reads the manifest.
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
/// A link may only lead to another file of the manifests' own folders. Manifests may come from strangers, and a
/// message about a file shows its lines.
///
/// # Errors
/// A file does not exist, cannot be inspected or may not be read, or the manifests exceed the bounds.
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

/// Returns a diagnostic if the manifests together exceed a bound.
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

/// Returns true if a file belongs to a secret store, to Git or to rosterctl. Such a file is no manifest.
fn is_reserved(place: &Place, workspace: &Workspace, named: &[PathBuf], real: &Path, is_link: bool) -> bool {
    let at = |path: &Path| fs::canonicalize(path).ok();
    let setting = |store: &Store, key| at(&place.folder.join(store.settings.text(key)?));
    let kept = |store: &Store| match store.kind {
        // A store may hold the whole workspace. Then only links are reserved.
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

/// Returns the paths of the existing manifests that a workspace names.
pub fn manifest_paths(place: &Place, workspace: &Workspace) -> Vec<PathBuf> {
    find(place, workspace, &mut Diagnostics::default())
}

/// Returns true if a workspace has no manifest yet.
/// Each path under `manifests:` does not exist, or is a folder without manifests.
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

/// Finds all `*.yaml` and `*.yml` below a folder, except hidden files and folders.
///
/// A silently skipped manifest would look like removed agents, and `prune` deletes those. So the function reports
/// every unreadable manifest or folder, and every link to a folder.
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
            // Links to folders are not followed: they could form a cycle or leave the workspace.
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
    let mut file = temporary(path)?;
    file.write_all(bytes)?;
    persist(file, path)
}

/// Creates a file beside a path, which replaces it later.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(".rosterctl-").tempfile_in(folder)
}

fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a new file, readable by its owner alone. Returns false, and keeps the file, if it exists.
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

/// Adds a `.gitignore` that keeps a folder and itself out of Git. Keeps an existing one.
///
/// # Errors
/// The file cannot be written.
pub fn ignore(folder: &Path) -> io::Result<()> {
    create(&folder.join(".gitignore"), b"*\n").map(|_| ())
}

/// Checks that [`put`] could write to a path, and leaves an existing file unchanged.
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
    temporary(&path).map(drop)
}

/// Replaces a file that people wrote, by its real path. Writes it whole or not at all, and keeps its permissions.
///
/// # Errors
/// It does not exist, or cannot be written.
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

/// Returns true if two paths lead to one existing file.
pub fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Writes to a path that a command line names, like [`Output`].
///
/// # Errors
/// A link of a checkout is on the way, or the file cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut output = Output::create(path)?;
    output.write_all(bytes)?;
    output.finish()
}

/// Output to a path that a command line names, written while it is made.
///
/// A file is replaced whole by [`Output::finish`], also behind a link, unless that link is in a checkout. Without it the
/// file stays as it was. A pipe or a device gets the content at the end.
pub struct Output {
    path: PathBuf,
    content: BufWriter<Content>,
}

enum Content {
    /// The file beside the path.
    Beside(NamedTempFile),
    /// A file without a name.
    Unnamed(fs::File),
}

impl Output {
    /// Creates the file that takes the content.
    ///
    /// # Errors
    /// A link of a checkout is on the way, or the file cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        paths::unlinked(path)?;
        let (path, content) = match fs::metadata(path) {
            Ok(about) if about.is_file() => {
                let real = fs::canonicalize(path)?;
                let beside = temporary(&real)?;
                (real, Content::Beside(beside))
            }
            Ok(about) if !about.is_dir() => (path.to_owned(), Content::Unnamed(tempfile::tempfile()?)),
            _ => (path.to_owned(), Content::Beside(temporary(path)?)),
        };
        Ok(Self { path, content: BufWriter::with_capacity(BUFFER, content) })
    }

    /// Puts the content in its place.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self.content.into_inner().map_err(io::IntoInnerError::into_error)? {
            Content::Beside(file) => persist(file, &self.path),
            Content::Unnamed(mut file) => {
                file.rewind()?;
                io::copy(&mut file, &mut fs::OpenOptions::new().write(true).open(&self.path)?).map(drop)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Unnamed(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Unnamed(file) => file.flush(),
        }
    }
}

/// Returns the time of a file's last write; `None` if unknown. In milliseconds since 1970 UTC.
pub fn written_ms(path: &Path) -> Option<i64> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// Checks that no file of rosterctl beside the workspace is behind a link. Else rosterctl would read or overwrite the
/// link's target.
///
/// # Errors
/// A file is a link, or lies behind one.
pub fn own_files(place: &Place, ledger: Vec<PathBuf>) -> io::Result<()> {
    let folder = place.own_folder();
    paths::unlinked_below(&place.folder, &folder)?;
    let entries = fs::read_dir(&folder).into_iter().flatten().chain(
        // rosterctl keeps these folders below its own: rate windows and the history of runs.
        ["rate", "history"]
            .into_iter()
            .flat_map(|name| fs::read_dir(folder.join(name)).into_iter().flatten()),
    );
    let kept = entries.filter_map(Result::ok).map(|entry| entry.path());
    kept.chain(ledger).try_for_each(|path| paths::unlinked_below(&place.folder, &path))
}

/// Records the real paths of the stores' files: two stores may name one place.
///
/// # Errors
/// A file lies behind a link of the workspace.
pub fn locate_stores(place: &Place, workspace: &mut Workspace) -> Result<(), Localized> {
    let root = real(&place.folder);
    for store in workspace.stores.values_mut().filter(|store| store.kind != "vault") {
        let Some(name) = store.settings.text("path") else { continue };
        let path = place.folder.join(name);
        let found = real(&path);
        if let Err(error) = paths::unlinked_below(&place.folder, &path)
            && !paths::is_projected(&root, Path::new(name), &found)
        {
            let name = &store.name;
            return Err(localized!(
                "store `{name}`: {error}",
                "密钥库 `{name}`：{error}",
                "密鑰庫 `{name}`：{error}"
            ));
        }
        store.place = Some(found.to_string_lossy().into());
    }
    Ok(())
}

/// Returns a path with the links of its existing part resolved.
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if folder.as_os_str().is_empty() => real(Path::new(".")).join(name),
        (Some(folder), Some(name)) => real(folder).join(name),
        // `nowhere/..`: a later write creates the folders on the way.
        (Some(folder), None) => real(folder).parent().map(Path::to_owned).unwrap_or_default(),
        (None, _) => path.to_owned(),
    }
}

/// Creates the folder of rosterctl's own files, and keeps it out of version control.
///
/// # Errors
/// It cannot be created.
pub fn own_folder(place: &Place) -> io::Result<PathBuf> {
    let folder = place.own_folder();
    fs::create_dir_all(&folder)?;
    if !folder.join(".gitignore").exists() {
        ignore(&folder)?;
    }
    Ok(folder)
}
