//! The reading calls. Source: isdp-online-agent, findOnlineAgent, 请求参数; vendor-facts §4, "The token".

use serde_json::{Value as Json, json};

use super::PAGE_SIZE;
use crate::model::call::Call;
use crate::model::secret::Secret;
use crate::model::workspace::Connection;

/// A page of the listing, from 1; the vendor counts from 0.
///
/// Never narrowed to who is online: whoever is listed as offline is known to be, and the rest is not guessed.
pub fn page(page: usize) -> Call {
    let body = json!({ "pageStart": page.saturating_sub(1), "pageSize": PAGE_SIZE });
    call("findOnlineAgent", "/openapi/v1/openTask/findOnlineAgent", &body)
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

fn call(operation: &'static str, path: &str, body: &Json) -> Call {
    Call {
        operation,
        path: path.to_owned(),
        query: Vec::new(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
