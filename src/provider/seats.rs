//! Pages of voice seats → the seats with the figures of all windows.

use std::collections::BTreeMap;

use super::api::{PasswordDigest, SeatPage};
use super::paging::{Head, Proof};
use crate::model::id::OperatorId;
use crate::model::live::Listing;
use crate::model::seat::{Figures, LiveSeat};

/// Returns a page's keys and total.
pub fn head(page: &SeatPage) -> Head {
    Head { keys: page.rows.iter().map(|row| row.account.clone()).collect(), total: page.total }
}

/// The voice seats of a connection, with their passwords' digests.
pub struct Seats {
    /// The seats, and the proof that the listing is complete.
    pub listing: Listing<OperatorId, LiveSeat>,
    /// The digest of each seat's password, if the vendor returns one.
    pub passwords: BTreeMap<OperatorId, Box<dyn PasswordDigest>>,
}

/// Combines the pages of all windows, the earliest window first.
///
/// A seat is as the last window shows it, with the figures of all windows.
pub fn seats(windows: Vec<Vec<SeatPage>>, page_size: usize) -> Seats {
    let mut figures: BTreeMap<OperatorId, Figures> = BTreeMap::new();
    let (mut items, mut passwords, mut incomplete) = (BTreeMap::new(), BTreeMap::new(), None);
    for pages in windows {
        let (mut found, mut digests, mut proof, mut rows) =
            (BTreeMap::new(), BTreeMap::new(), Proof::default(), 0);
        for page in pages {
            proof.page(page.total);
            for row in page.rows {
                rows += 1;
                // A deleted seat may leave its account to another one.
                if row.deleted {
                    continue;
                }
                figures.entry(row.account.clone()).or_default().add(&row.seat.figures);
                if let Some(password) = row.password {
                    digests.insert(row.account.clone(), password);
                }
                if found.insert(row.account.clone(), row.seat).is_some() {
                    proof.repeated(row.account);
                }
            }
        }
        incomplete = proof.doubt(rows).or(incomplete);
        (items, passwords) = (found, digests);
    }
    for (account, seat) in &mut items {
        seat.figures = figures.remove(account).unwrap_or_default();
    }
    Seats { listing: Listing { items, incomplete, page_size, ..Listing::default() }, passwords }
}
