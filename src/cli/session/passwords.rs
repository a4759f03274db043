//! The passwords that a plan sends: read before its first write; and what the ledger keeps of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::load;
use super::load::Loaded;
use crate::cli::console::Console;
use crate::cli::exit::CliError;
use crate::cli::plan::fingerprint_key;
use crate::config::workspace::Store;
use crate::model::agent::PASSWORD;
use crate::model::call::Reason;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id::{OperatorId, safe};
use crate::model::plan::Plan;
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::runtime::executor::Passwords;
use crate::storage::files::real;
use crate::storage::secrets::SecretError;
use crate::storage::{files, git};

/// Reads every password that a step sends, before the first write; each key once. One that a step makes
/// need not be there yet.
pub(crate) async fn read(plan: &Plan, loaded: &Loaded) -> Result<Passwords, CliError> {
    let mut places: BTreeMap<SecretRef, Option<Source>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.fields.iter().any(|f| f == PASSWORD.key)) {
        for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(&PASSWORD)) {
            if let Some(secret) = field.secret.as_ref().filter(|secret| !renewed(plan, secret)) {
                places.entry(secret.clone()).or_insert_with(|| field.source.clone());
            }
        }
    }
    let values = loaded.secrets.get_all(places.keys().cloned().collect()).await;
    let mut passwords = BTreeMap::new();
    let mut wrong: BTreeMap<Option<Source>, Vec<String>> = BTreeMap::new();
    let (mut unreachable, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for (secret, value) in values {
        let place = places.get(&secret).cloned().flatten();
        match value {
            Ok(value) => match value.password_objection() {
                None => {
                    passwords.insert(secret.name(), value);
                }
                Some(why) => wrong
                    .entry(place)
                    .or_default()
                    .push(format!("the password {secret} {why}: store another one")),
            },
            Err(SecretError::Missing { .. }) if secret.generate => {}
            Err(error @ SecretError::Unreachable { reason, .. }) => {
                reasons.insert(reason);
                unreachable.insert(error.to_string());
            }
            Err(error) => wrong.entry(place).or_default().push(error.to_string()),
        }
    }
    if !unreachable.is_empty() {
        return Err(CliError::Unreachable(Vec::from_iter(unreachable).join("\n"), Reason::gravest(reasons)));
    }
    if wrong.is_empty() {
        return Ok(Passwords::new(passwords));
    }
    let mut out = Diagnostics::default();
    for (place, mut messages) in wrong {
        // A pool's passwords stand at one place: its line is shown once.
        let more = messages.len() - 1;
        let mut message = messages.swap_remove(0);
        if more > 0 {
            message = format!("{message} (and {more} more of the same entry)");
        }
        out.push(match place {
            Some(place) => Diagnostic::at(&place, message),
            None => Diagnostic::general(message),
        });
    }
    let reloaded = load::load(&loaded.place.file);
    let files = reloaded.map_or_else(|_| load::Input::default(), |again| again.input);
    Err(CliError::Input(out.into_sorted(), files))
}

/// Whether a step makes a password anew: whoever sends it sends that one.
fn renewed(plan: &Plan, secret: &SecretRef) -> bool {
    let same = |other: &SecretRef| other.name() == secret.name();
    let fields = plan.changes.iter().filter_map(|change| change.field(&PASSWORD));
    fields.filter(|field| field.renew).any(|field| field.secret.as_ref().is_some_and(same))
}

/// Fingerprints of the passwords that a run set, where a key for them is declared.
pub(crate) async fn fingerprints(
    plan: &Plan,
    loaded: &Loaded,
    passwords: &Passwords,
) -> BTreeMap<OperatorId, String> {
    let mut fingerprints = BTreeMap::new();
    // A key that cannot be read was said by the planning; here it costs the fingerprints alone.
    let Ok(Some(key)) = fingerprint_key(loaded).await else { return fingerprints };
    let passwords = passwords.lock().await;
    for change in &plan.changes {
        let secret = change.field(&PASSWORD).and_then(|field| field.secret.as_ref());
        if let Some(value) = secret.and_then(|secret| passwords.get(&secret.name())) {
            fingerprints.insert(change.id.name.clone(), value.fingerprint(&key, change.id.name.as_str()));
        }
    }
    fingerprints
}

/// A warning of what Git publishes, or takes from others.
pub(crate) struct Exposed {
    /// The check of `doctor` that it belongs to.
    pub check: String,
    /// What is exposed, and where.
    pub said: String,
    /// What to do.
    pub help: &'static str,
}

/// Finds the folders of secrets whose files Git tracks, or would take up, in clear; and tracked files of rosterctl's
/// own folder. Files that are encrypted may be tracked.
pub(crate) fn exposed(loaded: &Loaded) -> Vec<Exposed> {
    let stores = &loaded.workspace.stores;
    let path = |store: &Store| Some(loaded.place.folder.join(store.settings.text("path")?));
    let encrypted: Vec<PathBuf> =
        stores.values().filter(|store| matches!(store.kind, "sops" | "age")).filter_map(path).collect();
    let mut found = Vec::new();
    for store in stores.values().filter(|store| store.kind == "dir") {
        let Some(folder) = path(store) else { continue };
        // In a folder that holds the workspace, what Git tracks are its files.
        if real(&loaded.place.folder).starts_with(real(&folder)) {
            continue;
        }
        let mut add = |said| {
            let check = format!("store/{}", store.name);
            found.push(Exposed {
                check,
                said,
                help: "keep the folder out of Git: a `.gitignore` with the line `*` in it",
            });
        };
        let clear = |name: &str| !encrypted.iter().any(|file| files::same(file, &folder.join(name)));
        if let Some(named) = named(&folder, clear) {
            add(format!(
                "Git tracks {named}, which holds a secret in clear: take it out with `git rm --cached`, and change it, \
                 since the history keeps it"
            ));
        }
        let is_used = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if is_used && git::takes_up(&folder) {
            let folder = safe(&folder.display().to_string());
            add(format!("Git does not ignore the files of {folder}, which hold secrets in clear"));
        }
    }
    if let Some(named) = named(&loaded.place.own_folder(), |_| true) {
        found.push(Exposed {
            check: "ledger".to_owned(),
            said: format!(
                "Git tracks {named}: a pull request could forge the ledger, the journal or the lock; take it out with \
                 `git rm --cached`"
            ),
            help: "keep `.rosterctl/` out of Git; `ledger.url` names a place that jobs share",
        });
    }
    found
}

/// Names the files of a folder that Git tracks and that matter.
fn named(folder: &Path, matters: impl Fn(&str) -> bool) -> Option<String> {
    let tracked = git::tracked(folder);
    let mut names = tracked.iter().filter(|name| !name.ends_with(".gitignore") && matters(name));
    let first = safe(&folder.join(names.next()?).display().to_string());
    let more = names.count();
    Some(if more > 0 { format!("{first} and {more} more") } else { first })
}

/// Says the same on standard error.
pub(crate) fn warn_exposed(loaded: &Loaded, console: &Console) {
    for Exposed { check, said, .. } in exposed(loaded) {
        console.note(&format!("warning: {check}: {said}"));
    }
}
