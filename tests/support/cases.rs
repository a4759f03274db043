//! The named plans: each folder holds the roster and the live state. Where they matter, it also holds the ledger,
//! the workspace and the options.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rosterctl::config::workspace::Workspace;
use rosterctl::model::desired::Desired;
use rosterctl::model::id::ResourceId;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::live::Live;
use rosterctl::model::plan::{Allowance, Plan};
use rosterctl::plan::{self, Options};
use serde_json::Value as Json;

use super::planning;

/// The folder of the cases.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan");

/// The input of a plan.
pub(crate) struct Case {
    pub(crate) workspace: Workspace,
    pub(crate) desired: Desired,
    pub(crate) live: Live,
    pub(crate) ledger: Ledger,
    pub(crate) options: Options,
}

impl Case {
    /// Returns the plan.
    pub(crate) fn plan(&self) -> Plan {
        let Self { workspace, desired, live, ledger, options } = self;
        plan::plan(workspace, desired, live, ledger, options).expect("targets that are there")
    }
}

/// Reads a case.
pub(crate) fn read(name: &str) -> Case {
    let folder = Path::new(FOLDER).join(name);
    let workspace = text(&folder, "workspace.yaml").map_or_else(
        || planning::workspace_with("", "{ limits: { floor: 100 } }"),
        |text| planning::workspace(&text),
    );
    let roster = text(&folder, "roster.yaml").expect("a roster");
    let live = planning::live(&json(&folder, "live.json").expect("what is live"));
    let ledger = json(&folder, "ledger.json").map(|resources| Ledger {
        resources: serde_json::from_value(resources).expect("resources of a ledger"),
        ..Ledger::default()
    });
    let options = json(&folder, "options.json").unwrap_or_default();
    let moment = |key: &str| options.get(key)?.as_str()?.parse::<Timestamp>().ok();
    let roster = planning::roster(&[("roster.yaml".to_owned(), roster)], &workspace, moment("at"));
    let desired = roster.desired;
    let targets = options.get("targets").and_then(Json::as_array).into_iter().flatten();
    let targets: Vec<ResourceId> =
        targets.map(|id| ResourceId::parse(id.as_str().unwrap_or_default()).expect("KIND/NAME")).collect();
    let options = Options {
        outlook: roster
            .dates
            .map(|dates| dates.outlook(&workspace, &desired, moment("last").as_slice(), &targets)),
        targets,
        allow: options.get("allow").map_or_else(Vec::new, |allow| {
            serde_json::from_value::<Vec<Allowance>>(allow.clone()).expect("allowances")
        }),
        assert_unread: options.get("assertUnread") == Some(&Json::Bool(true)),
        due: options.get("due") == Some(&Json::Bool(true)),
        watch: options.get("watch") == Some(&Json::Bool(true)),
        program: "test".to_owned(),
        fingerprints: options
            .get("fingerprints")
            .map(|prints| serde_json::from_value(prints.clone()).expect("fingerprints"))
            .unwrap_or_default(),
        gone: options
            .get("gone")
            .map(|gone| serde_json::from_value(gone.clone()).expect("agents"))
            .unwrap_or_default(),
        vacant: options
            .get("vacant")
            .map(|vacant| serde_json::from_value(vacant.clone()).expect("agents"))
            .unwrap_or_default(),
        elsewhere: options
            .get("elsewhere")
            .map(|others| serde_json::from_value(others.clone()).expect("workspaces by resource"))
            .unwrap_or_default(),
        manifests: String::new(),
    };
    Case { workspace, desired, live, ledger: ledger.unwrap_or_default(), options }
}

fn text(folder: &Path, name: &str) -> Option<String> {
    let path: PathBuf = folder.join(name);
    path.exists().then(|| fs::read_to_string(&path).expect("a file of a case"))
}

fn json(folder: &Path, name: &str) -> Option<Json> {
    text(folder, name).map(|text| serde_json::from_str(&text).expect("JSON"))
}
