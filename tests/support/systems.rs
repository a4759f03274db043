//! A workspace with all five systems, for tests of their connectors.

#![allow(dead_code, reason = "no test uses all of it")]

use rosterctl::config::workspace::{Connection, Workspace};
use rosterctl::model::secret::Secret;
use rosterctl::vendors;

/// A workspace with all five systems; `AUTH` stands for the sign-in of cms-agent.
pub(crate) const WORKSPACE: &str = r#"
apiVersion: rosterctl/v1
kind: Workspace
name: test
manifests: [roster]
secrets: { ci: { type: env } }
connections:
  agents: { provider: agent-config, baseUrl: "https://cc.example.com", abbreviate: acme, token: { store: ci, key: A } }
  webchat: { provider: webchat-queue, baseUrl: "https://chat.example.com", accountId: N00000000556, apiSecret: { store: ci, key: B }, pageSize: 2 }
  seats: { provider: seat-query, baseUrl: "https://api.laaffic.com", apiKey: bDqJFiq9, apiSecret: { store: ci, key: C } }
  online: { provider: isdp-online-agent, baseUrl: "https://isdp.example.com", login: { clientId: isdp-demo-openapi, username: "10001", password: { store: ci, key: D } } }
  desk: { provider: cms-agent, baseUrl: "https://10.22.26.181:28080", ccId: 1, vdn: 1, AUTH }
"#;

/// The signature of cms-agent; `VARIANT` stands for the settings that a site requires.
pub(crate) const AUTH_V2: &str =
    "auth: { scheme: auth-v2, accessKey: globalaktest, secretKey: { store: ci, key: E }, VARIANT }";

/// Reads the workspace.
pub(crate) fn workspace(auth: &str) -> Workspace {
    let text = WORKSPACE.replace("AUTH", auth);
    rosterctl::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors::ALL.specs())
        .unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// Returns a connection of the workspace, with the plain variant of the signature.
pub(crate) fn connection(provider: &str) -> Connection {
    variant("", provider)
}

/// Returns a connection with a variant of cms-agent's signature.
pub(crate) fn variant(variant: &str, provider: &str) -> Connection {
    workspace(&AUTH_V2.replace("VARIANT", variant)).connection(provider).unwrap().clone()
}

/// Returns a secret of the test vectors.
pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
