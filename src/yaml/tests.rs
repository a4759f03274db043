#![allow(clippy::unwrap_used, clippy::format_collect, reason = "a test may")]

use std::fmt::Write as _;

use super::reader::MAX_PROBLEMS;
use super::*;

fn file() -> Arc<str> {
    Arc::from("a.yaml")
}

/// Reads a text without errors.
fn good(text: &str) -> Vec<Node> {
    let (nodes, problems) = read(&file(), text.as_bytes());
    assert!(problems.is_empty(), "{text}\n{problems:?}");
    nodes
}

/// Returns the errors of some bytes: `line:column message`, related place and help below.
fn wrong_bytes(bytes: &[u8]) -> String {
    let (_, problems) = read(&file(), bytes);
    let mut out = String::new();
    for problem in problems.into_sorted() {
        let place = problem.source.as_ref().map(|s| format!("{}:{} ", s.line, s.column)).unwrap_or_default();
        let masked = if problem.masked { " [masked]" } else { "" };
        let _ = writeln!(out, "{place}{}{masked}", problem.problem);
        if let Some((source, label)) = &problem.related {
            let _ = writeln!(out, "  {label}: {}:{}", source.line, source.column);
        }
        let help = problem.help();
        if !help.is_empty() {
            let _ = writeln!(out, "  {help}");
        }
    }
    out
}

fn wrong(text: &str) -> String {
    wrong_bytes(text.as_bytes())
}

/// Returns the message of the only error, with its place.
fn only(text: &str) -> String {
    let all = wrong(text);
    assert_eq!(all.lines().filter(|line| !line.starts_with(' ')).count(), 1, "{text}\n{all}");
    all.lines().next().unwrap().to_string()
}

/// Writes a tree with its places: a scalar as `text@line:column`, quoted text in quotes.
fn show(node: &Node) -> String {
    let at = |s: &Source| format!("{}:{}", s.line, s.column);
    match &node.value {
        NodeValue::Scalar(s) if s.plain => format!("{}@{}", s.text, at(&node.source)),
        NodeValue::Scalar(s) => format!("{:?}@{}", s.text, at(&node.source)),
        NodeValue::List(list) => {
            format!("[{}]@{}", list.iter().map(show).collect::<Vec<_>>().join(" "), at(&node.source))
        }
        NodeValue::Map(map) => {
            let entries = map.iter().map(|(k, v)| format!("{}@{}={}", k.name, at(&k.source), show(v)));
            format!("{{{}}}@{}", entries.collect::<Vec<_>>().join(" "), at(&node.source))
        }
    }
}

fn shown_all(text: &str) -> String {
    good(text).iter().map(show).collect::<Vec<_>>().join("\n")
}

#[test]
fn places() {
    assert_eq!(shown_all("a: 1\nb:\n  - x\n  - \"y\"\n"), "{a@1:1=1@1:4 b@2:1=[x@3:5 \"y\"@4:5]@3:3}@1:1");
    assert_eq!(shown_all("名: {张: 😀, 李: x}"), "{名@1:1={张@1:5=😀@1:8 李@1:11=x@1:14}@1:4}@1:1");
    assert_eq!(shown_all("a: &x !!str 003\nb: *x"), "{a@1:1=\"003\"@1:4 b@2:1=\"003\"@1:4}@1:1");
    assert_eq!(shown_all("a: |\n  x\n  y\nb: >-\n  z\n"), "{a@1:1=\"x\\ny\\n\"@2:3 b@4:1=\"z\"@5:3}@1:1");
    assert_eq!(shown_all("a:\nb: ~"), "{a@1:1=@1:2 b@2:1=~@2:4}@1:1");
    assert_eq!(
        shown_all("- a: 1\n  b: 2\n-\n- [p: q]"),
        "[{a@1:3=1@1:6 b@2:3=2@2:6}@1:3 @3:2 [{p@4:4=q@4:7}@4:4]@4:3]@1:1"
    );
}

#[test]
fn line_ends_and_byte_order_mark() {
    let plain = shown_all("a: 1\nb: \"x\n  y\"\nc: 3\n");
    assert_eq!(shown_all("a: 1\r\nb: \"x\r\n  y\"\r\nc: 3\r\n"), plain);
    assert_eq!(shown_all("\u{feff}a: 1\nb: \"x\n  y\"\nc: 3\n"), plain);
    assert_eq!(
        only("a: 1\r\nb: x: y\r\n"),
        "2:5 a `:` with a blank behind it stands inside an unquoted value"
    );
}

#[test]
fn documents() {
    assert_eq!(good("").len(), 0);
    assert_eq!(good("# nothing\n").len(), 0);
    assert_eq!(good("---\n---\n# x\n---\na: 1\n...\n---\n- 2\n").len(), 2);
    assert_eq!(good("--- null\n").len(), 1);
    let (nodes, problems) = read(&file(), b"a: 1\n---\nb: 2\n---\nc: 'x\n---\nd: 4\n");
    assert_eq!((nodes.len(), problems.len()), (2, 1), "the documents before a syntax error are kept");
    let (nodes, problems) = read(&file(), b"a: 1\na: 2\nb: *x\n---\nc: 1\nc: 2\n");
    assert_eq!((nodes.len(), problems.len()), (2, 3), "all problems of all documents are found");
    assert_eq!(show(&nodes[0]), "{a@1:1=1@1:4}@1:1");
}

#[test]
fn keys() {
    insta::assert_snapshot!(wrong("a: 1\nb: 2\na: 3\nm: {x: 1, \"x\": 2, 'x': 3}\n"), @r#"
    3:1 `a` is given twice in one map
      first here: 1:1
      keep one of the two
    4:11 `x` is given twice in one map
      first here: 4:5
      keep one of the two
    4:19 `x` is given twice in one map
      first here: 4:5
      keep one of the two
    "#);
    insta::assert_snapshot!(wrong("? [a]\n: 1\n{b: c}: 2\nnull: 3\n: 4\n~: 5\n<<: {z: 1}\n\"<<\": 6\n"), @r#"
    1:3 a list or a map cannot be a key
      write `key: value`; quote a value that begins with `{` or `[`
    3:1 a list or a map cannot be a key
      write `key: value`; quote a value that begins with `{` or `[`
    4:1 a key is missing before the `:`
      write `key: value`
    5:1 a key is missing before the `:`
      write `key: value`
    6:1 a key is missing before the `:`
      write `key: value`
    7:1 merge keys are not supported; use a profile
      put what is shared under `profiles:` and name it with `profile:`
    "#);
    assert_eq!(
        show(&good("true: 1\n8001: 2\n? x\n: 3\n\"null\": 4")[0]),
        "{true@1:1=1@1:7 8001@2:1=2@2:7 x@3:3=3@4:3 null@5:1=4@5:9}@1:1"
    );
}

#[test]
fn many_keys() {
    let mut text: String = (0..5_000).map(|i| format!("k{i}: {i}\n")).collect();
    assert!(matches!(&good(&text)[0].value, NodeValue::Map(map) if map.len() == 5_000));
    text.push_str("k4999: x\nk0: y\n");
    let all = wrong(&text);
    assert!(all.contains("5001:1 `k4999` is given twice in one map\n  first here: 5000:1"), "{all}");
    assert!(all.contains("5002:1 `k0` is given twice in one map\n  first here: 1:1"), "{all}");
    let endless: String = (0..5_000).map(|_| "a: 1\n").collect();
    let (_, problems) = read(&file(), endless.as_bytes());
    assert_eq!(problems.len(), MAX_PROBLEMS + 1);
}

#[test]
fn tags() {
    insta::assert_snapshot!(
        wrong("a: !secret x\nb: !!binary aGk=\nc: !!int x\nd: !!map [1]\ne: !!seq {}\nf: !<tag:example.com,2026:x> y\ng: !!map x\nh: !!str [1]\n"),
        @r#"
    1:4 the tag `!secret` is not supported
      remove it; quote the value if it begins with `!`
    2:4 the tag `!!binary` is not supported
      remove it; quote the value if it begins with `!`
    3:4 the value does not fit its tag `!!int`
      remove the tag, or correct the value
    4:4 the value does not fit its tag `!!map`
      remove the tag, or correct the value
    5:4 the value does not fit its tag `!!seq`
      remove the tag, or correct the value
    6:4 the tag `tag:example.com,2026:x` is not supported
      remove it; quote the value if it begins with `!`
    7:4 the value does not fit its tag `!!map`
      remove the tag, or correct the value
    8:4 the value does not fit its tag `!!str`
      remove the tag, or correct the value
    "#
    );
    let text = "a: !!str 003\nb: !!int \"5\"\nc: !!bool 'true'\nd: !!null ''\ne: !!float 5\nf: !!map {}\ng: !!seq []\nh: !!int 7\n";
    assert_eq!(
        shown_all(text),
        "{a@1:1=\"003\"@1:4 b@2:1=5@2:4 c@3:1=true@3:4 d@4:1=@4:4 e@5:1=5@5:4 f@6:1={}@6:4 g@7:1=[]@7:4 h@8:1=7@8:4}@1:1"
    );
}

#[test]
fn aliases() {
    let text = "a: &x {n: 1}\nb: *x\nc: [*x, &y z, *y]\n&k key: *k\n";
    assert_eq!(
        shown_all(text),
        "{a@1:1={n@1:8=1@1:11}@1:7 b@2:1={n@1:8=1@1:11}@1:7 c@3:1=[{n@1:8=1@1:11}@1:7 z@3:9 z@3:9]@3:4 key@4:1=key@4:1}@1:1"
            .replace("}@1:7", "}@1:4")
    );
    assert_eq!(
        shown_all("- &a 1\n- &a 2\n- *a"),
        "[1@1:3 2@2:3 2@2:3]@1:1",
        "the nearest anchor above holds"
    );
    insta::assert_snapshot!(wrong("a: *nope\nb: [*x, 1, *y]\n*z : 1\nc: &c [*c]\nd: &d {e: {f: *d}}\n--- &q 1\n--- *q\n"), @r#"
    1:4 no anchor `&nope` stands above the alias `*nope`
      quote the value if the `*` belongs to it
    2:5 no anchor `&x` stands above the alias `*x`
      quote the value if the `*` belongs to it
    2:12 no anchor `&y` stands above the alias `*y`
      quote the value if the `*` belongs to it
    3:1 no anchor `&z` stands above the alias `*z`
      quote the value if the `*` belongs to it
    4:8 this alias stands inside the value of its own anchor, so it would contain itself
      write the value out
    5:15 this alias stands inside the value of its own anchor, so it would contain itself
      write the value out
    7:5 the anchor of this alias stands in another document
      an anchor holds within its own document; use a profile to share values
    "#);
}

#[test]
fn alias_bombs() {
    const BOMB: &str = "aliases expand to more than the file could hold";
    let mut laughs = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_string();
    for (name, of) in ('b'..='k').zip('a'..) {
        let _ = writeln!(laughs, "{name}: &{name} [{}]", vec![format!("*{of}"); 9].join(", "));
    }
    assert!(only(&laughs).contains(BOMB));

    let mut quadratic = format!("a: &a [{}]\nb:\n", vec!["x"; 10_000].join(","));
    quadratic.push_str(&"  - *a\n".repeat(6_000));
    assert!(only(&quadratic).contains(BOMB));

    let mut long = format!("a: &a {}\nb:\n", "x".repeat(100_000));
    long.push_str(&"  - *a\n".repeat(10_000));
    assert!(only(&long).contains(BOMB));

    // Anchors within anchors, all of them kept.
    let nested = format!(
        "{}{}{}",
        (0..60).map(|i| format!("&a{i} [")).collect::<String>(),
        "x,".repeat(9_000),
        "]".repeat(60)
    );
    assert!(only(&nested).contains(BOMB));

    let mut chain = "a0: &a0 [x]\n".to_string();
    for i in 1..20_000 {
        let _ = writeln!(chain, "a{i}: &a{i} [*a{}]", i - 1);
    }
    assert!(only(&chain).contains("nested more than 64 levels deep"));

    // A legitimate use: a profile of a dozen entries for each of many agents.
    let mut honest = "p: &p {a: 1, b: 2, c: 3}\nagents:\n".to_string();
    honest.push_str(&"  - { operatorId: \"8001\", name: x, profile: *p }\n".repeat(2_000));
    good(&honest);
}

#[test]
fn depth() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    good(&nested(64));
    assert_eq!(only(&nested(65)), "1:65 lists and maps are nested more than 64 levels deep");
    assert!(only(&nested(5_000)).contains("64 levels"));
    assert!(only(&"[".repeat(5_000)).contains("64 levels"));
    assert!(only(&"{a: ".repeat(5_000)).contains("64 levels"));
    assert!(only(&"- ".repeat(5_000)).contains("64 levels"));
    assert!(only(&"? ".repeat(5_000)).contains("64 levels"));
}

#[test]
fn encodings() {
    insta::assert_snapshot!(wrong_bytes(b"a: 1\r\nname: \xe5\xbc\xa0\xd5\xc5\n"), @r#"
    2:8 the file is not UTF-8: byte 16 is 0xD5
      save the file as UTF-8 in your editor (not as GBK, ANSI or Unicode/UTF-16)
    "#);
    insta::assert_snapshot!(wrong_bytes(b"\xff\xfea\0:\0"), @r#"
    1:1 the file is not UTF-8: it begins like UTF-16 (byte 1) [masked]
      save the file as UTF-8 in your editor (not as GBK, ANSI or Unicode/UTF-16)
    "#);
    insta::assert_snapshot!(wrong_bytes(b"a: \xe5\xbc"), @r#"
    1:4 the file ends in the middle of a character (byte 4)
      save the file as UTF-8 in your editor (not as GBK, ANSI or Unicode/UTF-16)
    "#);
    insta::assert_snapshot!(wrong("a: 1\nb: x\0y\n"), @r#"
    2:5 the file holds a control character (U+0000)
      remove it; in double quotes it may be written as an escape such as "\x1B"
    "#);
    insta::assert_snapshot!(wrong("a: \"\u{1b}[31m\"\n"), @r#"
    1:5 the file holds a control character (U+001B)
      remove it; in double quotes it may be written as an escape such as "\x1B"
    "#);
    insta::assert_snapshot!(wrong("a: b\u{feff}\n"), @r#"
    1:5 a byte order mark (U+FEFF) stands within the file
      delete this invisible character
    "#);
}

#[test]
fn usual_slips() {
    let texts = [
        "a:\n\tb: 1\n",
        "a: 1\n\tb: 2\n",
        "a:b\nc: 1\n",
        "agents:\n  - id:1\n    name: x\n",
        "a: 1\nb\nc: 2\n",
        "a: 1\nb:2\nc: 3\n",
        "a: 1\nb\n",
        "a: \"abc\nb: 2\n",
        "a: 'abc\nb: 2\n",
        "a: \"abc\n",
        "'a': 1\n'b: 2\nc: 3\n",
        "a: x: y\n",
        "a: 12:30: 5\n",
        "a: 1\n  b: 2\n",
        "a:\n    b: 1\n  c: 2\n",
        "name: 张三\n role: x\n",
        "a: @x\n",
        "a: `x`\n",
        "a: %x\n",
        "a: {id}x\n",
        "a: {id} x\n",
        "a: [1]2\n",
        "a: [1, 2\nb: 3\n",
        "a: {x: 1\nb: 3\n",
        "a: [1, 2\n",
        "a: {x: 1\n",
        "[1 2\n3: [\n",
        "a: ]\n",
        "a: [x]]\n",
        "- a\nb: 1\n",
        "a: 1\n- b\n",
        "a: * x\n",
        "a: &\n",
        "a: !foo!bar x\n",
        "a: \"\\q\"\n",
        "a: \"x\" y\n",
        "a: 'it's'\n",
        "a: |\n  x\n y\n",
        "a: - b\n",
        "a: |\n\tx\n",
        "a: > x\n",
        "a: , b\n",
        "a: ? x\n",
        "%foo\na: 1\n",
        "a: 1\n---\nb: : 2\n",
        "a:\n  - b\n c: 1\n",
        "a:\n - b\n - c: 1\n   d: 2\n  e: 3\n",
        "a: 1\n... x\n",
        "a: b\n  # x\n  c\n",
        ": x: y\n",
    ];
    let mut out = String::new();
    for text in texts {
        let _ = write!(out, "{text:?}\n{}", wrong(text));
    }
    insta::assert_snapshot!(out, @r#"
    "a:\n\tb: 1\n"
    2:1 a tab stands where the line is indented
      indent with blanks: YAML allows no tabs there
    "a: 1\n\tb: 2\n"
    2:1 a tab stands where the line is indented
      indent with blanks: YAML allows no tabs there
    "a:b\nc: 1\n"
    1:2 a blank is missing behind the `:`
      write `key: value`
    "agents:\n  - id:1\n    name: x\n"
    2:7 a blank is missing behind the `:`
      write `key: value`
    "a: 1\nb\nc: 2\n"
    2:1 this line is neither `key: value` nor a list entry `- value`
      add the `:` and the value, or indent the line if it continues the value above
    "a: 1\nb:2\nc: 3\n"
    2:2 a blank is missing behind the `:`
      write `key: value`
    "a: 1\nb\n"
    2:1 this line is neither `key: value` nor a list entry `- value`
      add the `:` and the value, or indent the line if it continues the value above
    "a: \"abc\nb: 2\n"
    1:4 a quote is opened here but not closed where the value ends
      close the quote at the end of the value; if the value goes on in the next line, indent that line
    "a: 'abc\nb: 2\n"
    1:4 a quote is opened here but not closed where the value ends
      close the quote at the end of the value; if the value goes on in the next line, indent that line
    "a: \"abc\n"
    1:4 a quote is opened here but not closed where the value ends
      close the quote at the end of the value; if the value goes on in the next line, indent that line
    "'a': 1\n'b: 2\nc: 3\n"
    2:1 a quote is opened here but not closed where the value ends
      close the quote at the end of the value; if the value goes on in the next line, indent that line
    "a: x: y\n"
    1:5 a `:` with a blank behind it stands inside an unquoted value
      put the whole value in quotes
    "a: 12:30: 5\n"
    1:9 a `:` with a blank behind it stands inside an unquoted value
      put the whole value in quotes
    "a: 1\n  b: 2\n"
    2:3 this key is indented as if it belonged to the line above, which already has a value
      begin all keys of one map in the same column
    "a:\n    b: 1\n  c: 2\n"
    3:3 the indentation of this line matches no line above it
      begin all keys of one map, and all `-` of one list, in the same column
    "name: 张三\n role: x\n"
    2:2 this key is indented as if it belonged to the line above, which already has a value
      begin all keys of one map in the same column
    "a: @x\n"
    1:4 an unquoted value cannot begin with `@`
      put the value in quotes
    "a: `x`\n"
    1:4 an unquoted value cannot begin with a backtick
      put the value in quotes
    "a: %x\n"
    1:4 an unquoted value cannot begin with `%`
      put the value in quotes
    "a: {id}x\n"
    1:8 text follows the closing bracket of a value
      put the whole value in quotes if the brackets belong to it
    "a: {id} x\n"
    1:9 text follows the closing bracket of a value
      put the whole value in quotes if the brackets belong to it
    "a: [1]2\n"
    1:7 text follows the closing bracket of a value
      put the whole value in quotes if the brackets belong to it
    "a: [1, 2\nb: 3\n"
    2:2 `[` is open, but what follows is neither `, ` nor `]`
      opened here: 1:4
      close it with `]` and put `, ` between entries; quote a value that begins with `[`
    "a: {x: 1\nb: 3\n"
    2:2 `{` is open, but what follows is neither `, ` nor `}`
      opened here: 1:4
      close it with `}` and put `, ` between entries; quote a value that begins with `{`
    "a: [1, 2\n"
    1:4 `[` is opened here and never closed
      close it with `]` and put `, ` between entries; quote a value that begins with `[`
    "a: {x: 1\n"
    1:4 `{` is opened here and never closed
      close it with `}` and put `, ` between entries; quote a value that begins with `{`
    "[1 2\n3: [\n"
    2:2 this is not valid YAML
      look for a missing quote, bracket, blank or indentation here and in the line above
    "a: ]\n"
    1:4 this bracket closes nothing
      remove it, or put the value in quotes
    "a: [x]]\n"
    1:7 this bracket closes nothing
      remove it, or put the value in quotes
    "- a\nb: 1\n"
    2:1 this line is not an entry of the list above it
      begin it with `- `, or with the column of the key that it belongs to
    "a: 1\n- b\n"
    2:1 the indentation of this line matches no line above it
      begin all keys of one map, and all `-` of one list, in the same column
    "a: * x\n"
    1:4 `*` begins an alias, but no name follows
      put the value in quotes if the sign belongs to it
    "a: &\n"
    1:4 `&` begins an anchor, but no name follows
      put the value in quotes if the sign belongs to it
    "a: !foo!bar x\n"
    1:4 `!` begins a tag that cannot be read
      put the value in quotes if the `!` belongs to it
    "a: \"\\q\"\n"
    1:4 in double quotes a backslash begins an escape, and this is none that YAML knows
      write `\\` for a backslash, or use single quotes, in which a backslash is an ordinary sign
    "a: \"x\" y\n"
    1:8 text follows the closing quote of a value
      put the whole value in quotes; a `'` within single quotes is written `''`, a `"` within double quotes `\"`
    "a: 'it's'\n"
    1:8 text follows the closing quote of a value
      put the whole value in quotes; a `'` within single quotes is written `''`, a `"` within double quotes `\"`
    "a: |\n  x\n y\n"
    3:2 the indentation of this line matches no line above it
      begin all keys of one map, and all `-` of one list, in the same column
    "a: - b\n"
    1:4 a list entry `- ` cannot stand on the line of its key
      begin the list on the next line, or write `[a, b]`; quote the value if the `-` belongs to it
    "a: |\n\tx\n"
    2:1 a tab stands where the line is indented
      indent with blanks: YAML allows no tabs there
    "a: > x\n"
    1:4 a text block that begins with `|` or `>` is not well formed
      write `|` or `>` at the end of the line and indent all lines of text below it by blanks; or put the value in quotes
    "a: , b\n"
    1:4 a value cannot begin like this
      put the value in quotes
    "a: ? x\n"
    1:4 `? ` cannot stand here
      put the value in quotes
    "%foo\na: 1\n"
    2:1 this document cannot begin here
      put `---` on a line of its own between two documents; quote a value that begins with `%`
    "a: 1\n---\nb: : 2\n"
    3:4 a `:` with a blank behind it stands inside an unquoted value
      put the whole value in quotes
    "a:\n  - b\n c: 1\n"
    3:2 the indentation of this line matches no line above it
      begin all keys of one map, and all `-` of one list, in the same column
    "a:\n - b\n - c: 1\n   d: 2\n  e: 3\n"
    5:3 this line is not an entry of the list above it
      begin it with `- `, or with the column of the key that it belongs to
    "a: 1\n... x\n"
    2:5 only a remark may follow `...`
      put `---` before the next document
    "a: b\n  # x\n  c\n"
    3:3 the indentation of this line matches no line above it
      begin all keys of one map, and all `-` of one list, in the same column
    ": x: y\n"
    1:1 a key is missing before the `:`
      write `key: value`
    "#);
}

#[test]
fn nothing_private_is_said() {
    let texts = [
        "password: hunter2: x\n",
        "password: *hunter2\n",
        "password: first\n  hunter2: x\n",
        "password: \"first\n  hunter2\" x\n",
        "password: {hunter2: 1, hunter2: 2}\n",
        "password:\n  hunter2: 1\n  hunter2: 2\n",
        "password:\n  !hunter2 x\n",
        "password: !hunter2\n",
        "password: [\n  *hunter2 ]\n",
        "password:\n  *hunter2\n",
        "password: hunter2\n\tx: 1\n",
        "password: @hunter2\n",
        "password: {hunter2\n",
        "password: [first,\n hunter2: [\n",
        "password:\n  hunter2\u{1}\n",
        "password: |\n  first\n hunter2\n",
        "password: &hunter2 [*hunter2]\n",
        "password:hunter2\nx: 1\n",
    ];
    for text in texts {
        let (_, problems) = read(&file(), text.as_bytes());
        assert!(!problems.is_empty(), "{text}");
        for problem in problems.into_sorted() {
            assert!(
                !format!("{}{}", problem.message(), problem.help()).contains("hunter2"),
                "{text}\n{problem:?}"
            );
            let line = problem
                .source
                .as_ref()
                .map(|s| text.split('\n').nth(s.line as usize - 1).unwrap_or_default());
            let plain = line.filter(|line| line.contains("hunter2") && !line.contains("password"));
            assert!(plain.is_none() || problem.masked, "{text}\n{problem:?}");
        }
    }
}

/// serde_yaml must read the same text the same way.
#[test]
fn agrees_with_serde_yaml() {
    let texts = [
        include_str!("sample.yaml"),
        "a: 1\nb: [x, 'y', \"z\\n\", 1.5, true, ~, null, false]\nc: {d: e, f: {}}\n",
        "a: |\n  x\n   y\n\n  z\nb: >\n  p\n  q\n\n  r\nc: |-\n  s\nd: |+\n  t\n\n",
        "a: 'it''s'\nb: \"\\u5f20\\t\\\\ \\\"\"\nc: x # remark\nd: x#y\ne: http://x/y?z\n",
        "a: &x {n: 1, m: [1, 2]}\nb: *x\nc: [*x]\n",
        "plain\n  over\n\n  lines\n",
        "- yes\n- no\n- on\n- off\n- 1_000\n- 12:30\n- 2026-01-01\n- 8101..8180\n- 张三\n- -5\n- 0x1F\n- 0o10\n- 1e3\n- .inf\n",
        "\"quoted key\": \"003\"\n? explicit\n: 'true'\n",
        "a:\r\n  - b: 1\r\n    c: \"x\r\n      y\"\r\n",
    ];
    for text in texts {
        let theirs: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        same(&good(text)[0], &theirs, text);
    }
}

fn same(ours: &Node, theirs: &serde_yaml::Value, text: &str) {
    use serde_yaml::Value;
    match (&ours.value, theirs) {
        (NodeValue::List(ours), Value::Sequence(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{text}");
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs, text));
        }
        (NodeValue::Map(ours), Value::Mapping(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{text}");
            for ((key, ours), (name, theirs)) in ours.iter().zip(theirs) {
                assert_eq!(Some(&*key.name), name.as_str(), "{text}");
                same(ours, theirs, text);
            }
        }
        (NodeValue::Scalar(scalar), theirs) => match (scalar.kind(), theirs) {
            (ScalarKind::Null, Value::Null) => {}
            (ScalarKind::Bool(ours), Value::Bool(theirs)) => assert_eq!(ours, *theirs, "{text}"),
            (ScalarKind::Int, Value::Number(n)) => assert!(n.is_i64() || n.is_u64(), "{n}: {text}"),
            (ScalarKind::Float, Value::Number(n)) => assert!(n.is_f64(), "{n}: {text}"),
            (ScalarKind::Text, Value::String(theirs)) => assert_eq!(&*scalar.text, theirs, "{text}"),
            // The one difference: by YAML 1.2, `003` is the number three. serde_yaml takes digits behind a zero for
            // text, and avoids the choice between three and an octal number.
            (ScalarKind::Int, Value::String(theirs)) => {
                assert_eq!(&*scalar.text, theirs);
                assert!(theirs.trim_start_matches(['+', '-']).starts_with('0'), "{theirs}: {text}");
            }
            (ours, theirs) => panic!("{ours:?} {:?} but {theirs:?}: {text}", scalar.text),
        },
        (ours, theirs) => panic!("{ours:?} but {theirs:?}: {text}"),
    }
}
