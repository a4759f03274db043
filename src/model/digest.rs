//! What makes a saved plan stale.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::model::plan::{FORMAT, Plan};
use crate::model::secret::Secret;
use crate::model::text::hex;

/// Digest of a plan's own content: every byte of meaning but the digest itself, keys in order.
pub fn of_plan(plan: &Plan) -> String {
    serde_json::to_value(plan).map(|json| of_json(&json)).unwrap_or_default()
}

/// The same, of a plan as it was read from a file, so that nothing in it goes unseen.
pub fn of_json(plan: &Json) -> String {
    let mut plan = plan.clone();
    // A signature is of the digest.
    if let Some(digests) = plan.get_mut("digests").and_then(Json::as_object_mut) {
        digests.remove("signature");
    }
    if let Some(digest) = plan.pointer_mut("/digests/plan") {
        *digest = Json::String(String::new());
    }
    sha256([plan.to_string().as_bytes()])
}

/// Signs a plan by its digest, under the key of the ledger's fingerprints.
pub fn signature(digest: &str, key: &Secret) -> String {
    Secret::new(digest.to_owned()).fingerprint(key, FORMAT)
}

/// SHA-256 in hex of parts, each preceded by its length, so that no two lists of parts meet.
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}
