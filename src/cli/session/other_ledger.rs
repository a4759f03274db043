//! A ledger of the workspace that lies in another place than the configured one.

use super::load::Loaded;
use crate::cli::console::Console;
use crate::model::id::safe;
use crate::model::language::{Localized, localized};
use crate::model::ledger::Ledger;
use crate::report::phrases::semicolon;
use crate::storage::ledger::{self, Store, Stray};

/// A ledger elsewhere, in words.
pub(crate) struct OtherLedger {
    pub(crate) said: Localized,
    pub(crate) help: Localized,
}

/// Finds a ledger of the workspace elsewhere, if the configured place is empty.
pub(crate) fn find(loaded: &Loaded, store: &Store, configured: &Ledger) -> Option<OtherLedger> {
    let Stray { place, copied_to } = ledger::stray(&loaded.workspace, &loaded.place, configured)?;
    let copied = copied_to.map(|to| safe(&to)).map_or_else(
        || String::new().into(),
        |to| localized!(", and was copied to {to}", "，并已复制到 {to}", "，並已複製到 {to}"),
    );
    let (own, other) = (store.place(), safe(&place));
    Some(OtherLedger {
        said: localized!(
            copied;
            "{own} is not there yet, but {other} holds the ledger of this workspace{copied}: without it, ownership, roles and passwords are unknown",
            "{own} 还不存在，而 {other} 有这个工作区的账本{copied}：没有它，就不知道归属、权限组和密码",
            "{own} 還不存在，而 {other} 有這個工作區的帳本{copied}：沒有它，就不知道歸屬、權限組和密碼"
        ),
        help: localized!(
            "correct `ledger` in rosterctl.yaml, or point it at the old place and take the ledger along with \
             `rosterctl ledger copy`",
            "请改正 rosterctl.yaml 里的 `ledger`；或先指向原处，再用 `rosterctl ledger copy` 带上账本",
            "請改正 rosterctl.yaml 裡的 `ledger`；或先指向原處，再用 `rosterctl ledger copy` 帶上帳本"
        ),
    })
}

/// Warns of a ledger elsewhere.
pub(crate) fn warn(loaded: &Loaded, store: &Store, configured: &Ledger, console: &Console) {
    let language = console.language(loaded.workspace.language);
    if let Some(OtherLedger { said, help }) = find(loaded, store, configured) {
        let (said, help) = (said.text(language), help.text(language));
        console.warning(&format!("{said}{}{help}", semicolon(language)), language);
    }
}
