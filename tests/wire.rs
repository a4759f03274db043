//! The wire: proxies, refused sign-ins, and responses outside the vendors' documents, against scripted sockets.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/vault.rs"]
mod vault;

use std::fs;
use std::path::Path;

use bench::Said;
use scripted::{Answer, Scripted};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use vault::{VAULT_TOKEN, Vault};

/// Creates a workspace of these connections, and a manifest.
fn workspace(connections: &str, more: &str, roster: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), connections, more, roster);
    folder
}

fn write(folder: &Path, connections: &str, more: &str, roster: &str) {
    fs::create_dir_all(folder.join("roster")).unwrap();
    fs::write(
        folder.join("rosterctl.yaml"),
        format!(
            "apiVersion: rosterctl/v1\nkind: Workspace\nname: wire\nmanifests: [roster]\nconnections:\n{connections}\n\
             secrets:\n  ci: {{ type: env, prefix: BENCH_ }}\n{more}"
        ),
    )
    .unwrap();
    fs::write(folder.join("roster/roster.yaml"), format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}"))
        .unwrap();
}

fn agents_at(url: &str) -> String {
    format!(
        "  agents: {{ provider: agent-config, baseUrl: \"{url}\", abbreviate: acme, token: {{ store: ci, key: TOKEN }}, \
         concurrency: 1, retry: {{ attempts: 2, total: 2s }} }}"
    )
}

fn run(folder: &TempDir, arguments: &[&str], environment: &[(&str, String)]) -> Said {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    bench::run_in(folder.path(), arguments, &environment)
}

/// Returns a page of agents in the document's form.
fn page(rows: &[Json]) -> Answer {
    Answer::json(&json!({ "code": 0, "msg": "ok", "data": { "result": rows, "total": rows.len() } }))
}

#[test]
fn loopback_is_never_proxied() {
    let proxy = Scripted::start(|_, _| Answer::status(502));
    let vendor = Scripted::start(|_, _| page(&[json!({ "operatorId": "8001", "name": "a" })]));
    let bucket = Scripted::start(|_, _| Answer::status(404));
    let vault = Vault::start();
    vault.set("token", json!({ "value": bench::TOKEN }));
    let mut environment: Vec<(&str, String)> =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .map(|name| (name, proxy.url.clone()))
            .into();
    environment.extend([
        ("BENCH_VAULT", VAULT_TOKEN.to_owned()),
        ("AWS_ENDPOINT_URL", bucket.url.replace("127.0.0.1", "localhost")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDtest".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-aws".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ]);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let at = |url: &str| url.replace("127.0.0.1", host);
        let connection =
            agents_at(&at(&vendor.url)).replace("store: ci, key: TOKEN", "store: vault, key: token");
        let vault = format!(
            "  vault: {{ type: vault, address: \"{}\", mount: secret, token: {{ store: ci, key: VAULT }} }}\n\
             ledger: {{ url: \"s3://rosters/acme\" }}\n",
            at(&vault.address)
        );
        let folder = workspace(&connection, &vault, "agents: [{ operatorId: \"8001\", name: a }]\n");
        let before = vendor.asked();
        run(&folder, &["plan"], &environment).exits(0);
        assert!(vendor.asked() > before, "{host}");
    }
    assert!(bucket.asked() > 0);
    assert_eq!(proxy.asked(), 0, "{:?}", proxy.lines());
    // The proxy still reaches another host.
    let folder =
        workspace(&agents_at("https://cc.example.com"), "", "agents: [{ operatorId: \"8001\", name: a }]\n");
    run(&folder, &["plan"], &environment).exits(6);
    assert!(proxy.asked() > 0);
}

#[test]
fn no_credential_follows_a_redirect() {
    let other = Scripted::start(|_, _| page(&[]));
    let target = other.url.clone();
    let from =
        Scripted::start(move |path, _| Answer::status(307).header("Location", &format!("{target}{path}")));
    let folder = workspace(&agents_at(&from.url), "", "agents: [{ operatorId: \"8001\", name: a }]\n");
    run(&folder, &["plan"], &[]).exits(6);
    let folder = workspace(
        &agents_at(&other.url),
        "ledger: { url: \"s3://rosters/acme\" }\n",
        "agents: [{ operatorId: \"8001\", name: a }]\n",
    );
    let before = other.asked();
    let environment = [
        ("AWS_ENDPOINT_URL", from.url.clone()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDtest".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-aws".to_owned()),
        ("AWS_SESSION_TOKEN", "canary-session".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ];
    run(&folder, &["plan"], &environment).exits(6);
    assert_eq!(other.asked(), before, "{:?}", other.lines());
}

/// Returns a vendor of 100 agents that accepts the token for a number of calls.
fn refusing_after(calls: usize) -> Scripted {
    let names: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(vec!["old".to_owned(); 100]);
    let count = std::sync::atomic::AtomicUsize::new(0);
    Scripted::start(move |path, body| {
        if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= calls {
            return Answer::json(&json!({ "msg": "token expired" })).with_status(401);
        }
        let mut names = names.lock().unwrap();
        let row = |at: usize, name: &str| json!({ "operatorId": (8001 + at).to_string(), "name": name });
        let at = || body["operatorId"].as_str().unwrap().parse::<usize>().unwrap() - 8001;
        if path.ends_with("/page") {
            let rows: Vec<Json> = names.iter().enumerate().map(|(at, name)| row(at, name)).collect();
            page(&rows)
        } else if path.ends_with("/one/v2") {
            Answer::json(&json!({ "code": 0, "data": row(at(), &names[at()]) }))
        } else {
            body["name"].as_str().unwrap().clone_into(&mut names[at()]);
            Answer::json(&json!({ "code": 0, "msg": "ok" }))
        }
    })
}

#[test]
fn the_first_refused_sign_in_ends_a_connection_and_what_was_confirmed_is_counted() {
    let vendor = refusing_after(7);
    let roster = "agents:\n  - { operatorIds: 8001..8100, name: new }\n";
    let more = "policy: { limits: { changes: 100% } }\n";
    let folder = workspace(&agents_at(&vendor.url), more, roster);
    let said = run(&folder, &["apply", "--auto-approve", "--format", "json"], &[]).exits(5);
    let lines = vendor.lines();
    let edits = lines.iter().filter(|line| line.contains("/edit/v2")).count();
    assert_eq!(lines.len(), 8, "one call is refused, and no other follows: {lines:?}");
    let json = said.json();
    let of = |status: &str| {
        json["results"].as_array().unwrap().iter().filter(|result| result["status"] == status).count()
    };
    // The last edit was the refused one.
    assert_eq!((of("done"), of("failed"), of("skipped"), of("unknown")), (edits - 1, 1, 100 - edits, 0));
    assert_eq!(json["summary"]["done"], edits - 1);
    // The next run confirms the finished edits and does the rest.
    assert!(
        !folder.path().join(".rosterctl/ledger.json").exists() || {
            let ledger: Json =
                serde_json::from_slice(&fs::read(folder.path().join(".rosterctl/ledger.json")).unwrap())
                    .unwrap();
            ledger["lastCleanRun"].is_null()
        }
    );
}

#[test]
fn a_run_whose_last_reading_is_refused_is_no_success() {
    // Page, precondition, edit; the read-back is refused.
    let roster = "agents:\n  - { operatorId: \"8001\", name: new }\n";
    let count = refusing_after(usize::MAX);
    let folder = workspace(&agents_at(&count.url), "", roster);
    run(&folder, &["apply", "--auto-approve"], &[]).exits(0);
    let all = count.asked();
    let vendor = refusing_after(all - 1);
    let folder = workspace(&agents_at(&vendor.url), "", roster);
    let said = run(&folder, &["apply", "--auto-approve", "--format", "json"], &[]).exits(5);
    assert_eq!(said.json()["results"][0]["status"], "done");
    assert_eq!(vendor.asked(), all);
}

#[test]
fn a_refused_credential_is_tried_once_a_run_and_told_by_its_reason() {
    let vendor = refusing_after(0);
    let folder = workspace(&agents_at(&vendor.url), "", "agents: [{ operatorId: \"8001\", name: a }]\n");
    for name in ["b", "c"] {
        let below = folder.path().join(name);
        write(&below, &agents_at(&vendor.url), "", "agents: [{ operatorId: \"8001\", name: a }]\n");
    }
    let said = run(&folder, &["drift", ".", "b", "c", "--format", "json"], &[]).exits(6);
    assert_eq!(vendor.asked(), 1, "{:?}", vendor.lines());
    for workspace in said.json()["workspaces"].as_array().unwrap() {
        assert_eq!(workspace["reason"], "signIn", "{workspace}");
    }
    let said = run(&folder, &["plan", "--format", "json"], &[]).exits(6);
    assert_eq!(
        (said.json()["format"].clone(), said.json()["reason"].clone()),
        ("rosterctl.error/v1".into(), "signIn".into())
    );
    let said = run(&folder, &["apply", "--auto-approve", "--format", "json"], &[]).exits(6);
    assert_eq!(said.json()["reason"], "signIn");
    let said = run(&folder, &["status", "--format", "json"], &[]).exits(6);
    assert_eq!(said.json()["systems"][0]["reason"], "signIn");
    let said = run(&folder, &["status", "--agent", "8001", "--format", "json"], &[]).exits(6);
    assert_eq!(said.json()["systems"][0]["reason"], "signIn");
    let said = run(&folder, &["doctor", "--format", "json"], &[]).exits(6);
    let checks = said.json()["checks"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["name"] == "connection/agents").unwrap().clone();
    assert_eq!(check["reason"], "signIn");
    // One call for each of the five runs above, and one for the first.
    assert_eq!(vendor.asked(), 6, "{:?}", vendor.lines());
}

#[test]
fn other_reasons_have_other_words() {
    let roster = "agents: [{ operatorId: \"8001\", name: a }]\n";
    let reason = |url: &str| {
        let folder = workspace(&agents_at(url), "", roster);
        let said = run(&folder, &["plan", "--format", "json"], &[]).exits(6);
        said.json()["reason"].clone()
    };
    assert_eq!(reason("http://127.0.0.1:9"), "unreachable");
    let html = Scripted::start(|_, _| Answer::text("<!DOCTYPE html><title>Sign in</title>"));
    assert_eq!(reason(&html.url), "noAnswer");
    let code = Scripted::start(|_, _| Answer::json(&json!({ "code": 401, "msg": "token" })));
    assert_eq!(reason(&code.url), "signIn");
    let short = Scripted::start(|_, _| {
        Answer::json(&json!({ "code": 0, "data": { "total": 5, "result": [{ "operatorId": "8001" }] } }))
    });
    let folder = workspace(&agents_at(&short.url), "", roster);
    let out = folder.path().join("out").display().to_string();
    let said = run(&folder, &["import", "--out", &out], &[]);
    assert_eq!(said.code, 6);
}

/// Returns connections to all five systems at one address.
fn five(url: &str) -> String {
    format!(
        "{}
  webchat: {{ provider: webchat-queue, baseUrl: \"{url}\", accountId: N1, apiSecret: {{ store: ci, key: API_SECRET }}, pageSize: 2, retry: {{ attempts: 2, total: 2s }}, rateLimit: {{ calls: 1000, per: 1s }}, claimRateLimit: {{ calls: 1000, per: 1s }} }}
  seats: {{ provider: seat-query, baseUrl: \"{url}\", apiKey: k, apiSecret: {{ store: ci, key: API_SECRET }}, retry: {{ attempts: 2, total: 2s }} }}
  online: {{ provider: isdp-online-agent, baseUrl: \"{url}\", token: {{ store: ci, key: TOKEN }}, retry: {{ attempts: 2, total: 2s }} }}",
        agents_at(url)
    )
}

/// The rows of a page and the total beside them.
type Listing = (Vec<usize>, Json);

/// Starts a vendor of all listings; `page` returns a page's rows and its total.
fn listing(page: impl Fn(usize) -> Listing + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |path, body| {
        let number = |key: &str| body[key].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        let of = |page: Listing, row: &dyn Fn(usize) -> Json| {
            (page.0.into_iter().map(row).collect::<Vec<Json>>(), page.1)
        };
        Answer::json(&if path.ends_with("/agent/page") {
            let (rows, total) = of(page(number("pageNumber")), &|id| json!({ "operatorId": id.to_string() }));
            json!({ "code": 0, "data": { "result": rows, "total": total } })
        } else if path.contains("/queueQueue") {
            let (rows, total) = of(
                page(number("page")),
                &|id| json!({ "exten": id.to_string(), "displayName": format!("q{id}"), "assignMembers": [] }),
            );
            json!({ "success": true, "data": { "list": rows, "count": total } })
        } else if path.ends_with("/seat/query") {
            let (rows, total) = of(page(number("current")), &|id| json!({ "account": id.to_string() }));
            json!({ "status": 0, "data": { "records": rows, "total": total } })
        } else {
            let (rows, total) = of(
                page(number("pageStart") + 1),
                &|id| json!({ "agentCode": format!("c{id}"), "agentAccount": id.to_string(), "onlineStatus": 1 }),
            );
            json!({ "stateCode": "0", "result": { "data": rows, "total_count": total } })
        })
    })
}

const LISTINGS: [&str; 5] =
    ["/agent/page", "/queueQueue/", "/queueQueueAgentClaimStatus/", "/seat/query", "/findOnlineAgent"];

/// Reads all five listings; returns the exit code and the highest number of calls of one listing.
fn read_all(vendor: &Scripted) -> (i32, usize) {
    let folder = workspace(&five(&vendor.url), "", "agents: [{ operatorId: \"1\" }]\n");
    let said = run(&folder, &["status", "--format", "json"], &[]);
    let json = said.json();
    let systems = json["systems"].as_array().unwrap();
    let complete = systems.iter().all(|system| system["complete"] == true);
    let none = systems.iter().all(|system| system["complete"] == false);
    assert!(complete || none, "all listings are judged alike: {json:#}");
    let lines = vendor.lines();
    let calls = |listing: &&str| lines.iter().filter(|line| line.contains(*listing)).count();
    for listing in &LISTINGS {
        assert!(calls(listing) > 0, "{listing} is read");
    }
    (said.code, LISTINGS.iter().map(calls).max().unwrap())
}

#[test]
fn a_total_that_is_not_true_costs_a_handful_of_calls() {
    const ENDLESS: usize = 1_000_000_000_000_000;
    // A page that is full for each of the five connectors.
    let full = |page: usize| (page * 100..page * 100 + 100).collect::<Vec<usize>>();
    let untrue: Vec<(&str, Scripted)> = vec![
        (
            "a full page, and nothing more",
            listing(move |page| (if page == 1 { full(1) } else { vec![] }, json!(ENDLESS))),
        ),
        (
            "the total of a busy estate, and nothing more",
            listing(move |page| (if page == 1 { full(1) } else { vec![] }, json!(90_000))),
        ),
        (
            "a short page, then nothing",
            listing(move |page| (if page == 1 { vec![1] } else { vec![] }, json!(90_000))),
        ),
        ("the same page for ever", listing(move |_| (full(1), json!(90_000)))),
        ("nothing at all", listing(|_| (vec![], json!(ENDLESS)))),
        ("ever new rows", listing(move |page| (full(page), json!(ENDLESS)))),
        ("a negative total", listing(|_| (vec![1], json!(-1)))),
        (
            "a total beyond 64 bits",
            listing(|_| (vec![1], serde_json::from_str("99999999999999999999999").unwrap())),
        ),
        ("a total of words", listing(|_| (vec![1], json!("many")))),
        ("a broken total", listing(|_| (vec![1], json!(1.5)))),
        ("no total", listing(|_| (vec![1], Json::Null))),
        ("a list as total", listing(|_| (vec![1], json!([1])))),
        ("none, and rows", listing(|_| (vec![1], json!(0)))),
        ("fewer than the rows", listing(|_| (vec![1, 2], json!(1)))),
        ("a row twice", listing(|_| (vec![1, 1], json!(2)))),
    ];
    for (what, vendor) in untrue {
        let (code, calls) = read_all(&vendor);
        assert_eq!(code, 6, "{what}");
        assert!(calls <= 9, "{what}: {calls} calls");
    }
    let whole: Vec<(&str, Scripted)> = vec![
        ("a total as text", listing(|_| (vec![1], json!("1")))),
        ("a total with a fraction of nothing", listing(|_| (vec![1], json!(1.0)))),
        ("a page larger than asked for", listing(|_| ((0..150).collect(), json!(150)))),
        ("smaller pages than asked for", listing(|page| (vec![page], json!(3)))),
        ("nothing", listing(|_| (vec![], json!(0)))),
    ];
    for (what, vendor) in whole {
        assert_eq!(read_all(&vendor).0, 0, "{what}");
    }
}

#[test]
fn an_id_with_a_fraction_of_nothing_is_the_same_agent() {
    let plan = |ids: &'static [&'static str]| {
        let vendor = Scripted::start(move |_, _| {
            let rows: Vec<String> =
                ids.iter().map(|id| format!("{{\"operatorId\": {id}, \"name\": \"a\"}}")).collect();
            let (total, rows) = (rows.len(), rows.join(","));
            Answer::text(&format!("{{\"code\": 0, \"data\": {{\"total\": {total}, \"result\": [{rows}]}}}}"))
        });
        let more = "policy: { prune: all, limits: { deletes: 100% } }\n";
        let roster = "agents:\n  - { operatorIds: 8001..8002, name: a }\n";
        let folder = workspace(&agents_at(&vendor.url), more, roster);
        run(&folder, &["plan", "--detailed-exitcode", "--format", "json"], &[])
    };
    for ids in [&["8001.0", "8.002e3"][..], &["\" 8001\"", "8002"]] {
        plan(ids).exits(0);
    }
    // A duplicate agent and an invalid id: nothing is deleted, nothing is created.
    let said = plan(&["8001.0", "\"8001\""]).exits(6);
    assert_eq!(said.json()["changes"], json!([]), "{}", said.out);
    let said = plan(&["8001", "8002.5"]).exits(6);
    assert_eq!(said.json()["reason"], "noAnswer");
}

#[test]
fn an_answer_that_grows_beyond_bounds_is_given_up() {
    let zeros = std::process::Command::new("sh")
        .args(["-c", "head -c 70000000 /dev/zero | gzip -1"])
        .output()
        .unwrap();
    assert!(zeros.status.success() && zeros.stdout.len() > 10_000, "gzip is installed");
    let vendor = Scripted::start(move |_, _| {
        Answer::bytes(zeros.stdout.clone())
            .header("Content-Encoding", "gzip")
            .header("Content-Type", "application/json")
    });
    let folder = workspace(&agents_at(&vendor.url), "", "agents: [{ operatorId: \"8001\", name: a }]\n");
    let said = run(&folder, &["plan", "--format", "json"], &[]).exits(6);
    assert_eq!(said.json()["reason"], "noAnswer");
    assert!(said.err.contains("larger than 64 MiB"), "{}", said.err);
}

/// Starts a system of agents that reports every work number as on a call.
fn everybody_on_a_call(ids: &'static [&'static str]) -> Scripted {
    Scripted::start(move |path, body| {
        if path.ends_with("/page") {
            let rows: Vec<Json> = ids.iter().map(|id| json!({ "operatorId": id, "name": "a" })).collect();
            page(&rows)
        } else if path.ends_with("/agentbyworkno") {
            let number = &body["queryParam"]["agentId"];
            Answer::json(&json!({ "resultCode": "0100000", "resultDesc": { "workNo": number, "status": 7 } }))
        } else {
            Answer::json(&json!({ "code": 0 }))
        }
    })
}

#[test]
fn a_work_number_is_asked_for_without_its_zeros_and_who_has_none_is_named() {
    let vendor = everybody_on_a_call(&["08002", "tom"]);
    let desk = format!(
        "{}\n  desk: {{ provider: cms-agent, baseUrl: \"{}\", ccId: 1, vdn: 1, auth: {{ scheme: bearer, token: {{ store: ci, key: TOKEN }} }} }}",
        agents_at(&vendor.url),
        vendor.url
    );
    let roster =
        "agents:\n  - { operatorId: \"08002\", state: absent }\n  - { operatorId: tom, state: absent }\n";
    let folder = workspace(&desk, "policy: { limits: { deletes: 100% } }\n", roster);
    let plan = run(&folder, &["plan", "--format", "json", "--allow", "deletes=2"], &[]).exits(0).json();
    let named: Vec<&str> = plan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "R502")
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["agent/tom"]);
    let said = run(&folder, &["apply", "--auto-approve", "--format", "json", "--allow", "deletes=2"], &[]);
    let json = said.json();
    let findings = json["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["code"] == "R406" && f["id"] == "agent/08002"), "{json:#}");
    assert!(findings.iter().any(|f| f["code"] == "R502" && f["id"] == "agent/tom"), "{json:#}");
    let asked: Vec<String> =
        vendor.lines().into_iter().filter(|line| line.contains("agentbyworkno")).collect();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.contains("\"agentId\":8002")), "{asked:?}");
}

/// Starts a vendor that shows the agents' telephone numbers in part.
fn hides_telephones() -> Scripted {
    let phones = std::sync::Mutex::new(std::collections::BTreeMap::from([
        ("8001".to_owned(), "13800001111".to_owned()),
        ("8002".to_owned(), "13800002222".to_owned()),
    ]));
    Scripted::start(move |path, body| {
        let mut phones = phones.lock().unwrap();
        let row = |id: &str, phone: &str| {
            json!({ "operatorId": id, "name": "张*", "bindcode": format!("{}****{}", &phone[..3], &phone[7..]),
                "operatorType": 0, "status": 1, "afterInterval": 0, "isHidePhone": 0, "isrecord": 1, "outcallflag": 0,
                "isaudio": 1, "ismessage": 1, "isvideo": 0, "judge": 1, "showcaller": "", "ttscontent": "", "email": "",
                "mainGroupName": "售前", "sipNumber": "" })
        };
        if path.ends_with("/page") {
            page(&phones.iter().map(|(id, phone)| row(id, phone)).collect::<Vec<_>>())
        } else if path.ends_with("/one/v2") {
            let id = body["operatorId"].as_str().unwrap();
            Answer::json(&json!({ "code": 0, "data": row(id, &phones[id]) }))
        } else {
            if let Some(phone) = body["bindcode"].as_str() {
                phones.insert(body["operatorId"].as_str().unwrap().to_owned(), phone.to_owned());
            }
            Answer::json(&json!({ "code": 0 }))
        }
    })
}

#[test]
fn a_value_that_the_vendor_hides_is_never_written() {
    let vendor = hides_telephones();
    let folder = workspace(
        &agents_at(&vendor.url),
        "policy: { immutable: replace, limits: { changes: 100% } }\n",
        "agents: [{ operatorId: \"8001\", boundPhone: \"13800001111\" }]\n",
    );
    let codes = |said: &Said| -> Vec<String> {
        let json = said.json();
        let findings = json["findings"].as_array().unwrap().clone();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let plan = run(&folder, &["plan", "--format", "json", "--detailed-exitcode"], &[]).exits(0);
    assert!(codes(&plan).contains(&"R110".to_owned()), "{}", plan.out);
    // A written value is assumed to be set, like any field that no operation returns.
    run(&folder, &["apply", "--auto-approve", "--assert-unread"], &[]);
    let edits: Vec<String> = vendor.lines().into_iter().filter(|line| line.contains("/edit/v2")).collect();
    assert!(!edits.is_empty() && edits.iter().all(|line| line.contains("13800001111")), "{edits:?}");
    let again = run(&folder, &["plan", "--format", "json", "--detailed-exitcode"], &[]).exits(0);
    assert!(again.json()["changes"].as_array().unwrap().is_empty(), "{}", again.out);
    // A replacement would lose the hidden value.
    write(
        folder.path(),
        &agents_at(&vendor.url),
        "policy: { immutable: replace, limits: { changes: 100% } }\n",
        "agents: [{ operatorId: \"8002\", survey: false, role: r }]\n",
    );
    let refused = run(&folder, &["plan", "--format", "json", "--detailed-exitcode"], &[]).exits(2);
    assert!(codes(&refused).contains(&"R111".to_owned()), "{}", refused.out);
    assert!(refused.json()["changes"].as_array().unwrap().is_empty());
    // Neither an import nor a snapshot holds the masked value.
    let out = folder.path().join("imported");
    run(&folder, &["import", "--out", &out.display().to_string()], &[]).exits(0);
    for file in fs::read_dir(&out).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let said: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        assert!(!said.iter().any(|line| line.contains('*')), "{text}");
    }
    let snapshot = folder.path().join("live.json").display().to_string();
    run(&folder, &["snapshot", "--out", &snapshot], &[]).exits(0);
    assert!(!fs::read_to_string(&snapshot).unwrap().contains("****"));
    let offline =
        run(&folder, &["plan", "--live", &snapshot, "--format", "json", "--detailed-exitcode"], &[]).exits(2);
    assert!(codes(&offline).contains(&"R111".to_owned()), "{}", offline.out);
}
