//! The names of agents as comments behind their numbers in lists: `fmt --names`.
//!
//! ```text
//! assignMembers:
//!   - "8101"  # 张三
//! ```
//!
//! A list between brackets has no room for comments: it gets a line an item, and a selector with exceptions a line a key.
//! Other comments stay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::splice::Splices;
use super::tree::{self, Body, Entry, Item, Node, Tree};
use crate::config::workspace::Workspace;
use crate::manifest::{self, Roster, format};
use crate::model::agent::NAME;
use crate::model::desired::DesiredAgent;
use crate::model::diagnostic::Diagnostics;
use crate::model::id::OperatorId;
use crate::model::source::File;
use crate::model::text::is_hidden;

/// The keys of the lists of agents.
const LISTS: [&str; 3] = ["assignMembers", "except", "members"];

/// Usual family names of one character, but those with which remarks begin (`周末`, `白班`).
const FAMILIES: &str = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳徐孙孫朱胡郭林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭田董\
    袁潘蒋蔣蔡杜叶葉苏蘇魏吕呂丁沈姚卢盧姜崔钟鍾谭譚陆陸汪范贾賈夏韦韋付邹鄒孟熊秦邱尹薛闫閻雷侯龙龍陶黎贺賀顾顧毛郝龚龔邵";

/// Usual family names of two characters.
const LONG_FAMILIES: [&str; 6] = ["欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛"];

/// The names of agents, by number.
#[derive(Debug, Default)]
pub struct AgentNames {
    names: BTreeMap<OperatorId, Arc<str>>,
    known: BTreeSet<Arc<str>>,
}

impl AgentNames {
    /// Collects the names of the manifests at an instant.
    ///
    /// # Errors
    /// All errors of the files.
    pub fn load(files: &[File], workspace: &Workspace, at: Timestamp) -> Result<Self, Diagnostics> {
        let roster = manifest::load_at(files, workspace, at)?;
        Ok(Self::of_roster(&roster, at))
    }

    /// Collects the names of a roster at an instant.
    pub fn of_roster(roster: &Roster, at: Timestamp) -> Self {
        let dated = |id: &OperatorId| roster.dates.as_ref()?.values(id, at);
        let name = |(id, agent): (&OperatorId, &DesiredAgent)| {
            let name = dated(id).as_ref().unwrap_or(&agent.record).text(&NAME).map(Arc::from);
            Some((id.clone(), name?))
        };
        roster.desired.agents.iter().filter_map(name).collect()
    }

    /// Returns true if a comment is the name of an agent and nothing else.
    pub fn is_name(&self, comment: &str) -> bool {
        self.known.contains(comment.trim_start_matches('#').trim())
    }

    /// Writes the names into the text of a manifest. Returns the text unchanged if a construct cannot be located.
    pub fn comment(&self, text: &str) -> String {
        if !LISTS.iter().any(|key| text.contains(key)) {
            return text.to_owned();
        }
        let (mark, body) = text.strip_prefix('\u{feff}').map_or(("", text), |body| ("\u{feff}", body));
        let Some(tree) = tree::read(body) else { return text.to_owned() };
        let mut splices = Splices::new(&tree);
        for queue in tree.roots.iter().filter_map(|root| root.entry("queues")) {
            self.lists(&tree, &queue.value, &mut splices);
        }
        if splices.is_empty() {
            return text.to_owned();
        }
        match splices.text().filter(|after| format::means_the_same(body, after)) {
            Some(after) => format!("{mark}{after}"),
            None => text.to_owned(),
        }
    }

    /// Comments the lists in a value.
    fn lists<'t>(&self, tree: &'t Tree<'t>, node: &'t Node, splices: &mut Splices<'t>) {
        let is_block = matches!(node.body, Body::Map { flow: false, .. });
        for entry in node.entries() {
            match &entry.value.body {
                Body::List { flow: false, items } if LISTS.contains(&&*entry.name) => {
                    for item in items {
                        self.item(tree, item, splices);
                    }
                }
                Body::List { flow: true, items } if LISTS.contains(&&*entry.name) && is_block => {
                    if self.gets_names(tree, items) {
                        let lines = self.item_lines(tree, items, &tree.indent(entry.key.start));
                        spread(tree, entry, &lines, splices);
                    }
                }
                Body::Map { flow: true, entries } if entry.name == "memberSelector" && is_block => {
                    self.selector(tree, entry, entries, splices);
                }
                Body::Map { .. } | Body::List { .. } | Body::Scalar { .. } | Body::Alias(_) => {
                    self.lists(tree, &entry.value, splices);
                }
            }
        }
        for item in node.items() {
            self.lists(tree, &item.value, splices);
        }
    }

    /// Returns the name of the agent of an item.
    fn name(&self, tree: &Tree<'_>, item: &Item) -> Option<&str> {
        let number = match &item.value.body {
            Body::Map { .. } => tree.scalar(&item.value.entry("agentNumber")?.value),
            Body::Scalar { .. } | Body::Alias(_) | Body::List { .. } => tree.scalar(&item.value),
        };
        self.names.get(&OperatorId::new(number?)).map(|name| &**name)
    }

    /// Comments an item on a line of its own.
    fn item<'t>(&self, tree: &'t Tree<'t>, item: &'t Item, splices: &mut Splices<'t>) {
        if matches!(item.value.body, Body::Map { flow: false, .. } | Body::List { .. }) {
            return;
        }
        let range = item.value.range.end..tree.line_end(item.value.range.end);
        let rest = &tree.text[range.clone()];
        let comment = rest.trim().strip_prefix('#').map(str::trim);
        let name = self.name(tree, item);
        match (comment, name) {
            (None, Some(name)) if rest.trim().is_empty() => splices.replace(range, format!("  # {name}")),
            (Some(comment), Some(name)) if comment != name && self.is_stale(rest, comment, name) => {
                let blanks = &rest[..rest.len() - rest.trim_start().len()];
                splices.replace(range, format!("{blanks}# {name}"));
            }
            // The name of another agent.
            (Some(comment), None) if self.known.contains(comment) => splices.replace(range, ""),
            (Some(_) | None, _) => {}
        }
    }

    /// Returns true if a comment that is not an agent's name was a name: of another agent, or of this number before.
    fn is_stale(&self, rest: &str, comment: &str, name: &str) -> bool {
        let length = comment.chars().count();
        let is_misspelt = || strsim::damerau_levenshtein(comment, name) <= (length / 3).max(1);
        self.known.contains(comment)
            || length > 1 && is_misspelt()
            || rest == format!("  # {comment}") && is_full_name(comment)
    }

    fn gets_names(&self, tree: &Tree<'_>, items: &[Item]) -> bool {
        items.iter().any(|item| self.name(tree, item).is_some())
    }

    /// Returns the items of a list, each with its name on a line of its own below a key.
    fn item_lines(&self, tree: &Tree<'_>, items: &[Item], indent: &str) -> String {
        let line = |item: &Item| {
            let name = self.name(tree, item).map(|name| format!("  # {name}")).unwrap_or_default();
            format!("{}{indent}  - {}{name}", tree.line_break(), tree.flow(&item.value, true))
        };
        items.iter().map(line).collect()
    }

    /// Puts each key of a selector between braces on a line of its own, if one of its exceptions gets a name.
    fn selector<'t>(
        &self,
        tree: &'t Tree<'t>,
        selector: &'t Entry,
        entries: &'t [Entry],
        splices: &mut Splices<'t>,
    ) {
        let is_list =
            |entry: &Entry| LISTS.contains(&&*entry.name) && self.gets_names(tree, entry.value.items());
        if !entries.iter().any(is_list) {
            return;
        }
        let indent = tree.indent(selector.key.start) + "  ";
        let line = |entry: &'t Entry| {
            let value = if is_list(entry) {
                self.item_lines(tree, entry.value.items(), &indent)
            } else {
                format!(" {}", tree.flow(&entry.value, true))
            };
            format!("{}{indent}{}:{value}", tree.line_break(), &tree.text[entry.key.clone()])
        };
        spread(tree, selector, &entries.iter().map(line).collect::<String>(), splices);
    }
}

/// Writes a value that stands between brackets or braces on lines of its own, with the comment behind it above them. A
/// value with an anchor, or with comments in it, stays.
fn spread<'t>(tree: &'t Tree<'t>, entry: &'t Entry, lines: &str, splices: &mut Splices<'t>) {
    let range = &entry.value.range;
    if entry.value.anchor == 0 && tree.comments(range.clone()).is_empty() {
        let end = tree.line_end(range.end);
        let behind = tree.text[range.end..end].trim();
        let behind = if behind.is_empty() { String::new() } else { format!("  {behind}") };
        splices.replace(entry.colon..end, behind + lines);
    }
}

impl FromIterator<(OperatorId, Arc<str>)> for AgentNames {
    /// Collects the names that a comment can hold.
    fn from_iter<T: IntoIterator<Item = (OperatorId, Arc<str>)>>(all: T) -> Self {
        let fits = |name: &str| {
            !name.is_empty() && name.trim() == name && !name.chars().any(|c| c.is_control() || is_hidden(c))
        };
        let names: BTreeMap<OperatorId, Arc<str>> = all.into_iter().filter(|(_, name)| fits(name)).collect();
        let known = names.values().cloned().collect();
        Self { names, known }
    }
}

/// Returns true if a text looks like the full name of a person, and like no remark.
fn is_full_name(text: &str) -> bool {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let length = text.chars().count();
    let long = LONG_FAMILIES.iter().any(|family| text.starts_with(family));
    text.chars().all(is_han)
        && (long && (3..=4).contains(&length)
            || text.starts_with(|c| FAMILIES.contains(c)) && (2..=3).contains(&length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> AgentNames {
        let all = [
            ("8001", "张三"),
            ("8002", "李四"),
            ("8003", "王 五"),
            ("8004", "Li Na"),
            ("8005", "a\u{202e}b"),
        ];
        all.map(|(id, name)| (OperatorId::from(id), name.into())).into_iter().collect()
    }

    /// Returns a list of members with names.
    fn commented(members: &str) -> String {
        let head = "kind: Roster\nqueues:\n  - displayName: x\n    assignMembers:";
        let after = names().comment(&format!("{head}{members}"));
        assert_eq!(names().comment(&after), after, "a second run changes nothing");
        after.strip_prefix(head).map(str::to_owned).unwrap_or(after)
    }

    #[test]
    fn a_name_stands_behind_its_number_on_lines_of_its_own() {
        assert_eq!(
            commented(
                "\n      - \"8001\"\n      - { agentNumber: \"8003\", priority: 5 }\n      - \"9999\"\n      - \"8005\"\n"
            ),
            "\n      - \"8001\"  # 张三\n      - { agentNumber: \"8003\", priority: 5 }  # 王 五\n      - \"9999\"\n      - \"8005\"\n"
        );
        assert_eq!(
            commented(" [\"8001\", { agentNumber: \"8002\" }]  # all\n    minMembers: 1\n"),
            "  # all\n      - \"8001\"  # 张三\n      - { agentNumber: \"8002\" }  # 李四\n    minMembers: 1\n"
        );
        // Nothing is known of these, or a comment has no room.
        for same in [" [\"9998\", \"9999\"]\n", " []\n", " [\"8001\", # odd\n      \"8002\"]\n"] {
            assert_eq!(commented(same), same);
        }
    }

    #[test]
    fn exceptions_and_lists_of_a_time_have_names_too() {
        let text = "kind: Roster\nqueues:\n  - displayName: x\n    memberSelector:\n      role: r\n      except: [\"8001\"]\n    \
            during:\n      - period: p\n        assignMembers:\n          - \"8002\"\n      - { period: q, assignMembers: [\"8001\"] }\n";
        let after = names().comment(text);
        assert!(after.contains("      except:\n        - \"8001\"  # 张三\n"), "{after}");
        assert!(after.contains("          - \"8002\"  # 李四\n"), "{after}");
        assert!(after.ends_with("{ period: q, assignMembers: [\"8001\"] }\n"), "{after}");
        // A selector between braces gets a line a key, if that makes room for a name.
        let text = "queues:\n  - displayName: x\n    memberSelector: { role: r, except: [\"8001\", \"8002\"], priority: 5 } # why\n";
        let after = names().comment(text);
        let lines = "    memberSelector:  # why\n      role: r\n      except:\n        - \"8001\"  # 张三\n        - \"8002\"  # 李四\n      priority: 5\n";
        assert!(after.ends_with(lines), "{after}");
        assert_eq!(names().comment(&after), after);
        assert_eq!(format::format(&after).text, after, "the layout is canonical");
        let bare = text.replace("800", "900");
        assert_eq!(names().comment(&bare), bare);
        // Another document's list of that name is none of a queue.
        let other = "agents:\n  - members:\n      - \"8001\"\n";
        assert_eq!(names().comment(other), other);
    }

    #[test]
    fn a_stale_name_is_refreshed_and_any_other_comment_stays() {
        // Another agent's name, a part of the name, a former holder's name, and the name of nothing any more.
        let stale = "\n      - \"8001\"  # 李四\n      - \"8001\" # 张三丰\n      - \"8002\"  # 欧阳明\n      - \"8004\"  # Li Nan\n      - \"9999\"  # 张三\n";
        let fresh = "\n      - \"8001\"  # 张三\n      - \"8001\" # 张三\n      - \"8002\"  # 李四\n      - \"8004\"  # Li Na\n      - \"9999\"\n";
        assert_eq!(commented(stale), fresh);
        for remark in [
            "张三 until Friday",
            "short for priority 0",
            "周末",
            "白班",
            "夜班",
            "临时",
            "借调",
            "8001",
            "Li",
            "?",
        ] {
            let same = format!("\n      - \"8001\"  # {remark}\n      - \"9999\"  # {remark}\n");
            assert_eq!(commented(&same), same);
        }
    }

    #[test]
    fn line_breaks_and_a_byte_order_mark_stay() {
        let text = "\u{feff}queues:\r\n- assignMembers: [\"8001\"]\r\n";
        let after = "\u{feff}queues:\r\n- assignMembers:\r\n    - \"8001\"  # 张三\r\n";
        assert_eq!(names().comment(text), after);
    }
}
