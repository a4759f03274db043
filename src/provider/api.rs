//! The interface of a connector: its traits, and the data that they take and return.

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
    /// An agent of another company than the connection's: it counts as a row, and as nothing else.
    Foreign(OperatorId, i64),
}

impl Row {
    /// What the vendor knows it by.
    pub fn key(&self) -> &OperatorId {
        match self {
            Row::Agent(key, _) | Row::Queue(key, _) | Row::Foreign(key, _) => key,
        }
    }
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows the whole listing has, as the vendor says.
    pub total: Option<usize>,
}

/// What a vendor says of an order that it carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReceipt {
    /// The number of a queue that was made.
    pub exten: Option<String>,
    /// The numbers of agents that were made; empty when it does not tell.
    pub agents: Vec<OperatorId>,
}

impl WriteReceipt {
    /// Says which agents the vendor tells that it made instead of some that it was asked for.
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

/// The first of some numbers.
fn short(ids: &[&str]) -> String {
    const MOST: usize = 5;
    let more = if ids.len() > MOST { format!(" and {} more", ids.len() - MOST) } else { String::new() };
    ids.iter().take(MOST).copied().collect::<Vec<_>>().join(", ") + &more
}

/// A vendor system that can be called. All functions are from data to data.
///
/// Where [`Connector::token_request`] gives a call, the connection's secret opens nothing but that call: its
/// answer is a [`Token`], whose secret signs all others. The client keeps one token a connection. One task
/// fetches it at a time, again when [`Token::is_stale`], and once after a refused sign-in.
pub trait Connector: Sync {
    /// What it says of itself.
    fn spec(&self) -> &'static Spec;

    /// The secret that signs its calls, or that fetches the token which does.
    fn secret<'a>(&self, connection: &'a Connection) -> Option<&'a SecretRef>;

    /// Signs a call for a moment, in milliseconds since 1970 UTC. Each attempt is signed afresh.
    fn sign(&self, connection: &Connection, secret: &Secret, now_ms: i64, call: &mut Call);

    /// Whether the `Host` header is signed: HTTP/1.1 is spoken then, in which it is sent as it was signed.
    fn signs_host(&self) -> bool {
        false
    }

    /// Asks for a token, where the connection signs in; the call is complete, and not to be signed.
    fn token_request(&self, _: &Connection, _: &Secret) -> Option<Call> {
        None
    }

    /// Reads the token that came at a moment.
    fn parse_token(&self, _: &Connection, _: &Reply, _now_ms: i64) -> Result<Token, Failure> {
        Err(Failure::Garbled("no token was asked for".to_owned()))
    }
}

/// A token that a vendor gave out for a while.
pub struct Token {
    /// What signs calls.
    pub secret: Secret,
    /// From when on it is to be renewed, in milliseconds since 1970 UTC.
    pub renew_at_ms: i64,
    /// From when on it is no longer taken.
    pub expires_at_ms: i64,
}

impl Token {
    /// A token that came at a moment and lasts for some seconds; it is renewed when four fifths of them are
    /// over.
    pub fn lasting(secret: Secret, now_ms: i64, seconds: i64) -> Self {
        let lasts_ms = seconds.max(0).saturating_mul(1000);
        let at = |ms: i64| now_ms.saturating_add(ms);
        Self { secret, renew_at_ms: at(lasts_ms / 5 * 4), expires_at_ms: at(lasts_ms) }
    }

    /// Whether a new one is due.
    pub fn is_stale(&self, now_ms: i64) -> bool {
        now_ms >= self.renew_at_ms
    }
}

/// A vendor system that knows who is at work. All functions are from data to data.
///
/// The runtime makes one [`Presence`](crate::model::presence::Presence) of them all: it asks every observer by the
/// same signing, pacing and trying again as any other reading call. Of a listing it reads
/// page 1, works out the rest with [`pages`](super::paging::pages), reads them side by side, and puts them together with
/// [`gather`](super::paging::gather). Of a system that is asked agent by agent it reads the agents that a step disrupts.
/// What fails becomes a gap ([`Presence::fail`](crate::model::presence::Presence::fail)), never a silence.
pub trait Observer: Connector {
    /// How it is asked.
    fn way(&self, connection: &Connection) -> QueryMode;

    /// Asks a question; `None` when the system cannot know such an agent, or is not asked in this way.
    fn ask(&self, connection: &Connection, question: &PresenceQuery<'_>) -> Option<Call>;

    /// Reads the answer. A system that answers and does not know the agent says nothing.
    fn hear(
        &self,
        connection: &Connection,
        question: &PresenceQuery<'_>,
        reply: &Reply,
    ) -> Result<PresencePage, Failure>;
}

/// How a system is asked who is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryMode {
    /// It lists everybody, on pages of so many rows.
    Listing(usize),
    /// It is asked agent by agent.
    Singly,
}

/// What a system is asked.
#[derive(Clone, Copy, Debug)]
pub enum PresenceQuery<'a> {
    /// A page of its listing, from 1.
    Page(usize),
    /// One agent.
    Agent(&'a OperatorId),
}

/// What a system answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresencePage {
    /// Who is in which state.
    pub said: Vec<(OperatorId, PresenceReport)>,
    /// Number of rows that name no agent. Each may be about any agent that the page does not list.
    pub nameless: usize,
    /// The keys of the page's rows, which need not be agents; the proof that a listing is whole rests on them. Of a
    /// question for one agent: that agent, when the answer is about it, even if it holds no state.
    pub rows: Vec<OperatorId>,
    /// How many rows the whole listing has, as the vendor says.
    pub total: Option<usize>,
}

/// A vendor system that holds resources. All functions are from data to data.
///
/// A vendor that holds several kinds has a provider for each.
pub trait Provider: Connector {
    /// Returns what it can do with its kind.
    fn support(&self) -> &'static Support;

    /// Rows that a page of the listing is asked to hold.
    fn page_size(&self, connection: &Connection) -> usize;

    /// Asks for a page of the listing, from 1.
    fn list_request(&self, connection: &Connection, page: usize) -> Call;

    /// Reads a page.
    fn parse_list(&self, connection: &Connection, reply: &Reply) -> Result<Page, Failure>;

    /// Asks for one resource by the vendor's key.
    fn get_request(&self, connection: &Connection, key: &str) -> Call;

    /// Reads one resource; `None` when the answer does not hold it, which proves nothing where
    /// [`Provider::search_request`] gives a second opinion.
    fn parse_get(&self, connection: &Connection, key: &str, reply: &Reply) -> Result<Option<Row>, Failure>;

    /// Asks for a page of a listing narrowed to one resource, where the vendor documents one.
    fn search_request(&self, connection: &Connection, key: &str, page: usize) -> Option<Call>;

    /// Builds the call for a page of the listing narrowed by a name; `None` where the vendor's filter may miss a name
    /// that is equal.
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

    /// Judges the answer to an order.
    fn parse_write(&self, connection: &Connection, reply: &Reply) -> Result<WriteReceipt, Failure>;
}

/// A piece of a span of time, as the vendor writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub start: String,
    /// Its last second.
    pub end: String,
}

/// The digest of a seat's password, which can be compared and nothing else.
pub trait PasswordDigest {
    /// Returns true if it is the digest of a secret.
    fn is_of(&self, secret: &Secret) -> bool;
}

/// A page of the listing of voice seats.
#[derive(Default)]
pub struct SeatPage {
    /// Its rows.
    pub rows: Vec<SeatRow>,
    /// How many rows the whole listing has, as the vendor says.
    pub total: Option<usize>,
}

/// A row of the listing.
pub struct SeatRow {
    /// What the vendor knows the seat by.
    pub account: OperatorId,
    /// The seat was deleted.
    pub deleted: bool,
    /// The seat.
    pub seat: LiveSeat,
    /// The digest of its password, where the row tells it.
    pub password: Option<Box<dyn PasswordDigest>>,
}

/// A vendor system that holds voice seats, which are read and never written. All functions are from data to data.
///
/// The listing takes a span of time for its call figures. The runtime reads all pages of each window of the span, and
/// puts them together with [`seats`](super::seats::seats).
pub trait SeatReader: Connector {
    /// Returns the rows that a page of the listing is asked to hold.
    fn page_size(&self) -> usize;

    /// Cuts the time from `start_ms` until just before `end_ms` into pieces that the vendor takes, the earliest first; at
    /// least one.
    fn windows(&self, connection: &Connection, start_ms: i64, end_ms: i64) -> Vec<Window>;

    /// Builds the call for a page of the listing, from 1, with the call figures of a window.
    fn page_request(&self, window: &Window, page: usize) -> Call;

    /// Reads a page.
    fn parse_page(&self, reply: &Reply) -> Result<SeatPage, Failure>;
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
