//! Whose key a rotation with `generate` may overwrite: one that the agent's live password is known to come from, and
//! that no other agent uses.
//!
//! A manifest may come from a stranger. One that raises `version` and names another key would have a new password
//! written over a secret that is not this agent's.

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

/// Returns the agents that use a secret, as the manifests and the ledger say.
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
    for (id, agent) in desired.agents.iter().filter(|(_, agent)| !agent.absent) {
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

/// The store and key that a password came from, where the ledger says it.
fn source(password: &AppliedPassword) -> Option<(&str, &str)> {
    password.store.as_deref().zip(password.key.as_deref())
}

/// Whether the ledger says that a live password came from this secret.
fn came_from(workspace: &Workspace, applied: &LedgerEntry, secret: &SecretRef) -> bool {
    let stores = &workspace.stores;
    applied
        .password
        .as_ref()
        .and_then(source)
        .is_some_and(|(store, key)| place(stores, store, key) == place(stores, &secret.store, &secret.key))
}

/// Whether a password was made under this secret for the agent, and not set yet: it is gone on with.
fn made(workspace: &Workspace, applied: &LedgerEntry, secret: &SecretRef) -> bool {
    let stores = &workspace.stores;
    applied.password_made.as_ref().is_some_and(|made| {
        place(stores, &made.store, &made.key) == place(stores, &secret.store, &secret.key)
    })
}

/// Whether a ledger knows anything of a password.
pub(super) fn knows(applied: &LedgerEntry) -> bool {
    applied.password.is_some() || applied.password_seen.is_some()
}

/// The version that a ledger knows. Of a password that rosterctl did not set, only the version is known that the manifest
/// had at first.
pub(super) fn version(applied: &LedgerEntry) -> Option<u32> {
    match (&applied.password, &applied.password_seen) {
        (Some(set), _) => set.version,
        (None, seen) => seen.as_ref()?.version,
    }
}

/// Whether the version of a reference asks for a rotation.
fn rotates(applied: &LedgerEntry, secret: &SecretRef) -> bool {
    secret.version.is_some() && knows(applied) && version(applied) != secret.version
}

/// The secrets that a rotation with `generate` may not overwrite as far as the ledger knows: what is not there is not
/// overwritten, so that their stores are asked whether they hold them.
pub fn overwriting(
    workspace: &Workspace,
    desired: &Desired,
    ledger: &Ledger,
) -> BTreeMap<OperatorId, SecretRef> {
    let rotated = desired.agents.iter().filter_map(|(id, agent)| {
        let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) else { return None };
        if !secret.generate || secret.version.is_none() || agent.absent {
            return None;
        }
        let applied = ledger.get(&ResourceId::agent(id)).filter(|applied| rotates(applied, secret))?;
        let known = came_from(workspace, applied, secret) || made(workspace, applied, secret);
        (!known).then(|| (id.clone(), SecretRef::clone(secret)))
    });
    rotated.collect()
}

/// Whether a rotation overwrites the secret of its key; `false` where the store holds none.
///
/// # Errors
/// Why it must not.
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
    // The password that the store holds there is the one that was set.
    let proved = print.is_some() && print == context.options.fingerprints.get(id);
    let made = made(context.workspace, applied, secret);
    // What was made for the agent was sent, too, and the vendor may have taken it.
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
