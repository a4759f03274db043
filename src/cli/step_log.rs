//! Prints one line per step, and a correction when verification contradicts the vendor's response.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::console::Console;
use crate::apply::write_op::WriteOp;
use crate::messages::en;
use crate::model::call::Failure;
use crate::model::id::Kind;
use crate::model::note::Note;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::Plan;
use crate::report::result;
use crate::runtime::progress::Task;

/// Lines of a run.
pub(super) struct Lines<'a> {
    plan: &'a Plan,
    console: &'a Console,
    task: &'a Task,
    /// Last reported status of each step with a line; `None` without a response.
    said: Mutex<BTreeMap<usize, Option<Status>>>,
}

impl<'a> Lines<'a> {
    /// Returns the lines of a run that begins.
    pub(super) fn new(plan: &'a Plan, console: &'a Console, task: &'a Task) -> Self {
        Self { plan, console, task, said: Mutex::default() }
    }

    /// Reports the response to a step.
    pub(super) fn answered(&self, at: usize, op: &WriteOp, wrong: Option<&Failure>) {
        let Some(planned) = self.plan.steps.get(at) else { return };
        let shown = match op {
            // Some agents may have been skipped.
            WriteOp::Delete { kind: Kind::Agent, ids } => result::step_for(planned, ids),
            WriteOp::Create { .. }
            | WriteOp::Edit { .. }
            | WriteOp::Delete { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::SetMembers { .. } => result::step(planned),
        };
        let said = match wrong {
            None => {
                self.console.step(&format!("  {shown} done"));
                self.task.another();
                self.task.remark(&planned.targets.first().map(ToString::to_string).unwrap_or_default());
                Some(Status::Done)
            }
            // Not failed: the read-back tells whether the vendor applied it.
            Some(Failure::Unknown(why) | Failure::Late(why) | Failure::Garbled(why)) => {
                self.console.note(&format!("  {shown} no answer ({why}), looking again"));
                None
            }
            Some(failure) => {
                self.console.note(&format!("  {shown} FAILED ({})", failure.message()));
                self.task.another();
                Some(Status::Failed)
            }
        };
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(at, said);
    }

    /// Reports the steps whose result differs from their line, or was uncertain.
    pub(super) fn end(&self, results: &[StepResult]) {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, said) in &*said {
            let (Some(planned), Some(end)) = (self.plan.steps.get(*at), results.get(*at)) else { continue };
            if let Some(end) = correction(*said, end.status, &end.notes) {
                self.console.note(&format!("  {} {end}", result::step(planned)));
            }
        }
    }
}

/// Returns the result of a step if it differs from its line.
fn correction(said: Option<Status>, end: Status, notes: &[Note]) -> Option<String> {
    let why = if notes.is_empty() { String::new() } else { format!(" ({})", en::notes(notes)) };
    match end {
        Status::Done if said == Some(Status::Done) && notes.is_empty() => None,
        Status::Failed if said == Some(Status::Failed) => None,
        Status::Done => Some(format!("done{why}")),
        Status::Failed => Some(format!("FAILED{why}")),
        Status::Unknown => Some(format!("UNKNOWN{why}")),
        // Without the busy agents, the step was already reported as done.
        Status::Skipped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_step_says_how_it_ended() {
        let no = [Note::Failed { why: "no".into() }];
        let left_out = [Note::Dropped { members: vec!["7777".into()] }];
        assert_eq!(correction(Some(Status::Done), Status::Done, &[]), None);
        assert_eq!(
            correction(Some(Status::Done), Status::Done, &left_out).as_deref(),
            Some("done (7777 is no agent; the vendor dropped it from the queue)")
        );
        assert_eq!(correction(Some(Status::Done), Status::Failed, &no).as_deref(), Some("FAILED (no)"));
        assert_eq!(correction(None, Status::Done, &[]).as_deref(), Some("done"));
        assert_eq!(correction(None, Status::Unknown, &[]).as_deref(), Some("UNKNOWN"));
        assert_eq!(correction(Some(Status::Failed), Status::Failed, &no), None);
    }
}
