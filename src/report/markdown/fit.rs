//! Fits a comment into the characters that a forge takes: folds are shortened, then cut at a row.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::language::Language;
use crate::report::escape::Markdown;
use crate::report::phrases::Phrase;

/// Most characters of a comment; GitHub takes 65,536.
pub(super) const MOST: usize = 65_000;
/// The greatest rank of a chapter of deleted agents.
const DELETED: usize = 2;
/// The rank of the picture of the order.
pub(super) const PICTURE: usize = 10;
/// Characters reserved for the other folds, beside the deleted agents.
const RESERVE: usize = 12_000;

/// A fold of the comment.
pub(super) struct Chapter {
    /// Rank: folds of a high rank are cut first.
    pub(super) rank: usize,
    pub(super) open: Markdown,
    pub(super) rows: Vec<Markdown>,
    /// Number of the rows that no comment has room for: they are not rendered.
    pub(super) more: usize,
    /// Loss of each row; empty if the rows keep their order.
    pub(super) losses: Vec<Loss>,
    /// A line below the rows.
    pub(super) note: Markdown,
    pub(super) close: &'static str,
    /// Shorter forms of a fold that is not cut while another one can be.
    pub(super) shorter: Vec<(Markdown, Vec<Markdown>)>,
}

/// The loss of a row, in thousandths: the net loss, then the share of members that leave.
pub(super) type Loss = (usize, usize);

impl Chapter {
    /// Moves the rows with the greatest losses to the front. Returns the former indices of the rows.
    fn losses_first(&mut self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        places.sort_by_key(|at| Reverse(self.losses.get(*at)));
        self.rows = places.iter().map(|at| self.rows[*at].clone()).collect();
        places
    }

    /// Moves rows back to their former indices.
    fn restore(&mut self, places: Vec<usize>) {
        let mut rows: Vec<_> = places.into_iter().zip(std::mem::take(&mut self.rows)).collect();
        rows.sort_by_key(|(at, _)| *at);
        self.rows = rows.into_iter().map(|(_, row)| row).collect();
    }

    /// Returns the number of characters of the whole fold, with the line about missing rows.
    fn chars(&self) -> usize {
        self.frame() + self.rows.iter().map(Markdown::chars).sum::<usize>()
    }

    fn frame(&self) -> usize {
        self.open.chars() + self.note.chars() + self.close.len() + 60
    }
}

/// Assembles the comment, and drops the rows that do not fit.
pub(super) fn fit(language: Language, head: &Markdown, parts: Vec<(Markdown, Vec<Chapter>)>) -> String {
    let mut note = Markdown::default();
    note.raw("\n_").text(&Phrase::Cut.say(language)).raw("_\n");
    let mut left = MOST.saturating_sub(head.chars() + note.chars());
    let mut whole = true;
    let mut kept: Vec<(Markdown, Vec<(Chapter, usize)>)> = Vec::new();
    for (part, sections) in parts {
        if left < part.chars() {
            whole = false;
            break;
        }
        left -= part.chars();
        kept.push((part, sections.into_iter().map(|section| (section, 0)).collect()));
    }
    whole &= shorten(&mut kept, left);
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (part, (_, sections)) in kept.iter().enumerate() {
        order.extend(sections.iter().enumerate().map(|(at, (section, _))| (section.rank, part, at)));
    }
    order.sort_unstable();
    // The frames come first, so that each fold can show its number of missing rows.
    let (pictures, folds): (Vec<_>, Vec<_>) = order.into_iter().partition(|(rank, ..)| *rank == PICTURE);
    let mut framed = Vec::new();
    for fold in folds {
        let frame = kept[fold.1].1[fold.2].0.frame();
        if left < frame {
            whole = false;
            continue;
        }
        left -= frame;
        framed.push(fold);
    }
    // A fold that is shown as a whole keeps its order.
    let mut moved: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (_, part, at) in &framed {
        let section = &mut kept[*part].1[*at].0;
        if !section.losses.is_empty() {
            moved.insert((*part, *at), section.losses_first());
        }
    }
    // Deleted agents first, then a share for each other fold, then the rest by rank.
    let is_deleted = |fold: &&(usize, usize, usize)| fold.0 <= DELETED;
    for (_, part, at) in framed.iter().filter(is_deleted) {
        left -= fill(&mut kept[*part].1[*at], left);
    }
    let share = left / (2 * framed.len().max(1));
    for (_, part, at) in framed.iter().filter(|fold| !is_deleted(fold)) {
        left -= fill(&mut kept[*part].1[*at], share);
    }
    for (_, part, at) in &framed {
        left -= fill(&mut kept[*part].1[*at], left);
        let (section, shown) = &mut kept[*part].1[*at];
        let is_whole = *shown == section.rows.len() && section.more == 0;
        if let Some(places) = moved.remove(&(*part, *at)).filter(|_| is_whole) {
            section.restore(places);
        }
        whole &= is_whole;
    }
    // A picture is whole or absent.
    for (rank, part, at) in pictures {
        let (section, shown) = &mut kept[part].1[at];
        if left < section.chars() {
            whole = false;
            continue;
        }
        left -= section.chars();
        *shown = section.rows.len();
        framed.push((rank, part, at));
    }
    framed.sort_unstable_by_key(|(_, part, at)| (*part, *at));
    let framed: Vec<(usize, usize)> = framed.into_iter().map(|(_, part, at)| (part, at)).collect();
    let mut out = head.clone();
    for (number, (part, sections)) in kept.iter().enumerate() {
        out.join(part);
        let there = |at: &usize| framed.binary_search(&(number, *at)).is_ok();
        for (section, shown) in (0..sections.len()).filter(there).map(|at| &sections[at]) {
            out.join(&section.open);
            section.rows[..*shown].iter().for_each(|row| {
                out.join(row);
            });
            let more = section.rows.len() - shown + section.more;
            if more > 0 {
                out.raw("\n").text(&Phrase::MoreRows(more).say(language)).raw("\n");
            }
            out.join(&section.note);
            out.raw(section.close);
        }
    }
    if !whole {
        out.join(&note);
    }
    out.into_string()
}

/// Shows more rows of a fold within `room` characters, and returns the number of characters used.
fn fill((section, shown): &mut (Chapter, usize), room: usize) -> usize {
    let mut used = 0;
    for row in &section.rows[*shown..] {
        if used + row.chars() > room {
            break;
        }
        used += row.chars();
        *shown += 1;
    }
    used
}

/// Puts the chapters of deleted agents into the longest form that leaves the others their reserve. Returns true for the
/// whole form.
fn shorten(kept: &mut [(Markdown, Vec<(Chapter, usize)>)], left: usize) -> bool {
    let (mut deleted, others): (Vec<_>, Vec<_>) = kept
        .iter_mut()
        .flat_map(|(_, sections)| sections.iter_mut().map(|(section, _)| section))
        .partition(|section| !section.shorter.is_empty());
    let others: usize = others.iter().map(|section| section.chars()).sum();
    let room = left.saturating_sub(others.min(RESERVE));
    let mut is_whole = true;
    while deleted.iter().map(|section| section.chars()).sum::<usize>() > room
        && deleted.iter().any(|section| !section.shorter.is_empty())
    {
        is_whole = false;
        for section in deleted.iter_mut().filter(|section| !section.shorter.is_empty()) {
            (section.open, section.rows) = section.shorter.remove(0);
            section.losses.clear();
        }
    }
    is_whole
}
