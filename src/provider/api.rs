//! The interface of a connector: its traits, their arguments and results.

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::call::{Call, Failure, Reply};
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::live::LiveQueue;
use crate::model::presence::PresenceReport;
use crate::model::seat::LiveSeat;
use crate::model::secret::{Secret, SecretRef};
use crate::model::support::Support;
use crate::model::write_op::WriteOp;

/// A write operation that a vendor lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// A row of a listing.
#[derive(Clone, Debug)]
pub enum Row {
    /// An agent.
    Agent(OperatorId, Record),
    /// A queue, by the vendor's number.
    Queue(OperatorId, LiveQueue),
    /// An agent of another company than the connection's: it counts towards the total, and is otherwise ignored.
    Foreign(OperatorId, i64),
}

impl Row {
    /// Returns the vendor's key of the resource.
    pub fn key(&self) -> &OperatorId {
        match self {
            Row::Agent(key, _) | Row::Queue(key, _) | Row::Foreign(key, _) => key,
        }
    }
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// The number of rows of the whole listing, as the vendor reports it.
    pub total: Option<usize>,
}

/// A vendor's response to a write that it carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReceipt {
    /// The number of a created queue.
    pub exten: Option<String>,
    /// The numbers of created agents; empty if the response names none.
    pub agents: Vec<OperatorId>,
}

impl WriteReceipt {
    /// Describes any mismatch between requested and created agent IDs.
    pub fn id_mismatch(&self, asked: &[OperatorId]) -> Option<String> {
        let missing: Vec<&str> =
            asked.iter().filter(|id| !self.agents.contains(id)).map(OperatorId::as_str).collect();
        if self.agents.is_empty() || missing.is_empty() {
            return None;
        }
        let others: Vec<&str> =
            self.agents.iter().filter(|id| !asked.contains(id)).map(OperatorId::as_str).collect();
        let made = if others.is_empty() { "fewer".to_owned() } else { short(&others) };
        Some(format!(
            "the vendor answered that it made {made} and not {}: look into its console before you apply again, or \
             it may make more of them",
            short(&missing)
        ))
    }
}

/// Lists the first of some numbers.
fn short(ids: &[&str]) -> String {
    const MOST: usize = 5;
    let more = if ids.len() > MOST { format!(" and {} more", ids.len() - MOST) } else { String::new() };
    ids.iter().take(MOST).copied().collect::<Vec<_>>().join(", ") + &more
}

/// A vendor system that can be called. All functions are from data to data.
///
/// If [`Connector::token_request`] returns a call, the connection's secret signs nothing but that call. Its response
/// is a [`Token`], whose secret signs all others. The client keeps one token a connection. One task fetches it at a
/// time, again when [`Token::is_stale`], and once after a refused sign-in.
pub trait Connector: Sync {
    /// Returns the connector's description.
    fn spec(&self) -> &'static Spec;

    /// Returns the secret that signs its calls, or that fetches the signing token.
    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef>;

    /// Signs a call for a moment, in milliseconds since 1970 UTC. Each attempt is signed afresh.
    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call);

    /// Returns true if the `Host` header is signed.
    ///
    /// The client then speaks HTTP/1.1, which sends the header as it was signed.
    fn signs_host(&self) -> bool {
        false
    }

    /// Builds the complete, unsigned request for a token, if the connection signs in.
    fn token_request(&self, _: &Connection, _: &Secret) -> Option<Call> {
        None
    }

    /// Parses the token that was received at a moment.
    fn parse_token(&self, _: &Connection, _: &Reply, _now_ms: i64) -> Result<Token, Failure> {
        Err(Failure::Garbled("no token was asked for".to_owned().into()))
    }
}

/// A token that a vendor issued for a while.
pub struct Token {
    /// The secret that signs calls.
    pub secret: Secret,
    /// The time from which the token is to be renewed, in milliseconds since 1970 UTC.
    pub renew_at_ms: i64,
    /// The time from which the vendor rejects the token, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

impl Token {
    /// Returns a token with a lifetime in seconds.
    ///
    /// It is to be renewed after four fifths of it.
    pub fn lasting(secret: Secret, now_ms: i64, seconds: i64) -> Self {
        let lasts_ms = seconds.max(0).saturating_mul(1000);
        let at = |ms: i64| now_ms.saturating_add(ms);
        Self { secret, renew_at_ms: at(lasts_ms / 5 * 4), expires_at_ms: at(lasts_ms) }
    }

    /// Returns true if the token is to be renewed.
    pub fn is_stale(&self, now_ms: i64) -> bool {
        now_ms >= self.renew_at_ms
    }
}

/// A vendor system that knows agents' presence. All functions are from data to data.
///
/// The runtime makes one [`Presence`](crate::model::presence::Presence) of all observers. Signing, rate limits and
/// retries are those of any other read call.
///
/// Of a listing, the runtime reads page 1, computes the rest with [`pages`](super::paging::pages), reads them
/// concurrently, and combines them with [`gather`](super::paging::gather). Of a system that is queried agent by
/// agent, it reads the agents that a step disrupts. A failure becomes a gap
/// ([`Presence::fail`](crate::model::presence::Presence::fail)), and is never taken for absence.
pub trait Observer: Connector {
    /// Returns the system's mode of query.
    fn way(&self, connection: &Connection) -> QueryMode;

    /// Builds the request for a query; `None` if the system cannot know the agent, or has another mode.
    fn ask(&self, connection: &Connection, question: &PresenceQuery<'_>) -> Option<Call>;

    /// Parses the response. A system that does not know the agent returns an empty page.
    fn hear(
        &self,
        connection: &Connection,
        question: &PresenceQuery<'_>,
        reply: &Reply,
    ) -> Result<PresencePage, Failure>;
}

/// A mode of querying presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryMode {
    /// A listing of all agents, on pages of so many rows.
    Listing(usize),
    /// One request an agent.
    Singly,
}

/// A presence query.
#[derive(Clone, Copy, Debug)]
pub enum PresenceQuery<'a> {
    /// A page of the listing, from 1.
    Page(usize),
    /// One agent.
    Agent(&'a OperatorId),
}

/// The response to a presence query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresencePage {
    /// The reported state of each agent.
    pub said: Vec<(OperatorId, PresenceReport)>,
    /// The number of rows that name no agent. Each may be about any agent that the page does not list.
    pub nameless: usize,
    /// The keys of the page's rows, which need not be agents; the proof of a complete listing rests on them. For a
    /// query of one agent: that agent, if the response is about it, even without a state.
    pub rows: Vec<OperatorId>,
    /// The number of rows of the whole listing, as the vendor reports it.
    pub total: Option<usize>,
}

/// A vendor system that holds resources. All functions are from data to data.
///
/// A vendor that holds several kinds has a provider for each.
pub trait Provider: Connector {
    /// Returns the support of its kind of resource.
    fn support(&self) -> &'static Support;

    /// Returns the number of rows to request for a page of the listing.
    fn page_size(&self, connection: &Connection) -> usize;

    /// Builds the request for a page of the listing, from 1.
    fn list_request(&self, connection: &Connection, page: usize) -> Call;

    /// Parses a page.
    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure>;

    /// Builds the request for one resource by the vendor's key.
    fn get_request(&self, connection: &Connection, key: &str) -> Call;

    /// Parses one resource; `None` if the response does not hold it.
    ///
    /// `None` proves nothing if [`Provider::search_request`] offers a second request.
    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure>;

    /// Builds the request for a page of a listing narrowed to one resource, if documented.
    fn search_request(&self, connection: &Connection, key: &str, page: usize) -> Option<Call>;

    /// Builds the request for a page of the listing narrowed by a name.
    ///
    /// `None` if the vendor's filter may miss a name that is equal.
    fn named_request(&self, _: &Connection, _name: &str, _page: usize) -> Option<Call> {
        None
    }

    /// Returns the call of a write operation, with the password that it sends.
    ///
    /// # Errors
    /// The vendor lacks the operation.
    fn write_request(
        &self,
        connection: &Connection,
        op: &WriteOp,
        password: Option<&Secret>,
    ) -> Result<Call, Unsupported>;

    /// Parses the response to a write.
    fn parse_write(&self, connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure>;
}

/// A window of time, as the vendor writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first second.
    pub start: String,
    /// The last second.
    pub end: String,
}

/// The digest of a seat's password, which can only be compared.
pub trait PasswordDigest {
    /// Returns true if it is the digest of a secret.
    fn is_of(&self, secret: &Secret) -> bool;
}

/// A page of the listing of voice seats.
#[derive(Default)]
pub struct SeatPage {
    /// The rows.
    pub rows: Vec<SeatRow>,
    /// The number of rows of the whole listing, as the vendor reports it.
    pub total: Option<usize>,
}

/// A row of the listing.
pub struct SeatRow {
    /// The vendor's key of the seat.
    pub account: OperatorId,
    /// True if the seat is deleted.
    pub deleted: bool,
    /// The seat.
    pub seat: LiveSeat,
    /// The digest of the password, if the row has one.
    pub password: Option<Box<dyn PasswordDigest>>,
}

/// A vendor system that holds voice seats, which are read and never written. All functions are from data to data.
///
/// The listing takes a span of time for its call figures. The runtime reads all pages of each window of the span, and
/// combines them with [`seats`](super::seats::seats).
pub trait SeatReader: Connector {
    /// Returns the number of rows to request for a page of the listing.
    fn page_size(&self) -> usize;

    /// Cuts the time from `start_ms` until just before `end_ms` into windows that the vendor accepts.
    ///
    /// The earliest comes first; there is at least one.
    fn windows(&self, connection: &Connection, start_ms: i64, end_ms: i64) -> Vec<Window>;

    /// Builds the request for a page of the listing, from 1, with a window's figures.
    fn page_request(&self, window: &Window, page: usize) -> Call;

    /// Parses a page.
    fn parse_page(&self, connection: &Connection, reply: &Reply) -> Result<SeatPage, Failure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unrequested_number_is_a_mismatch_and_silence_is_none() {
        let ids = |all: &[&str]| all.iter().map(|id| OperatorId::from(*id)).collect::<Vec<_>>();
        let told = |all: &[&str]| WriteReceipt { agents: ids(all), ..WriteReceipt::default() };
        let asked = ids(&["9001", "9002"]);
        assert_eq!(told(&[]).id_mismatch(&asked), None);
        assert_eq!(told(&["9002", "9001"]).id_mismatch(&asked), None);
        let why = told(&["79001", "9002"]).id_mismatch(&asked).unwrap_or_default();
        assert!(why.contains("made 79001 and not 9001"), "{why}");
        let why = told(&["9001"]).id_mismatch(&asked).unwrap_or_default();
        assert!(why.contains("made fewer and not 9002"), "{why}");
    }
}
