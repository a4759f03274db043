//! Writes an estate of any size from a seed, for benchmarks and for trying things out: a workspace, its manifests,
//! the live state that belongs to them, and the same state as a seed of the sandbox.
//!
//! ```console
//! $ cargo run --release --example estate -- big --agents 100000 --changed 1
//! $ rosterctl plan big --live big/live.json
//! ```
//!
//! The same arguments give the same bytes. It uses nothing of rosterctl, so that what rosterctl reads was not
//! written by itself.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What an estate is like.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    /// How many agents it has; each is twelve lines of a manifest.
    pub(crate) agents: usize,
    /// Agents of one file; one file holds all when this is 0.
    pub(crate) per_file: usize,
    /// How many in a hundred agents are live otherwise than the manifests say.
    pub(crate) changed: f64,
    /// How many agents have a date: a past beginning, a last day, or a loan, from January to March 2027.
    pub(crate) dates: usize,
    /// Where the names and numbers come from.
    pub(crate) seed: u64,
    /// Where the vendors are: a base URL, or the word `sandbox`.
    pub(crate) url: String,
}

impl Default for Estate {
    fn default() -> Self {
        Self { agents: 1_000, per_file: 500, changed: 1.0, dates: 0, seed: 1, url: "sandbox".to_owned() }
    }
}

/// Agents that share a queue.
const PER_QUEUE: usize = 500;
/// Members of a queue.
const MEMBERS: usize = 20;
const GROUPS: [&str; 8] = ["售前", "售后", "投诉", "回访", "外呼", "质检", "大客户", "夜班"];
const ROLES: [&str; 3] = ["普通坐席", "高级坐席", "班长"];
const OUTBOUND: [&str; 4] = ["allowed", "no-long-distance", "forbidden", "no-international"];
const RULES: [&str; 4] = ["random", "queue", "least", "priority"];
const FAMILY: [&str; 16] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林"];
const GIVEN: [&str; 16] =
    ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛", "明", "霞"];

/// SplitMix64: short, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0) % bound
    }

    fn of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }
}

/// An agent as the manifest wants it; what is live differs in `wrap_up` alone where it was changed.
struct Agent {
    id: usize,
    name: String,
    leader: bool,
    role: &'static str,
    group: usize,
    wrap_up: usize,
    phone: usize,
    recording: bool,
    outbound: usize,
    changed: bool,
    /// The number of its date, if it has one.
    date: Option<usize>,
}

impl Agent {
    fn of(estate: &Estate, index: usize, random: &mut Random) -> Self {
        let share = |index: usize| {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a count of agents"
            )]
            let before = (index as f64 * estate.changed / 100.0) as usize;
            before
        };
        let dated = |index: usize| (index * estate.dates).div_ceil(estate.agents);
        Self {
            id: 1_000_000 + index,
            name: format!("{}{}{}", random.of(&FAMILY), random.of(&GIVEN), random.of(&GIVEN)),
            leader: index.is_multiple_of(25),
            role: random.of(&ROLES),
            // A few hundred neighbours sit together.
            group: index / 300 % GROUPS.len(),
            wrap_up: 10 * (1 + random.below(6)),
            phone: random.below(100_000_000),
            recording: random.below(8) > 0,
            outbound: random.below(OUTBOUND.len()),
            changed: share(index) != share(index + 1),
            date: (dated(index) != dated(index + 1)).then(|| dated(index)),
        }
    }

    fn caller_id(&self) -> usize {
        2_160_000_000 + self.group
    }

    fn live_wrap_up(&self) -> usize {
        self.wrap_up + usize::from(self.changed)
    }

    fn manifest(&self, out: &mut String) {
        let Self { id, name, role, wrap_up, phone, recording, .. } = self;
        let _ = write!(
            out,
            "  - operatorId: \"{id}\"
    name: {name}
    type: {}
    role: {role}
    mainSkillGroup: {}
    enabled: true
    wrapUpSeconds: {wrap_up}
    boundPhone: \"138{phone:08}\"
    callerId: \"0{}\"
    recording: {recording}
    outbound: {}
    email: agent.{id}@example.com
",
            if self.leader { "leader" } else { "agent" },
            GROUPS[self.group],
            self.caller_id(),
            OUTBOUND[self.outbound],
        );
        let Some(date) = self.date else { return };
        let (month, day) = (1 + date / 28 % 3, 1 + date % 28);
        let _ = match date % 3 {
            0 => writeln!(out, "    from: 2026-{month:02}-{day:02}"),
            1 => writeln!(out, "    until: 2027-{month:02}-{day:02}"),
            _ => writeln!(
                out,
                "    during: [{{ from: 2027-{month:02}-{day:02}, until: 2027-04-{day:02}, wrapUpSeconds: {} }}]",
                wrap_up + 5
            ),
        };
    }

    /// A line of a snapshot.
    fn live(&self, out: &mut String) {
        let Self { id, name, phone, recording, .. } = self;
        let _ = write!(
            out,
            "{{\"operatorId\":\"{id}\",\"name\":\"{name}\",\"type\":\"{}\",\"mainSkillGroup\":\"{}\",\"enabled\":true,\
             \"wrapUpSeconds\":{},\"boundPhone\":\"138{phone:08}\",\"callerId\":\"0{}\",\"hidePhone\":false,\
             \"recording\":{recording},\"outbound\":\"{}\",\"sip\":{{\"number\":\"{id}\"}},\
             \"channels\":[\"voice\",\"message\"],\"survey\":false,\"email\":\"agent.{id}@example.com\"}}",
            if self.leader { "leader" } else { "agent" },
            GROUPS[self.group],
            self.live_wrap_up(),
            self.caller_id(),
            OUTBOUND[self.outbound],
        );
    }

    /// An agent of a sandbox's seed, in the vendor's words.
    fn seed(&self, out: &mut String) {
        let Self { id, name, role, phone, outbound, .. } = self;
        let group = GROUPS[self.group];
        let _ = writeln!(
            out,
            "  - {{ operatorId: \"{id}\", name: {name}, operatorType: {}, roleName: {role}, mainGroupName: {group}, \
             status: 1, afterInterval: {}, bindcode: \"138{phone:08}\", showcaller: \"0{}\", isrecord: {}, \
             outcallflag: {outbound}, isaudio: 1, ismessage: 1, isvideo: 0, judge: 0, isHidePhone: 0, \
             sipNumber: \"{id}\", email: agent.{id}@example.com }}",
            usize::from(self.leader),
            self.live_wrap_up(),
            self.caller_id(),
            usize::from(self.recording),
        );
    }
}

/// A queue and its members.
struct Queue {
    exten: usize,
    name: String,
    rule: &'static str,
    members: Vec<(usize, usize)>,
}

impl Queue {
    fn of(estate: &Estate, index: usize, random: &mut Random) -> Self {
        let first = 1_000_000 + index * PER_QUEUE;
        let count = PER_QUEUE.min(estate.agents - index * PER_QUEUE);
        let step = count.div_ceil(MEMBERS).max(1);
        let members = (0..count).step_by(step).map(|n| (first + n, random.below(10))).collect();
        Self { exten: 10_000 + index, name: format!("在线{}", index + 1), rule: random.of(&RULES), members }
    }

    fn manifest(&self, out: &mut String) {
        let Self { name, rule, .. } = self;
        let _ = writeln!(
            out,
            "  - displayName: {name}\n    assignRule: {rule}\n    memory: 2h\n    assignMembers:"
        );
        for (id, priority) in &self.members {
            let _ = writeln!(out, "      - {{ agentNumber: \"{id}\", priority: {priority} }}");
        }
    }

    fn live(&self, out: &mut String) {
        let Self { exten, name, rule, members } = self;
        let members: Vec<String> = members
            .iter()
            .map(|(id, priority)| format!("{{\"agentNumber\":\"{id}\",\"priority\":{priority}}}"))
            .collect();
        let _ = write!(
            out,
            "{{\"exten\":\"{exten}\",\"displayName\":\"{name}\",\"assignRule\":\"{rule}\",\"memory\":\"2h\",\
             \"assignMembers\":[{}]}}",
            members.join(",")
        );
    }

    fn seed(&self, out: &mut String) {
        let Self { exten, name, rule, members } = self;
        let _ = writeln!(
            out,
            "  - exten: \"{exten}\"\n    displayName: {name}\n    assignRule: {rule}\n    memoryTime: \"120\"\n    assignMembers:"
        );
        for (id, priority) in members {
            let _ = writeln!(out, "      - {{ agentNumber: \"{id}\", priority: {priority} }}");
        }
    }
}

/// Writes the workspace, `roster/`, `live.json` and `seed.yaml` into a folder.
pub(crate) fn write(estate: &Estate, folder: &Path) -> io::Result<()> {
    const HEAD: &str = "apiVersion: rosterctl/v1\nkind: Roster\n";
    fs::create_dir_all(folder.join("roster"))?;
    workspace(estate, folder)?;
    let mut random = Random(estate.seed);
    let (mut live, mut seed) = (String::new(), String::new());
    let per_file = if estate.per_file == 0 { estate.agents.max(1) } else { estate.per_file };
    for (file, first) in (0..estate.agents).step_by(per_file).enumerate() {
        let mut roster = format!("{HEAD}agents:\n");
        for index in first..(first + per_file).min(estate.agents) {
            let agent = Agent::of(estate, index, &mut random);
            agent.manifest(&mut roster);
            live.push_str(if index == 0 { "\n" } else { ",\n" });
            agent.live(&mut live);
            agent.seed(&mut seed);
        }
        fs::write(folder.join(format!("roster/agents-{:05}.yaml", file + 1)), roster)?;
    }
    let mut roster = format!("{HEAD}queues:\n");
    let (mut live_queues, mut seed_queues) = (String::new(), String::new());
    for index in 0..estate.agents.div_ceil(PER_QUEUE) {
        let queue = Queue::of(estate, index, &mut random);
        queue.manifest(&mut roster);
        live_queues.push_str(if index == 0 { "\n" } else { ",\n" });
        queue.live(&mut live_queues);
        queue.seed(&mut seed_queues);
    }
    fs::write(folder.join("roster/queues.yaml"), roster)?;
    fs::write(
        folder.join("live.json"),
        format!(
            "{{\"format\":\"rosterctl.snapshot/v1\",\"program\":\"0.1.0\",\"workspace\":\"estate\",\
             \"taken\":\"2026-01-05T08:00:00Z\",\n\"agents\":{{\"pageSize\":100,\"items\":[{live}\n]}},\n\
             \"queues\":{{\"pageSize\":50,\"items\":[{live_queues}\n]}}}}\n"
        ),
    )?;
    fs::write(folder.join("seed.yaml"), format!("agents:\n{seed}queues:\n{seed_queues}"))
}

/// Writes the workspace file.
pub(crate) fn workspace(estate: &Estate, folder: &Path) -> io::Result<()> {
    let url = &estate.url;
    let zone = if estate.dates > 0 { "timeZone: Asia/Shanghai\n" } else { "" };
    fs::write(
        folder.join("rosterctl.yaml"),
        format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: estate
manifests: [roster]
{zone}connections:
  agents:
    provider: agent-config
    baseUrl: {url}
    abbreviate: acme
    companyId: 1001
    token: {{ store: ci, key: TOKEN }}
  webchat:
    provider: webchat-queue
    baseUrl: {url}
    accountId: N1
    apiSecret: {{ store: ci, key: API_SECRET }}
secrets:
  ci: {{ type: env, prefix: ESTATE_ }}
policy:
  limits: {{ changes: 100% }}
"
        ),
    )
}

const USAGE: &str = "estate FOLDER [--agents N] [--changed PERCENT] [--dates N] [--per-file N] [--seed N] [--url URL|sandbox]";

fn arguments(given: impl Iterator<Item = String>) -> Result<(Estate, PathBuf), String> {
    let (mut estate, mut folder, mut given) = (Estate::default(), None, given);
    while let Some(word) = given.next() {
        if !word.starts_with("--") {
            folder = Some(PathBuf::from(word));
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{word} needs a value; {USAGE}"))?;
        let count = || value.parse::<usize>().map_err(|_| format!("{word} {value} is no number"));
        match word.as_str() {
            "--agents" => estate.agents = count()?,
            "--dates" => estate.dates = count()?,
            "--per-file" => estate.per_file = count()?,
            "--seed" => estate.seed = count()? as u64,
            "--changed" => {
                estate.changed = value.parse().map_err(|_| format!("{word} {value} is no number"))?;
            }
            "--url" => estate.url = value,
            _ => return Err(format!("{word} is unknown; {USAGE}")),
        }
    }
    folder.map(|folder| (estate, folder)).ok_or_else(|| USAGE.to_owned())
}

#[allow(dead_code, reason = "the benchmarks use what is above")]
fn main() -> Result<(), String> {
    let (estate, folder) = arguments(std::env::args().skip(1))?;
    write(&estate, &folder).map_err(|error| format!("{}: {error}", folder.display()))
}
