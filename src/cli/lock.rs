//! The lock of a workspace, with what the operator hears of it.

use super::console::Console;
use super::error::CliError;
use super::signals::unless_interrupted;
use crate::model::language::{Language, localized, say};
use crate::storage::ledger::{Lock, Store};

/// Takes the lock of a ledger.
///
/// # Errors
/// Another run holds it, it cannot be taken, or the operator interrupted the wait.
pub(super) async fn take(store: &Store, console: &Console, language: Language) -> Result<Lock, CliError> {
    let lock = unless_interrupted(store.lock(&|said| console.note(said.text(language)))).await?;
    if let Some(why) = lock.taken_over() {
        let why = why.text(language);
        console.note(&say!(language, "{why}: took it over", "接管了锁：{why}", "接管了鎖：{why}"));
    }
    Ok(lock)
}

/// Frees the lock, and says so if that fails.
pub(super) async fn free(lock: Lock, console: &Console, language: Language) {
    if let Err(error) = lock.release().await {
        let why = error.words();
        let text = localized!(
            why;
            "the lock was not freed, and ends with its lease: {why}",
            "锁没有释放，租约到期时自动失效：{why}",
            "鎖沒有釋放，租約到期時自動失效：{why}"
        );
        console.error(text.text(language), language);
    }
}
