//! A ledger of the workspace that lies in another place than the configured one.

use super::load::Loaded;
use crate::cli::console::Console;
use crate::model::id::safe;
use crate::model::ledger::Ledger;
use crate::storage::ledger::{self, Store, Stray};

/// A ledger elsewhere, in words.
pub(crate) struct OtherLedger {
    pub(crate) said: String,
    pub(crate) help: &'static str,
}

/// Finds a ledger of the workspace elsewhere, if the configured place is empty.
pub(crate) fn find(loaded: &Loaded, store: &Store, configured: &Ledger) -> Option<OtherLedger> {
    let Stray { place, copied_to } = ledger::stray(&loaded.workspace, &loaded.place, configured)?;
    let copied = copied_to.map(|to| format!(", and was copied to {}", safe(&to))).unwrap_or_default();
    Some(OtherLedger {
        said: format!(
            "{} is not there yet, but {} holds the ledger of this workspace{copied}: without it, ownership, roles and \
             passwords are unknown",
            store.place(),
            safe(&place)
        ),
        help: "correct `ledger` in rosterctl.yaml, or point it at the old place and take the ledger along with \
               `rosterctl ledger copy`",
    })
}

/// Warns of a ledger elsewhere.
pub(crate) fn warn(loaded: &Loaded, store: &Store, configured: &Ledger, console: &Console) {
    if let Some(OtherLedger { said, help }) = find(loaded, store, configured) {
        console.warning(&format!("{said}; {help}"));
    }
}
