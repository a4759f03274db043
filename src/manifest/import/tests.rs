#![allow(clippy::unwrap_used, reason = "a test may")]

use crate::vendors;
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::workspace::Workspace;
use crate::manifest;
use crate::model::agent::{NAME, ROLE, SKILL_LEVEL};
use crate::model::desired::Desired;
use crate::model::field::Record;
use crate::model::id::ResourceId;
use crate::model::ledger::LedgerEntry;
use crate::model::live::Listing;
use crate::model::rule::Effect;
use crate::model::source::File;
use crate::model::testing;
use crate::model::value::Value;
use crate::plan;
use crate::provider::agent_config::fields::AGENTS;

const ORIGIN: Origin<'_> =
    Origin { workspace: "test", taken: "2026-11-25T02:00:00Z", program: "0.1.0", agents: &AGENTS };

fn workspace() -> Workspace {
    let text = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\nconnections:\n  \
        a: { provider: agent-config, baseUrl: sandbox }\n  w: { provider: webchat-queue, baseUrl: sandbox }\n\
        secrets: { files: { type: dir, path: secrets } }\n";
    crate::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors::ALL.specs()).unwrap()
}

fn loaded(manifests: &[Manifest], workspace: &Workspace) -> Desired {
    let files: Vec<File> = manifests
        .iter()
        .map(|made| File { name: made.name.as_str().into(), bytes: made.text.clone().into_bytes() })
        .collect();
    manifest::load(&files, workspace)
        .unwrap_or_else(|wrong| panic!("{:#?}\n{}", wrong.into_sorted(), all(manifests)))
}

fn all(manifests: &[Manifest]) -> String {
    let shown: Vec<String> =
        manifests.iter().map(|made| format!("=== {}\n{}", made.name, made.text)).collect();
    shown.join("\n")
}

/// Returns a ledger that holds the applied fields of some agents.
fn ledger(live: &Live, salt: usize) -> Ledger {
    let mut ledger = Ledger::default();
    for (at, id) in live.agents.iter().flat_map(|listing| listing.items.keys()).enumerate() {
        let mut applied = LedgerEntry::default();
        if at % 7 != salt {
            let role = if (at + salt).is_multiple_of(5) { "班长" } else { "坐席" };
            applied.fields.insert(ROLE.key.to_owned(), json!(role));
        }
        if at % 11 == salt {
            applied.fields.insert(SKILL_LEVEL.key.to_owned(), json!(at));
        }
        ledger.resources.insert(ResourceId::agent(id).key(), applied);
    }
    ledger
}

/// Checks names that a manifest does not accept, and one that conflicts with a pool's placeholder.
#[test]
fn a_name_like_the_mark_of_the_number_is_left_out_and_the_rest_is_said() {
    let mut live = Live::default();
    let mut items = BTreeMap::new();
    for (id, name) in [("7001", "{operatorid}"), ("7002", "{{ x }}"), ("7003", "{name}")] {
        items.insert(OperatorId::new(id), named(name));
    }
    items.insert(OperatorId::new("7004"), named("{{7004}}"));
    for id in 8001..8009 {
        items.insert(OperatorId::new(id.to_string()), named(&format!("{{{id}}}")));
    }
    live.agents = Some(Listing { items, ..Listing::default() });
    let manifests = emit(&live, &Ledger::default(), ORIGIN, &Options::default());
    let (workspace, said) = (workspace(), all(&manifests));
    let desired = loaded(&manifests, &workspace);
    assert_eq!(desired.agents.len(), 12);
    for (id, agent) in &desired.agents {
        let name = agent.record.text(&NAME);
        assert_eq!(name.is_none(), ["7001", "7002", "7004"].contains(&id.as_str()), "{id} {name:?}\n{said}");
    }
    assert!(said.contains("would take it for a misspelt"), "{said}");
    let plan =
        plan::plan(&workspace, &desired, &live, &Ledger::default(), &plan::Options::default()).unwrap();
    assert!(plan.changes.is_empty(), "{:#?}", plan.changes);
}

fn named(name: &str) -> Record {
    let mut record = Record::default();
    record.set(&NAME, Value::Text(name.into()), None);
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// For any live state the manifests are valid, the plan is empty, and every agent is there.
    #[test]
    fn the_next_plan_is_empty(live in testing::estate(), salt in 0..12usize, password: bool, sip_numbers: bool) {
        let workspace = workspace();
        let ledger = ledger(&live, salt);
        let password = password.then(|| ("files".into(), "agents/{operatorId}".into()));
        let manifests = emit(&live, &ledger, ORIGIN, &Options { password: password.clone(), sip_numbers, role: None });
        if manifests.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<String> = manifests.iter().map(|made| made.name.to_lowercase()).collect();
        prop_assert_eq!(names.len(), manifests.len());
        let desired = loaded(&manifests, &workspace);
        let plan = plan::plan(&workspace, &desired, &live, &ledger, &plan::Options::default()).unwrap();
        prop_assert!(
            plan.changes.is_empty() && plan.findings.iter().all(|finding| finding.effect() == Effect::None),
            "{:#?}\n{:#?}\n{}", plan.changes, plan.findings, all(&manifests)
        );
        for (id, record) in &live.agents.as_ref().unwrap().items {
            let Some(agent) = desired.agents.get(id) else {
                prop_assert!(OperatorId::objection(id.as_str()).is_some(), "{} is forgotten", id);
                continue;
            };
            prop_assert_eq!(agent.record.get(&crate::model::agent::PASSWORD).is_some(), password.is_some());
            for entry in record.iter().filter(|entry| expressible::objection(entry.value, entry.field).is_none()) {
                let said = agent.record.get(entry.field);
                prop_assert!(said.is_some(), "{} {} is forgotten\n{}", id, entry.field.key, all(&manifests));
            }
        }
        for (exten, queue) in &live.queues.as_ref().unwrap().items {
            let declared = desired.queues.values().any(|declared| {
                declared.name == queue.name && declared.exten.as_deref().is_none_or(|own| own == exten.as_str())
            });
            prop_assert!(declared || queue.name.trim().is_empty(), "{} is forgotten\n{}", queue.name, all(&manifests));
        }
    }
}
