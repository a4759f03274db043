//! rota: the people on duty, read only.
//!
//! The vendor lists everybody on duty, page by page. It holds no agents and no queues.

mod simulator;

use rosterctl::config::settings::{OperationSpec, SettingType, Spec, required};
use rosterctl::config::workspace::Connection;
use rosterctl::model::call::{Call, Failure, Method, Reply};
use rosterctl::model::id::OperatorId;
use rosterctl::model::presence::{PresenceReport, State};
use rosterctl::model::secret::{Secret, SecretRef};
use rosterctl::provider::json_cursor::{Cursor, object};
use rosterctl::provider::{Connector, Observer, PresencePage, PresenceQuery, QueryMode};

pub(crate) use self::simulator::State as Simulator;

/// Rows of a page.
const PAGE_SIZE: usize = 20;

/// The connector's description.
static SPEC: Spec = Spec {
    name: "rota",
    doc: "The people on duty: read for the presence guard.",
    document: "rota.txt",
    supports: &[],
    tenant: &[],
    credential: &[],
    writes: false,
    settings: &[required("token", SettingType::Secret, "The token that every call carries.")],
    operations: &[OperationSpec { name: "duty", writes: false, rate_setting: None }],
    states: &[State::OnCall, State::Idle, State::Resting, State::SignedOut, State::Unknown],
    refused: None,
    asks: None,
    chinese: &[],
};

/// The vendor's words.
const WORDS: &[(&str, State)] = &[
    ("talks", State::OnCall),
    ("waits", State::Idle),
    ("rests", State::Resting),
    ("left", State::SignedOut),
];

/// The connector.
pub(crate) struct Rota;

impl Connector for Rota {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef> {
        connection.settings.secret("token")
    }

    fn sign(&self, _: &Connection, secret: &Secret, _: i64, call: &mut Call) {
        call.headers.push(("X-Rota-Token", secret.expose().to_owned()));
    }
}

impl Observer for Rota {
    fn way(&self, _: &Connection) -> QueryMode {
        QueryMode::Listing(PAGE_SIZE)
    }

    fn ask(&self, _: &Connection, question: &PresenceQuery<'_>) -> Option<Call> {
        let PresenceQuery::Page(page) = question else { return None };
        Some(Call {
            operation: "duty",
            method: Method::Get,
            path: "/rota/duty".to_owned(),
            query: vec![("page", page.to_string())],
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    fn hear(&self, _: &Connection, _: &PresenceQuery<'_>, reply: &Reply) -> Result<PresencePage, Failure> {
        let body = object(reply)?;
        let total = Cursor::new(&body, "", "onDuty").number()?.and_then(|total| usize::try_from(total).ok());
        let mut page = PresencePage { total, ..PresencePage::default() };
        let Some(list) = Cursor::new(&body, "", "duty").objects()? else {
            return Err(Failure::Garbled("JSON without the documented `duty`".to_owned().into()));
        };
        for (row, path) in list {
            let who = Cursor::new(row, &path, "who").text()?;
            let does = Cursor::new(row, &path, "does").text()?.unwrap_or_default();
            let Some(who) = who else {
                page.nameless += 1;
                continue;
            };
            let known = WORDS.iter().find(|(word, _)| *word == does).map(|(_, state)| *state);
            let detail = known.is_none().then(|| does.into());
            let state = known.unwrap_or(State::Unknown);
            let who = OperatorId::from(&*who);
            page.rows.push(who.clone());
            page.said.push((who, PresenceReport { system: SPEC.name, state, detail }));
        }
        Ok(page)
    }
}
