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
    NAME             "name" "姓名" "姓名": NAME_TEXT;
    /// `agent`, or `leader` (班长), who also supervises.
    TYPE             "type" "类型" "類型": Type::Choice(TYPES);
    /// Permission set. No operation returns it, so it is compared with the ledger.
    ROLE             "role" "角色" "角色": NAME_TEXT;
    /// The skill group that the agent belongs to first.
    MAIN_SKILL_GROUP "mainSkillGroup" "主技能组" "主技能群組": NAME_TEXT;
    /// Level in the skill bound at creation; the greater, the earlier. No operation returns or edits it.
    SKILL_LEVEL      "skillLevel" "技能等级" "技能等級": Type::Number;
    /// Sign-in password, as a secret reference: 6 to 32 characters. Never returned, never shown.
    PASSWORD         "password" "密码" "密碼": Type::Password;
    /// Whether the agent may sign in.
    ENABLED          "enabled" "启用" "啟用": Type::Flag;
    /// After-call work, in seconds. Zero can be set at creation only.
    WRAP_UP_SECONDS  "wrapUpSeconds" "话后时长" "話後時長": Type::Number;
    /// Real telephone behind the agent.
    BOUND_PHONE      "boundPhone" "绑定电话" "綁定電話": FREE_TEXT, Phone;
    /// Number shown to the customer.
    CALLER_ID        "callerId" "主叫号码" "主叫號碼": FREE_TEXT, Phone;
    /// Text played to the customer.
    ANNOUNCEMENT     "announcement" "播放内容" "播放內容": FREE_TEXT;
    /// Whether the customer's number is hidden from the agent.
    HIDE_PHONE       "hidePhone" "隐藏号码" "隱藏號碼": Type::Flag;
    /// Whether calls are recorded.
    RECORDING        "recording" "录音" "錄音": Type::Flag;
    /// What the agent may dial.
    OUTBOUND_CALLS   "outbound" "外呼" "外撥": Type::Choice(OUTBOUND);
    /// SIP account: `auto` (the vendor picks one), `none`, or `{ number: "1001" }`.
    SIP              "sip" "SIP" "SIP": Type::Sip;
    /// What the agent can be reached by. Set at creation only.
    CHANNEL_SET      "channels" "渠道" "管道": Type::Set(CHANNELS);
    /// Whether customers are asked for a rating after a call. Set at creation only.
    SURVEY           "survey" "满意度" "滿意度": Type::Flag;
    /// E-mail address. Set at creation only.
    EMAIL            "email" "邮箱" "電子郵件": FREE_TEXT, Email;
}
