//! Sentences of notes.

use std::time::Duration;

use super::{Region, list, words, zh};
use crate::model::id::Kind;
use crate::model::journal::JournalRemark;
use crate::model::language::Localized;
use crate::model::note::{Allowed, Deferred, Disorder, Moved, Note, Refused};
use crate::model::presence::{Disruption, GapReason, Objection};
use crate::model::unread::{FailedCall, ListingDoubt, Unread};

/// Writes notes in one line.
pub fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>, region: Region) -> String {
    parts(notes.into_iter().map(|one| note(one, region)))
}

/// Writes a note.
pub fn note(note: &Note, region: Region) -> String {
    use Note as N;
    let lead = |then: bool| if then { region.choose("随后", "隨後") } else { "" };
    match note {
        N::Failed { why } => failed_call(why, region),
        N::NotCarriedOut => region.choose("没有执行", "沒有執行").to_owned(),
        N::NoData => region.choose("计划里没有这一步需要的数据", "計畫裡沒有這一步需要的資料").to_owned(),
        N::CameToHalt => region.choose("这次执行停住了", "這次執行停住了").to_owned(),
        N::Interrupted { then } => {
            zh!(region, "{}还没做到这一步，执行就中断了", "{}還沒做到這一步，執行就中斷了", lead(*then))
        }
        N::SignedOut { then } => zh!(region, "{}系统拒绝登录", "{}系統拒絕登入", lead(*then)),
        N::QueuesUnread { why } => zh!(
            region,
            "读不到队列，所以没有删除坐席：{}",
            "讀不到佇列，所以沒有刪除客服人員：{}",
            unread(why, region)
        ),
        N::AgentsUnread { why } => zh!(
            region,
            "没能重新读取坐席，所以没有删除坐席：{}",
            "沒能重新讀取客服人員，所以沒有刪除客服人員：{}",
            unread(why, region)
        ),
        N::Since { why } => moved(why, region),
        N::TargetMoved { id, why } => {
            zh!(region, "{id} 在计划生成之后变了：{}", "{id} 在計畫產生之後變了：{}", moved(why, region))
        }
        N::LeftOut { id, why } => {
            zh!(region, "跳过了 {id}：{}", "跳過了 {id}：{}", moved(why, region))
        }
        N::AfterFailed { steps } => {
            zh!(region, "它依赖的 {} 没有生效", "它依賴的 {} 沒有生效", list(steps))
        }
        N::AfterDeferred { steps, deferred } => zh!(
            region,
            "它依赖的 {} 放过了正在工作的人：{}",
            "它依賴的 {} 略過了正在工作的人：{}",
            list(steps),
            all(deferred, region)
        ),
        N::LeftAlone { deferred } => all(deferred, region),
        N::InPart { deferred } => {
            format!("已完成，但有人例外：{}", all(deferred, region))
        }
        N::Dropped { members } => zh!(
            region,
            "{} 不是坐席，厂商把它从队列里去掉了",
            "{} 不是客服人員，廠商把它從佇列裡拿掉了",
            list(members)
        ),
        N::NotReadBack => region
            .choose("厂商已经确认；没有回读，因为系统拒绝登录", "廠商已經確認；沒有回讀，因為系統拒絕登入")
            .to_owned(),
        N::Unconfirmed { fields } => {
            let fields = words::after_chinese(&words::fields(region, Kind::Agent, fields));
            zh!(
                region,
                "厂商没有确认，也没有系统返回{fields}：请再执行一次 `apply`",
                "廠商沒有確認，也沒有系統傳回{fields}：請再執行一次 `apply`",
            )
        }
        N::NotListed { exten } => zh!(
            region,
            "厂商已经新增，编号 `{exten}`，列表里还没出现：不再重复新增",
            "廠商已經新增，編號 `{exten}`，列表裡還沒出現：不再重複新增"
        ),
        N::NotTaken { what, unsure, note } => {
            let lead = match unsure {
                true => region.choose("没有看到它生效", "沒有看到它生效"),
                false => region.choose("它没有生效", "它沒有生效"),
            };
            let note = note.as_ref().map(|note| format!("（{}）", self::note(note, region)));
            format!("{lead}：{}{}", notes(what, region), note.unwrap_or_default())
        }
        N::Missing { id } => format!("{id} 不存在"),
        N::NotSeen { id, why } => {
            zh!(region, "没能回读 {id}：{}", "沒能回讀 {id}：{}", unread(why, region))
        }
        N::OutcomeUnread { why } => {
            zh!(region, "而且没能回读：{}", "而且沒能回讀：{}", unread(why, region))
        }
        N::Unreturned { fields } => {
            let all = parts(fields.iter().map(|one| {
                let field = words::after_chinese(words::field(region, one.id.kind, &one.field));
                zh!(region, "{} 没有{field}", "{} 沒有{field}", one.id)
            }));
            zh!(region, "回读的响应里，{all}", "回讀的回應裡，{all}")
        }
        N::Differs { id, difference, kept } => format!(
            "{}{}{}",
            id.as_ref().map(|id| format!("{id}：")).unwrap_or_default(),
            words::differs(region, difference),
            match kept {
                true =>
                    region.choose("（厂商就是这样保存的，请照此写）", "（廠商就是這樣儲存的，請照此寫）",),
                false => "",
            }
        ),
        N::Open { agent, fields } => {
            format!("agent/{agent}：{}", words::fields(region, Kind::Agent, fields))
        }
        N::StillThere { ids } => zh!(region, "还在：{}", "還在：{}", list(ids)),
        N::Several { id, extens } => {
            zh!(region, "{id} 不止一个：{}", "{id} 不只一個：{}", list(extens))
        }
        N::Skipped { id, members } => {
            zh!(region, "{id}：厂商悄悄跳过了 {}", "{id}：廠商默默跳過了 {}", list(members))
        }
        N::Extra { id, members } => zh!(region, "{id} 里还有 {}", "{id} 裡還有 {}", list(members)),
        N::Priority { id, member, live, sent } => zh!(
            region,
            "{id}：{member} 的优先级为 {live}，应为 {sent}",
            "{id}：{member} 的優先順序為 {live}，應為 {sent}"
        ),
        N::TargetGone { kind } => {
            let kind = words::kind(region, *kind);
            zh!(region, "{kind}已经不在了", "{kind}已經不在了")
        }
        N::MadeInPart { made, of } => zh!(
            region,
            "{of} 个中新增了 {made} 个：请再执行一次 `apply`",
            "{of} 個中新增了 {made} 個：請再執行一次 `apply`"
        ),
        N::Namesakes { count } => {
            zh!(region, "现在有 {count} 个队列叫这个名字", "現在有 {count} 個佇列叫這個名字")
        }
        N::MayStillCome => region
            .choose(
                "队列还不存在，但也许稍后会出现：请过一分钟再执行一次 `apply`",
                "佇列還不存在，但也許稍後會出現：請過一分鐘再執行一次 `apply`",
            )
            .to_owned(),
        N::OtherCreates => region
            .choose(
                "另一次执行正在这个账号下新增队列：等它做完",
                "另一次執行正在這個帳號下新增佇列：等它做完",
            )
            .to_owned(),
        N::Waits { wait, deferred } => format!(
            "有人正在工作，最多等 {}：{}",
            words::duration(region, *wait),
            parts(deferred.iter().map(|one| {
                let why = objection(&one.why, region);
                zh!(region, "坐席 {}：{why}", "客服人員 {}：{why}", one.agent)
            }))
        ),
    }
}

/// Writes a change since the plan was made.
pub fn moved(what: &Moved, region: Region) -> String {
    match what {
        Moved::Created => region.choose("已经新增了", "已經新增了").to_owned(),
        Moved::Gone => region.choose("已经不在了", "已經不在了").to_owned(),
        Moved::Another => {
            region.choose("工号已归控制台新增的另一名坐席", "工號已歸主控台新增的另一位客服人員").to_owned()
        }
        Moved::Field { difference } => zh!(
            region,
            "{}在计划生成时{}，现在{}",
            "{}在計畫產生時{}，現在{}",
            words::before_chinese(difference.field.name(words::language(region))),
            words::is(region, difference.before.as_ref()),
            words::is(region, difference.after.as_ref())
        ),
        Moved::InQueue { exten } => zh!(region, "在队列 {exten} 里", "在佇列 {exten} 裡"),
        Moved::CouldNotLeave { queue } => zh!(region, "没能退出 {queue}", "沒能退出 {queue}"),
        Moved::NameTaken { exten } => {
            zh!(region, "后来有了同名的队列（{exten}）", "後來有了同名的佇列（{exten}）")
        }
        Moved::Renamed { name } => {
            zh!(region, "现在名为{}", "現在名為{}", words::quoted(region, name))
        }
        Moved::Members { joined, left, reordered } => {
            let all =
                [("加入", joined), ("退出", left), (region.choose("优先级变了", "優先順序變了"), reordered)];
            let all = all.into_iter().filter(|(_, members)| !members.is_empty());
            zh!(
                region,
                "计划生成之后，成员变了：{}",
                "計畫產生之後，成員變了：{}",
                parts(all.map(|(word, members)| format!("{} {word}", list(members))))
            )
        }
        Moved::Saved { text } => text.clone(),
        Moved::NotPlanned { operation } => zh!(
            region,
            "重新计划时没有 {operation} 这一步：线上、账本或密钥库变了",
            "重新計畫時沒有 {operation} 這一步：線上、帳本或密鑰庫變了"
        ),
    }
}

/// Writes the reason of a failed read.
pub fn unread(why: &Unread, region: Region) -> String {
    match why {
        Unread::NoConnection { kind } => {
            let kind = words::kind(region, *kind);
            zh!(region, "没有哪个连接管{kind}", "沒有哪個連線管{kind}")
        }
        Unread::NotRead => region.choose("没有读取", "沒有讀取").to_owned(),
        Unread::Incomplete { doubt } => {
            let doubt = self::doubt(doubt, region);
            zh!(region, "无法证明列表已读全（{doubt}）", "無法證明列表已讀全（{doubt}）")
        }
        Unread::NoMembers { exten } => no_members(exten, region),
        Unread::Failed { why } => failed_call(why, region),
    }
}

/// Writes a call that failed, with the words of the vendor or of this machine.
pub fn failed_call(why: &FailedCall, region: Region) -> String {
    let said = |words: &Localized| words.text(region.language()).to_owned();
    match why {
        FailedCall::NotSent { words } => zh!(region, "没有发出（{}）", "沒有送出（{}）", said(words)),
        FailedCall::Untrusted { words } => {
            zh!(region, "没有发出，证书或代理有问题（{}）", "沒有送出，憑證或代理有問題（{}）", said(words))
        }
        FailedCall::Throttled { words } => {
            zh!(region, "厂商嫌太快，没有办（{}）", "廠商嫌太快，沒有辦（{}）", said(words))
        }
        FailedCall::Unknown { words } => {
            zh!(region, "发出了，不知道结果（{}）", "送出了，不知道結果（{}）", said(words))
        }
        FailedCall::Late { words } => zh!(region, "迟迟没有响应（{}）", "遲遲沒有回應（{}）", said(words)),
        FailedCall::Refused { words } => zh!(region, "厂商拒绝了（{}）", "廠商拒絕了（{}）", said(words)),
        FailedCall::SignIn { words } => zh!(region, "登录被拒（{}）", "登入被拒（{}）", said(words)),
        FailedCall::Shut { words } => {
            zh!(region, "没有发出，登录已被拒（{}）", "沒有送出，登入已被拒（{}）", said(words))
        }
        FailedCall::Garbled { words } => zh!(region, "响应没法用（{}）", "回應沒法用（{}）", said(words)),
        FailedCall::Halted => region.choose("轮到它之前运行就停了", "輪到它之前執行就停了").to_owned(),
        FailedCall::Saved { text } => text.text(region.language()).to_owned(),
    }
}

/// Writes the reason why a listing is not proved complete.
pub fn doubt(doubt: &ListingDoubt, region: Region) -> String {
    match doubt {
        ListingDoubt::NoTotal => region.choose("厂商没有给出总数", "廠商沒有給出總數").to_owned(),
        ListingDoubt::TotalChanged { before, now } => {
            zh!(region, "读取期间总数从 {before} 变成了 {now}", "讀取期間總數從 {before} 變成了 {now}")
        }
        ListingDoubt::ListedTwice { key } => zh!(region, "`{key}` 列了两次", "`{key}` 列了兩次"),
        ListingDoubt::OtherTotal { rows, total } => {
            zh!(region, "总数说有 {total} 个，却列了 {rows} 个", "總數說有 {total} 個，卻列了 {rows} 個")
        }
        ListingDoubt::NoMembers { exten } => no_members(exten, region),
        ListingDoubt::NotListed { queue, exten, why } => {
            let why = failed_call(why, region);
            zh!(
                region,
                "列表里没有 {queue}（`{exten}`），单独查询也失败了：{why}",
                "列表裡沒有 {queue}（`{exten}`），單獨查詢也失敗了：{why}"
            )
        }
        ListingDoubt::OneUnread { why } => unread(why, region),
        ListingDoubt::NarrowerSnapshot => region
            .choose("快照拍下时 `scope` 更窄，或 `ignore` 更多", "快照拍下時 `scope` 更窄，或 `ignore` 更多")
            .to_owned(),
        ListingDoubt::Saved { text } => text.clone(),
    }
}

fn no_members(exten: &str, region: Region) -> String {
    zh!(
        region,
        "响应里没有队列 {exten} 的成员，或缺少某个成员的优先级",
        "回應裡沒有佇列 {exten} 的成員，或缺少某個成員的優先順序"
    )
}

/// Writes the reason why a run wrote nothing.
pub fn refused(why: &Refused, region: Region) -> String {
    match why {
        Refused::Stale { made, moved } => {
            let made = made.as_ref().map(|at| format!("（{at}）")).unwrap_or_default();
            let lines = moved.iter().map(|one| format!("  {}：{}\n", one.id, self::moved(&one.what, region)));
            let lines = lines.collect::<Vec<_>>().concat();
            zh!(
                region,
                "计划已过期，什么都没写；计划生成{made}之后，这些变了：\n{lines}请重新计划，或用 `--skip-stale` 跳过它们",
                "計畫已過期，什麼都沒寫；計畫產生{made}之後，這些變了：\n{lines}請重新計畫，或用 `--skip-stale` 跳過它們"
            )
        }
        Refused::Unreadable { why } => zh!(
            region,
            "什么都没写：没能重新读取计划要改的内容：{}",
            "什麼都沒寫：沒能重新讀取計畫要改的內容：{}",
            unread(why, region)
        ),
        Refused::Policy => region.choose("策略不允许，什么都没改", "政策不允許，什麼都沒改").to_owned(),
        Refused::Incomplete => {
            region.choose("无法证明列表已读全，什么都没改", "無法證明列表已讀全，什麼都沒改").to_owned()
        }
        Refused::Invalid => {
            region.choose("清单与线上对不上，什么都没改", "清單與線上對不上，什麼都沒改").to_owned()
        }
        Refused::NotApproved => region.choose("计划没有得到同意", "計畫沒有得到同意").to_owned(),
        Refused::Failed { why } => why.text(region.language()).to_owned(),
    }
}

/// Writes a remark on a journal.
pub fn journal_remark(remark: &JournalRemark, region: Region) -> String {
    match remark {
        JournalRemark::Foreign { path, workspace } => zh!(
            region,
            "{path} 记的是工作区 `{workspace}` 没做完的一次执行：这里不动它，那个工作区下次 `apply` 会接着处理",
            "{path} 記的是工作區 `{workspace}` 沒做完的一次執行：這裡不動它，那個工作區下次 `apply` 會接著處理"
        ),
        JournalRemark::Nameless { path } => zh!(
            region,
            "{path} 没写属于哪个工作区，也没写任何调用：这里不动它；等这个文件夹里没有 `apply` 在运行，再删掉它",
            "{path} 沒寫屬於哪個工作區，也沒寫任何呼叫：這裡不動它；等這個資料夾裡沒有 `apply` 在執行，再刪掉它"
        ),
        JournalRemark::Damaged { path, why, aside } => zh!(
            region,
            "{path}：没做完的一次执行，记录读不出来（{why}）。哪些调用已经执行，看线上的数据判断；从那里开始，设过哪些权限组和密码、请求过哪些队列，都不知道了。下次 `apply` 会把这个文件另存为 {aside}",
            "{path}：沒做完的一次執行，紀錄讀不出來（{why}）。哪些呼叫已經執行，看線上的資料判斷；從那裡開始，設過哪些權限組和密碼、請求過哪些佇列，都不知道了。下次 `apply` 會把這個檔案另存為 {aside}"
        ),
    }
}

/// Writes the reason why the steps of a plan have no order.
pub fn disorder(why: &Disorder, region: Region) -> String {
    match why {
        Disorder::NoTargets { step } => zh!(region, "步骤 `{step}` 没有目标", "步驟 `{step}` 沒有目標"),
        Disorder::NotBefore { step, missing } => zh!(
            region,
            "步骤 `{step}` 要排在 `{missing}` 之后，而它前面没有 `{missing}`",
            "步驟 `{step}` 要排在 `{missing}` 之後，而它前面沒有 `{missing}`"
        ),
        Disorder::Twice { step } => zh!(region, "有两个步骤 `{step}`", "有兩個步驟 `{step}`"),
    }
}

/// Writes that a step was skipped because its agent was busy.
pub fn deferred(deferred: &Deferred, region: Region) -> String {
    let Deferred { agent, disruption, why, waited } = deferred;
    left_alone(agent.as_str(), *disruption, why, *waited, region)
}

/// Writes that an agent was left alone, with the reason.
pub(super) fn left_alone(
    agent: &str,
    disruption: Disruption,
    why: &Objection,
    waited: Option<Duration>,
    region: Region,
) -> String {
    let way_out = match why {
        Objection::Untold { .. } => region.choose(
            "；`policy.presence` 里写 `onError: allow`，问不到也照做",
            "；`policy.presence` 裡寫 `onError: allow`，問不到也照做",
        ),
        Objection::AtWork { .. } => "",
    };
    let waited = waited.map(|wait| {
        let wait = words::duration(region, wait);
        format!("；已等 {wait}")
    });
    zh!(
        region,
        "坐席 {agent} 没有{}：{}{way_out}{}",
        "客服人員 {agent} 沒有{}：{}{way_out}{}",
        words::disruption(region, disruption),
        objection(why, region),
        waited.unwrap_or_default()
    )
}

/// Writes that `--allow presence` let a step disrupt a busy agent.
pub fn allowed(allowed: &Allowed, region: Region) -> String {
    let Allowed { agent, most, why } = allowed;
    zh!(
        region,
        "坐席 {agent} 也照做，因为有 `--allow presence={most}`：{}",
        "客服人員 {agent} 也照做，因為有 `--allow presence={most}`：{}",
        objection(why, region)
    )
}

/// Writes the reason not to disrupt an agent.
pub fn objection(why: &Objection, region: Region) -> String {
    match why {
        Objection::AtWork { state, detail, system } => {
            let detail = detail.as_ref().map(|detail| format!("，{detail}")).unwrap_or_default();
            let state = words::state(region, *state);
            zh!(region, "{state}{detail}（据 {system}）", "{state}{detail}（據 {system}）")
        }
        Objection::Untold { system, why } => zh!(
            region,
            "{system} 没有说明此人是否在工作（{}）",
            "{system} 沒有說明此人是否在工作（{}）",
            gap(why, region)
        ),
    }
}

/// Writes the reason why a system returned no presence of an agent.
pub fn gap(why: &GapReason, region: Region) -> String {
    match why {
        GapReason::NotMentioned => {
            region.choose("有响应，但没有提到此人", "有回應，但沒有提到此人").to_owned()
        }
        GapReason::Unlisted { detail: Some(detail) } => {
            zh!(region, "文档没有说明 `{detail}` 的含义", "文件沒有說明 `{detail}` 的含義")
        }
        GapReason::Unlisted { detail: None } => {
            region.choose("文档没有说明这个响应的含义", "文件沒有說明這個回應的含義").to_owned()
        }
        GapReason::NotAsked => region
            .choose("它只能逐人查询，而这次没有指定查谁", "它只能逐人查詢，而這次沒有指定查誰")
            .to_owned(),
        GapReason::Nameless { rows } => zh!(
            region,
            "有 {rows} 行说有坐席在工作，却没说是哪一名",
            "有 {rows} 行說有客服人員在工作，卻沒說是哪一位"
        ),
        GapReason::Incomplete { doubt } => {
            let doubt = self::doubt(doubt, region);
            zh!(region, "无法证明它的列表已读全：{doubt}", "無法證明它的列表已讀全：{doubt}")
        }
        GapReason::Failed { why } => failed_call(why, region),
    }
}

/// Joins the sentences about busy agents.
fn all(deferred: &[Deferred], region: Region) -> String {
    parts(deferred.iter().map(|one| self::deferred(one, region)))
}

/// Joins sentences.
fn parts(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join("；")
}
