//! The read-only connectors against the simulated vendors, driven by a small model of the runtime.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "support/systems.rs"]
mod systems;

use rosterctl::sandbox::CmsAgent;
use rosterctl::sandbox::IsdpOnlineAgent;
use rosterctl::vendors;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rosterctl::config::workspace::{Connection, Workspace};
use rosterctl::model::call::{Call, Failure, Reply};
use rosterctl::model::id::OperatorId;
use rosterctl::model::note::Deferred;
use rosterctl::model::presence::{Disruption, GapReason, Presence, PresencePolicy, PresenceVerdict, State};
use rosterctl::model::seat;
use rosterctl::model::value::Value;
use rosterctl::provider::{
    Connector, Observer, PresenceQuery, QueryMode, cms_agent, isdp_online_agent, paging, seat_query, seats,
};
use rosterctl::runtime::account::Accounts;
use rosterctl::runtime::client::Client;
use rosterctl::runtime::clock::SystemClock;
use rosterctl::runtime::rate_limiter::RateLimiter;
use rosterctl::runtime::read::presence::Observers;
use rosterctl::runtime::transport::HttpTransport;
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::sandbox::{Running, spawn, spawn_at};
use rosterctl::storage::rate_store::FileRateStore;
use systems::{AUTH_V2, WORKSPACE, connection, secret, workspace};

/// 2024-08-02T00:00:00Z
const NOW: i64 = 1_722_556_800_000;

const SEED: &str = r#"
agents: [{ operatorId: "8001" }, { operatorId: "8002" }, { operatorId: "8003" }]
queues:
  - { displayName: 售前, assignMembers: [{ agentNumber: "8001" }, { agentNumber: "8002" }] }
  - { displayName: 售后, assignMembers: [{ agentNumber: "8002" }] }
  - { displayName: 投诉 }
knownAgents: [{ agentNumber: "8002", phone: "15700000000", pcAutoClaim: true }]
presence:
  - { agent: "8001", online: true, status: 7, phoneNumber: "15700000001" }
  - { agent: "8002", online: false, status: 4 }
accounts: { N00000000556: s-webchat }
apiKeys: { bDqJFiq9: s-seat }
isdpLogins: [{ clientId: isdp-demo-openapi, username: "10001", password: s-isdp }]
cmsKeys: { globalaktest: s-cms }
seats:
  - { account: a, name: one, password: p-seat, calls: [{ time: "2024-06-01 10:00:00", seconds: 9 }, { time: "2024-08-01 10:00:00" }] }
  - { account: b, enable: 1 }
  - { account: c, deleteFlag: 1 }
"#;

/// Sends a call like the transport: with the `Host` of the connection.
fn send(estate: &mut VendorState, connection: &Connection, mut call: Call) -> Reply {
    let host = connection.base_url().unwrap().trim_start_matches("https://").to_owned();
    call.headers.push(("Host", host));
    estate.answer("POST", &call, NOW)
}

/// Observes like the runtime, in small: asks about all agents.
fn observe(estate: &mut VendorState, workspace: &Workspace, agents: &[&str]) -> Presence {
    let mut presence = Presence::default();
    for observer in vendors::ALL.observers() {
        let system = observer.spec().name;
        let Some(connection) = workspace.connection(system) else { continue };
        assert_eq!(vendors::ALL.vendor(connection).unwrap().spec().name, system);
        let key = match system {
            "cms-agent" => "s-cms",
            "isdp-online-agent" => "s-isdp",
            _ => "s-webchat",
        };
        let token = observer.token_request(connection, &secret(key)).map(|call| {
            let reply = send(estate, connection, call);
            observer
                .parse_token(connection, &reply, NOW)
                .map_err(|f| f.message().to_owned())
                .unwrap_or_else(|e| panic!("{e}"))
        });
        let key = token.map_or_else(|| secret(key), |token| token.secret);
        presence.asked(system);
        let mut ask = |question: &PresenceQuery<'_>| {
            let mut call = observer.ask(connection, question)?;
            observer.sign(connection, &key, NOW, &mut call);
            let reply = send(estate, connection, call);
            Some(observer.hear(connection, question, &reply))
        };
        match observer.way(connection) {
            QueryMode::Listing(size) => {
                let first = ask(&PresenceQuery::Page(1)).unwrap().unwrap();
                let count = paging::pages(first.rows.len(), first.total, size);
                let rest = (2..=count).map(|page| ask(&PresenceQuery::Page(page)).unwrap().unwrap());
                let pages = [first].into_iter().chain(rest).collect();
                let (said, doubt) = paging::gather(pages);
                for (agent, said) in said {
                    presence.say(agent, said);
                }
                if let Some(doubt) = doubt {
                    presence.fail(system, None, GapReason::Incomplete { doubt });
                }
            }
            QueryMode::Singly => {
                for agent in agents {
                    let agent = OperatorId::from(*agent);
                    match ask(&PresenceQuery::Agent(&agent)) {
                        None => {}
                        Some(Ok(sightings)) => {
                            for (agent, said) in sightings.said {
                                presence.say(agent, said);
                            }
                        }
                        Some(Err(failure)) => presence.fail(system, Some(agent), &failure),
                    }
                }
            }
        }
    }
    presence
}

fn states(presence: &Presence, agent: &str) -> Vec<State> {
    presence.reports(&agent.into()).iter().map(|said| said.state).collect()
}

#[test]
fn three_systems_tell_who_is_at_work() {
    let variants = [
        ("", ""),
        ("signedHeaders: [content-length, content-type, host]", ""),
        (
            "timestampMillis: true, emptyQueryLine: true",
            "signatureMillis: true, signatureEmptyQueryLine: true,",
        ),
        ("", "readShape: top-level, numbersAsStrings: true, tokenErrors: json, unknownWorkNumber: empty,"),
    ];
    for (settings, quirks) in variants {
        let workspace = workspace(&AUTH_V2.replace("VARIANT", settings));
        let mut estate = vendors::ALL.seeded(&format!("quirks: {{ {quirks} }}\n{SEED}")).unwrap();
        let presence = observe(&mut estate, &workspace, &["8001", "8002", "8003", "9999", "tom"]);
        assert_eq!(presence.gaps(), [], "{settings} {quirks}");
        assert_eq!(states(&presence, "8001"), [State::OnCall, State::Online, State::NotClaiming]);
        assert_eq!(states(&presence, "8002"), [State::Idle, State::Offline, State::Claiming]);
        assert_eq!(states(&presence, "8003"), [State::SignedOut]);
        assert_eq!(states(&presence, "9999"), []);
        assert!(!format!("{presence:?}").contains("1570000000"), "a telephone number was kept");
        let verdict =
            |agent: &str| PresencePolicy::default().evaluate(Disruption::Delete, &agent.into(), &presence);
        assert!(matches!(verdict("8001"), PresenceVerdict::AtWork(_)));
        assert_eq!(verdict("8002"), PresenceVerdict::Clear);
        let departures = estate.departures();
        assert!(departures.is_empty(), "{departures:?}");
        // The call ends.
        estate.get_mut::<CmsAgent>().agents.get_mut(&8001).unwrap().status = 4;
        let presence = observe(&mut estate, &workspace, &["8001"]);
        assert_eq!(states(&presence, "8001")[0], State::Idle);
    }
}

#[test]
fn an_unknown_work_number_that_is_refused_leaves_a_gap() {
    let workspace = workspace(&AUTH_V2.replace("VARIANT", ""));
    let mut estate =
        vendors::ALL.seeded(&format!("quirks: {{ unknownWorkNumber: failure }}\n{SEED}")).unwrap();
    let presence = observe(&mut estate, &workspace, &["9999"]);
    let verdict = PresencePolicy::default().evaluate(Disruption::Unqueue, &"9999".into(), &presence);
    let words = verdict.objection().map(|why| {
        let agent = "9999".into();
        Deferred { agent, disruption: Disruption::Unqueue, why, waited: None }.to_string()
    });
    assert_eq!(
        words.as_deref(),
        Some(
            "agent 9999 is not taken out of the queue: cms-agent does not tell whether the agent is at work \
             (resultCode 0100001: the call failed – call failed); `onError: allow` under `policy.presence` goes on \
             without it"
        )
    );
}

#[test]
fn a_wrong_key_is_a_refused_sign_in() {
    let connection = connection("cms-agent");
    let agent = OperatorId::from("8001");
    let question = PresenceQuery::Agent(&agent);
    let mut estate = vendors::ALL.seeded(SEED).unwrap();
    let mut ask = || {
        let mut call = cms_agent::CmsAgent.ask(&connection, &question).unwrap();
        cms_agent::CmsAgent.sign(&connection, &secret("wrong"), NOW, &mut call);
        cms_agent::CmsAgent.hear(&connection, &question, &send(&mut estate, &connection, call))
    };
    assert_eq!(ask(), Err(Failure::SignIn("HTTP 401: Unauthorized".to_owned().into())));
    for _ in 0..4 {
        assert!(ask().is_err());
    }
    let Err(Failure::SignIn(words)) = ask() else { panic!("let in") };
    assert!(words.to_string().contains("the vendor locks an address"), "{words}");
}

#[test]
fn seats_and_their_figures_over_a_long_span() {
    let connection = connection("seat-query");
    for quirks in ["", "seatStatusAsNumber: true", "numbersAsStrings: true, unsetStrings: absent"] {
        let mut estate = vendors::ALL.seeded(&format!("quirks: {{ {quirks} }}\n{SEED}")).unwrap();
        let windows = seat_query::date_range::windows(NOW - 90 * 24 * 3_600_000, NOW, 480);
        assert_eq!(windows.len(), 3);
        let mut read = Vec::new();
        for window in &windows {
            let mut call = seat_query::requests::page(1, window);
            seat_query::SeatQuery.sign(&connection, &secret("s-seat"), NOW, &mut call);
            let page = seat_query::responses::page(&send(&mut estate, &connection, call), 480).unwrap();
            assert_eq!(
                paging::pages(seats::head(&page).keys.len(), page.total, seat_query::requests::PAGE_SIZE),
                1
            );
            read.push(vec![page]);
        }
        let seats = seats::seats(read, seat_query::requests::PAGE_SIZE);
        assert_eq!(seats.listing.incomplete, None);
        assert_eq!(seats.listing.items.len(), 2, "the deleted one is left out");
        let figures = &seats.listing.items[&"a".into()].figures;
        assert_eq!((figures.calls, figures.connected, figures.connect_rate.as_deref()), (2, 1, Some("50%")));
        assert_eq!(seats.listing.items[&"b".into()].record.get(&seat::ENABLED), Some(&Value::Flag(false)));
        assert!(seats.passwords[&"a".into()].is_of(&secret("p-seat")));
        assert!(!seats.passwords.contains_key(&"b".into()));
        assert!(estate.departures().is_empty(), "{:?}", estate.departures());
    }
}

/// Checks that no observer writes.
#[test]
fn observers_only_read() {
    for observer in vendors::ALL.observers() {
        let connection = connection(observer.spec().name);
        let agent = OperatorId::from("8001");
        for question in [PresenceQuery::Page(1), PresenceQuery::Agent(&agent)] {
            let Some(call) = observer.ask(&connection, &question) else { continue };
            let operation = observer.spec().operations.iter().find(|o| o.name == call.operation).unwrap();
            assert!(!operation.writes, "{}", call.operation);
        }
    }
}

/// Checks all readers over HTTP, with the `Host` that the client really sends.
#[tokio::test]
async fn the_server_answers_all_readers() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let running = spawn_at(vendors::ALL.seeded(SEED).unwrap(), Arc::new(|| NOW)).await.unwrap();
    let text =
        WORKSPACE.replace("AUTH", &AUTH_V2.replace("VARIANT", "signedHeaders: [host, content-length]"));
    let hosts = ["https://api.laaffic.com", "https://isdp.example.com", "https://10.22.26.181:28080"];
    let text = hosts.iter().fold(text, |text, host| text.replace(host, &running.base_url()));
    let workspace =
        rosterctl::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors::ALL.specs())
            .unwrap();
    let send = async |call: Call| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{}{}", running.base_url(), call.path)).body(call.body.clone());
        let request =
            call.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = request.send().await.unwrap();
        Reply {
            status: response.status().as_u16(),
            content_type: String::new(),
            retry_after: None,
            body: response.bytes().await.unwrap().to_vec(),
        }
    };
    let agent = OperatorId::from("8001");
    let desk = workspace.connection("cms-agent").unwrap();
    let mut call = cms_agent::CmsAgent.ask(desk, &PresenceQuery::Agent(&agent)).unwrap();
    cms_agent::CmsAgent.sign(desk, &secret("s-cms"), NOW, &mut call);
    let heard = cms_agent::CmsAgent.hear(desk, &PresenceQuery::Agent(&agent), &send(call).await).unwrap();
    assert_eq!(heard.said[0].1.state, State::OnCall);

    let online = workspace.connection("isdp-online-agent").unwrap();
    let isdp = isdp_online_agent::IsdpOnlineAgent;
    let reply = send(isdp.token_request(online, &secret("s-isdp")).unwrap()).await;
    let Ok(token) = isdp.parse_token(online, &reply, NOW) else { panic!("no token") };
    for (key, good) in [(&token.secret, true), (&secret("other"), false)] {
        let mut call = isdp.ask(online, &PresenceQuery::Page(1)).unwrap();
        isdp.sign(online, key, NOW, &mut call);
        let heard = isdp.hear(online, &PresenceQuery::Page(1), &send(call).await);
        assert_eq!(heard.is_ok(), good);
        assert!(good || matches!(heard, Err(Failure::SignIn(_))));
    }

    let seats = workspace.connection("seat-query").unwrap();
    let mut call = seat_query::requests::page(1, &seat_query::date_range::windows(NOW - 1000, NOW, 480)[0]);
    seat_query::SeatQuery.sign(seats, &secret("s-seat"), NOW, &mut call);
    assert_eq!(seat_query::responses::page(&send(call).await, 480).unwrap().total, Some(3));
    assert!(running.with(|estate| estate.departures().is_empty()));
    running.stop().await;
}

const FIND: &str = "/openapi/v1/openTask/findOnlineAgent";
const TOKEN: &str = "/oauth2/oauth/rest_token";
const DESK: &str = "/rest/cmsapp/v1/openapi/agent/agentbyworkno";

/// Returns the observers as the program builds them, each with its own client.
fn observers(running: &Running, desk_key: &str) -> Observers {
    observers_of(running, desk_key, &Accounts::default())
}

/// Returns the observers of a workspace that shares its sign-ins with others.
fn observers_of(running: &Running, desk_key: &str, accounts: &Accounts) -> Observers {
    // One of them installs the crypto provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = "retry: { attempts: 2, total: 2s }";
    let mut text = WORKSPACE
        .replace("AUTH", &AUTH_V2.replace("VARIANT", ""))
        .replace("baseUrl", &format!("{retry}, baseUrl"));
    for line in text.clone().lines() {
        if let Some((_, rest)) = line.split_once("baseUrl: \"")
            && let Some((host, _)) = rest.split_once('"')
        {
            text = text.replace(host, &running.base_url());
        }
    }
    let workspace =
        rosterctl::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors::ALL.specs())
            .unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let mut observers = Observers::default();
    for observer in vendors::ALL.observers() {
        let connection = workspace.connection(observer.spec().name).unwrap().clone();
        let connector = vendors::ALL.vendor(&connection).unwrap().connector;
        let key = match observer.spec().name {
            "cms-agent" => desk_key,
            "isdp-online-agent" => "s-isdp",
            _ => "s-webchat",
        };
        let base = connection.base_url().unwrap();
        let transport =
            HttpTransport::new(base, None, Duration::from_secs(5), connector.signs_host()).unwrap();
        let clock = Rc::new(SystemClock);
        let windows = FileRateStore::new(None, "t");
        let limiter = RateLimiter::new(Box::new(windows), clock.clone());
        let secret = Arc::new(secret(key));
        let link = Client::new(connection, connector, Box::new(transport), secret, limiter, clock);
        let link = link.sharing(accounts, observer.spec().name);
        observers.add(observer, Ok(Rc::new(link)));
    }
    observers
}

fn ids(ids: &[&str]) -> BTreeSet<OperatorId> {
    ids.iter().map(|id| OperatorId::from(*id)).collect()
}

fn calls(running: &Running, path: &str) -> usize {
    running.with(|estate| estate.calls.get(path).copied().unwrap_or_default())
}

#[tokio::test]
async fn workspaces_of_one_tenant_sign_in_once() {
    let running = spawn(vendors::ALL.seeded(SEED).unwrap()).await.unwrap();
    let accounts = Accounts::default();
    let [one, other] = [(); 2].map(|()| observers_of(&running, "s-cms", &accounts));
    let agents = ids(&["8001"]);
    let (first, second) = tokio::join!(one.presence(Some(&agents)), other.presence(Some(&agents)));
    assert!(first.gaps().is_empty() && second.gaps().is_empty());
    assert_eq!((calls(&running, FIND), calls(&running, TOKEN)), (2, 1));
    // The vendor revoked the token: one of them fetches another, which both use.
    running.with(|estate| estate.get_mut::<IsdpOnlineAgent>().revoke());
    let (first, second) = tokio::join!(one.presence(Some(&agents)), other.presence(Some(&agents)));
    assert!(first.gaps().is_empty() && second.gaps().is_empty());
    assert_eq!(calls(&running, TOKEN), 2);
    // Another run signs in for itself.
    assert_eq!(observers(&running, "s-cms").presence(Some(&agents)).await.gaps(), []);
    assert_eq!(calls(&running, TOKEN), 3);
}

#[tokio::test]
async fn the_shell_reads_every_system_that_knows() {
    let running = spawn(vendors::ALL.seeded(SEED).unwrap()).await.unwrap();
    let observers = observers(&running, "s-cms");
    let presence = observers.presence(Some(&ids(&["8001", "8002", "tom", "60000"]))).await;
    assert_eq!(presence.gaps(), []);
    assert_eq!(states(&presence, "8001"), [State::OnCall, State::Online, State::NotClaiming]);
    assert_eq!(states(&presence, "8002"), [State::Idle, State::Offline, State::Claiming]);
    // Agents without a report: one that no system can be asked about is clear, one that was asked about is a gap.
    let verdict = |presence: &Presence, agent: &str| {
        PresencePolicy::default().evaluate(Disruption::Delete, &agent.into(), presence)
    };
    assert_eq!(verdict(&presence, "tom"), PresenceVerdict::Clear);
    assert_eq!((calls(&running, DESK), calls(&running, FIND), calls(&running, TOKEN)), (2, 1, 1));
    // Three queues on pages of two.
    assert_eq!(calls(&running, "/v20210827/webChat/queueQueueAgentClaimStatus/N00000000556"), 2);

    // No agents to ask about: no call. No limit to named agents: no single questions, and that is a gap.
    let before = running.with(|estate| estate.calls.clone());
    assert!(observers.presence(Some(&ids(&[]))).await.is_known());
    assert_eq!(running.with(|estate| estate.calls.clone()), before);
    let presence = observers.presence(None).await;
    assert_eq!(calls(&running, DESK), 2);
    assert_eq!(presence.gaps().iter().map(|gap| gap.system).collect::<Vec<_>>(), ["cms-agent"]);

    // The token is kept; after a revocation at the vendor, it is fetched again once.
    assert_eq!(calls(&running, TOKEN), 1);
    running.with(|estate| estate.get_mut::<IsdpOnlineAgent>().revoke());
    let presence = observers.presence(Some(&ids(&["8001"]))).await;
    assert_eq!(presence.gaps(), []);
    assert_eq!(calls(&running, TOKEN), 2);
    // The vendor answers with success and no row: no agent of that number is signed in.
    let presence = observers.presence(Some(&ids(&["9999"]))).await;
    assert_eq!(verdict(&presence, "9999"), PresenceVerdict::Clear);
    assert!(running.with(|estate| estate.departures().is_empty()));
    running.stop().await;
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again() {
    let running = spawn(vendors::ALL.seeded(SEED).unwrap()).await.unwrap();
    let observers = observers(&running, "wrong");
    running.with(|estate| estate.get_mut::<IsdpOnlineAgent>().logins[0].password = "changed".into());
    let agents: Vec<String> = (8001..8041).map(|id| id.to_string()).collect();
    let agents = agents.iter().map(|id| OperatorId::from(id.as_str())).collect();
    let presence = observers.presence(Some(&agents)).await;
    assert_eq!((calls(&running, DESK), calls(&running, TOKEN), calls(&running, FIND)), (1, 1, 0));
    assert!(agents.iter().all(|id| presence.gaps().iter().any(|gap| gap.agent.as_ref() == Some(id))));
    // Later questions in this run do not retry either.
    let presence = observers.presence(Some(&agents)).await;
    assert_eq!((calls(&running, DESK), calls(&running, TOKEN), calls(&running, FIND)), (1, 1, 0));
    let verdict = PresencePolicy::default().evaluate(Disruption::Delete, &"8040".into(), &presence);
    assert!(matches!(verdict, PresenceVerdict::Open(gap) if gap.why.to_string().contains("401")));
    running.stop().await;
}

#[tokio::test]
async fn what_fails_is_a_gap_and_the_rest_is_told() {
    let seed = format!("{SEED}\nfaults: {{ serverError: 1, only: [findOnlineAgent, agentbyworkno] }}");
    let running = spawn(vendors::ALL.seeded(&seed).unwrap()).await.unwrap();
    let observers = observers(&running, "s-cms");
    let presence = observers.presence(Some(&ids(&["8001", "8002", "8003"]))).await;
    assert_eq!(states(&presence, "8002"), [State::Claiming]);
    let gap = |agent: &str| presence.gap(&agent.into()).map(|gap| gap.system);
    assert_eq!(gap("8001"), Some("cms-agent"));
    // The first request goes ahead alone, with one retry; no other follows.
    assert!(calls(&running, DESK) <= 2);
    assert!(
        presence.gaps().iter().any(|gap| gap.why.to_string().contains("HTTP 500")),
        "{:?}",
        presence.gaps()
    );
    running.stop().await;
}
