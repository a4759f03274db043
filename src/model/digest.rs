//! Digests, by which a saved plan becomes stale.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::model::plan::{FORMAT, Plan};
use crate::model::secret::Secret;
use crate::model::text::hex;

/// Returns the digest of a plan's own content: all of it but the digest itself, keys in order.
pub fn of_plan(plan: &Plan) -> String {
    serde_json::to_value(plan).map(|json| of_json(&json)).unwrap_or_default()
}

/// Returns the same digest of a plan from a file.
///
/// It covers keys that this program does not know, too.
pub fn of_json(plan: &Json) -> String {
    let mut plan = plan.clone();
    // The signature is of the digest.
    if let Some(digests) = plan.get_mut("digests").and_then(Json::as_object_mut) {
        digests.remove("signature");
    }
    if let Some(digest) = plan.pointer_mut("/digests/plan") {
        *digest = Json::String(String::new());
    }
    sha256([plan.to_string().as_bytes()])
}

/// Signs a plan's digest with the key of the ledger's fingerprints.
pub fn signature(digest: &str, key: &Secret) -> String {
    Secret::new(digest.to_owned()).fingerprint(key, FORMAT)
}

/// Returns the SHA-256 of parts in hex.
///
/// Each part is preceded by its length, so that no two lists of parts collide.
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}
