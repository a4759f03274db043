//! The shipped workflows of GitHub and the pipeline of GitLab, whole, with act, gh and gitlab-ci-local against a small forge.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/forge.rs"]
mod forge;
#[path = "support/site.rs"]
mod site;

use std::fs;

use serde_json::{Value, json};
use site::{Run, Site, git};

const TOOLS: &[&str] = &["act", "gh"];

/// Returns the texts of our comments.
fn comments(site: &Site) -> Vec<String> {
    let state = site.forge.state();
    let own = state.comments.iter().filter(|one| one["user"]["login"] == "github-actions[bot]");
    own.map(|one| one["body"].as_str().unwrap().to_owned()).collect()
}

/// Returns the event of a merge.
fn push() -> Value {
    json!({ "ref": "refs/heads/main", "repository": { "full_name": "o/r", "default_branch": "main" } })
}

/// Runs the workflow of a merge.
fn apply(site: &Site, commit: &str) -> Run {
    site.act("rosterctl-apply.yml", commit, "push", &push(), true)
}

#[test]
fn a_pull_request_is_planned_with_one_comment_merged_and_applied_once() {
    let Some(site) = Site::new(TOOLS) else { return };
    // Other users write comments too, one of them with our mark, and they fill more than a page.
    let mark = "<!-- rosterctl:site:plan -->";
    for (login, body) in [("mallory", &*format!("{mark}\nme")), ("alice", "good"), ("bob", "fine")] {
        let id = 90 + site.forge.state().comments.len();
        let other = json!({ "id": id, "of": "1", "user": { "login": login }, "body": body });
        site.forge.state().comments.push(other);
    }
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("names", "New names", "o/r");
    site.plan(number).passes(true);
    assert_eq!(site.forge.writes(), ["POST repos/o/r/issues/1/comments"]);
    assert!(comments(&site)[0].starts_with(mark) && comments(&site)[0].contains("王芳 → 王芳芳"));

    git(&site.path("first"), &["checkout", "--quiet", "names"]);
    site.edit("roster/presales.yaml", "王芳芳", "王芬");
    site.pull("names", "New names", "o/r");
    site.plan(number).passes(true);
    assert_eq!(site.forge.writes(), ["PATCH repos/o/r/issues/comments/4"]);
    assert!(comments(&site)[0].contains("王芳 → 王芬"));

    let commit = site.merge(number);
    apply(&site, &commit).passes(true);
    assert_eq!(site.name("8002"), "王芬");
    assert_eq!(site.forge.writes(), ["POST repos/o/r/issues/1/comments"]);
    let applied = comments(&site)[1].clone();
    assert!(applied.starts_with("<!-- rosterctl:site:apply -->\n<!-- rosterctl-outcome:"), "{applied}");

    // Run again: it is stale, and the comment keeps the outcome.
    apply(&site, &commit).passes(false).ended(3);
    assert_eq!((site.forge.writes().len(), comments(&site)[1].clone()), (0, applied));
    let texts = site.forge.state().comments.len();
    assert_eq!((texts, site.forge.state().comments[0]["body"].clone()), (5, format!("{mark}\nme").into()));
}

#[test]
fn a_plan_that_is_not_what_would_be_done_now_is_not_carried_out() {
    let Some(site) = Site::new(TOOLS) else { return };
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("names", "New names", "o/r");
    let plan = site.plan(number).passes(true);
    let commit = site.merge(number);
    site.wrap_up("8003", 99);
    apply(&site, &commit).passes(false).ended(3);
    let told = comments(&site)[1].clone();
    assert!(told.contains("\n### rosterctl apply: the reviewed plan is stale\n"), "{told}");
    assert!(told.contains("8003"), "what would be done now: {told}");
    // A plan that was changed: who may push a branch may also leave an artifact.
    site.wrap_up("8003", 15);
    let file = site.path(&format!("artifacts/{}/roster-plan/plan.json", plan.id));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("王芳芳", "mallory")).unwrap();
    apply(&site, &commit).passes(false).ended(3);
    assert_eq!(site.name("8002"), "王芳");
    // A run that wrote nothing gives way to the outcome.
    fs::write(&file, text).unwrap();
    apply(&site, &commit).passes(true);
    let told = comments(&site);
    assert!(told.len() == 2 && told[1].contains("<!-- rosterctl-outcome:"), "{told:?}");
    assert_eq!(site.name("8002"), "王芳芳");
}

#[test]
fn what_came_without_a_reviewed_plan_waits_for_a_person() {
    let Some(site) = Site::new(TOOLS) else { return };
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let commit = site.push("a push");
    apply(&site, &commit).passes(false).failed("Find the reviewed plan");
    assert_eq!(site.name("8002"), "王芳");
    // A pull request whose plan did not succeed.
    site.edit("roster/presales.yaml", "李娜", "李娜娜");
    let number = site.pull("names", "New names", "o/r");
    let commit = site.merge(number);
    apply(&site, &commit).passes(false).failed("Find the reviewed plan");
    assert_eq!(site.name("8003"), "李娜");
    site.main("rosterctl-apply.yml", "workflow_dispatch")
        .passes(true)
        .says("Success - Main echo 'Approved.'");
    assert_eq!((site.name("8002"), site.name("8003")), ("王芳芳".to_owned(), "李娜娜".to_owned()));
    assert_eq!(site.forge.writes().len(), 0);
}

#[test]
fn labels_lift_a_limit_and_let_a_changed_workspace_file_be_planned() {
    let Some(site) = Site::new(TOOLS) else { return };
    let text = fs::read_to_string(site.path("first/roster/presales.yaml")).unwrap();
    let start = text.find("  - operatorId: \"8002\"").unwrap();
    fs::write(site.path("first/roster/presales.yaml"), &text[..start]).unwrap();
    let number = site.pull("fewer", "Fewer", "o/r");
    site.plan(number).passes(false).ended(4);
    site.label(
        number,
        &["allow:deletes=2", "allow:deletes=3\n--prune", "$(touch x)", "allow:changes=1;touch x"],
    );
    site.plan(number).passes(true);
    let commit = site.merge(number);
    // A limit that the plan lifts, and no label any more.
    site.label(number, &[]);
    apply(&site, &commit).passes(false).ended(3);
    site.label(number, &["allow:deletes=2"]);
    apply(&site, &commit).passes(true);
    assert_eq!(site.bench.agents(), ["8001"]);

    site.edit("rosterctl.yaml", "abbreviate: acme", "abbreviate: other");
    let number = site.pull("host", "Another tenant", "o/r");
    let run = site.plan(number).passes(false).failed("A changed workspace file was looked at");
    assert!(!run.log.contains("Install rosterctl"), "{}", run.log);
    site.label(number, &["workspace-reviewed"]);
    site.plan(number).says("Run rosterctl");
    site.nothing_ran();
}

#[test]
fn one_issue_is_opened_kept_up_to_date_and_closed() {
    let Some(site) = Site::new(TOOLS) else { return };
    // Others' issues, more than a page of them.
    for number in 91..94 {
        let other = json!({ "number": number, "state": "open", "pull_request": null, "user": { "login": "alice" },
            "body": "<!-- rosterctl:site:drift -->\nmine" });
        site.forge.state().issues.push(other);
    }
    let drift = |writes: &[&str]| {
        let run = site.main("rosterctl-drift.yml", "schedule").passes(true);
        assert_eq!(site.forge.writes(), writes, "{}", run.log);
    };
    drift(&[]);
    site.rename("8002", "王芳芳");
    drift(&["POST repos/o/r/labels", "POST repos/o/r/issues"]);
    let issue = site.forge.state().issues[3].clone();
    assert!(
        issue["labels"] == json!(["roster-drift"]) && issue["body"].to_string().contains("王芳芳"),
        "{issue}"
    );
    drift(&["PATCH repos/o/r/issues/4"]);
    site.rename("8002", "王芳");
    drift(&["POST repos/o/r/issues/4/comments", "PATCH repos/o/r/issues/4"]);
    assert_eq!(site.forge.state().issues[3]["state"], "closed");
    drift(&[]);
    // What differs again is a new matter.
    site.rename("8002", "王芳芳");
    drift(&["POST repos/o/r/labels", "POST repos/o/r/issues"]);
}

#[test]
fn what_dates_do_not_bring_about_is_left_by_the_hourly_run() {
    let Some(site) = Site::new(TOOLS) else { return };
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    site.push("not applied yet");
    site.main("rosterctl-due.yml", "schedule").passes(true);
    assert_eq!((site.name("8002").as_str(), site.forge.writes().len()), ("王芳", 0));
}

#[test]
fn a_fork_is_planned_without_a_secret_and_its_plan_is_never_carried_out() {
    let Some(site) = Site::new(TOOLS) else { return };
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("patch-1", "From a fork", "mallory/r");
    let own = site.pull("other", "Ours", "o/r");
    site.plan(number).passes(false).failed("Find the newest snapshot");
    site.main("rosterctl-snapshot.yml", "schedule").passes(true);
    let plan = site.plan(number).passes(true);
    assert!(!plan.log.contains(bench::TOKEN) && site.forge.writes().is_empty(), "{}", plan.log);

    // The text that the fork's job leaves is posted as a quotation, and to no other pull request.
    let report = site.path(&format!("artifacts/{}/roster-plan/report.md", plan.id));
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replacen("plan -->", "apply -->", 1) + "$(touch x) `touch x`\n").unwrap();
    let head = site.forge.state().pulls[number - 1]["head"]["sha"].clone();
    let payload = json!({ "action": "completed", "repository": { "full_name": "o/r" }, "workflow_run": {
        "id": plan.id, "event": "pull_request", "head_branch": "patch-1", "head_sha": head,
        "head_repository": { "full_name": "mallory/r", "owner": { "login": "mallory" } } } });
    let main = git(&site.path("first"), &["rev-parse", "main"]);
    site.act("rosterctl-comment.yml", &main, "workflow_run", &payload, false).passes(true);
    assert_eq!(site.forge.writes(), [format!("POST repos/o/r/issues/{number}/comments")]);
    assert!(comments(&site)[0].starts_with("<!-- rosterctl:fork:plan -->\n> Planned in a job of the fork"));
    let mut elsewhere = payload.clone();
    elsewhere["workflow_run"]["head_branch"] = "gone".into();
    site.act("rosterctl-comment.yml", &main, "workflow_run", &elsewhere, false).passes(true);
    elsewhere["workflow_run"]["head_repository"]["full_name"] = "o/r".into();
    site.act("rosterctl-comment.yml", &main, "workflow_run", &elsewhere, false);
    assert_eq!((site.forge.writes().len(), own), (0, 2));

    let commit = site.merge(number);
    apply(&site, &commit).passes(false).failed("Find the reviewed plan");
    assert_eq!(site.name("8002"), "王芳");
    site.nothing_ran();
}

#[test]
fn titles_branches_files_and_names_are_no_commands() {
    let Some(site) = Site::new(TOOLS) else { return };
    let name = "$(touch x) `touch x` ' ##[add-mask]8002 ::error::x <img src=x> @all";
    let roster = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - operatorId: \"8004\"\n    allowAnyRole: true\n    name: {name:?}\n"
    );
    site.bench.write("first/roster/$(touch x);touch x;`touch x`.yaml", &roster);
    let number = site.pull(
        "a$(touch${IFS}x);touch${IFS}x;`touch${IFS}x`'\"",
        "\"; touch x; $(touch x) ${{ github.token }}",
        "o/r",
    );
    let plan = site.plan(number).passes(true);
    // The runner took no command of the name.
    assert!(
        plan.log.contains("8004") && !plan.log.contains("::add-mask") && !plan.log.contains("❗  ::error"),
        "{}",
        plan.log
    );
    let comment = &comments(&site)[0];
    assert!(!comment.contains("<img") && !comment.contains(" @all"), "{comment}");
    let commit = site.merge(number);
    apply(&site, &commit).passes(true);
    assert!(site.bench.agents().contains(&"8004".to_owned()));
    site.rename("8004", "$(touch x)`touch x`");
    site.main("rosterctl-drift.yml", "schedule").passes(true);
    site.nothing_ran();
}

#[test]
fn calls_go_to_the_forge_that_runs_the_job() {
    let Some(site) = Site::new(TOOLS) else { return };
    // All other tests are a server of a company; here is github.com, through a proxy.
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("names", "New names", "o/r");
    let (commit, payload) = site.event(number);
    let proxy = [format!("--env=HTTPS_PROXY=http://127.0.0.1:{}", site.forge.port)];
    site.act_with("rosterctl-plan.yml", &commit, "pull_request", &payload, true, &proxy).passes(true);
    assert_eq!(site.forge.writes(), ["POST repos/o/r/issues/1/comments"]);
}

#[test]
fn a_release_whose_checksum_is_wrong_is_not_installed() {
    let Some(site) = Site::new(TOOLS) else { return };
    let name = format!("rosterctl-{}-x86_64-unknown-linux-musl", env!("CARGO_PKG_VERSION"));
    let sums = format!("{}  {name}.tar.gz\n", "0".repeat(64));
    site.forge.state().files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
    let run = site.main("rosterctl-drift.yml", "schedule").passes(false).failed("Install rosterctl");
    assert!(!run.log.contains("Run rosterctl\n"), "{}", run.log);
}

const GITLAB: &[&str] = &["gitlab-ci-local", "curl", "rsync"];

/// Runs the pipeline of a merge request in GitLab.
fn merge_request(site: &Site, number: usize) -> Run {
    let (head, source) = {
        let state = site.forge.state();
        let pull = &state.pulls[number - 1];
        (pull["sha"].as_str().unwrap().to_owned(), pull["source_project_id"].as_u64().unwrap())
    };
    let number = format!("CI_MERGE_REQUEST_IID={number}");
    let from = format!("CI_MERGE_REQUEST_SOURCE_PROJECT_ID={source}");
    let more = [&*number, &*from, "CI_MERGE_REQUEST_PROJECT_ID=1"];
    site.pipeline("merge_request_event", &head, source == 1, &more)
}

/// Runs the pipeline of a merge.
fn merged(site: &Site, commit: &str) -> Run {
    site.pipeline("push", commit, true, &["CI_COMMIT_BRANCH=main"])
}

/// Returns the texts of our notes.
fn notes(site: &Site) -> Vec<String> {
    let state = site.forge.state();
    let own = state.comments.iter().filter(|one| one["author"]["id"] == 9);
    own.map(|one| one["body"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_merge_request_is_planned_with_one_note_merged_and_applied_once() {
    let Some(site) = Site::new(GITLAB) else { return };
    let mark = "<!-- rosterctl:site:plan -->";
    let other = json!({ "id": 90, "of": "1", "author": { "id": 7 }, "body": format!("{mark}\nme") });
    site.forge.state().comments.push(other);
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("names", "New names", "o/r");
    merge_request(&site, number).passes(true).says("PASS  validate");
    assert_eq!(site.forge.writes(), ["POST merge_requests/1/notes"]);
    git(&site.path("first"), &["checkout", "--quiet", "names"]);
    site.edit("roster/presales.yaml", "王芳芳", "王芬");
    site.pull("names", "New names", "o/r");
    merge_request(&site, number).passes(true);
    assert_eq!(site.forge.writes(), ["PUT merge_requests/1/notes/2"]);
    assert!(notes(&site)[0].starts_with(mark) && notes(&site)[0].contains("王芳 → 王芬"));

    let commit = site.merge(number);
    merged(&site, &commit).passes(true);
    assert_eq!(site.name("8002"), "王芬");
    assert_eq!(site.forge.writes(), ["POST merge_requests/1/notes"]);
    let applied = notes(&site)[1].clone();
    assert!(applied.starts_with("<!-- rosterctl:site:apply -->\n<!-- rosterctl-outcome:"), "{applied}");
    // Run again: it is stale, and the note keeps the outcome.
    merged(&site, &commit).passes(false).says("it stays, since this run wrote nothing").says("FAIL 3");
    assert_eq!((site.forge.writes().len(), notes(&site)[1].clone()), (0, applied));
}

#[test]
fn gitlab_carries_out_no_plan_that_is_not_what_would_be_done_now() {
    let Some(site) = Site::new(GITLAB) else { return };
    site.edit("roster/presales.yaml", "王芳", "王芳芳");
    let number = site.pull("names", "New names", "o/r");
    let plan = merge_request(&site, number).passes(true);
    let commit = site.merge(number);
    site.wrap_up("8003", 99);
    merged(&site, &commit).passes(false).says("FAIL 3");
    let told = notes(&site)[1].clone();
    assert!(
        told.contains("\n### rosterctl apply: the reviewed plan is stale\n") && told.contains("8003"),
        "{told}"
    );
    // A plan that was changed: who may push a branch may also leave an artifact.
    site.wrap_up("8003", 15);
    let file = format!("{}/plan.json", plan.id);
    let text = String::from_utf8(site.forge.state().files[&file].clone()).unwrap();
    site.forge.state().files.insert(file.clone(), text.replace("王芳芳", "mallory").into());
    merged(&site, &commit).passes(false).says("FAIL 3");
    assert_eq!(site.name("8002"), "王芳");
    site.forge.state().files.insert(file, text.into());
    merged(&site, &commit).passes(true);
    let told = notes(&site);
    assert!(told.len() == 2 && told[1].contains("<!-- rosterctl-outcome:"), "{told:?}");

    site.edit("roster/presales.yaml", "李娜", "李娜娜");
    let commit = site.push("a push");
    merged(&site, &commit).passes(false).says("This came without a merge request");
    assert_eq!(site.name("8003"), "李娜");
    // By hand: the plan, and nothing else until a person presses the button.
    site.pipeline("web", &commit, true, &["CI_COMMIT_BRANCH=main"]).passes(true).says("PASS  plan-by-hand");
    assert_eq!(site.name("8003"), "李娜");
    site.pipeline("web", &commit, true, &["CI_COMMIT_BRANCH=main", "apply-by-hand"]).passes(true);
    assert_eq!(site.name("8003"), "李娜娜");
}

#[test]
fn gitlab_keeps_one_issue_and_a_snapshot_for_forks() {
    let Some(site) = Site::new(GITLAB) else { return };
    let main = site.push("nothing");
    let scheduled = |writes: &[&str]| {
        let run = site.pipeline("schedule", &main, true, &["CI_COMMIT_BRANCH=main"]).passes(true);
        let all: Vec<String> =
            site.forge.writes().into_iter().filter(|call| !call.contains("packages/")).collect();
        assert_eq!(all, writes, "{}", run.log);
    };
    scheduled(&[]);
    site.rename("8002", "王芳芳");
    scheduled(&["POST issues"]);
    let issue = site.forge.state().issues[0].clone();
    assert!(
        issue["labels"] == "roster-drift" && issue["description"].to_string().contains("王芳芳"),
        "{issue}"
    );
    scheduled(&["PUT issues/1"]);
    site.rename("8002", "王芳");
    scheduled(&["PUT issues/1"]);
    assert_eq!(site.forge.state().issues[0]["state"], "closed");
    scheduled(&[]);
    // The hourly run leaves what dates did not bring about.
    site.edit("roster/presales.yaml", "王芳", "王芬");
    let number = site.pull("patch-1", "From a fork", "mallory/r");
    let more = ["CI_COMMIT_BRANCH=main", "ROSTER_DUE=1"];
    site.pipeline("schedule", &main, true, &more).passes(true).says("PASS  due");

    // A fork's pipeline has no secret; its plan is not carried out.
    let run = merge_request(&site, number).passes(true).says("PASS  plan-fork").says("王芬");
    assert!(!run.log.contains("PASS  plan \n") && site.forge.writes().is_empty(), "{}", run.log);
    let commit = site.merge(number);
    merged(&site, &commit).passes(false).says("came from a fork");
    assert_eq!(site.name("8002"), "王芳");
}

#[test]
fn titles_branches_files_and_names_are_no_commands_in_gitlab() {
    let Some(site) = Site::new(GITLAB) else { return };
    let name = "$(touch x) `touch x` ' <img src=x> @all";
    let roster = format!(
        "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - operatorId: \"8004\"\n    allowAnyRole: true\n    name: {name:?}\n"
    );
    site.bench.write("first/roster/$(touch x);touch x;`touch x`.yaml", &roster);
    let number = site.pull("a$(touch${IFS}x);touch${IFS}x", "\"; touch x; $(touch x)\n/close", "o/r");
    merge_request(&site, number).passes(true);
    let note = &notes(&site)[0];
    assert!(!note.contains("<img") && !note.contains(" @all"), "{note}");
    let commit = site.merge(number);
    merged(&site, &commit).passes(true);
    assert!(site.bench.agents().contains(&"8004".to_owned()));
    site.rename("8004", "$(touch x)`touch x`\n/close");
    site.pipeline("schedule", &commit, true, &["CI_COMMIT_BRANCH=main"]).passes(true);
    let issue = site.forge.state().issues[0]["description"].clone();
    assert!(!issue.as_str().unwrap().contains("\n/close"), "{issue}");
    site.nothing_ran();
}
