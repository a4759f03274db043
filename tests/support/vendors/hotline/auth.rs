//! The signature: the SHA-256 of key, time, site and operation.

use rosterctl::config::workspace::Connection;
use rosterctl::model::call::Call;
use rosterctl::model::secret::Secret;
use rosterctl::model::text::hex;
use sha2::{Digest, Sha256};

/// Signs a call for a moment.
pub(super) fn sign(_: &Connection, secret: &Secret, now_ms: i64, call: &mut Call) {
    let stamp = (now_ms / 1000).to_string();
    let proof = hex(&Sha256::digest(format!("{}|{stamp}|{}", secret.expose(), call.path)));
    call.headers.push(("X-Hotline-Stamp", stamp));
    call.headers.push(("X-Hotline-Proof", proof));
}
