#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::yaml::{Node, Nodes, Reader, syntax_errors};

/// Returns the tree of the fast path, if it is certain.
fn by_blocks(text: &str) -> Option<Vec<Node>> {
    let (file, mut nodes) = (Arc::from("a.yaml"), Nodes(Vec::new()));
    let mut reader = Reader::new(&file, text, &mut nodes);
    let read = super::read(text, &mut reader);
    let sound = read.is_ok() && reader.problems.is_empty();
    sound.then_some(nodes.0)
}

/// Returns the tree of the parser; `None` on errors.
fn by_parser(text: &str) -> Option<Vec<Node>> {
    let (file, mut nodes) = (Arc::from("a.yaml"), Nodes(Vec::new()));
    let mut reader = Reader::new(&file, text, &mut nodes);
    let read = reader.run();
    let sound = read.is_ok() && reader.problems.is_empty();
    sound.then_some(nodes.0)
}

/// Checks that the parser agrees with a certain fast path, places included. Returns true if it was certain.
fn agree(text: &str) -> bool {
    // Text that is refused before any parsing concerns neither.
    if syntax_errors::text(&Arc::from("a.yaml"), text.as_bytes()).is_err() {
        return false;
    }
    let Some(short) = by_blocks(text) else { return false };
    assert_eq!(Some(short), by_parser(text), "{text}");
    true
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            yaml_files(&entry.path(), found);
        } else if entry.path().extension().is_some_and(|e| e == "yaml") {
            found.push(entry.path());
        }
    }
}

/// Returns all YAML files of the examples and the fixtures.
fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    yaml_files(&root.join("examples"), &mut paths);
    yaml_files(&root.join("tests/manifest"), &mut paths);
    yaml_files(&root.join("tests/plan"), &mut paths);
    paths.sort();
    paths.into_iter().filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
}

#[test]
fn usual_manifests_are_read_the_short_way() {
    let mut short = 0;
    for (path, text) in texts() {
        let certain = agree(&text);
        short += usize::from(certain);
        assert!(certain || !path.to_string_lossy().contains("quickstart"), "{}", path.display());
    }
    assert!(short > 20, "{short} files");
    assert!(agree(
        "# remark\n---\nroles: [a, \"b\", 'c']  # d\np:\n  x: { store: s, key: \"k/{id}\", on: {} }\nagents:\n- id: \"1\"\n  \
         name: 张三 李四\n  url: http://x/y?z#w\n  list:\n  - a\n  - b\n- id: '2'\n\n  at: 12:30\n---\nx: y\n"
    ));
}

/// A deterministic random generator: xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

/// Pieces of lines, valid and invalid.
const PIECES: &[&str] = &[
    "a: 1",
    "b:",
    "c: x y",
    "d: \"q\"",
    "e: 'r'",
    "- ",
    "- a",
    "- a: 1",
    "- b:",
    "[a, b]",
    "{ a: b }",
    "{a: b, c: [d]}",
    "[]",
    "{}",
    "f: [a, {b: c}] # r",
    "g: {x: \"y\", z: 'w'}",
    "# remark",
    "h: v # remark",
    "i: v#w",
    "j: 12:30",
    "k: a: b",
    "l: \"a\\n\"",
    "m: 'it''s'",
    "n: \"open",
    "o: &x 1",
    "p: *x",
    "q: |",
    "r: >-",
    "s: !!str 1",
    "text",
    "? k",
    ": v",
    "---",
    "...",
    "--- a",
    "-",
    "- - a",
    "- # r",
    "\"k\": v",
    "k : v",
    "张三: 李四",
    "t: 张 三",
    "u: [a,b]",
    "v: [a, ]",
    "w: {a:b}",
    "x: {a: }",
    "y: -5",
    "z: ~",
    "aa: null",
    "ab: @x",
    "ac: `x",
    "ad: %x",
    "ae: a, b",
    "af: a] b",
    "ag: {a: b} c",
    "ah: [a",
    "ai: a]",
    "aj: \"a\" b",
    "ak: x\t",
    "al:\ty",
    "\tam: x",
    "an: a\u{2028}b",
    "ao: a\u{85}b",
    "ap: \u{feff}b",
    "# \u{feff}",
    "aq: x\ry: z",
    "ar: [a: b]",
    "as: [a #b]",
    "at: <<",
    "<<: x",
    "au: +1",
    "av: .5",
    "aw: /x",
    "ax: _y",
    "ay: a -b",
    "az: - a",
    "a: 2",
    "b: 3",
    "- c: x y",
];

#[test]
fn what_the_short_way_is_certain_of_the_parser_says_too() {
    let mut chance = Chance(0x5eed_0001);
    let mut certain = 0;
    for _ in 0..60_000 {
        let mut text = String::new();
        let mut column = 0;
        for _ in 0..=chance.below(7) {
            // Mostly plausible steps, since others soon end in an error.
            column = match chance.below(8) {
                0 => chance.below(7),
                1 | 2 => column + 2,
                3 => column.saturating_sub(2),
                _ => column,
            };
            text.push_str(&" ".repeat(column));
            // The plausible pieces come first.
            let among = if chance.below(4) == 0 { PIECES.len() } else { 22 };
            text.push_str(PIECES[chance.below(among)]);
            text.push_str(["\n", "\n", "\n", "\n", "\n\n", " \n", "\r\n", ""][chance.below(8)]);
        }
        certain += usize::from(agree(&text));
    }
    assert!(certain > 2_000, "{certain} texts were read the short way");
}

#[test]
fn a_file_with_any_slip_in_it_is_read_alike() {
    let signs: Vec<char> = " \n\t:-#\"'[]{},&*!|>%@`?~\\axy19张\r\u{2028}\u{feff}".chars().collect();
    let mut chance = Chance(0x5eed_0002);
    let mut certain = 0;
    for (_, text) in texts().iter().filter(|(_, text)| (1..4_000).contains(&text.len())) {
        for _ in 0..120 {
            let mut slip: Vec<char> = text.chars().collect();
            let at = chance.below(slip.len());
            match chance.below(3) {
                0 => slip.insert(at, signs[chance.below(signs.len())]),
                1 => slip[at] = signs[chance.below(signs.len())],
                _ => drop(slip.remove(at)),
            }
            certain += usize::from(agree(&slip.into_iter().collect::<String>()));
        }
    }
    assert!(certain > 1_000, "{certain} texts were read the short way");
}
