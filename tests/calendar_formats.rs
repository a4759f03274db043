//! A calendar in every format, and in programs that read iCalendar.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may panic, and says why it skips"
)]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/chinese.rs"]
mod chinese;
#[path = "support/planning.rs"]
mod planning;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command as Program;
use std::sync::Arc;

use base64::Engine as _;
use chinese::assert_no_english;
use rosterctl::model::agent::{ENABLED, MAIN_SKILL_GROUP, NAME, ROLE, WRAP_UP_SECONDS};
use rosterctl::model::calendar::{
    Action, Calendar, Change, Entry, FORMAT, FieldChange, HeadCount, Loan, Path,
};
use rosterctl::model::field::Field;
use rosterctl::model::id::{OperatorId, ResourceId};
use rosterctl::model::language::Language;
use rosterctl::model::queue::ASSIGN_MEMBERS;
use rosterctl::model::source::Source;
use rosterctl::model::value::{Members, Value};
use rosterctl::report::Roots;
use rosterctl::report::calendar::{Format, render};
use rosterctl::report::text::TextStyle;
use sha2::{Digest as _, Sha256};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report");

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn place(line: u32) -> Source {
    Source::new("roster/售前 a.yaml", line, 7)
}

fn field(field: &'static Field, before: Option<Value>, after: Option<Value>) -> FieldChange {
    FieldChange { path: Path::Field(field), before, after, source: Some(place(1)) }
}

fn agent(id: &str, name: &str, action: Action, line: u32, fields: Vec<FieldChange>) -> Change {
    Change {
        id: ResourceId::agent(&id.into()),
        action,
        title: Some(name.to_owned()),
        loan: None,
        until: None,
        group: (action == Action::Leave).then(|| text("售后")),
        names: BTreeMap::new(),
        source: Some(place(line)),
        fields,
    }
}

fn joins(id: &str, name: &str, line: u32) -> Change {
    let fields = [(&NAME, name), (&ROLE, "普通坐席"), (&MAIN_SKILL_GROUP, "售前")];
    agent(id, name, Action::Join, line, fields.map(|(row, word)| field(row, None, Some(text(word)))).into())
}

fn lent(from: &str, to: &str, loan: Loan, until: Option<&str>) -> Change {
    let fields = vec![field(&MAIN_SKILL_GROUP, Some(text(from)), Some(text(to)))];
    let loan = (Some(loan), until.map(|until| until.parse().unwrap()));
    Change { loan: loan.0, until: loan.1, ..agent("8003", "李娜", Action::Update, 9, fields) }
}

fn members(ids: &[&str]) -> Value {
    Value::Members(Arc::new(ids.iter().map(|id| (OperatorId::from(*id), 5)).collect::<Members>()))
}

fn queue(name: &str, before: &[&str], after: &[&str], names: &[(&str, &str)]) -> Change {
    Change {
        id: ResourceId::queue(name, None),
        title: None,
        names: names.iter().map(|(id, name)| ((*id).into(), (*name).to_owned())).collect(),
        ..agent(
            "0",
            "",
            Action::Update,
            30,
            vec![field(&ASSIGN_MEMBERS, Some(members(before)), Some(members(after)))],
        )
    }
}

fn count(name: &str, before: usize, after: usize, min_members: Option<usize>) -> HeadCount {
    HeadCount { id: ResourceId::queue(name, None), before, after, min_members }
}

fn entry(at: &str, changes: Vec<Change>, queues: Vec<HeadCount>, calls: usize) -> Entry {
    Entry { at: at.parse().unwrap(), changes, queues, calls, estimated_seconds: calls as u64 * 3 }
}

/// A month with each sort of change, and names that look like markup, a formula and a property.
fn sample() -> Calendar {
    let evil = "<b>=1+1</b>;,\\ 13800138000\r\nATTENDEE:x";
    let disabled = || vec![field(&ENABLED, None, Some(Value::Flag(false)))];
    let least = FieldChange {
        path: Path::MinMembers,
        before: Some(Value::Number(3)),
        after: Some(Value::Number(1)),
        source: Some(place(33)),
    };
    let holiday = queue("在线售前", &["8001", "8002"], &["8002"], &[("8001", "张三")]);
    let pool: Vec<Change> =
        (8101..=8108).map(|id| joins(&id.to_string(), &format!("外呼{id}"), 20)).collect();
    let seconds =
        |from, to| vec![field(&WRAP_UP_SECONDS, Some(Value::Number(from)), Some(Value::Number(to)))];
    let entries = vec![
        entry(
            "2026-12-01T00:00[Asia/Shanghai]",
            [
                vec![
                    joins("8301", "赵敏", 5),
                    lent("售前", "售后", Loan::Begins, Some("2026-12-12T00:00[Asia/Shanghai]")),
                ],
                vec![
                    queue(
                        "在线售前",
                        &["8001", "8002", "8003"],
                        &["8001", "8002", "8301"],
                        &[("8003", "李娜"), ("8301", "赵敏")],
                    ),
                    queue("在线售后", &["8201", "8202"], &["8003", "8201", "8202"], &[("8003", "李娜")]),
                ],
            ]
            .concat(),
            vec![count("在线售前", 3, 3, Some(3)), count("在线售后", 2, 3, None)],
            4,
        ),
        entry("2026-12-07T00:00[Asia/Shanghai]", pool, Vec::new(), 8),
        entry("2026-12-12T00:00[Asia/Shanghai]", vec![lent("售后", "售前", Loan::Ends, None)], Vec::new(), 1),
        entry(
            "2026-12-24T18:00[Asia/Shanghai]",
            vec![
                agent("8201", evil, Action::Update, 12, seconds(30, 5)),
                agent("8202", "陈静", Action::Update, 13, seconds(30, 5)),
                lent("售前", "夜班", Loan::Begins, Some("2026-12-25T02:00[Asia/Shanghai]")),
            ],
            Vec::new(),
            3,
        ),
        entry("2026-12-25T02:00[Asia/Shanghai]", vec![lent("夜班", "售前", Loan::Ends, None)], Vec::new(), 1),
        entry(
            "2027-01-01T00:00[Asia/Shanghai]",
            vec![
                agent("8202", "陈静", Action::Leave, 14, disabled()),
                agent("8203", evil, Action::Leave, 15, Vec::new()),
                agent("8204", "旧人", Action::Delete, 16, vec![field(&NAME, Some(text("旧人")), None)]),
                queue("在线售后", &["8202", "8203"], &[], &[("8202", "陈静"), ("8203", evil)]),
            ],
            vec![count("在线售后", 2, 0, Some(1))],
            5,
        ),
        entry(
            "2027-02-05T00:00[Asia/Shanghai]",
            vec![Change { fields: [holiday.fields.clone(), vec![least]].concat(), ..holiday }],
            vec![count("在线售前", 2, 1, Some(1))],
            1,
        ),
    ];
    Calendar {
        format: FORMAT,
        workspace: "acme-prod".to_owned(),
        time_zone: Some("Asia/Shanghai".to_owned()),
        at: "2026-11-30T09:15[Asia/Shanghai]".parse().unwrap(),
        from: "2026-11-30T09:15[Asia/Shanghai]".parse().unwrap(),
        until: "2027-02-28T09:15[Asia/Shanghai]".parse().unwrap(),
        is_dated: true,
        entries,
    }
}

const FORMATS: [(&str, Format); 6] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("ics", Format::Ics),
    ("markdown", Format::Markdown),
    ("html", Format::Html),
];

fn draw(calendar: &Calendar, format: Format) -> String {
    draw_in(calendar, format, Language::En)
}

fn draw_in(calendar: &Calendar, format: Format, language: Language) -> String {
    let look = TextStyle { places: true, ..TextStyle::default() };
    let (supports, roots) = (planning::supports(), Roots::default());
    let mut bytes = Vec::new();
    render(calendar, supports, &roots, format, look, language, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"(?s)<(style|script)>.*?</(style|script)>", "<$1>…</$1>");
    settings.add_filter(r"'sha256-[^']*'", "sha256-…");
    settings
}

#[test]
fn every_format_shows_the_calendar() {
    settings().bind(|| {
        for (word, format) in FORMATS {
            let drawn = draw(&sample(), format);
            assert_eq!(drawn, draw(&sample(), format), "{word}");
            // The snapshot shows the ends of lines that are more than a line feed.
            let shown = drawn.replace('\r', "␍").replace(env!("CARGO_PKG_VERSION"), "VERSION");
            insta::assert_snapshot!(format!("calendar-{word}"), shown);
        }
    });
}

#[test]
fn people_read_a_calendar_in_chinese() {
    settings().bind(|| {
        for (word, format) in FORMATS {
            let [cn, tw] =
                [Language::ZhCn, Language::ZhTw].map(|language| draw_in(&sample(), format, language));
            if matches!(format, Format::Json | Format::Csv) {
                assert_eq!([&cn, &tw], [&draw(&sample(), format); 2], "{word} is for programs");
                continue;
            }
            for (tag, drawn) in [("zh-CN", cn), ("zh-TW", tw)] {
                assert_no_english(&drawn.replace("\r\n ", ""));
                let shown = drawn.replace('\r', "␍").replace(env!("CARGO_PKG_VERSION"), "VERSION");
                insta::assert_snapshot!(format!("calendar-{word}-{tag}"), shown);
            }
        }
    });
}

#[test]
fn the_events_of_every_language_have_the_same_ids() {
    let uids = |language| {
        let lines = unfolded(&draw_in(&sample(), Format::Ics, language));
        lines
            .into_iter()
            .filter(|line| line.starts_with("UID:") || line.starts_with("CATEGORIES:"))
            .collect::<Vec<_>>()
    };
    assert_eq!(uids(Language::ZhCn), uids(Language::En));
    assert_eq!(uids(Language::ZhTw), uids(Language::En));
}

#[test]
fn a_calendar_without_an_entry_says_so() {
    let empty = |is_dated| Calendar { is_dated, entries: Vec::new(), ..sample() };
    for format in [Format::Text, Format::Markdown, Format::Html] {
        assert!(draw(&empty(true), format).contains("No date changes anything"), "{format:?}");
        assert!(draw(&empty(false), format).contains("No manifest holds a date"), "{format:?}");
    }
    assert_eq!(draw(&empty(false), Format::Csv).lines().count(), 1);
    // RFC 5545 wants a component.
    assert!(draw(&empty(false), Format::Ics).contains("BEGIN:VTIMEZONE"));
}

#[test]
fn what_is_posted_holds_no_phone_number() {
    for format in [Format::Markdown, Format::Ics] {
        assert!(!draw(&sample(), format).contains("13800138000"), "{format:?}");
    }
    assert!(draw(&sample(), Format::Text).contains("13800138000"));
}

#[test]
fn the_page_allows_its_own_styles_and_script_alone() {
    let page = draw(&sample(), Format::Html);
    let policy = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    let mut found = 0;
    for (tag, source) in [("style", "style-src"), ("script", "script-src")] {
        let allowed = policy.split(';').find(|part| part.trim().starts_with(source)).unwrap();
        for text in page.split(&format!("<{tag}>")).skip(1) {
            let text = text.split(&format!("</{tag}>")).next().unwrap();
            let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
            assert!(allowed.contains(&format!("'sha256-{hash}'")), "{tag}: {policy}");
            found += 1;
        }
    }
    assert_eq!(found, 3);
    assert!(policy.starts_with("default-src 'none'"));
    for outside in ["http://", "https://", "src=\"", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// Returns the content lines of an iCalendar object, unfolded.
fn unfolded(ics: &str) -> Vec<String> {
    ics.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

#[test]
fn lines_of_icalendar_are_short_and_end_alike() {
    let ics = draw(&sample(), Format::Ics);
    assert!(ics.ends_with("END:VCALENDAR\r\n"));
    for line in ics.split_terminator("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    assert!(ics.lines().any(|line| line.starts_with(' ')), "a line is folded");
    let lines = unfolded(&ics);
    assert!(!lines.iter().any(|line| line.starts_with("ATTENDEE")), "a name is no property");
    let uids: Vec<&String> = lines.iter().filter(|line| line.starts_with("UID:")).collect();
    let once: std::collections::BTreeSet<_> = uids.iter().collect();
    assert_eq!(uids.len(), once.len());
    // The window of another run shows the events that both hold under the same UIDs.
    let later = Calendar {
        from: "2026-12-20T00:00[Asia/Shanghai]".parse().unwrap(),
        entries: sample().entries.split_off(3),
        ..sample()
    };
    let lines = unfolded(&draw(&later, Format::Ics));
    assert!(lines.iter().filter(|line| line.starts_with("UID:")).all(|uid| uids.contains(&uid)));
}

/// Returns a program of PATH.
fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Prints each event as a library reads it: begin, end, title.
const READER: &str = "
import sys, icalendar
with open(sys.argv[1], 'rb') as file:
    calendar = icalendar.Calendar.from_ical(file.read())
for event in calendar.walk('VEVENT'):
    assert not event.errors, event.errors
    begin, end = event.decoded('dtstart'), event.get('dtend') and event.decoded('dtend')
    print(begin.isoformat(), end and end.isoformat(), event['summary'], sep='|')
";

#[test]
fn a_library_reads_the_events() {
    let Some(python) = program("python3") else {
        eprintln!("skipped: there is no python3 in PATH");
        return;
    };
    if !Program::new(&python).args(["-c", "import icalendar"]).output().unwrap().status.success() {
        eprintln!("skipped: python3 has no package icalendar");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.ics");
    let read = |calendar: &Calendar| {
        fs::write(&file, draw(calendar, Format::Ics)).unwrap();
        let output = Program::new(&python).arg("-c").arg(READER).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(read(&Calendar { entries: Vec::new(), ..sample() }), "");
    let events = read(&sample());
    for wanted in [
        "2026-12-01|2026-12-02|8301 赵敏: joins",
        "2026-12-01|2026-12-12|8003 李娜: lent to 售后",
        "2026-12-01|2026-12-02|在线售前 3 → 3, 在线售后 2 → 3",
        "2026-12-07|2026-12-08|8 agents 8101..8108: joins",
        "2026-12-12|2026-12-13|8003 李娜: returns to 售前",
        "2026-12-24T10:00:00+00:00|2026-12-24T18:00:00+00:00|8003 李娜: lent to 夜班",
        "2026-12-24T18:00:00+00:00|None|8003 李娜: returns to 售前",
    ] {
        assert!(events.lines().any(|line| line == wanted), "{wanted}\n{events}");
    }
    let evil = events.lines().find(|line| line.contains("leaves")).unwrap();
    assert!(evil.contains(r"<b>=1+1</b>;,\ •••00\r\nATTENDEE:x"), "{evil}");
}

#[test]
fn a_calendar_program_imports_the_events() {
    let Some(calcurse) = program("calcurse") else {
        eprintln!("skipped: there is no calcurse in PATH");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.ics");
    fs::write(&file, draw(&sample(), Format::Ics)).unwrap();
    let run = |arguments: &[&str]| {
        let data = folder.path().join("data");
        let output = Program::new(&calcurse)
            .env("TZ", "Asia/Shanghai")
            .env("LC_ALL", "C.UTF-8")
            .arg("-D")
            .arg(&data)
            .arg("-C")
            .arg(folder.path().join("conf"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = run(&["-i", file.to_str().unwrap()]);
    assert!(said.contains("0 skipped"), "{said}");
    let on = |day: &str| run(&["-Q", "--from", day, "--days", "1"]);
    // The end of an event is exclusive: the loan is over on the day of the return.
    assert!(on("12/11/2026").contains("8003 李娜: lent to 售后"));
    let back = on("12/12/2026");
    assert!(!back.contains("lent to") && back.contains("8003 李娜: returns to 售前"), "{back}");
    assert!(on("12/24/2026").contains("18:00"));
}
