//! Sentences of edits that were not carried out.

use super::{Region, words, zh};
use crate::model::manifest_edit::{EditObjection, EntryEdit, LeftEdit, ManifestEdit};

/// Writes the reason why an edit was left out.
pub fn edit_objection(why: &EditObjection, region: Region) -> String {
    use EditObjection as E;
    let text = match why {
        E::Unspeakable { value, why } => {
            let why = why.text(region.language());
            return format!("值是 {value}：{why}");
        }
        E::NoAgent { agent } => {
            return zh!(region, "{agent} 不是坐席，清单没法写", "{agent} 不是客服人員，清單沒法寫");
        }
        E::Unlocated { place } => {
            return zh!(
                region,
                "{place}：这种写法程序改不了，请手工改",
                "{place}：這種寫法程式改不了，請手動修改"
            );
        }
        E::Dated { place } => {
            return zh!(
                region,
                "{place}：由日期决定，请手工改这一行",
                "{place}：由日期決定，請手動修改這一行"
            );
        }
        E::Wrong { problem, place } => return format!("{place}：{problem}"),
        E::Untold => region.choose("没有系统返回它", "沒有系統傳回它"),
        E::Undeclared => region.choose("清单里没有，线上也没有", "清單裡沒有，線上也沒有"),
        E::Unset => region.choose(
            "线上未设置，清单里没有能表示“未设置”的写法",
            "線上未設定，清單裡沒有能表示「未設定」的寫法",
        ),
        E::NotForATime => region.choose(
            "没法只保留一段时间；去掉 `--until` 再运行",
            "沒辦法只保留一段時間；拿掉 `--until` 再執行",
        ),
        E::NoWayBack => region.choose(
            "厂商没法把它改回来，所以没法只保留一段时间；去掉 `--until` 再运行",
            "廠商沒辦法把它改回來，所以沒辦法只保留一段時間；拿掉 `--until` 再執行",
        ),
        E::NotReached => {
            region.choose("清单里另有一行决定它，请手工改那一行", "清單裡另有一行決定它，請手動修改那一行")
        }
        E::Both => {
            region.choose("清单也改了；要收下控制台的值，请点名", "清單也改了；要採用主控台的值，請指名")
        }
        E::OwnChange => region.choose(
            "改的是清单，不是控制台；请撤回清单里的改动",
            "改的是清單，不是主控台；請還原清單裡的改動",
        ),
        E::NoDifference => region.choose("没有差异", "沒有差異"),
        E::ChangedSince => region.choose("后来又改过", "後來又改過"),
        E::UnknownEffect => region.choose("不知道那次执行有没有改到它", "不知道那次執行有沒有改到它"),
        E::NoDeletion => {
            region.choose("没有接口能删除那次执行新增的内容", "沒有介面能刪除那次執行新增的內容")
        }
    };
    text.to_owned()
}

/// Writes an edit that was not carried out, with the reason.
pub fn left_edit(left: &LeftEdit, region: Region) -> String {
    let why = edit_objection(&left.why, region);
    match &left.field {
        Some(field) => format!("{}.{field}：{why}", left.id),
        None => format!("{}：{why}", left.id),
    }
}

/// Writes an edit that was carried out.
pub fn manifest_edit(edit: &ManifestEdit, region: Region) -> String {
    let id = &edit.id;
    match &edit.what {
        EntryEdit::Field(field, value) => format!("{id}.{}：{}", field.key, words::value(region, value)),
        EntryEdit::Member(agent, None) => format!("{id}：{agent} 退出"),
        EntryEdit::Member(agent, Some(priority)) => {
            zh!(region, "{id}：{agent}，优先级 {priority}", "{id}：{agent}，優先順序 {priority}")
        }
        EntryEdit::Absent => zh!(region, "{id}：必须不存在", "{id}：必須不存在"),
        EntryEdit::Present => zh!(region, "{id}：必须存在", "{id}：必須存在"),
        EntryEdit::Name(name) => {
            zh!(region, "{id}：改名为{}", "{id}：改名為{}", words::quoted(region, name))
        }
        EntryEdit::Declare(_) => zh!(region, "{id}：写进清单", "{id}：寫進清單"),
    }
}
