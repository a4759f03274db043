#![allow(clippy::unwrap_used, reason = "a test may panic")]

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::model::desired::Existence;
use crate::model::field::Record;
use crate::model::language::{Language, Localized, localized};
use crate::model::live::{LiveQueue, Seats};
use crate::model::queue;
use crate::model::seat::LiveSeat;
use crate::model::source::Source;
use crate::report::text::TextStyle;
use crate::vendors;

fn record(name: &str, group: &str, enabled: bool) -> Record {
    let mut record = Record::default();
    record.set(&NAME, Value::Text(name.into()), None);
    record.set(&MAIN_SKILL_GROUP, Value::Text(group.into()), None);
    record.set(&ENABLED, Value::Flag(enabled), None);
    record
}

fn declared(absent: bool) -> DesiredAgent {
    let source = Source { file: "a.yaml".into(), line: 1, column: 1 };
    let record = record("王五", "售前", true);
    let existence = if absent { Existence::Absent } else { Existence::Present };
    DesiredAgent {
        source,
        existence,
        out_of_date: None,
        protect: false,
        allow_any_role: false,
        pool: None,
        record,
    }
}

fn queue(name: &str, members: &[&str]) -> LiveQueue {
    let members: Members = members.iter().map(|id| (OperatorId::from(*id), 0)).collect();
    let mut record = Record::default();
    record.set(&queue::ASSIGN_MEMBERS, Value::Members(Arc::new(members)), None);
    LiveQueue { name: name.into(), record, changed: None }
}

fn said(system: &'static str, state: State, detail: Option<&str>) -> PresenceReport {
    PresenceReport { system, state, detail: detail.map(Into::into) }
}

fn asked(providers: &[&'static str]) -> Vec<(&'static Spec, Arc<str>)> {
    let specs = vendors::ALL.specs();
    let spec = |provider: &&str| *specs.iter().find(|spec| spec.name == *provider).unwrap();
    providers.iter().map(|provider| (spec(provider), Arc::from("c"))).collect()
}

const AGENTS: &str = "agent-config";
const QUEUES: &str = "webchat-queue";
const SEATS: &str = "seat-query";
const ONLINE: &str = "isdp-online-agent";
const DESK: &str = "cms-agent";

const ALL: &[&str] = &[AGENTS, QUEUES, SEATS, ONLINE, DESK];

struct Case {
    desired: Desired,
    live: Live,
    presence: Presence,
    failed: Vec<(&'static str, Localized)>,
}

fn case() -> Case {
    let mut desired = Desired::default();
    for (id, absent) in [("8001", false), ("8004", false), ("8005", true), ("8006", true)] {
        desired.agents.insert(id.into(), declared(absent));
    }
    let mut agents = Listing::default();
    agents.items.insert("8001".into(), record("张三", "售前", true));
    agents.items.insert("8002".into(), record("欧阳明日香的外呼坐席专员", "在线售前与售后服务组", false));
    agents.items.insert("8005".into(), record("赵六", "投诉", true));
    let mut queues = Listing::default();
    queues.items.insert("1".into(), queue("在线售前", &["8001", "8002", "9000"]));
    queues.items.insert("2".into(), queue("在线售后服务与投诉处理中心", &["8001"]));
    let mut seats = LiveSeats { days: 7, ..LiveSeats::default() };
    for (account, calls) in [("A", 3), ("B", 1)] {
        let mut seat = LiveSeat::default();
        seat.record.set(&seat::EMPLOYEE, Value::Text("8001".into()), None);
        seat.figures = Figures { calls, connected: 1, ..Figures::default() };
        seats.listing.items.insert(account.into(), seat);
    }
    let mut presence = Presence::default();
    presence.say("8001".into(), said(DESK, State::OnCall, None));
    presence.say("8001".into(), said(ONLINE, State::Offline, None));
    presence.say("8001".into(), said(ONLINE, State::Online, None));
    presence.say("8001".into(), said(QUEUES, State::Claiming, Some("desktop")));
    presence.say("8002".into(), said(QUEUES, State::NotClaiming, None));
    let live = Live { agents: Some(agents), queues: Some(queues), seats: Seats::Read(seats) };
    Case { desired, live, presence, failed: Vec::new() }
}

fn of_case(case: &Case, providers: &[&'static str], only: Option<&BTreeSet<OperatorId>>) -> Status {
    build(&Sources {
        workspace: "w",
        read: "2026-11-25T00:00:00Z",
        desired: &case.desired,
        live: &case.live,
        presence: &case.presence,
        asked: &asked(providers),
        failed: &case.failed,
        reasons: &BTreeMap::new(),
        pruned: &BTreeSet::from(["8002".into()]),
        only,
    })
}

fn row<'a>(status: &'a Status, id: &str) -> &'a Row {
    status.agents.iter().find(|row| row.operator_id.as_str() == id).unwrap()
}

#[test]
fn one_row_an_agent_across_all_systems() {
    let status = of_case(&case(), ALL, None);
    let ids: Vec<&str> = status.agents.iter().map(|row| row.operator_id.as_str()).collect();
    // An absent agent that is not live has no row; an agent that is only in a queue has one.
    assert_eq!(ids, ["8001", "8002", "8004", "8005", "9000"]);
    let one = row(&status, "8001");
    assert_eq!((one.online, one.state, one.claiming), (Some(true), Some("on-call"), Some(true)));
    assert_eq!(one.queues, ["在线售前", "在线售后服务与投诉处理中心"]);
    let calls = one.calls.as_ref().unwrap();
    assert_eq!((calls.total, calls.connected, calls.seats.len()), (4, 2, 2));
    assert_eq!(
        (row(&status, "8004").live, row(&status, "8004").name.as_deref()),
        (Some(false), Some("王五"))
    );
    assert_eq!(row(&status, "8005").configured, Configured::Absent);
    assert_eq!(row(&status, "9000").live, Some(false));
    assert!(status.agents.iter().all(|row| row.unknown.is_empty()));
}

#[test]
fn what_a_system_left_open_is_neither_yes_nor_no() {
    let mut case = case();
    case.presence.fail(DESK, Some("8002".into()), "HTTP 502");
    case.presence.fail(DESK, Some("8004".into()), "HTTP 502");
    case.presence.fail(ONLINE, None, "the total changed");
    case.live.agents = None;
    case.failed.push((AGENTS, "no connection".to_owned().into()));
    let status = of_case(&case, ALL, None);
    assert_eq!(row(&status, "8001").unknown, [AGENTS]);
    assert_eq!(row(&status, "8002").unknown, [AGENTS, ONLINE, DESK]);
    assert_eq!(row(&status, "8001").live, None);
    let desk = status.systems.iter().find(|system| system.provider == DESK).unwrap();
    let two = localized!("2 agents: HTTP 502", "2 人：HTTP 502", "2 人：HTTP 502");
    assert_eq!((desk.complete, desk.problems.as_slice()), (false, &[two][..]));
    let text = table(&status, TextStyle::default(), Language::En);
    assert!(text.contains("declared?") && text.contains("cms-agent (`c`): 2 agents: HTTP 502"), "{text}");
}

#[test]
fn what_no_document_explains_is_neither_yes_nor_no_and_is_shown() {
    let mut case = case();
    for (id, system, detail) in [
        ("8001", ONLINE, "onlineStatus 5"),
        ("8004", ONLINE, "onlineStatus 5"),
        ("8002", QUEUES, "pcAutoClaim unset"),
        ("7777", QUEUES, "of an agent without a row"),
    ] {
        case.presence.say(id.into(), said(system, State::Unknown, Some(detail)));
    }
    case.presence.say("8004".into(), said(ONLINE, State::Offline, None));
    let status = of_case(&case, ALL, None);
    // A yes wins over every other report; a no beside an unknown state is unknown.
    assert_eq!((row(&status, "8001").online, row(&status, "8001").unknown.len()), (Some(true), 0));
    assert_eq!((row(&status, "8004").online, row(&status, "8004").unknown.as_slice()), (None, &[ONLINE][..]));
    assert_eq!(
        (row(&status, "8002").claiming, row(&status, "8002").unknown.as_slice()),
        (None, &[QUEUES][..])
    );
    assert!(status.systems.iter().all(|system| system.complete), "every system told what it was asked");
    let problems = |provider: &str| {
        let mut systems = status.systems.iter().filter(|system| system.provider == provider);
        systems.next().unwrap().problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(problems(ONLINE), ["2 agents: no document says what `onlineStatus 5` means"]);
    assert_eq!(problems(QUEUES), ["agent 8002: no document says what `pcAutoClaim unset` means"]);
}

#[test]
fn an_incomplete_listing_makes_no_agent_missing() {
    let mut case = case();
    case.live.agents.as_mut().unwrap().incomplete = Some(crate::model::unread::ListingDoubt::NoTotal);
    assert_eq!(row(&of_case(&case, ALL, None), "8004").live, None);
}

#[test]
fn narrowed_to_an_unknown_agent() {
    let only = ["8001", "7777"].map(OperatorId::from).into();
    let status = of_case(&case(), ALL, Some(&only));
    assert_eq!(status.agents.len(), 2);
    assert!(row(&status, "7777").is_unknown() && !row(&status, "8001").is_unknown());
}

#[test]
fn a_table_keeps_within_its_width_by_display_width() {
    let status = of_case(&case(), ALL, None);
    for width in [76, 80, 120] {
        let text = table(&status, TextStyle { width: Some(width), ..TextStyle::default() }, Language::En);
        let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= width, "{widest} > {width}\n{text}");
    }
    let narrow = TextStyle { width: Some(80), ..TextStyle::default() };
    let text = table(&status, narrow, Language::En);
    insta::assert_snapshot!(text, @r"
    AGENT  NAME    GROUP   ROSTER         ONLINE  STATE    CHAT  CALLS  QUEUES
    8001   张三    售前    declared       yes     on-call  yes   2/4    在线售前 +1
    8002   欧阳…   在线…   to be deleted                   no           在线售前
    8004   王五    售前    missing
    8005   赵六    投诉    to be deleted
    9000                   unknown                                      在线售前

    5 agents: 2 declared, 2 to be deleted, 1 unknown, 1 online, 1 on a call, 1
    taking chats. Calls: connected/all of the last 7 days.
    ");
    // Columns of systems that are not connected are left out.
    let text = table(&of_case(&case(), &[AGENTS], None), TextStyle::default(), Language::En);
    assert_eq!(
        text.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["AGENT", "NAME", "GROUP", "ROSTER"]
    );
}

#[test]
fn off_a_terminal_nothing_is_cut() {
    let mut case = case();
    let why =
        "it answered a page of text that no reader of agents understands, and then it closed the connection";
    case.failed.push((ONLINE, why.to_owned().into()));
    let text = table(&of_case(&case, ALL, None), TextStyle::default(), Language::En);
    for whole in
        ["欧阳明日香的外呼坐席专员", "在线售前与售后服务组", "在线售前, 在线售后服务与投诉处理中心", why]
    {
        assert!(text.contains(whole), "{whole}: {text}");
    }
    assert!(text.lines().last().unwrap().ends_with("last 7 days."), "{text}");
}

#[test]
fn people_read_a_table_in_chinese() {
    let mut case = case();
    let named = localized!("connection `c` has no connector", "连接 `c` 没有连接器", "連線 `c` 沒有連接器");
    case.failed.push((AGENTS, named));
    case.presence.fail(ONLINE, None, "HTTP 502");
    case.presence.say("8004".into(), said(QUEUES, State::Unknown, Some("pcAutoClaim unset")));
    let status = of_case(&case, ALL, None);
    let said = [Language::ZhCn, Language::ZhTw]
        .map(|language| table(&status, TextStyle { width: Some(80), ..TextStyle::default() }, language));
    insta::assert_snapshot!(said.join("\n"), @r"
    工号  姓名        主技能组    名册      在线  状态    接单  通话  队列
    8001  张三        售前        在册      是    通话中  是    2/4   在线售前 +1
    8002  欧阳明日…   在线售前…   将删除    ?             否          在线售前
    8004  王五        售前        线上没有  ?             ?
    8005  赵六        投诉        将删除    ?
    9000                          查无此人  ?                         在线售前

      ! 连接 `c` 没有连接器
      ! webchat-queue（`c`）：坐席 8004：文档没有说明 `pcAutoClaim unset` 的含义
      ! isdp-online-agent（`c`）：HTTP 502

    共 5 人：在册 2，将删除 2，查无此人 1，在线 至少 1，通话中 1，接单中 至少
    1。通话一栏：最近 7 天的接通数/总数。

    工號  姓名        主技能群組  名冊      在線  狀態    接單  通話  佇列
    8001  张三        售前        在冊      是    通話中  是    2/4   在线售前 +1
    8002  欧阳明日…   在线售前…   將刪除    ?             否          在线售前
    8004  王五        售前        線上沒有  ?             ?
    8005  赵六        投诉        將刪除    ?
    9000                          查無此人  ?                         在线售前

      ! 連線 `c` 沒有連接器
      ! webchat-queue（`c`）：客服人員 8004：文件沒有說明 `pcAutoClaim unset` 的含義
      ! isdp-online-agent（`c`）：HTTP 502

    共 5 人：在冊 2，將刪除 2，查無此人 1，在線 至少 1，通話中 1，接單中 至少
    1。通話一欄：最近 7 天的接通數/總數。
    ");
}

#[test]
fn what_a_system_left_open_is_no_zero() {
    let mut down = case();
    down.presence = Presence::default();
    for system in [ONLINE, DESK, QUEUES] {
        down.presence.fail(system, None, "it did not answer");
    }
    let text = table(&of_case(&down, ALL, None), TextStyle::default(), Language::En).replace('\n', " ");
    assert!(text.contains("? online, ? on a call, ? taking chats."), "{text}");
    down.presence.say("8001".into(), said(DESK, State::OnCall, None));
    let text = table(&of_case(&down, ALL, None), TextStyle::default(), Language::En).replace('\n', " ");
    assert!(text.contains("at least 1 on a call"), "{text}");
}

#[test]
fn an_agent_that_no_system_knows_is_not_unmanaged() {
    let only = BTreeSet::from(["99999".into()]);
    let text = table(&of_case(&case(), ALL, Some(&only)), TextStyle::default(), Language::En);
    assert!(text.contains("1 agent: 0 declared, 1 unknown, ") && !text.contains("unmanaged"), "{text}");
}

#[test]
fn csv_has_a_row_an_agent() {
    let status = of_case(&case(), ALL, None);
    let text = csv(&status, true);
    assert_eq!(text.lines().count(), 6);
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.starts_with("2026-11-25T00:00:00Z,8001,declared,true,张三,售前,true,true,on-call,true,desktop,"),
        "{row}"
    );
    let columns = |line: &str| line.split(',').count();
    assert!(text.lines().all(|line| columns(line) == columns(row)));
    assert_eq!(csv(&status, false).lines().count(), 5);
}
