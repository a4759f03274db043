//! When a listing is proved complete, so that what is not in it may be called missing.
//!
//! Rows equal the total, the total is the same on every page, and nothing is listed twice. Anything
//! else means that somebody changed the estate while it was read, or that the vendor's paging is not
//! to be trusted; either way no create and no delete may follow from it.

use std::collections::BTreeMap;

use super::{Page, Row};
use crate::model::id::OperatorId;

/// How many rows a page really holds: some vendors cap the size that was asked for.
pub fn page_size(first: &Page, asked: usize) -> usize {
    let rows = first.rows.len();
    if rows < asked && first.total.is_some_and(|total| rows < total) { rows } else { asked }
}

/// How many pages there are, judged by the first.
pub fn page_count(first: &Page, asked: usize) -> usize {
    match (first.total, page_size(first, asked)) {
        (Some(total), size) if size > 0 => total.div_ceil(size).max(1),
        _ => 1,
    }
}

/// Puts pages together and says why the whole is not proved, if it is not.
pub fn assemble(pages: Vec<Page>) -> (BTreeMap<OperatorId, Row>, Option<String>) {
    let mut rows = BTreeMap::new();
    let mut doubt = None;
    let mut total = None;
    let mut repeated = None;
    for page in pages {
        match (total, page.total) {
            (_, None) => doubt = Some("the vendor gave no total".to_owned()),
            (None, said) => total = said,
            (Some(before), Some(now)) if before != now => {
                doubt = Some(format!("the total changed from {before} to {now} while it was read"));
            }
            _ => {}
        }
        for row in page.rows {
            if let Some(row) = rows.insert(row.key().clone(), row) {
                repeated = Some(row.key().clone());
            }
        }
    }
    if let Some(id) = repeated {
        doubt.get_or_insert_with(|| format!("`{id}` was listed twice"));
    }
    if let Some(total) = total
        && total != rows.len()
    {
        doubt.get_or_insert_with(|| format!("{} were listed where the total says {total}", rows.len()));
    }
    (rows, doubt)
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
        let doubt = |pages: Vec<Page>| assemble(pages).1;
        assert_eq!(doubt(vec![page(&["1", "2"], Some(3)), page(&["3"], Some(3))]), None);
        assert_eq!(doubt(vec![page(&[], Some(0))]), None);
        assert_eq!(
            doubt(vec![page(&["1", "2"], Some(3)), page(&["3"], Some(4))]).as_deref(),
            Some("the total changed from 3 to 4 while it was read")
        );
        assert_eq!(
            doubt(vec![page(&["1", "2"], Some(3)), page(&["2"], Some(3))]).as_deref(),
            Some("`2` was listed twice")
        );
        assert_eq!(
            doubt(vec![page(&["1"], Some(2))]).as_deref(),
            Some("1 were listed where the total says 2")
        );
        assert_eq!(doubt(vec![page(&["1"], None)]).as_deref(), Some("the vendor gave no total"));
    }

    #[test]
    fn a_capped_page_size_is_noticed() {
        assert_eq!(page_count(&page(&["1", "2"], Some(5)), 100), 3);
        assert_eq!(page_count(&page(&["1", "2"], Some(2)), 100), 1);
        assert_eq!(page_count(&page(&[], Some(5)), 100), 1);
        assert_eq!(page_count(&page(&[], Some(0)), 100), 1);
    }
}
