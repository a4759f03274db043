//! Reasons: messages about the causes of a plan's changes and values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::date::OutOfDate;
use super::difference::Difference;
use super::id::{Kind, OperatorId};
use super::message::{Argument, Rewrite, Word, messages, plain};

messages! {
    /// The reason of a change, if its fields do not imply it.
    ChangeReason {
        /// The manifest has `state: absent`.
        Absent,
        /// The agent has left.
        Left { out: OutOfDate },
        /// Agents that the manifests name in the queue are out of their dates.
        OutOfDate { members: Vec<AwayMembers>, reason: Option<Box<ChangeReason>> },
        /// No manifest names the resource, and the policy deletes such ones of its kind.
        Pruned { kind: Kind },
        /// No edit can set some fields. `new_password`: the vendor generates a password.
        ForcesReplacement { fields: Vec<Word>, new_password: bool },
        /// The plan deletes members.
        MembersDeleted { members: Vec<OperatorId> },
        /// Members return that an unfinished replacement took out.
        MembersReturn { members: Vec<OperatorId> },
        /// The selector does not choose members.
        NotChosen { members: Vec<NotChosen> },
        /// The change waits for busy agents.
        Waiting { agents: Vec<Waiter>, reason: Option<Box<ChangeReason>> },
        /// A sentence of a saved plan, or one that a report put together.
        Saved { text: String },
    }
}

messages! {
    /// The reason why a selector does not choose an agent.
    Unchosen {
        /// No manifest declares the agent.
        Undeclared,
        /// No manifest sets the field; its live value is the value before.
        Unset { difference: Difference },
        /// The manifest deletes the agent.
        Absent,
        /// The selector excepts the agent.
        Excepted,
        /// The manifest sets another value, the value after.
        Other { difference: Difference },
    }
}

messages! {
    /// The reason of a new value, if the values do not imply it.
    FieldReason {
        /// The vendor did not confirm the last call that set the field.
        Unconfirmed,
        /// The run sets fields of unknown value.
        Asserted,
        /// The version of a password changed.
        Version { before: Option<u32>, now: u32 },
        /// A password changed in its store.
        ChangedInStore,
        /// A password is missing in its store.
        GoneFromStore,
        /// A replacement keeps the live value.
        Kept,
        /// A replacement keeps the value that was applied last.
        KeptAsApplied,
        /// An unfinished replacement took the value away.
        Restored,
        /// A leave had disabled the agent.
        Returned,
        /// Another agent holds the SIP number.
        SipHeld { held: Box<SipHolder> },
        /// A sentence of a saved plan.
        Saved { text: String },
    }
}

// A plan of 100,000 agents has some hundred thousand fields.
const _: () = assert!(size_of::<Option<FieldReason>>() <= 24);

/// A SIP number, and the agent that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SipHolder {
    /// The number.
    pub number: String,
    /// The agent.
    pub holder: OperatorId,
}

impl Argument for SipHolder {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        self.number.rewrite(with);
    }
}

/// Members out of their dates, for one date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AwayMembers {
    /// The first of them.
    pub members: Vec<OperatorId>,
    /// The number of the others.
    pub more: usize,
    /// The date.
    pub out: OutOfDate,
}

plain!(AwayMembers);

/// Members that a selector does not choose for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotChosen {
    /// The first of them.
    pub members: Vec<OperatorId>,
    /// The number of the others.
    pub more: usize,
    /// The reason.
    pub why: Unchosen,
}

impl Argument for NotChosen {
    fn rewrite(&mut self, with: &dyn Rewrite) {
        self.why.rewrite(with);
    }
}

/// A busy agent that a change waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiter {
    /// The agent.
    #[schemars(with = "String")]
    pub agent: OperatorId,
    /// Its state in the last run, after `is`.
    #[schemars(with = "String")]
    pub state: Word,
}

plain!(Waiter);

/// A [`ChangeReason`] as it is spelled in JSON.
#[derive(Serialize, JsonSchema)]
pub(super) struct SpelledReason {
    /// The reason, where the fields do not tell it.
    reason: String,
    /// The busy agents that the change waits for, as the reason says.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<SpelledWait>,
}

/// The wait of a change for busy agents.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Waiting")]
pub(super) struct SpelledWait {
    /// The agents.
    agents: Vec<Waiter>,
    /// The rest of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl ChangeReason {
    /// Serializes the sentence, and the facts that a saved plan needs besides it.
    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub(super) fn serialize<S: Serializer>(reason: &Option<Self>, out: S) -> Result<S::Ok, S::Error> {
        let Some(reason) = reason else { return out.serialize_none() };
        let waiting = match reason {
            ChangeReason::Waiting { agents, reason } => {
                Some(SpelledWait { agents: agents.clone(), reason: reason.as_ref().map(ToString::to_string) })
            }
            _ => None,
        };
        SpelledReason { reason: reason.to_string(), waiting }.serialize(out)
    }

    /// Parses the reason of a saved plan.
    pub(super) fn parse(reason: Option<String>, waiting: Option<SpelledWait>) -> Option<Self> {
        let saved = |text| ChangeReason::Saved { text };
        match waiting {
            Some(SpelledWait { agents, reason }) => {
                Some(ChangeReason::Waiting { agents, reason: reason.map(|text| Box::new(saved(text))) })
            }
            None => reason.map(saved),
        }
    }
}

impl FieldReason {
    /// Serializes the sentence.
    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub(super) fn serialize<S: Serializer>(reason: &Option<Self>, out: S) -> Result<S::Ok, S::Error> {
        match reason {
            Some(reason) => out.collect_str(reason),
            None => out.serialize_none(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::plan::Change;

    #[test]
    fn a_saved_plan_tells_the_wait_from_the_rest_of_the_reason() {
        let waiting = Waiter { agent: "8001".into(), state: "on a call".into() };
        let saved = |text: &str| ChangeReason::Saved { text: text.to_owned() };
        let change = |more: serde_json::Value| {
            let mut change =
                json!({ "id": "agent/8001", "action": "delete", "moved": "manifest", "fields": [] });
            change.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
            serde_json::from_value::<Change>(change).unwrap()
        };
        let reason = Some(Box::new(ChangeReason::Absent));
        let made = Change {
            reason: Some(ChangeReason::Waiting { agents: vec![waiting.clone()], reason }),
            ..change(json!({}))
        };
        let words = "waiting: 8001 is on a call; the manifest says `state: absent`";
        let spelled = serde_json::to_value(&made).unwrap();
        assert_eq!(spelled["reason"], words);
        let reason = Some(Box::new(saved("the manifest says `state: absent`")));
        let read = serde_json::from_value::<Change>(spelled).unwrap();
        assert_eq!(read.reason, Some(ChangeReason::Waiting { agents: vec![waiting], reason }));
        assert_eq!(change(json!({ "reason": words })).reason, Some(saved(words)));
    }
}
