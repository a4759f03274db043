//! The agent, a person who answers calls and chats. One row a field.
//!
//! The key, `operatorId`, is not a row: it identifies the record.

use super::field::kind;
use super::value::Type;

/// The types of agents. Agents answer; leaders also supervise.
pub const TYPES: &[&str] = &["agent", "leader"];
/// The calls that an agent may make.
pub const OUTBOUND: &[&str] = &["allowed", "no-long-distance", "forbidden", "no-international"];
/// The channels through which an agent can be reached.
pub const CHANNELS: &[&str] = &["voice", "message", "video"];

const NAME_TEXT: Type = Type::Text { required: true };
const FREE_TEXT: Type = Type::Text { required: false };

#[rustfmt::skip]
kind! {
    /// Shown to colleagues and in reports.
    NAME             "name": NAME_TEXT;
    /// `agent`, or `leader` (班长), who also supervises.
    TYPE             "type": Type::Choice(TYPES);
    /// Permission set. No operation returns it, so it is compared with the ledger.
    ROLE             "role": NAME_TEXT;
    /// The skill group that the agent belongs to first.
    MAIN_SKILL_GROUP "mainSkillGroup": NAME_TEXT;
    /// Level in the skill bound at creation; the greater, the earlier. No operation returns or edits it.
    SKILL_LEVEL      "skillLevel": Type::Number;
    /// Sign-in password, as a secret reference: 6 to 32 characters. Never returned, never shown.
    PASSWORD         "password": Type::Password;
    /// Whether the agent may sign in.
    ENABLED          "enabled": Type::Flag;
    /// After-call work, in seconds. Zero can be set at creation only.
    WRAP_UP_SECONDS  "wrapUpSeconds": Type::Number;
    /// Real telephone behind the agent.
    BOUND_PHONE      "boundPhone": FREE_TEXT, Phone;
    /// Number shown to the customer.
    CALLER_ID        "callerId": FREE_TEXT, Phone;
    /// Text played to the customer.
    ANNOUNCEMENT     "announcement": FREE_TEXT;
    /// Whether the customer's number is hidden from the agent.
    HIDE_PHONE       "hidePhone": Type::Flag;
    /// Whether calls are recorded.
    RECORDING        "recording": Type::Flag;
    /// What the agent may dial.
    OUTBOUND_CALLS   "outbound": Type::Choice(OUTBOUND);
    /// SIP account: `auto` (the vendor picks one), `none`, or `{ number: "1001" }`.
    SIP              "sip": Type::Sip;
    /// What the agent can be reached by. Set at creation only.
    CHANNEL_SET      "channels": Type::Set(CHANNELS);
    /// Whether customers are asked for a rating after a call. Set at creation only.
    SURVEY           "survey": Type::Flag;
    /// E-mail address. Set at creation only.
    EMAIL            "email": FREE_TEXT, Email;
}
