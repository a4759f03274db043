#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::ledger::{AppliedPassword, LedgerEntry, ReplacementBackup, SeenPassword};
use crate::model::testing;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// All live state survives the round trip.
    #[test]
    fn what_is_written_is_read(live in testing::live()) {
        let snapshot = Snapshot { program: "1".into(), workspace: "w \"1\"".into(), taken: "t".into(), live, ledger: None };
        let text = write(&snapshot);
        let back = read(text.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
        prop_assert_eq!(format!("{:?}", back), format!("{:?}", snapshot));
    }
}

#[test]
fn what_an_answer_did_not_tell_is_not_told_by_a_snapshot() {
    let mut record = Record::default();
    for field in [&crate::model::agent::EMAIL, &crate::model::agent::ENABLED, &crate::model::agent::SIP] {
        record.mark_unread(field);
    }
    let items = BTreeMap::from([(OperatorId::from("8001"), record)]);
    let live = Live { agents: Some(Listing { items, ..Listing::default() }), ..Live::default() };
    let back = read(write(&Snapshot { live, ..Snapshot::default() }).as_bytes()).unwrap();
    let record = &back.live.agents.unwrap().items[&"8001".into()];
    for field in [&crate::model::agent::EMAIL, &crate::model::agent::ENABLED, &crate::model::agent::SIP] {
        assert!(record.is_unread(field), "{field:?}");
    }
    assert!(!record.is_unread(&crate::model::agent::NAME));
}

#[test]
fn the_ledger_goes_along_without_fingerprints() {
    let mut ledger = Ledger { last_clean_run: Some("2026-01-01T00:00:00Z".to_owned()), ..Ledger::default() };
    let kept = ReplacementBackup {
        queues: BTreeMap::from([("1001".to_owned(), 5)]),
        ..ReplacementBackup::default()
    };
    ledger.kept.insert("agent/8001".to_owned(), kept);
    let mut applied = LedgerEntry { exten: Some("1000".to_owned()), ..LedgerEntry::default() };
    applied.fields.insert("role".to_owned(), json!("班长"));
    applied.password = Some(AppliedPassword {
        version: Some(3),
        fingerprint: Some("5ec2e7f1".to_owned()),
        ..AppliedPassword::default()
    });
    ledger.resources.insert("agent/8001".to_owned(), applied.clone());
    let seen = Some(SeenPassword { version: Some(2) });
    ledger
        .resources
        .insert("agent/8002".to_owned(), LedgerEntry { password_seen: seen, ..LedgerEntry::default() });
    let text = write(&Snapshot { ledger: Some(ledger.clone()), ..Snapshot::default() });
    assert!(!text.contains("5ec2e7f1"), "{text}");
    let back = read(text.as_bytes()).unwrap().ledger.unwrap();
    applied.password = Some(AppliedPassword { version: Some(3), ..AppliedPassword::default() });
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
    3: `name` appears twice
    3: invalid type: integer `1`, expected a string
    3: `operatorId` of an agent is empty
    3: an agent has no `operatorId`
    5: an agent with `operatorId` 1 appears twice
    3: a queue has no `displayName`
    3: agent 8001 appears twice in a queue (priority 0, 0)
    3: invalid type: integer `8001`, expected an agent's number in quotes, or { "agentNumber": …, "priority": … }
    2: invalid value: integer `0`, expected a nonzero u32
    2: missing field `items`
    2: invalid length 3, expected a listing with `items`
    2: duplicate field `workspace`
    2: unknown field `qeues`, expected one of `format`, `program`, `workspace`, `taken`, `agents`, `queues`, `ledger`
    2: unknown field `feilds`, expected one of `fields`, `exten`, `pending`, `letGo`, `identity`, `written`, `succeeded`, `protect`, `left`, `released`, `password`, `unconfirmed`, `notTaken`, `passwordSeen`, `passwordMade`
    2: it ends too early: was it cut off?
    2: missing field `items`
    invalid length 0, expected a snapshot
    it is no JSON: expected value
    missing field `format`
    its format is `rosterctl.plan/v1` instead of `rosterctl.snapshot/v1`
    "#
    );
}
