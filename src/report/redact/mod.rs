//! Redacts phone numbers and e-mail addresses in a plan or a message.
//!
//! Only the fields' tables ([`Field::personal`]) decide which fields hold one. These are hidden in the plan itself,
//! before any format sees it. Numbers and addresses in free texts (a name, a reason, a vendor's words) are hidden too.
//! Hiding too much costs a glance at the manifest.

mod free_text;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::free_text::FEWEST;
use super::{Body, Part, Report, Run};
use crate::model::calendar::{self, Calendar};
use crate::model::diagnostic::Diagnostic;
use crate::model::field::{Field, Personal};
use crate::model::id::OperatorId;
use crate::model::last_change::LastChanged;
use crate::model::message::{Argument, Rewrite};
use crate::model::plan::{Change, Plan};
use crate::model::scene::Scene;
use crate::model::value::{Members, Value};

/// The digest of a plan that was masked before one was due.
const MASKED: &str = "masked";
/// Replacement of hidden text.
const DOTS: &str = "•••";

/// A mask for personal data. It keeps ids of agents and queues, which are no telephone numbers.
#[derive(Debug, Default)]
pub struct Mask {
    ids: BTreeSet<String>,
}

impl Mask {
    /// Returns a mask with a plan's ids.
    pub fn for_plan(plan: &Plan) -> Self {
        let mut ids = BTreeSet::new();
        let long = |id: &str| id.bytes().filter(u8::is_ascii_digit).count() >= FEWEST;
        let mut keep = |id: &str| {
            if long(id) {
                ids.insert(id.to_owned());
            }
        };
        for change in &plan.changes {
            keep(change.id.name.as_str());
            change.exten.as_deref().into_iter().for_each(&mut keep);
            for list in [change.members_before(), change.members_after()].into_iter().flatten() {
                list.keys().for_each(|member| keep(member.as_str()));
            }
        }
        let about = plan.findings.iter().filter_map(|finding| finding.id.as_ref());
        about.chain(plan.steps.iter().flat_map(|step| &step.targets)).for_each(|id| keep(id.name.as_str()));
        Self { ids }
    }

    /// Returns a mask with a calendar's ids.
    pub(super) fn for_calendar(calendar: &Calendar) -> Self {
        let mut ids = BTreeSet::new();
        for change in calendar.entries.iter().flat_map(|entry| &entry.changes) {
            let lists = change.fields.iter().flat_map(|field| [&field.before, &field.after]).flatten();
            let members = lists.filter_map(Value::members).flat_map(|members| members.keys());
            let long = |id: &&OperatorId| id.as_str().bytes().filter(u8::is_ascii_digit).count() >= FEWEST;
            let all = members.chain([&change.id.name]).filter(long);
            ids.extend(all.map(ToString::to_string));
        }
        Self { ids }
    }

    /// Returns a calendar with personal data hidden.
    pub(super) fn calendar(&self, calendar: &Calendar) -> Calendar {
        let mut calendar = calendar.clone();
        for change in calendar.entries.iter_mut().flat_map(|entry| &mut entry.changes) {
            change.title.iter_mut().chain(change.names.values_mut()).for_each(|name| *name = self.text(name));
            for field in &mut change.fields {
                if let calendar::Path::Field(row) = field.path {
                    self.values(row, &mut field.before, &mut field.after);
                }
            }
        }
        calendar
    }

    /// Hides personal data in a plan. It can no longer be applied: its digest is not that of its content.
    pub fn plan(&self, plan: &mut Plan) {
        if plan.digests.plan.is_empty() {
            MASKED.clone_into(&mut plan.digests.plan);
        }
        plan.changes.iter_mut().for_each(|change| self.change(change));
        for finding in &mut plan.findings {
            finding.what.rewrite(self);
            self.last_changed(&mut finding.last_changed);
        }
    }

    fn change(&self, change: &mut Change) {
        change.title.iter_mut().chain(change.names.values_mut()).for_each(|name| *name = self.text(name));
        change.reason.rewrite(self);
        self.last_changed(&mut change.last_changed);
        for field in &mut change.fields {
            self.values(field.field, &mut field.before, &mut field.after);
            field.reason.rewrite(self);
        }
    }

    /// Hides personal data in the number and the name of an agent who changed a resource.
    fn last_changed(&self, changed: &mut Option<Box<LastChanged>>) {
        if let Some(changed) = changed {
            changed.by.iter_mut().chain(&mut changed.name).for_each(|text| *text = self.text(text));
        }
    }

    /// Hides personal data in the texts of a value. It may be a telephone number, or an undocumented value of a vendor.
    fn value(&self, value: &Value) -> Value {
        let Value::Members(members) = value else {
            return value.map_text(|text| self.hide(text).map_or_else(|| Arc::clone(text), Arc::from));
        };
        Value::Members(self.members(members))
    }

    fn members(&self, members: &Members) -> Arc<Members> {
        let hide = |(id, priority): (&OperatorId, &i64)| (OperatorId::new(self.text(id.as_str())), *priority);
        Arc::new(members.iter().map(hide).collect())
    }

    /// Hides personal data in the facts beside a plan.
    pub fn scene(&self, scene: &mut Scene) {
        for name in scene.names.values_mut() {
            *name = self.text(name);
        }
        scene.at_work.rewrite(self);
    }

    /// Returns a run with personal data hidden.
    pub fn run(&self, run: &Run) -> Run {
        let mut run = run.clone();
        for result in &mut run.results {
            result.notes.rewrite(self);
            result.members = result.members.take().map(|members| self.members(&members));
            result.spared.rewrite(self);
        }
        run.stale.rewrite(self);
        run.held.rewrite(self);
        run.lifted.rewrite(self);
        run.lock_lost.rewrite(self);
        run.refused.rewrite(self);
        run
    }

    /// Returns a diagnostic with personal data hidden.
    pub fn diagnostic(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let mut diagnostic = diagnostic.clone();
        diagnostic.problem.rewrite(self);
        if let Some((_, label)) = &mut diagnostic.related {
            label.rewrite(self);
        }
        diagnostic
    }

    /// Returns a text with telephone numbers and e-mail addresses hidden.
    pub fn text(&self, text: &str) -> String {
        self.hide(text).unwrap_or_else(|| text.to_owned())
    }

    /// Hides telephone numbers and e-mail addresses in a text; `None` if it can hold none.
    fn hide(&self, text: &str) -> Option<String> {
        free_text::may_be_personal(text).then(|| {
            let text = free_text::addresses(text, |address| hidden(address, Personal::Email));
            free_text::numbers(&text, &self.ids, |number| hidden(number, Personal::Phone))
        })
    }
}

impl Rewrite for Mask {
    fn text(&self, text: &str) -> String {
        Mask::text(self, text)
    }

    fn values(&self, field: &Field, before: &mut Option<Value>, after: &mut Option<Value>) {
        let differs = before != after;
        for value in [&mut *before, &mut *after].into_iter().flatten() {
            *value = match (&*value, field.personal) {
                (Value::Text(text), Some(personal)) => Value::Text(hidden(text, personal).into()),
                (_, Some(_)) => Value::Text(DOTS.into()),
                (value, None) => self.value(value),
            };
        }
        // Two different numbers may look alike once they are masked.
        if let (Some(_), true, Some(Value::Text(text))) = (field.personal, differs && before == after, after)
        {
            *text = format!("another {text}").into();
        }
    }
}

/// Returns the visible rest of personal data: enough to distinguish two, too little to call.
fn hidden(text: &str, personal: Personal) -> String {
    match personal {
        _ if text.is_empty() => String::new(),
        Personal::Phone => {
            let count = text.chars().count();
            let last: String = text.chars().skip(count.saturating_sub(2)).collect();
            // Two digits of a short number would reveal too much.
            if count < FEWEST { DOTS.to_owned() } else { format!("{DOTS}{last}") }
        }
        Personal::Email => match text.split_once('@') {
            Some((name, _)) => format!("{}{DOTS}@{DOTS}", name.chars().next().unwrap_or('•')),
            None => DOTS.to_owned(),
        },
    }
}

impl Report {
    /// Returns the report without phone numbers and e-mail addresses.
    #[must_use]
    pub fn masked(&self) -> Report {
        Report { parts: self.parts.iter().map(Part::masked).collect(), ..self.clone() }
    }
}

impl Part {
    /// Returns the part without phone numbers and e-mail addresses.
    #[must_use]
    pub(super) fn masked(&self) -> Part {
        let mut part = self.clone();
        part.seal();
        part.mask();
        part
    }

    /// Computes the digest of the plan, which a JSON document holds even of a masked plan.
    pub fn seal(&mut self) {
        if let Body::Planned(plan) | Body::Ran(plan, _) = &mut self.body
            && plan.digests.plan.is_empty()
        {
            Arc::make_mut(&mut plan.plan).digests.plan = plan.digest();
        }
    }

    /// Hides phone numbers and e-mail addresses.
    pub fn mask(&mut self) {
        if std::mem::replace(&mut self.masked, true) {
            return;
        }
        match &mut self.body {
            Body::Planned(plan) => {
                let mask = Mask::for_plan(plan);
                mask.scene(&mut self.scene);
                mask.plan(Arc::make_mut(&mut plan.plan));
            }
            Body::Ran(plan, run) => {
                let mask = Mask::for_plan(plan);
                mask.scene(&mut self.scene);
                mask.plan(Arc::make_mut(&mut plan.plan));
                *run = mask.run(run);
            }
            Body::Sound(_) => {}
            Body::Failed(failure) => {
                let mask = Mask::default();
                failure.message.rewrite(&mask);
                for diagnostic in &mut failure.diagnostics {
                    *diagnostic = mask.diagnostic(diagnostic);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::problem::{SyntaxProblem, ValueProblem};
    use crate::model::value::Sip;

    fn masked(text: &str) -> String {
        Mask { ids: ["80010001".to_owned()].into() }.text(text)
    }

    #[test]
    fn numbers_and_addresses_are_hidden_wherever_they_stand() {
        assert_eq!(masked("ring 13800138000, please"), "ring •••00, please");
        assert_eq!(masked("tel:13800138000."), "tel:•••00.");
        assert_eq!(masked("13800138000/13800138001"), "•••00/•••01");
        assert_eq!(masked("拨打400-800-8888转1"), "拨打•••88转1");
        assert_eq!(masked("+86 138 0013 8000"), "•••00");
        assert_eq!(masked("write to li.si@example.com."), "write to l•••@•••.");
    }

    #[test]
    fn numbers_deep_in_a_value_are_hidden_and_short_ones_stay() {
        let mask = Mask { ids: ["80010001".to_owned()].into() };
        let sip = |number: &str| Value::Sip(Sip::Number(number.into()));
        assert_eq!(mask.value(&sip("13800138000")), sip("•••00"));
        assert_eq!(mask.value(&Value::Other("13800138000".into())), Value::Other("•••00".into()));
        let members = |ids: [&str; 3]| Value::Members(Arc::new(ids.map(|id| (id.into(), 1)).into()));
        let hidden = members(["8001", "80010001", "l•••@•••"]);
        assert_eq!(mask.value(&members(["8001", "80010001", "li@x.cn"])), hidden);
    }

    #[test]
    fn the_free_text_of_a_problem_is_hidden_and_its_words_stay() {
        let key = "boundPhone".into();
        let problem = ValueProblem::OddNumber { key, text: "013800138000".to_owned() };
        let masked = Mask::default().diagnostic(&Diagnostic::general(problem));
        assert_eq!(masked.message(), "`boundPhone` is written `•••00`, which tools read differently");
        let problem = SyntaxProblem::FileTooLong { mebibytes: 536_870_912, most: 512 };
        let masked = Mask::default().diagnostic(&Diagnostic::general(problem.clone()));
        assert_eq!(masked.problem, problem.into());
    }

    #[test]
    fn what_is_no_number_stays() {
        for text in [
            "agent/80010001 leaves 8001, 8101..8180",
            "since 2026-11-25T10:00:00Z",
            "on 2026-11-25",
            "at 127.0.0.1:8080 and 0705C559_003",
            "queue/在线售前@1234567890",
            "20 of 302 agents",
            "roster/20261125/a.yaml:12:5",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
