//! Dates of a roster: days and moments as people write them, the zone that they are in, and the spans between them.
//!
//! A date is `2026-12-01` or `2026-12-01T18:00`; a moment may carry an offset, like `+08:00`. A day begins at its first
//! moment in the zone of the workspace. `from` is included. A day under `until` is included, a moment is not.

use std::fmt;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Serialize};

use super::message::plain;
use super::source::Source;

/// A day or a moment, as a manifest writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// `2026-12-01`.
    Day(civil::Date),
    /// `2026-12-01T18:00`, with an offset or in the zone of the workspace.
    Moment(civil::DateTime, Option<Offset>),
}

/// The two readings of a local time that its zone skips or has twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readings {
    /// True if the zone skips the time; false if it has it twice.
    pub skipped: bool,
    /// The earlier moment, with its offset.
    pub earlier: String,
    /// The later moment, with its offset.
    pub later: String,
}

plain!(Readings);

impl Date {
    /// Parses a date as a manifest writes it; `None` for any other form.
    pub fn parse(text: &str) -> Option<Self> {
        let day = text.get(..10)?;
        let number = |range: std::ops::Range<usize>| -> Option<i16> {
            let digits = text.get(range)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let small = |range| number(range).and_then(|number| i8::try_from(number).ok());
        if day.as_bytes().get(4) != Some(&b'-') || day.as_bytes().get(7) != Some(&b'-') {
            return None;
        }
        let date = civil::Date::new(number(0..4)?, small(5..7)?, small(8..10)?).ok()?;
        let Some(rest) = text.get(10..).filter(|rest| !rest.is_empty()) else { return Some(Date::Day(date)) };
        if !rest.starts_with('T') || rest.as_bytes().get(3) != Some(&b':') {
            return None;
        }
        let time = civil::Time::new(small(11..13)?, small(14..16)?, 0, 0).ok()?;
        let offset = match text.get(16..)? {
            "" => None,
            "Z" => Some(Offset::UTC),
            offset => Some(parse_offset(offset)?),
        };
        Some(Date::Moment(date.to_datetime(time), offset))
    }

    /// Returns the first moment of a day, or the moment.
    ///
    /// # Errors
    /// The readings of a local time that the zone skips or has twice.
    pub fn first(self, zone: &Zone) -> Result<Timestamp, Readings> {
        match self {
            Date::Day(day) => Ok(zone.start(day)),
            Date::Moment(moment, Some(offset)) => Ok(offset.to_timestamp(moment).unwrap_or(Timestamp::MAX)),
            Date::Moment(moment, None) => zone.moment(moment),
        }
    }

    /// Returns the end of a span whose `until` is this date: behind a day, at a moment.
    ///
    /// # Errors
    /// The readings of a local time that the zone skips or has twice.
    pub fn end(self, zone: &Zone) -> Result<Timestamp, Readings> {
        match self {
            Date::Day(day) => Ok(day.tomorrow().map_or(Timestamp::MAX, |next| zone.start(next))),
            Date::Moment(..) => self.first(zone),
        }
    }
}

/// Parses `+08:00`.
fn parse_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let two = |range: std::ops::Range<usize>| -> Option<i32> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (two(1..3)?, two(4..6)?);
    (hours <= 14 && minutes < 60).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())?
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Date::Day(day) => write!(f, "{day}"),
            Date::Moment(moment, offset) => {
                write!(f, "{}", moment.strftime("%Y-%m-%dT%H:%M"))?;
                match offset {
                    Some(offset) if *offset == Offset::UTC => f.write_str("Z"),
                    Some(offset) => f.write_str(&spelled(*offset)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Formats an offset as `+08:00`.
fn spelled(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The zone of a workspace's dates, from the zone data in this program; never the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Returns the zone of an IANA name.
    pub fn named(name: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }

    /// Returns UTC, the zone of moments in a workspace without `timeZone`.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Returns the names of all zones.
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
    }

    /// Returns its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns the first moment of a day.
    pub fn start(&self, day: civil::Date) -> Timestamp {
        self.0.to_timestamp(day.to_datetime(civil::Time::midnight())).unwrap_or(Timestamp::MAX)
    }

    /// Returns the day of a moment.
    pub fn day(&self, at: Timestamp) -> civil::Date {
        self.0.to_datetime(at).date()
    }

    /// Returns true if a moment is the first one of its day.
    pub fn begins_day(&self, at: Timestamp) -> bool {
        self.start(self.day(at)) == at
    }

    /// Returns the same local time a number of days later.
    pub fn days_later(&self, at: Timestamp, days: u32) -> Timestamp {
        let local = self.0.to_datetime(at);
        let later = local.checked_add(jiff::Span::new().days(i64::from(days))).ok();
        let later = later.and_then(|later| self.0.to_timestamp(later).ok());
        later.unwrap_or(Timestamp::MAX)
    }

    /// Returns a moment with its local time.
    pub fn local(&self, at: Timestamp) -> ZonedDateTime {
        ZonedDateTime::new(at, self.0.clone())
    }

    /// Returns a moment in RFC 3339 with the zone's offset, like `2026-12-01T00:00:00+08:00`.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        let offset = self.0.to_offset(at);
        let local = offset.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S");
        format!("{local}{}", spelled(offset))
    }

    /// Returns a moment for people: `2026-12-01` for the first moment of a day, else `2026-12-01 18:00`.
    pub fn words(&self, at: Timestamp) -> String {
        let local = self.0.to_datetime(at);
        if self.begins_day(at) {
            local.date().to_string()
        } else {
            local.strftime("%Y-%m-%d %H:%M").to_string()
        }
    }

    fn moment(&self, local: civil::DateTime) -> Result<Timestamp, Readings> {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        let (skipped, first, second) = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                return Ok(offset.to_timestamp(local).unwrap_or(Timestamp::MAX));
            }
            AmbiguousOffset::Gap { before, after } => (true, after, before),
            AmbiguousOffset::Fold { before, after } => (false, before, after),
        };
        let reading = |offset: Offset| {
            let at = offset.to_timestamp(local).unwrap_or(Timestamp::MAX);
            // A skipped time is shown as the clock shows that moment.
            let shown = if skipped { self.0.to_offset(at) } else { offset };
            format!("{}{}", shown.to_datetime(at).strftime("%Y-%m-%dT%H:%M"), spelled(shown))
        };
        Err(Readings { skipped, earlier: reading(first), later: reading(second) })
    }
}

/// One end of a span, with the date that a manifest writes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The moment: the first one inside for `from`, the first one outside for `until`.
    pub at: Timestamp,
    /// The date.
    pub date: Date,
    /// Its place.
    pub source: Source,
}

/// A span of time; a missing end is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: Option<Bound>,
    /// The first moment behind it.
    pub until: Option<Bound>,
}

impl Span {
    /// Returns true if a moment lies in the span.
    pub fn holds(&self, at: Timestamp) -> bool {
        !self.is_before(at) && !self.is_over(at)
    }

    /// Returns true if a moment lies before the span.
    pub fn is_before(&self, at: Timestamp) -> bool {
        self.from.as_ref().is_some_and(|from| at < from.at)
    }

    /// Returns true if a moment lies behind the span.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.until.as_ref().is_some_and(|until| until.at <= at)
    }

    /// Returns true if a moment lies in both spans.
    pub fn meets(&self, other: &Span) -> bool {
        let before = |one: &Span, other: &Span| {
            one.until.as_ref().zip(other.from.as_ref()).is_some_and(|(until, from)| until.at <= from.at)
        };
        !before(self, other) && !before(other, self)
    }

    /// Returns its ends.
    pub fn bounds(&self) -> impl Iterator<Item = &Bound> {
        self.from.iter().chain(&self.until)
    }
}

/// A date outside of which an agent, or its place in a queue, is not wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutOfDate {
    /// True before `from`, false after `until`.
    pub before: bool,
    /// The date, as the manifest writes it.
    pub date: String,
    /// Its place.
    pub source: Source,
}

plain!(OutOfDate);

impl OutOfDate {
    /// Returns the bound that keeps a moment out of a span; `None` for a moment in it.
    pub fn at(span: &Span, at: Timestamp) -> Option<Self> {
        let new = |before, bound: &Bound| Self {
            before,
            date: bound.date.to_string(),
            source: bound.source.clone(),
        };
        match (&span.from, &span.until) {
            (Some(from), _) if at < from.at => Some(new(true, from)),
            (_, Some(until)) if until.at <= at => Some(new(false, until)),
            _ => None,
        }
    }

    /// Returns the bound of the span that comes next, or else of the one that ended last: their order means nothing.
    pub fn nearest<'a>(spans: impl Iterator<Item = &'a Span>, at: Timestamp) -> Option<Self> {
        let next = spans.min_by_key(|span| match (&span.from, &span.until) {
            (Some(from), _) if at < from.at => (false, from.at.as_second()),
            (_, until) => (true, until.as_ref().map_or(0, |until| -until.at.as_second())),
        });
        next.and_then(|span| Self::at(span, at))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn utc(zone: &str, text: &str) -> String {
        date(text).first(&Zone::named(zone).unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_date_is_a_day_or_a_minute_and_nothing_else() {
        for text in
            ["2026-12-01", "2026-12-01T18:00", "2026-12-01T18:00+08:00", "2024-02-29", "2026-12-01T00:00Z"]
        {
            assert_eq!(date(text).to_string(), text);
        }
        for wrong in [
            "2026-2-1",
            "2026-02-29",
            "2026-12-01T18",
            "2026-12-01T18:00:00",
            "2026-12-01 18:00",
            "tomorrow",
            "+30d",
            "2026-12-01T24:00",
            "2026-12-01T18:00+8",
            "2026-13-01",
            "",
            "2026-12-01T",
            "2026-12-01T18:00+15:00",
            "2026/12/01",
            "２０２６-12-01",
            "2026-12-01T18:00z",
            "-2026-12-01",
        ] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_at_its_first_moment_and_ends_behind_its_last() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        assert_eq!(utc("Asia/Shanghai", "2026-12-01"), "2026-11-30T16:00:00Z");
        assert_eq!(date("2026-12-31").end(&zone).unwrap().to_string(), "2026-12-31T16:00:00Z");
        assert_eq!(date("2026-12-31T18:00").end(&zone).unwrap().to_string(), "2026-12-31T10:00:00Z");
        assert_eq!(date("2024-02-28").end(&zone).unwrap(), date("2024-02-29").first(&zone).unwrap());
        // Midnight does not exist on that day in that zone.
        assert_eq!(utc("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00Z");
        // The zone left out a whole day.
        assert_eq!(utc("Pacific/Apia", "2011-12-30"), utc("Pacific/Apia", "2011-12-31"));
        assert_eq!(date("9999-12-31").end(&zone).unwrap(), Timestamp::MAX);
    }

    #[test]
    fn a_time_that_the_zone_skips_or_has_twice_has_two_readings() {
        let zone = Zone::named("America/New_York").unwrap();
        let gap = date("2027-03-14T02:30").first(&zone).unwrap_err();
        assert_eq!(
            (gap.skipped, &*gap.earlier, &*gap.later),
            (true, "2027-03-14T01:30-05:00", "2027-03-14T03:30-04:00")
        );
        let fold = date("2026-11-01T01:30").first(&zone).unwrap_err();
        assert_eq!(
            (fold.skipped, &*fold.earlier, &*fold.later),
            (false, "2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00")
        );
        assert_eq!(utc("America/New_York", "2026-11-01T01:30-05:00"), "2026-11-01T06:30:00Z");
        // A zone that changed its offset without a daylight saving time.
        assert_eq!(utc("Asia/Pyongyang", "2018-05-04"), "2018-05-03T15:30:00Z");
        assert_eq!(utc("Asia/Pyongyang", "2018-05-06"), "2018-05-05T15:00:00Z");
    }

    #[test]
    fn a_moment_is_written_with_the_offset_of_its_zone() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let at = "2026-11-30T16:00:00Z".parse().unwrap();
        assert_eq!(zone.rfc3339(at), "2026-12-01T00:00:00+08:00");
        assert_eq!(zone.words(at), "2026-12-01");
        assert_eq!(zone.words("2026-11-30T16:05:00Z".parse().unwrap()), "2026-12-01 00:05");
        assert!(Zone::named("Asia/Shanghia").is_none() && Zone::named("+08:00").is_none());
    }

    #[test]
    fn spans_meet_in_a_moment_that_both_hold() {
        let zone = Zone::utc();
        let span = |from: &str, until: &str| {
            let bound = |date: Date, at| Bound { at, date, source: Source::new("a.yaml", 1, 1) };
            let from = date(from);
            let until = date(until);
            Span {
                from: Some(bound(from, from.first(&zone).unwrap())),
                until: Some(bound(until, until.end(&zone).unwrap())),
            }
        };
        assert!(span("2026-01-01", "2026-01-02").meets(&span("2026-01-02", "2026-01-03")));
        assert!(!span("2026-01-01", "2026-01-01").meets(&span("2026-01-02", "2026-01-03")));
        assert!(Span::default().meets(&span("2026-01-02", "2026-01-03")));
    }
}
