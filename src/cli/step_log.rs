//! Prints one line per step, and a correction when verification contradicts the vendor's response.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::console::Console;
use crate::apply::write_op::WriteOp;
use crate::messages;
use crate::model::call::Failure;
use crate::model::id::Kind;
use crate::model::language::{Language, say};
use crate::model::note::Note;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::Plan;
use crate::report::result;
use crate::runtime::progress::Task;

/// Lines of a run.
pub(super) struct Lines<'a> {
    plan: &'a Plan,
    console: &'a Console,
    language: Language,
    task: &'a Task,
    /// Last reported status of each step with a line; `None` without a response.
    said: Mutex<BTreeMap<usize, Option<Status>>>,
}

impl<'a> Lines<'a> {
    /// Returns the lines of a run that begins.
    pub(super) fn new(plan: &'a Plan, console: &'a Console, language: Language, task: &'a Task) -> Self {
        Self { plan, console, language, task, said: Mutex::default() }
    }

    /// Reports the response to a step.
    pub(super) fn answered(&self, at: usize, op: &WriteOp, wrong: Option<&Failure>) {
        let Some(planned) = self.plan.steps.get(at) else { return };
        let language = self.language;
        let shown = match op {
            // Some agents may have been skipped.
            WriteOp::Delete { kind: Kind::Agent, ids } => result::step_for(planned, ids, language),
            WriteOp::Create { .. }
            | WriteOp::Edit { .. }
            | WriteOp::Delete { .. }
            | WriteOp::PutSecret { .. }
            | WriteOp::SetPassword { .. }
            | WriteOp::SetMembers { .. } => result::step(planned, language),
        };
        let said = match wrong {
            None => {
                self.console.step(&say!(language, "  {shown} done", "  {shown}：完成", "  {shown}：完成"));
                self.task.another();
                self.task.remark(&planned.targets.first().map(ToString::to_string).unwrap_or_default());
                Some(Status::Done)
            }
            // Not failed: the read-back tells whether the vendor applied it.
            Some(Failure::Unknown(why) | Failure::Late(why) | Failure::Garbled(why)) => {
                self.console.note(&say!(
                    language,
                    "  {shown} no answer ({why}), looking again",
                    "  {shown}：没有响应（{why}），再看一次",
                    "  {shown}：沒有回應（{why}），再看一次"
                ));
                None
            }
            Some(failure) => {
                let why = failure.message();
                self.console.note(&say!(
                    language,
                    "  {shown} FAILED ({why})",
                    "  {shown}：失败（{why}）",
                    "  {shown}：失敗（{why}）"
                ));
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
            if let Some(end) = correction(*said, end.status, &end.notes, self.language) {
                let gap = self.language.choose(" ", "：", "：");
                self.console.note(&format!("  {}{gap}{end}", result::step(planned, self.language)));
            }
        }
    }
}

/// Returns the result of a step if it differs from its line.
fn correction(said: Option<Status>, end: Status, notes: &[Note], language: Language) -> Option<String> {
    let why = || {
        let notes = messages::notes(notes, language);
        say!(language, " ({notes})", "（{notes}）", "（{notes}）")
    };
    let why = if notes.is_empty() { String::new() } else { why() };
    match end {
        Status::Done if said == Some(Status::Done) && notes.is_empty() => None,
        Status::Failed if said == Some(Status::Failed) => None,
        Status::Done => Some(language.choose("done", "完成", "完成").to_owned() + &why),
        Status::Failed => Some(language.choose("FAILED", "失败", "失敗").to_owned() + &why),
        Status::Unknown => Some(language.choose("UNKNOWN", "结果不明", "結果不明").to_owned() + &why),
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
        assert_eq!(correction(Some(Status::Done), Status::Done, &[], Language::En), None);
        assert_eq!(
            correction(Some(Status::Done), Status::Done, &left_out, Language::En).as_deref(),
            Some("done (7777 is no agent; the vendor dropped it from the queue)")
        );
        assert_eq!(
            correction(Some(Status::Done), Status::Failed, &no, Language::En).as_deref(),
            Some("FAILED (no)")
        );
        assert_eq!(correction(None, Status::Done, &[], Language::En).as_deref(), Some("done"));
        assert_eq!(correction(None, Status::Unknown, &[], Language::En).as_deref(), Some("UNKNOWN"));
        assert_eq!(correction(Some(Status::Failed), Status::Failed, &no, Language::En), None);
    }
}
