//! Markup around markup of any length, which is in memory once.

use maud::{Markup, html};

/// The text of [`hole`].
const HOLE: &str = "<hr hidden>";

/// Renders the place in a frame of the markup that it surrounds. No value can repeat it, since values are escaped.
pub(super) fn hole() -> Markup {
    html! { hr hidden; }
}

/// Returns a frame before and after its hole.
pub(super) fn split(frame: &Markup) -> (&str, &str) {
    frame.0.split_once(HOLE).unwrap_or((&frame.0, ""))
}

/// Writes a frame, and the markup in its hole.
pub(super) fn framed(page: &mut Markup, frame: &Markup, fill: impl FnOnce(&mut Markup)) {
    let (before, after) = split(frame);
    page.0.push_str(before);
    fill(page);
    page.0.push_str(after);
}

/// Writes markup.
pub(super) fn put(page: &mut Markup, markup: &Markup) {
    page.0.push_str(&markup.0);
}
