//! The picture of a queue's members: two bars, before and after. Agents that leave are the end of the upper bar. Agents
//! that join are the end of the lower one. So the picture needs no colour.

use maud::{Markup, html};

use super::super::phrases::{Column, Phrase, Swatch, colon, comma};
use super::super::view::{MemberCounts, Person, View};
use crate::report::escape::Text;

/// Width of the picture in its own units.
const WIDTH: usize = 1000;

/// Returns the longest bar of some queues, in members.
pub(super) fn most<'a>(queues: impl Iterator<Item = &'a MemberCounts>) -> usize {
    queues.map(|queue| queue.before.max(queue.after())).max().unwrap_or(0)
}

/// Renders the legend of the bars.
pub(super) fn legend(view: &View<'_>) -> Markup {
    let swatch = |swatch| view.say(Phrase::Swatch(swatch));
    html! {
        p.legend {
            (view.say(Phrase::Legend(view.tense))) " "
            span.swatch.stays {} (swatch(Swatch::Stays)) " "
            span.swatch.leaving {} (swatch(Swatch::Leaves)) " "
            span.swatch.joining {} (swatch(Swatch::Joins))
        }
    }
}

/// Renders `8 → 5 (−3, −38 %)` and the minimum.
pub(super) fn numbers(queue: &MemberCounts, view: &View<'_>) -> Markup {
    let class = if queue.after() < queue.before { "minus" } else { "plus" };
    html! {
        " " span.staff {
            (queue.before) " → " strong { (queue.after()) } " "
            span class=(class) { (queue.difference()) }
        }
        @if let Some(minimum) = queue.minimum {
            " " span class=(if queue.is_short() { "badge error" } else { "least" }) {
                (view.say(Phrase::Minimum(minimum)))
            }
        }
    }
}

/// Renders the members that join or leave, all by name.
pub(super) fn people(people: &[Person], column: Column, view: &View<'_>) -> Markup {
    html! {
        @if !people.is_empty() {
            p.people {
                b { (view.say(Phrase::Column(column))) " " span { (people.len()) } (colon(view.language())) }
                @for (at, person) in people.iter().enumerate() {
                    @if at > 0 { (comma(view.language())) }
                    span.person { (Text(person.words(view.language()))) }
                }
            }
        }
    }
}

/// Renders the bars.
pub(super) fn picture(queue: &MemberCounts, most: usize, view: &View<'_>) -> Markup {
    let length = |members: usize| members * WIDTH / most.max(1);
    let stays = length(queue.before - queue.leaving.len());
    let bars = [
        ("stays", 0, 0, stays),
        ("leaving", 0, stays, length(queue.before) - stays),
        ("stays", 14, 0, stays),
        ("joining", 14, stays, length(queue.after()) - stays),
    ];
    let label = Phrase::Picture(view.tense, &queue.queue, queue.before, queue.after());
    html! {
        svg.bars viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label=(Text(view.say(label))) {
            @for (class, top, start, width) in bars.into_iter().filter(|bar| bar.3 > 0) {
                // In a picture only an end tag closes an element.
                rect class=(class) x=(start) y=(top) width=(width) height="12" {}
            }
        }
    }
}
