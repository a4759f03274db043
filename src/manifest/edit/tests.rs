//! Splices in every style of YAML.
#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use super::splice::{KeyChange, Splices};
use super::tree::{self, Node, Tree};
use crate::manifest::format;

fn tree(text: &str) -> Tree<'_> {
    tree::read(text).unwrap_or_else(|| panic!("no place is known in\n{text}"))
}

/// Changes keys of the map under `a`.
fn keys(text: &str, changes: &[(&str, Option<&str>)]) -> String {
    let tree = tree(text);
    let changes: Vec<KeyChange> =
        changes.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect();
    let mut splices = Splices::keeping_comments(&tree);
    splices.keys(map(&tree), &changes, &|key| key.bytes().next().unwrap_or(0).into());
    splices.text().expect("no two replacements overlap")
}

fn map<'t>(tree: &'t Tree<'_>) -> &'t Node {
    let value = &tree.roots[0].entry("a").expect("a key a").value;
    value.items().first().map_or(value, |item| &item.value)
}

/// Removes items of the list under `a`, and adds others.
fn items(text: &str, removed: &[usize], added: &[&str]) -> String {
    let tree = tree(text);
    let list = tree.roots[0].entry("a").expect("a key a");
    let mut splices = Splices::keeping_comments(&tree);
    let removed: BTreeSet<usize> = removed.iter().copied().collect();
    let added: Vec<String> = added.iter().map(|item| (*item).to_owned()).collect();
    splices.items(list.colon, &list.value, &removed, &added);
    splices.text().expect("no two replacements overlap")
}

#[test]
fn a_key_is_set_where_it_stands() {
    for (before, after) in [
        ("a:\n  b: 1 # one\n  c: 2\n", "a:\n  b: 9 # one\n  c: 2\n"),
        ("a: { b: 1, c: 2 }\n", "a: { b: 9, c: 2 }\n"),
        ("a: {\n  b: 1, # one\n  c: 2,\n}\n", "a: {\n  b: 9, # one\n  c: 2,\n}\n"),
        ("a:\n  - b: 1\n    c: 2\n", "a:\n  - b: 9\n    c: 2\n"),
        ("a:\r\n  b: 1\r\n  c: 2\r\n", "a:\r\n  b: 9\r\n  c: 2\r\n"),
        ("a:\n  b:\n    - 1\n    - 2\n  c: 2", "a:\n  b: 9\n  c: 2"),
        ("a:\n  b: |\n    x\n    y\n  c: 2\n", "a:\n  b: 9\n  c: 2\n"),
        ("a:\n  b: >-\n    x\n\n    y\n\n  c: 2\n", "a:\n  b: 9\n\n  c: 2\n"),
        ("a:\n  b: |+\n    x\n\n  c: 2\n", "a:\n  b: 9\n  c: 2\n"),
        ("a:\n  b: \"x\n    y\" # z\n  c: 2\n", "a:\n  b: 9 # z\n  c: 2\n"),
        ("a: { 姓名: 张三, b: 1 }\n", "a: { 姓名: 张三, b: 9 }\n"),
        ("a:\n  b: !!str 1\n  c: 2\n", "a:\n  b: 9\n  c: 2\n"),
        ("a:\n  b: &x 1\n  c: *x\n", "a:\n  b: 9\n  c: &x 1\n"),
    ] {
        assert_eq!(keys(before, &[("b", Some("9"))]), after, "{before}");
    }
}

#[test]
fn a_key_is_added_in_the_order_of_ranks() {
    for (before, after) in [
        ("a:\n  b: 1 # one\n  d: 2\n", "a:\n  b: 1 # one\n  c: 9\n  d: 2\n"),
        ("a:\n  b: 1", "a:\n  b: 1\n  c: 9"),
        ("a:\n  d: 1\n", "a:\n  c: 9\n  d: 1\n"),
        ("a:\n  - d: 1\n", "a:\n  - c: 9\n    d: 1\n"),
        ("a: { b: 1, d: 2 }\n", "a: { b: 1, c: 9, d: 2 }\n"),
        ("a: { d: 2 }\n", "a: { c: 9, d: 2 }\n"),
        ("a: {}\n", "a: { c: 9 }\n"),
        ("a:\r\n  b: 1\r\n", "a:\r\n  b: 1\r\n  c: 9\r\n"),
        ("a:\n  b: |\n    x\n", "a:\n  b: |\n    x\n  c: 9\n"),
    ] {
        assert_eq!(keys(before, &[("c", Some("9"))]), after, "{before}");
    }
}

#[test]
fn a_key_is_removed_and_its_comments_stay() {
    for (before, after) in [
        ("a:\n  b: 1 # one\n  c: 2\n", "a:\n  # one\n  c: 2\n"),
        ("a:\n  c: 2\n  b: 1\n", "a:\n  c: 2\n"),
        ("a:\n  c: 2\n  b: 1", "a:\n  c: 2"),
        ("a: { b: 1, c: 2 }\n", "a: { c: 2 }\n"),
        ("a: { c: 2, b: 1 }\n", "a: { c: 2 }\n"),
        ("a: { b: 1 }\n", "a: {}\n"),
        ("a: {\n  c: 2,\n  b: 1, # one\n}\n", "a: {\n  c: 2,\n  # one\n}\n"),
        ("a: {\n  c: 2,\n  b: 1\n}\n", "a: {\n  c: 2,\n}\n"),
        ("a:\n  - b: 1\n    c: 2\n", "a:\n  - c: 2\n"),
        ("a:\n  b: &x 1\n  c: *x\n  d: *x\n", "a:\n  c: &x 1\n  d: *x\n"),
        ("a:\n  c: 2\n  b:\n    # above\n    - 1 # beside\n", "a:\n  c: 2\n  # above\n  # beside\n"),
        ("a:\n  b: 1\n  c: 2\n---\na: 3\n", "a:\n  c: 2\n---\na: 3\n"),
    ] {
        let found = keys(before, &[("b", None)]);
        assert_eq!(found, after, "{before}");
        assert_eq!(format::remarks(&found), format::remarks(before), "{before}");
    }
}

#[test]
fn the_first_keys_behind_a_dash_leave_their_comments() {
    let before = "a:\n  - b: 1 # one\n    c: 2 # two\n    d: 3\n";
    for gone in [&["b"][..], &["b", "c"], &["c", "d"], &["b", "d"]] {
        let changes: Vec<(&str, Option<&str>)> = gone.iter().map(|key| (*key, None)).collect();
        let found = keys(before, &changes);
        let mut remarks = format::remarks(&found);
        remarks.sort();
        assert_eq!(remarks, ["# one", "# two"], "{gone:?}\n{found}");
        let tree = tree(&found);
        let left: Vec<&str> = map(&tree).entries().iter().map(|entry| entry.name.as_str()).collect();
        let expected: Vec<&str> = ["b", "c", "d"].into_iter().filter(|key| !gone.contains(key)).collect();
        assert_eq!(left, expected, "{found}");
    }
}

#[test]
fn items_of_a_list_go_and_come() {
    for (before, removed, added, after) in [
        ("a:\n  - 1\n  - 2 # two\n  - 3\n", &[1][..], &[][..], "a:\n  - 1\n  # two\n  - 3\n"),
        ("a:\n  - 1\n  - 2\n", &[1], &["9"], "a:\n  - 1\n  - 9\n"),
        ("a:\n  - 1\n  - 2", &[1], &["9"], "a:\n  - 1\n  - 9"),
        ("a:\n- 1\n- 2\n", &[0], &["9"], "a:\n- 2\n- 9\n"),
        ("a: [1, 2, 3]\n", &[0, 2], &[], "a: [2]\n"),
        ("a: [1, 2, 3]\n", &[0, 1], &["9"], "a: [3, 9]\n"),
        ("a: [1, 2, 3]\n", &[1, 2], &["9"], "a: [1, 9]\n"),
        ("a: [1]\n", &[0], &[], "a: []\n"),
        ("a: []\n", &[], &["9"], "a: [9]\n"),
        ("a:\n  - 1\n", &[0], &[], "a: []\n"),
        ("a:\n  - 1\nb: 2\n", &[0], &["8", "9"], "a:\n  - 8\n  - 9\nb: 2\n"),
        ("a: [\n  1, # one\n  2,\n  3,\n]\n", &[1], &[], "a: [\n  1, # one\n  3,\n]\n"),
        ("a: [\n  1,\n  2\n]\n", &[], &["9"], "a: [\n  1,\n  2, 9\n]\n"),
        ("a:\n  - { b: 1 }\n  - b: 2\n    c: 3\n", &[1], &[], "a:\n  - { b: 1 }\n"),
        ("a:\n  - &x 1\n  - *x\n", &[0], &[], "a:\n  - &x 1\n"),
    ] {
        assert_eq!(items(before, removed, added), after, "{before} - {removed:?} + {added:?}");
    }
}
