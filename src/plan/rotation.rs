//! Check of the key that a rotation with `generate` overwrites.
//!
//! The agent's live password must be known to come from it, and no other agent may use it. A manifest may come from a
//! stranger. If it raises `version` and names another key, a new password would overwrite another agent's secret.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use crate::config::workspace::{Workspace, place};
use crate::model::agent::PASSWORD;
use crate::model::desired::Desired;
use crate::model::finding::ForeignSecret;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::ledger::{AppliedPassword, Ledger, LedgerEntry};
use crate::model::secret::SecretRef;
use crate::model::value::Value;

/// Returns the agents that use a secret, according to the manifests and the ledger.
fn holders(context: &Context<'_>, at: &str) -> BTreeSet<OperatorId> {
    let users = context.users.get_or_init(|| users(context.workspace, context.desired, context.ledger));
    users.get(at).cloned().unwrap_or_default()
}

fn users(
    workspace: &Workspace,
    desired: &Desired,
    ledger: &Ledger,
) -> BTreeMap<String, BTreeSet<OperatorId>> {
    let mut users: BTreeMap<String, BTreeSet<OperatorId>> = BTreeMap::new();
    let mut add = |store: &str, key: &str, id: OperatorId| {
        users.entry(place(&workspace.stores, store, key)).or_default().insert(id);
    };
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| agent.is_present()) {
        if let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) {
            add(&secret.store, &secret.key, id.clone());
        }
    }
    for (key, applied) in &ledger.resources {
        let id = ResourceId::parse(key).filter(|id| id.kind == Kind::Agent);
        if let (Some(id), Some((store, key))) = (id, applied.password.as_ref().and_then(source)) {
            add(store, key, id.name);
        }
    }
    users
}

/// Returns the store and key that a password came from, if the ledger knows them.
fn source(password: &AppliedPassword) -> Option<(&str, &str)> {
    password.store.as_deref().zip(password.key.as_deref())
}

/// Returns true if a live password came from this secret, according to the ledger.
fn came_from(workspace: &Workspace, applied: &LedgerEntry, secret: &SecretRef) -> bool {
    let stores = &workspace.stores;
    applied
        .password
        .as_ref()
        .and_then(source)
        .is_some_and(|(store, key)| place(stores, store, key) == place(stores, &secret.store, &secret.key))
}

/// Returns true if the agent's password was generated under this secret and not set yet.
///
/// The next step uses that password.
fn made(workspace: &Workspace, applied: &LedgerEntry, secret: &SecretRef) -> bool {
    let stores = &workspace.stores;
    applied.password_made.as_ref().is_some_and(|made| {
        place(stores, &made.store, &made.key) == place(stores, &secret.store, &secret.key)
    })
}

/// Returns true if a ledger entry knows a password.
pub(super) fn knows(applied: &LedgerEntry) -> bool {
    applied.password.is_some() || applied.password_seen.is_some()
}

/// Returns the password's version in the ledger.
///
/// If rosterctl did not set the password, that is the version that the manifest had at first.
pub(super) fn version(applied: &LedgerEntry) -> Option<u32> {
    match (&applied.password, &applied.password_seen) {
        (Some(set), _) => set.version,
        (None, seen) => seen.as_ref()?.version,
    }
}

/// Returns true if the version of a reference asks for a rotation.
fn rotates(applied: &LedgerEntry, secret: &SecretRef) -> bool {
    secret.version.is_some() && knows(applied) && version(applied) != secret.version
}

/// Returns the secrets that the ledger does not allow a rotation with `generate` to overwrite.
///
/// A rotation is still allowed if the store does not hold the key, so the runtime asks the stores.
pub fn overwriting(
    workspace: &Workspace,
    desired: &Desired,
    ledger: &Ledger,
) -> BTreeMap<OperatorId, SecretRef> {
    let rotated = desired.agents.iter().filter_map(|(id, agent)| {
        let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) else { return None };
        if !secret.generate || secret.version.is_none() || !agent.is_present() {
            return None;
        }
        let applied = ledger.get(&ResourceId::agent(id)).filter(|applied| rotates(applied, secret))?;
        let known = came_from(workspace, applied, secret) || made(workspace, applied, secret);
        (!known).then(|| (id.clone(), SecretRef::clone(secret)))
    });
    rotated.collect()
}

/// Returns true if a rotation overwrites the secret of its key; false if the store holds none.
///
/// # Errors
/// The reason why it must not.
pub(super) fn overwrites(
    context: &Context<'_>,
    id: &OperatorId,
    secret: &SecretRef,
    applied: &LedgerEntry,
) -> Result<bool, ForeignSecret> {
    let at = place(&context.workspace.stores, &secret.store, &secret.key);
    if let Some(other) = holders(context, &at).iter().find(|other| *other != id) {
        return Err(ForeignSecret::SharedWith(other.clone()));
    }
    let print = applied.password.as_ref().and_then(|set| set.fingerprint.as_ref());
    // The password in the store is the one that was set.
    let proved = print.is_some() && print == context.options.fingerprints.get(id);
    let made = made(context.workspace, applied, secret);
    // The generated password was sent, too, and the vendor may have set it.
    let sent = made && applied.unconfirmed.contains(PASSWORD.key);
    if came_from(context.workspace, applied, secret) || proved || sent {
        return Ok(true);
    }
    if context.options.vacant.contains(id) || made {
        return Ok(false);
    }
    Err(match applied.password.as_ref().map(source) {
        Some(Some((store, key))) => ForeignSecret::CameFrom(format!("{store}:{key}")),
        Some(None) => ForeignSecret::OriginUnknown,
        None => ForeignSecret::NeverSet,
    })
}
