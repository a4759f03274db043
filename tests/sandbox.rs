//! The simulated vendors over HTTP, as a client sees them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use rosterctl::vendors;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rosterctl::sandbox::faults::{Delay, Faults};
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::sandbox::{Options, Running, SandboxError, serve, spawn, spawn_at};
use serde_json::{Value, json};

/// 2016-10-13 11:36:12 in China, the time of the vendor's printed signature.
const PRINTED: i64 = 1_476_329_772_000;

fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn agent(running: &Running, operation: &str, mut body: Value) -> reqwest::RequestBuilder {
    body["abbreviate"] = "acme".into();
    client()
        .post(format!("{}/api/v1/config/openapi/agent/{operation}", running.base_url()))
        .header("Content-Type", "application/json")
        .header("token", "t")
        .body(body.to_string())
}

fn queue(running: &Running, operation: &str, body: &Value) -> reqwest::RequestBuilder {
    let account = "N00000000556";
    let sig = "88996D9907E0EE52C5DAF8EFFCC31CFC";
    client()
        .post(format!("{}/v20210827/webChat/{operation}/{account}?sig={sig}", running.base_url()))
        .header("Content-Type", "application/json;charset=utf-8")
        .header("Authorization", STANDARD.encode(format!("{account}:20161013113612")))
        .body(body.to_string())
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
}

async fn with_faults(faults: Faults) -> Running {
    spawn(VendorState { faults, ..vendors::ALL.estate() }).await.unwrap()
}

fn agents(running: &Running) -> usize {
    running.with(|estate| estate.get::<AgentConfig>().agents().count())
}

#[tokio::test]
async fn both_vendors_answer_and_share_their_agents() {
    let estate = vendors::ALL.seeded("accounts: {N00000000556: secret}").unwrap();
    let running = spawn_at(estate, Arc::new(|| PRINTED)).await.unwrap();
    let made = json_of(agent(&running, "create/v2", json!({"operatorId": "8000", "name": "张三"}))).await;
    assert_eq!(made["data"][0]["operatorId"], "8000");
    let add =
        json!({"displayName": "在线售前", "assignMembers": [{"agentNumber": "8000"}, {"agentNumber": "1"}]});
    let response = queue(&running, "addQueue", &add).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json;charset=utf-8");
    let list = json_of(queue(&running, "queueQueue", &json!({}))).await["data"]["list"].clone();
    assert_eq!(
        list[0]["assignMembers"],
        json!([{"agentNumber": "8000", "agentName": "张三", "priority": "0"}])
    );
    let other = format!("{}/v20210827/webChat/queueQueue/N1?sig=x", running.base_url());
    let refused = json_of(client().post(other).header("Content-Type", "application/json")).await;
    assert_eq!((&refused["code"], &refused["success"]), (&json!(403), &json!(false)));
    let missing = client().get(running.base_url()).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    let get = client().get(format!("{}/api/v1/config/openapi/agent/page", running.base_url()));
    assert_eq!(json_of(get).await["code"], 405);
    assert_eq!(running.with(|estate| estate.departures().len()), 2);
    running.stop().await;
}

#[tokio::test]
async fn the_rate_is_told_by_status_and_header() {
    let running = spawn_at(vendors::ALL.estate(), Arc::new(|| PRINTED)).await.unwrap();
    for _ in 0..20 {
        assert_eq!(queue(&running, "queueQueue", &json!({})).send().await.unwrap().status(), 200);
    }
    let response = queue(&running, "queueQueue", &json!({})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"60".parse().unwrap())
    );
}

#[tokio::test]
async fn a_connection_breaks_before_or_after() {
    let running = with_faults(Faults { drop_before: 1.0, ..Faults::default() }).await;
    assert!(agent(&running, "create/v2", json!({})).send().await.is_err());
    assert_eq!(agents(&running), 0);
    let running =
        with_faults(Faults { drop_after: 1.0, only: vec!["create/v2".into()], ..Faults::default() }).await;
    assert!(agent(&running, "create/v2", json!({})).send().await.is_err());
    assert_eq!(agents(&running), 1);
    assert_eq!(json_of(agent(&running, "page", json!({}))).await["data"]["total"], 1);
}

#[tokio::test]
async fn a_body_is_cut_in_half() {
    let running = with_faults(Faults { truncate: 1.0, ..Faults::default() }).await;
    let mut response = agent(&running, "create/v2", json!({})).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let promised = response.content_length().unwrap();
    let mut arrived = 0;
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => arrived += chunk.len() as u64,
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken);
    assert_eq!((arrived, agents(&running)), (promised / 2, 1));
}

#[tokio::test]
async fn a_gateway_answers_in_the_vendors_place() {
    let running = with_faults(Faults { too_many: 1.0, ..Faults::default() }).await;
    let response = agent(&running, "create/v2", json!({})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    assert_eq!(agents(&running), 0);
    let running = with_faults(Faults { html: 1.0, ..Faults::default() }).await;
    let response = agent(&running, "create/v2", json!({})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let running = with_faults(Faults { server_error: 1.0, ..Faults::default() }).await;
    for _ in 0..20 {
        let response = agent(&running, "create/v2", json!({})).send().await.unwrap();
        assert_eq!(response.status(), 500);
    }
    assert!((1..20).contains(&agents(&running)), "some are carried out, some are not");
    let delay_ms = Delay { probability: 1.0, min: 0, max: 5 };
    let running = with_faults(Faults { delay_ms, ..Faults::default() }).await;
    assert_eq!(json_of(agent(&running, "create/v2", json!({}))).await["code"], 0);
}

/// Starts a server, lets `talk` use it, and stops it.
async fn served(options: Options, talk: impl AsyncFnOnce(String)) -> Result<(), SandboxError> {
    let (told, address) = tokio::sync::oneshot::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(options, |address| told.send(address).unwrap(), async {
        let _ = stopped.await;
    }));
    if let Ok(address) = address.await {
        talk(format!("http://{address}/api/v1/config/openapi/agent/")).await;
    }
    drop(stop);
    tokio::time::timeout(Duration::from_secs(4), server).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_server_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let (state, seed) = (folder.path().join("state.json"), folder.path().join("seed.yaml"));
    std::fs::write(&seed, "{tokens: [one], agents: [{operatorId: \"8001\"}]}").unwrap();
    let options = Options {
        factories: vendors::ALL.simulators(),
        listen: "127.0.0.1:0".parse().unwrap(),
        state: Some(state.clone()),
        seed: Some(seed.clone()),
    };
    let post = async |base: &str, operation: &str, token: &str, body: &str| {
        let request = client().post(format!("{base}{operation}")).header("token", token.to_owned());
        json_of(request.header("content-type", "application/json").body(body.to_owned())).await
    };
    served(options.clone(), async |base| {
        assert_eq!(post(&base, "page", "two", r#"{"abbreviate":"a"}"#).await["code"], 401);
        assert_eq!(post(&base, "page", "one", r#"{"abbreviate":"a"}"#).await["data"]["total"], 1);
        let body = r#"{"abbreviate":"a","operatorIds":["8001"]}"#;
        assert_eq!(post(&base, "del/v2", "one", body).await["code"], 0);
    })
    .await
    .unwrap();
    // The server adopts a changed seed: the vendor's settings, not its agents. A broken seed changes nothing.
    let server = served(options.clone(), async |base| {
        for (text, token) in
            [("tokens: [", "one"), ("{tokens: [two], agents: [{operatorId: \"8001\"}]}", "two")]
        {
            std::fs::write(&seed, text).unwrap();
            let mut reply = Value::Null;
            for _ in 0..15 {
                // The pause is longer than the server takes to look at the file.
                tokio::time::sleep(Duration::from_millis(700)).await;
                reply = post(&base, "page", token, r#"{"abbreviate":"a"}"#).await;
                if reply["code"] == 0 {
                    break;
                }
            }
            assert_eq!(reply["data"]["total"], 0, "{text}");
        }
    });
    server.await.unwrap();
    // The seed's agent stays deleted; the seed's vendor settings hold.
    std::fs::write(&seed, "{tokens: [two], agents: [{operatorId: \"8001\"}]}").unwrap();
    served(options.clone(), async |base| {
        assert_eq!(post(&base, "page", "two", r#"{"abbreviate":"a"}"#).await["data"]["total"], 0);
    })
    .await
    .unwrap();
    std::fs::write(&state, "{}").unwrap();
    assert!(matches!(served(options.clone(), async |_| ()).await, Err(SandboxError::State { .. })));
    std::fs::write(&seed, "agent: []").unwrap();
    assert!(matches!(served(options.clone(), async |_| ()).await, Err(SandboxError::Seed { .. })));
    let remote = Options { listen: "0.0.0.0:0".parse().unwrap(), state: None, seed: None, ..options };
    assert!(matches!(served(remote, async |_| ()).await, Err(SandboxError::NotLoopback(_))));
}

#[tokio::test]
async fn a_clock_of_the_callers_moves_the_window() {
    let now = Arc::new(Mutex::new(PRINTED));
    let clock = Arc::clone(&now);
    let running = spawn_at(vendors::ALL.estate(), Arc::new(move || *clock.lock().unwrap())).await.unwrap();
    running.with(|estate| estate.get_mut::<WebchatQueue>().rate_limit.calls = 1);
    assert_eq!(queue(&running, "addQueue", &json!({"displayName": "q"})).send().await.unwrap().status(), 200);
    assert_eq!(queue(&running, "addQueue", &json!({"displayName": "q"})).send().await.unwrap().status(), 429);
    *now.lock().unwrap() += 60_000;
    assert_eq!(queue(&running, "addQueue", &json!({"displayName": "q"})).send().await.unwrap().status(), 200);
    let twins = running.with(|estate| estate.get::<WebchatQueue>().queues.len());
    assert_eq!(twins, 2);
}
