//! Problems of files, each with its remedy.

mod files;
mod roster;
mod syntax;
mod values;
mod words;
mod workspace;

pub use self::files::fault;
pub(super) use self::roster::ahead;
pub use self::words::{id_objection, key_objection, value_objection};

use self::words::{rotation, say};
use super::{Region, rules, zh};
use crate::messages::subject::Subject;
use crate::model::problem::{Label, Problem};
use crate::model::rule::{LEAVING_MEMBER, MISSING_EXTEN, UNKNOWN_MEMBER};

/// Writes a problem: one sentence without a final stop, and the remedy in the imperative. The remedy is empty if the
/// sentence contains it.
pub fn problem(problem: &Problem, region: Region) -> (String, String) {
    match problem {
        Problem::Syntax(problem) => syntax::problem(problem, region),
        Problem::Value(problem) => values::problem(problem, region),
        Problem::Workspace(problem) => workspace::problem(problem, region),
        Problem::Roster(problem) => roster::problem(problem, region),
        Problem::File(problem) => files::problem(problem, region),
        Problem::Finding(finding) => say(
            super::finding(&finding.what, &Subject::for_finding(finding), region),
            finding_remedy(&finding.code, region),
        ),
    }
}

/// Returns the remedy of a finding whose sentence does not contain it.
fn finding_remedy(code: &str, region: Region) -> &'static str {
    let silent = [&UNKNOWN_MEMBER, &LEAVING_MEMBER, &MISSING_EXTEN];
    silent.into_iter().find(|rule| rule.code == code).map_or("", |rule| rules::remedy(rule, region))
}

/// Writes the label of another place.
pub fn label(label: &Label, region: Region) -> String {
    let text = match label {
        Label::FirstHere => region.choose("第一次写在这里", "第一次寫在這裡"),
        Label::First => region.choose("第一处", "第一處"),
        Label::Other => region.choose("另一处", "另一處"),
        Label::QueueOfThatName => region.choose("叫这个名称的队列", "叫這個名稱的佇列"),
        Label::OpenedHere => region.choose("左括号在这里", "左括號在這裡"),
        Label::Base => region.choose("到期恢复成这个值", "到期恢復成這個值"),
        Label::Begins => region.choose("从这里开始", "從這裡開始"),
        Label::Baseless => region.choose("这个坐席哪里都没有写它", "這位客服人員哪裡都沒有寫它"),
        Label::Rule => region.choose("违反的是这条规则", "違反的是這條規則"),
        Label::AbsentHere => region.choose("`state: absent` 在这里", "`state: absent` 在這裡"),
        Label::Scope => region.choose("本工作区的 `scope`", "本工作區的 `scope`"),
        Label::IgnoredHere => region.choose("在这里忽略", "在這裡忽略"),
        Label::Says { agent, version, generate } => {
            let rotation = rotation(*version, *generate, region);
            return zh!(region, "坐席 `{agent}` {rotation}", "客服人員 `{agent}` {rotation}");
        }
    };
    text.to_owned()
}
