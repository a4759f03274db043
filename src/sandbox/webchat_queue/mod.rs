//! The simulator of webchat-queue: queues, and the four operations on them.
//!
//! In: a request, and the agents of another vendor. Out: the responses of the document's samples, and the changed
//! queues. Written from the document alone; it shares no code with the client.
//!
//! Where the document is silent, so is the simulator. It skips an agent that does not exist, and replaces a wrong
//! field with its default. It records the latter in `departures`, so that a test can check it. Queues are not
//! deleted, nor do deleted agents leave them: no operation does so.

mod auth;
mod params;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use self::auth::RateLimit;
use self::auth::{Intruder, Log};
use self::params::Body;
pub use self::params::Member;
use crate::model::call::Call;
use crate::sandbox::simulator::{People, Simulated};
use crate::sandbox::support::{Answer, Context, note};
use crate::sandbox::variants::{Quirks, ReadShape};

/// The path prefix of all operations: operation, then account.
const BASE: &str = "/v20210827/webChat/";

/// The strategies. Source: webchat-queue, "addQueue", assignRule; the first is the default.
const RULES: [&str; 4] = ["random", "queue", "least", "priority"];

/// The minutes for which a customer is remembered. Source: webchat-queue, "addQueue", memoryTime.
const MEMORY_TIMES: [&str; 4] = ["120", "1440", "10080", "43200"];

/// The vendor's data.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    /// Queues, the oldest first.
    pub queues: Vec<Queue>,
    /// The number of the next queue.
    pub next_exten: u64,
    /// The secrets of accounts; if empty, any account is accepted.
    pub accounts: BTreeMap<String, String>,
    /// The agents besides those of agent-config, and further data of any agent.
    pub known_agents: BTreeMap<String, KnownAgent>,
    /// The rates.
    pub rate_limit: RateLimit,
    /// The times from which reads show each new queue, in Unix milliseconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unshown: BTreeMap<String, i64>,
    /// The requests that the document does not cover, in order of arrival.
    pub departures: Vec<String>,
    /// The times of calls.
    #[serde(skip)]
    log: Log,
}

impl Default for State {
    fn default() -> Self {
        Self {
            queues: Vec::new(),
            // The number in the document's sample.
            next_exten: 10_018_578,
            accounts: BTreeMap::new(),
            known_agents: BTreeMap::new(),
            rate_limit: RateLimit::default(),
            unshown: BTreeMap::new(),
            departures: Vec::new(),
            log: Log::default(),
        }
    }
}

/// A queue. Source: webchat-queue, "queueQueue", dataObject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Queue {
    /// The key.
    pub exten: String,
    /// The name; need not be unique.
    pub display_name: String,
    /// One of `random`, `queue`, `least`, `priority`.
    pub assign_rule: String,
    /// True if a customer comes back to the same agent.
    pub is_memory: bool,
    /// The minutes for which a customer is remembered.
    pub memory_time: Option<String>,
    /// The modification time, `yyyy-MM-dd HH:mm:ss`.
    pub update_time: String,
    /// The agent who changed it; empty for this interface.
    pub update_agent: String,
    /// Members, as they were written.
    pub assign_members: Vec<Member>,
}

/// This vendor's data of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KnownAgent {
    /// The name, if agent-config has none.
    pub agent_name: Option<String>,
    /// Mobile number.
    pub phone: Option<String>,
    /// True if chats are claimed on the desktop.
    pub pc_auto_claim: bool,
    /// True if chats are claimed in the app.
    pub mobile_auto_claim: bool,
}

/// The parameters of a listing.
struct Wanted {
    exten: Option<String>,
    name: Option<String>,
    page: usize,
    size: usize,
}

/// The reason why a request is refused: code and message.
struct Refusal(u16, &'static str);

impl State {
    /// Returns a queue.
    pub fn queue(&self, exten: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.exten == exten)
    }

    /// Answers a request below [`BASE`]; `None` if no operation has this path.
    fn answer(&mut self, method: &str, call: &Call, agents: People<'_>, ctx: &Context<'_>) -> Option<Answer> {
        let (operation, account) = call.path.strip_prefix(BASE)?.split_once('/')?;
        let (operation, run): (&'static str, Operation) = match operation {
            "addQueue" => ("addQueue", Self::add),
            "updateQueueAssignMembers" => ("updateQueueAssignMembers", Self::update),
            "queueQueue" => ("queueQueue", Self::read),
            "queueQueueAgentClaimStatus" => ("queueQueueAgentClaimStatus", Self::claims),
            _ => return None,
        };
        if account.is_empty() || account.contains('/') {
            return None;
        }
        if let Err(Refusal(code, message)) = self.admit(operation, account, method, call, ctx) {
            return Some(failure(ctx.quirks, code, message));
        }
        let most = match operation {
            "queueQueueAgentClaimStatus" => self.rate_limit.claim_calls,
            _ => self.rate_limit.calls,
        };
        if let Err(seconds) = self.log.admit(operation, account, ctx.now, most, self.rate_limit.per_ms) {
            let limited = failure(ctx.quirks, 429, "请求频次超过限制");
            return Some(Answer { status: 429, retry_after: Some(seconds), ..limited });
        }
        let done = run(self, call, agents, ctx);
        Some(done.unwrap_or_else(|Refusal(code, message)| failure(ctx.quirks, code, message)))
    }

    /// Checks method, headers and signature.
    fn admit(
        &mut self,
        operation: &str,
        account: &str,
        method: &str,
        call: &Call,
        ctx: &Context<'_>,
    ) -> Result<(), Refusal> {
        if method != "POST" {
            note(&mut self.departures, operation, &format!("method {method}, not POST"));
            return Err(Refusal(405, "method error"));
        }
        let media = call.header("content-type").unwrap_or("").split(';').next().unwrap_or("");
        if !media.trim().eq_ignore_ascii_case("application/json") {
            note(&mut self.departures, operation, "Content-Type is not application/json");
            return Err(Refusal(400, "Content-Type error"));
        }
        if !ctx.guarded {
            return Ok(());
        }
        auth::check(call, account, &self.accounts, ctx.now, ctx.quirks.utc_offset).map_err(|why| match why {
            Intruder::Malformed(what) => {
                note(&mut self.departures, operation, what);
                Refusal(403, what)
            }
            Intruder::Refused(what) => Refusal(403, what),
        })
    }

    /// Creates a queue, even with a duplicate name. Source: webchat-queue, "addQueue".
    fn add(&mut self, call: &Call, agents: People<'_>, ctx: &Context<'_>) -> Result<Answer, Refusal> {
        const NAMES: [&str; 5] = ["assignRule", "displayName", "isMemory", "memoryTime", "assignMembers"];
        let mut body = self.body("addQueue", call, &NAMES)?;
        let display_name = body.text("displayName");
        let assign_rule = body.text("assignRule").unwrap_or_else(|| RULES[0].into());
        let assign_rule = RULES.into_iter().find(|rule| *rule == assign_rule).unwrap_or_else(|| {
            body.departures.push("assignRule is none of the four".into());
            RULES[0]
        });
        let wants_memory = body.flag("isMemory");
        let memory_time = body.text("memoryTime").filter(|time| MEMORY_TIMES.contains(&time.as_str()));
        if wants_memory && memory_time.is_none() {
            // There is no default time, so the switch falls back.
            body.departures.push("memoryTime is none of the four, and isMemory is true".into());
        }
        let memory_time = memory_time.filter(|_| wants_memory);
        let assign_members = body.members("assignMembers", &|number| self.exists(number, agents));
        if display_name.is_none() {
            body.departures.push("displayName is missing".into());
        }
        self.depart("addQueue", &body);
        let display_name = display_name.ok_or(Refusal(400, "create Queue error"))?;
        let exten = self.new_exten();
        if ctx.quirks.queue_lag > 0 {
            let shown = ctx.now.saturating_add(i64::from(ctx.quirks.queue_lag) * 1000);
            self.unshown.insert(exten.clone(), shown);
        }
        self.queues.push(Queue {
            exten: exten.clone(),
            display_name,
            assign_rule: assign_rule.into(),
            is_memory: memory_time.is_some(),
            memory_time,
            update_time: auth::print(ctx.now, ctx.quirks.utc_offset),
            update_agent: String::new(),
            assign_members,
        });
        let body = json!({"code": 200, "success": true, "message": "success!", "data": {"exten": exten}});
        Ok(Answer::ok(body).changed())
    }

    /// Replaces a queue's members. Source: webchat-queue, "updateQueueAssignMembers".
    ///
    /// "assignMembers会覆盖之前已有的坐席列表进行替换处理"
    fn update(&mut self, call: &Call, agents: People<'_>, ctx: &Context<'_>) -> Result<Answer, Refusal> {
        let mut body = self.body("updateQueueAssignMembers", call, &["exten", "assignMembers"])?;
        let exten = body.text("exten");
        let members = body.members("assignMembers", &|number| self.exists(number, agents));
        if exten.is_none() {
            body.departures.push("exten is missing".into());
        }
        self.depart("updateQueueAssignMembers", &body);
        // The message is the sample's, though the operation creates nothing.
        let queue = self
            .queues
            .iter_mut()
            .find(|queue| Some(&queue.exten) == exten.as_ref())
            .ok_or(Refusal(400, "create Queue error"))?;
        queue.assign_members = members;
        queue.update_time = auth::print(ctx.now, ctx.quirks.utc_offset);
        // No agent made the call.
        queue.update_agent.clear();
        Ok(Answer::ok(json!({"code": 200, "success": true, "message": "success!"})).changed())
    }

    /// Lists queues. Source: webchat-queue, "queueQueue".
    fn read(&mut self, call: &Call, agents: People<'_>, ctx: &Context<'_>) -> Result<Answer, Refusal> {
        let wanted = self.wanted("queueQueue", call)?;
        let (count, page) = self.select(&wanted, ctx);
        let rows = page.iter().map(|queue| {
            let members = queue.assign_members.iter().map(|member| {
                json!({
                    "agentNumber": member.agent_number,
                    "agentName": self.name(&member.agent_number, agents),
                    "priority": member.priority.to_string(),
                })
            });
            let mut row = Map::new();
            row.insert("displayName".into(), queue.display_name.as_str().into());
            row.insert("exten".into(), queue.exten.as_str().into());
            row.insert("assignRule".into(), queue.assign_rule.as_str().into());
            row.insert("isMemory".into(), queue.is_memory.into());
            ctx.quirks.put_text(&mut row, "memoryTime", queue.memory_time.as_deref());
            row.insert("updateTime".into(), queue.update_time.as_str().into());
            row.insert("updateAgent".into(), queue.update_agent.as_str().into());
            row.insert("assignMembers".into(), members.collect());
            Value::Object(row)
        });
        Ok(listing(ctx.quirks, count, &rows.collect::<Vec<_>>()))
    }

    /// Lists claim statuses. Source: webchat-queue, "queueQueueAgentClaimStatus".
    ///
    /// The rows show mobile numbers, requested or not.
    fn claims(&mut self, call: &Call, agents: People<'_>, ctx: &Context<'_>) -> Result<Answer, Refusal> {
        let wanted = self.wanted("queueQueueAgentClaimStatus", call)?;
        let (count, page) = self.select(&wanted, ctx);
        let rows = page.iter().map(|queue| {
            let members = queue.assign_members.iter().map(|member| {
                let known = self.known_agents.get(&member.agent_number).cloned().unwrap_or_default();
                let phone = known.phone.or_else(|| agents(&member.agent_number)?.phone);
                json!({
                    "agentNumber": member.agent_number,
                    "agentName": self.name(&member.agent_number, agents),
                    "pcAutoClaim": known.pc_auto_claim,
                    "mobileAutoClaim": known.mobile_auto_claim,
                    "priority": member.priority.to_string(),
                    "phone": phone.unwrap_or_default(),
                })
            });
            json!({
                "displayName": queue.display_name, "exten": queue.exten, "assignRule": queue.assign_rule,
                "assignMembers": members.collect::<Vec<_>>(),
            })
        });
        Ok(listing(ctx.quirks, count, &rows.collect::<Vec<_>>()))
    }

    /// Parses the parameters of a listing.
    fn wanted(&mut self, operation: &str, call: &Call) -> Result<Wanted, Refusal> {
        let mut body = self.body(operation, call, &["displayName", "exten", "page", "pageSize"])?;
        let wanted = Wanted {
            exten: body.text("exten"),
            name: body.text("displayName"),
            page: body.count("page", 1),
            size: body.count("pageSize", 10),
        };
        self.depart(operation, &body);
        Ok(wanted)
    }

    /// Selects the queues of a page, and counts all matches.
    ///
    /// "填写技能组编号时,会忽略其他传入参数"; "技能组编号为错误时,会返回空结果".
    fn select(&self, wanted: &Wanted, ctx: &Context<'_>) -> (usize, Vec<&Queue>) {
        let quirks = ctx.quirks;
        let shown = |queue: &&Queue| self.unshown.get(&queue.exten).is_none_or(|shown| *shown <= ctx.now);
        if let Some(exten) = &wanted.exten {
            let found: Vec<&Queue> = self.queue(exten).into_iter().filter(shown).collect();
            return (found.len(), found);
        }
        let cap = quirks.queue_page_cap.and_then(|cap| usize::try_from(cap).ok()).unwrap_or(usize::MAX);
        let size = wanted.size.min(cap.max(1));
        let matching = |queue: &&Queue| {
            wanted.name.as_ref().is_none_or(|name| quirks.matches(&queue.display_name, name))
        };
        let mut found: Vec<&Queue> = self.queues.iter().filter(matching).filter(shown).collect();
        if quirks.newest_first {
            found.reverse();
        }
        let count = found.len();
        let skip = (wanted.page - 1).saturating_mul(size);
        (count, found.into_iter().skip(skip).take(size).collect())
    }

    /// Parses a body, or refuses one that is no JSON object.
    fn body(&mut self, operation: &str, call: &Call, names: &[&str]) -> Result<Body, Refusal> {
        Body::read(&call.body, names).ok_or_else(|| {
            note(&mut self.departures, operation, "the body is no JSON object");
            Refusal(400, "request body error")
        })
    }

    /// Records a body's departures.
    fn depart(&mut self, operation: &str, body: &Body) {
        for what in &body.departures {
            note(&mut self.departures, operation, what);
        }
    }

    /// Returns true if an agent exists for this vendor.
    fn exists(&self, number: &str, agents: People<'_>) -> bool {
        self.known_agents.contains_key(number) || agents(number).is_some()
    }

    /// Returns an agent's name, or else the number, as in the sample's second queue.
    fn name(&self, number: &str, agents: People<'_>) -> String {
        let own = || self.known_agents.get(number)?.agent_name.clone();
        agents(number).and_then(|person| person.name).or_else(own).unwrap_or_else(|| number.to_owned())
    }

    /// Returns the next free number of a queue.
    pub(crate) fn new_exten(&mut self) -> String {
        loop {
            let exten = self.next_exten.to_string();
            self.next_exten += 1;
            if self.queue(&exten).is_none() {
                return exten;
            }
        }
    }
}

/// One of the four operations.
type Operation = fn(&mut State, &Call, People<'_>, &Context<'_>) -> Result<Answer, Refusal>;

/// Returns a failure in the form of the document's sample.
fn failure(quirks: &Quirks, code: u16, message: &str) -> Answer {
    let body = json!({"code": code, "success": false, "message": message});
    Answer { status: quirks.failure_status(code), ..Answer::ok(body) }
}

/// Returns a listing in the form of the sample or of the table.
fn listing(quirks: &Quirks, count: usize, rows: &[Value]) -> Answer {
    Answer::ok(match quirks.read_shape {
        ReadShape::DataList => {
            json!({"success": true, "data": {"count": count, "list": rows}, "message": "200 ok!"})
        }
        ReadShape::TopLevel => {
            json!({"code": 200, "success": true, "message": "200 ok!", "count": count, "data": rows})
        }
    })
}

impl Simulated for State {
    const KEY: &'static str = "webchatQueue";
    const HEADERS: &'static [&'static str] = &["authorization"];
    const PARAMETERS: &'static [&'static str] = &["sig"];

    fn serves(path: &str) -> bool {
        path.starts_with(BASE)
    }

    fn may_change(path: &str) -> bool {
        ["addQueue", "updateQueueAssignMembers"].iter().any(|operation| path.contains(operation))
    }

    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        people: People<'_>,
        ctx: &mut Context<'_>,
    ) -> Option<Answer> {
        self.answer(method, call, people, ctx)
    }

    fn behave_like(&mut self, other: Self) {
        self.accounts = other.accounts;
        self.known_agents = other.known_agents;
        self.rate_limit = other.rate_limit;
    }

    fn departures(&self) -> &[String] {
        &self.departures
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
