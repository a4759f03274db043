//! One pull request for what people change in the consoles: the shipped workflow and GitLab's job, with real runners and
//! real git.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/forge.rs"]
mod forge;
#[path = "support/site.rs"]
mod site;

use std::fs;

use serde_json::Value;
use site::{BRANCH, Run, Site, git};

/// Creates a site whose workspace lies in a folder, as in a repository of several.
fn new_site() -> Option<Site> {
    Site::below("site", &["act", "gh"])
}

/// Runs the workflow on the newest commit of the default branch; asserts the exit code of drift.
#[track_caller]
fn adopt(site: &Site, code: i32) -> Run {
    site.main("rosterctl-adopt.yml", "schedule").ended(code)
}

/// Asserts the calls since the last look that write.
#[track_caller]
fn writes(site: &Site, writes: &[&str], run: &Run) {
    assert_eq!(site.forge.writes(), writes, "{}", run.log);
}

fn pulls(site: &Site) -> Vec<Value> {
    site.forge.state().pulls.clone()
}

/// Returns the message of the commit on the branch.
fn message(site: &Site) -> String {
    git(&site.path("remote.git"), &["log", "-1", "--format=%B", BRANCH])
}

/// Pushes a commit of a person to the branch.
fn remark(site: &Site) {
    git(site.bench.folder.path(), &["clone", "--quiet", "--branch", BRANCH, "remote.git", "person"]);
    git(&site.path("person"), &["commit", "--quiet", "-m", "a remark", "--allow-empty"]);
    git(&site.path("person"), &["push", "--quiet", "origin", BRANCH]);
}

#[test]
fn one_pull_request_is_opened_kept_up_to_date_and_closed() {
    let Some(site) = new_site() else { return };
    let run = adopt(&site, 0);
    writes(&site, &[], &run);
    assert_eq!(site.head(), "");

    site.rename("8002", "王芳芳");
    let run = adopt(&site, 2);
    writes(&site, &["POST repos/o/r/pulls"], &run);
    let first = site.head();
    assert!(site.diff().contains("+++ b/site/roster/presales.yaml"), "{}", site.diff());
    let diff = site.diff();
    let changed: Vec<&str> = diff.lines().filter(|line| line.starts_with("+ ")).collect();
    assert_eq!(changed, ["+    name: 王芳芳"]);
    let request = &pulls(&site)[0];
    let body = request["body"].as_str().unwrap();
    assert!(body.starts_with("<!-- rosterctl:site:adopt -->\n<!-- rosterctl-state:"), "{body}");
    assert!(body.contains("| 8002 王芳芳 |"), "{body}");
    assert_eq!((&request["base"], &request["head"]), (&"main".into(), &BRANCH.into()));
    assert!(message(&site).contains("agent/8002, last changed 2026-12-01T04:25:05"), "{}", message(&site));

    // The same again changes nothing; a commit on the default branch moves the branch alone.
    let run = adopt(&site, 2);
    writes(&site, &[], &run);
    assert_eq!(site.head(), first);
    site.push("third");
    let run = adopt(&site, 2);
    writes(&site, &[], &run);
    assert_ne!(site.head(), first, "the branch is made from the newest commit");

    site.wrap_up("8003", 99);
    let run = adopt(&site, 2);
    writes(&site, &["PATCH repos/o/r/pulls/1"], &run);
    assert!(site.diff().contains("+    wrapUpSeconds: 99"), "{}", site.diff());

    // Taken back in the console.
    site.wrap_up("8003", 15);
    site.rename("8002", "王芳");
    let run = adopt(&site, 0);
    writes(&site, &["POST repos/o/r/issues/1/comments", "PATCH repos/o/r/pulls/1"], &run);
    assert_eq!((site.head(), pulls(&site)[0]["state"].as_str()), (String::new(), Some("closed")));
    let run = adopt(&site, 0);
    writes(&site, &[], &run);

    // The same change once more is a new matter.
    site.rename("8002", "王芳芳");
    let run = adopt(&site, 2);
    writes(&site, &["POST repos/o/r/pulls"], &run);
}

#[test]
fn a_pull_request_that_was_closed_unmerged_stays_closed_until_the_consoles_change_more() {
    let Some(site) = new_site() else { return };
    site.rename("8002", "王芳芳");
    adopt(&site, 2);
    site.forge.state().pulls[0]["state"] = "closed".into();
    site.forge.writes();
    let run = adopt(&site, 2).passes(true);
    writes(&site, &[], &run);
    site.wrap_up("8003", 99);
    let run = adopt(&site, 2);
    writes(&site, &["POST repos/o/r/pulls"], &run);
}

#[test]
fn a_commit_of_a_person_on_the_branch_is_kept_and_said_once() {
    let Some(site) = new_site() else { return };
    site.rename("8002", "王芳芳");
    adopt(&site, 2);
    remark(&site);
    let theirs = site.head();
    site.forge.writes();

    site.wrap_up("8003", 99);
    let run = adopt(&site, 2);
    writes(&site, &["POST repos/o/r/issues/1/comments"], &run);
    site.wrap_up("8003", 15);
    site.rename("8002", "王芳");
    let run = adopt(&site, 0).passes(true);
    writes(&site, &[], &run);
    assert_eq!((site.head(), pulls(&site)[0]["state"].as_str()), (theirs, Some("open")));
}

#[test]
fn the_name_of_an_agent_is_no_command_no_markup_and_no_trailer() {
    let Some(site) = new_site() else { return };
    let name =
        "$(touch x) `touch x` \"'\n\nFixes #1 @all [skip ci]\n::error::x ##[add-mask]y <img src=x> -->";
    site.rename("8002", name);
    let run = adopt(&site, 2);
    writes(&site, &["POST repos/o/r/pulls"], &run);
    site.nothing_ran();
    assert!(!message(&site).contains(['#', '[', '@', '$', '`', '<']), "{}", message(&site));
    let body = pulls(&site)[0]["body"].to_string();
    assert!(!body.contains("<img") && !body.contains("@all") && !body.contains("#1"), "{body}");
    // What is live is what the merged manifests say.
    git(&site.path("first"), &["pull", "--quiet", "--no-rebase", "origin", BRANCH]);
    site.push("merged");
    adopt(&site, 0);
}

#[test]
fn a_run_that_cannot_read_a_vendor_leaves_all_as_it_is() {
    let Some(site) = new_site() else { return };
    site.rename("8002", "王芳芳");
    adopt(&site, 2);
    let (head, before) = (site.head(), pulls(&site));
    site.forge.writes();
    site.unreadable();
    let run = adopt(&site, 6).passes(false);
    writes(&site, &[], &run);
    assert_eq!((site.head(), pulls(&site)), (head, before));
}

#[test]
fn one_merge_request_is_opened_kept_up_to_date_and_closed_in_gitlab() {
    let Some(site) = Site::below("site", &["gitlab-ci-local", "curl", "rsync"]) else { return };
    let gitlab = || {
        let main = git(&site.path("remote.git"), &["rev-parse", "main"]);
        let run = site.pipeline("schedule", &main, true, &["CI_COMMIT_BRANCH=main", "ROSTER_ADOPT=1"]);
        let all = site.forge.writes();
        let own: Vec<String> = all.into_iter().filter(|call| call.contains("merge_requests")).collect();
        (run, own)
    };
    let step = |writes: &[&str]| {
        let (run, own) = gitlab();
        assert_eq!(own, writes, "{}", run.log);
        run.passes(true)
    };
    step(&[]);
    site.rename("8002", "$(touch x) \"'\n\n/close\n#1 @all");
    step(&["POST merge_requests"]);
    let first = site.head();
    assert!(site.diff().contains("+    name: \"$(touch x)"), "{}", site.diff());
    let text = message(&site);
    assert!(!text.contains(['#', '@', '$']) && text.contains("- agent/8002"), "{text}");
    let description = pulls(&site)[0]["description"].to_string();
    assert!(!description.contains("\\n/close") && !description.contains("@all"), "{description}");
    step(&[]);
    assert_eq!(site.head(), first, "the same again changes nothing");
    site.rename("8002", "王芳芳");
    step(&["PUT merge_requests/1"]);
    assert!(site.diff().contains("+    name: 王芳芳"), "{}", site.diff());
    site.nothing_ran();

    // A run that cannot read a vendor leaves all as it is.
    site.unreadable();
    let (run, own) = gitlab();
    assert!(own.is_empty() && run.passes(false).log.contains("FAIL 6"));
    git(&site.path("first"), &["revert", "--no-edit", "HEAD"]);
    git(&site.path("first"), &["push", "--quiet", "origin", "main"]);

    site.rename("8002", "王芳");
    step(&["POST merge_requests/1/notes", "PUT merge_requests/1"]);
    assert_eq!((pulls(&site)[0]["state"].as_str(), site.head()), (Some("closed"), String::new()));

    // A commit of a person on the branch is kept, and said once.
    site.rename("8002", "王芳芳");
    step(&["POST merge_requests"]);
    remark(&site);
    let theirs = site.head();
    site.rename("8002", "王芳");
    step(&["POST merge_requests/2/notes"]);
    step(&[]);
    assert_eq!((site.head(), pulls(&site)[1]["state"].as_str()), (theirs, Some("opened")));
}

#[test]
fn what_the_patch_leaves_out_stands_in_the_pull_request() {
    let Some(site) = new_site() else { return };
    site.edit("roster/presales.yaml", "name: 李娜", "name: 李娜娜");
    site.push("a new name");
    site.rename("8002", "王芳芳");
    site.rename("8003", "李四");
    adopt(&site, 2);
    let body = pulls(&site)[0]["body"].to_string();
    assert!(body.contains("**Not in this pull request:**\\n\\n    agent/8003"), "{body}");
    assert!(!site.diff().contains("李四") && site.diff().contains("王芳芳"), "{}", site.diff());
}

#[test]
fn a_telephone_number_stands_in_the_patch_and_in_no_log() {
    let Some(site) = new_site() else { return };
    site.rename("8002", "王芳芳 13800138000");
    let run = adopt(&site, 2);
    assert!(site.diff().contains("13800138000"), "the manifests hold it");
    let body = pulls(&site)[0]["body"].to_string();
    assert!(!run.log.contains("13800138000") && !body.contains("13800138000"), "{}{body}", run.log);
    // The workflow that keeps artifacts holds none of it either.
    let run = site.main("rosterctl-drift.yml", "schedule");
    let reports = site.path(&format!("artifacts/{}/roster-drift", run.id));
    for entry in fs::read_dir(reports).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        assert!(!fs::read_to_string(&entry).unwrap().contains("13800138000"), "{}", entry.display());
    }
}
