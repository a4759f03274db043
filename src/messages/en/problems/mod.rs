//! Problems of files, each with its remedy.

mod files;
mod roster;
mod syntax;
mod values;
mod words;
mod workspace;

pub use self::files::fault;
pub(super) use self::roster::ahead;
pub use self::words::{id_objection, key_objection, value_objection};

use self::words::{rotation, say};
use crate::messages::subject::Subject;
use crate::model::problem::{Label, Problem};
use crate::model::rule::{LEAVING_MEMBER, MISSING_EXTEN, UNKNOWN_MEMBER};

/// Writes a problem: one sentence without a final stop, and the remedy in the imperative. The remedy is empty if the
/// sentence contains it.
pub fn problem(problem: &Problem) -> (String, String) {
    match problem {
        Problem::Syntax(problem) => syntax::problem(problem),
        Problem::Value(problem) => values::problem(problem),
        Problem::Workspace(problem) => workspace::problem(problem),
        Problem::Roster(problem) => roster::problem(problem),
        Problem::File(problem) => files::problem(problem),
        Problem::Finding(finding) => {
            // The sentences of the other rules contain the remedy.
            let silent = [&UNKNOWN_MEMBER, &LEAVING_MEMBER, &MISSING_EXTEN];
            let rule = silent.into_iter().find(|rule| rule.code == finding.code);
            say(
                super::finding(&finding.what, &Subject::for_finding(finding)),
                rule.map_or("", |rule| rule.remedy),
            )
        }
    }
}

/// Writes the label of another place.
pub fn label(label: &Label) -> String {
    match label {
        Label::FirstHere => "first here".to_owned(),
        Label::First => "the first one".to_owned(),
        Label::Other => "the other one".to_owned(),
        Label::QueueOfThatName => "the queue of that name".to_owned(),
        Label::OpenedHere => "opened here".to_owned(),
        Label::Base => "the value to return to".to_owned(),
        Label::Begins => "its beginning".to_owned(),
        Label::Baseless => "nothing says it for this agent".to_owned(),
        Label::Rule => "the rule that it breaks".to_owned(),
        Label::AbsentHere => "`state: absent` here".to_owned(),
        Label::Scope => "the scope of this workspace".to_owned(),
        Label::IgnoredHere => "ignored here".to_owned(),
        Label::Says { agent, version, generate } => {
            format!("agent `{agent}` says {}", rotation(*version, *generate))
        }
    }
}
