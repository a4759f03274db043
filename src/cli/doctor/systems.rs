//! The checks of `doctor` on the connections: one call to each system.

use crate::cli::session::connections;
use crate::cli::session::load::{Loaded, registry};
use crate::config::settings::Rate;
use crate::config::workspace::Connection;
use crate::messages::Message as _;
use crate::messages::zh::{Region, words};
use crate::model::call::{Failure, Reply};
use crate::model::id::{Kind, OperatorId, safe};
use crate::model::language::{Localized, localized};
use crate::model::presence::State;
use crate::provider::{PresenceQuery, QueryMode, Row};
use crate::report::doctor::Check;
use crate::report::phrases::{comma, semicolon};
use crate::runtime::client::Client;
use crate::runtime::clock;

/// The span that is asked for when only the seats are wanted: the vendor insists on one.
const DAY_MS: i64 = 24 * 3_600_000;

/// The most agents of other companies that are named.
const SHOWN: usize = 5;

/// Tries a connection with one call. Also returns the lead of its clock.
pub(super) async fn try_connection(loaded: &Loaded, connection: &Connection) -> (Check, Option<i64>) {
    let name = format!("connection/{}", connection.name);
    let provider = connection.spec.name;
    let link = match connections::trial(loaded, connection).await {
        Ok(link) => link,
        Err(why) => {
            let help = if why.is_unsigned() {
                localized!(
                    "the check of its store says what is missing",
                    "缺什么，见它的密钥库那一项",
                    "缺什麼，見它的密鑰庫那一項"
                )
            } else {
                localized!(
                    "correct what is said of it, in rosterctl.yaml or on this machine",
                    "请按所说的改正 rosterctl.yaml 或本机",
                    "請照所說的改正 rosterctl.yaml 或本機"
                )
            };
            let why = why.fault().localized();
            let message = localized!(why; "{provider} {why}", "{provider} {why}", "{provider} {why}");
            return (Check::error(name, message, help), None);
        }
    };
    let started = std::time::Instant::now();
    let told = ask(loaded, &link).await;
    let millis = started.elapsed().as_millis();
    let place = match connection.base_url() {
        Some(at) => localized!("{provider} at {at}", "{provider}（{at}）", "{provider}（{at}）"),
        None => localized!(
            "{provider} at the embedded sandbox",
            "{provider}（内置的模拟器）",
            "{provider}（內建的模擬器）"
        ),
    };
    let check = match told {
        Ok(Told { words: told, foreign }) => {
            let rates = rates(&link);
            let words = localized!(
                place, told, rates;
                "{place} answers in {millis} ms and accepts the sign-in: {told}; {rates}",
                "{place}在 {millis} 毫秒内响应，登录成功：{told}；{rates}",
                "{place}在 {millis} 毫秒內回應，登入成功：{told}；{rates}"
            );
            match foreign {
                None => Check::ok(name, words),
                Some(foreign) => Check::warning(
                    name,
                    localized!(words, foreign; "{words}; {foreign}", "{words}；{foreign}", "{words}；{foreign}"),
                    localized!(
                        "they are left out of every plan; correct `companyId` if they are yours",
                        "计划不含这些坐席；如果是自己的，请改正 `companyId`",
                        "計畫不含這些客服人員；如果是自己的，請改正 `companyId`"
                    ),
                ),
            }
        }
        Err(failure) => failed(name, &place, connection, &failure),
    };
    (check, link.ahead_ms())
}

/// Returns the calls in each rate window.
fn rates(link: &Client) -> Localized {
    let rates = link.rates();
    if rates.is_empty() {
        return localized!("no rate limit is known", "没有已知的限速", "沒有已知的限速");
    }
    let rates: Vec<Localized> = rates.into_iter().map(rate_words).collect();
    let rates = Localized::join(&rates, comma);
    localized!(rates; "calls in the rate window: {rates}", "时间窗内的调用：{rates}", "時間窗內的呼叫：{rates}")
}

/// Formats a rate, like `addQueue 3 of 20 in 60 s`.
fn rate_words((operation, rate, used): (&str, Rate, usize)) -> Localized {
    let (calls, seconds) = (rate.calls, rate.per.as_secs_f32());
    localized!(
        "{operation} {used} of {calls} in {seconds} s",
        "{operation} {seconds} 秒内 {used}/{calls}",
        "{operation} {seconds} 秒內 {used}/{calls}"
    )
}

/// Response of a system.
struct Told {
    words: Localized,
    /// Note that it lists agents of other companies.
    foreign: Option<Localized>,
}

impl From<Localized> for Told {
    fn from(words: Localized) -> Self {
        Self { words, foreign: None }
    }
}

/// Lists the agents of a page that belong to other companies.
fn foreign(rows: &[Row]) -> Option<Localized> {
    let foreign = rows.iter().filter_map(|row| match row {
        Row::Foreign(id, company) => {
            let id = safe(id.as_str());
            Some(localized!(
                "{id} (companyId {company})",
                "{id}（companyId {company}）",
                "{id}（companyId {company}）"
            ))
        }
        Row::Agent(..) | Row::Queue(..) => None,
    });
    let foreign: Vec<Localized> = foreign.collect();
    let count = foreign.len();
    let first = Localized::join(&foreign[..count.min(SHOWN)], comma);
    let more = match count.saturating_sub(SHOWN) {
        0 => String::new().into(),
        more => localized!(" and {more} more", "，另有 {more} 名", "，另有 {more} 位"),
    };
    (count > 0).then(|| {
        localized!(
            first, more;
            "its first page lists {count} of other companies: {first}{more}",
            "它的第一页列出了别的公司的坐席 {count} 名：{first}{more}",
            "它的第一頁列出了別的公司的客服人員 {count} 位：{first}{more}"
        )
    })
}

/// Makes one cheap read call, and returns its result.
async fn ask(loaded: &Loaded, link: &Client) -> Result<Told, Failure> {
    let connection = link.connection();
    let vendor = registry().vendor(connection);
    let (mut listings, mut strangers) = (Vec::new(), None);
    for provider in vendor.map_or(&[][..], |vendor| vendor.resources) {
        let hear = |reply: &Reply| provider.parse_list(connection, reply);
        let page = link.read(|| Some(provider.list_request(connection, 1)), hear).await?;
        listings.push(listed(page.total, provider.support().kind));
        strangers = strangers.or_else(|| foreign(&page.rows));
    }
    if !listings.is_empty() {
        return Ok(Told { words: Localized::join(&listings, semicolon), foreign: strangers });
    }
    if let Some(observer) = vendor.and_then(|vendor| vendor.presence) {
        let agent =
            an_agent(loaded, |agent| observer.ask(connection, &PresenceQuery::Agent(agent)).is_some());
        let question = match observer.way(connection) {
            QueryMode::Listing(_) => PresenceQuery::Page(1),
            QueryMode::Singly => PresenceQuery::Agent(&agent),
        };
        let hear = |reply: &Reply| observer.hear(connection, &question, reply);
        let sightings = link.read(|| observer.ask(connection, &question), hear).await?;
        return Ok(match question {
            PresenceQuery::Page(_) => listed(sightings.total, Kind::Agent),
            PresenceQuery::Agent(agent) => match sightings.said.first() {
                Some((agent, said)) => {
                    let state = state(said.state);
                    localized!(
                        state;
                        "agent {agent} is {state}",
                        "坐席 {agent} {state}",
                        "客服人員 {agent} {state}"
                    )
                }
                None => localized!(
                    "it does not know agent {agent}",
                    "它没有坐席 {agent}",
                    "它沒有客服人員 {agent}"
                ),
            },
        }
        .into());
    }
    let now = clock::now_ms();
    let reader = vendor.and_then(|vendor| vendor.seats);
    let windows = reader.map(|reader| reader.windows(connection, now.saturating_sub(DAY_MS), now));
    let (Some(reader), Some(window)) = (reader, windows.and_then(|mut windows| windows.pop())) else {
        return Err(Failure::Refused("there is nothing to ask".to_owned().into()));
    };
    let hear = |reply: &Reply| reader.parse_page(connection, reply);
    let page = link.read(|| Some(reader.page_request(&window, 1)), hear).await?;
    Ok(listed(page.total, Kind::Seat).into())
}

/// Returns the word of a state.
pub(super) fn state(state: State) -> Localized {
    let word = |language| Region::of(language).map_or(state.word(), |region| words::state(region, state));
    Localized::of(|language| word(language).to_owned())
}

/// Returns the number of live resources.
fn listed(total: Option<usize>, kind: Kind) -> Localized {
    let (one, many) = (kind.word(), kind.plural());
    let [cn, tw] = [Region::Cn, Region::Tw].map(|region| words::kind(region, kind));
    match total {
        Some(1) => localized!("1 {one} is live", "线上{cn} 1", "線上{tw} 1"),
        Some(total) => localized!("{total} {many} are live", "线上{cn} {total}", "線上{tw} {total}"),
        None => localized!(
            "it lists {many} and gives no total, so nothing could be called missing",
            "它列出{cn}，但不给总数，所以断定不了缺了什么",
            "它列出{tw}，但不給總數，所以無法斷定缺了什麼"
        ),
    }
}

/// Returns a declared agent that the system accepts in a query, else the first work number.
fn an_agent(loaded: &Loaded, can: impl Fn(&OperatorId) -> bool) -> OperatorId {
    let declared = loaded.desired.agents.iter().filter(|(_, agent)| !agent.is_absent()).map(|(id, _)| id);
    declared.into_iter().find(|id| can(id)).cloned().unwrap_or_else(|| OperatorId::from("101"))
}

fn failed(name: String, place: &Localized, connection: &Connection, failure: &Failure) -> Check {
    let words = failure.message();
    let (what, help) = match failure {
        Failure::NotSent(_) => (
            localized!("cannot be reached", "连不上", "連不上"),
            localized!(
                "check `baseUrl`, the network and a proxy (HTTPS_PROXY, NO_PROXY)",
                "请检查 `baseUrl`、网络和代理（HTTPS_PROXY、NO_PROXY）",
                "請檢查 `baseUrl`、網路和代理（HTTPS_PROXY、NO_PROXY）"
            ),
        ),
        Failure::Untrusted(_) => (
            localized!("cannot be connected to", "证书或代理有问题，没有连接", "憑證或代理有問題，沒有連線"),
            localized!(
                "do what the message says; `caFile` of the connection names a PEM file of further authorities",
                "请按上面的原因处理；另加的证书机构（PEM 文件）写在连接的 `caFile`",
                "請照上面的原因處理；另加的憑證機構（PEM 檔案）寫在連線的 `caFile`"
            ),
        ),
        Failure::Late(_) => (
            localized!("does not answer in time", "迟迟没有响应", "遲遲沒有回應"),
            localized!(
                "check the network, or raise the connection's `timeout`",
                "请检查网络，或调大连接的 `timeout`",
                "請檢查網路，或調大連線的 `timeout`"
            ),
        ),
        Failure::Throttled { .. } => (
            localized!("wants fewer calls", "嫌调用太快", "嫌呼叫太快"),
            localized!(
                "wait, and lower `rateLimit` if other programs use the same account",
                "请等一等；别的程序也用这个账号的话，请调低 `rateLimit`",
                "請等一等；別的程式也用這個帳號的話，請調低 `rateLimit`"
            ),
        ),
        Failure::Unknown(_) => (
            localized!("is unwell", "出了故障", "出了故障"),
            localized!(
                "try again; if it stays so, ask the vendor",
                "请再试一次；一直这样，请问厂商",
                "請再試一次；一直這樣，請問廠商"
            ),
        ),
        Failure::SignIn(_) | Failure::Shut(_) => (
            localized!("refuses the sign-in", "拒绝登录", "拒絕登入"),
            localized!(
                "check the connection's credentials and this host's clock; do not try again and again: some vendors \
                 lock the address",
                "请检查连接的凭据和本机的时钟；不要反复试，有的厂商会封锁来源地址",
                "請檢查連線的認證資料和本機的時鐘；不要反覆試，有的廠商會封鎖來源位址"
            ),
        ),
        Failure::Garbled(_) => (
            localized!("gives no usable answer", "响应没法用", "回應沒法用"),
            localized!(
                "check `baseUrl`: a proxy, a login page or another service may answer in its place",
                "请检查 `baseUrl`：响应的可能是代理、登录页或别的服务",
                "請檢查 `baseUrl`：回應的可能是代理、登入頁或別的服務"
            ),
        ),
        Failure::Refused(_) => (
            localized!("refuses", "拒绝了", "拒絕了"),
            match connection.spec.refused {
                Some([en, cn, tw]) => localized!("{en}", "{cn}", "{tw}"),
                None => localized!(
                    "check the connection's settings; the message is the vendor's own",
                    "请检查连接的设置；上面是厂商的原话",
                    "請檢查連線的設定；上面是廠商的原話"
                ),
            },
        ),
        Failure::Halted => (
            localized!("was not asked", "没有查询", "沒有查詢"),
            localized!("run it again", "请再运行一次", "請再執行一次"),
        ),
    };
    let message = localized!(place, what; "{place} {what}: {words}", "{place}{what}：{words}", "{place}{what}：{words}");
    Check { reason: Some(failure.reason()), ..Check::error(name, message, help) }
}
