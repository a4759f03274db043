//! Problems of the manifests.

use super::values::range;
use super::words::{did_you_mean, element, id_objection, rotation, say};
use crate::messages::zh::{Region, list, words, zh};
use crate::model::id::{Kind, OperatorId};
use crate::model::objection::IdObjection;
use crate::model::outlook::Ahead;
use crate::model::problem::{NameKind, RosterProblem};
use crate::model::text::visible;

pub(super) fn problem(problem: &RosterProblem, region: Region) -> (String, String) {
    use RosterProblem as P;
    let former_name = region.choose(
        "`was:` 写的是改名之前的队列：改正它，或去掉它",
        "`was:` 寫的是改名之前的佇列：改正它，或拿掉它",
    );
    let fewer_selected = region.choose(
        "有些队列改为列出成员，或把名册拆成几个工作区",
        "有些佇列改為列出成員，或把名冊拆成幾個工作區",
    );
    match problem {
        P::DeclaredTwice { kind, name } => say(
            zh!(region, "{} `{name}` 声明了两次", "{} `{name}` 宣告了兩次", words::kind(region, *kind)),
            match kind {
                Kind::Agent => region.choose(
                    "一名坐席在工作区里只声明一次：去掉一处",
                    "一位客服人員在工作區裡只宣告一次：拿掉一處",
                ),
                Kind::Queue => region.choose(
                    "去掉一处；线上有两个同名队列的，两处都写 `exten:` 来区分",
                    "拿掉一處；線上有兩個同名佇列的，兩處都寫 `exten:` 來區分",
                ),
                Kind::Seat => region.choose(
                    "一个语音坐席在工作区里只声明一次：去掉一处",
                    "一個語音座席在工作區裡只宣告一次：拿掉一處",
                ),
            },
        ),
        P::ProfileTwice { profile } => say(
            zh!(region, "模板 `{profile}` 写了两次", "範本 `{profile}` 寫了兩次"),
            region.choose("整个工作区共用一套模板：改掉一个名称", "整個工作區共用一套範本：改掉一個名稱"),
        ),
        P::ProfileNests { what } => say(
            zh!(
                region,
                "{}不能写用哪个模板：模板不能嵌套",
                "{}不能寫用哪個範本：範本不能套疊",
                element(what, region)
            ),
            region.choose(
                "在各个坐席上写用哪个模板，再把它带来的内容写在这里",
                "在各個客服人員上寫用哪個範本，再把它帶來的內容寫在這裡",
            ),
        ),
        P::UnknownName { what, name, near, known } => {
            let what = name_kind(*what, region);
            say(
                zh!(region, "没有 `{name}` 这个{what}", "沒有 `{name}` 這個{what}"),
                did_you_mean(
                    near.as_ref(),
                    || {
                        if known.is_empty() {
                            zh!(region, "清单没有声明任何{what}", "清單沒有宣告任何{what}")
                        } else {
                            zh!(region, "现有：{}", "現有：{}", list(known))
                        }
                    },
                    region,
                ),
            )
        }
        P::LevelWithoutGroup => say(
            region.choose(
                "写了 `skillLevel`，没有写 `mainSkillGroup`",
                "寫了 `skillLevel`，沒有寫 `mainSkillGroup`",
            ),
            region.choose(
                "这是坐席在所绑定的技能组里的级别：写明是哪个组",
                "這是客服人員在所綁定的技能群組裡的等級：寫明是哪個群組",
            ),
        ),
        P::TextsGrow { most } => say(
            zh!(
                region,
                "含 `{{operatorId}}` 的文本展开到这里超过 {most} 字节",
                "含 `{{operatorId}}` 的文字展開到這裡超過 {most} 位元組"
            ),
            region.choose("缩短这些文本，或把名册拆成几个工作区", "縮短這些文字，或把名冊拆成幾個工作區"),
        ),
        P::Misspelt { found } => say(
            zh!(region, "`{found}` 不代表任何内容", "`{found}` 不代表任何內容"),
            region.choose("是不是想写 `{operatorId}`？", "是不是想寫 `{operatorId}`？"),
        ),
        P::TooManyAgents { most } => say(
            zh!(region, "清单声明的坐席超过 {most} 名", "清單宣告的客服人員超過 {most} 位"),
            region.choose("改正号段，或把名册拆成几个工作区", "改正號段，或把名冊拆成幾個工作區"),
        ),
        P::TooManySelectors { most, agents } => say(
            zh!(
                region,
                "从 {agents} 名坐席里选成员的队列超过 {most} 个",
                "從 {agents} 位客服人員裡選成員的佇列超過 {most} 個"
            ),
            fewer_selected,
        ),
        P::TooManyMembers { most } => say(
            zh!(region, "各队列选出的成员合计超过 {most} 名", "各佇列選出的成員合計超過 {most} 位"),
            fewer_selected,
        ),
        P::PinnedTwice { queue, exten } => say(
            zh!(
                region,
                "队列 `{queue}` 写明是 `{exten}`，另一个队列也写了它",
                "佇列 `{queue}` 寫明是 `{exten}`，另一個佇列也寫了它"
            ),
            region.choose(
                "一个队列只声明一次：改正其中一个的 `exten:`，或去掉它",
                "一個佇列只宣告一次：改正其中一個的 `exten:`，或拿掉它",
            ),
        ),
        P::FormerNameDeclared { queue, was } => say(
            zh!(
                region,
                "队列 `{queue}` 原名 `{was}`，而清单另外声明了叫这个名称的队列",
                "佇列 `{queue}` 原名 `{was}`，而清單另外宣告了叫這個名稱的佇列"
            ),
            former_name,
        ),
        P::FormerNameTwice { was } => {
            say(zh!(region, "两个队列的原名都是 `{was}`", "兩個佇列的原名都是 `{was}`"), former_name)
        }
        P::SipTwice { first, second, number } => say(
            zh!(
                region,
                "坐席 `{first}` 和 `{second}` 的 SIP 号码会同为 `{number}`",
                "客服人員 `{first}` 和 `{second}` 的 SIP 號碼會同為 `{number}`"
            ),
            region.choose(
                "一个号码只归一名坐席：改正其中一个；在号段和模板里，号码不同的地方写 `{operatorId}`",
                "一個號碼只歸一位客服人員：改正其中一個；在號段和範本裡，號碼不同的地方寫 `{operatorId}`",
            ),
        ),
        P::SelectsNone { queue } => say(
            selects_none(queue, region),
            region.choose(
                "检查它的条件，或在旁边写 `allowEmpty: true`",
                "檢查它的條件，或在旁邊寫 `allowEmpty: true`",
            ),
        ),
        P::SelectsByNothing => say(
            region.choose("成员选择器没有写条件", "成員選擇器沒有寫條件"),
            region
                .choose("加上 `mainSkillGroup`、`role` 或 `type`", "加上 `mainSkillGroup`、`role` 或 `type`"),
        ),
        P::MemberTwice { agent } => say(
            zh!(region, "坐席 `{agent}` 在这个队列里出现两次", "客服人員 `{agent}` 在這個佇列裡出現兩次"),
            region.choose("去掉一处", "拿掉一處"),
        ),
        P::MemberAbsent { agent } => say(
            zh!(
                region,
                "坐席 `{agent}` 要删除，不能服务这个队列",
                "客服人員 `{agent}` 要刪除，不能服務這個佇列"
            ),
            region.choose("从队列里去掉它", "從佇列裡拿掉"),
        ),
        P::TwoPriorities { agent, queue, listed, own } => {
            say(two_priorities(agent, queue, *listed, *own, region), one_priority(region))
        }
        P::QueueOfTwo { queue } => {
            let queue = visible(queue);
            say(
                zh!(region, "两个队列都叫 `{queue}`", "兩個佇列都叫 `{queue}`"),
                zh!(
                    region,
                    "写成 `{queue}@EXTEN`，EXTEN 是所指队列的 `exten:`",
                    "寫成 `{queue}@EXTEN`，EXTEN 是所指佇列的 `exten:`"
                ),
            )
        }
        P::NoMembers => say(
            region.choose(
                "`assignMembers` 是空的：没有坐席服务这个队列",
                "`assignMembers` 是空的：沒有客服人員服務這個佇列",
            ),
            region.choose(
                "写上坐席；不想管成员就去掉这个键；或在旁边写 `allowEmpty: true`",
                "寫上客服人員；不想管成員就拿掉這個鍵；或在旁邊寫 `allowEmpty: true`",
            ),
        ),
        P::NoConnection { kind, provider } => {
            let what = words::kind(region, *kind);
            say(
                zh!(
                    region,
                    "清单声明了{what}，却没有管理{what}的连接",
                    "清單宣告了{what}，卻沒有管理{what}的連線"
                ),
                zh!(
                    region,
                    "在 rosterctl.yaml 里加一个连接，provider 写 `{provider}`",
                    "在 rosterctl.yaml 裡加一個連線，provider 寫 `{provider}`"
                ),
            )
        }
        P::NoSuchField { kind, field, provider } => say(
            zh!(
                region,
                "`{field}` 设置不了：`{provider}` 的{}没有这个字段",
                "`{field}` 無法設定：`{provider}` 的{}沒有這個欄位",
                words::kind(region, *kind)
            ),
            region.choose("从清单里去掉它", "從清單裡拿掉它"),
        ),
        P::TwoIds => say(
            region.choose(
                "坐席同时写了 `operatorId` 和 `operatorIds`",
                "客服人員同時寫了 `operatorId` 和 `operatorIds`",
            ),
            region.choose(
                "单独一名坐席只留 `operatorId`，号段只留 `operatorIds: FIRST..LAST`",
                "單獨一位客服人員只留 `operatorId`，號段只留 `operatorIds: FIRST..LAST`",
            ),
        ),
        P::NoId => say(
            region.choose("坐席没有写 `operatorId`", "客服人員沒有寫 `operatorId`"),
            region.choose(
                "加上 `operatorId: \"8001\"`，号段加 `operatorIds: 8101..8180`",
                "加上 `operatorId: \"8001\"`，號段加 `operatorIds: 8101..8180`",
            ),
        ),
        P::BadId { key, id, why } => say(
            match why {
                IdObjection::Empty => format!("`{key}` 是空的"),
                why => format!("`{key}` 不能是 `{id}`：{}", id_objection(why, region)),
            },
            region.choose("照控制台上的工号写，加引号：\"8001\"", "照主控台上的工號寫，加引號：\"8001\""),
        ),
        P::NoRange { range: given } => say(
            zh!(
                region,
                "`operatorIds` 不能是 `{given}`：这不是号段",
                "`operatorIds` 不能是 `{given}`：這不是號段"
            ),
            range(region),
        ),
        P::BackwardRange { range } => say(
            zh!(region, "`operatorIds` 前后颠倒：{range}", "`operatorIds` 前後顛倒：{range}"),
            region.choose("小的工号写在前面", "小的工號寫在前面"),
        ),
        P::PoolTooLarge { agents, most } => say(
            zh!(
                region,
                "`operatorIds` 有 {agents} 名坐席，一个号段最多 {most} 名",
                "`operatorIds` 有 {agents} 位客服人員，一個號段最多 {most} 位"
            ),
            region.choose("改正号段，或拆成几段", "改正號段，或拆成幾段"),
        ),
        P::HiddenInAccount { account } => say(
            zh!(
                region,
                "`account` 不能是 `{account}`：含有不可见字符",
                "`account` 不能是 `{account}`：含有不可見字元"
            ),
            region.choose("照控制台上的账号写", "照主控台上的帳號寫"),
        ),
        P::SharedPassword { first, second, secret, version, generate } => say(
            zh!(
                region,
                "坐席 `{first}` 和 `{second}` 共用密码 {secret}，却只轮换其中一个的",
                "客服人員 `{first}` 和 `{second}` 共用密碼 {secret}，卻只輪換其中一位的"
            ),
            zh!(
                region,
                "坐席 `{second}` {}：两个写成一样，或各用各的键，如 \"agents/{{operatorId}}\"",
                "客服人員 `{second}` {}：兩位寫成一樣，或各用各的鍵，如 \"agents/{{operatorId}}\"",
                rotation(*version, *generate, region)
            ),
        ),
        P::PeriodTwice { period } => say(
            zh!(region, "时段 `{period}` 写了两次", "時段 `{period}` 寫了兩次"),
            region.choose("整个工作区共用一套时段：改掉一个名称", "整個工作區共用一套時段：改掉一個名稱"),
        ),
        P::NoTime { period: true } => say(
            region.choose(
                "时段里的一段既没有 `from`，也没有 `until`",
                "時段裡的一段既沒有 `from`，也沒有 `until`",
            ),
            region.choose(
                "加上 `from: 2026-11-01`、`until: 2026-11-11`，或两个都写",
                "加上 `from: 2026-11-01`、`until: 2026-11-11`，或兩個都寫",
            ),
        ),
        P::NoTime { period: false } => say(
            region.choose("`during` 的条目没有写时间", "`during` 的條目沒有寫時間"),
            region.choose(
                "加上 `from`、`until`，或两个都写；也可以写 `period: NAME`",
                "加上 `from`、`until`，或兩個都寫；也可以寫 `period: NAME`",
            ),
        ),
        P::TwoTimes => say(
            region.choose(
                "`during` 的条目写了 `period`，又写了自己的日期",
                "`during` 的條目寫了 `period`，又寫了自己的日期",
            ),
            region
                .choose("只留 `period`，或只留 `from` 和 `until`", "只留 `period`，或只留 `from` 和 `until`"),
        ),
        P::SetsNothing => say(
            region.choose("`during` 的条目什么也没有设置", "`during` 的條目什麼也沒有設定"),
            region.choose("写上这段时间里的值，或去掉这个条目", "寫上這段時間裡的值，或拿掉這個條目"),
        ),
        P::NotDuring { key } => say(
            zh!(region, "`{key}` 不能写在 `during` 里", "`{key}` 不能寫在 `during` 裡"),
            region.choose(
                "只有改得过去、也改得回来的值，才能只用一段时间",
                "只有改得過去、也改得回來的值，才能只用一段時間",
            ),
        ),
        P::DatesNotHere { what, key } => say(
            zh!(region, "{}不能写 `{key}`", "{}不能寫 `{key}`", element(what, region)),
            region.choose(
                "日期写在坐席、号段、队列成员上，或写在 `during` 里",
                "日期寫在客服人員、號段、佇列成員上，或寫在 `during` 裡",
            ),
        ),
        P::DatesOfTombstone => say(
            region.choose("坐席写了 `state: absent`，就没有日期", "客服人員寫了 `state: absent`，就沒有日期"),
            region.choose(
                "某天才离开的坐席，写 `until: DAY`，不写 `state`；见 `policy.leavers`",
                "某天才離開的客服人員，寫 `until: DAY`，不寫 `state`；見 `policy.leavers`",
            ),
        ),
        P::QueuesOfTombstone => say(
            region.choose(
                "坐席写了 `state: absent`，就不服务队列",
                "客服人員寫了 `state: absent`，就不服務佇列",
            ),
            region.choose("从这个条目里去掉 `queues`", "從這個條目裡拿掉 `queues`"),
        ),
        P::NoTimeZone => say(
            region.choose(
                "清单里有日期，而 rosterctl.yaml 没有写时区",
                "清單裡有日期，而 rosterctl.yaml 沒有寫時區",
            ),
            region.choose(
                "在 rosterctl.yaml 里加上 `timeZone: Asia/Shanghai`，或您的时区",
                "在 rosterctl.yaml 裡加上 `timeZone: Asia/Taipei`，或您的時區",
            ),
        ),
        P::TwoReadings { date, readings } => {
            let (earlier, later) = (&readings.earlier, &readings.later);
            say(
                if readings.skipped {
                    zh!(
                        region,
                        "`{date}` 不存在：这个时区的时钟在这时拨快，跳过了它",
                        "`{date}` 不存在：這個時區的時鐘在這時撥快，跳過了它"
                    )
                } else {
                    zh!(
                        region,
                        "`{date}` 有两次：这个时区的时钟在这时拨慢，重复了它",
                        "`{date}` 有兩次：這個時區的時鐘在這時撥慢，重複了它"
                    )
                },
                zh!(region, "写 {earlier} 或 {later}", "寫 {earlier} 或 {later}"),
            )
        }
        P::BackwardSpan { from, until } => say(
            zh!(
                region,
                "`until: {until}` 不在 `from: {from}` 之后",
                "`until: {until}` 不在 `from: {from}` 之後"
            ),
            region.choose(
                "`until` 写晚一些；写某一天时含当天，写时刻时不含",
                "`until` 寫晚一些；寫某一天時含當天，寫時刻時不含",
            ),
        ),
        P::SetTwice { key } => say(
            zh!(
                region,
                "`during` 的两个条目在同一时间设置 `{key}`",
                "`during` 的兩個條目在同一時間設定 `{key}`"
            ),
            region.choose("改其中一个的日期，让两段时间不重叠", "改其中一個的日期，讓兩段時間不重疊"),
        ),
        P::NoBase { field } => say(
            zh!(region, "`{field}` 没有可以恢复的值", "`{field}` 沒有可以恢復的值"),
            region.choose(
                "在坐席、它的模板或 `defaults` 上，写明前后是什么值",
                "在客服人員、所用的範本或 `defaults` 上，寫明前後是什麼值",
            ),
        ),
        P::NoWayBack { field, value: None, .. } => say(
            zh!(
                region,
                "`{field}` 不能写在 `during` 里：没有调用能把它改回来",
                "`{field}` 不能寫在 `during` 裡：沒有呼叫能把它改回來"
            ),
            region.choose("从 `during` 里去掉它", "從 `during` 裡拿掉它"),
        ),
        P::NoWayBack { field, value: Some(value), base: true } => say(
            zh!(
                region,
                "`{field}: {value}` 不能当恢复值：修改时设不了它",
                "`{field}: {value}` 不能當恢復值：修改時無法設定它"
            ),
            region.choose("基础值要写修改时能重新设上的", "基礎值要寫修改時能重新設定的"),
        ),
        P::NoWayBack { field, value: Some(value), base: false } => say(
            zh!(
                region,
                "`{field}: {value}` 不能只用一段时间：修改时设不了它",
                "`{field}: {value}` 不能只用一段時間：修改時無法設定它"
            ),
            region.choose("写修改时能设的值", "寫修改時能設定的值"),
        ),
        P::NoMemberBase { key } => say(
            zh!(region, "`{key}` 没有可以恢复的成员名单", "`{key}` 沒有可以恢復的成員名單"),
            region.choose(
                "在队列上用 `assignMembers` 或 `memberSelector` 写明前后由谁服务",
                "在佇列上用 `assignMembers` 或 `memberSelector` 寫明前後由誰服務",
            ),
        ),
        P::NoMembersNow { queue } => {
            let queue = visible(queue);
            say(
                zh!(
                    region,
                    "队列 `{queue}` 的成员这时都不在各自的日期内：没有坐席服务它",
                    "佇列 `{queue}` 的成員這時都不在各自的日期內：沒有客服人員服務它"
                ),
                region.choose(
                    "给这段时间加一名坐席，或在旁边写 `allowEmpty: true`",
                    "為這段時間加一位客服人員，或在旁邊寫 `allowEmpty: true`",
                ),
            )
        }
        P::Ahead { at, what } => {
            let (message, help) = ahead(what, region);
            say(zh!(region, "从 {at} 起，{message}", "從 {at} 起，{message}"), help)
        }
        P::OutOfScope { id, key, value, scope, more } => {
            let (value, kind) = (visible(value), id.kind.plural());
            let more = match more {
                0 => String::new(),
                more => {
                    zh!(region, "；这个条目还有 {more} 处也在外面", "；這個條目還有 {more} 處也在外面")
                }
            };
            say(
                zh!(
                    region,
                    "{id} 在 `scope` 之外：它的 `{key}` 是 `{value}`，而 `scope.{kind}.{key}` 是 {scope}{more}",
                    "{id} 在 `scope` 之外：它的 `{key}` 是 `{value}`，而 `scope.{kind}.{key}` 是 {scope}{more}"
                ),
                region.choose(
                    "从本工作区的清单里去掉它，或在 rosterctl.yaml 里放宽 `scope`",
                    "從本工作區的清單裡拿掉它，或在 rosterctl.yaml 裡放寬 `scope`",
                ),
            )
        }
        P::Ignored { id, reason } => say(
            zh!(region, "{id} 列在 `ignore` 下：{reason}", "{id} 列在 `ignore` 下：{reason}"),
            region.choose(
                "从清单里去掉它，或从 rosterctl.yaml 的 `ignore` 里去掉它的条目",
                "從清單裡拿掉它，或從 rosterctl.yaml 的 `ignore` 裡拿掉它的條目",
            ),
        ),
        P::ReservedSecret { secret, user } => say(
            zh!(
                region,
                "`{secret}` 是工作区自己的密钥（rosterctl.yaml 的 `{user}`），清单不能引用它",
                "`{secret}` 是工作區自己的密鑰（rosterctl.yaml 的 `{user}`），清單不能參照它"
            ),
            region.choose("给坐席一个自己的键，如 agents/8001", "給客服人員一個自己的鍵，如 agents/8001"),
        ),
    }
}

fn selects_none(queue: &str, region: Region) -> String {
    let queue = visible(queue);
    zh!(
        region,
        "队列 `{queue}` 的 `memberSelector` 选不到已声明的坐席",
        "佇列 `{queue}` 的 `memberSelector` 選不到已宣告的客服人員"
    )
}

fn one_priority(region: Region) -> &'static str {
    region.choose("两边写同一个优先级，或只写在一边", "兩邊寫同一個優先順序，或只寫在一邊")
}

fn two_priorities(agent: &OperatorId, queue: &str, listed: i64, own: i64, region: Region) -> String {
    let queue = visible(queue);
    zh!(
        region,
        "坐席 `{agent}` 的优先级，队列 `{queue}` 的成员名单写 {listed}，坐席自己的 `queues` 写 {own}",
        "客服人員 `{agent}` 的優先順序，佇列 `{queue}` 的成員名單寫 {listed}，自己的 `queues` 寫 {own}"
    )
}

/// Writes an error that lies ahead, and its remedy.
pub(in crate::messages::zh) fn ahead(what: &Ahead, region: Region) -> (String, &'static str) {
    match what {
        Ahead::TooFew { queue, left, minimum } => (
            zh!(
                region,
                "队列 `{}` 只剩 {left} 名成员，而 `minMembers` 要求 {minimum} 名",
                "佇列 `{}` 只剩 {left} 位成員，而 `minMembers` 要求 {minimum} 位",
                visible(queue)
            ),
            region.choose(
                "那天在队列里多留几名成员，或调低它的 `minMembers`",
                "那天在佇列裡多留幾位成員，或調低它的 `minMembers`",
            ),
        ),
        Ahead::NoMembers { queue, selector } => (
            if *selector {
                selects_none(queue, region)
            } else {
                zh!(region, "没有坐席服务队列 `{}`", "沒有客服人員服務佇列 `{}`", visible(queue))
            },
            region.choose(
                "给那段时间加一名坐席，或在队列上写 `allowEmpty: true`",
                "為那段時間加一位客服人員，或在佇列上寫 `allowEmpty: true`",
            ),
        ),
        Ahead::SipTwice { first, second, number } => (
            zh!(
                region,
                "坐席 `{first}` 和 `{second}` 的 SIP 号码同为 `{number}`",
                "客服人員 `{first}` 和 `{second}` 的 SIP 號碼同為 `{number}`"
            ),
            region.choose("改正其中一个，或改其中一个的日期", "改正其中一個，或改其中一位的日期"),
        ),
        Ahead::TwoPriorities { agent, queue, listed, own } => {
            (two_priorities(agent, queue, *listed, *own, region), one_priority(region))
        }
    }
}

fn name_kind(kind: NameKind, region: Region) -> &'static str {
    match kind {
        NameKind::Role => "角色",
        NameKind::SkillGroup => region.choose("技能组", "技能群組"),
        NameKind::Profile => region.choose("模板", "範本"),
        NameKind::Period => region.choose("时段", "時段"),
    }
}
