//! The chapters of a calendar.

use crate::model::calendar::{Action, Change, Loan};
use crate::model::id::Kind;

/// The chapter of a row, in the order in which people read chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chapter {
    /// Agents that begin.
    Joins,
    /// Agents whose last day is over.
    Leaves,
    /// Agents that are deleted.
    Deleted,
    /// Agents that go to another main skill group for a time.
    Lent,
    /// Agents that return to their main skill group.
    Returns,
    /// Agents with other changes.
    Changes,
    /// Queues whose members or minimum change.
    Queues,
}

impl Chapter {
    /// All chapters, in order.
    pub(super) const ALL: [Chapter; 7] = [
        Chapter::Joins,
        Chapter::Leaves,
        Chapter::Deleted,
        Chapter::Lent,
        Chapter::Returns,
        Chapter::Changes,
        Chapter::Queues,
    ];

    /// Returns the chapter of a change.
    pub(super) fn for_change(change: &Change) -> Self {
        match (change.id.kind, change.action, change.loan) {
            (Kind::Queue | Kind::Seat, ..) => Chapter::Queues,
            (Kind::Agent, Action::Join, _) => Chapter::Joins,
            (Kind::Agent, Action::Leave, _) => Chapter::Leaves,
            (Kind::Agent, Action::Delete, _) => Chapter::Deleted,
            (Kind::Agent, Action::Update, Some(Loan::Begins)) => Chapter::Lent,
            (Kind::Agent, Action::Update, Some(Loan::Ends)) => Chapter::Returns,
            (Kind::Agent, Action::Update, None) => Chapter::Changes,
        }
    }

    /// Returns its word in classes, categories and English.
    pub(super) fn word(self) -> &'static str {
        match self {
            Chapter::Joins => "joins",
            Chapter::Leaves => "leaves",
            Chapter::Deleted => "deleted",
            Chapter::Lent => "lent",
            Chapter::Returns => "returns",
            Chapter::Changes => "changes",
            Chapter::Queues => "queue",
        }
    }
}
