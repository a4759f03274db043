//! Times of vendors: numbers since 1970, and local times at an offset.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::model::identity::in_seconds;

/// Parses a time of a vendor into seconds since 1970 UTC. Returns `None` for a time that is empty or no time.
///
/// Above 10^11 a number is in milliseconds. A text is `yyyy-MM-dd HH:mm:ss` at an offset in minutes.
pub(super) fn local(text: &str, offset_minutes: i64) -> Option<i64> {
    let text = text.trim();
    if text.len() != 19 || text.as_bytes()[10] != b' ' {
        return None;
    }
    let local: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    let offset = Offset::from_seconds(i32::try_from(offset_minutes * 60).ok()?).ok()?;
    Some(offset.to_timestamp(local).ok()?.as_second())
}

/// Converts a number since 1970 UTC into seconds. Returns `None` for zero and less.
pub(super) fn number(since_1970: i64) -> Option<i64> {
    (since_1970 > 0).then(|| in_seconds(since_1970))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_is_read_at_its_offset_and_anything_else_is_no_time() {
        assert_eq!(local("2022-01-04 16:17:27", 480), Some(1_641_284_247));
        assert_eq!(local(" 2022-01-04 08:17:27 ", 0), Some(1_641_284_247));
        for wrong in [
            "",
            "2022-01-04",
            "0000-00-00 00:00:00",
            "2022-01-04T16:17:27",
            "2022-13-04 16:17:27",
            "yesterday",
        ] {
            assert_eq!(local(wrong, 480), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_is_in_seconds_or_milliseconds() {
        assert_eq!(number(1_641_284_247), Some(1_641_284_247));
        assert_eq!(number(1_641_284_247_999), Some(1_641_284_247));
        assert_eq!(number(100_000_000_000), Some(100_000_000_000));
        assert_eq!((number(0), number(-5)), (None, None));
    }
}
