//! Random rosters in random layouts.

use std::fmt::Write as _;

/// Picks by seed (SplitMix64).
struct Pick(u64);

impl Pick {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn often(&mut self) -> bool {
        self.below(3) > 0
    }

    /// Returns a remark, or nothing.
    fn remark(&mut self) -> String {
        if self.below(4) > 0 { String::new() } else { format!(" # remark {}", self.below(100)) }
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            let other = usize::try_from(self.below(at as u64 + 1)).unwrap();
            all.swap(at, other);
        }
    }

    /// Writes a map as an item of a list at an indent: as a block, on one line, or in braces over several lines.
    fn item(&mut self, out: &mut String, indent: usize, mut keys: Vec<String>) {
        if self.below(4) == 0 {
            self.shuffle(&mut keys);
        }
        let pad = " ".repeat(indent);
        if self.below(4) == 0 {
            let _ = writeln!(out, "{pad}# about the next {}", self.below(100));
        }
        match self.below(4) {
            0 | 1 => {
                for (at, key) in keys.iter().enumerate() {
                    let start = if at == 0 { "- " } else { "  " };
                    let _ = writeln!(out, "{pad}{start}{key}{}", self.remark());
                }
            }
            2 => {
                let _ = writeln!(out, "{pad}- {{ {} }}{}", keys.join(", "), self.remark());
            }
            _ => {
                let trailing = self.often();
                let _ = writeln!(out, "{pad}- {{{}", self.remark());
                for (at, key) in keys.iter().enumerate() {
                    let comma = if trailing || at + 1 < keys.len() { "," } else { "" };
                    let _ = writeln!(out, "{pad}    {key}{comma}{}", self.remark());
                }
                let _ = writeln!(out, "{pad}  }}");
            }
        }
    }
}

/// Returns the text of a roster.
pub(crate) fn roster(seed: u64) -> String {
    let mut pick = Pick(seed);
    let mut out = String::from("apiVersion: rosterctl/v1\nkind: Roster\n");
    out.push_str("profiles:\n  desk: { mainSkillGroup: 售前, wrapUpSeconds: 20 }\n");
    if pick.often() {
        out.push_str("defaults: { enabled: true }\n");
    }
    let indent = usize::try_from(pick.below(5)).unwrap();
    out.push_str("agents:\n");
    let count = 2 + pick.below(3);
    for at in 0..count {
        let mut keys = vec![format!("operatorId: \"800{at}\"")];
        if pick.often() {
            keys.push("profile: desk".to_owned());
        }
        if pick.often() {
            keys.push(format!("name: 坐席{at}"));
        }
        if pick.below(3) == 0 {
            keys.push("wrapUpSeconds: 30".to_owned());
        }
        pick.item(&mut out, indent, keys);
    }
    if pick.often() {
        let keys = vec!["operatorIds: 8101..8104".to_owned(), "name: \"外呼{operatorId}\"".to_owned()];
        pick.item(&mut out, indent, keys);
    }
    if pick.often() {
        out.push_str("\n# the queues\n");
    }
    out.push_str("queues:\n");
    let anchored = pick.below(3) == 0;
    for (at, name) in ["在线", "售后"].into_iter().enumerate() {
        let mut keys = vec![format!("displayName: {name}")];
        if pick.often() {
            keys.push("memory: 2h".to_owned());
        }
        let members = "[\"8000\", { agentNumber: \"8001\", priority: 5 }]";
        match (anchored, at) {
            // The order of keys stays, so that the anchor comes first.
            (true, 0) => keys.push(format!("assignMembers: &shared {members}")),
            (true, _) => keys.push("assignMembers: *shared".to_owned()),
            (false, _) => keys.push(format!("assignMembers: {members}")),
        }
        pick.item(&mut out, indent, keys);
    }
    match pick.below(4) {
        0 => out.replace('\n', "\r\n"),
        1 => out.trim_end().to_owned(),
        2 => rosterctl::manifest::format::format(&out).text,
        _ => out,
    }
}
