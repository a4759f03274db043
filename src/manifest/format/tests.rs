#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::manifest::import::{Options, Origin, emit};
use crate::model::ledger::Ledger;
use crate::model::testing;

/// Formats a manifest, and asserts the invariants of every layout.
#[track_caller]
fn laid_out(text: &str) -> String {
    let once = format(text).text;
    assert!(same(text, &once), "another meaning, or other comments:\n{text}\n=>\n{once}");
    assert_eq!(format(&once).text, once, "not the same when laid out again:\n{text}");
    once
}

#[test]
fn a_text_below_its_mark_stays_and_the_rest_is_laid_out() {
    let text = "apiVersion:   rosterctl/v1\nkind: Roster\nagents:\n  - announcement: |   # played\n        a\n\n          b # no remark\n    operatorId:   \"8001\"\n  - announcement: |-\n      c\n    operatorId: \"8002\"   # last\n";
    // A comment behind the mark has no place, so the file stays as it is.
    assert!(!format(text).canonical);
    let text = text.replace("   # played", "");
    assert!(format(&text).canonical);
    assert_eq!(
        laid_out(&text),
        "apiVersion: rosterctl/v1\nkind: Roster\nagents:\n  - operatorId: \"8001\"\n    announcement: |\n      a\n\n        b # no remark\n  - operatorId: \"8002\"   # last\n    announcement: |-\n      c\n"
    );
}

#[test]
fn an_ugly_file_becomes_a_plain_one() {
    let ugly = "\u{feff}# head\r\n\r\n\r\n# more of it  \r\nkind:   Roster   # what it is\r\napiVersion: rosterctl/v1\r\n\
        agents:\r\n\r\n- name: '张三'\r\n  operatorId: '8001'\r\n  # why he may\r\n  protect: true\r\n\r\n\r\n\
        - {name: b,operatorId: \"8002\" ,  profile : x}   # b\r\n- # c\r\n  operatorId: \"8003\"\r\n\
        # a section\r\n- operatorIds: 8101..8103\r\n  channels:\r\n      - voice\r\n      # no message\r\n      - video\r\n\
        \u{20} # - survey: true\r\n# - operatorId: \"8009\"\r\nqueues: [{assignMembers: [ \"8001\",'8002' ], displayName: q}]   \r\n\
        profiles:\r\n    x: {role: r,   sip: {number: \"1\"}}\r\n    'yes': { role: r, mainSkillGroup: 一个很长的技能组名字一个很长的技能组名字, announcement: a long text that is played to the customer }\r\n\
        roles: [  ]\r\n\r\n# the end\r\n\r\n\r\n";
    insta::assert_snapshot!(laid_out(ugly), @r##"
    # head

    # more of it
    apiVersion: rosterctl/v1
    kind: Roster   # what it is
    roles: []
    profiles:
      x: { role: r, sip: { number: "1" } }
      "yes":
        role: r
        mainSkillGroup: 一个很长的技能组名字一个很长的技能组名字
        announcement: a long text that is played to the customer
    agents:
      - operatorId: "8001"
        name: "张三"
        # why he may
        protect: true

      - { operatorId: "8002", profile: x, name: b }   # b
      # c
      - operatorId: "8003"
      # a section
      - operatorIds: 8101..8103
        channels:
          - voice
          # no message
          - video
      # - survey: true
    # - operatorId: "8009"
    queues: [{ displayName: q, assignMembers: ["8001", "8002"] }]

    # the end
    "##);
}

#[test]
fn what_it_cannot_hold_keeps_its_layout() {
    for text in [
        "apiVersion: rosterctl/v1\nkind: Roster\nprofiles:\n  a: &a { role:   x }\n  b: *a\n",
        "kind: Roster\napiVersion: rosterctl/v1\nagents:\n  - announcement: >-\n        one\n        two\n    operatorId: \"1\"\n",
        "kind: Roster\nagents: [\n  # why\n  { operatorId: \"1\" } ]\n",
        "kind: Roster\nagents:\n  - name: \"one\n\n      two\"\n    operatorId: \"1\"\n",
        "kind: Roster\nagents:\n  - name: one\n      two # three\n    operatorId: \"1\"\n",
        "kind: !!str Roster\nagents:   []\n",
        "%YAML 1.2\n---\nkind:   Roster\n",
        "kind: Roster\n...\n---\nkind:   Roster\n",
        "kind: Roster # a\tb\nroles:   []\n",
        "- 1\n- 2\n",
        "text\n",
    ] {
        assert_eq!(laid_out(text), text.trim_end().to_owned() + "\n", "{text}");
    }
    // The text of the block ends with the file.
    let text = "announcement: |+\n  one\n\n\n";
    assert_eq!(laid_out(text), text);
    // Behind quotes the parser's places differ from those of the text.
    assert_eq!(laid_out("a: \"b\"   # c\nd: 'e'   # f\n# g\n"), "a: \"b\"   # c\nd: \"e\"   # f\n# g\n");
    assert_eq!(comments::parse("a: \"b # c\" # d\nb: 'it''s # e' # f\n").unwrap().len(), 2);
    assert_eq!(laid_out("a: &x b   \r\nc: *x\t\n\n\n"), "a: &x b\nc: *x\n");
}

#[test]
fn documents_keep_their_marks_and_comments() {
    let text = "# first\nkind: Roster\napiVersion: rosterctl/v1\n# behind\n---\n# second\napiVersion: rosterctl/v1\nkind: Roster\n---\nkind: Roster\n# end\n";
    insta::assert_snapshot!(laid_out(text), @r##"
    # first
    apiVersion: rosterctl/v1
    kind: Roster
    # behind
    ---
    # second
    apiVersion: rosterctl/v1
    kind: Roster
    ---
    kind: Roster
    # end
    "##);
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_of_the_repository_means_the_same_and_keeps_its_comments() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    yaml_files(&root.join("tests/manifest"), &mut files);
    yaml_files(&root.join("examples"), &mut files);
    let mut sound = 0;
    for file in files {
        let bytes = fs::read(&file).unwrap();
        if yaml::read(&"a".into(), &bytes).1.is_empty() {
            let text = String::from_utf8(bytes).unwrap();
            let once = laid_out(&text);
            sound += 1;
            // Every example in the repository has this program's layout.
            if file.to_string_lossy().contains("/roster/") {
                assert!(syntax_tree::read(&text).is_some(), "{}", file.display());
                assert_eq!(once, text, "{}", file.display());
            }
        }
    }
    assert!(sound > 30, "{sound} files are read");
}

/// Roughens a layout without changing its meaning: blanks, blank lines, comments, other quotes.
fn roughened(text: &str, dice: &[u8]) -> String {
    let mut dice = dice.iter().cycle().copied();
    let mut out = String::new();
    for line in text.lines() {
        let roll = dice.next().unwrap_or(0);
        if roll % 7 == 0 {
            out.push_str("\n\n");
        }
        if roll % 5 == 0 {
            let indent = " ".repeat(usize::from(roll % 9));
            out.push_str(&format!("{indent}# remark {roll}  \n"));
        }
        let plain = !line.contains('"') && !line.contains('#');
        let line = if roll % 3 == 0 && plain {
            line.replace(": ", ":    ").replace(", ", " ,")
        } else {
            line.to_owned()
        };
        let line = if roll % 4 == 0 { line.replace("\"8", "'8").replace("0\"", "0'") } else { line };
        out.push_str(&line);
        out.push_str(match roll % 6 {
            0 => "   \n",
            1 => "   # why\n",
            2 => "\r\n",
            _ => "\n",
        });
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// For every manifest the layout is stable, keeps the meaning, and keeps every comment.
    #[test]
    fn any_manifest_is_laid_out_once_and_for_all(live in testing::estate(), dice in proptest::collection::vec(any::<u8>(), 1..50)) {
        let origin = Origin { workspace: "test", taken: "now", program: "0.1.0", agents: &crate::provider::agent_config::fields::AGENTS };
        for made in emit(&live, &Ledger::default(), origin, &Options::default()) {
            prop_assert_eq!(&laid_out(&made.text), &made.text, "an import is laid out already");
            let rough = roughened(&made.text, &dice);
            if yaml::read(&"a".into(), rough.as_bytes()).1.is_empty() {
                laid_out(&rough);
            }
        }
    }
}
