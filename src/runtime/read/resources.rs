//! Reads live resources: whole listings, their pages in parallel; and single resources, for the read-back.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::reader::ResourceReader;
use crate::apply::readback::{QueueKey, ReadBack, ReadSet, listed_agent, matching, with_members};
use crate::model::call::{Call, Failure};
use crate::model::field::Record;
use crate::model::id::{Kind, OperatorId};
use crate::model::language::Localized;
use crate::model::ledger::Ledger;
use crate::model::live::{Listing, Live, LiveQueue, Seats};
use crate::model::unread::{ListingDoubt, Unread};
use crate::provider::paging::{Assembled, Assembly, Course, Head};
use crate::provider::{Page, Row};
use crate::runtime::progress;
use crate::runtime::vendor::Vendors;

/// Number of reads of a shifting listing before it counts as incomplete.
pub(super) const READINGS: usize = 3;

/// Reads all live resources.
///
/// # Errors
/// The failures of systems that cannot be read. An incomplete listing is no failure.
pub async fn live(vendors: &Vendors<impl ResourceReader>) -> Result<Live, Failure> {
    let read_agents = async {
        match vendors.get(Kind::Agent) {
            Some(vendor) => agents(vendor).await.map(Some),
            None => Ok(None),
        }
    };
    let read_queues = async {
        match vendors.get(Kind::Queue) {
            Some(vendor) => queues(vendor).await.map(Some),
            None => Ok(None),
        }
    };
    // A user who fixes one system needs the failure of the other too.
    match tokio::join!(read_agents, read_queues) {
        (Ok(agents), Ok(queues)) => Ok(Live { agents, queues, seats: Seats::Unasked }),
        (Err(one), Err(other)) => {
            let message = Localized::lines([one.words(), other.words()].into_iter().flatten());
            // A run with a refused sign-in must not be repeated, in spite of any other failure.
            let graver = if other.reason() > one.reason() { other } else { one };
            Err(graver.map(|_| message))
        }
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}

/// Reads all agents.
///
/// # Errors
/// A page that cannot be read; an incomplete listing is no failure.
pub async fn agents(vendor: &impl ResourceReader) -> Result<Listing<OperatorId, Record>, Failure> {
    listed(vendor, agent).await
}

fn agent(row: Row) -> Option<(OperatorId, Record)> {
    match row {
        Row::Agent(id, record) => Some((id, record)),
        Row::Queue(..) | Row::Foreign(..) => None,
    }
}

/// Reads all queues, by the vendor's number.
///
/// # Errors
/// A page that cannot be read; an incomplete listing is no failure.
pub async fn queues(vendor: &impl ResourceReader) -> Result<Listing<OperatorId, LiveQueue>, Failure> {
    let mut listing = listed(vendor, queue).await?;
    let untold = listing.items.iter().find(|(_, queue)| queue.members().is_none());
    if let Some((exten, _)) = untold {
        let doubt = ListingDoubt::NoMembers { exten: exten.into() };
        listing.incomplete.get_or_insert(doubt);
    }
    Ok(listing)
}

fn queue(row: Row) -> Option<(OperatorId, LiveQueue)> {
    match row {
        Row::Queue(exten, queue) => Some((exten, queue)),
        Row::Agent(..) | Row::Foreign(..) => None,
    }
}

/// Adds the ledger's queues that a complete listing lacks and that a query finds.
///
/// The listing may show a new queue later than the query. A queue counts as deleted only if neither shows it. A query
/// that fails makes the listing incomplete, unless the creation of its queue is pending.
pub async fn add_unlisted(
    vendor: &impl ResourceReader,
    listing: &mut Listing<OperatorId, LiveQueue>,
    ledger: &Ledger,
) {
    let known = ledger.queues().filter(|(_, entry)| !entry.let_go);
    for (id, entry) in known {
        let Some(exten) = entry.exten.as_deref().map(OperatorId::from) else { continue };
        if listing.incomplete.is_some() || listing.items.contains_key(&exten) {
            continue;
        }
        match one(vendor, &exten).await {
            // A queue without its members cannot be compared.
            Ok(shown) => {
                let shown = shown.and_then(queue);
                listing.items.extend(shown.filter(|(_, queue)| queue.members().is_some()));
            }
            Err(_) if entry.pending => {}
            Err(failure) => {
                listing.incomplete = Some(ListingDoubt::NotListed {
                    queue: id.clone(),
                    exten: (&exten).into(),
                    why: (&failure).into(),
                });
            }
        }
    }
}

/// Reads agents one by one, or all of them if that takes fewer calls. `listed` is their known number.
///
/// An agent that cannot be read is neither among the items nor missing, and the listing is incomplete.
pub async fn some_agents(
    vendor: &impl ResourceReader,
    ids: &BTreeSet<OperatorId>,
    listed: usize,
) -> Listing<OperatorId, Record> {
    let mut some = Listing::default();
    for (id, seen) in look_at_agents(Some(vendor), ids, listed).await {
        match seen {
            Ok(Some(record)) => {
                some.items.insert(id, record);
            }
            Ok(None) => {}
            Err(why) => some.incomplete = Some(ListingDoubt::OneUnread { why: Box::new(why) }),
        }
    }
    some
}

/// Reads a whole listing of one kind, and repeats it while it shifts.
async fn listed<T>(
    vendor: &impl ResourceReader,
    of: impl Fn(Row) -> Option<(OperatorId, T)> + Copy,
) -> Result<Listing<OperatorId, T>, Failure> {
    let mut reading = 1;
    loop {
        let ask = |page| vendor.provider().list_request(vendor.connection(), page);
        let (assembly, page_size) = pages(vendor, ask, of).await?;
        let Assembled { items, foreign, incomplete } = assembly.finish();
        if incomplete.is_none() || reading == READINGS {
            return Ok(Listing { items, incomplete, foreign, outside: BTreeMap::new(), page_size });
        }
        reading += 1;
    }
}

/// Reads all pages of a listing; the first page gives their number. Also returns the number of rows of a page.
async fn pages<T>(
    vendor: &impl ResourceReader,
    ask: impl Fn(usize) -> Call + Copy,
    of: impl Fn(Row) -> Option<(OperatorId, T)> + Copy,
) -> Result<(Assembly<T>, usize), Failure> {
    let hear = |reply: &_| vendor.provider().parse_list(vendor.connection(), reply);
    let asked = vendor.provider().page_size(vendor.connection());
    let task = progress::begin(format!("reading {}", vendor.connection().name), "pages");
    let mut assembly = Assembly::default();
    let read = |page| vendor.read(move || ask(page), hear);
    let size = each(vendor.at_once(), asked, &task, read, Page::head, |page| assembly.add(page, of)).await?;
    Ok((assembly, size))
}

/// Reads the pages of a listing until the last one, or until one contradicts the total. Returns the number of rows of
/// a page.
///
/// # Errors
/// A page cannot be read; `take` got the ones before it.
pub(super) async fn each<P, F: Future<Output = Result<P, Failure>>>(
    at_once: usize,
    asked: usize,
    task: &progress::Task,
    read: impl Fn(usize) -> F,
    head: impl Fn(&P) -> Head,
    mut take: impl FnMut(P),
) -> Result<usize, Failure> {
    let first = read(1).await?;
    let mut course = Course::begin(head(&first), asked);
    let count = course.pages();
    task.out_of(count);
    task.another();
    take(first);
    // The second page is read alone, so that one call detects a wrong total.
    let read = |page| read(page).inspect(|_| task.another());
    let second = stream::iter(2..=count.min(2)).map(&read).buffered(1);
    let mut rest = pin!(second.chain(stream::iter(3..=count).map(&read).buffered(at_once)));
    while let Some(page) = rest.try_next().await? {
        let over = course.ends(head(&page));
        take(page);
        if over {
            break;
        }
    }
    Ok(course.size())
}

/// Reads some resources: one by one, or by the listing if that takes fewer calls.
///
/// `listed` is the known number of live resources of each kind.
pub async fn look(
    vendors: &Vendors<impl ResourceReader>,
    wanted: &ReadSet,
    listed: (usize, usize),
) -> ReadBack {
    let (agents, queues) = tokio::join!(
        look_at_agents(vendors.get(Kind::Agent), &wanted.agents, listed.0),
        look_at_queues(vendors.get(Kind::Queue), &wanted.queues, listed.1)
    );
    let refused = vendors.iter().filter(|(_, vendor)| vendor.is_shut()).map(|(kind, _)| kind);
    ReadBack { agents, queues, refused: refused.collect() }
}

type SeenAgents = BTreeMap<OperatorId, Result<Option<Record>, Unread>>;

async fn look_at_agents(
    vendor: Option<&impl ResourceReader>,
    ids: &BTreeSet<OperatorId>,
    listed: usize,
) -> SeenAgents {
    let all = |why: Unread| ids.iter().map(|id| (id.clone(), Err(why.clone()))).collect();
    if ids.is_empty() {
        return SeenAgents::new();
    }
    let Some(vendor) = vendor else { return all(Unread::NoConnection { kind: Kind::Agent }) };
    let page = vendor.provider().page_size(vendor.connection());
    if listed.div_ceil(page) < ids.len() {
        return match agents(vendor).await {
            Err(failure) => all(Unread::from(&failure)),
            Ok(listing) => ids.iter().map(|id| (id.clone(), listed_agent(id, &listing))).collect(),
        };
    }
    stream::iter(ids.iter().cloned())
        .map(|id| async move {
            let seen = one(vendor, &id).await.map_err(|failure| Unread::from(&failure));
            (id, seen.map(|row| row.and_then(agent).map(|(_, record)| record)))
        })
        .buffered(vendor.at_once())
        .collect()
        .await
}

/// Reads one resource; `None` if it is proved missing.
async fn one(vendor: &impl ResourceReader, key: &OperatorId) -> Result<Option<Row>, Failure> {
    let ask = || vendor.provider().get_request(vendor.connection(), key.as_str());
    let hear = |reply: &_| vendor.provider().parse_get(vendor.connection(), key.as_str(), reply);
    if let Some(row) = vendor.read(ask, hear).await? {
        return Ok(Some(row));
    }
    if vendor.provider().search_request(vendor.connection(), key.as_str(), 1).is_none() {
        return Ok(None);
    }
    // A query for one resource proves no absence; a listing narrowed to it does.
    let ask = |page| {
        let call = vendor.provider().search_request(vendor.connection(), key.as_str(), page);
        call.unwrap_or_else(|| vendor.provider().list_request(vendor.connection(), page))
    };
    let (assembly, _) = pages(vendor, &ask, |row| Some((row.key().clone(), row))).await?;
    let Assembled { items: mut rows, incomplete, .. } = assembly.finish();
    match (rows.remove(key), incomplete) {
        (Some(row), _) => Ok(Some(row)),
        (None, None) => Ok(None),
        (None, Some(doubt)) => Err(Failure::Garbled(Unread::Incomplete { doubt }.to_string().into())),
    }
}

/// Reads the queues of a name by the vendor's filter.
///
/// # Errors
/// A page that cannot be read.
async fn named(vendor: &impl ResourceReader, name: &str) -> Result<Listing<OperatorId, LiveQueue>, Failure> {
    let ask = |page| {
        let call = vendor.provider().named_request(vendor.connection(), name, page);
        call.unwrap_or_else(|| vendor.provider().list_request(vendor.connection(), page))
    };
    let (assembly, page_size) = pages(vendor, &ask, queue).await?;
    let Assembled { items, foreign, incomplete } = assembly.finish();
    Ok(Listing { items, incomplete, foreign, outside: BTreeMap::new(), page_size })
}

type SeenQueues = BTreeMap<QueueKey, Result<Vec<(OperatorId, LiveQueue)>, Unread>>;

async fn look_at_queues(
    vendor: Option<&impl ResourceReader>,
    keys: &BTreeSet<QueueKey>,
    listed: usize,
) -> SeenQueues {
    let all = |why: Unread| keys.iter().map(|key| (key.clone(), Err(why.clone()))).collect();
    if keys.is_empty() {
        return SeenQueues::new();
    }
    let Some(vendor) = vendor else { return all(Unread::NoConnection { kind: Kind::Queue }) };
    let page = vendor.provider().page_size(vendor.connection());
    // True if a key takes one call. All keys together must take no more calls than the listing.
    let alone = |key: &QueueKey| match key {
        QueueKey::Exten(_) => true,
        QueueKey::Name(name) => vendor.provider().named_request(vendor.connection(), name, 1).is_some(),
        QueueKey::All => false,
    };
    if listed.div_ceil(page) < keys.len() || !keys.iter().all(alone) {
        return match queues(vendor).await {
            Err(failure) => all(Unread::from(&failure)),
            Ok(listing) => keys.iter().map(|key| (key.clone(), matching(key, &listing))).collect(),
        };
    }
    stream::iter(keys.iter().cloned())
        .map(|key| async move {
            let found = match &key {
                QueueKey::Exten(exten) => {
                    one(vendor, exten).await.map(|row| row.and_then(queue).into_iter().collect())
                }
                QueueKey::Name(name) => {
                    let found = named(vendor, name).await.map(|l| matching(&key, &l).and_then(with_members));
                    return (key, found.unwrap_or_else(|failure| Err(Unread::from(&failure))));
                }
                QueueKey::All => return (key, Err(Unread::NotRead)),
            };
            let found = found.map_err(|failure| Unread::from(&failure));
            (key, found.and_then(with_members))
        })
        .buffered(vendor.at_once())
        .collect()
        .await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::workspace::Connection;
    use crate::model::call::Reply;
    use crate::model::ledger::LedgerEntry;
    use crate::provider::{Provider, webchat_queue};
    use crate::vendors;

    /// Reader that gets one response to every call.
    struct OneAnswer(Connection, Reply);

    impl ResourceReader for OneAnswer {
        fn provider(&self) -> &dyn Provider {
            &webchat_queue::WebchatQueue
        }

        fn connection(&self) -> &Connection {
            &self.0
        }

        async fn read<T>(
            &self,
            _: impl Fn() -> Call,
            hear: impl Fn(&Reply) -> Result<T, Failure>,
        ) -> Result<T, Failure> {
            hear(&self.1)
        }
    }

    #[tokio::test]
    async fn a_queue_that_the_listing_lacks_is_deleted_only_if_a_query_lacks_it_too() {
        let text = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\nconnections:\n  \
                    webchat: { provider: webchat-queue, baseUrl: sandbox }\n";
        let workspace =
            crate::config::load::load(&"w".into(), text.as_bytes(), &vendors::ALL.specs()).unwrap();
        let connection = workspace.connection("webchat-queue").unwrap();
        let row = json!({ "displayName": "q", "exten": "7", "assignRule": "least", "isMemory": false,
            "memoryTime": null, "updateTime": "", "updateAgent": "", "assignMembers": [] });
        let found = |rows: &[serde_json::Value]| {
            Reply::json(200, &json!({ "success": true, "data": { "count": rows.len(), "list": rows } }))
        };
        for (reply, pending, live, complete) in [
            (found(&[row]), false, true, true),
            (found(&[]), false, false, true),
            (Reply::json(500, &json!({})), false, false, false),
            (Reply::json(500, &json!({})), true, false, true),
        ] {
            let entry = LedgerEntry { exten: Some("7".to_owned()), pending, ..LedgerEntry::default() };
            let mut ledger = Ledger::default();
            ledger.resources.insert("queue/q".to_owned(), entry);
            let mut listing = Listing::default();
            let reader = OneAnswer(connection.clone(), reply);
            add_unlisted(&reader, &mut listing, &ledger).await;
            assert_eq!(
                (listing.items.len() == 1, listing.incomplete.is_none()),
                (live, complete),
                "{listing:?}"
            );
        }
    }
}
