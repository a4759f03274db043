//! The picture of a queue's members: two bars, before and after. Agents that leave are the end of the upper bar. Agents
//! that join are the end of the lower one. So the picture needs no colour.

use maud::{Markup, html};

use super::super::view::{MemberCounts, Tense};
use crate::report::escape::Text;

/// Width of the picture in its own units.
const WIDTH: usize = 1000;

/// Returns the longest bar of some queues, in members.
pub(super) fn most<'a>(queues: impl Iterator<Item = &'a MemberCounts>) -> usize {
    queues.map(|queue| queue.before.max(queue.after())).max().unwrap_or(0)
}

/// Renders the legend of the bars.
pub(super) fn legend(tense: Tense) -> Markup {
    let now = "Upper bar: who serves the queue now. Lower bar: after the change. ";
    let then = "Upper bar: who served the queue before. Lower bar: who serves it now. ";
    html! {
        p.legend {
            (tense.choose(now, now, then))
            span.swatch.stays {} "stays " span.swatch.leaving {} "leaves " span.swatch.joining {} "joins"
        }
    }
}

/// Renders `7 → 8 (+1)`.
pub(super) fn numbers(queue: &MemberCounts) -> Markup {
    html! {
        " " span.staff {
            (queue.before) " → " strong { (queue.after()) }
            @if queue.joining > 0 { " " span.plus { "+" (queue.joining) } }
            @if queue.leaving > 0 { " " span.minus { "−" (queue.leaving) } }
        }
    }
}

/// Renders the bars.
pub(super) fn picture(queue: &MemberCounts, most: usize, tense: Tense) -> Markup {
    let length = |members: usize| members * WIDTH / most.max(1);
    let stays = length(queue.before - queue.leaving);
    let bars = [
        ("stays", 0, 0, stays),
        ("leaving", 0, stays, length(queue.before) - stays),
        ("stays", 14, 0, stays),
        ("joining", 14, stays, length(queue.after()) - stays),
    ];
    let (before, after) = (tense.choose("now", "now", "before"), tense.choose("after", "after", "now"));
    html! {
        svg.bars viewBox="0 0 1000 26" preserveAspectRatio="none" role="img"
            aria-label={ (Text(&queue.queue)) ": " (queue.before) " " (before) ", " (queue.after()) " " (after) } {
            @for (class, top, start, width) in bars.into_iter().filter(|bar| bar.3 > 0) {
                // In a picture only an end tag closes an element.
                rect class=(class) x=(start) y=(top) width=(width) height="12" {}
            }
        }
    }
}
