//! Queues are looked at: by number, by name, or by the listing.
//!
//! The table of queueQueue lost the column that says which parameters are required, so a vendor may show nothing, or
//! not all, unless it is asked for a name or a number. No operation deletes a queue, so a second one is made for
//! good: what is to be made is asked for by its name, and a listing that does not show what such a question finds
//! is not trusted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::{Reads, listed, one, queue, queues};
use crate::apply::observe::QueueKey;
use crate::model::call::Failure;
use crate::model::id::{OperatorId, ResourceId};
use crate::model::live::{Listing, LiveQueue};

/// Queues with their numbers, or why they could not be seen.
type Found = Result<Vec<(OperatorId, LiveQueue)>, String>;

pub(super) type SeenQueues = BTreeMap<QueueKey, Found>;

/// How many of the queues that the ledger knows are asked for where a listing shows none at all.
const KNOWN: usize = 3;

pub(super) async fn look_at_queues(
    vendor: Option<&impl Reads>,
    keys: &BTreeSet<QueueKey>,
    live: usize,
) -> SeenQueues {
    if keys.is_empty() {
        return SeenQueues::new();
    }
    let Some(vendor) = vendor else {
        return keys.iter().map(|key| (key.clone(), Err("no connection holds queues".to_owned()))).collect();
    };
    let names = keys.iter().filter_map(|key| match key {
        QueueKey::Name(name) | QueueKey::New(name) => Some(name.as_str()),
        QueueKey::Exten(_) | QueueKey::All => None,
    });
    let asked: BTreeMap<&str, Option<Found>> = stream::iter(names.collect::<BTreeSet<&str>>())
        .map(|name| async move { (name, by_name(vendor, name).await) })
        .buffered(vendor.at_once())
        .collect()
        .await;
    let extens = keys.iter().filter(|key| matches!(key, QueueKey::Exten(_))).count();
    let page = vendor.provider().page_size(vendor.connection());
    let by_listing = live.div_ceil(page).max(1) < extens;
    let doubtful =
        |name: &str| !is_plain(name) || !matches!(asked.get(name), Some(Some(Ok(found))) if found.is_empty());
    let lists = by_listing
        || keys.iter().any(|key| match key {
            QueueKey::Exten(_) => false,
            QueueKey::New(name) => doubtful(name),
            QueueKey::Name(_) | QueueKey::All => true,
        });
    let listing = if lists { Some(queues(vendor).await) } else { None };
    let listing = listing.as_ref().map(|listing| match listing {
        Ok(listing) => Ok(listing),
        Err(failure) => Err(failure.message()),
    });
    let singly = keys.iter().filter_map(|key| match key {
        QueueKey::Exten(exten) if listing.is_none() => Some(exten),
        QueueKey::Exten(_) | QueueKey::Name(_) | QueueKey::New(_) | QueueKey::All => None,
    });
    let mut seen: SeenQueues = stream::iter(singly)
        .map(|exten| async move { (QueueKey::Exten(exten.clone()), by_number(vendor, exten).await) })
        .buffered(vendor.at_once())
        .collect()
        .await;
    // One that the listing does not show may only be hidden; where one is, all are asked for.
    let mut hidden = true;
    for key in keys {
        let listed = listing.map(|listing| listing.map_err(str::to_owned).and_then(|all| matching(key, all)));
        let found = match (key, listed) {
            (QueueKey::Exten(_), None) => continue,
            (QueueKey::Exten(exten), Some(Ok(found))) if found.is_empty() && hidden => {
                let found = by_number(vendor, exten).await;
                hidden = !matches!(&found, Ok(found) if found.is_empty());
                found
            }
            (QueueKey::Name(name), Some(listed)) => both(listed, asked.get(name.as_str()), false),
            (QueueKey::New(name), Some(listed)) => both(listed, asked.get(name.as_str()), true),
            (_, Some(listed)) => listed,
            // It was asked for by its name, and is not there.
            (QueueKey::New(_) | QueueKey::Name(_) | QueueKey::All, None) => Ok(Vec::new()),
        };
        seen.insert(key.clone(), found);
    }
    seen
}

/// Whether every reading of the document lets a question for a name find it, if it is there: blanks may be cut off,
/// and signs may mean something to a search that is not exact.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

/// The queues of a name, of those that are shown to whoever asks for it; `None` where nobody can.
async fn by_name(vendor: &impl Reads, name: &str) -> Option<Found> {
    let (provider, connection) = (vendor.provider(), vendor.connection());
    provider.ask_named(connection, name, 1)?;
    let ask = |page| {
        let call = provider.ask_named(connection, name, page);
        call.unwrap_or_else(|| provider.ask_page(connection, page))
    };
    Some(match listed(vendor, ask, queue).await {
        Ok(listing) => matching(&QueueKey::Name(name.to_owned()), &listing),
        Err(failure) => Err(failure.message().to_owned()),
    })
}

async fn by_number(vendor: &impl Reads, exten: &OperatorId) -> Found {
    let seen = one(vendor, exten).await.map_err(|failure| failure.message().to_owned());
    seen.map(|row| row.and_then(queue).into_iter().collect())
}

/// What the listing shows of a name together with what a question for it shows. With `strict` the listing has to show
/// all of it.
fn both(listed: Found, asked: Option<&Option<Found>>, strict: bool) -> Found {
    let mut found = listed?;
    let Some(Some(asked)) = asked else { return Ok(found) };
    for (exten, queue) in asked.clone()? {
        if found.iter().all(|(known, _)| *known != exten) {
            if strict {
                return Err(hides(&ResourceId::queue(&queue.name, None), &exten));
            }
            found.push((exten, queue));
        }
    }
    Ok(found)
}

fn hides(id: &ResourceId, exten: &OperatorId) -> String {
    format!(
        "asked for {id}, the vendor shows number {exten}, and its listing does not: it does not list all that there is"
    )
}

/// What speaks against a listing of queues that is complete for all that it says.
pub enum Doubt {
    /// Nothing.
    None,
    /// It shows no queue, and one that was asked for by this name is not there either.
    NotThere(OperatorId),
    /// It hides queues: why it is not to be trusted.
    Hidden(String),
}

/// Asks for a queue by its number or name where a listing shows none at all. `known` are the numbers of queues that
/// there were, `name` is one that there may be.
///
/// # Errors
/// A queue cannot be asked for.
pub async fn distrust(
    vendor: &impl Reads,
    listing: &Listing<OperatorId, LiveQueue>,
    known: &BTreeMap<ResourceId, OperatorId>,
    name: Option<&ResourceId>,
) -> Result<Doubt, Failure> {
    if !listing.items.is_empty() || listing.incomplete.is_some() {
        return Ok(Doubt::None);
    }
    for (id, exten) in known.iter().take(KNOWN) {
        if one(vendor, exten).await?.is_some() {
            return Ok(Doubt::Hidden(hides(id, exten)));
        }
    }
    let Some(id) = name.filter(|_| known.is_empty()) else { return Ok(Doubt::None) };
    match by_name(vendor, id.name.as_str()).await {
        None => Ok(Doubt::None),
        Some(Err(why)) => Err(Failure::Garbled(why)),
        Some(Ok(found)) => Ok(match found.first() {
            Some((exten, _)) => Doubt::Hidden(hides(id, exten)),
            None if is_plain(id.name.as_str()) => Doubt::NotThere(id.name.clone()),
            None => Doubt::None,
        }),
    }
}

fn matching(key: &QueueKey, listing: &Listing<OperatorId, LiveQueue>) -> Found {
    let found: Vec<_> = listing
        .items
        .iter()
        .filter(|(exten, queue)| match key {
            QueueKey::Exten(wanted) => *exten == wanted,
            QueueKey::Name(name) | QueueKey::New(name) => *queue.name == **name,
            QueueKey::All => true,
        })
        .map(|(exten, queue)| (exten.clone(), queue.clone()))
        .collect();
    match (key, &listing.incomplete) {
        (_, None) => Ok(found),
        // By its number a queue is there or not, whatever else the listing missed.
        (QueueKey::Exten(_), Some(_)) if !found.is_empty() => Ok(found),
        (_, Some(doubt)) => Err(format!("the listing could not be proved complete ({doubt})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_and_digits_are_found_by_every_search() {
        assert!(is_plain("在线售前_2-b"));
        assert!(["售前 ", "a b", "客服(一)", "a.b", "%", "a\\b"].iter().all(|name| !is_plain(name)));
    }
}
