//! Sentences of reasons.

use super::{PEOPLE, Region, list, listed, words, zh};
use crate::model::date::OutOfDate;
use crate::model::id::Kind;
use crate::model::reason::{ChangeReason, FieldReason, Unchosen};

/// Writes the reason of a change.
pub fn change_reason(reason: &ChangeReason, region: Region) -> String {
    use ChangeReason as R;
    let rest = |reason: &Option<Box<ChangeReason>>| {
        reason.as_ref().map(|reason| format!("；{}", change_reason(reason, region))).unwrap_or_default()
    };
    match reason {
        R::Absent => region.choose("清单写了 `state: absent`", "清單寫了 `state: absent`").to_owned(),
        R::Left { out } => out_of_date(out, region),
        R::OutOfDate { members, reason } => {
            let all = members.iter().map(|away| {
                let names = listed(region, &away.members, away.more, PEOPLE);
                format!("{names}：{}", out_of_date(&away.out, region))
            });
            format!("{}{}", all.collect::<Vec<_>>().join("；"), rest(reason))
        }
        R::Pruned { kind } => zh!(
            region,
            "清单里没有，`policy.prune` 规定这样的{}要删除",
            "清單裡沒有，`policy.prune` 規定這樣的{}要刪除",
            words::kind(region, *kind)
        ),
        R::ForcesReplacement { fields, new_password } => {
            let password = match new_password {
                true => region.choose("；清单没写密码，由厂商生成新密码", "；清單沒寫密碼，由廠商產生新密碼"),
                false => "",
            };
            let fields = words::before_chinese(&words::fields(region, Kind::Agent, fields));
            zh!(
                region,
                "{fields}改不了，只能删除后重建{password}",
                "{fields}無法修改，只能刪除後重建{password}"
            )
        }
        R::MembersDeleted { members } => zh!(region, "{} 要删除", "{} 要刪除", list(members)),
        R::MembersReturn { members } => zh!(
            region,
            "{} 回来：上次重建没有做完，把人移出去了",
            "{} 回來：上次重建沒有做完，把人移出去了",
            list(members)
        ),
        R::NotChosen { members } => {
            let causes = members.iter().map(|one| {
                let names = listed(region, &one.members, one.more, PEOPLE);
                format!("{names}：{}", unchosen(&one.why, region))
            });
            let causes = causes.collect::<Vec<_>>().join("；");
            zh!(region, "选择器不选 {causes}", "選擇器不選 {causes}")
        }
        R::Waiting { agents, reason } => {
            let agents = agents
                .iter()
                .map(|waiter| format!("{} {}", waiter.agent, words::phrase(region, &waiter.state)));
            format!("等待中：{}{}", list(agents), rest(reason))
        }
        R::Saved { text } => text.clone(),
    }
}

/// Writes the date outside of which an agent is, with its place.
fn out_of_date(out: &OutOfDate, region: Region) -> String {
    let OutOfDate { before, date, source } = out;
    if *before {
        zh!(region, "{date} 才开始（{source}）", "{date} 才開始（{source}）")
    } else {
        zh!(region, "到 {date} 为止（{source}）", "到 {date} 為止（{source}）")
    }
}

fn unchosen(why: &Unchosen, region: Region) -> String {
    match why {
        Unchosen::Undeclared => region.choose("清单里没有这样的坐席", "清單裡沒有這樣的客服人員").to_owned(),
        Unchosen::Unset { difference } => {
            let field = words::after_chinese(difference.field.name(words::language(region)));
            let live = difference
                .before
                .as_ref()
                .map(|live| zh!(region, "，线上{}", "，線上{}", words::is(region, Some(live))));
            zh!(region, "清单没写{}{}", "清單沒寫{}{}", field, live.unwrap_or_default())
        }
        Unchosen::Excepted => "`except` 排除在外".to_owned(),
        Unchosen::Absent => region.choose("清单要删除这样的坐席", "清單要刪除這樣的客服人員").to_owned(),
        Unchosen::Other { difference } => zh!(
            region,
            "清单里{}{}",
            "清單裡{}{}",
            words::amid_chinese(difference.field.name(words::language(region))),
            words::is(region, difference.after.as_ref())
        ),
    }
}

/// Writes the reason of a new value.
pub fn field_reason(reason: &FieldReason, region: Region) -> String {
    use FieldReason as R;
    match reason {
        R::Unconfirmed => {
            region.choose("上次设置它时，厂商没有确认", "上次設定它時，廠商沒有確認").to_owned()
        }
        R::Asserted => {
            region.choose("按 `--assert-unread` 重新设置", "依 `--assert-unread` 重新設定").to_owned()
        }
        R::Version { before, now } => {
            let before =
                before.map_or_else(|| region.choose("无", "無").to_owned(), |version| version.to_string());
            format!("版本 {before} -> {now}")
        }
        R::ChangedInStore => region.choose("密钥库里已经改了", "密鑰庫裡已經改了").to_owned(),
        R::GoneFromStore => region.choose("密钥库里没有了，生成新的", "密鑰庫裡沒有了，產生新的").to_owned(),
        R::Kept => region.choose("保持不变", "維持不變").to_owned(),
        R::KeptAsApplied => region.choose("保持上次执行的值", "維持上次執行的值").to_owned(),
        R::Restored => region.choose("恢复成重建之前的值", "還原成重建之前的值").to_owned(),
        R::Returned => {
            region.choose("重新启用：之前因到期离开而停用", "重新啟用：之前因到期離開而停用").to_owned()
        }
        R::SipHeld { held } => {
            zh!(region, "{} 还在 {} 手里", "{} 還在 {} 手上", held.number, held.holder)
        }
        R::Saved { text } => text.clone(),
    }
}
