//! The agent: someone who answers calls and chats. One row a field.
//!
//! Source: agent-config §2.1.1 (create/v2), §2.1.2 (edit/v2), §2.1.4 and §2.1.5 (one/v2, page).
//! The key, `operatorId`, is no row: it is what a row belongs to.

use super::field::kind;
use super::value::Type;

/// Agents answer; leaders also supervise. A word's place is `operatorType`.
pub const TYPES: &[&str] = &["agent", "leader"];
/// What an agent may dial. A word's place is `outcallflag`.
pub const OUTBOUND: &[&str] = &["allowed", "no-long-distance", "forbidden", "no-international"];
/// What an agent can be reached by, in the order of the vendor keys of the `channels` row.
pub const CHANNELS: &[&str] = &["voice", "message", "video"];

const NAME_TEXT: Type = Type::Text { required: true };
const FREE_TEXT: Type = Type::Text { required: false };

#[rustfmt::skip]
kind! {
    //                                                  create/v2                  edit/v2                      page, one/v2
    /// Shown to colleagues and in reports.
    NAME             "name": NAME_TEXT               => ["name"]                   ["name"]                     ["name"];
    /// `agent`, or `leader` (班长), who also supervises.
    TYPE             "type": Type::Choice(TYPES)     => ["operatorType"]           ["operatorType"]             ["operatorType"];
    /// Permission set. No operation returns it, so it is compared with the ledger.
    ROLE             "role": NAME_TEXT               => ["roleName"]               ["roleName"]                 [];
    /// The skill group that the agent belongs to first.
    MAIN_SKILL_GROUP "mainSkillGroup": NAME_TEXT     => ["bindSkillName"]          ["mainGroupName"]            ["mainGroupName"];
    /// Level in the skill bound at creation; the greater, the earlier. No operation returns or edits it.
    SKILL_LEVEL      "skillLevel": Type::Number      => ["bindSkillLevel"]         []                           [];
    /// Sign-in password, as a secret reference: 6 to 32 characters. Never returned, never shown.
    PASSWORD         "password": Type::Password      => ["password"]               ["password"]                 [];
    /// Whether the agent may sign in.
    ENABLED          "enabled": Type::Flag           => []                         ["status"]                   ["status"];
    /// After-call work, in seconds. Zero can be set at creation only.
    WRAP_UP_SECONDS  "wrapUpSeconds": Type::Number   => ["afterInterval" >= 0]     ["afterInterval" >= 1]       ["afterInterval"];
    /// Real telephone behind the agent.
    BOUND_PHONE      "boundPhone": FREE_TEXT, Phone  => ["bindcode"]               ["bindcode"]                 ["bindcode"];
    /// Number shown to the customer.
    CALLER_ID        "callerId": FREE_TEXT, Phone    => ["showcaller"]             ["showcaller"]               ["showcaller"];
    /// Text played to the customer.
    ANNOUNCEMENT     "announcement": FREE_TEXT       => ["ttscontent"]             ["ttscontent"]               ["ttscontent"];
    /// Whether the customer's number is hidden from the agent.
    HIDE_PHONE       "hidePhone": Type::Flag         => ["isHidePhone"]            ["isHidePhone"]              ["isHidePhone"];
    /// Whether calls are recorded.
    RECORDING        "recording": Type::Flag         => ["isrecord"]               ["isrecord"]                 ["isrecord"];
    /// What the agent may dial.
    OUTBOUND_CALLS   "outbound": Type::Choice(OUTBOUND) => ["outcallflag"]         ["outcallflag"]              ["outcallflag"];
    /// SIP account: `auto` (the vendor picks one), `none`, or `{ number: "1001" }`.
    SIP              "sip": Type::Sip                => ["sipFlag"]                ["sipnumber", "unbindSip"]   ["sipNumber"];
    /// What the agent can be reached by. Set at creation only.
    CHANNEL_SET      "channels": Type::Set(CHANNELS) => ["isaudio", "ismessage", "isvideo"] []                  ["isaudio", "ismessage", "isvideo"];
    /// Whether customers are asked for a rating after a call. Set at creation only.
    SURVEY           "survey": Type::Flag            => ["judge"]                  []                           ["judge"];
    /// E-mail address. Set at creation only.
    EMAIL            "email": FREE_TEXT, Email       => ["email"]                  []                           ["email"];
}
