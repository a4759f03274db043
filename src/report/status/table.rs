//! Renders a status as a table that fits a terminal's width, by the columns that characters take.
//!
//! A column whose system is not connected is left out. Names and groups are cut before the row grows wider than the
//! terminal; the queues get the remaining width. Off a terminal nothing is cut.

use anstyle::{AnsiColor, Style};
use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::{Configured, Part, Row, Status};
use crate::messages::zh::{Region, words};
use crate::model::id::safe;
use crate::model::language::{Language, say};
use crate::model::presence::State;
use crate::model::text::visible;
use crate::report::phrases::comma;
use crate::report::text::{TextStyle, wrap};

/// Columns between two cells.
const GAP: usize = 2;

/// Least width of the last column before others are cut.
const LEAST_LAST: usize = 14;

/// Least width of a cut column.
const LEAST: usize = 6;

struct Cell {
    text: String,
    style: Style,
    /// Parts of the text, if it is a list; it is cut between them.
    parts: Vec<String>,
}

fn cell(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), style: Style::new(), parts: Vec::new() }
}

fn listed(parts: &[String], language: Language) -> Cell {
    let parts: Vec<String> = parts.iter().map(|part| visible(part).into_owned()).collect();
    Cell { text: parts.join(comma(language)), style: Style::new(), parts }
}

fn tinted(text: impl Into<String>, colour: AnsiColor) -> Cell {
    Cell { style: colour.on_default(), ..cell(text) }
}

/// A column: its head, true in `soft` if it may be cut, and its cells.
struct Column {
    head: &'static str,
    soft: bool,
    cells: Vec<Cell>,
}

/// Renders the table, its missing data, and a line of counts.
pub fn table(status: &Status, look: TextStyle, language: Language) -> String {
    let mut text = String::new();
    if !status.agents.is_empty() {
        text.push_str(&draw(&columns(status, language), look, language));
        text.push('\n');
    }
    for system in &status.systems {
        for problem in &system.problems {
            // Some failures name the connection themselves.
            let named = problem.text(Language::En).starts_with("connection `");
            let problem = problem.text(language);
            let (provider, connection) = (system.provider, safe(&system.connection));
            let head = say!(
                language,
                "{provider} (`{connection}`): ",
                "{provider}（`{connection}`）：",
                "{provider}（`{connection}`）："
            );
            let said = if named { safe(problem) } else { head + &safe(problem) };
            let mark = look.paint("  ! ", AnsiColor::Yellow.on_default().bold());
            text.push_str(&format!("{mark}{}\n", wrap(&said, 4, look.width)));
        }
    }
    if status.systems.iter().any(|system| !system.problems.is_empty()) {
        text.push('\n');
    }
    text.push_str(&wrap(&counts(status, language), 0, look.width));
    text.push('\n');
    text
}

fn columns(status: &Status, language: Language) -> Vec<Column> {
    let column = |[en, cn, tw]: [&'static str; 3], soft: bool, cell: &dyn Fn(&Row) -> Cell| Column {
        head: language.choose(en, cn, tw),
        soft,
        cells: status.agents.iter().map(cell).collect(),
    };
    let words = |text: &Option<String>| cell(safe(text.as_deref().unwrap_or_default()));
    let mut columns = vec![
        column(["AGENT", "工号", "工號"], true, &|row| cell(safe(row.operator_id.as_str()))),
        column(["NAME", "姓名", "姓名"], true, &|row| words(&row.name)),
        column(["GROUP", "主技能组", "主技能群組"], true, &|row| words(&row.main_skill_group)),
        column(["ROSTER", "名册", "名冊"], false, &|row| {
            roster(row, status.is_open(row, Part::Agents), language)
        }),
    ];
    let flag = |row: &Row, part, told| flag(told, status.is_open(row, part), language);
    if status.has(Part::Online) {
        columns
            .push(column(["ONLINE", "在线", "在線"], false, &|row| flag(row, Part::Online, row.online)));
    }
    if status.has(Part::Activity) {
        columns.push(column(["STATE", "状态", "狀態"], false, &|row| {
            state(row, status.is_open(row, Part::Activity), language)
        }));
    }
    if status.has(Part::Chat) {
        columns.push(column(["CHAT", "接单", "接單"], false, &|row| flag(row, Part::Chat, row.claiming)));
    }
    if status.has(Part::Calls) {
        columns.push(column(["CALLS", "通话", "通話"], false, &|row| {
            calls(row, status.is_open(row, Part::Calls))
        }));
    }
    if status.has(Part::Queues) {
        columns.push(column(["QUEUES", "队列", "佇列"], true, &|row| listed(&row.queues, language)));
    }
    columns
}

/// Returns the roster state of an agent. `missing` is declared and not live. `disabled` is declared and may not sign
/// in.
fn roster(row: &Row, is_open: bool, language: Language) -> Cell {
    let word = |en, cn, tw| language.choose(en, cn, tw);
    match (row.configured, row.live, row.enabled) {
        (Configured::Declared, Some(false), _) => {
            tinted(word("missing", "线上没有", "線上沒有"), AnsiColor::Red)
        }
        (Configured::Unmanaged, Some(false), _) => {
            tinted(word("unknown", "查无此人", "查無此人"), AnsiColor::Red)
        }
        (Configured::Absent, Some(false), _) => cell(word("absent", "已删除", "已刪除")),
        (Configured::Absent | Configured::Unmanaged, ..) if row.to_be_deleted => {
            tinted(word("to be deleted", "将删除", "將刪除"), AnsiColor::Red)
        }
        (Configured::Absent, ..) => cell(word("absent?", "已删除？", "已刪除？")),
        (Configured::Unmanaged, ..) => tinted(word("unmanaged", "清单外", "清單外"), AnsiColor::Cyan),
        (Configured::Declared, _, Some(false)) => cell(word("disabled", "停用", "停用")),
        (Configured::Declared, ..) if is_open => cell(word("declared?", "在册？", "在冊？")),
        (Configured::Declared, ..) => cell(word("declared", "在册", "在冊")),
    }
}

fn flag(flag: Option<bool>, is_open: bool, language: Language) -> Cell {
    match flag {
        Some(true) => tinted(language.choose("yes", "是", "是"), AnsiColor::Green),
        Some(false) => cell(language.choose("no", "否", "否")),
        None => open(is_open),
    }
}

/// Returns an empty cell if the system answered without the agent, `?` if its data is unknown.
fn open(is_open: bool) -> Cell {
    if is_open { tinted("?", AnsiColor::Yellow) } else { cell("") }
}

fn state(row: &Row, is_open: bool, language: Language) -> Cell {
    let Some(word) = row.state else { return open(is_open) };
    let state = State::from_word(word).unwrap_or(State::Unknown);
    let said = Region::of(language).map_or(word, |region| words::state(region, state));
    if state == State::OnCall { tinted(said, AnsiColor::Yellow) } else { cell(said) }
}

/// Returns the connected calls and all calls.
fn calls(row: &Row, is_open: bool) -> Cell {
    match &row.calls {
        Some(calls) => cell(format!("{}/{}", calls.connected, calls.total)),
        None => open(is_open),
    }
}

/// Renders columns within the width of the terminal.
fn draw(columns: &[Column], look: TextStyle, language: Language) -> String {
    let widths = widths(columns, look.width.unwrap_or(usize::MAX));
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let line = |cells: &mut dyn Iterator<Item = (String, Style)>| {
        let cells = cells.zip(&widths).map(|((text, style), width)| {
            pad_str(&look.paint(&text, style), width + GAP, Alignment::Left, None).into_owned()
        });
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    let mut text = line(&mut columns.iter().map(|column| (column.head.to_owned(), Style::new().bold())));
    for row in 0..rows {
        let cells = columns.iter().zip(&widths).filter_map(|(column, width)| {
            let cell = column.cells.get(row)?;
            let text = if cell.parts.len() > 1 {
                cut_list(&cell.parts, *width, language)
            } else {
                truncate_str(&cell.text, *width, "…").into_owned()
            };
            Some((text, cell.style))
        });
        text.push_str(&line(&mut { cells }));
    }
    text
}

/// Returns the width of each column. The widest soft ones are cut until the row fits.
fn widths(columns: &[Column], width: usize) -> Vec<usize> {
    let needs = |column: &Column| {
        let widest = column.cells.iter().map(|cell| measure_text_width(&cell.text)).max().unwrap_or(0);
        widest.max(measure_text_width(column.head))
    };
    let mut widths: Vec<usize> = columns.iter().map(needs).collect();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    // The last column is the first to be cut, down to its least width.
    let over = total(&widths).saturating_sub(width);
    if let Some(last) = widths.last_mut().filter(|_| columns.last().is_some_and(|column| column.soft)) {
        *last = last.saturating_sub(over).max(LEAST_LAST.min(*last));
    }
    while total(&widths) > width {
        let last = widths.len().saturating_sub(1);
        let soft = |at: &usize| columns[*at].soft && widths[*at] > LEAST;
        let widest = (0..last).filter(soft).max_by_key(|at| widths[*at]);
        let Some(at) = widest.or_else(|| Some(last).filter(soft)) else { break };
        widths[at] -= 1;
    }
    widths
}

/// Joins as many whole parts of a list as fit, and counts the rest. If none fits, cuts the first one.
fn cut_list(parts: &[String], width: usize, language: Language) -> String {
    let some = |count: usize| {
        let text = parts[..count].join(comma(language));
        if count == parts.len() { text } else { format!("{text} +{}", parts.len() - count) }
    };
    let fits = (1..=parts.len()).rev().map(some).find(|text| measure_text_width(text) <= width);
    fits.unwrap_or_else(|| {
        let more = format!(" +{}", parts.len() - 1);
        truncate_str(&parts[0], width.saturating_sub(measure_text_width(&more)), "…").into_owned() + &more
    })
}

fn counts(status: &Status, language: Language) -> String {
    let counted = |count: String, [en, cn, tw]: [&str; 3]| {
        say!(language, "{count} {en}", "{cn} {count}", "{tw} {count}")
    };
    let count = |test: &dyn Fn(&Row) -> bool| status.agents.iter().filter(|row| test(row)).count();
    let all = status.agents.len();
    let declared = count(&|row| row.configured == Configured::Declared);
    let mut parts = vec![counted(declared.to_string(), ["declared", "在册", "在冊"])];
    let is_unmanaged = |row: &Row| row.configured == Configured::Unmanaged && !row.to_be_deleted;
    let unknown = |row: &Row| is_unmanaged(row) && (row.live == Some(false) || row.is_unknown());
    let doomed = count(&|row| row.to_be_deleted);
    let unmanaged = count(&|row| is_unmanaged(row) && !unknown(row));
    for (count, words) in [
        (unmanaged, ["unmanaged", "清单外", "清單外"]),
        (doomed, ["to be deleted", "将删除", "將刪除"]),
        (count(&unknown), ["unknown", "查无此人", "查無此人"]),
    ] {
        if count > 0 {
            parts.push(counted(count.to_string(), words));
        }
    }
    // Unknown data does not count as zero.
    let mut told = |part: Part, known: usize, words: [&str; 3]| {
        if !status.has(part) {
            return;
        }
        let open = status.systems_of(part).any(|system| !system.complete)
            || status.agents.iter().any(|row| status.is_open(row, part));
        let count = match (known, open) {
            (0, true) => "?".to_owned(),
            (_, true) => say!(language, "at least {known}", "至少 {known}", "至少 {known}"),
            (_, false) => known.to_string(),
        };
        parts.push(counted(count, words));
    };
    told(Part::Online, count(&|row| row.online == Some(true)), ["online", "在线", "在線"]);
    told(Part::Activity, count(&|row| row.state == Some("on-call")), ["on a call", "通话中", "通話中"]);
    told(Part::Chat, count(&|row| row.claiming == Some(true)), ["taking chats", "接单中", "接單中"]);
    let (plural, parts) = (if all == 1 { "" } else { "s" }, parts.join(language.choose(", ", "，", "，")));
    let mut text =
        say!(language, "{all} agent{plural}: {parts}.", "共 {all} 人：{parts}。", "共 {all} 人：{parts}。");
    if let Some(calls) = status.agents.iter().find_map(|row| row.calls.as_ref()) {
        let days = calls.days;
        text.push_str(&say!(
            language,
            " Calls: connected/all of the last {days} days.",
            "通话一栏：最近 {days} 天的接通数/总数。",
            "通話一欄：最近 {days} 天的接通數/總數。"
        ));
    }
    text
}
