//! Masked formats hold no telephone number and no e-mail address of a manifest, of live state or of a vendor's
//! response. The tests use random rosters, runs and errors. A name that is the id of a queue is shown: reports are
//! about it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/planning.rs"]
mod planning;
#[path = "support/rendering.rs"]
mod rendering;

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use rendering::render;
use rosterctl::apply::{Status, StepResult};
use rosterctl::manifest;
use rosterctl::model::difference::Difference;
use rosterctl::model::language::Language;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::note::{Moved, Note, Refused, Stale};
use rosterctl::model::plan::{Plan, Step};
use rosterctl::model::scene::Scene;
use rosterctl::model::source::File;
use rosterctl::model::unread::FailedCall;
use rosterctl::plan::{self, Options};
use rosterctl::report::{Body, BoundPlan, Command, Failure, Format, Part, Report, Roots, Run};
use serde_json::{Map, Value as Json, json};

/// Generates a telephone number, as people write one.
fn phone() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "1[3-9][0-9]{9}",
        1 => r"\+861[3-9][0-9]{9}",
        1 => "0755-[2-8][0-9]{7}",
        1 => "400-[68][0-9]{2}-[0-9]{4}",
        1 => "1[3-9][0-9] [0-9]{4} [0-9]{4}",
    ]
}

fn email() -> impl Strategy<Value = String> {
    "[a-z]{3,8}(\\.[a-z]{2,5})?@(example\\.com|mail\\.example\\.cn)"
}

/// Generates free text with or without one of them.
fn text() -> impl Strategy<Value = (String, Option<String>)> {
    let personal = prop_oneof![2 => phone().prop_map(Some), 1 => email().prop_map(Some), 3 => Just(None)];
    let frame = prop::sample::select(vec![
        ("张三", ""),
        ("李四 ", " 晚班"),
        ("请拨", "，谢谢"),
        ("tel: ", ""),
        ("", ""),
    ]);
    (frame, personal).prop_map(|((before, after), personal)| {
        let middle = personal.clone().unwrap_or_else(|| "售前".to_owned());
        (format!("{before}{middle}{after}"), personal)
    })
}

/// Generates the fields of an agent, in the manifest's words, and their personal values.
fn fields() -> impl Strategy<Value = Case> {
    let number = || {
        prop::option::of(prop_oneof![3 => phone(), 1 => Just("95533".to_owned()), 1 => Just(String::new())])
    };
    let texts = (text(), prop::option::of(text()), prop::option::of(text()));
    (texts, number(), number(), prop::option::of(email()), any::<bool>()).prop_map(
        |((name, announcement, group), bound, caller, email, survey)| {
            let (mut words, mut personal) = (Map::new(), Vec::new());
            for (key, text) in
                [("name", Some(name)), ("announcement", announcement), ("mainSkillGroup", group)]
            {
                let Some((text, inside)) = text else { continue };
                personal.extend(inside);
                words.insert(key.to_owned(), text.into());
            }
            for (key, value) in [("boundPhone", bound), ("callerId", caller), ("email", email)] {
                let Some(value) = value else { continue };
                words.insert(key.to_owned(), value.clone().into());
                personal.extend((!value.is_empty()).then_some(value));
            }
            words.insert("survey".to_owned(), survey.into());
            words.insert("role".to_owned(), "客服".into());
            (words, personal)
        },
    )
}

/// A member of a live queue that is no agent.
const MEMBER: &str = "li.si@example.com";

/// An agent's fields, and their personal values.
type Case = (Map<String, Json>, Vec<String>);

/// Generates manifests and live state of a few agents and a queue, and their personal values.
#[derive(Clone, Debug)]
struct Estate {
    declared: Vec<Option<Case>>,
    live: Vec<Option<Case>>,
    replace: bool,
    prune: &'static str,
    limit: &'static str,
}

fn estate() -> impl Strategy<Value = Estate> {
    let side = || prop::collection::vec(prop::option::weighted(0.7, fields()), 5);
    let policy =
        (any::<bool>(), prop::sample::select(vec!["none", "all"]), prop::sample::select(vec!["100%", "1%"]));
    (side(), side(), policy).prop_map(|(declared, live, (replace, prune, limit))| Estate {
        declared,
        live,
        replace,
        prune,
        limit,
    })
}

impl Estate {
    fn personal(&self) -> Vec<&str> {
        let sides = self.declared.iter().chain(&self.live).flatten();
        let all = sides.flat_map(|(_, personal)| personal);
        all.map(String::as_str).chain([MEMBER]).collect()
    }

    fn plan(&self) -> Plan {
        let policy = format!(
            "{{ immutable: {}, prune: {}, limits: {{ deletes: {limit}, changes: {limit}, memberRemovals: 100%, floor: 0 }} }}",
            if self.replace { "replace" } else { "report" },
            self.prune,
            limit = self.limit,
        );
        let workspace = planning::workspace_with("", &policy);
        let desired = planning::desired(&[("roster/a.yaml".to_owned(), self.manifest())], &workspace);
        let live = planning::live(&self.live());
        let options = Options { program: "test".to_owned(), ..Options::default() };
        plan::plan(&workspace, &desired, &live, &Ledger::default(), &options).unwrap()
    }

    fn manifest(&self) -> String {
        let mut text = String::from("apiVersion: rosterctl/v1\nkind: Roster\nagents:\n");
        for (at, agent) in self.declared.iter().enumerate() {
            let Some((words, _)) = agent else { continue };
            let mut words = words.clone();
            words.insert("operatorId".to_owned(), id(at).into());
            let _ = writeln!(text, "  - {}", Json::from(words));
        }
        let members: Vec<String> = self
            .declared
            .iter()
            .enumerate()
            .filter(|(_, agent)| agent.is_some())
            .map(|(at, _)| id(at))
            .collect();
        let queue = json!({ "displayName": "售前", "assignMembers": members, "allowEmpty": true });
        let _ = writeln!(
            text,
            "  - {}\nqueues:\n  - {queue}",
            json!({ "operatorId": "8100", "name": "a", "role": "客服" })
        );
        text
    }

    fn live(&self) -> Json {
        let agents = self.live.iter().enumerate().filter_map(|(at, agent)| {
            let mut words = agent.as_ref()?.0.clone();
            words.remove("role");
            words.insert("sip".to_owned(), "none".into());
            Some((id(at), Json::from(words)))
        });
        let agents: Map<String, Json> = agents.collect();
        let queue = json!({ "displayName": "售前", "assignRule": "least", "memory": "off", "assignMembers": [MEMBER] });
        json!({ "agents": agents, "queues": { "1001": queue } })
    }
}

fn id(at: usize) -> String {
    (8001 + at).to_string()
}

fn report(command: Command, body: Body) -> Report {
    let part = Part {
        place: "teams/a".to_owned(),
        file: "teams/a/rosterctl.yaml".into(),
        exit: 0,
        last_clean_run: None,
        scene: Scene::default(),
        masked: false,
        body,
    };
    Report { command, several: false, parts: vec![part], roots: Roots::default(), language: Language::En }
}

/// Generates a run of a plan with notes on every step. A note holds the words of a vendor, and the fields of its
/// change.
fn run(plan: &Plan, vendor: &str, pick: usize) -> Run {
    let differences = |step: &Step| -> Vec<Difference> {
        let changes = plan.changes.iter().filter(|change| step.targets.contains(&change.id));
        let fields = changes.flat_map(|change| change.fields.iter().map(|field| (change.id.kind, field)));
        fields
            .map(|(kind, field)| Difference {
                kind,
                field: field.field,
                before: field.before.clone(),
                after: field.after.clone(),
            })
            .collect()
    };
    let why = format!("the vendor said no: {vendor} is taken");
    let results = plan.steps.iter().enumerate().map(|(at, step)| {
        let differs =
            |difference| Note::Differs { id: step.targets.first().cloned(), difference, kept: at % 2 == 0 };
        let what: Vec<Note> = differences(step).into_iter().map(differs).collect();
        let moved = differences(step).into_iter().next().map(|difference| Moved::Field { difference });
        let notes = match (at + pick) % 3 {
            0 => vec![Note::Failed { why: FailedCall::Refused { words: why.clone().into() } }],
            1 => vec![Note::NotTaken {
                what,
                unsure: false,
                note: Some(Box::new(Note::Failed { why: FailedCall::Refused { words: why.clone().into() } })),
            }],
            _ => moved.map(|why| Note::LeftOut { id: step.targets[0].clone(), why }).into_iter().collect(),
        };
        StepResult {
            status: [Status::Failed, Status::Unknown, Status::Skipped][(at + pick) % 3],
            notes,
            answered_ms: None,
            made: None,
            pending: false,
            identities: Vec::new(),
            carried_out: false,
            left_out: Vec::new(),
            only_deferred: false,
            spared: Vec::new(),
            members: None,
            dropped: Vec::new(),
            acknowledged: Vec::new(),
            confirmed: false,
            reset: Vec::new(),
            doubted: Vec::new(),
        }
    });
    let stale = plan.steps.iter().flat_map(|step| {
        let moved = differences(step).into_iter().map(|difference| Moved::Field { difference });
        moved.map(|what| Stale { id: step.targets[0].clone(), what }).collect::<Vec<_>>()
    });
    let refused = pick.is_multiple_of(2).then(|| Refused::Failed { why: why.clone().into() });
    Run { results: results.collect(), stale: stale.collect(), refused, ..Run::default() }
}

/// Fails if a masked format, or another one of the masked report, holds a personal value.
fn nothing_personal(report: &Report, personal: &[&str]) -> Result<(), TestCaseError> {
    for format in Format::ALL.iter().filter(|format| format.fits(report.command)) {
        let masked = if format.masks() { render(report, *format) } else { render(&report.masked(), *format) };
        for personal in personal {
            // Of an address the part before the `@` counts, too.
            let local = personal.split_once('@').map_or(*personal, |(local, _)| local);
            prop_assert!(!masked.contains(personal), "{personal} is in {format:?}:\n{masked}");
            prop_assert!(
                local.len() < 6 || !masked.contains(&format!("{local}@")),
                "{local} is in {format:?}:\n{masked}"
            );
        }
    }
    Ok(())
}

fn config() -> Config {
    Config { cases: 64, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_masked_plan_holds_nothing_personal(estate in estate()) {
        let plan = BoundPlan::new(estate.plan(), planning::supports());
        for command in [Command::Plan, Command::Drift] {
            nothing_personal(&report(command, Body::Planned(plan.clone())), &estate.personal())?;
        }
    }

    #[test]
    fn a_masked_run_holds_nothing_personal(estate in estate(), vendor in phone(), pick: usize) {
        let plan = estate.plan();
        let run = run(&plan, &vendor, pick);
        let mut personal = estate.personal();
        personal.push(&vendor);
        nothing_personal(&report(Command::Apply, Body::Ran(BoundPlan::new(plan, planning::supports()), run)), &personal)?;
    }

    #[test]
    fn a_masked_error_holds_nothing_personal(
        (words, personal) in fields(),
        wrong in prop::sample::select(vec![
            "boundPhone", "callerId", "name", "outbound", "wrapUpSeconds", "enabled", "sip", "type", "unknownKey",
            "operatorId", "channels", "password", "profile", "state",
        ]),
        value in phone(),
        shape in 0..3,
    ) {
        let workspace = planning::workspace_with("", "{}");
        let mut words = words;
        words.insert("operatorId".to_owned(), "8001".into());
        words.insert(wrong.to_owned(), match shape {
            0 => value.clone().into(),
            1 => json!([value]),
            _ => json!({ value.clone(): value }),
        });
        let text = format!("apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - {}\n  - {}\n", Json::from(words.clone()), Json::from(words));
        let file = File { name: "roster/a.yaml".into(), bytes: text.into_bytes() };
        let Err(wrong) = manifest::load(&[file], &workspace) else { return Ok(()) };
        let failure = Failure {
            workspace: Some("test".to_owned()),
            message: format!("a manifest has an error near {value}").into(),
            reason: None,
            diagnostics: wrong.into_sorted(),
        };
        let mut personal: Vec<&str> = personal.iter().map(String::as_str).filter(|one| *one != "95533").collect();
        personal.push(&value);
        nothing_personal(&report(Command::Drift, Body::Failed(failure)), &personal)?;
    }
}
