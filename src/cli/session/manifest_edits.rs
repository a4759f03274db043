//! Edits of the manifests of a workspace: in place, or as a patch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::load::Loaded;
use super::planning::Planned;
use super::source_cache::SourceCache;
use crate::cli::error::CliError;
use crate::manifest::edit::{self, Edited, EditedFile, Manifests};
use crate::model::date::Date;
use crate::model::id::{ResourceId, safe};
use crate::model::language::{Language, localized};
use crate::model::manifest_edit::{EditObjection, LeftEdit, ManifestEdit};
use crate::model::source::File;
use crate::plan::adoption::{self, Adopted, Adoption, Views};
use crate::report::patch::{self, PatchedFile};
use crate::storage::files;
use crate::storage::paths;

/// Edited manifests, not written yet.
pub(crate) struct EditedManifests {
    /// The files, each with its place.
    files: Vec<(EditedFile, PathBuf)>,
    /// What no edit could do.
    pub(crate) left: Vec<LeftEdit>,
    /// Folder of the workspace.
    folder: PathBuf,
}

/// Returns the edits that take live state over.
pub(crate) fn adoption(loaded: &Loaded, made: &Planned, named: &[Adopted], until: bool) -> Adoption {
    let views = Views {
        workspace: &loaded.workspace,
        desired: &loaded.desired,
        live: &made.live,
        ledger: &made.ledger,
    };
    adoption::adoption(views, &made.plan, named, until)
}

/// Edits the manifests of a workspace in memory. The reasons of what is left are in a language.
///
/// # Errors
/// A file cannot be read, or is not what the run loaded.
pub(crate) fn edit(
    loaded: &Loaded,
    edits: &[ManifestEdit],
    until: Option<Date>,
    language: Language,
) -> Result<EditedManifests, CliError> {
    let found = loaded.sources.manifests();
    let mut read: Vec<File> = Vec::new();
    for manifest in found {
        match manifest.read() {
            Ok(file) => read.push(file),
            Err(diagnostic) => {
                return Err(CliError::Input(vec![*diagnostic], SourceCache::default()));
            }
        }
    }
    let folder = new_files(loaded);
    let shown = folder.as_ref().map(|(_, shown)| shown.as_str());
    let manifests = Manifests {
        files: &read,
        workspace: &loaded.workspace,
        desired: &loaded.desired,
        dates: loaded.dates.as_deref(),
        at: loaded.instant,
        folder: shown,
    };
    let Edited { files, left } = one_by_one(manifests, edits, until, language)?;
    let place = |file: &EditedFile| -> PathBuf {
        let known = found.iter().find(|manifest| manifest.name == file.name);
        match (known, &folder) {
            (Some(known), _) => known.path.clone(),
            (None, Some((folder, _))) => folder.join(file.name.rsplit('/').next().unwrap_or(&file.name)),
            (None, None) => loaded.place.folder.join(&*file.name),
        }
    };
    let files = files.into_iter().map(|file| (place(&file), file)).map(|(path, file)| (file, path)).collect();
    Ok(EditedManifests { files, left, folder: loaded.place.folder.clone() })
}

/// Carries edits out together. If the manifests would be wrong then, the resources whose edits cause it are left out.
fn one_by_one(
    manifests: Manifests<'_>,
    edits: &[ManifestEdit],
    until: Option<Date>,
    language: Language,
) -> Result<Edited, CliError> {
    let wrong = match edit::edit(manifests, edits, until) {
        Ok(edited) => return Ok(edited),
        Err(wrong) => wrong,
    };
    let ids: BTreeSet<&ResourceId> = edits.iter().map(|edit| &edit.id).collect();
    if ids.len() > MOST_TRIED {
        return Err(CliError::Input(wrong.into_sorted(), SourceCache::default()));
    }
    let mut taken: Vec<ManifestEdit> = Vec::new();
    let mut left = Vec::new();
    for id in ids {
        let count = taken.len();
        taken.extend(edits.iter().filter(|edit| edit.id == *id).cloned());
        if let Err(wrong) = edit::edit(manifests, &taken, until) {
            taken.truncate(count);
            let first = wrong.into_sorted().into_iter().next();
            let problem = first.as_ref().map(|first| first.message_in(language)).unwrap_or_default();
            let place = first.and_then(|first| first.source).map(|source| source.to_string());
            let why = EditObjection::Wrong { problem, place: place.unwrap_or_default() };
            left.push(LeftEdit { id: id.clone(), field: None, why });
        }
    }
    let mut edited = edit::edit(manifests, &taken, until)
        .map_err(|wrong| CliError::Input(wrong.into_sorted(), SourceCache::default()))?;
    edited.left.extend(left);
    Ok(edited)
}

/// Most resources that are tried one by one.
const MOST_TRIED: usize = 200;

/// Returns the folder of new manifests and its shown name: the first folder that the workspace reads.
fn new_files(loaded: &Loaded) -> Option<(PathBuf, String)> {
    let named = loaded.workspace.manifests.iter();
    let mut folders = named.map(|(name, _)| loaded.place.folder.join(&**name)).filter(|path| path.is_dir());
    let folder = folders.next()?;
    let shown = files::shown(&folder).to_string();
    Some((folder, shown))
}

impl EditedManifests {
    /// Returns true if no file changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the edits that were carried out.
    pub(crate) fn done<'a>(&'a self, edits: &'a [ManifestEdit]) -> impl Iterator<Item = &'a ManifestEdit> {
        edits.iter().filter(|edit| !self.left.iter().any(|left| left.is_about(edit)))
    }

    /// Returns the edits as a patch for the folder of the workspace.
    pub(crate) fn patch(&self) -> String {
        let files: BTreeMap<String, &EditedFile> =
            self.files.iter().map(|(file, path)| (self.relative(path), file)).collect();
        patch::patch(files.iter().map(|(path, file)| PatchedFile {
            path,
            before: file.before.as_deref(),
            after: &file.after,
        }))
    }

    /// Returns a path below the folder of the workspace, with `/`.
    fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    /// Returns the names of the files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.files.iter().map(|(file, _)| &file.name)
    }

    /// Writes the files in place.
    ///
    /// # Errors
    /// A file cannot be written, or lies behind a link.
    pub(crate) fn write(&self) -> Result<(), CliError> {
        for (file, path) in &self.files {
            paths::unlinked_below(&self.folder, path).map_err(|error| CliError::nothing_written(&error))?;
            if file.before.is_none() && path.exists() {
                let name = safe(&file.name);
                return Err(CliError::Error(localized!(
                    "nothing was written: {name} is there already and is no manifest of this workspace",
                    "什么都没有写入：{name} 已经存在，不是这个工作区的清单",
                    "什麼都沒有寫入：{name} 已經存在，不是這個工作區的清單"
                )));
            }
        }
        for (file, path) in &self.files {
            let bytes = file.after.as_bytes();
            let written = match file.before {
                Some(_) => files::rewrite(&files::real(path), bytes),
                None => files::put(path, bytes),
            };
            written.map_err(|error| CliError::unwritable(Path::new(&*file.name), &error))?;
        }
        Ok(())
    }
}
