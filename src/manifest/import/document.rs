//! The layout of written manifests: a mapping or list stands on one line if it fits.

use unicode_width::UnicodeWidthStr;

use super::options::Origin;
use crate::yaml::quoting::{quoted, scalar, visible};

/// Longest line of a mapping between braces, in columns. A longer one takes a line a key.
const WIDTH: usize = 120;

/// Beginning of the line that identifies a file written by an import.
const WRITTEN: &str = "# Written by `rosterctl import` ";

/// Remark on unmanaged fields, with the option that manages them.
pub(super) const PASSWORDS: &str =
    "Passwords are not managed: `rosterctl import --password-store NAME` writes references to a store.";
pub(super) const NO_ROLES: &str = "Roles are not said, since no system tells them. An agent cannot be made without one: \
    `rosterctl import --role NAME` writes one.";
pub(super) const SOME_ROLES: &str =
    "The roles of {} agents are not said, since no system tells them and rosterctl has not set them.";
pub(super) const SIP_AUTO: &str =
    "`sip: auto` says that there is an account; `rosterctl import --sip-numbers` writes its number.";
pub(super) const SELECTS: &str = "A `memberSelector` takes every agent of its skill group, also one who joins later; \
    `assignMembers` adds others and other priorities.";

/// Returns true if a comment line is one of these remarks, or a part of one.
pub(super) fn is_own(remark: &str) -> bool {
    let plain = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "").replace("{}", "");
    let remark = plain(remark.trim_start_matches(['#', ' ']));
    [PASSWORDS, NO_ROLES, SOME_ROLES, SIP_AUTO, SELECTS].iter().any(|own| plain(own).contains(&remark))
}

/// Returns the rest of that line, up to the time.
fn live_in(workspace: &str) -> String {
    format!(" from what was live in {} at ", visible(workspace))
}

/// Returns true if an import of this workspace wrote the file, by the comments at its head.
pub(super) fn is_generated(text: &str, workspace: &str) -> bool {
    let mut remarks = text.lines().take_while(|line| line.starts_with('#'));
    remarks.any(|line| line.starts_with(WRITTEN) && line.contains(&live_in(workspace)))
}

/// Returns true if an import of any workspace wrote the file.
pub(super) fn says_written(text: &str) -> bool {
    text.lines().take_while(|line| line.starts_with('#')).any(|line| line.starts_with(WRITTEN))
}

/// Returns the first lines of every manifest: comments, then the header.
pub(super) fn head(what: &str, more: &[String], origin: Origin<'_>) -> String {
    let Origin { workspace, taken, program, agents: _ } = origin;
    let mut out = format!("# {}\n#\n{WRITTEN}{program}{}{taken}.\n", visible(what), live_in(workspace));
    for line in more {
        out.push_str(&remark(0, line));
    }
    out.push_str("apiVersion: rosterctl/v1\nkind: Roster\n");
    out
}

/// Returns a comment on lines of its own, indented.
pub(super) fn remark(indent: usize, text: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in visible(text).split(' ') {
        if !line.is_empty() && line.width() + word.width() > WIDTH - indent {
            out.push_str(&format!("{:indent$}# {line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&format!("{:indent$}# {line}\n", ""));
    out
}

/// A mapping's keys and values, spelled.
pub(super) type Pairs = Vec<(String, String)>;

/// Returns a mapping between braces.
pub(super) fn flow(pairs: &Pairs) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// Returns a mapping as an item of a list: between braces, or a line a key.
pub(super) fn item(indent: usize, pairs: &Pairs) -> String {
    let line = format!("{:indent$}- {}\n", "", flow(pairs));
    if line.width() <= WIDTH {
        return line;
    }
    let mut out = String::new();
    for (at, (key, value)) in pairs.iter().enumerate() {
        let mark = if at == 0 { "- " } else { "  " };
        out.push_str(&format!("{:indent$}{mark}{key}: {value}\n", ""));
    }
    out
}

/// Returns a mapping below its key, a line a key.
pub(super) fn block(indent: usize, pairs: &Pairs) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        out.push_str(&format!("{:indent$}{key}: {value}\n", ""));
    }
    out
}

/// Returns a list: on the key's line if it fits, else a line an item below it.
pub(super) fn list(indent: usize, key: &str, items: &[String]) -> String {
    let line = format!("{:indent$}{key}: [{}]\n", "", items.join(", "));
    if line.width() <= WIDTH && items.iter().all(|item| !item.starts_with('{')) {
        return line;
    }
    let mut out = format!("{:indent$}{key}:\n", "");
    for item in items {
        out.push_str(&format!("{:indent$}  - {item}\n", ""));
    }
    out
}

/// Returns the number of an agent or a queue, always in quotes.
pub(super) fn number(id: &str) -> String {
    quoted(id)
}

/// Returns the catalogue of skill groups.
pub(super) fn catalogue(groups: &[&str], origin: Origin<'_>) -> String {
    let more =
        ["A skill group that is not listed here is an error, so that a slip is found before it is applied."];
    let mut out = head("The skill groups that there are.", &more.map(str::to_owned), origin);
    let items: Vec<String> = groups.iter().map(|group| scalar(group)).collect();
    out.push_str(&list(0, "skillGroups", &items));
    out
}
