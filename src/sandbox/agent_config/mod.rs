//! The simulator of agent-config: agents, and the six operations on them.
//!
//! In: a request. Out: `{code, msg, data}` of the document, and the changed agents. Written from the document alone.
//! It shares no code with the client, so that a misreading cannot confirm itself.
//!
//! It refuses a request that the document does not cover, and a value out of bounds, and records both in
//! `departures`. A refusal that the document provides for (of a missing agent) is no departure. A batch or a list
//! succeeds as a whole or changes nothing.
//!
//! The document prints no failure codes. Here they are HTTP's; no client may rely on them.

mod params;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::params::{Params, Row};
pub(crate) use self::state::digest;
pub use self::state::{Agent, Role, RoleOf};
use self::state::{Groups, compare, row};
use crate::model::call::Call;
use crate::sandbox::simulator::{People, Simulated};
use crate::sandbox::support::{Answer, Context, Person, note};
use crate::sandbox::variants::{Ids, NotFound, Quirks};

/// The path prefix of all operations. Source: agent-config §2.1.1 to §2.1.6, Path.
const BASE: &str = "/api/v1/config/openapi/agent/";

/// The roles to pick from if the seed names none.
const USUAL_ROLES: [&str; 2] = ["普通坐席", "班长"];

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    agents: BTreeMap<String, Agent>,
    groups: Groups,
    last_id: i64,
    last_sip: i64,
    /// The roles; if empty, any is accepted.
    pub roles: Vec<Role>,
    /// The skill groups; if empty, any is accepted.
    pub skill_groups: Vec<String>,
    /// The tokens; if empty, any non-empty token is accepted.
    pub tokens: Vec<String>,
    /// The requests that the document forbids, in order of arrival.
    pub departures: Vec<String>,
    /// The ids in listing order, sorted again when the set of agents changes.
    #[serde(skip)]
    order: Option<(Ids, Vec<String>)>,
}

/// The reason why a request is refused.
struct Refusal {
    code: u16,
    msg: String,
}

fn refuse<T>(code: u16, msg: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, msg: msg.into() })
}

impl State {
    /// Returns an agent.
    pub fn agent(&self, operator_id: &str) -> Option<&Agent> {
        self.agents.get(operator_id)
    }

    /// Returns an agent, to be changed outside the API. Its key must stay the same.
    pub fn agent_mut(&mut self, operator_id: &str) -> Option<&mut Agent> {
        self.agents.get_mut(operator_id)
    }

    /// Returns all agents, by key.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// Adds an agent, in place of the one with its key.
    pub fn put(&mut self, mut agent: Agent) {
        self.order = None;
        self.last_id = self.last_id.max(agent.id);
        if agent.id == 0 {
            self.last_id += 1;
            agent.id = self.last_id;
        }
        if let Some(group) = &agent.main_group_name {
            self.groups.learn(group);
        }
        self.agents.insert(agent.operator_id.clone(), agent);
    }

    /// Removes an agent.
    pub fn remove(&mut self, operator_id: &str) -> Option<Agent> {
        self.order = None;
        self.agents.remove(operator_id)
    }

    /// Answers a request below [`BASE`]; `None` if no operation has this path.
    fn answer(&mut self, method: &str, call: &Call, ctx: &mut Context<'_>) -> Option<Answer> {
        let operation = call.path.strip_prefix(BASE)?;
        let (table, run): (&[Row], Operation) = match operation {
            "create/v2" => (params::CREATE, Self::create),
            "edit/v2" => (params::EDIT, Self::edit),
            "del/v2" => (params::DELETE, Self::delete),
            "one/v2" => (params::ONE, Self::one),
            "page" => (params::PAGE, Self::page),
            "editPwd" => (params::PASSWORD, Self::set_password),
            _ => return None,
        };
        let done = self.admit(operation, method, call, ctx).and_then(|()| {
            let params = params::read(&call.body, table).or_else(|found| {
                for what in &found {
                    note(&mut self.departures, operation, what);
                }
                refuse(400, format!("参数错误: {}", found.join("; ")))
            })?;
            run(self, &params, ctx)
        });
        Some(done.unwrap_or_else(|refusal| Answer {
            status: ctx.quirks.failure_status(refusal.code),
            ..Answer::ok(json!({ "code": refusal.code, "msg": refusal.msg }))
        }))
    }

    /// Checks method and headers. Source: agent-config §2.1.1, Headers; the same for all operations.
    fn admit(
        &mut self,
        operation: &str,
        method: &str,
        call: &Call,
        ctx: &Context<'_>,
    ) -> Result<(), Refusal> {
        if method != "POST" {
            note(&mut self.departures, operation, &format!("method {method}, not POST"));
            return refuse(405, "请求方法错误");
        }
        let media = call.header("content-type").unwrap_or("").split(';').next().unwrap_or("");
        if !media.trim().eq_ignore_ascii_case("application/json") {
            note(&mut self.departures, operation, "Content-Type is not application/json");
            return refuse(415, "Content-Type 错误");
        }
        let token = call.header("token").unwrap_or("");
        if ctx.guarded && token.is_empty() {
            note(&mut self.departures, operation, "no token");
            return refuse(401, "token 不能为空");
        }
        if ctx.guarded && !self.tokens.is_empty() && !self.tokens.iter().any(|known| known == token) {
            return refuse(401, "token 无效");
        }
        Ok(())
    }

    /// Creates agents. Source: agent-config §2.1.1.
    fn create(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let flag = |name: &str, default: i64| params.number(name).unwrap_or(default);
        self.known_role(params)?;
        self.known_group(params.text("bindSkillName"))?;
        let count = if flag("batchFlag", 0) == 1 { flag("batchSize", 1) } else { 1 };
        let ids = self.new_ids(params.text("operatorId"), count)?;
        if let Some(taken) = ids.iter().find(|id| self.agents.contains_key(*id)) {
            return refuse(409, format!("坐席工号已存在: {taken}"));
        }
        let text = |name: &str| params.filled(name).map(str::to_owned);
        let wanted = if flag("sipFlag", 1) == 1 { ids.len() } else { 0 };
        let mut sips = self.new_sips(wanted).into_iter();
        let mut rows = Vec::new();
        for id in ids {
            let operator_type = flag("operatorType", 0);
            let password = text("password").unwrap_or_else(|| ctx.random.digits(6));
            let role_name = text("roleName").unwrap_or_else(|| self.any_role(operator_type, ctx));
            let (sipid, sip_number) = sips.next().unzip();
            let sip_password = sip_number.as_ref().map(|_| ctx.random.digits(8));
            rows.push(json!({
                "operatorId": id, "operatorPassword": password,
                "sipNumber": sip_number, "sipPassword": sip_password,
            }));
            let skill = text("bindSkillName");
            self.put(Agent {
                id: 0,
                company_id: params.number("companyId"),
                operator_id: id,
                name: text("name"),
                operator_type,
                showcaller: text("showcaller"),
                priority: 0,
                sipid,
                sip_number,
                sip_password,
                bindcode: text("bindcode"),
                ismemory: 0,
                isaudio: flag("isaudio", 1),
                isvideo: flag("isvideo", 0),
                ismessage: flag("ismessage", 1),
                is_hide_phone: flag("isHidePhone", 0),
                outcallflag: flag("outcallflag", 0),
                email: text("email"),
                ctime: ctx.now,
                utime: ctx.now,
                ttscontent: text("ttscontent"),
                status: i64::from(ctx.quirks.enabled_on_create),
                isrecord: flag("isrecord", 1),
                judge: flag("judge", 1),
                after_interval: flag("afterInterval", 0),
                main_group_name: skill.clone().filter(|_| ctx.quirks.main_group_on_create),
                role_name,
                bind_skill_name: skill,
                bind_skill_level: flag("bindSkillLevel", 0),
                password_md5: digest(&password),
            });
        }
        Ok(success(ctx.quirks, Some(Value::Array(rows))).changed())
    }

    /// Edits an agent; fields that the request omits stay. Source: agent-config §2.1.2.
    fn edit(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let id = params.text("operatorId").unwrap_or_default();
        self.known_role(params)?;
        self.known_group(params.text("mainGroupName"))?;
        let unbind = params.number("unbindSip") == Some(1);
        // "若unbindSip=1时,忽略该参数绑定"
        let sip = params.text("sipnumber").filter(|_| !unbind);
        let taken = |agent: &&Agent| agent.operator_id != id && agent.sip_number.as_deref() == sip;
        if sip.is_some() && self.agents.values().any(|agent| taken(&agent)) {
            return refuse(409, "sip账号已被绑定");
        }
        let new_sipid = self.last_sip + 1;
        let Some(agent) = self.agents.get_mut(id) else { return refuse(404, "坐席不存在") };
        for (name, number) in [
            ("afterInterval", &mut agent.after_interval),
            ("operatorType", &mut agent.operator_type),
            ("status", &mut agent.status),
            ("isHidePhone", &mut agent.is_hide_phone),
            ("isrecord", &mut agent.isrecord),
            ("outcallflag", &mut agent.outcallflag),
        ] {
            *number = params.number(name).unwrap_or(*number);
        }
        for (name, field) in [
            ("bindcode", &mut agent.bindcode),
            ("name", &mut agent.name),
            ("showcaller", &mut agent.showcaller),
            ("ttscontent", &mut agent.ttscontent),
            ("mainGroupName", &mut agent.main_group_name),
        ] {
            if let Some(text) = params.text(name) {
                *field = Some(text.to_owned()).filter(|text| !text.is_empty());
            }
        }
        if let Some(role) = params.text("roleName") {
            role.clone_into(&mut agent.role_name);
        }
        // The document does not give its form. Plain text, as in §2.1.1: only §2.1.6 asks for an MD5.
        if let Some(password) = params.text("password") {
            agent.password_md5 = digest(password);
        }
        if unbind {
            (agent.sipid, agent.sip_number, agent.sip_password) = (None, None, None);
        }
        if let Some(number) = sip.filter(|number| agent.sip_number.as_deref() != Some(number)) {
            self.last_sip = new_sipid;
            agent.sipid = Some(new_sipid);
            agent.sip_number = Some(number.to_owned());
            agent.sip_password = Some(ctx.random.digits(8));
        }
        agent.utime = ctx.now;
        if let Some(group) = &agent.main_group_name {
            self.groups.learn(group);
        }
        let data = json!({
            "operatorId": agent.operator_id, "sipPassword": agent.sip_password,
            "sipNumber": agent.sip_number, "mainGroupName": agent.main_group_name,
        });
        Ok(success(ctx.quirks, Some(data)).changed())
    }

    /// Deletes all listed agents, or none. Source: agent-config §2.1.3.
    fn delete(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let ids = params.texts("operatorIds");
        if let Some(unknown) = ids.iter().find(|id| !self.agents.contains_key(**id)) {
            return refuse(404, format!("坐席不存在: {unknown}"));
        }
        for id in ids {
            self.remove(id);
        }
        Ok(success(ctx.quirks, None).changed())
    }

    /// Returns one agent. Source: agent-config §2.1.4.
    fn one(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let group = params.filled("mainGroupName");
        let found = self
            .agents
            .get(params.text("operatorId").unwrap_or_default())
            .filter(|agent| group.is_none() || agent.main_group_name.as_deref() == group);
        match (found, ctx.quirks.not_found) {
            (Some(agent), _) => Ok(success(ctx.quirks, Some(row(agent, &self.groups, ctx.quirks)))),
            (None, NotFound::Failure) => refuse(404, "坐席不存在"),
            (None, NotFound::Null) => Ok(success(ctx.quirks, Some(Value::Null))),
            (None, NotFound::Empty) => Ok(success(ctx.quirks, Some(json!({})))),
        }
    }

    /// Returns a page; one beyond the last is empty. Source: agent-config §2.1.5.
    #[expect(clippy::unnecessary_wraps, reason = "all operations have one form")]
    fn page(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let number = params.number("pageNumber").unwrap_or(1);
        let size = params.number("pageSize").unwrap_or(10);
        let (id, sip, group) =
            (params.filled("operatorId"), params.filled("sipNumber"), params.filled("mainGroupName"));
        self.put_in_order(ctx.quirks.ids);
        let ids = self.order.as_ref().map_or(&[][..], |(_, ids)| ids);
        let passes = |agent: &Agent| {
            id.is_none_or(|id| ctx.quirks.matches(&agent.operator_id, id))
                && (sip.is_none() || agent.sip_number.as_deref() == sip)
                && (group.is_none() || agent.main_group_name.as_deref() == group)
        };
        // Without a filter, as for a whole estate, only the page's own rows are inspected.
        let filtered: Option<Vec<&Agent>> = (id.is_some() || sip.is_some() || group.is_some())
            .then(|| ids.iter().map(|id| &self.agents[id]).filter(|agent| passes(agent)).collect());
        let total = filtered.as_ref().map_or(ids.len(), Vec::len);
        let start = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX).min(total);
        let end = start.saturating_add(usize::try_from(size).unwrap_or(0)).min(total);
        let print = |agent: &Agent| row(agent, &self.groups, ctx.quirks);
        let rows: Vec<Value> = match &filtered {
            Some(agents) => agents[start..end].iter().map(|agent| print(agent)).collect(),
            None => ids[start..end].iter().map(|id| print(&self.agents[id])).collect(),
        };
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let data = json!({
            "result": rows, "pageSize": size, "total": total, "pageNumber": number,
            "pageTotal": (total + size - 1) / size,
        });
        Ok(success(ctx.quirks, Some(data)))
    }

    /// Sets a password. Source: agent-config §2.1.6: "坐席密码 MD5摘要", "加密方式32位小写".
    fn set_password(&mut self, params: &Params, ctx: &mut Context<'_>) -> Result<Answer, Refusal> {
        let password = params.text("password").unwrap_or_default();
        if password.len() != 32 || !password.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            note(&mut self.departures, "editPwd", "password is not an MD5 of 32 lower-case hex characters");
            return refuse(400, "参数错误: password");
        }
        match self.agents.get_mut(params.text("operatorId").unwrap_or_default()) {
            Some(agent) => {
                password.clone_into(&mut agent.password_md5);
                agent.utime = ctx.now;
                Ok(success(ctx.quirks, None).changed())
            }
            None => refuse(404, "坐席不存在"),
        }
    }

    /// Refuses a role outside the seed's list, if there is a list.
    fn known_role(&self, params: &Params) -> Result<(), Refusal> {
        match params.text("roleName") {
            Some(name) if !self.roles.is_empty() && !self.roles.iter().any(|role| role.name() == name) => {
                refuse(404, format!("角色不存在: {name}"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a skill group outside the seed's list, if there is a list.
    fn known_group(&self, name: Option<&str>) -> Result<(), Refusal> {
        match name {
            Some(name) if !self.skill_groups.is_empty() && !self.skill_groups.iter().any(|g| g == name) => {
                refuse(404, format!("技能组不存在: {name}"))
            }
            _ => Ok(()),
        }
    }

    /// Picks a role. "如果不指定,则从指定类型中随机选取一个"
    fn any_role(&self, operator_type: i64, ctx: &mut Context<'_>) -> String {
        let suitable: Vec<&str> =
            self.roles.iter().filter(|role| role.suits(operator_type)).map(Role::name).collect();
        let usual = USUAL_ROLES[usize::from(operator_type == 1)];
        suitable.get(ctx.random.below(suitable.len())).copied().unwrap_or(usual).to_owned()
    }

    /// Returns `count` consecutive ids: from `first` on, or the lowest free ones from 1000 on.
    fn new_ids(&self, first: Option<&str>, count: i64) -> Result<Vec<String>, Refusal> {
        let Some(first) = first else {
            let mut start = 1000_i64;
            while let Some(taken) =
                (start..start + count).rev().find(|id| self.agents.contains_key(&id.to_string()))
            {
                start = taken + 1;
            }
            return Ok((start..start + count).map(|id| id.to_string()).collect());
        };
        if count == 1 {
            return Ok(vec![first.to_owned()]);
        }
        let digits = first.bytes().all(|b| b.is_ascii_digit());
        match first.parse::<u64>().ok().filter(|_| digits).and_then(|id| Some((id, id.checked_add(1000)?))) {
            Some((start, _)) => {
                let count = u64::try_from(count).unwrap_or(0);
                // Leading zeros are part of an id: after 0099 comes 0100.
                Ok((start..start + count).map(|id| format!("{id:0width$}", width = first.len())).collect())
            }
            None => refuse(400, "批量创建时坐席工号须为数字"),
        }
    }

    /// Allocates SIP accounts; the vendor's begin with 87.
    fn new_sips(&mut self, count: usize) -> Vec<(i64, String)> {
        let taken: BTreeSet<&str> = self.agents.values().filter_map(|a| a.sip_number.as_deref()).collect();
        let free = (self.last_sip + 1..)
            .map(|sipid| (sipid, format!("87{sipid:06}")))
            .filter(|(_, number)| !taken.contains(number.as_str()));
        let new: Vec<_> = free.take(count).collect();
        self.last_sip = new.last().map_or(self.last_sip, |(sipid, _)| *sipid);
        new
    }

    /// Sorts the ids in the order of a listing, unless they are sorted already.
    fn put_in_order(&mut self, ids: Ids) {
        if self.order.as_ref().is_none_or(|(known, _)| *known != ids) {
            let mut order: Vec<String> = self.agents.keys().cloned().collect();
            order.sort_by(|a, b| compare(ids, a, b));
            self.order = Some((ids, order));
        }
    }
}

/// One of the six operations.
type Operation = fn(&mut State, &Params, &mut Context<'_>) -> Result<Answer, Refusal>;

/// Returns a success, with `data` if the operation's table has it.
fn success(quirks: &Quirks, data: Option<Value>) -> Answer {
    let mut body = json!({ "code": quirks.success_code, "msg": "success" });
    if let Some(data) = data {
        body["data"] = data;
    }
    Answer::ok(body)
}

impl Simulated for State {
    const KEY: &'static str = "agentConfig";
    const HEADERS: &'static [&'static str] = &["token"];

    fn serves(path: &str) -> bool {
        path.starts_with(BASE)
    }

    fn may_change(path: &str) -> bool {
        ["create/v2", "edit/v2", "del/v2", "editPwd"].iter().any(|operation| path.ends_with(operation))
    }

    fn answer(&mut self, method: &str, call: &Call, _: People<'_>, ctx: &mut Context<'_>) -> Option<Answer> {
        self.answer(method, call, ctx)
    }

    fn person(&self, agent: &str) -> Option<Person> {
        let agent = self.agent(agent)?;
        Some(Person { name: agent.name.clone(), phone: agent.bindcode.clone() })
    }

    fn behave_like(&mut self, other: Self) {
        self.roles = other.roles;
        self.skill_groups = other.skill_groups;
        self.tokens = other.tokens;
    }

    fn departures(&self) -> &[String] {
        &self.departures
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
