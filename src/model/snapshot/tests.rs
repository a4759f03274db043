#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::field::Field;
use crate::model::ledger::{AppliedPassword, Kept};
use crate::model::value::{Sip, Type};
use crate::model::{agent, queue};

/// Any value that can be live.
fn value(field: &'static Field) -> BoxedStrategy<Value> {
    let other = ".{0,4}".prop_map(|raw: String| Value::Other(raw.into()));
    let known = match field.ty {
        Type::Text { .. } => ".{0,6}".prop_map(|text: String| Value::Text(text.into())).boxed(),
        Type::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        Type::Number => any::<i64>().prop_map(Value::Number).boxed(),
        Type::Choice(words) => proptest::sample::select(words).prop_map(Value::Choice).boxed(),
        Type::Set(words) => {
            proptest::sample::subsequence(words.to_vec(), 0..=words.len()).prop_map(Value::Set).boxed()
        }
        Type::Sip => prop_oneof![
            Just(Value::Sip(Sip::None)),
            ".{0,4}".prop_map(|number: String| Value::Sip(Sip::Number(number.into()))),
        ]
        .boxed(),
        Type::Members => proptest::collection::btree_map("[a-z]{1,3}", 0..3i64, 0..4)
            .prop_map(|members: BTreeMap<String, i64>| {
                Value::Members(Arc::new(
                    members.into_iter().map(|(id, priority)| (OperatorId::new(id), priority)).collect(),
                ))
            })
            .boxed(),
        Type::Password => return Just(Value::Other("never live".into())).boxed(),
    };
    prop_oneof![9 => known, 1 => other].boxed()
}

fn record(table: &'static [&'static Field]) -> impl Strategy<Value = Record> {
    let fields: Vec<BoxedStrategy<Option<Value>>> = table
        .iter()
        .map(|field| match field.ty {
            Type::Password => Just(None).boxed(),
            _ => proptest::option::weighted(0.7, value(field)).boxed(),
        })
        .collect();
    fields.prop_map(move |values| {
        let mut record = Record::default();
        for (field, value) in table.iter().zip(values) {
            if let Some(value) = value {
                record.set(field, value, None);
            }
        }
        record
    })
}

fn listing<V: Clone + std::fmt::Debug>(
    row: impl Strategy<Value = V>,
) -> impl Strategy<Value = Option<Listing<OperatorId, V>>> {
    let items = proptest::collection::btree_map(".{1,5}", row, 0..6);
    let listing = (items, proptest::option::of(".{0,8}"), 1..500usize);
    proptest::option::of(listing.prop_map(|(items, incomplete, page_size)| Listing {
        items: items.into_iter().map(|(id, row): (String, V)| (OperatorId::new(id), row)).collect(),
        incomplete,
        page_size,
    }))
}

fn live() -> impl Strategy<Value = Live> {
    let queue = (".{0,5}", record(queue::FIELDS))
        .prop_map(|(name, record): (String, _)| LiveQueue { name: name.into(), record });
    (listing(record(agent::FIELDS)), listing(queue)).prop_map(|(agents, queues)| Live {
        agents,
        queues,
        ..Live::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is live comes back as it was.
    #[test]
    fn what_is_written_is_read(live in live()) {
        let snapshot = Snapshot { program: "1".into(), workspace: "w \"1\"".into(), taken: "t".into(), live, ledger: None };
        let text = write(&snapshot);
        let back = read(text.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
        prop_assert_eq!(format!("{:?}", back), format!("{:?}", snapshot));
    }
}

#[test]
fn the_ledger_goes_along_without_fingerprints() {
    let mut ledger = Ledger { last_clean_run: Some("2026-01-01T00:00:00Z".to_owned()), ..Ledger::default() };
    let kept = Kept { queues: BTreeMap::from([("1001".to_owned(), 5)]), ..Kept::default() };
    ledger.kept.insert("agent/8001".to_owned(), kept);
    let mut applied = Applied { exten: Some("1000".to_owned()), ..Applied::default() };
    applied.fields.insert("role".to_owned(), json!("班长"));
    applied.password = Some(AppliedPassword { version: Some(3), fingerprint: Some("5ec2e7f1".to_owned()) });
    ledger.resources.insert("agent/8001".to_owned(), applied.clone());
    let text = write(&Snapshot { ledger: Some(ledger.clone()), ..Snapshot::default() });
    assert!(!text.contains("5ec2e7f1"), "{text}");
    let back = read(text.as_bytes()).unwrap().ledger.unwrap();
    applied.password = Some(AppliedPassword { version: Some(3), fingerprint: None });
    ledger.resources.insert("agent/8001".to_owned(), applied);
    assert_eq!(back, ledger);
}

const HEAD: &str = r#"{"format":"rosterctl.snapshot/v1","program":"1","workspace":"w","taken":"t","#;

fn said(rest: &str) -> String {
    let wrong = read(format!("{HEAD}\n{rest}").as_bytes()).unwrap_err();
    format!("{}: {}", wrong.line, wrong.message)
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let agents = |rows: &str| said(&format!("\"agents\":{{\"items\":[\n{rows}\n]}}}}"));
    let queues = |rows: &str| said(&format!("\"queues\":{{\"items\":[\n{rows}\n]}}}}"));
    insta::assert_snapshot!(
        [
            agents(r#"{"operatorId":"1","enabeld":true}"#),
            agents(r#"{"operatorId":"1","enabled":"yes"}"#),
            agents(r#"{"operatorId":"1","enabled":1}"#),
            agents(r#"{"operatorId":"1","wrapUpSeconds":1.5}"#),
            agents(r#"{"operatorId":"1","wrapUpSeconds":18446744073709551615}"#),
            agents(r#"{"operatorId":"1","outbound":"3"}"#),
            agents(r#"{"operatorId":"1","channels":["voice","fax"]}"#),
            agents(r#"{"operatorId":"1","channels":["voice","voice"]}"#),
            agents(r#"{"operatorId":"1","sip":{"number":"1","x":2}}"#),
            agents(r#"{"operatorId":"1","password":"hunter2"}"#),
            agents(r#"{"operatorId":"1","name":null}"#),
            agents(r#"{"operatorId":"1","name":"a","name":"b"}"#),
            agents(r#"{"operatorId":1}"#),
            agents(r#"{"operatorId":""}"#),
            agents(r#"{"name":"a"}"#),
            agents("{\"operatorId\":\"1\"},\n{\"operatorId\":\"1\"}"),
            queues(r#"{"exten":"1"}"#),
            queues(r#"{"exten":"1","displayName":"a","assignMembers":["8001","8001"]}"#),
            queues(r#"{"exten":"1","displayName":"a","assignMembers":[8001]}"#),
            said(r#""agents":{"items":[],"pageSize":0}}"#),
            said(r#""agents":{"pageSize":9}}"#),
            said(r#""agents":[]}"#),
            said(r#""workspace":"w"}"#),
            said(r#""qeues":{}}"#),
            said(r#""ledger":{"resources":{"agent/1":{"feilds":{}}}}}"#),
            said(r#""agents":{"items":[{"operatorId":"1""#),
            said(r#""agents":{}} trailing"#),
            read(b"[]").unwrap_err().message,
            read(b"<html>").unwrap_err().message,
            read(b"{}").unwrap_err().message,
            read(br#"{"format":"rosterctl.plan/v1"}"#).unwrap_err().message,
        ]
        .join("\n"),
        @r#"
    3: unknown field `enabeld` of an agent; did you mean `enabled`?
    3: invalid value: string "yes", expected true or false for `enabled`
    3: invalid type: integer `1`, expected true or false for `enabled`
    3: invalid type: floating point `1.5`, expected a whole number for `wrapUpSeconds`
    3: invalid type: integer `18446744073709551615`, expected a whole number for `wrapUpSeconds`
    3: invalid value: string "3", expected one of allowed, no-long-distance, forbidden, no-international for `outbound`
    3: invalid value: string "fax", expected a list of some of voice, message, video, each once, for `channels`
    3: invalid value: string "voice", expected a list of some of voice, message, video, each once, for `channels`
    3: invalid type: map, expected "none" or { "number": "…" } for `sip`
    3: `password` is a secret, which no snapshot holds
    3: invalid type: null, expected a text for `name`
    3: `name` stands twice
    3: invalid type: integer `1`, expected a string
    3: `operatorId` of an agent is empty
    3: an agent has no `operatorId`
    5: an agent with `operatorId` 1 stands twice
    3: a queue has no `displayName`
    3: agent 8001 stands twice in a queue (priority 0, 0)
    3: invalid type: integer `8001`, expected an agent's number in quotes, or { "agentNumber": …, "priority": … }
    2: `pageSize` is 0; a page has at least one row
    2: a listing has `items`, and this one has none
    2: invalid type: sequence, expected a listing with `items`, each an agent
    2: `workspace` stands twice
    2: unknown field `qeues` of a snapshot; did you mean `queues`?
    2: unknown field `feilds`, expected one of `fields`, `exten`, `password`
    2: it ends too early: was it cut off?
    2: a listing has `items`, and this one has none
    invalid type: sequence, expected a snapshot
    it is no JSON: expected value
    a snapshot has `format`, and this file has none
    its format is `rosterctl.plan/v1` instead of `rosterctl.snapshot/v1`
    "#
    );
}
