//! Ranges of agents' numbers.

use std::fmt;

use super::id::OperatorId;

/// A range of numbers of equal width, like `8101..8180`: both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    first: u64,
    last: u64,
    width: usize,
}

impl IdRange {
    /// Parses `FIRST..LAST`; a first number with leading zeros sets the width.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..")?;
        let (first, last) = (digits(first.trim())?, digits(last.trim())?);
        let width = first.len();
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()?, width })
    }

    /// Returns true if the last number is smaller than the first.
    pub fn is_backward(self) -> bool {
        self.last < self.first
    }

    /// Returns the number of ids.
    pub fn count(self) -> u64 {
        self.last - self.first + 1
    }

    /// Returns true if an id is one of the range.
    pub fn contains(self, id: &str) -> bool {
        let Some(number) = digits(id).and_then(|digits| digits.parse::<u64>().ok()) else { return false };
        let length = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        (self.first..=self.last).contains(&number) && id.len() == length.max(self.width)
    }

    /// Returns the ids in their order.
    pub fn ids(self) -> impl Iterator<Item = OperatorId> {
        (self.first..=self.last).map(move |n| OperatorId::new(format!("{n:0width$}", width = self.width)))
    }
}

impl fmt::Display for IdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, width } = *self;
        write!(f, "{first:0width$}..{last:0width$}")
    }
}

/// Returns a text that has 1 to 18 digits and nothing else.
fn digits(text: &str) -> Option<&str> {
    (1..=18).contains(&text.len()).then_some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_own_ids_alone() {
        for text in ["8101..8103", "098..101", "8..12", "0..2"] {
            let range = IdRange::parse(text).unwrap();
            assert!(range.ids().all(|id| range.contains(id.as_str())), "{text}");
            assert_eq!(range.ids().count() as u64, range.count(), "{text}");
        }
        let range = IdRange::parse("0098..0101").unwrap();
        for other in ["98", "098", "00098", "0097", "0102", "+098", "009a", ""] {
            assert!(!range.contains(other), "{other}");
        }
        for text in ["8101", "8101-8103", "a..b", "..", "1..", "1...3"] {
            assert_eq!(IdRange::parse(text), None, "{text}");
        }
    }
}
