//! One line a step while an apply goes on, and another one where its end is not what that line said: a vendor says
//! yes to what it does not do, and what got no answer was done all the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::console::Console;
use crate::apply::write_op::WriteOp;
use crate::model::call::Failure;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::Plan;
use crate::report::result;
use crate::runtime::progress::Task;

/// The lines of a run.
pub(super) struct Lines<'a> {
    plan: &'a Plan,
    console: &'a Console,
    task: &'a Task,
    /// What was said last of the steps that were told; `None` where there was no answer.
    said: Mutex<BTreeMap<usize, Option<Status>>>,
}

impl<'a> Lines<'a> {
    /// Lines of a run that begins.
    pub(super) fn new(plan: &'a Plan, console: &'a Console, task: &'a Task) -> Self {
        Self { plan, console, task, said: Mutex::default() }
    }

    /// Says how a step was answered.
    pub(super) fn answered(&self, at: usize, op: &WriteOp, wrong: Option<&Failure>) {
        let Some(planned) = self.plan.steps.get(at) else { return };
        let shown = match op {
            // Somebody may have been left out.
            WriteOp::DeleteAgents { ids } => result::step_for(planned, ids),
            WriteOp::CreateAgents { .. }
            | WriteOp::EditAgent { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::CreateQueue { .. }
            | WriteOp::SetMembers { .. } => result::step(planned),
        };
        let said = match wrong {
            None => {
                self.console.step(&format!("  {shown} done"));
                self.task.another();
                self.task.remark(&planned.targets.first().map(ToString::to_string).unwrap_or_default());
                Some(Status::Done)
            }
            // Not failed: reading back tells whether it was carried out.
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

    /// Says what became of the steps of which something else was said, or nothing certain.
    pub(super) fn end(&self, results: &[StepResult]) {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, said) in &*said {
            let (Some(planned), Some(end)) = (self.plan.steps.get(*at), results.get(*at)) else { continue };
            if let Some(end) = correction(*said, end.status, end.message.as_deref()) {
                self.console.note(&format!("  {} {end}", result::step(planned)));
            }
        }
    }
}

/// How a step ended, where that is not what was said of it.
fn correction(said: Option<Status>, end: Status, message: Option<&str>) -> Option<String> {
    let why = message.map(|why| format!(" ({why})")).unwrap_or_default();
    match end {
        Status::Done if said == Some(Status::Done) && message.is_none() => None,
        Status::Failed if said == Some(Status::Failed) => None,
        Status::Done => Some(format!("done{why}")),
        Status::Failed => Some(format!("FAILED{why}")),
        Status::Unknown => Some(format!("UNKNOWN{why}")),
        // What is done but for people at work was said to be done, for those for whom it was.
        Status::Skipped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_step_says_how_it_ended() {
        let left_out = Some("7777 is no agent");
        assert_eq!(correction(Some(Status::Done), Status::Done, None), None);
        assert_eq!(
            correction(Some(Status::Done), Status::Done, left_out).as_deref(),
            Some("done (7777 is no agent)")
        );
        assert_eq!(
            correction(Some(Status::Done), Status::Failed, Some("no")).as_deref(),
            Some("FAILED (no)")
        );
        assert_eq!(correction(None, Status::Done, None).as_deref(), Some("done"));
        assert_eq!(correction(None, Status::Unknown, None).as_deref(), Some("UNKNOWN"));
        assert_eq!(correction(Some(Status::Failed), Status::Failed, Some("no")), None);
    }
}
