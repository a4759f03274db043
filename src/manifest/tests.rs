#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::{fs, iter};

use super::*;
use crate::vendors;

const WORKSPACE: &str = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\nconnections:\n  \
    a: { provider: agent-config, baseUrl: sandbox }\n  w: { provider: webchat-queue, baseUrl: sandbox }\n";

const ROSTER: &str = "apiVersion: rosterctl/v1\nkind: Roster\nskillGroups: [a]\nprofiles:\n  p:\n    role: x\nagents:\n  \
    # first\n  - operatorId: \"1\"\n    name: \"${A}\"\n  - operatorId: \"2\"\n    profile: p\n    mainSkillGroup: b\n\n  \
    - operatorIds: 3..5\n    name: \"{{ b }}\"\n    nmae: c\n  - { operatorId: \"6\" }\n  - operatorId: \"1\"\n    \
    password:\n      store: s\n      key: k\nqueues:\n  - displayName: q\n    assignMembers:\n      - \"1\"\n      \
    - agentNumber: \"2\"\n---\napiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - operatorId: \"8\"\n  \
    - operatorId: \"9\"\n    email: \"${A}\"\n";

fn workspace() -> Workspace {
    let specs = &vendors::ALL.specs();
    crate::config::load::load(&"rosterctl.yaml".into(), WORKSPACE.as_bytes(), specs).unwrap()
}

/// Returns the roster, or the errors in their order, with all places.
fn resolved(file: ParsedFile, workspace: &Workspace) -> String {
    format!("{:?}", resolve(vec![file], workspace, Timestamp::UNIX_EPOCH).map(|roster| roster.desired))
}

/// Checks that a text that is read in pieces has the roster and the errors of the whole. Returns the number of splits
/// that were read so.
fn agree(text: &str, workspace: &Workspace) -> usize {
    let file = File { name: "a.yaml".into(), bytes: text.as_bytes().to_vec() };
    let whole = resolved(read(&file), workspace);
    let joined = (2..7).filter_map(|most| {
        let pieces = split(&file, most);
        let joined = join(pieces.iter().map(|piece| read_piece(&file, piece)).collect())?;
        assert_eq!(resolved(joined, workspace), whole, "{text}");
        (pieces.len() > 1).then_some(())
    });
    joined.count()
}

/// Returns the manifests of the fixtures.
fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest");
    let files = ["invalid", "valid"].map(|name| fs::read_dir(folder.join(name)).unwrap());
    let mut paths: Vec<_> = files.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    files.chain(iter::once(ROSTER.to_owned())).collect()
}

#[test]
fn a_file_in_pieces_has_the_roster_and_the_errors_of_the_whole() {
    let workspace = workspace();
    assert!(agree(ROSTER, &workspace) > 3);
    let split: usize = texts().iter().map(|text| agree(text, &workspace)).sum();
    assert!(split > 5, "{split} splits");
}

#[test]
fn a_file_with_a_line_out_of_place_is_read_alike() {
    const LINES: [&str; 20] = [
        "---",
        "agents:",
        "queues:",
        "  - operatorId: \"7\"",
        "- operatorId: \"7\"",
        "    - operatorId: \"7\"",
        "    name: |",
        "    name: &a b",
        "    name: *a",
        "    name: \"open",
        "\t",
        "# remark",
        "  x:",
        "kind: Roster",
        "skillGroups:",
        "defaults:",
        "  role: y",
        "...",
        "agents: []",
        "  - ",
    ];
    let workspace = workspace();
    let mut split = 0;
    let lines: Vec<&str> = ROSTER.lines().collect();
    for line in LINES {
        for at in 0..=lines.len() {
            let mut text = lines.clone();
            text.insert(at, line);
            split += agree(&(text.join("\n") + "\n"), &workspace);
        }
    }
    for at in 0..lines.len() {
        let mut text = lines.clone();
        text.remove(at);
        split += agree(&(text.join("\n") + "\n"), &workspace);
    }
    assert!(split > 300, "{split} splits");
}
