//! The words of reports in Chinese, of the mainland and of Taiwan side by side.

use std::borrow::Cow;

use super::phrase::{Again, Column, Phrase, Refuser, Swatch};
use crate::messages::zh::{Region, words, zh};
use crate::model::outcome::Status;
use crate::model::plan::{Operation, Summary, Verb};
use crate::report::chapter::{LineKind, Section, Tense};
use crate::report::content::{Command, Sound};
use crate::report::counts::Counts;

/// Writes a text.
pub(super) fn phrase(phrase: Phrase<'_>, region: Region) -> Cow<'static, str> {
    use Phrase as P;
    let r = region;
    let pick = |cn: &'static str, tw: &'static str| -> Cow<'static, str> { r.choose(cn, tw).into() };
    match phrase {
        P::Title(command, name) => format!("{} · {name}", heading_of(command, r)).into(),
        P::Workspaces(command, count) => {
            zh!(r, "{} · {count} 个工作区", "{} · {count} 個工作區", heading_of(command, r)).into()
        }
        P::Lead(command) => lead(command, r).into(),
        P::MadeBy(version) => zh!(
            r,
            "由 rosterctl {version} 生成。本页不需要联网，也不发送任何数据。",
            "由 rosterctl {version} 產生。本頁不需要連網，也不傳送任何資料。"
        )
        .into(),
        P::Failed => pick("失败：", "失敗："),
        P::Errors => pick("哪里不对", "哪裡不對"),
        P::Error => pick("错误", "錯誤"),
        P::Help => pick("办法", "辦法"),
        P::NoteWord => pick("参见", "參見"),
        P::ErrorCount(errors, 0) => zh!(r, "共 {errors} 个错误", "共 {errors} 個錯誤").into(),
        P::ErrorCount(errors, files) => {
            zh!(r, "{files} 个文件里共 {errors} 个错误", "{files} 個檔案裡共 {errors} 個錯誤").into()
        }
        P::WrongFiles(count) => {
            zh!(r, "工作区和清单里有 {count} 个错误", "工作區和清單裡有 {count} 個錯誤").into()
        }
        P::RefusedFiles => pick("清单违反策略", "清單違反政策"),
        P::SkipLink => pick("跳到变更内容", "跳到變更內容"),
        P::Search => pick("搜索", "搜尋"),
        P::SearchHint => pick("姓名、工号、队列…", "姓名、工號、佇列…"),
        P::Show => pick("只看", "只看"),
        P::Everything => pick("全部", "全部"),
        P::Contents => pick("工作区", "工作區"),
        P::Found => pick("显示 {shown} 行，共 {all} 行", "顯示 {shown} 行，共 {all} 行"),
        P::AllLines => pick("共 {all} 行", "共 {all} 行"),
        P::Card => pick("此人的全部变动：", "此人的全部異動："),

        P::Sound(sound) => self::sound(sound, r).into(),

        P::CanBeApplied => pick("可以执行。", "可以執行。"),
        P::NeedsDecision(count) => {
            zh!(r, "可以执行，但先看下面 {count} 项。", "可以執行，但先看下面 {count} 項。").into()
        }
        P::CannotBeApplied(Refuser::Policy) => {
            pick("现在不能执行，策略不允许：", "現在不能執行，政策不允許：")
        }
        P::CannotBeApplied(Refuser::Manifests) => {
            pick("现在不能执行，清单与线上对不上：", "現在不能執行，清單與線上對不上：")
        }
        P::CannotBeApplied(Refuser::System) => {
            pick("现在不能执行，有系统没有给出完整数据：", "現在不能執行，有系統沒有給出完整資料：")
        }
        P::AndMoreReasons(count) => {
            zh!(r, "另有 {count} 项也不允许执行。", "另有 {count} 項也不允許執行。").into()
        }
        P::LiftLimitByLabel(rule, count) => zh!(
            r,
            "确实要这样，请负责人给本合并请求加标签 `allow:{rule}={count}`。",
            "確實要這樣，請負責人替本合併請求加上標籤 `allow:{rule}={count}`。"
        )
        .into(),
        P::NothingToDo => pick("没有要做的：线上与清单一致。", "沒有要做的：線上與清單一致。"),
        P::NothingForTargets => {
            pick("这些目标没有要做的：线上与清单一致。", "這些目標沒有要做的：線上與清單一致。")
        }
        P::NothingIsDue => pick("没有到期的变动。", "沒有到期的異動。"),
        P::NoSteps => pick("保存的计划没有步骤。", "儲存的計畫沒有步驟。"),
        P::NoRemedy => pick("这些差异没有步骤可以消除。", "這些差異沒有步驟可以消除。"),
        P::Differs => pick("线上与清单不一致。", "線上與清單不一致。"),
        P::ReadAt(at) => zh!(r, "线上数据读取于 {at}", "線上資料讀取於 {at}").into(),
        P::CommitOf(commit) => zh!(r, "提交 {commit}", "提交 {commit}").into(),
        P::AsOf(at, Some(until)) => {
            zh!(r, "按 {at} 的状态，有效到 {until}。", "依 {at} 的狀態，有效到 {until}。").into()
        }
        P::AsOf(at, None) => {
            zh!(r, "按 {at} 的状态；之后没有日期会改变它。", "依 {at} 的狀態；之後沒有日期會改變它。").into()
        }
        P::TakenAt(at) => zh!(r, "快照时间 {at}。", "快照時間 {at}。").into(),
        P::NarrowedTo(targets) => {
            zh!(r, "--target 只看 {targets}：其余没有比对。", "--target 只看 {targets}：其餘沒有比對。")
                .into()
        }
        P::DueSince(since) => zh!(
            r,
            "--due 只看 {since} 以来到期的变动：清单的修改和控制台的改动都不动。",
            "--due 只看 {since} 以來到期的異動：清單的修改和主控台的更動都不動。"
        )
        .into(),
        P::LimitLifted(rule, up_to) => {
            zh!(r, "本次放行：{rule} 最多 {up_to}", "本次放行：{rule} 最多 {up_to}").into()
        }
        P::LiveFirst => pick(
            "先写线上的值，后写清单的值。什么都没有改动。",
            "先寫線上的值，後寫清單的值。什麼都沒有更動。",
        ),
        P::Interrupted => pick(
            "已中断：正在进行的调用做完了，其余没有开始。",
            "已中斷：正在進行的呼叫做完了，其餘沒有開始。",
        ),
        P::LockLost(why) => zh!(
            r,
            "锁丢了（{why}）：正在进行的调用做完了，其余没有开始。",
            "鎖丟了（{why}）：正在進行的呼叫做完了，其餘沒有開始。"
        )
        .into(),
        P::Effort(summary) => effort(summary, r).into(),
        P::PlanCounts(s, found) => zh!(
            r,
            "计划：新增 {}，修改 {}，删除后重建 {}，删除 {}{}{}。",
            "計畫：新增 {}，修改 {}，刪除後重建 {}，刪除 {}{}{}。",
            s.create,
            s.update,
            s.replace,
            s.delete,
            to_look_at(found, r),
            if s.calls > 0 { format!("；{}", effort(s, r)) } else { String::new() }
        )
        .into(),
        P::DriftCounts(s, found) => zh!(
            r,
            "偏移：缺少 {}，不一致 {}，须重建 {}，多余 {}{}{}。",
            "偏移：缺少 {}，不一致 {}，須重建 {}，多餘 {}{}{}。",
            s.create,
            s.update,
            s.replace,
            s.delete,
            to_look_at(found, r),
            if s.calls > 0 {
                zh!(r, "；执行需要 {}", "；執行需要 {}", effort(s, r))
            } else {
                String::new()
            }
        )
        .into(),
        P::SnapshotCounts(s) => zh!(
            r,
            "快照：坐席 {} 人，队列 {} 个。",
            "快照：客服人員 {} 人，佇列 {} 個。",
            s.live.agents,
            s.live.queues
        )
        .into(),
        P::AtWorkNow(0) => pick("此刻受影响的人都不在工作。", "此刻受影響的人都不在工作。"),
        P::AtWorkNow(count) => zh!(r, "此刻会先放过 {count} 人：", "此刻會先放過 {count} 人：").into(),
        P::Ahead => pick("之后按日期会发生", "之後依日期會發生"),
        P::TurnJoins(who) => zh!(r, "{who} 入职", "{who} 到職").into(),
        P::TurnLeaves(who) => zh!(r, "{who} 离职", "{who} 離職").into(),
        P::TurnMoves(who, group) => zh!(r, "{who} 到{group}组", "{who} 到{group}組").into(),
        P::TurnQueue(queue) => zh!(r, "队列 {queue} 变更", "佇列 {queue} 異動").into(),
        P::TurnChanges(who) => zh!(r, "{who} 变更", "{who} 異動").into(),

        P::NotApplied(why) => zh!(r, "没有执行：{why}", "沒有執行：{why}").into(),
        P::NothingApplied(left) => zh!(r, "什么都没有执行；{left}。", "什麼都沒有執行；{left}。").into(),
        P::AppliedBut(all, left) => {
            zh!(r, "部分执行：{all} 步都已完成；{left}。", "部分執行：{all} 步都已完成；{left}。").into()
        }
        P::AppliedDue(all) => zh!(
            r,
            "已执行：{all} 步都已完成，没有别的到期变动。",
            "已執行：{all} 步都已完成，沒有別的到期異動。"
        )
        .into(),
        P::Applied(all) => zh!(r, "已执行：{all} 步都已完成。", "已執行：{all} 步都已完成。").into(),
        P::AppliedWhole(all) => zh!(
            r,
            "已执行：{all} 步都已完成，凡能回读的都与清单一致。",
            "已執行：{all} 步都已完成，凡能回讀的都與清單一致。"
        )
        .into(),
        P::AppliedInPart(counts, unread, again) => in_part(counts, unread, again, r).into(),
        P::LeftOut(left) => {
            zh!(r, "按“需要决定”各条，没有动：{left}", "依「需要決定」各條，沒有動：{left}").into()
        }
        P::MoreIsDue(ids) => zh!(
            r,
            "计划保存之后又有要做的：{ids}；请重新 plan。",
            "計畫儲存之後又有要做的：{ids}；請重新 plan。"
        )
        .into(),

        P::Kind(kind) => word(kind, r).into(),
        P::KindIn(kind, tense) => word_in(kind, tense, r),
        P::Heading(section, tense) => heading(section, tense, r).into(),
        P::Counted(section, tense, count) => format!("{} {count}", noun(section, tense, r)).into(),
        P::Noun(section, tense) => noun(section, tense, r).into(),
        P::Meaning(section, tense) => meaning(section, tense, r).into(),
        P::Unset => pick("未设置", "未設定"),
        P::Unknown => pick("未知", "未知"),
        P::Password => pick("密码", "密碼"),
        P::StoredAs(place) => zh!(r, "存放于 {place}", "存放於 {place}").into(),
        P::Agents(count) | P::Members(count) => format!("{count} 人").into(),
        P::Priority(priority) => zh!(r, "优先级 {priority}", "優先順序 {priority}").into(),
        P::PriorityOf(ids) => zh!(r, "{ids} 的优先级", "{ids} 的優先順序").into(),
        P::Joining(tense, count) => many(count, tense.choose("加入", "加入", "已加入"), r),
        P::Leaving(tense, count) => many(
            count,
            r.choose(tense.choose("离开", "离开", "已离开"), tense.choose("離開", "離開", "已離開")),
            r,
        ),
        P::NoMemberLeft => pick("一个成员也不剩", "一個成員也不剩"),
        P::StillToMake => pick("已删除，尚待重建", "已刪除，尚待重建"),
        P::DeletedInConsole => pick("上次完整执行之后在别处被删除", "上次完整執行之後在別處遭刪除"),
        P::ChangedInConsole => pick("上次执行之后在别处改过", "上次執行之後在別處改過"),
        P::ChangedByBoth => pick("清单改过，线上也在别处改过", "清單改過，線上也在別處改過"),
        P::ChangedByManifest => pick("上次执行之后清单改过", "上次執行之後清單改過"),
        P::DueByDate => pick("日期到了", "日期到了"),
        P::LastChanged(changed) => {
            let who = changed.by.as_ref().map(|by| {
                let name = changed.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
                zh!(r, "，工号 {by}{name}", "，工號 {by}{name}")
            });
            let who = who.unwrap_or_default();
            zh!(r, "控制台最后改于 {}{who}", "主控台最後改於 {}{who}", changed.time()).into()
        }
        P::Unmanaged(count, kind, names) => {
            let kind = words::kind(r, kind);
            zh!(
                r,
                "线上有 {count} 个{kind}不在任何清单里：{names}",
                "線上有 {count} 個{kind}不在任何清單裡：{names}"
            )
            .into()
        }
        P::AndMore(count) => zh!(r, "等，另有 {count} 个", "等，另有 {count} 個").into(),
        P::MoreRows(count) => zh!(r, "…… 另有 {count} 行。", "…… 另有 {count} 行。").into(),
        P::Cut => {
            pick("内容有删节：完整报告在本次运行的产物里。", "內容有刪節：完整報告在本次執行的產物裡。")
        }
        P::WhyDeleted => pick("删除", "刪除"),
        P::WhyMoved(group) => zh!(r, "调往{group}", "調往{group}").into(),
        P::WhyDisabled => pick("停用", "停用"),
        P::WhyNew => pick("新", "新"),
        P::Unchanged(queues) => zh!(r, "没有变化的队列：{queues}", "沒有變化的佇列：{queues}").into(),
        P::Minimum(minimum) => zh!(r, "下限 {minimum}", "下限 {minimum}").into(),
        P::ConsoleAdded(members) => zh!(r, "多了 {members}", "多了 {members}").into(),
        P::ConsoleRemoved(members) => zh!(r, "少了 {members}", "少了 {members}").into(),
        P::TakesOut(members) => zh!(r, "移出 {members}", "移出 {members}").into(),
        P::PutsBack(members) => zh!(r, "放回 {members}", "放回 {members}").into(),

        P::Column(column) => title(column, r).into(),

        P::Order(Tense::Differs) => pick("执行时的次序", "執行時的次序"),
        P::Order(Tense::Planned | Tense::Done | Tense::Live) => pick("执行次序", "執行次序"),
        P::Stage(operation, targets) => stage(operation, targets, r).into(),
        P::Calls(calls) => zh!(r, "{calls} 次调用", "{calls} 次呼叫").into(),
        P::Legend(tense) => {
            let now = r.choose(
                "上面一条：现在谁在服务；下面一条：变更之后。",
                "上面一條：現在誰在服務；下面一條：變更之後。",
            );
            let done = r.choose(
                "上面一条：之前谁在服务；下面一条：现在谁在服务。",
                "上面一條：之前誰在服務；下面一條：現在誰在服務。",
            );
            tense.choose(now, now, done).into()
        }
        P::Swatch(Swatch::Stays) => "留下".into(),
        P::Swatch(Swatch::Leaves) => pick("离开", "離開"),
        P::Swatch(Swatch::Joins) => "加入".into(),
        P::Picture(tense, queue, before, after) => {
            let (now, then) = (r.choose("现在", "現在"), r.choose("之后", "之後"));
            let (was, is) = (tense.choose(now, now, "之前"), tense.choose(then, then, now));
            format!("{queue}：{was} {before} 人，{is} {after} 人").into()
        }

        P::AgentsDeleted(count) => zh!(r, "删除坐席 {count} 人", "刪除客服人員 {count} 人").into(),
        P::Annotations(count, severity) => {
            zh!(r, "{} {count} 条", "{} {count} 則", words::severity(r, severity)).into()
        }
        P::NotShown(left_out, shown) => zh!(
            r,
            "这里没有显示：{left_out}。GitHub 每级只显示 {shown} 条注解，`--format json` 有全部。",
            "這裡沒有顯示：{left_out}。GitHub 每級只顯示 {shown} 則註解，`--format json` 有全部。"
        )
        .into(),
        P::SubjectDiffers(subject) => zh!(r, "{subject} 不一致", "{subject} 不一致").into(),
        P::Ended(subject, kind) => format!("{subject} {}", word(kind, r)).into(),
        P::ResultsLeftOut(count) => {
            zh!(r, "省略 {count} 条，`--format json` 有全部", "省略 {count} 則，`--format json` 有全部")
                .into()
        }
    }
}

fn sound(sound: &Sound, r: Region) -> String {
    let Sound { agents, queues, seats, absent, span, .. } = sound;
    let mut text = zh!(
        r,
        "没有错误；声明坐席 {agents} 人，队列 {queues} 个，语音坐席 {seats} 个",
        "沒有錯誤；宣告客服人員 {agents} 人，佇列 {queues} 個，語音座席 {seats} 個"
    );
    if *absent > 0 {
        text.push_str(&zh!(r, "，声明删除 {absent} 人", "，宣告刪除 {absent} 人"));
    }
    if let Some((at, until)) = span {
        text.push_str(&zh!(r, "；按 {at} 的状态，看到 {until}", "；依 {at} 的狀態，看到 {until}"));
    }
    text
}

fn many(count: Option<usize>, word: &'static str, r: Region) -> Cow<'static, str> {
    count.map_or_else(|| word.into(), |count| zh!(r, "{word} {count} 人", "{word} {count} 人").into())
}

fn to_look_at(found: usize, r: Region) -> String {
    if found > 0 { zh!(r, "，需要看 {found}", "，需要看 {found}") } else { String::new() }
}

fn heading_of(command: Command, r: Region) -> &'static str {
    match command {
        Command::Plan => r.choose("名册变更预览", "名冊異動預覽"),
        Command::Apply => r.choose("名册变更结果", "名冊異動結果"),
        Command::Drift => r.choose("线上与清单的差异", "線上與清單的差異"),
        Command::Snapshot => r.choose("线上快照", "線上快照"),
        Command::Validate => r.choose("清单检查", "清單檢查"),
    }
}

fn lead(command: Command, r: Region) -> &'static str {
    match command {
        Command::Snapshot => r.choose("快照时线上的样子。", "快照時線上的樣子。"),
        Command::Plan => r.choose(
            "线上系统将有哪些变化。现在什么都还没有改动。",
            "線上系統將有哪些變化。現在什麼都還沒有更動。",
        ),
        Command::Apply => r.choose("线上系统已经改了什么。", "線上系統已經改了什麼。"),
        Command::Drift => r.choose(
            "线上系统与清单有哪些不同：先写线上的值，后写清单的值。什么都没有改动。",
            "線上系統與清單有哪些不同：先寫線上的值，後寫清單的值。什麼都沒有更動。",
        ),
        Command::Validate => r.choose(
            "工作区和清单有哪些错误。没有访问任何系统。",
            "工作區和清單有哪些錯誤。沒有存取任何系統。",
        ),
    }
}

fn effort(summary: &Summary, r: Region) -> String {
    let length = match summary.estimated_seconds {
        0 => r.choose("马上完成", "馬上完成").to_owned(),
        seconds @ 1..=119 => zh!(r, "按限速约 {seconds} 秒", "依限速約 {seconds} 秒"),
        seconds => {
            let minutes = seconds.div_ceil(60);
            zh!(r, "按限速约 {minutes} 分钟", "依限速約 {minutes} 分鐘")
        }
    };
    zh!(r, "{} 次调用，{length}", "{} 次呼叫，{length}", summary.calls)
}

fn in_part(counts: Counts, unread: usize, again: Again, r: Region) -> String {
    let Counts { done, partial, failed, skipped, unknown } = counts;
    let mut but = match partial {
        0 => String::new(),
        _ => zh!(r, "（其中 {partial} 步只做了一部分）", "（其中 {partial} 步只做了一部分）"),
    };
    if unread > 0 {
        but.push_str(&zh!(r, "（其中 {unread} 步没有回读）", "（其中 {unread} 步沒有回讀）"));
    }
    let again = match again {
        Again::Nothing => r.choose(
            "再执行一次也没有用：请按厂商保存的形式写这些值",
            "再執行一次也沒有用：請依廠商儲存的形式寫這些值",
        ),
        Again::AllButForms => r.choose(
            "再执行一次会做完其余的，厂商换了形式保存的值除外",
            "再執行一次會做完其餘的，廠商換了形式儲存的值除外",
        ),
        Again::Rest => r.choose("再执行一次会做完其余的", "再執行一次會做完其餘的"),
        Again::RestLater => r.choose(
            "等放过的人下线之后，再执行一次会做完其余的",
            "等放過的人下線之後，再執行一次會做完其餘的",
        ),
    };
    zh!(
        r,
        "部分执行，按步骤计：完成 {done}{but}，失败 {failed}，跳过 {skipped}，结果不明 {unknown}。{again}。",
        "部分執行，依步驟計：完成 {done}{but}，失敗 {failed}，略過 {skipped}，結果不明 {unknown}。{again}。"
    )
}

fn word(kind: LineKind, r: Region) -> &'static str {
    match kind {
        LineKind::Act(action) => words::action(r, action),
        LineKind::Open(Status::Done) => r.choose("部分完成", "部分完成"),
        LineKind::Open(Status::Failed) => r.choose("失败", "失敗"),
        LineKind::Open(Status::Skipped) => r.choose("跳过", "略過"),
        LineKind::Open(Status::Unknown) => r.choose("结果不明", "結果不明"),
        LineKind::Moved => r.choose("已变动", "已變動"),
        LineKind::Find(severity) => words::severity(r, severity),
    }
}

fn word_in(kind: LineKind, tense: Tense, r: Region) -> Cow<'static, str> {
    match (kind, tense) {
        (LineKind::Act(_), Tense::Done) => format!("已{}", word(kind, r)).into(),
        (LineKind::Act(_), Tense::Live) => r.choose("线上", "線上").into(),
        (kind, Tense::Planned | Tense::Differs | Tense::Done | Tense::Live) => word(kind, r).into(),
    }
}

fn heading(section: Section, tense: Tense, r: Region) -> &'static str {
    let (plan, drift, done) = match section {
        Section::Open => {
            let said = r.choose("没有做的", "沒有做的");
            (said, said, said)
        }
        Section::Decide => {
            let said = r.choose("需要决定", "需要決定");
            (said, said, said)
        }
        Section::Queues if tense == Tense::Live => {
            let said = r.choose("队列", "佇列");
            (said, said, said)
        }
        Section::Queues => {
            let said = r.choose("队列人数（减少最多的在前）", "佇列人數（減少最多的在前）");
            (said, said, said)
        }
        Section::TakenBack => (
            r.choose("将撤回控制台里的手工改动", "將撤回主控台裡的手動更動"),
            r.choose("控制台里的手工改动", "主控台裡的手動更動"),
            r.choose("已撤回控制台里的手工改动", "已撤回主控台裡的手動更動"),
        ),
        Section::Joins if tense == Tense::Live => {
            let said = r.choose("坐席", "客服人員");
            (said, said, said)
        }
        Section::Joins => (
            r.choose("新增的坐席", "新增的客服人員"),
            r.choose("缺少的坐席", "缺少的客服人員"),
            r.choose("已新增的坐席", "已新增的客服人員"),
        ),
        Section::Leaves => (
            r.choose("删除的坐席", "刪除的客服人員"),
            r.choose("多余的坐席", "多餘的客服人員"),
            r.choose("已删除的坐席", "已刪除的客服人員"),
        ),
        Section::Remade => (
            r.choose("删除后重建的坐席", "刪除後重建的客服人員"),
            r.choose("须删除后重建的坐席", "須刪除後重建的客服人員"),
            r.choose("已删除后重建的坐席", "已刪除後重建的客服人員"),
        ),
        Section::Moves => (
            r.choose("调组的坐席", "調組的客服人員"),
            r.choose("组别不符的坐席", "組別不符的客服人員"),
            r.choose("已调组的坐席", "已調組的客服人員"),
        ),
        Section::Changes => (
            r.choose("其他变更的坐席", "其他異動的客服人員"),
            r.choose("设置不符的坐席", "設定不符的客服人員"),
            r.choose("已变更的坐席", "已異動的客服人員"),
        ),
        Section::Notes => {
            let said = r.choose("供参考", "供參考");
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

fn noun(section: Section, tense: Tense, r: Region) -> &'static str {
    let (plan, drift, done) = match section {
        Section::Open => {
            let said = r.choose("没有做", "沒有做");
            (said, said, said)
        }
        Section::Decide => {
            let said = r.choose("需要决定", "需要決定");
            (said, said, said)
        }
        Section::Queues => {
            let said = r.choose("队列", "佇列");
            (said, said, r.choose("已变更队列", "已變更佇列"))
        }
        Section::TakenBack => (
            r.choose("撤回控制台改动", "撤回主控台更動"),
            r.choose("控制台改动", "主控台更動"),
            r.choose("已撤回控制台改动", "已撤回主控台更動"),
        ),
        Section::Joins if tense == Tense::Live => {
            let said = r.choose("坐席", "客服人員");
            (said, said, said)
        }
        Section::Joins => ("新增", "缺少", "已新增"),
        Section::Leaves => (r.choose("删除", "刪除"), r.choose("多余", "多餘"), r.choose("已删除", "已刪除")),
        Section::Remade => {
            (r.choose("删除后重建", "刪除後重建"), r.choose("须重建", "須重建"), r.choose("已重建", "已重建"))
        }
        Section::Moves => {
            (r.choose("调组", "調組"), r.choose("组别不符", "組別不符"), r.choose("已调组", "已調組"))
        }
        Section::Changes => {
            (r.choose("其他变更", "其他異動"), r.choose("设置不符", "設定不符"), r.choose("已变更", "已異動"))
        }
        Section::Notes => {
            let said = r.choose("供参考", "供參考");
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

fn meaning(section: Section, tense: Tense, r: Region) -> &'static str {
    let (plan, drift, done) = match section {
        Section::Joins => (
            r.choose("将要新建的账号。", "將要新建的帳號。"),
            r.choose("清单里有、线上没有的人。", "清單裡有、線上沒有的人。"),
            r.choose("已经新建的账号。", "已經新建的帳號。"),
        ),
        Section::Leaves => (
            r.choose("账号将被删除，之后不能再登录。", "帳號將刪除，之後不能再登入。"),
            r.choose("线上有、不该有的人。", "線上有、不該有的人。"),
            r.choose("账号已删除，不能再登录。", "帳號已刪除，不能再登入。"),
        ),
        Section::Moves => (
            r.choose("主技能组改变的人。", "主技能群組改變的人。"),
            r.choose("线上的主技能组与清单不同的人。", "線上的主技能群組與清單不同的人。"),
            r.choose("主技能组已经改变的人。", "主技能群組已經改變的人。"),
        ),
        Section::Changes => (
            r.choose("不换组，其他设置有变的人。", "不換組，其他設定有變的人。"),
            r.choose("线上设置与清单不同的人。", "線上設定與清單不同的人。"),
            r.choose("没有换组，其他设置已经改变的人。", "沒有換組，其他設定已經改變的人。"),
        ),
        Section::Remade => {
            let said = r.choose(
                "有的差异只有新建时才能设：账号先删除再重建，期间不在队列里。",
                "有的差異只有新建時才能設：帳號先刪除再重建，期間不在佇列裡。",
            );
            (said, said, r.choose("账号已经删除并重建。", "帳號已經刪除並重建。"))
        }
        Section::Queues => {
            let said =
                r.choose("成员或设置有变的队列，减少最多的在前。", "成員或設定有變的佇列，減少最多的在前。");
            (said, said, said)
        }
        Section::TakenBack => (
            r.choose(
                "有人在控制台改过、清单里没有的内容：执行会改回去。要保留，请写进清单。",
                "有人在主控台改過、清單裡沒有的內容：執行會改回去。要保留，請寫進清單。",
            ),
            r.choose(
                "有人在控制台改过、清单里没有的内容。要保留，请写进清单。",
                "有人在主控台改過、清單裡沒有的內容。要保留，請寫進清單。",
            ),
            r.choose(
                "有人在控制台改过、清单里没有的内容，已经改回。",
                "有人在主控台改過、清單裡沒有的內容，已經改回。",
            ),
        ),
        Section::Open => {
            let said =
                r.choose("没有做或只做了一部分的变更，以及原因。", "沒有做或只做了一部分的異動，以及原因。");
            (said, said, said)
        }
        Section::Decide => {
            let said = r.choose(
                "rosterctl 不能或不该自己处理的差异，以及您可以怎么做。",
                "rosterctl 不能或不該自己處理的差異，以及您可以怎麼做。",
            );
            (said, said, said)
        }
        Section::Notes => {
            let said = r.choose("知道即可，不用决定。", "知道即可，不用決定。");
            (said, said, said)
        }
    };
    tense.choose(plan, drift, done)
}

fn title(column: Column, r: Region) -> &'static str {
    match column {
        Column::Agent => r.choose("工号", "工號"),
        Column::Name => "姓名",
        Column::What => r.choose("内容", "內容"),
        Column::Where => r.choose("出处", "出處"),
        Column::From(Tense::Differs) => r.choose("线上在", "線上在"),
        Column::To(Tense::Differs) => r.choose("应在", "應在"),
        Column::From(_) => r.choose("原组", "原組"),
        Column::To(_) => r.choose("新组", "新組"),
        Column::Also => r.choose("同时", "同時"),
        Column::Queue => r.choose("队列", "佇列"),
        Column::Staff(Tense::Done) => r.choose("之前 → 现在", "之前 → 現在"),
        Column::Staff(Tense::Live) => r.choose("人数", "人數"),
        Column::Staff(_) => r.choose("现在 → 之后", "現在 → 之後"),
        Column::Minimum => "下限",
        Column::Leaves(Tense::Done) => r.choose("已离开", "已離開"),
        Column::Leaves(_) => r.choose("离开", "離開"),
        Column::Joins(Tense::Done) => "已加入",
        Column::Joins(_) => "加入",
        Column::Resource => r.choose("坐席或队列", "客服人員或佇列"),
        Column::Result => r.choose("结果", "結果"),
        Column::WhatAndWhy => r.choose("内容与原因", "內容與原因"),
        Column::Severity => r.choose("级别", "級別"),
        Column::Code => r.choose("代码", "代碼"),
        Column::WhatToDo => r.choose("情况与办法", "情況與辦法"),
        Column::Remedy => r.choose("怎么办", "怎麼辦"),
        Column::InConsole => r.choose("控制台改成", "主控台改成"),
        Column::InManifest(Tense::Done) => r.choose("已改回", "已改回"),
        Column::InManifest(Tense::Differs) => r.choose("清单写的是", "清單寫的是"),
        Column::InManifest(_) => r.choose("执行后改回", "執行後改回"),
        Column::WhoAndWhen => r.choose("谁、何时改的", "誰、何時改的"),
    }
}

fn stage(operation: Operation, targets: usize, r: Region) -> String {
    let kind = words::kind(r, operation.kind);
    let unit = if operation.kind == crate::model::id::Kind::Queue { r.choose("个", "個") } else { "人" };
    match operation.verb {
        Verb::Create => zh!(r, "新增{kind} {targets} {unit}", "新增{kind} {targets} {unit}"),
        Verb::Edit => zh!(r, "修改{kind} {targets} {unit}", "修改{kind} {targets} {unit}"),
        Verb::Password => zh!(r, "设置{kind}密码 {targets} {unit}", "設定{kind}密碼 {targets} {unit}"),
        Verb::Delete => zh!(r, "删除{kind} {targets} {unit}", "刪除{kind} {targets} {unit}"),
        Verb::Members => zh!(r, "设置{kind}成员 {targets} {unit}", "設定{kind}成員 {targets} {unit}"),
        Verb::Put => zh!(r, "保存{kind}密码 {targets} {unit}", "儲存{kind}密碼 {targets} {unit}"),
    }
}
