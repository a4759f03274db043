//! Renders reports in memory.

use rosterctl::report::text::TextStyle;
use rosterctl::report::{self, Format, Report};

/// Renders a report, without colours and line wraps.
pub(crate) fn render(report: &Report, format: Format) -> String {
    let mut bytes = Vec::new();
    report::render(report, format, TextStyle::default(), &mut bytes).expect("bytes in memory are written");
    String::from_utf8(bytes).expect("a report is UTF-8")
}
