//! Names of files and profiles, made from the vendors' names of skill groups, which may hold any character.

use std::collections::BTreeSet;

use crate::model::text::is_hidden;

/// Names that no skill group gets: this program's own files, and device names of some systems.
const RESERVED: &[&str] = &[
    "catalogue",
    "queues",
    "seats",
    "rosterctl",
    "con",
    "prn",
    "aux",
    "nul",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
];
/// Longest name, in characters: with four bytes each it fits in any file system.
const LONGEST: usize = 60;

/// Names in use: unique, also without regard to case.
#[derive(Default)]
pub(super) struct Names {
    files: BTreeSet<String>,
    profiles: BTreeSet<String>,
}

impl Names {
    /// Returns the name of a skill group's file.
    pub(super) fn file(&mut self, group: &str) -> String {
        let allowed = |c: char| c.is_alphanumeric() && !is_hidden(c) || matches!(c, '_' | '-' | '.');
        let mut stem = String::new();
        for c in group.chars().take(LONGEST) {
            match c {
                c if allowed(c) => stem.push(c),
                // Some systems combine these marks with the letter before them, and others do not.
                '\u{300}'..='\u{36f}' => {}
                _ if stem.ends_with('-') => {}
                _ => stem.push('-'),
            }
        }
        let stem = stem.trim_matches(['-', '.']);
        let stem = if stem.is_empty() { "group" } else { stem };
        // `con.x` names a device as `con` does.
        let first = stem.split('.').next().unwrap_or_default().to_lowercase();
        let stem = if RESERVED.contains(&&*first) { format!("{stem}-group") } else { stem.to_owned() };
        format!("{}.yaml", unused(&stem, &mut self.files))
    }

    /// Returns the name of a profile.
    pub(super) fn profile(&mut self, wanted: &str) -> String {
        let short: String = wanted.chars().take(LONGEST).collect();
        unused(&short, &mut self.profiles)
    }
}

fn unused(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut count = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{wanted}-{count}");
        count += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_group_is_called_its_file_is_harmless() {
        let mut names = Names::default();
        let made: Vec<String> = [
            "售前",
            "A/B",
            "a/b",
            "..",
            "../../etc/passwd",
            ".hidden",
            "",
            " ",
            "a\nb\0c",
            "CON",
            "con.x",
            "queues",
            "rosterctl",
            "-rf",
            "e\u{301}t\u{e9}",
            "\u{202e}lmay",
            "C:\\x",
            "售前",
        ]
        .iter()
        .map(|group| names.file(group))
        .collect();
        assert_eq!(
            made,
            [
                "售前.yaml",
                "A-B.yaml",
                "a-b-2.yaml",
                "group.yaml",
                "etc-passwd.yaml",
                "hidden.yaml",
                "group-2.yaml",
                "group-3.yaml",
                "a-b-c.yaml",
                "CON-group.yaml",
                "con.x-group.yaml",
                "queues-group.yaml",
                "rosterctl-group.yaml",
                "rf.yaml",
                "eté.yaml",
                "lmay.yaml",
                "C-x.yaml",
                "售前-2.yaml",
            ]
        );
        assert!(names.file(&"长".repeat(500)).len() < 255);
    }
}
