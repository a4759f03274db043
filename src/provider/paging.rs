//! Proof that a listing is complete, so that a resource outside it is missing.
//!
//! Rows equal the total, the total is the same on every page, and nothing is listed twice. Otherwise the estate
//! changed during the read, or the vendor's paging cannot be trusted. Either way no create and no delete may follow.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::{Page, PresencePage, Row};
use crate::model::id::OperatorId;
use crate::model::presence::PresenceReport;
use crate::model::unread::ListingDoubt;

/// The highest total that is believed, in rows.
const MOST_ROWS: usize = 10_000_000;

/// The keys and the total of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The keys of the rows.
    pub keys: Vec<OperatorId>,
    /// The number of rows of the whole listing, as the vendor reports it.
    pub total: Option<usize>,
}

impl Page {
    /// Returns the page's keys and total.
    pub fn head(&self) -> Head {
        Head { keys: self.rows.iter().map(|row| row.key().clone()).collect(), total: self.total }
    }
}

impl PresencePage {
    /// Returns the page's keys and total.
    pub fn head(&self) -> Head {
        Head { keys: self.rows.clone(), total: self.total }
    }
}

/// The reading of a listing: to its last page, or to one that proves the total wrong.
#[derive(Debug)]
pub struct Course {
    size: usize,
    pages: usize,
    read: usize,
    last: Vec<OperatorId>,
}

impl Course {
    /// Begins with the first page of a listing; `asked` is the requested page size.
    pub fn begin(first: Head, asked: usize) -> Self {
        let rows = first.keys.len();
        let total = first.total.filter(|total| *total <= MOST_ROWS);
        Self { size: held(rows, total, asked), pages: pages(rows, total, asked), read: 1, last: first.keys }
    }

    /// Returns the number of rows that a page really holds.
    ///
    /// Some vendors cap the requested size, or ignore it.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns the number of pages.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Takes in the next page, and returns true if reading on is of no use.
    ///
    /// That is so if a page before the last one is short, or repeats the page before it.
    pub fn ends(&mut self, page: Head) -> bool {
        self.read += 1;
        let short = page.keys.len() < self.size;
        let again = page.keys == self.last;
        self.last = page.keys;
        self.read < self.pages && (short || again)
    }
}

fn held(rows: usize, total: Option<usize>, asked: usize) -> usize {
    if rows < asked && total.is_some_and(|total| rows < total) { rows } else { asked.max(rows) }
}

/// Returns the number of pages of a listing, from its first page.
pub fn pages(rows: usize, total: Option<usize>, asked: usize) -> usize {
    match (total, held(rows, total, asked)) {
        (Some(total), size) if size > 0 => total.div_ceil(size).max(1),
        _ => 1,
    }
}

/// Pages that are combined as they arrive, while others are in flight.
pub struct Assembly<T> {
    items: BTreeMap<OperatorId, T>,
    /// Rows of other companies, by company: two may use one number.
    foreign: BTreeSet<(i64, OperatorId)>,
    proof: Proof,
}

impl<T> Default for Assembly<T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), foreign: BTreeSet::new(), proof: Proof::default() }
    }
}

impl<T> Assembly<T> {
    /// Adds a page. `of` takes the wanted part of a row; of two rows of one key the later one counts.
    pub fn add(&mut self, page: Page, of: impl Fn(Row) -> Option<(OperatorId, T)>) {
        self.proof.page(page.total);
        for row in page.rows {
            if let Row::Foreign(key, company) = row {
                if !self.foreign.insert((company, key.clone())) {
                    self.proof.repeated(key);
                }
                continue;
            }
            let Some((key, item)) = of(row) else { continue };
            match self.items.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(item);
                }
                Entry::Occupied(mut place) => {
                    place.insert(item);
                    self.proof.repeated(place.key().clone());
                }
            }
        }
    }

    /// Returns the listing, and any reason why it is not proved complete.
    pub fn finish(self) -> Assembled<T> {
        let incomplete = self.proof.doubt(self.items.len() + self.foreign.len());
        let foreign = self.foreign.into_iter().map(|(_, key)| key).collect();
        Assembled { items: self.items, foreign, incomplete }
    }
}

/// All pages of a listing.
pub struct Assembled<T> {
    /// The resources.
    pub items: BTreeMap<OperatorId, T>,
    /// The keys of resources of other companies.
    pub foreign: BTreeSet<OperatorId>,
    /// The reason why the listing is not proved complete, if it is not.
    pub incomplete: Option<ListingDoubt>,
}

/// Combines the pages of an observer's listing, likewise.
pub fn gather(pages: Vec<PresencePage>) -> (Vec<(OperatorId, PresenceReport)>, Option<ListingDoubt>) {
    let (mut said, mut rows, mut proof) = (Vec::new(), BTreeSet::new(), Proof::default());
    for page in pages {
        proof.page(page.total);
        for row in page.rows {
            if !rows.insert(row.clone()) {
                proof.repeated(row);
            }
        }
        said.extend(page.said);
    }
    let doubt = proof.doubt(rows.len());
    (said, doubt)
}

/// The doubts that a listing is complete, collected page by page.
#[derive(Default)]
pub(super) struct Proof {
    doubt: Option<ListingDoubt>,
    total: Option<usize>,
    repeated: Option<OperatorId>,
}

impl Proof {
    /// Records a page's total.
    pub(super) fn page(&mut self, total: Option<usize>) {
        match (self.total, total) {
            (_, None) => self.doubt = Some(ListingDoubt::NoTotal),
            (None, said) => self.total = said,
            (Some(before), Some(now)) if before != now => {
                self.doubt = Some(ListingDoubt::TotalChanged { before, now });
            }
            _ => {}
        }
    }

    /// Records a key that was listed twice.
    pub(super) fn repeated(&mut self, key: OperatorId) {
        self.repeated = Some(key);
    }

    /// Returns the reason why a listing of so many rows is not proved complete.
    ///
    /// `rows` counts different keys.
    pub(super) fn doubt(self, rows: usize) -> Option<ListingDoubt> {
        let repeated = || self.repeated.map(|key| ListingDoubt::ListedTwice { key });
        let short = || {
            let total = self.total.filter(|total| *total != rows)?;
            Some(ListingDoubt::OtherTotal { rows, total })
        };
        self.doubt.or_else(repeated).or_else(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::Record;

    fn page(ids: &[&str], total: Option<usize>) -> Page {
        let rows = ids.iter().map(|id| Row::Agent((*id).into(), Record::default())).collect();
        Page { rows, total }
    }

    #[test]
    fn only_a_listing_without_any_doubt_is_proved() {
        let doubt = |pages: Vec<Page>| {
            let mut assembly = Assembly::default();
            for page in pages {
                assembly.add(page, |row| Some((row.key().clone(), row)));
            }
            assembly.finish().incomplete
        };
        assert_eq!(doubt(vec![page(&["1", "2"], Some(3)), page(&["3"], Some(3))]), None);
        assert_eq!(doubt(vec![page(&[], Some(0))]), None);
        assert_eq!(
            doubt(vec![page(&["1", "2"], Some(3)), page(&["3"], Some(4))]),
            Some(ListingDoubt::TotalChanged { before: 3, now: 4 })
        );
        assert_eq!(
            doubt(vec![page(&["1", "2"], Some(3)), page(&["2"], Some(3))]),
            Some(ListingDoubt::ListedTwice { key: "2".into() })
        );
        assert_eq!(doubt(vec![page(&["1"], Some(2))]), Some(ListingDoubt::OtherTotal { rows: 1, total: 2 }));
        assert_eq!(doubt(vec![page(&["1"], None)]), Some(ListingDoubt::NoTotal));
    }

    #[test]
    fn a_row_of_another_company_counts_and_is_left_out() {
        let mut assembly = Assembly::default();
        let mut first = page(&["1", "2"], Some(5));
        first.rows.extend([Row::Foreign("1".into(), 7), Row::Foreign("1".into(), 8)]);
        assembly.add(first, |row| Some((row.key().clone(), row)));
        assembly.add(Page { rows: vec![Row::Foreign("3".into(), 7)], total: Some(5) }, |row| {
            Some((row.key().clone(), row))
        });
        let Assembled { items, foreign, incomplete } = assembly.finish();
        assert_eq!(incomplete, None);
        assert_eq!(items.len(), 2);
        assert_eq!(foreign, ["1".into(), "3".into()].into());
    }

    #[test]
    fn a_page_size_that_is_not_the_one_asked_for_is_noticed() {
        assert_eq!(pages(2, Some(5), 100), 3);
        assert_eq!(pages(2, Some(2), 100), 1);
        assert_eq!(pages(0, Some(5), 100), 1);
        assert_eq!(pages(0, Some(0), 100), 1);
        assert_eq!(pages(150, Some(150), 100), 1);
        assert_eq!(pages(150, Some(300), 100), 2);
    }

    #[test]
    fn no_listing_is_read_on_behind_a_page_that_proves_its_total_wrong() {
        let course = |first: &[&str], total| Course::begin(page(first, Some(total)).head(), 2);
        let ends = |course: &mut Course, next: &[&str]| course.ends(page(next, Some(9)).head());
        let mut whole = course(&["1", "2"], 5);
        assert_eq!((whole.pages(), whole.size()), (3, 2));
        assert!(!ends(&mut whole, &["3", "4"]) && !ends(&mut whole, &["5"]));
        assert!(ends(&mut course(&["1", "2"], 5), &[]), "empty");
        assert!(ends(&mut course(&["1", "2"], 5), &["3"]), "short");
        assert!(ends(&mut course(&["1", "2"], 5), &["1", "2"]), "the same once more");
        assert!(!ends(&mut course(&["1", "2"], 3), &["3"]), "the last one");
        assert_eq!(course(&["1", "2"], 1_000_000_000_000_000).pages(), 1);
    }
}
