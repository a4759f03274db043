//! The person behind a run, and the commit of its manifests.

use std::env;

use crate::model::text::sanitize;
use crate::storage::files::Place;
use crate::storage::git;
use crate::storage::ledger;

/// Variables of CI systems that name the person who started the job.
const ACTORS: [&str; 9] = [
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_REQUESTEDFOR",
    "BUILD_USER_ID",
    "CHANGE_AUTHOR",
    "CIRCLE_USERNAME",
    "BITBUCKET_STEP_TRIGGERER_UUID",
    "BUILDKITE_BUILD_CREATOR",
    "DRONE_BUILD_TRIGGER",
];

/// Variables of CI systems that name the commit.
const COMMITS: [&str; 8] = [
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BUILD_SOURCEVERSION",
    "GIT_COMMIT",
    "CIRCLE_SHA1",
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
    "DRONE_COMMIT_SHA",
];

/// Returns the first variable that is set.
fn first(names: &[&str]) -> Option<String> {
    let set = names.iter().filter_map(|name| env::var(name).ok());
    set.map(|value| sanitize(value.trim()).into_owned()).find(|value| !value.is_empty())
}

/// Returns the actor of the CI job, else the user of the operating system.
pub(crate) fn who() -> String {
    first(&ACTORS).unwrap_or_else(ledger::user)
}

/// Returns the commit of the CI job.
pub(crate) fn ci_commit() -> Option<String> {
    first(&COMMITS)
}

/// Returns the commit of the CI job, else the one that is checked out at a workspace.
pub(crate) fn commit(place: &Place) -> Option<String> {
    ci_commit().or_else(|| git::head(&place.folder))
}
