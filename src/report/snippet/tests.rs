#![allow(clippy::unwrap_used, clippy::format_collect, reason = "a test may")]

use std::sync::Arc;

use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::model::problem::{FileProblem, Label, Problem};

impl From<&str> for Problem {
    fn from(message: &str) -> Self {
        (message, "").into()
    }
}

impl From<(&str, &str)> for Problem {
    fn from((message, help): (&str, &str)) -> Self {
        FileProblem::Told { message: message.to_owned(), help: help.to_owned() }.into()
    }
}

fn at(line: u32, column: u32) -> Source {
    Source::new(&Arc::from("roster/agents.yaml"), line, column)
}

fn draw(text: &str, diagnostic: &Diagnostic) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    render(
        diagnostic,
        Language::En,
        |place| lines.get((place.line as usize).checked_sub(1)?).map(ToString::to_string),
        false,
    )
}

/// Renders a diagnostic at the first `needle`.
fn draw_at(text: &str, needle: &str) -> String {
    let found = text.find(needle).unwrap();
    let line = text[..found].matches('\n').count() + 1;
    let column = text[..found].rsplit('\n').next().unwrap().chars().count() + 1;
    draw(text, &Diagnostic::at(&at(u32::try_from(line).unwrap(), u32::try_from(column).unwrap()), "message"))
}

/// Returns the text above the carets.
fn marked(text: &str, needle: &str) -> String {
    let drawn = draw_at(text, needle);
    let lines: Vec<&str> = drawn.lines().collect();
    let carets = lines[4].split_once('|').unwrap().1;
    let shown = lines[3].split_once('|').unwrap().1;
    let start = carets.find('^').unwrap();
    let end = carets.len();
    let mut column = 0;
    shown
        .chars()
        .filter(|c| {
            column += c.to_string().width();
            column > start && column <= end
        })
        .collect()
}

#[test]
fn wide_characters() {
    let mut lines = vec![""; 11];
    lines.push("    role: 普通座席");
    let diagnostic = Diagnostic::at(
        &at(12, 11),
        ("unknown role `普通座席`: the catalogue does not hold it", "did you mean `普通坐席`?"),
    );
    insta::assert_snapshot!(draw(&lines.join("\n"), &diagnostic), @r#"
    error: unknown role `普通座席`: the catalogue does not hold it
      --> roster/agents.yaml:12:11
       |
    12 |     role: 普通座席
       |           ^^^^^^^^
       = help: did you mean `普通坐席`?
    "#);
}

#[test]
fn related_place() {
    let text = "name: 张三\n\n\n\n\n\n\n\n\nname: 李四";
    let diagnostic = Diagnostic::at(&at(10, 1), ("`name` is given twice in one map", "keep one of the two"))
        .related(&at(1, 1), Label::FirstHere);
    insta::assert_snapshot!(draw(text, &diagnostic), @r#"
    error: `name` is given twice in one map
      --> roster/agents.yaml:10:1
       |
    10 | name: 李四
       | ^^^^
       = help: keep one of the two
    note: first here
      --> roster/agents.yaml:1:1
       |
     1 | name: 张三
       | ^^^^
    "#);
}

#[test]
fn without_a_place_or_its_line() {
    insta::assert_snapshot!(draw("", &Diagnostic::general("no manifest in `roster`")), @"error: no manifest in `roster`");
    insta::assert_snapshot!(draw("", &Diagnostic::at(&at(7, 1), ("gone", "look"))), @r#"
    error: gone
     --> roster/agents.yaml:7:1
      = help: look
    "#);
}

#[test]
fn all_of_them() {
    let other = Source::new(&Arc::from("b.yaml"), 1, 1);
    let list =
        [Diagnostic::at(&at(1, 1), "one"), Diagnostic::at(&at(1, 4), "two"), Diagnostic::at(&other, "three")];
    insta::assert_snapshot!(render_all(&list, Language::En, |_| Some("a: b".into()), false), @r#"
    error: one
     --> roster/agents.yaml:1:1
      |
    1 | a: b
      | ^

    error: two
     --> roster/agents.yaml:1:4
      |
    1 | a: b
      |    ^

    error: three
     --> b.yaml:1:1
      |
    1 | a: b
      | ^

    error: 3 errors in 2 files
    "#);
    let one = render_all(&list[..1], Language::En, |_| None, false);
    assert!(one.ends_with("error: 1 error in 1 file\n"), "{one}");
    assert_eq!(render_all(&[], Language::En, |_| None, false), "");
}

#[test]
fn colour_only_adds_escapes() {
    let text = "name: 张三";
    let diagnostic = Diagnostic::at(&at(1, 7), ("no", "yes")).related(&at(1, 1), Label::FirstHere);
    let coloured = render(&diagnostic, Language::En, |_| Some(text.into()), true);
    assert!(coloured.contains("\x1b["));
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(plain, render(&diagnostic, Language::En, |_| Some(text.into()), false));
}

#[test]
fn carets_span_the_token() {
    assert_eq!(marked("a: b c # d", "b c"), "b c");
    assert_eq!(marked("a: \"x # y\" # z", "\"x"), "\"x # y\"");
    assert_eq!(marked("a: 'it''s' # z", "'it"), "'it''s'");
    assert_eq!(marked("a: \"x\\\"y\" z", "\"x"), "\"x\\\"y\"");
    assert_eq!(marked("a: \"open", "\"op"), "\"open");
    assert_eq!(marked("x: [one, two]", "one"), "one");
    assert_eq!(marked("x: {k: v w}", "v w"), "v w");
    assert_eq!(marked("a, b: c", "a, b"), "a, b");
    assert_eq!(marked("key : v", "key"), "key");
    assert_eq!(marked("a: http://x/y#z", "http"), "http://x/y#z");
    assert_eq!(marked("a: &x 张三 # no", "&x"), "&x 张三");
    assert_eq!(marked("a: {b: c}", "{b"), "{");
    assert_eq!(marked("名: 😀张 # no", "😀"), "😀张");
}

#[test]
fn place_behind_the_line_and_empty_lines() {
    insta::assert_snapshot!(draw("ab", &Diagnostic::at(&at(1, 3), "more expected")), @r#"
    error: more expected
     --> roster/agents.yaml:1:3
      |
    1 | ab
      |   ^
    "#);
    insta::assert_snapshot!(draw("", &Diagnostic::at(&at(1, 9), "more expected")), @r#"
    error: more expected
     --> roster/agents.yaml:1:9
      |
    1 |
      | ^
    "#);
}

#[test]
fn nothing_of_the_file_controls_the_terminal() {
    let label = Label::Says { agent: "\u{1b}x".into(), version: None, generate: false };
    let line = "a:\t\u{1b}[31mred\u{7}\u{202e}\u{9b}x\r";
    let diagnostic = Diagnostic::at(&at(1, 4), ("bad \u{1b}]0;name", "\u{1b}c")).related(&at(1, 1), label);
    let drawn = render(&diagnostic, Language::En, |_| Some(line.into()), false);
    assert!(drawn.chars().all(|c| c == '\n' || !c.is_control()), "{drawn:?}");
    assert!(drawn.contains("a:→   \\u{1b}[31mred\\u{7}\\u{202e}\\u{9b}x"), "{drawn}");
}

#[test]
fn long_lines_are_cut_around_the_carets() {
    let long = format!("{}{} here {}", "a: ", "张".repeat(300), "b".repeat(300));
    for needle in ["a: ", "here"] {
        let column = u32::try_from(long[..long.find(needle).unwrap()].chars().count() + 1).unwrap();
        let drawn = draw(&long, &Diagnostic::at(&at(1, column), "x"));
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[3].width() < 175 && lines[3].contains('…'), "{drawn}");
        assert!(lines[4].contains('^') && lines[4].width() < 175, "{drawn}");
        assert!(lines[3].contains(needle), "{drawn}");
    }
    let drawn = draw(&format!("a: {}", "张".repeat(300)), &Diagnostic::at(&at(1, 4), "x"));
    assert!(drawn.lines().all(|line| line.width() < 175), "{drawn}");
}

#[test]
fn private_values_are_cut_off() {
    insta::assert_snapshot!(draw_at("  - password: hunter2", "hunter2"), @r#"
    error: message
     --> roster/agents.yaml:1:15
      |
    1 |   - password: ••••••
      |               ^^^^^^
    "#);
    insta::assert_snapshot!(draw_at("  - { rolle: x, password: hunter2 }", "rolle"), @r#"
    error: message
     --> roster/agents.yaml:1:7
      |
    1 |   - { rolle: x, password: ••••••
      |       ^^^^^
    "#);
    let masked = Diagnostic::at(&at(1, 9), "a secret stands here").masked();
    insta::assert_snapshot!(draw("  pass: hunter2", &masked), @r#"
    error: a secret stands here
     --> roster/agents.yaml:1:9
      |
    1 |   pass: ••••••
      |         ^^^^^^
    "#);
    insta::assert_snapshot!(draw("  hunter2 is it", &masked), @r#"
    error: a secret stands here
     --> roster/agents.yaml:1:9
      |
    1 | … ••••••
      |   ^^^^^^
    "#);
}

#[test]
fn no_layout_leaks_a_password() {
    let texts = [
        "password: hunter2",
        "\"password\": hunter2",
        "'Password' : hunter2",
        "- {name: x, password: hunter2, role: y}",
        "{\"token\":\"hunter2\",\"name\":\"x\"}",
        "apiSecret: # hunter2",
        "# accessKey: hunter2",
        "secretKey: &a hunter2",
        "secretId: !!str hunter2",
        "password: { store: a, key: b } # hunter2",
        "password: { store: a, key: b, hunter2: x }",
        "password:\n  hunter2",
        "password:\n\n  # x\n  hunter2: y",
        "password: |-\n   a: b\n   hunter2",
        "password: >\n  one\n\n  hunter2: b",
        "password: \"one\n  hunter2: two\"",
        "password: 'one\nhunter2'",
        "password: one\n  hunter2",
        "password: [ one,\n hunter2 ]",
        "password:\n- one\n- hunter2",
        "- { name: x, password:\n  hunter2, rolle: y }",
        "- {\n  name: x,\n  password:\n  hunter2,\n  rolle: y }",
        "? password\n: hunter2",
        "{ \"password\"\n: hunter2 }",
        "\"p\\x61ssword\": hunter2",
        "\tpassword:\thunter2",
        "password: {store: x, key: y}, token: hunter2",
        "password : { store: \"x\", key: \"y\" } hunter2",
    ];
    for text in texts {
        let number = text[..text.find("hunter2").unwrap()].matches('\n').count();
        let width = text.split('\n').nth(number).unwrap().chars().count();
        // An error at any column of that line, masked by the caller or not.
        for column in 0..=width {
            let place = at(u32::try_from(number).unwrap() + 1, u32::try_from(column).unwrap() + 1);
            for diagnostic in [
                Diagnostic::at(&place, "x"),
                Diagnostic::at(&place, "x").masked(),
                Diagnostic::at(&at(1, 1), "x").related(&place, Label::FirstHere),
            ] {
                let drawn = draw(text, &diagnostic);
                assert!(!drawn.contains("hunter2"), "{text}\nat {place:?}:\n{drawn}");
            }
        }
    }
}

#[test]
fn references_are_shown() {
    let text = "- { operatorId: \"1\", password: { store: vault, key: \"a/{operatorId}\" }, rolle: x }";
    assert!(draw_at(text, "rolle").contains(text));
    let text = "password:\n  store: vualt\n  key: a";
    assert!(draw_at(text, "vualt").contains("store: vualt"));
}
