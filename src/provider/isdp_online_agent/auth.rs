//! The sign-in: a bearer token, configured or fetched. Source: isdp-online-agent, 请求头; vendor-facts §4, "The token".

use serde_json::json;

use super::requests::call;
use crate::config::workspace::Connection;
use crate::model::call::Call;
use crate::model::secret::Secret;

/// Adds the token to a call: "bearer +“ ”+access_token". There is no signature.
pub fn sign(token: &Secret, call: &mut Call) {
    call.headers.push(("Authorization", format!("bearer {}", token.expose())));
}

/// Builds the request for a token; `None` if the connection has a configured one.
///
/// The vendor documents the client's secret as equal to its id.
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
