//! Fingerprints of the stored passwords that the ledger knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::connections;
use super::load::Loaded;
use crate::cli::error::CliError;
use crate::model::agent::PASSWORD;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::language::{Localized, localized};
use crate::model::ledger::Ledger;
use crate::model::secret::{Secret, SecretRef};
use crate::model::value::Value;
use crate::plan;
use crate::storage::secrets::SecretError;

/// Reads the key of the fingerprints, if the workspace declares one.
pub(crate) async fn key(loaded: &Loaded) -> Result<Option<Arc<Secret>>, CliError> {
    let Some(name) = loaded.workspace.ledger.secret("fingerprintKey") else { return Ok(None) };
    let key = loaded.secrets.get(name).await;
    let key = key.map_err(|error| CliError::secret(&"`ledger.fingerprintKey`".to_owned().into(), &error))?;
    match connections::objection("fingerprintKey", name, &key) {
        Some(why) => {
            Err(CliError::Error(localized!(why; "`ledger`: {why}", "`ledger`：{why}", "`ledger`：{why}")))
        }
        None => Ok(Some(key)),
    }
}

/// Stored passwords of the agents whose password the ledger knows.
#[derive(Default)]
pub(crate) struct Fingerprints {
    /// Fingerprints of the passwords in the stores.
    pub(super) now: BTreeMap<OperatorId, String>,
    /// Agents whose password the stores no longer hold.
    pub(super) gone: BTreeSet<OperatorId>,
    /// Agents whose new key the stores do not hold yet.
    pub(super) vacant: BTreeSet<OperatorId>,
}

/// Reads the passwords of the agents with a fingerprint in the ledger. Others cannot be compared.
pub(crate) async fn read(loaded: &Loaded, ledger: &Ledger) -> Result<Fingerprints, CliError> {
    let mut prints = Fingerprints { vacant: vacant(loaded, ledger).await?, ..Fingerprints::default() };
    let Some(key) = key(loaded).await? else { return Ok(prints) };
    let set: Vec<_> = loaded
        .desired
        .agents
        .iter()
        .filter(|(_, agent)| agent.is_present())
        .filter_map(|(id, agent)| {
            let Some(Value::Password(secret)) = agent.record.get(&PASSWORD) else { return None };
            let known = ledger.get(&ResourceId::agent(id))?.password.as_ref()?;
            Some((id, secret, known.fingerprint.is_some()))
        })
        .collect();
    let wanted = set.iter().filter(|(.., printed)| *printed).map(|(_, secret, _)| SecretRef::clone(secret));
    let values = loaded.secrets.get_all(wanted.collect()).await;
    let missing: BTreeSet<_> = values
        .iter()
        .filter(|(_, value)| matches!(value, Err(SecretError::Missing { .. })))
        .map(|(secret, _)| secret.name())
        .collect();
    for (id, secret, _) in set {
        // An agent that shares a generated password gets the new one too.
        if missing.contains(&secret.name()) {
            prints.gone.insert(id.clone());
            continue;
        }
        match values.get(&**secret) {
            Some(Ok(value)) => {
                prints.now.insert(id.clone(), value.fingerprint(&key, id.as_str()));
            }
            Some(Err(error)) => return Err(CliError::secret(&password_of(id), error)),
            None => {}
        }
    }
    Ok(prints)
}

fn password_of(id: &OperatorId) -> Localized {
    localized!("the password of agent/{id}", "agent/{id} 的密码", "agent/{id} 的密碼")
}

/// Finds the agents whose new key is still missing. A rotation must not overwrite such a key.
async fn vacant(loaded: &Loaded, ledger: &Ledger) -> Result<BTreeSet<OperatorId>, CliError> {
    let mut vacant = BTreeSet::new();
    for (id, secret) in plan::overwriting(&loaded.workspace, &loaded.desired, ledger) {
        match loaded.secrets.find(&secret).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                vacant.insert(id);
            }
            Err(error) => return Err(CliError::secret(&password_of(&id), &error)),
        }
    }
    Ok(vacant)
}
