//! The checks of `doctor` on the stores of secrets.

use futures_util::future::join_all;

use crate::cli::session::connections;
use crate::cli::session::git_exposure;
use crate::cli::session::load::Loaded;
use crate::messages::Message as _;
use crate::model::agent::PASSWORD;
use crate::model::language::{Localized, localized};
use crate::model::seat;
use crate::model::secret::SecretRef;
use crate::model::value::Value;
use crate::report::doctor::Check;
use crate::storage::secrets::SecretError;

/// Secret that the workspace names, with its setting and its user.
struct Named<'a> {
    secret: &'a SecretRef,
    way: String,
    what: Localized,
}

/// Returns the secrets that the workspace itself names. The embedded sandbox needs none.
fn named(loaded: &Loaded) -> Vec<Named<'_>> {
    let workspace = &loaded.workspace;
    let mut all = Vec::new();
    for connection in workspace.connections.iter().filter(|connection| connection.base_url().is_some()) {
        let name = &connection.name;
        for (way, secret) in connection.settings.secrets() {
            let what = localized!(
                "`{way}` of connection `{name}`",
                "连接 `{name}` 的 `{way}`",
                "連線 `{name}` 的 `{way}`"
            );
            all.push(Named { secret, way, what });
        }
    }
    for store in workspace.stores.values() {
        let name = &store.name;
        for (way, secret) in store.settings.secrets() {
            let what = localized!(
                "`{way}` of store `{name}`",
                "密钥库 `{name}` 的 `{way}`",
                "密鑰庫 `{name}` 的 `{way}`"
            );
            all.push(Named { secret, way, what });
        }
    }
    for (way, secret) in workspace.ledger.secrets() {
        let what = format!("`ledger.{way}`").into();
        all.push(Named { secret, way, what });
    }
    all
}

/// Tries every store, with each key that the workspace names or with one manifest password.
pub(super) async fn stores(loaded: &Loaded) -> Vec<Check> {
    let named = named(loaded);
    let checks = loaded.workspace.stores.keys().map(|store| try_store(loaded, store, &named));
    let mut checks: Vec<Check> = join_all(checks).await.into_iter().flatten().collect();
    let exposed = git_exposure::find(loaded).into_iter();
    checks.extend(exposed.map(|one| Check::warning(one.check, one.said, one.help)));
    checks
}

async fn try_store(loaded: &Loaded, store: &str, named: &[Named<'_>]) -> Vec<Check> {
    let name = format!("store/{store}");
    let mine: Vec<&Named<'_>> = named.iter().filter(|named| *named.secret.store == *store).collect();
    if mine.is_empty() {
        return vec![sample(loaded, store, name).await];
    }
    let mut checks = Vec::new();
    for Named { secret, way, what } in &mine {
        match loaded.secrets.get(secret).await {
            Err(error) => {
                let help = localized!(
                    "put the value there, or correct `store` and `key`",
                    "请把值存进去，或改正 `store` 和 `key`",
                    "請把值存進去，或改正 `store` 和 `key`"
                );
                checks.push(unread(&name, about(what, &error.words()), &error, help));
            }
            Ok(value) => {
                if let Some(why) = connections::objection(way, secret, &value) {
                    let help = localized!("store the value again", "请重新存这个值", "請重新存這個值");
                    checks.push(Check::error(&name, about(what, &why), help));
                }
            }
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            &name,
            match mine.len() {
                1 => localized!(
                    "holds the one key that the workspace names in it",
                    "工作区要用的一个键在里面",
                    "工作區要用的一個鍵在裡面"
                ),
                many => localized!(
                    "holds the {many} keys that the workspace names in it",
                    "工作区要用的 {many} 个键都在里面",
                    "工作區要用的 {many} 個鍵都在裡面"
                ),
            },
        ));
    }
    checks
}

/// Tries a store with one password that a manifest names. The password may be missing, since `apply` may be about to
/// make it.
async fn sample(loaded: &Loaded, store: &str, name: String) -> Check {
    let agents = loaded.desired.agents.values().filter(|agent| !agent.is_absent()).map(|agent| &agent.record);
    let agents = agents.filter_map(|record| record.get(&PASSWORD));
    let seats = loaded.desired.seats.values().filter_map(|seat| seat.record.get(&seat::PASSWORD));
    let secret = agents.chain(seats).find_map(|value| match value {
        Value::Password(secret) if *secret.store == *store => Some(secret),
        _ => None,
    });
    let Some(secret) = secret else {
        return Check::ok(
            name,
            localized!(
                "nothing names a key of it, so it was not tried",
                "没有用到里面的键，所以没有试",
                "沒有用到裡面的鍵，所以沒有試"
            ),
        );
    };
    let key = &secret.key;
    match loaded.secrets.get(secret).await {
        Ok(value) => match value.line_objection() {
            Some(why) => {
                let why = why.localized();
                Check::error(
                    name,
                    localized!(
                        why;
                        "the password {secret} {why}",
                        "密码 {secret} {why}",
                        "密碼 {secret} {why}"
                    ),
                    localized!("store another one", "请另存一个", "請另存一個"),
                )
            }
            None => Check::ok(
                name,
                localized!(
                    "answers (tried with `{key}`)",
                    "有响应（用 `{key}` 试的）",
                    "有回應（用 `{key}` 試的）"
                ),
            ),
        },
        Err(SecretError::Missing { .. }) if secret.generate => Check::ok(
            name,
            localized!(
                "answers; `{key}` is still to be made",
                "有响应；`{key}` 还没有生成",
                "有回應；`{key}` 還沒有產生"
            ),
        ),
        Err(error @ SecretError::Missing { .. }) => {
            let error = error.words();
            Check::warning(
                name,
                localized!(
                    error;
                    "answers, and a password is not there: {error}",
                    "有响应，但缺一个密码：{error}",
                    "有回應，但缺一個密碼：{error}"
                ),
                localized!(
                    "put it there, or write `generate: true` beside it",
                    "请把它存进去，或在它旁边写 `generate: true`",
                    "請把它存進去，或在它旁邊寫 `generate: true`"
                ),
            )
        }
        Err(error) => {
            let help = localized!(
                "correct the store in rosterctl.yaml",
                "请改正 rosterctl.yaml 里的这个密钥库",
                "請改正 rosterctl.yaml 裡的這個密鑰庫"
            );
            unread(&name, error.words(), &error, help)
        }
    }
}

/// Returns the check of a secret that cannot be read. `help` applies if its store responds.
fn unread(name: &str, about: Localized, error: &SecretError, help: Localized) -> Check {
    match error {
        SecretError::Unreachable { reason, .. } => Check {
            reason: Some(*reason),
            ..Check::error(
                name,
                about,
                localized!(
                    "check that the store runs, that this host reaches it, and its sign-in",
                    "请检查：密钥库在运行，本机连得上它，登录信息没有错",
                    "請檢查：密鑰庫在執行，本機連得上它，登入資訊沒有錯"
                ),
            )
        },
        SecretError::Missing { .. } | SecretError::Store { .. } => Check::error(name, about, help),
    }
}

/// Returns what is said of a secret, behind its name.
fn about(what: &Localized, why: &Localized) -> Localized {
    localized!(what, why; "{what}: {why}", "{what}：{why}", "{what}：{why}")
}
