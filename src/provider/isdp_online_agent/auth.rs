//! The sign-in: a bearer token, held by the connection or fetched. Source: isdp-online-agent, 请求头;
//! vendor-facts §4, "The token".

use serde_json::json;

use super::requests::call;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::secret::Secret;

/// Puts the token on a call: "bearer +“ ”+access_token". There is nothing to sign.
pub fn sign(token: &Secret, call: &mut Call) {
    call.headers.push(("Authorization", format!("bearer {}", token.expose())));
}

/// Asks for a token; `None` when the connection holds one itself.
///
/// The client's secret is its id once more: so says the vendor.
pub fn token(connection: &Connection, secret: &Secret) -> Option<Call> {
    let login = connection.settings.group("login")?;
    let client = login.text("clientId").unwrap_or_default();
    let body = json!({
        "client_id": client,
        "client_secret": client,
        "grant_type": "password",
        "username": login.text("username").unwrap_or_default(),
        "password": secret.expose(),
    });
    Some(call("rest_token", "/oauth2/oauth/rest_token", &body))
}
