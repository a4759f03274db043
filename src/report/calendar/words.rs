//! The words of a calendar, in every language side by side.

use jiff::ZonedDateTime;
use jiff::civil::{Date, Weekday};

use super::chapter::Chapter;
use crate::messages::zh::words::{after_chinese, amid_chinese, before_chinese};
use crate::model::calendar::{Calendar, HeadCount};
use crate::model::language::{Language, say};

/// The words of a language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    /// Returns the word before a row.
    pub(super) fn chapter(self, chapter: Chapter) -> &'static str {
        let (cn, tw) = match chapter {
            Chapter::Joins => ("入职", "到職"),
            Chapter::Leaves => ("离职", "離職"),
            Chapter::Deleted => ("删除", "刪除"),
            Chapter::Lent => ("借调", "借調"),
            Chapter::Returns => ("返回", "返回"),
            Chapter::Changes => ("变更", "異動"),
            Chapter::Queues => ("队列", "佇列"),
        };
        self.0.choose(chapter.word(), cn, tw)
    }

    /// Returns noun and verb after a count.
    pub(super) fn noun(self, chapter: Chapter, count: usize) -> &'static str {
        let (one, many, cn, tw) = match chapter {
            Chapter::Joins => ("agent joins", "agents join", "人入职", "人到職"),
            Chapter::Leaves => ("agent leaves", "agents leave", "人离职", "人離職"),
            Chapter::Deleted => ("agent is deleted", "agents are deleted", "人删除", "人刪除"),
            Chapter::Lent => ("agent is lent", "agents are lent", "人借调", "人借調"),
            Chapter::Returns => ("agent returns", "agents return", "人返回", "人返回"),
            Chapter::Changes => ("agent changes", "agents change", "人变更", "人異動"),
            Chapter::Queues => ("queue changes", "queues change", "个队列变动", "個佇列異動"),
        };
        self.0.choose(if count == 1 { one } else { many }, cn, tw)
    }

    /// Returns the choice of a chapter's rows.
    pub(super) fn choice(self, chapter: Chapter) -> &'static str {
        let en = match chapter {
            Chapter::Joins => "who joins",
            Chapter::Leaves => "who leaves",
            Chapter::Deleted => "who is deleted",
            Chapter::Lent => "who is lent",
            Chapter::Returns => "who returns",
            Chapter::Changes => "who changes",
            Chapter::Queues => "queues",
        };
        let own = self.chapter(chapter);
        self.0.choose(en, own, own)
    }

    /// Returns the heading of a report on a workspace.
    pub(super) fn title(self, workspace: &str) -> String {
        say!(self.0, "rosterctl calendar: {workspace}", "名册日历 · {workspace}", "名冊行事曆 · {workspace}")
    }

    /// Returns the title of the page on a workspace.
    pub(super) fn page_title(self, workspace: &str) -> String {
        say!(self.0, "{workspace} · rosterctl calendar", "{workspace} · 名册日历", "{workspace} · 名冊行事曆")
    }

    /// Returns the title of the calendar of a workspace in a calendar program.
    pub(super) fn about(self, workspace: &str, window: &str) -> String {
        say!(
            self.0,
            "Roster of {workspace}, {window}",
            "{workspace} 名册，{window}",
            "{workspace} 名冊，{window}"
        )
    }

    /// Returns the sentence about a page of a window.
    pub(super) fn lead(self, window: &str) -> String {
        say!(
            self.0,
            "Who joins, leaves and is lent, and how many serve each queue: {window}. These are the dates of the manifests; nothing has been changed.",
            "谁入职、离职、借调，每个队列有多少人：{window}。这些是清单里的日期，什么都还没有改动。",
            "誰到職、離職、借調，每個佇列有多少人：{window}。這些是清單裡的日期，什麼都還沒有更動。"
        )
    }

    /// Returns the text of the link to the weeks.
    pub(super) fn skip_link(self) -> &'static str {
        self.0.choose("Skip to the weeks", "跳到各周", "跳到各週")
    }

    /// Returns the example in the search.
    pub(super) fn search_hint(self) -> &'static str {
        self.0.choose("name, number, queue…", "姓名、工号、队列…", "姓名、工號、佇列…")
    }

    /// Returns the label of the list of weeks.
    pub(super) fn weeks(self) -> &'static str {
        self.0.choose("Weeks", "各周", "各週")
    }

    /// Returns the label of the column with a row's chapter.
    pub(super) fn does(self) -> &'static str {
        self.0.choose("does", "事项", "事項")
    }

    /// Returns the title of the column with a queue's head-counts.
    pub(super) fn serve_it(self) -> &'static str {
        self.0.choose("serve it", "人数", "人數")
    }

    /// Returns the title of the column with the agents of a queue.
    pub(super) fn who(self) -> &'static str {
        self.0.choose("who", "成员变动", "成員異動")
    }

    /// Returns the summary of a week without a change.
    pub(super) fn nothing_changes(self) -> &'static str {
        self.0.choose("nothing changes", "没有变动", "沒有異動")
    }

    /// Returns the sentence of a calendar without an entry.
    pub(super) fn nothing(self, calendar: &Calendar) -> &'static str {
        if calendar.is_dated {
            self.0.choose(
                "No date changes anything in these days.",
                "这段时间里没有日期带来变动。",
                "這段時間裡沒有日期帶來異動。",
            )
        } else {
            self.0.choose(
                "No manifest holds a date: nothing changes by itself.",
                "清单里没有日期：到时候不会自动有变动。",
                "清單裡沒有日期：到時候不會自動有異動。",
            )
        }
    }

    /// Returns the move of a loan.
    pub(super) fn moved(self, from: &str, to: &str) -> String {
        let (own, next) = (amid_chinese(from), after_chinese(to));
        say!(self.0, "from {from} to {to}", "从{own}调到{next}", "從{own}調到{next}")
    }

    /// Returns the end of a loan.
    pub(super) fn until(self, moment: &str) -> String {
        say!(self.0, "until {moment}", "到 {moment}", "到 {moment}")
    }

    /// Returns the fate of the account of an agent that leaves.
    pub(super) fn account(self, is_disabled: bool) -> &'static str {
        if is_disabled {
            self.0.choose("the account is disabled", "账号停用", "帳號停用")
        } else {
            self.0.choose("the account stays as it is", "账号不动", "帳號不動")
        }
    }

    /// Returns the name of a queue's minimum.
    pub(super) fn min_members(self, key: &str) -> String {
        say!(self.0, "{key}", "下限", "下限")
    }

    /// Returns the word for no minimum.
    pub(super) fn none(self) -> &'static str {
        self.0.choose("none", "无", "無")
    }

    /// Returns the effort of a moment without a call.
    pub(super) fn no_call(self) -> &'static str {
        self.0.choose("no call", "不需要调用", "不需要呼叫")
    }

    /// Returns the effort of all changes of a moment.
    pub(super) fn whole_moment(self, effort: &str) -> String {
        say!(self.0, "the whole moment: {effort}", "这一时刻合计：{effort}", "這一時刻合計：{effort}")
    }

    /// Returns the members of a queue around an arrow, and its minimum.
    pub(super) fn members(self, count: &HeadCount, arrow: &str) -> String {
        let HeadCount { before, after, .. } = count;
        let least = count
            .min_members
            .map(|least| say!(self.0, ", minimum {least}", "，下限 {least}", "，下限 {least}"));
        let least = least.unwrap_or_default();
        say!(
            self.0,
            "{before} {arrow} {after} members{least}",
            "{before} {arrow} {after} 人{least}",
            "{before} {arrow} {after} 人{least}"
        )
    }

    /// Returns the mark of a queue with too few members, on a terminal.
    pub(super) fn short_here(self) -> &'static str {
        self.0.choose(" BELOW THE MINIMUM", "，低于下限！", "，低於下限！")
    }

    /// Returns the mark of a queue with too few members, in a title.
    pub(super) fn short(self) -> &'static str {
        self.0.choose(" (below the minimum)", "（低于下限）", "（低於下限）")
    }

    /// Returns the mark of a queue with too few members, beside its minimum.
    pub(super) fn below_it(self) -> &'static str {
        self.0.choose("below it", "低于下限", "低於下限")
    }

    /// Returns the sentence about a queue that falls below its minimum.
    pub(super) fn shortage(self, name: &str, at: &str, after: usize, least: usize) -> String {
        let own = before_chinese(name);
        say!(
            self.0,
            "{name} falls below its minimum on {at}: {after} of {least} members.",
            "{at}：{own}低于下限，只有 {after} 人，下限 {least} 人。",
            "{at}：{own}低於下限，只有 {after} 人，下限 {least} 人。"
        )
    }

    /// Returns the line of counts of some moments.
    pub(super) fn counts(self, moments: usize, headline: &str) -> String {
        let noun = if moments == 1 { "moment" } else { "moments" };
        say!(
            self.0,
            "{moments} {noun}: {headline}.",
            "{moments} 个时刻：{headline}。",
            "{moments} 個時刻：{headline}。"
        )
    }

    /// Returns the note about moments that a page leaves out.
    pub(super) fn later(self, moments: usize) -> String {
        say!(
            self.0,
            "… and {moments} later moments, for which there is no room here.",
            "…… 之后还有 {moments} 个时刻，这里放不下。",
            "…… 之後還有 {moments} 個時刻，這裡放不下。"
        )
    }

    /// Returns queues with the number of those that a title leaves out.
    pub(super) fn more_queues(self, told: &str, more: usize) -> String {
        say!(
            self.0,
            "{told} and {more} more queues",
            "{told}，另有 {more} 个队列",
            "{told}，另有 {more} 個佇列"
        )
    }

    /// Returns an event of agents.
    pub(super) fn event(self, who: &str, does: &str) -> String {
        say!(self.0, "{who}: {does}", "{who}：{does}", "{who}：{does}")
    }

    /// Returns agents by their number and their ids.
    pub(super) fn agents(self, count: usize, ids: &str) -> String {
        say!(self.0, "{count} agents {ids}", "{count} 人 {ids}", "{count} 人 {ids}")
    }

    /// Returns the beginning of a loan.
    pub(super) fn lent_to(self, group: &str) -> String {
        let own = after_chinese(group);
        say!(self.0, "lent to {group}", "借调到{own}", "借調到{own}")
    }

    /// Returns the end of a loan.
    pub(super) fn returns_to(self, group: &str) -> String {
        let own = after_chinese(group);
        say!(self.0, "returns to {group}", "返回{own}", "返回{own}")
    }

    /// Returns the last day of an agent.
    pub(super) fn leaves(self, account: &str) -> String {
        say!(self.0, "leaves ({account})", "离职（{account}）", "離職（{account}）")
    }

    /// Returns the window: first day, last day and zone.
    pub(super) fn window(self, calendar: &Calendar) -> String {
        let zone = calendar.time_zone.as_deref().unwrap_or("UTC");
        let (from, until) = (calendar.from.date(), calendar.until.date());
        say!(self.0, "{from} to {until}, {zone}", "{from} 到 {until}，{zone}", "{from} 到 {until}，{zone}")
    }

    /// Returns a moment as people read it: `2026-12-01 Tue`, `2026-12-24 周四 18:00`.
    pub(super) fn moment(self, at: &ZonedDateTime) -> String {
        with_time(format!("{} {}", at.date(), self.weekday(at)), at, " ")
    }

    /// Returns a moment below the title of its week: `Tuesday 1 December`, `12 月 1 日 周二`.
    pub(super) fn day_of_week(self, at: &ZonedDateTime) -> String {
        let (month, day, weekday) = (at.month(), at.day(), self.weekday(at));
        let (en, zh) = (at.strftime("%A %-d %B"), format!("{month} 月 {day} 日 {weekday}"));
        let day = say!(self.0, "{en}", "{zh}", "{zh}");
        with_time(day, at, self.0.choose(", ", " ", " "))
    }

    fn weekday(self, at: &ZonedDateTime) -> &'static str {
        let (en, cn, tw) = match at.weekday() {
            Weekday::Monday => ("Mon", "周一", "週一"),
            Weekday::Tuesday => ("Tue", "周二", "週二"),
            Weekday::Wednesday => ("Wed", "周三", "週三"),
            Weekday::Thursday => ("Thu", "周四", "週四"),
            Weekday::Friday => ("Fri", "周五", "週五"),
            Weekday::Saturday => ("Sat", "周六", "週六"),
            Weekday::Sunday => ("Sun", "周日", "週日"),
        };
        self.0.choose(en, cn, tw)
    }

    /// Returns the title of a week; `near` is 0 for this week, 1 for the next one.
    pub(super) fn week(self, near: Option<u8>, monday: Date, sunday: Date) -> String {
        let near = match near {
            Some(0) => self.0.choose("This week, ", "本周，", "本週，"),
            Some(1) => self.0.choose("Next week, ", "下周，", "下週，"),
            _ => "",
        };
        let (begin, end) = match (monday.year() == sunday.year(), monday.month() == sunday.month()) {
            (false, _) => ("%-d %B %Y", "%Y 年 %-m 月 %-d 日"),
            (true, false) => ("%-d %B", "%-m 月 %-d 日"),
            (true, true) => ("%-d", "%-d 日"),
        };
        let (first, last) = match self.0 {
            Language::En => (monday.strftime(begin), sunday.strftime("%-d %B %Y")),
            Language::ZhCn | Language::ZhTw => (monday.strftime("%Y 年 %-m 月 %-d 日"), sunday.strftime(end)),
        };
        say!(self.0, "{near}{first} to {last}", "{near}{first}至 {last}", "{near}{first}至 {last}")
    }
}

/// Adds the time of a moment that is not the first of its day.
fn with_time(day: String, at: &ZonedDateTime, gap: &str) -> String {
    if begins_day(at) { day } else { format!("{day}{gap}{}", at.strftime("%H:%M")) }
}

/// Returns true if a moment is the first of its day.
pub(super) fn begins_day(at: &ZonedDateTime) -> bool {
    at.start_of_day().is_ok_and(|start| start == *at)
}
