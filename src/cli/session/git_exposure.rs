//! Warnings about secrets and rosterctl's own files that Git tracks.

use std::fs;
use std::path::{Path, PathBuf};

use super::load::Loaded;
use crate::cli::console::Console;
use crate::config::workspace::Store;
use crate::model::id::safe;
use crate::model::language::{Localized, localized, say};
use crate::storage::files::real;
use crate::storage::{files, git};

/// Warning about a file that Git publishes, or accepts from others.
pub(crate) struct Exposed {
    /// Check of `doctor` to which it belongs.
    pub check: String,
    /// Exposed file, and its location.
    pub said: Localized,
    /// Remedy.
    pub help: Localized,
}

/// Finds exposed clear-text secrets, and tracked files of rosterctl's own folder. A secret is exposed if Git tracks
/// or would add its file. Encrypted files may be tracked.
pub(crate) fn find(loaded: &Loaded) -> Vec<Exposed> {
    let stores = &loaded.workspace.stores;
    let path = |store: &Store| Some(loaded.place.folder.join(store.settings.text("path")?));
    let encrypted: Vec<PathBuf> =
        stores.values().filter(|store| matches!(store.kind, "sops" | "age")).filter_map(path).collect();
    let mut found = Vec::new();
    for store in stores.values().filter(|store| store.kind == "dir") {
        let Some(folder) = path(store) else { continue };
        // In a folder that holds the workspace, Git tracks the workspace's files.
        if real(&loaded.place.folder).starts_with(real(&folder)) {
            continue;
        }
        let mut add = |said| {
            let check = format!("store/{}", store.name);
            found.push(Exposed {
                check,
                said,
                help: localized!(
                    "keep the folder out of Git: a `.gitignore` with the line `*` in it",
                    "不要让这个目录进 Git：放一个 `.gitignore`，里面写一行 `*`",
                    "不要讓這個資料夾進 Git：放一個 `.gitignore`，裡面寫一行 `*`"
                ),
            });
        };
        let clear = |name: &str| !encrypted.iter().any(|file| files::same(file, &folder.join(name)));
        if let Some(named) = named(&folder, clear) {
            add(localized!(
                named;
                "Git tracks {named}, which holds a secret in clear: take it out with `git rm --cached`, and change it, since the history keeps it",
                "Git 跟踪 {named}，里面有明文密钥：用 `git rm --cached` 移出，再换掉这个密钥，因为历史里还有它",
                "Git 追蹤 {named}，裡面有明文密鑰：用 `git rm --cached` 移出，再換掉這個密鑰，因為歷史裡還有它"
            ));
        }
        let is_used = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if is_used && git::takes_up(&folder) {
            let folder = safe(&folder.display().to_string());
            add(localized!(
                "Git does not ignore the files of {folder}, which hold secrets in clear",
                "Git 没有忽略 {folder} 里的文件，里面有明文密钥",
                "Git 沒有忽略 {folder} 裡的檔案，裡面有明文密鑰"
            ));
        }
    }
    if let Some(named) = named(&loaded.place.own_folder(), |_| true) {
        found.push(Exposed {
            check: "ledger".to_owned(),
            said: localized!(
                named;
                "Git tracks {named}: a pull request could forge the ledger, the journal or the lock; take it out with `git rm --cached`",
                "Git 跟踪 {named}：合并请求可以伪造账本、执行日志或锁；请用 `git rm --cached` 移出",
                "Git 追蹤 {named}：合併請求可以偽造帳本、執行日誌或鎖；請用 `git rm --cached` 移出"
            ),
            help: localized!(
                "keep `.rosterctl/` out of Git; `ledger.url` names a place that jobs share",
                "不要让 `.rosterctl/` 进 Git；几个任务共用的位置写在 `ledger.url`",
                "不要讓 `.rosterctl/` 進 Git；幾個工作共用的位置寫在 `ledger.url`"
            ),
        });
    }
    found
}

/// Names the tracked files of a folder that matter.
fn named(folder: &Path, matters: impl Fn(&str) -> bool) -> Option<Localized> {
    let tracked = git::tracked(folder);
    let mut names = tracked.iter().filter(|name| !name.ends_with(".gitignore") && matters(name));
    let first = safe(&folder.join(names.next()?).display().to_string());
    Some(match names.count() {
        0 => first.into(),
        more => {
            let all = more + 1;
            localized!("{first} and {more} more", "{first} 等 {all} 个文件", "{first} 等 {all} 個檔案")
        }
    })
}

/// Writes the same warnings to standard error.
pub(crate) fn warn(loaded: &Loaded, console: &Console) {
    let language = console.language(loaded.workspace.language);
    for Exposed { check, said, .. } in find(loaded) {
        let said = said.text(language);
        console.note(&say!(
            language,
            "warning: {check}: {said}",
            "警告：{check}：{said}",
            "警告：{check}：{said}"
        ));
    }
}
