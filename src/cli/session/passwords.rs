//! Reads the passwords that a plan sends, and fingerprints them for the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fingerprints;
use super::load;
use super::load::Loaded;
use super::source_cache::SourceCache;
use crate::cli::error::CliError;
use crate::model::agent::PASSWORD;
use crate::model::call::Reason;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::id::OperatorId;
use crate::model::language::Localized;
use crate::model::objection::ValueObjection;
use crate::model::plan::Plan;
use crate::model::problem::FileProblem;
use crate::model::secret::SecretRef;
use crate::model::source::Source;
use crate::runtime::executor::Passwords;
use crate::storage::secrets::SecretError;

/// Error of a password.
enum Wrong {
    /// It cannot be sent.
    Refused(String, ValueObjection),
    /// It cannot be read.
    Unread(Localized),
}

/// Reads every password that a step sends, before the first write; each key once. A password that a step makes may be
/// missing.
pub(crate) async fn read(plan: &Plan, loaded: &Loaded) -> Result<Passwords, CliError> {
    let mut places: BTreeMap<SecretRef, Option<Source>> = BTreeMap::new();
    let renewed = renewed(plan);
    for step in plan.steps.iter().filter(|step| step.fields.contains(&PASSWORD.key)) {
        for field in step.targets.iter().filter_map(|id| plan.change(id)?.field(&PASSWORD)) {
            if let Some(secret) = field.secret.as_deref().filter(|secret| !renewed.contains(&secret.name())) {
                places.entry(secret.clone()).or_insert_with(|| field.source.clone());
            }
        }
    }
    let values = loaded.secrets.get_all(places.keys().cloned().collect()).await;
    let mut passwords = BTreeMap::new();
    let mut wrong: BTreeMap<Option<Source>, Vec<Wrong>> = BTreeMap::new();
    let (mut unreachable, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for (secret, value) in values {
        let place = places.get(&secret).cloned().flatten();
        match value {
            Ok(value) => match value.password_objection() {
                None => {
                    passwords.insert(secret.name(), value);
                }
                Some(why) => wrong.entry(place).or_default().push(Wrong::Refused(secret.to_string(), why)),
            },
            Err(SecretError::Missing { .. }) if secret.generate => {}
            Err(error @ SecretError::Unreachable { reason, .. }) => {
                reasons.insert(reason);
                unreachable.insert(error.words());
            }
            Err(error) => wrong.entry(place).or_default().push(Wrong::Unread(error.words())),
        }
    }
    if !unreachable.is_empty() {
        return Err(CliError::Unreachable(Localized::lines(unreachable.iter()), Reason::gravest(reasons)));
    }
    if wrong.is_empty() {
        return Ok(Passwords::new(passwords));
    }
    let mut out = Diagnostics::default();
    for (source, mut all) in wrong {
        // A pool's passwords have one place, whose line is shown once.
        let more = all.len() - 1;
        let problem = match all.swap_remove(0) {
            Wrong::Refused(secret, why) => FileProblem::BadPassword { secret, why, more },
            Wrong::Unread(why) => FileProblem::SecretUnread { why, more },
        };
        out.push(Diagnostic { source, ..Diagnostic::general(problem) });
    }
    let reloaded = load::load(&loaded.place.file);
    let files = reloaded.map_or_else(|_| SourceCache::default(), |again| again.sources);
    Err(CliError::Input(out.into_sorted(), files))
}

/// Returns the passwords that steps renew. All steps send the new ones.
fn renewed(plan: &Plan) -> BTreeSet<(Arc<str>, Arc<str>)> {
    let fields = plan.changes.iter().filter_map(|change| change.field(&PASSWORD));
    fields.filter(|field| field.renew).filter_map(|field| Some(field.secret.as_ref()?.name())).collect()
}

/// Returns the fingerprints of the passwords that a run set, if their key is declared.
pub(crate) async fn fingerprints(
    plan: &Plan,
    loaded: &Loaded,
    passwords: &Passwords,
) -> BTreeMap<OperatorId, String> {
    let mut prints = BTreeMap::new();
    // The planning reported an unreadable key; here only the fingerprints are lost.
    let Ok(Some(key)) = fingerprints::key(loaded).await else { return prints };
    let passwords = passwords.lock().await;
    for change in &plan.changes {
        let secret = change.field(&PASSWORD).and_then(|field| field.secret.as_ref());
        if let Some(value) = secret.and_then(|secret| passwords.get(&secret.name())) {
            prints.insert(change.id.name.clone(), value.fingerprint(&key, change.id.name.as_str()));
        }
    }
    prints
}
