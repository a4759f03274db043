//! Problems of files, secrets and connections.

use super::words::{say, value_objection};
use crate::model::problem::{ConnectionFault, FileProblem};

const FEWER_FILES: &str =
    "split the roster into several workspaces, or put more agents into a pool or a profile";

pub(super) fn problem(problem: &FileProblem) -> (String, String) {
    use FileProblem as P;
    match problem {
        P::NameNotUtf8 => say("the name of this file is not UTF-8", "rename it"),
        P::LinkOut => say(
            "this file is a link that leads out of the folders that `manifests:` names",
            "put the file itself there, or name its folder under `manifests:`",
        ),
        P::ReservedFile => say(
            "this is, or leads to, a file of a secret store, of Git or of rosterctl itself",
            "remove it, or keep the store in a folder that `manifests:` does not name",
        ),
        P::TooManyFiles { count, most } => {
            say(format!("the manifests are {count} files; at most {most} are read"), FEWER_FILES)
        }
        P::TooManyBytes { bytes, most } => {
            say(format!("the manifests have {bytes} bytes together; at most {most} are read"), FEWER_FILES)
        }
        P::BehindLink { name } => say(
            format!("`{name}` is a link, or lies behind one"),
            "name the folder or file itself, below the folder of rosterctl.yaml",
        ),
        P::FolderUnreadable { name, why } => say(format!("folder `{name}` cannot be read: {why}"), ""),
        P::NoManifest { name } => say(
            format!("folder `{name}` holds no manifest"),
            "put *.yaml or *.yml files with `kind: Roster` into it",
        ),
        P::NoSuchFile { name, workspace } => say(
            format!("there is no file or folder `{name}`"),
            format!("it is looked for beside {workspace}"),
        ),
        P::Unreadable { path, why } => say(format!("{path} cannot be read: {why}"), ""),
        P::FolderTooDeep { most } => {
            say(format!("this folder lies more than {most} folders deep"), "move it up")
        }
        P::LinkToFolder => say(
            "this is a link to a folder, and such links are not followed",
            "put the folder itself there, or name it under `manifests:`",
        ),
        P::NoPlainFile => {
            say("this is no plain file", "take it away, or give it another name than *.yaml and *.yml")
        }
        P::DanglingLink { why } => say(
            format!("this link leads to nothing that can be read: {why}"),
            "fetch what it points to (a submodule, a shared checkout), or take it away",
        ),
        P::DeclaredElsewhere { id, workspace, absent, theirs } => say(
            format!(
                "{id} is {} by workspace `{workspace}` too, which leads to the same tenant",
                if *theirs { "declared absent" } else { "declared" }
            ),
            // A tombstone deletes every agent of that number that the ledger owns.
            match (absent, theirs) {
                (true, _) => "take `state: absent` out of this one",
                (false, true) => "take `state: absent` out of the other one",
                (false, false) => {
                    "declare it in one of them; `rosterctl ledger forget` lets the other one's ledger go of it"
                }
            },
        ),
        P::BadPassword { secret, why, more } => {
            let why = value_objection(why);
            say(format!("the password {secret} {why}: store another one{}", and_more(*more)), "")
        }
        P::SecretUnread { why, more } => say(format!("{why}{}", and_more(*more)), ""),
        P::Connection { name, fault: why } => say(format!("connection `{name}` {}", fault(why)), ""),
        P::Told { message, help } => say(message, help),
    }
}

/// Writes the reason why a connection cannot be used, as a predicate of its name.
pub fn fault(fault: &ConnectionFault) -> String {
    match fault {
        ConnectionFault::NoConnector => "has no connector".to_owned(),
        ConnectionFault::NoSecret => "names no secret to sign its calls with".to_owned(),
        ConnectionFault::SecretUnread { why } => format!("cannot sign its calls: {why}"),
        ConnectionFault::BadSecret { setting, secret, why } => {
            let why = value_objection(why);
            format!("cannot sign its calls: its `{setting}` {secret} {why}: store it without that")
        }
        ConnectionFault::Unusable { why } => format!("cannot be used: {why}"),
    }
}

/// Writes the number of the other problems of one entry.
fn and_more(more: usize) -> String {
    if more > 0 { format!(" (and {more} more of the same entry)") } else { String::new() }
}
