//! The span of time of the call figures, cut into windows that the vendor accepts.
//!
//! Source: seat-query, `strTime` "與結束時間相差32天", status -35 "搜索時間區間不能大於32天". The document does not
//! say whether `endTime` itself belongs to the span. So windows end a second before the next one begins: no call is
//! counted twice. In either reading they hold less than 32 days.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::provider::Window;

/// The longest window, in seconds.
const LONGEST_SECONDS: i64 = 32 * 24 * 3600;

/// Cuts the time from `start_ms` until just before `end_ms` into windows.
///
/// The earliest comes first; there is at least one. `offset_minutes` is the offset of the vendor's clock, east of
/// Greenwich.
pub fn windows(start_ms: i64, end_ms: i64, offset_minutes: i64) -> Vec<Window> {
    let (start, end) = (start_ms.div_euclid(1000), end_ms.div_euclid(1000));
    let mut windows = Vec::new();
    let mut from = start.min(end - 1);
    while from < end {
        let to = (from + LONGEST_SECONDS).min(end);
        windows.push(Window { start: civil(from, offset_minutes), end: civil(to - 1, offset_minutes) });
        from = to;
    }
    windows
}

fn civil(seconds: i64, offset_minutes: i64) -> String {
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let offset = i32::try_from(offset_minutes * 60).ok().and_then(|s| Offset::from_seconds(s).ok());
    offset.unwrap_or(Offset::UTC).to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moment 2025-01-01 00:00:00 in China.
    const NEW_YEAR: i64 = 1_735_660_800_000;
    const DAY: i64 = 24 * 3_600_000;

    fn cut(days: i64) -> Vec<(String, String)> {
        let windows = windows(NEW_YEAR, NEW_YEAR + days * DAY, 480);
        windows.into_iter().map(|w| (w.start, w.end)).collect()
    }

    #[test]
    fn pieces_meet_and_none_is_longer_than_the_vendor_takes() {
        let piece = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(cut(1), [piece("2025-01-01 00:00:00", "2025-01-01 23:59:59")]);
        assert_eq!(cut(32), [piece("2025-01-01 00:00:00", "2025-02-01 23:59:59")]);
        assert_eq!(
            cut(70),
            [
                piece("2025-01-01 00:00:00", "2025-02-01 23:59:59"),
                piece("2025-02-02 00:00:00", "2025-03-05 23:59:59"),
                piece("2025-03-06 00:00:00", "2025-03-11 23:59:59"),
            ]
        );
    }

    #[test]
    fn there_is_always_one() {
        assert_eq!(cut(0).len(), 1);
        assert_eq!(cut(-5).len(), 1);
    }
}
