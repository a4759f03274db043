//! `rosterctl doctor`: tries each connection and store once, and reports problems with their remedies. Changes
//! nothing but a trial object in the ledger's store, which it deletes again.

mod stores;
mod systems;

use std::path::PathBuf;

use futures_util::future::join_all;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::report_output::PendingJson;
use super::session::load::{Loaded, registry};
use super::session::{load, other_ledger};
use super::text_or_json::TextOrJson;
use crate::model::id::OperatorId;
use crate::model::language::{Localized, localized};
use crate::model::presence::State;
use crate::provider::{PresenceQuery, QueryMode};
use crate::report::doctor::{self, Check, FORMAT, Findings, Health};
use crate::report::phrases::comma;
use crate::storage::files;
use crate::storage::ledger::{LedgerError, LockStatus, Store};

/// Largest tolerated clock difference: signatures of some vendors hold for five minutes.
const SKEW_MS: u64 = 2 * 60 * 1000;

/// Try each connection and store once, and report each problem with its remedy. Changes nothing but a trial object in
/// the ledger's store, which it deletes again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    #[command(flatten)]
    output: TextOrJson,
}

impl Arguments {
    /// Returns the JSON document that is due.
    pub(super) fn due(&self) -> Option<PendingJson> {
        self.output.due(&self.workspace)
    }
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    // Wrong manifests are one finding among others.
    let (loaded, wrong) = match load::load(&arguments.workspace) {
        Ok(loaded) => (loaded, None),
        Err(fail) => (load::bare(&arguments.workspace)?, Some(fail)),
    };
    let mut checks = vec![manifests(arguments, &loaded, wrong.as_ref())];
    let connections = &loaded.workspace.connections;
    let (stores, tried, ledger) = tokio::join!(
        stores::stores(&loaded),
        join_all(connections.iter().map(|connection| systems::try_connection(&loaded, connection))),
        ledger(&loaded)
    );
    checks.extend(stores);
    let clocks: Vec<(&str, i64)> =
        connections.iter().zip(&tried).filter_map(|(c, (_, ahead))| Some((&*c.name, (*ahead)?))).collect();
    checks.extend(clock_check(&clocks));
    checks.extend(tried.into_iter().map(|(check, _)| check));
    checks.extend(ledger);
    checks.push(presence(&loaded));
    checks.extend(unasked(&loaded));
    let failed = |check: &&Check| check.status == Health::Error;
    let exit = match checks.iter().filter(failed).map(|check| check.reason.is_some()).max() {
        None => Exit::Success,
        Some(true) => Exit::Unreachable,
        Some(false) => Exit::Error,
    };
    let findings = Findings { format: FORMAT, workspace: loaded.workspace.name.to_string(), checks };
    let language = console.language(loaded.workspace.language);
    arguments.output.show(console, &findings, |look| doctor::text(&findings, look, language))?;
    Ok(exit)
}

fn manifests(arguments: &Arguments, loaded: &Loaded, wrong: Option<&CliError>) -> Check {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match wrong {
        None => {
            let desired = &loaded.desired;
            let (agents, queues, seats) =
                (desired.agents.len(), desired.declared_queues().count(), desired.seats.len());
            let [en_agents, en_queues, en_seats] =
                [count(agents, "agent"), count(queues, "queue"), count(seats, "seat")];
            Check::ok(
                "manifests",
                localized!(
                    "sound: {en_agents}, {en_queues} and {en_seats}",
                    "没有错误：坐席 {agents} 人，队列 {queues} 个，语音坐席 {seats} 个",
                    "沒有錯誤：客服人員 {agents} 人，佇列 {queues} 個，語音座席 {seats} 個"
                ),
            )
        }
        // There is no manifest yet, and `import` can write the first ones.
        Some(CliError::Input(..)) if files::no_manifest_yet(&loaded.place, &loaded.workspace) => {
            let workspace = match arguments.workspace.display().to_string().as_str() {
                "." => String::new(),
                path => format!(" {path}"),
            };
            let names = loaded.workspace.manifests.iter().map(|(name, _)| loaded.place.folder.join(&**name));
            let folder = names.into_iter().find(|path| path.extension().is_none());
            let out = folder.map_or_else(|| "FOLDER".to_owned(), |path| files::shown(&path).to_string());
            Check::warning(
                "manifests",
                localized!("there are none yet", "还没有清单", "還沒有清單"),
                localized!(
                    "`rosterctl import{workspace} --out {out}` writes down what is live; or write the first one",
                    "`rosterctl import{workspace} --out {out}` 把线上现有的写下来；也可以自己写第一份",
                    "`rosterctl import{workspace} --out {out}` 把線上現有的寫下來；也可以自己寫第一份"
                ),
            )
        }
        Some(CliError::Input(diagnostics, _)) => {
            let number = diagnostics.len();
            let errors = count(number, "error");
            Check::error(
                "manifests",
                localized!("{errors} in them", "清单里有 {number} 个错误", "清單裡有 {number} 個錯誤"),
                localized!(
                    "`rosterctl validate` shows each with its line",
                    "`rosterctl validate` 会列出每个错误和所在的行",
                    "`rosterctl validate` 會列出每個錯誤和所在的行"
                ),
            )
        }
        Some(_) => Check::error(
            "manifests",
            localized!("they cannot be read", "清单读不了", "清單無法讀取"),
            localized!(
                "`rosterctl validate` says why",
                "`rosterctl validate` 会说明原因",
                "`rosterctl validate` 會說明原因"
            ),
        ),
    }
}

/// Compares this host's clock with the systems' clocks, as their responses report them.
fn clock_check(clocks: &[(&str, i64)]) -> Option<Check> {
    let (_, worst) = clocks.iter().max_by_key(|(_, ahead)| ahead.unsigned_abs())?;
    let seconds = |ms: i64| (ms.unsigned_abs() + 500) / 1000;
    if worst.unsigned_abs() <= SKEW_MS {
        let within = seconds(*worst).max(1);
        return Some(Check::ok(
            "clock",
            localized!(
                "within {within} s of what the systems tell",
                "与各系统给出的时间相差不到 {within} 秒",
                "與各系統給出的時間相差不到 {within} 秒"
            ),
        ));
    }
    let off = clocks.iter().filter(|(_, ahead)| ahead.unsigned_abs() > SKEW_MS).map(|(name, ahead)| {
        let lead = seconds(*ahead);
        if *ahead > 0 {
            localized!("{lead} s behind `{name}`", "比 `{name}` 慢 {lead} 秒", "比 `{name}` 慢 {lead} 秒")
        } else {
            localized!("{lead} s ahead of `{name}`", "比 `{name}` 快 {lead} 秒", "比 `{name}` 快 {lead} 秒")
        }
    });
    let off = Localized::join(&off.collect::<Vec<_>>(), comma);
    Some(Check::warning(
        "clock",
        localized!(off; "this host is {off}", "本机的时钟{off}", "本機的時鐘{off}"),
        localized!(
            "set this host's clock by NTP: signatures hold for a few minutes only",
            "请用 NTP 校准本机的时钟：签名只有几分钟有效",
            "請用 NTP 校準本機的時鐘：簽章只有幾分鐘有效"
        ),
    ))
}

async fn ledger(loaded: &Loaded) -> Vec<Check> {
    let store = match Store::open(&loaded.workspace, &loaded.place) {
        Ok(store) => store,
        Err(error) => return vec![unavailable("ledger", &error)],
    };
    let place = store.place();
    let (read, lock) = tokio::join!(store.load(), store.holder());
    let ledger = match read {
        Ok(ledger) if ledger.serial == 0 => match other_ledger::find(loaded, &store, &ledger) {
            Some(other) => Check::warning("ledger", other.said, other.help),
            None => Check::ok(
                "ledger",
                localized!(
                    "{place} is not there yet: the first apply makes it",
                    "{place} 还没有：第一次 apply 会建立",
                    "{place} 還沒有：第一次 apply 會建立"
                ),
            ),
        },
        Ok(ledger) => {
            let clean = match ledger.last_clean_run {
                Some(clean) => Localized::from(clean),
                None => localized!("none so far", "还没有", "還沒有"),
            };
            let many = ledger.resources.len();
            Check::ok(
                "ledger",
                localized!(
                    clean;
                    "{place} knows {many} resources; last clean run: {clean}",
                    "{place} 记着 {many} 个资源；上次完整执行：{clean}",
                    "{place} 記著 {many} 個資源；上次完整執行：{clean}"
                ),
            )
        }
        Err(error) => unavailable("ledger", &error),
    };
    let free = || Check::ok("lock", localized!("it is free", "没有人持有", "沒有人持有"));
    let lock = match lock {
        Ok(LockStatus::Nothing) if ledger.status == Health::Error => free(),
        Ok(LockStatus::Nothing) => match store.try_writes().await {
            Ok(()) => free(),
            Err(error) => Check::error(
                "lock",
                error.words(),
                localized!(
                    "`apply` cannot take it there: choose another store for `ledger.url`, or let its credentials write; `plan` \
                     and `drift` only read",
                    "`apply` 在那里加不了锁：请给 `ledger.url` 换一个存储，或让它的凭据能写入；`plan` 和 `drift` 只读",
                    "`apply` 在那裡加不了鎖：請給 `ledger.url` 換一個儲存，或讓它的認證資料能寫入；`plan` 和 `drift` 只讀"
                ),
            ),
        },
        Ok(LockStatus::Holder(holding)) => {
            let holder = holding.words();
            Check::warning(
                "lock",
                localized!(holder; "held by {holder}", "持有者：{holder}", "持有者：{holder}"),
                localized!(
                    "wait until that apply has ended; `rosterctl unlock` frees the lock of one that is gone",
                    "请等那个 apply 结束；如果它已经不在，用 `rosterctl unlock` 释放锁",
                    "請等那個 apply 結束；如果它已經不在，用 `rosterctl unlock` 釋放鎖"
                ),
            )
        }
        Ok(LockStatus::Unreadable) => Check::warning(
            "lock",
            localized!(
                "what lies in its place is no lock that this rosterctl can read",
                "放锁的位置上有别的东西，不是这个 rosterctl 认得的锁",
                "放鎖的位置上有別的東西，不是這個 rosterctl 認得的鎖"
            ),
            localized!(
                "`rosterctl unlock --force` frees it, once you are sure that no apply is running",
                "确定没有 apply 在运行之后，用 `rosterctl unlock --force` 释放",
                "確定沒有 apply 在執行之後，用 `rosterctl unlock --force` 釋放"
            ),
        ),
        Err(error) => unavailable("lock", &error),
    };
    vec![ledger, lock]
}

/// Returns the check of a ledger or a lock that is not available.
fn unavailable(name: &str, error: &LedgerError) -> Check {
    match error {
        LedgerError::Others { what, help } => Check::error(name, what.clone(), help.clone()),
        LedgerError::Unreachable(reason, _) => {
            let help = localized!(
                "check `ledger.url`, the network and the provider's environment (AWS_…, GOOGLE_…, AZURE_…)",
                "请检查 `ledger.url`、网络，以及存储所用的环境变量（AWS_…、GOOGLE_…、AZURE_…）",
                "請檢查 `ledger.url`、網路，以及儲存所用的環境變數（AWS_…、GOOGLE_…、AZURE_…）"
            );
            Check { reason: Some(*reason), ..Check::error(name, error.words(), help) }
        }
        LedgerError::Unusable(_) | LedgerError::Locked(_) | LedgerError::Moved(_) => Check::error(
            name,
            error.words(),
            localized!(
                "correct `ledger` in rosterctl.yaml, or restore the ledger",
                "请改正 rosterctl.yaml 里的 `ledger`，或恢复账本",
                "請改正 rosterctl.yaml 裡的 `ledger`，或還原帳本"
            ),
        ),
    }
}

/// Warns about declared agents that a system without a listing cannot be asked for. By that system they are not
/// guarded.
fn unasked(loaded: &Loaded) -> Vec<Check> {
    let guard = &loaded.workspace.policy.presence;
    let mut checks = Vec::new();
    for connection in loaded.workspace.connections.iter().filter(|_| !guard.block.is_empty()) {
        let Some(observer) = registry().vendor(connection).and_then(|vendor| vendor.presence) else {
            continue;
        };
        let guards = observer.spec().states.iter().any(|state| guard.protect.contains(state));
        if !guards || observer.way(connection) != QueryMode::Singly {
            continue;
        }
        let never = |agent: &&OperatorId| observer.ask(connection, &PresenceQuery::Agent(agent)).is_none();
        let (many, all) = (loaded.desired.agents.keys().filter(never).count(), loaded.desired.agents.len());
        if many > 0 {
            let provider = connection.spec.name;
            checks.push(Check::warning(
                format!("presence/{}", connection.name),
                localized!(
                    "{provider} cannot be asked for {many} of {all} declared agents, whose ids are no work numbers: by it \
                     they are not guarded",
                    "声明的 {all} 名坐席里，有 {many} 名的号码不是工号，无法向 {provider} 查询：靠它保护不了这些坐席",
                    "宣告的 {all} 位客服人員裡，有 {many} 位的號碼不是工號，無法向 {provider} 查詢：靠它保護不了這些客服人員"
                ),
                localized!(
                    "nothing, where they take no calls there; else protect a state that another system tells",
                    "在那里不接电话，就不用管；否则请改为保护别的系统能给出的状态",
                    "在那裡不接電話，就不用管；否則請改為保護別的系統能給出的狀態"
                ),
            ));
        }
    }
    checks
}

/// Checks that some connection can report the states that the policy protects.
fn presence(loaded: &Loaded) -> Check {
    let guard = &loaded.workspace.policy.presence;
    let connected = |state: State| loaded.workspace.connections.iter().find(|c| c.spec.tells(state));
    let specs = registry().specs();
    let teller = |state: State| {
        let known = specs.iter().copied().find(|spec| spec.tells(state));
        connected(state).map(|connection| connection.spec).or(known)
    };
    if guard.protect.is_empty() || guard.block.is_empty() {
        return Check::warning(
            "presence",
            localized!(
                "`policy.presence` protects no state",
                "`policy.presence` 没有保护任何状态",
                "`policy.presence` 沒有保護任何狀態"
            ),
            localized!(
                "name states under `protect` and steps under `block`, or leave them out for the defaults",
                "请在 `protect` 下写状态、在 `block` 下写步骤；都不写就用默认值",
                "請在 `protect` 下寫狀態、在 `block` 下寫步驟；都不寫就用預設值"
            ),
        );
    }
    let words = |told: bool| -> Vec<Localized> {
        let of = guard.protect.iter().filter(|state| connected(**state).is_some() == told);
        of.map(|state| {
            let word = systems::state(*state);
            match teller(*state).map(|spec| spec.name) {
                Some(teller) => {
                    localized!(word; "{word} ({teller})", "{word}（{teller}）", "{word}（{teller}）")
                }
                None => word,
            }
        })
        .collect()
    };
    let (told, untold) = (words(true), words(false));
    let (is_told, is_untold) = (!told.is_empty(), !untold.is_empty());
    let (told, untold) = (Localized::join(&told, comma), Localized::join(&untold, comma));
    let help = localized!(
        "add a connection of that provider, or protect another state",
        "请加上那个 provider 的连接，或改为保护别的状态",
        "請加上那個 provider 的連線，或改為保護別的狀態"
    );
    match (is_told, is_untold) {
        (false, _) => Check::warning(
            "presence",
            localized!(
                untold;
                "no connection knows who is at work in a protected state, so no agent is guarded before being \
                 deleted, disabled, moved or taken out of a queue: {untold}",
                "没有连接给得出受保护的状态，所以删除、停用、调组、移出队列之前，哪名坐席都得不到保护：{untold}",
                "沒有連線給得出受保護的狀態，所以刪除、停用、調組、移出佇列之前，哪位客服人員都得不到保護：{untold}"
            ),
            help,
        ),
        (true, false) => Check::ok(
            "presence",
            localized!(told; "busy agents are left alone: {told}", "先放过在忙的坐席：{told}", "先放過在忙的客服人員：{told}"),
        ),
        (true, true) => Check::warning(
            "presence",
            localized!(
                told, untold;
                "guarded: {told}; no connection tells: {untold}",
                "受保护：{told}；没有连接给得出：{untold}",
                "受保護：{told}；沒有連線給得出：{untold}"
            ),
            help,
        ),
    }
}
