//! The question of `apply` before it writes.

use super::console::Console;
use super::error::CliError;
use crate::model::language::{Language, localized};

/// Asks for approval. Without a terminal, nothing is written.
pub(super) async fn approved(console: &Console, language: Language) -> Result<bool, CliError> {
    let asking = console.clone();
    let question = language.choose(
        "\nApply this plan? Only `yes` will do: ",
        "\n执行这个计划？只有输入 `yes` 才执行：",
        "\n執行這個計畫？只有輸入 `yes` 才執行：",
    );
    let ask = move || asking.ask(question);
    // A separate thread keeps Ctrl-C responsive.
    match tokio::task::spawn_blocking(ask).await.map_err(CliError::other)? {
        None => Err(CliError::Error(localized!(
            "the plan cannot be approved here (standard input is no terminal): nothing was changed; \
             pass --auto-approve once the plan has been reviewed",
            "这里没法批准计划（标准输入不是终端）：什么都没有改动；计划评审过之后请加 --auto-approve",
            "這裡沒辦法核准計畫（標準輸入不是終端機）：什麼都沒有更動；計畫評審過之後請加 --auto-approve"
        ))),
        Some(answer) if answer == "yes" => Ok(true),
        Some(_) => {
            console.note(language.choose(
                "Not approved: nothing was changed.",
                "没有批准：什么都没有改动。",
                "沒有核准：什麼都沒有更動。",
            ));
            Ok(false)
        }
    }
}
