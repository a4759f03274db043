//! Live state in a file, for `plan --live` where no credential may go.
//!
//! It holds only the input of planning: agents and queues in the manifest's words, the reason if a listing may be
//! incomplete, and the ledger. It holds no secret. Live state has none, and of a password only the ledger's version
//! is written, never its fingerprint.
//!
//! The file is JSON with one line per resource, so that it can be compared, searched and compressed:
//!
//! ```text
//! {"format":"rosterctl.snapshot/v1","program":"0.1.0","workspace":"acme-prod","taken":"2026-11-25T02:00:00Z",
//! "agents":{"pageSize":100,"items":[
//! {"operatorId":"8001","name":"张三","type":"agent","mainSkillGroup":"售前","enabled":true}
//! ]},
//! "queues":{"pageSize":50,"items":[
//! {"exten":"1000","displayName":"在线售前","assignRule":"priority","assignMembers":[{"agentNumber":"8001","priority":10},"8101"]}
//! ]},
//! "ledger":{"resources":{
//! "agent/8001":{"fields":{"role":"普通坐席"}}
//! }}}
//! ```
//!
//! A kind of resource without a connection is left out. `incomplete` beside `items` gives the reason if a listing may
//! be incomplete. `changed` is the time of the last change of a resource, `changedBy` the agent who made it. `unread` names
//! the texts that an agent's row did not contain, `masked` the fields that it hid in part. `outside` holds the resources
//! outside the workspace's scope, with few of their fields. A value that no document lists is `{"unknown":"7"}`, as in a
//! plan. Voice seats are left out: no step depends
//! on them.

mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::json;

pub use self::read::{SnapshotError, read};
use crate::model::agent::FIELDS;
use crate::model::field::{Field, Record};
use crate::model::id::OperatorId;
use crate::model::last_change::VendorChange;
use crate::model::ledger::Ledger;
use crate::model::live::{Listing, Live, LiveQueue};
use crate::model::value::Value;

/// Value of `format` of a snapshot.
pub const FORMAT: &str = "rosterctl.snapshot/v1";

/// Key of the texts that an agent's row lacked. Without it, a missing text is unset.
const UNREAD: &str = "unread";

/// Key of the vendor's own identity of an agent.
const IDENTITY: &str = "identity";

/// Key of the last change of a resource, in seconds since 1970 UTC.
const CHANGED: &str = "changed";

/// Key of the agent who made the last change of a queue.
const CHANGED_BY: &str = "changedBy";

/// Key of the fields that an agent's row hid in part.
const MASKED: &str = "masked";

/// Live state at a moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Version of the program that took it.
    pub program: Arc<str>,
    /// Name of the workspace.
    pub workspace: Arc<str>,
    /// UTC timestamp of the snapshot.
    pub taken: Arc<str>,
    /// Live state.
    pub live: Live,
    /// The ledger; `None` if the snapshot has none.
    pub ledger: Option<Ledger>,
}

/// Serializes a snapshot.
pub fn write(snapshot: &Snapshot) -> String {
    let Snapshot { program, workspace, taken, live, ledger } = snapshot;
    let mut out = format!(
        "{{\"format\":{},\"program\":{},\"workspace\":{},\"taken\":{}",
        json!(FORMAT),
        json!(&**program),
        json!(&**workspace),
        json!(&**taken)
    );
    let Live { agents, queues, seats: _ } = live;
    if let Some(listing) = agents {
        write_listing(&mut out, "agents", listing, agent);
    }
    if let Some(listing) = queues {
        write_listing(&mut out, "queues", listing, queue);
    }
    if let Some(ledger) = ledger {
        write_ledger(&mut out, ledger);
    }
    out.push_str("}\n");
    out
}

fn write_listing<V>(
    out: &mut String,
    key: &str,
    listing: &Listing<OperatorId, V>,
    row: impl Fn(&mut String, &OperatorId, &V),
) {
    let Listing { items, incomplete, foreign, outside, page_size } = listing;
    out.push_str(&format!(",\n\"{key}\":{{\"pageSize\":{page_size}"));
    if let Some(doubt) = incomplete {
        out.push_str(&format!(",\"incomplete\":{}", json!(doubt)));
    }
    if !foreign.is_empty() {
        let foreign: Vec<&str> = foreign.iter().map(OperatorId::as_str).collect();
        out.push_str(&format!(",\"foreign\":{}", json!(foreign)));
    }
    let lists = [("items", items), ("outside", outside)];
    for (key, rows) in lists.into_iter().filter(|(key, rows)| *key == "items" || !rows.is_empty()) {
        out.push_str(&format!(",\"{key}\":["));
        let mut comma = "\n";
        for (id, value) in rows {
            out.push_str(comma);
            row(out, id, value);
            out.push('}');
            comma = ",\n";
        }
        out.push_str("\n]");
    }
    out.push('}');
}

fn agent(out: &mut String, id: &OperatorId, record: &Record) {
    out.push_str(&format!("{{\"operatorId\":{}", json!(id.as_str())));
    if !record.identity().is_unknown() {
        out.push_str(&format!(",\"{IDENTITY}\":{}", json!(record.identity())));
    }
    if let Some(at) = record.changed() {
        out.push_str(&format!(",\"{CHANGED}\":{at}"));
    }
    fields(out, record);
    let keys = |wanted: fn(&Record, &Field) -> bool| -> Vec<&str> {
        FIELDS.iter().filter(|field| wanted(record, field)).map(|field| field.key).collect()
    };
    let unread =
        keys(|record, field| field.ty.is_text() && record.is_unread(field) && !record.is_masked(field));
    for (key, fields) in [(UNREAD, unread), (MASKED, keys(Record::is_masked))] {
        if !fields.is_empty() {
            out.push_str(&format!(",\"{key}\":{}", json!(fields)));
        }
    }
}

fn queue(out: &mut String, exten: &OperatorId, queue: &LiveQueue) {
    let LiveQueue { name, changed, record } = queue;
    out.push_str(&format!("{{\"exten\":{},\"displayName\":{}", json!(exten.as_str()), json!(&**name)));
    if let Some(VendorChange { at, by }) = changed {
        out.push_str(&format!(",\"{CHANGED}\":{at}"));
        if let Some(by) = by {
            out.push_str(&format!(",\"{CHANGED_BY}\":{}", json!(&**by)));
        }
    }
    fields(out, record);
}

fn fields(out: &mut String, record: &Record) {
    for entry in record.iter() {
        let value = match entry.value {
            // Live state has no password, and the name of a secret would be useless.
            Value::Password(_) => continue,
            // As in a manifest: a number alone has priority 0.
            Value::Members(members) => members
                .iter()
                .map(|(id, priority)| match priority {
                    0 => json!(id.as_str()),
                    priority => json!({ "agentNumber": id.as_str(), "priority": priority }),
                })
                .collect(),
            value => value.to_json(),
        };
        out.push_str(&format!(",\"{}\":{value}", entry.field.key));
    }
}

fn write_ledger(out: &mut String, ledger: &Ledger) {
    let Ledger {
        format: _,
        version: _,
        workspace: _,
        serial: _,
        last_clean_run,
        last_instant,
        tried,
        tenants,
        resources,
        kept,
        awaited: _,
        waiting,
        history: _,
        copied_to: _,
    } = ledger;
    out.push_str(",\n\"ledger\":{");
    if let Some(run) = last_clean_run {
        out.push_str(&format!("\"lastCleanRun\":{},", json!(run)));
    }
    if let Some(instant) = last_instant {
        out.push_str(&format!("\"lastInstant\":{},", json!(instant)));
    }
    if !tried.is_empty() {
        out.push_str(&format!("\"tried\":{},", json!(tried)));
    }
    if !tenants.is_empty() {
        out.push_str(&format!("\"tenants\":{},", json!(tenants)));
    }
    if !kept.is_empty() {
        out.push_str(&format!("\"kept\":{},", json!(kept)));
    }
    if !waiting.is_empty() {
        out.push_str(&format!("\"waiting\":{},", json!(waiting)));
    }
    out.push_str("\"resources\":{");
    let mut comma = "\n";
    for (id, applied) in resources {
        out.push_str(&format!("{comma}{}:{}", json!(id), applied.without_fingerprint()));
        comma = ",\n";
    }
    out.push_str("\n}}");
}
