//! The initial state of an estate: YAML in the vendors' words. The header of `vendor_state` shows the format.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::random::Random;
use super::simulator::Factory;
use super::variants::Quirks;
use super::vendor_state::VendorState;
use crate::sandbox::agent_config::{Agent, Role, digest};
use crate::sandbox::cms_agent::Doing;
use crate::sandbox::faults::Faults;
use crate::sandbox::isdp_online_agent::Login;
use crate::sandbox::seat_query::Seat;
use crate::sandbox::webchat_queue::{KnownAgent, Member, Queue, RateLimit};
use crate::sandbox::{AgentConfig, CmsAgent, IsdpOnlineAgent, SeatQuery, WebchatQueue};

/// A seed file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Seed {
    random: u64,
    quirks: Quirks,
    faults: Faults,
    tokens: Vec<String>,
    roles: Vec<Role>,
    skill_groups: Vec<String>,
    agents: Vec<SeedAgent>,
    accounts: BTreeMap<String, String>,
    known_agents: Vec<SeedKnown>,
    queues: Vec<SeedQueue>,
    rate_limit: RateLimit,
    api_keys: BTreeMap<String, String>,
    seats: Vec<Seat>,
    isdp_logins: Vec<Login>,
    isdp_tokens: Vec<String>,
    cms_keys: BTreeMap<String, String>,
    cms_tokens: Vec<String>,
    presence: Vec<SeedPresence>,
}

/// The presence of an agent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeedPresence {
    agent: String,
    online: Option<bool>,
    status: Option<i64>,
    cit_status: Option<i64>,
    phone_number: Option<String>,
}

/// An agent; defaults are those of create/v2, except for the SIP account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeedAgent {
    operator_id: String,
    company_id: Option<i64>,
    name: Option<String>,
    operator_type: Option<i64>,
    showcaller: Option<String>,
    priority: Option<i64>,
    sip_number: Option<String>,
    sip_password: Option<String>,
    bindcode: Option<String>,
    ismemory: Option<i64>,
    isaudio: Option<i64>,
    isvideo: Option<i64>,
    ismessage: Option<i64>,
    is_hide_phone: Option<i64>,
    outcallflag: Option<i64>,
    email: Option<String>,
    ttscontent: Option<String>,
    status: Option<i64>,
    isrecord: Option<i64>,
    judge: Option<i64>,
    after_interval: Option<i64>,
    main_group_name: Option<String>,
    role_name: Option<String>,
    bind_skill_name: Option<String>,
    bind_skill_level: Option<i64>,
    password: Option<String>,
    ctime: Option<i64>,
    utime: Option<i64>,
}

/// A queue; without an `exten` it gets one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeedQueue {
    exten: Option<String>,
    display_name: String,
    assign_rule: Option<String>,
    memory_time: Option<String>,
    update_time: Option<String>,
    update_agent: Option<String>,
    #[serde(default)]
    assign_members: Vec<Member>,
}

/// An agent that webchat knows: a number, or an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum SeedKnown {
    Number(String),
    More(SeedKnownMore),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeedKnownMore {
    agent_number: String,
    agent_name: Option<String>,
    phone: Option<String>,
    #[serde(default)]
    pc_auto_claim: bool,
    #[serde(default)]
    mobile_auto_claim: bool,
}

/// The default creation time of agents and queues: that of the document's sample.
const THEN: (i64, &str) = (1_641_284_247_000, "2022-01-04 16:17:27");

/// The reason why a seed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The text is no YAML, or not of the seed's form.
    #[error("cannot read the seed")]
    Yaml(#[from] serde_yaml::Error),
    /// The seed contradicts itself.
    #[error("cannot use the seed: {0}")]
    Seed(String),
}

impl VendorState {
    /// Creates an estate of some vendors from a seed file's text.
    ///
    /// # Errors
    /// The text is no YAML, has an unknown key or a value of a wrong type, or contradicts itself.
    pub fn from_seed(factories: &[Factory], yaml: &str) -> Result<Self, SeedError> {
        read(factories, yaml)
    }
}

/// Parses a seed.
fn read(factories: &[Factory], yaml: &str) -> Result<VendorState, SeedError> {
    // An empty file is an empty estate, not a null.
    let seed: Option<Seed> = serde_yaml::from_str(yaml)?;
    let seed = seed.unwrap_or_default();
    if let Some(problem) = seed.faults.problem() {
        return Err(SeedError::Seed(problem));
    }
    if ![0, 200].contains(&seed.quirks.success_code) {
        return Err(SeedError::Seed("`quirks.successCode` is neither 0 nor 200".into()));
    }
    let mut estate = VendorState {
        quirks: seed.quirks,
        faults: seed.faults,
        random: Random::new(seed.random),
        ..VendorState::new(factories)
    };
    let agents = estate.get_mut::<AgentConfig>();
    (agents.roles, agents.skill_groups, agents.tokens) = (seed.roles, seed.skill_groups, seed.tokens);
    for agent in seed.agents {
        if estate.get::<AgentConfig>().agent(&agent.operator_id).is_some() {
            return Err(SeedError::Seed(format!("agent {} appears twice", agent.operator_id)));
        }
        let agent = settle(agent, &mut estate);
        estate.get_mut::<AgentConfig>().put(agent);
    }
    let webchat = estate.get_mut::<WebchatQueue>();
    webchat.accounts = seed.accounts;
    webchat.rate_limit = seed.rate_limit;
    for known in seed.known_agents {
        let (number, known) = match known {
            SeedKnown::Number(number) => (number, KnownAgent::default()),
            SeedKnown::More(more) => (
                more.agent_number,
                KnownAgent {
                    agent_name: more.agent_name,
                    phone: more.phone,
                    pc_auto_claim: more.pc_auto_claim,
                    mobile_auto_claim: more.mobile_auto_claim,
                },
            ),
        };
        webchat.known_agents.insert(number, known);
    }
    for queue in seed.queues {
        let exten = queue.exten.unwrap_or_else(|| webchat.new_exten());
        if webchat.queue(&exten).is_some() {
            return Err(SeedError::Seed(format!("queue {exten} appears twice")));
        }
        webchat.queues.push(Queue {
            exten,
            display_name: queue.display_name,
            assign_rule: queue.assign_rule.unwrap_or_else(|| "random".into()),
            is_memory: queue.memory_time.is_some(),
            memory_time: queue.memory_time,
            update_time: queue.update_time.unwrap_or_else(|| THEN.1.into()),
            update_agent: queue.update_agent.unwrap_or_default(),
            assign_members: queue.assign_members,
        });
    }
    settle_seats(seed.seats, &mut estate)?;
    estate.get_mut::<SeatQuery>().api_keys = seed.api_keys;
    let isdp = estate.get_mut::<IsdpOnlineAgent>();
    (isdp.logins, isdp.tokens) = (seed.isdp_logins, seed.isdp_tokens);
    let cms = estate.get_mut::<CmsAgent>();
    (cms.access_keys, cms.tokens) = (seed.cms_keys, seed.cms_tokens);
    for presence in seed.presence {
        settle_presence(presence, &mut estate)?;
    }
    Ok(estate)
}

/// Adds seats; only the seed holds a password in clear.
fn settle_seats(seats: Vec<Seat>, estate: &mut VendorState) -> Result<(), SeedError> {
    for mut seat in seats {
        if seat.account.is_empty() {
            return Err(SeedError::Seed("a seat has no `account`".into()));
        }
        if estate.get_mut::<SeatQuery>().seat_mut(&seat.account).is_some_and(|other| other.delete_flag == 0) {
            return Err(SeedError::Seed(format!("seat {} appears twice", seat.account)));
        }
        seat.password = seat.password.map(|password| digest(&password));
        estate.get_mut::<SeatQuery>().seats.push(seat);
    }
    Ok(())
}

/// Adds an agent's presence.
fn settle_presence(presence: SeedPresence, estate: &mut VendorState) -> Result<(), SeedError> {
    let SeedPresence { agent, online, status, cit_status, phone_number } = presence;
    if status.is_none() && (cit_status.is_some() || phone_number.is_some()) {
        return Err(SeedError::Seed(format!("presence of {agent} has no `status`")));
    }
    if let Some(status) = status {
        let number = agent.parse().map_err(|_| {
            SeedError::Seed(format!("presence of {agent} has a `status`, and no work number is like that"))
        })?;
        let doing = Doing { status, cit_status, phone_number };
        if estate.get_mut::<CmsAgent>().agents.insert(number, doing).is_some() {
            return Err(SeedError::Seed(format!("presence of {agent} appears twice")));
        }
    }
    // An agent without `online` is known, and is offline.
    if estate.get_mut::<IsdpOnlineAgent>().agents.insert(agent.clone(), online.unwrap_or(false)).is_some() {
        return Err(SeedError::Seed(format!("presence of {agent} appears twice")));
    }
    Ok(())
}

/// Fills in the omitted fields of a seeded agent.
fn settle(agent: SeedAgent, estate: &mut VendorState) -> Agent {
    let created = agent.ctime.unwrap_or(THEN.0);
    let sip_password =
        agent.sip_password.or_else(|| agent.sip_number.as_ref().map(|_| estate.random.digits(8)));
    let password = agent.password.unwrap_or_else(|| estate.random.digits(6));
    Agent {
        id: 0,
        company_id: agent.company_id,
        operator_id: agent.operator_id,
        name: agent.name,
        operator_type: agent.operator_type.unwrap_or(0),
        showcaller: agent.showcaller,
        priority: agent.priority.unwrap_or(0),
        sipid: None,
        sip_number: agent.sip_number,
        sip_password,
        bindcode: agent.bindcode,
        ismemory: agent.ismemory.unwrap_or(0),
        isaudio: agent.isaudio.unwrap_or(1),
        isvideo: agent.isvideo.unwrap_or(0),
        ismessage: agent.ismessage.unwrap_or(1),
        is_hide_phone: agent.is_hide_phone.unwrap_or(0),
        outcallflag: agent.outcallflag.unwrap_or(0),
        email: agent.email,
        ctime: created,
        utime: agent.utime.unwrap_or(created),
        ttscontent: agent.ttscontent,
        status: agent.status.unwrap_or(1),
        isrecord: agent.isrecord.unwrap_or(1),
        judge: agent.judge.unwrap_or(1),
        after_interval: agent.after_interval.unwrap_or(0),
        main_group_name: agent.main_group_name,
        role_name: agent.role_name.unwrap_or_else(|| "普通坐席".into()),
        bind_skill_name: agent.bind_skill_name,
        bind_skill_level: agent.bind_skill_level.unwrap_or(0),
        password_md5: digest(&password),
    }
}
