//! The history of a workspace: a record for each run that wrote, chained by digests.
//!
//! ```text
//! ledger ──run, digest──▶ newest record ──previousRun, previous──▶ the record before ──▶ …
//! ```
//!
//! A record is a file beside the ledger, and no run changes one. The digest of a record covers all bytes of its file.
//! A record holds the written values and the content of the run's reports. It holds no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::codec;
use super::difference::fields;
use super::field::{Field, by_key};
use super::id::{OperatorId, ResourceId};
use super::note::Note;
use super::outcome::{Run, Status};
use super::plan::{Action, Operation, Plan, StepId, Verb};
use super::scene::Scene;
use super::value::Value;

/// The value of `format` of a record.
pub const FORMAT: &str = "rosterctl.history/v1";

/// The name of a run: its start in UTC, like `20261201T093000125Z`. Names sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    at_ms: i64,
}

impl RunId {
    /// Creates the name of a run that began at a time, in milliseconds since 1970 UTC.
    ///
    /// It comes after the run before it, even if the clock of that run's host was ahead.
    pub fn new(at_ms: i64, before: Option<RunId>) -> Self {
        Self { at_ms: before.map_or(at_ms, |before| at_ms.max(before.at_ms + 1)) }
    }

    /// Returns the start of the run.
    pub fn moment(self) -> Timestamp {
        Timestamp::from_millisecond(self.at_ms).unwrap_or_default()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.moment().strftime("%Y%m%dT%H%M%S");
        write!(f, "{seconds}{:03}Z", self.at_ms.rem_euclid(1000))
    }
}

impl FromStr for RunId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const NO_RUN: &str = "this is no name of a run, like 20261201T093000125Z";
        let is_sign = |at: usize, byte: u8| match at {
            8 => byte == b'T',
            18 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 19 || !text.bytes().enumerate().all(|(at, byte)| is_sign(at, byte)) {
            return Err(NO_RUN);
        }
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let [year, month, day] = [part(0, 4), part(4, 6), part(6, 8)];
        let [hour, minute, second, ms] = [part(9, 11), part(11, 13), part(13, 15), part(15, 18)];
        let moment = format!("{year}-{month}-{day}T{hour}:{minute}:{second}.{ms}Z");
        let moment: Timestamp = moment.parse().map_err(|_| NO_RUN)?;
        Ok(Self { at_ms: moment.as_millisecond() })
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The newest record of a history, as the ledger names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryHead {
    /// The run.
    pub run: RunId,
    /// The SHA-256 of the record's file, in hex.
    pub digest: String,
}

/// The record of a run that wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// `rosterctl.history/v1`.
    pub format: String,
    /// The name of the run, and of the file.
    pub run: RunId,
    /// The name of the workspace.
    pub workspace: String,
    /// The version of the program.
    pub program: String,
    /// The start, as a UTC timestamp.
    pub started: String,
    /// The end, as a UTC timestamp.
    pub ended: String,
    /// The person: the actor of the CI job, else the user of the operating system.
    pub who: String,
    /// The commit of the manifests, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of the plan's content.
    pub plan_digest: String,
    /// True if the run came to no end, and a later run recorded it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recovered: bool,
    /// The exit code; missing of a run that came to no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// The run of the record before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_run: Option<RunId>,
    /// The digest of the record before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The steps, in the plan's order.
    pub steps: Vec<StepRecord>,
    /// The content of the run's reports; a listing of records leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<RunReport>,
}

/// The result of a step, with the values that it wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// The step's id in the plan.
    pub step: StepId,
    /// The operation.
    pub operation: Operation,
    /// The resources that it touches.
    pub targets: Vec<ResourceId>,
    /// The status.
    pub status: Status,
    /// The targets on which it is not known to have taken effect; all of a step that was not carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<ResourceId>,
    /// The vendor's number of a created queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<OperatorId>,
    /// The reason, where the status does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The same as data; read from the run's report.
    #[serde(skip)]
    pub notes: Vec<Note>,
    /// The fields of its targets. A deletion has all that was live; a creation has all that it set.
    pub fields: Vec<FieldWrite>,
}

/// A field that a step wrote. A password's values are `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldWrite {
    /// The resource.
    pub id: ResourceId,
    /// The field.
    #[serde(rename = "path")]
    pub field: &'static Field,
    /// The live value before the step; `None` if unset, unknown or secret.
    pub before: Option<Value>,
    /// The live value after the step; the one before if the step took no effect.
    pub after: Option<Value>,
    /// The value that the plan wants, if the last step on the field left another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Value>,
}

impl<'de> Deserialize<'de> for FieldWrite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Spelled {
            id: ResourceId,
            path: String,
            before: Json,
            after: Json,
            #[serde(default)]
            wanted: Json,
        }
        let Spelled { id, path, before, after, wanted } = Spelled::deserialize(deserializer)?;
        let field = by_key(fields(id.kind), &path)
            .ok_or_else(|| D::Error::custom(format!("{id} has no field `{path}`")))?;
        // The error hides the value, which may be personal.
        let value = |json: &Json| {
            let wrong = |_| D::Error::custom(format!("`{path}` of {id} holds no value of that field"));
            codec::from_json(field, json).map_err(wrong)
        };
        let (before, after, wanted) = (value(&before)?, value(&after)?, value(&wanted)?);
        Ok(Self { id, field, before, after, wanted })
    }
}

/// The content of a run's reports, as every format renders it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The folder or file of the workspace, as the command line named it.
    pub place: String,
    /// The workspace file, as it is shown to people.
    pub file: Arc<str>,
    /// The folder in which the run started.
    pub current: String,
    /// The roots of the repositories that paths are shown from.
    pub repositories: Vec<String>,
    /// The facts of the run beside its plan.
    #[serde(flatten)]
    pub scene: Scene,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The results of its steps.
    pub run: Run,
}

/// The effect of a run on one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceWrite<'a> {
    /// The action that took effect; a replacement that was not created again is a deletion.
    pub action: Action,
    /// The vendor's number of a queue that the run created.
    pub made: Option<&'a OperatorId>,
    /// Each written field with its values before and after the run, in the order of the steps.
    pub fields: Vec<WrittenField<'a>>,
    /// True if the effect of a step on the resource is unknown.
    pub is_unknown: bool,
}

/// The values of a written field around a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WrittenField<'a> {
    /// The field.
    pub field: &'static Field,
    /// The live value before the run.
    pub before: Option<&'a Value>,
    /// The live value after the run.
    pub after: Option<&'a Value>,
}

impl StepRecord {
    /// Returns true if the step took effect on a target.
    pub fn took(&self, target: &ResourceId) -> bool {
        !self.left_out.contains(target)
    }
}

impl RunRecord {
    /// Returns the name and digest of the record before.
    pub fn before(&self) -> Option<HistoryHead> {
        Some(HistoryHead { run: self.previous_run?, digest: self.previous.clone()? })
    }

    /// Drops the content of the reports, but for the notes of the steps.
    pub fn drop_report(&mut self) {
        let results = self.report.take().map(|report| report.run.results).unwrap_or_default();
        for (step, result) in self.steps.iter_mut().zip(results) {
            step.notes = result.notes;
        }
    }

    /// Returns the effect of the run on each resource.
    ///
    /// A resource on which no step took effect is missing, unless a step's effect is unknown.
    pub fn resources(&self) -> BTreeMap<&ResourceId, ResourceWrite<'_>> {
        let mut all: BTreeMap<&ResourceId, ResourceWrite<'_>> = BTreeMap::new();
        let new =
            || ResourceWrite { action: Action::Update, made: None, fields: Vec::new(), is_unknown: false };
        for step in &self.steps {
            // A write to a secret store changes no resource.
            if step.operation.verb == Verb::Put {
                continue;
            }
            for target in &step.targets {
                if !step.took(target) {
                    if step.status == Status::Unknown {
                        all.entry(target).or_insert_with(new).is_unknown = true;
                    }
                    continue;
                }
                let write = all.entry(target).or_insert_with(new);
                write.made = step.made.as_ref().or(write.made);
                write.action = match (step.operation.verb, write.action) {
                    (Verb::Create, Action::Delete) => Action::Replace,
                    (Verb::Create, _) => Action::Create,
                    (Verb::Delete, _) => Action::Delete,
                    (Verb::Edit | Verb::Password | Verb::Members | Verb::Put, action) => action,
                };
            }
            for one in step.fields.iter().filter(|one| step.took(&one.id)) {
                let Some(write) = all.get_mut(&one.id) else { continue };
                match write.fields.iter_mut().find(|known| known.field == one.field) {
                    Some(known) => known.after = one.after.as_ref(),
                    None => write.fields.push(WrittenField {
                        field: one.field,
                        before: one.before.as_ref(),
                        after: one.after.as_ref(),
                    }),
                }
            }
        }
        all
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_run_sorts_by_time_and_leads_nowhere_else() {
        let first = RunId::new(1_796_117_400_125, None);
        assert_eq!(first.to_string(), "20261201T093000125Z");
        assert_eq!(first.to_string().parse(), Ok(first));
        // The clock of the next run's host is behind.
        let second = RunId::new(1_796_117_399_000, Some(first));
        assert_eq!(second.to_string(), "20261201T093000126Z");
        for text in ["", "../../etc/passwd", "20261201T093000Z", "20261301T093000125Z", "20261201T093000125z"]
        {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
