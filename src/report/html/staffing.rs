//! The picture of who serves a queue: two bars, before and after. What leaves is the end of the upper one, what joins
//! the end of the lower one, so that it is read without colour too.

use super::super::view::{MemberCounts, Tense};
use crate::report::escape::Markup;

/// Width of the picture in its own units.
const WIDTH: usize = 1000;

/// The longest bar of some queues, in members.
pub(super) fn most<'a>(queues: impl Iterator<Item = &'a MemberCounts>) -> usize {
    queues.map(|queue| queue.before.max(queue.after())).max().unwrap_or(0)
}

/// What the bars mean.
pub(super) fn legend(page: &mut Markup, tense: Tense) {
    let now = "Upper bar: who serves the queue now. Lower bar: after the change. ";
    let then = "Upper bar: who served the queue before. Lower bar: who serves it now. ";
    page.raw("<p class=\"legend\">").raw(tense.choose(now, now, then));
    page.raw("<span class=\"swatch stays\"></span>stays <span class=\"swatch leaving\"></span>leaves ");
    page.raw("<span class=\"swatch joining\"></span>joins</p>\n");
}

/// `7 → 8 (+1)`.
pub(super) fn numbers(page: &mut Markup, queue: &MemberCounts) {
    page.raw(" <span class=\"staff\">")
        .number(queue.before)
        .raw(" → <strong>")
        .number(queue.after())
        .raw("</strong>");
    if queue.joining > 0 {
        page.raw(" <span class=\"plus\">+").number(queue.joining).raw("</span>");
    }
    if queue.leaving > 0 {
        page.raw(" <span class=\"minus\">−").number(queue.leaving).raw("</span>");
    }
    page.raw("</span>");
}

/// The bars.
pub(super) fn picture(page: &mut Markup, queue: &MemberCounts, most: usize, tense: Tense) {
    let length = |members: usize| members * WIDTH / most.max(1);
    let stays = queue.before - queue.leaving;
    page.raw(
        "<svg class=\"bars\" viewBox=\"0 0 1000 26\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
    );
    page.text(&queue.queue)
        .raw(": ")
        .number(queue.before)
        .raw(tense.choose(" now, ", " now, ", " before, "))
        .number(queue.after())
        .raw(tense.choose(" after\">", " after\">", " now\">"));
    bar(page, "stays", "0", 0, length(stays));
    bar(page, "leaving", "0", length(stays), length(queue.before) - length(stays));
    bar(page, "stays", "14", 0, length(stays));
    bar(page, "joining", "14", length(stays), length(queue.after()) - length(stays));
    page.raw("</svg>");
}

fn bar(page: &mut Markup, class: &'static str, top: &'static str, start: usize, width: usize) {
    if width > 0 {
        page.raw("<rect class=\"")
            .raw(class)
            .raw("\" x=\"")
            .number(start)
            .raw("\" y=\"")
            .raw(top)
            .raw("\" width=\"");
        page.number(width).raw("\" height=\"12\"/>");
    }
}
