//! Zones: gaps and folds, a zone that changes its offset, leap days, the year's end.

use rosterctl::model::desired::Existence;
use rosterctl::model::diagnostic::Diagnostic;
use rosterctl::model::problem::{Problem, RosterProblem};

use super::{House, moment, workspace};

/// Returns the first and the last second of the agent `1` with some dates, in UTC.
fn span(zone: &str, dates: &str) -> (String, String) {
    let house = House::in_zone(zone, "", &format!("agents: [{{ operatorId: \"1\", {dates} }}]"));
    let roster = house.at("1990-01-01");
    let dates = roster.dates.unwrap();
    let first = dates.next(dates.at).unwrap();
    let end = dates.next(first).unwrap();
    assert_eq!(dates.next(end), None);
    (first.to_string(), end.to_string())
}

/// Returns the readings of the one wrong date: true for a gap, and both moments.
fn readings(zone: &str, date: &str) -> (bool, String, String) {
    let house = House::in_zone(zone, "", &format!("agents: [{{ operatorId: \"1\", from: {date} }}]"));
    let wrong = house.errors("2026-01-01");
    let [Diagnostic { problem: Problem::Roster(RosterProblem::TwoReadings { readings, .. }), .. }] = &*wrong
    else {
        panic!("{wrong:?}")
    };
    (readings.skipped, readings.earlier.clone(), readings.later.clone())
}

#[test]
fn rule_13_1_a_local_time_that_the_zone_skips_or_has_twice_has_two_readings() {
    let said = |skipped, earlier: &str, later: &str| (skipped, earlier.to_owned(), later.to_owned());
    assert_eq!(
        readings("America/New_York", "2027-03-14T02:30"),
        said(true, "2027-03-14T01:30-05:00", "2027-03-14T03:30-04:00")
    );
    assert_eq!(
        readings("America/New_York", "2026-11-01T01:00"),
        said(false, "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00")
    );
    // A gap of half an hour, and the moments around both.
    assert_eq!(
        readings("Australia/Lord_Howe", "2026-10-04T02:00"),
        said(true, "2026-10-04T01:30+10:30", "2026-10-04T02:30+11:00")
    );
    for (date, at) in [
        ("2027-03-14T01:59", "2027-03-14T06:59:00Z"),
        ("2027-03-14T03:00", "2027-03-14T07:00:00Z"),
        ("2026-11-01T00:59", "2026-11-01T04:59:00Z"),
        ("2026-11-01T02:00", "2026-11-01T07:00:00Z"),
        ("2026-11-01T01:30-04:00", "2026-11-01T05:30:00Z"),
        ("2026-11-01T01:30-05:00", "2026-11-01T06:30:00Z"),
        // An offset that the zone never has is a moment all the same.
        ("2027-03-14T02:30+08:00", "2027-03-13T18:30:00Z"),
    ] {
        assert_eq!(moment(&workspace("America/New_York", ""), date).to_string(), at, "{date}");
    }
}

#[test]
fn rule_13_1_a_day_is_as_long_as_its_zone_makes_it() {
    let day = |zone, day: &str| span(zone, &format!("from: {day}, until: {day}"));
    let said = |from: &str, until: &str| (from.to_owned(), until.to_owned());
    // 23 hours, and 25.
    assert_eq!(day("America/New_York", "2027-03-14"), said("2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"));
    assert_eq!(day("America/New_York", "2026-11-01"), said("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"));
    assert_eq!(day("Asia/Shanghai", "2026-12-31"), said("2026-12-30T16:00:00Z", "2026-12-31T16:00:00Z"));
    // Midnight is skipped: the day begins an hour later. Midnight comes twice: the day begins at the first.
    assert_eq!(day("America/Santiago", "2026-09-06"), said("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"));
    assert_eq!(day("America/Havana", "2024-11-03"), said("2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"));
    // A zone that changed its offset for good.
    assert_eq!(day("Asia/Pyongyang", "2018-05-04"), said("2018-05-03T15:30:00Z", "2018-05-04T15:00:00Z"));
    // Leap days, and the year's end.
    let leap = span("Asia/Shanghai", "from: 2028-02-28, until: 2028-02-29");
    assert_eq!(leap, said("2028-02-27T16:00:00Z", "2028-02-29T16:00:00Z"));
    let years_end = span("America/New_York", "from: 2026-12-31, until: 2027-01-01");
    assert_eq!(years_end, said("2026-12-31T05:00:00Z", "2027-01-02T05:00:00Z"));
}

#[test]
fn rule_13_1_a_day_that_the_zone_leaves_out_has_no_moment() {
    let house =
        |dates| House::in_zone("Pacific/Apia", "", &format!("agents: [{{ operatorId: \"1\", {dates} }}]"));
    let wrong = house("from: 2011-12-30, until: 2011-12-30").errors("2026-01-01");
    let [Diagnostic { problem: Problem::Roster(RosterProblem::BackwardSpan { .. }), .. }] = &*wrong else {
        panic!("{wrong:?}")
    };
    // Until that day means until the end of the day before; from that day means from the day after.
    let existence = |dates, at: &str| house(dates).agent("1", at).existence;
    assert_eq!(existence("until: 2011-12-30", "2011-12-29T23:59"), Existence::Present);
    assert_eq!(existence("until: 2011-12-30", "2011-12-31"), Existence::IfLive);
    assert_eq!(existence("from: 2011-12-30", "2011-12-29T23:59"), Existence::Untouched);
    assert_eq!(existence("from: 2011-12-30", "2011-12-31"), Existence::Present);
}

#[test]
fn rule_13_3_days_after_a_leave_are_days_of_the_zone() {
    let policy = "leavers: { then: disable, deleteAfter: 1d }";
    let house =
        House::in_zone("America/New_York", policy, "agents: [{ operatorId: \"1\", until: 2027-03-13 }]");
    // The day after the last one has 23 hours.
    assert_eq!(house.agent("1", "2027-03-14T23:59").existence, Existence::IfLive);
    assert_eq!(house.agent("1", "2027-03-15").existence, Existence::Absent);
}
