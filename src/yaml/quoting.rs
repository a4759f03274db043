//! Writes a text as YAML that every reader reads as that text.
//!
//! Readers differ: for some of them `no`, `on`, `012`, `1_000`, `12:30`, `2026-01-01`, `=` and `<<` are no text. So an
//! unquoted text here begins with a letter, and holds letters, digits and few signs. It is none of the words that a
//! reader takes for something else. All other text stands in double quotes, with invisible and bidirectional characters
//! escaped.

use std::fmt::Write as _;

use crate::model::text::is_hidden;

/// Words that some reader takes for a flag, nothing or a number, in any case.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];

/// Writes a text for any place: as a key, in a list, between braces.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Returns true if some reader takes the unquoted word for something else.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Writes a word of a table. `2h` and the like begin with a digit, and no reader takes them for a number.
pub(crate) fn word(word: &str) -> String {
    if is_ambiguous(word) { quoted(word) } else { word.to_owned() }
}

/// Returns true if every reader takes the unquoted text for text.
fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let inner = |c: char| (c.is_alphanumeric() || " _-./+@".contains(c)) && !is_hidden(c);
    chars.next().is_some_and(|first| first.is_alphabetic() && !is_hidden(first))
        && chars.all(inner)
        && !text.ends_with(' ')
        // Between brackets a parser may take `A -` for the beginning of a list.
        && !text.contains(" -")
        && !is_ambiguous(text)
}

/// Writes a text in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes a text for a comment: on one line, with invisible characters escaped.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

fn escape(out: &mut String, c: char) {
    let _ = match u32::from(c) {
        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
        code @ 0x100..=0xffff => write!(out, "\\u{code:04x}"),
        code => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{agent, queue};
    use crate::yaml;
    use crate::yaml::{Node, NodeValue, ScalarKind};

    /// Checks that this program and another reader read the text back. It stands as a value, as a key, and in a list.
    fn read_back(text: &str) -> Result<(), TestCaseError> {
        let written = scalar(text);
        let document = format!(
            "value: {written}\nflow: [{written}, {{ first: {written}, second: 1 }}]\nkey:\n  {written}: {{ {written}: 1 }}\n"
        );
        let (nodes, wrong) = yaml::read(&"a.yaml".into(), document.as_bytes());
        prop_assert!(wrong.is_empty(), "{document}{wrong:?}");
        let mut seen = Vec::new();
        collect(&nodes[0], &mut seen);
        prop_assert!(seen.iter().all(|seen| **seen == *text), "{document}{seen:?}");
        prop_assert_eq!(seen.len(), 5);
        let other: serde_yaml::Value =
            serde_yaml::from_str(&document).map_err(|e| TestCaseError::fail(format!("{e}: {document}")))?;
        prop_assert_eq!(other["value"].as_str(), Some(text));
        prop_assert_eq!(other["flow"][0].as_str(), Some(text));
        prop_assert_eq!(other["flow"][1]["first"].as_str(), Some(text));
        prop_assert_eq!(other["key"][text][text].as_i64(), Some(1));
        Ok(())
    }

    /// Collects the texts of a tree, except the keys and the number of the test itself.
    fn collect(node: &Node, seen: &mut Vec<Arc<str>>) {
        match &node.value {
            NodeValue::Scalar(scalar) if scalar.kind() == ScalarKind::Text => seen.push(scalar.text.clone()),
            NodeValue::Scalar(_) => {}
            NodeValue::List(items) => items.iter().for_each(|item| collect(item, seen)),
            NodeValue::Map(entries) => {
                for (key, value) in entries {
                    // A key of the test itself, unless the text under test is the same word.
                    if key.source.column > 1 && !matches!(&*key.name, "first" | "second") {
                        seen.push(key.name.clone());
                    }
                    collect(value, seen);
                }
            }
        }
    }

    #[test]
    fn text_that_readers_mistake_stays_text() {
        for text in [
            "",
            " ",
            "~",
            "null",
            "Null",
            "yes",
            "No",
            "oN",
            "off",
            "y",
            "N",
            "true",
            "FALSE",
            "012",
            "0x1F",
            "0o7",
            "1_000",
            "12:30",
            "1.5",
            ".5",
            "1e3",
            "+5",
            "-7",
            ".inf",
            ".NaN",
            "nan",
            "2026-01-01",
            "=",
            "<<",
            "-",
            "?",
            ":",
            "- a",
            "? a",
            "a: b",
            "a:",
            ":a",
            "a #b",
            "#a",
            " a",
            "a ",
            "a\tb",
            "a\nb",
            "a\r\nb",
            "a\u{85}b",
            "\u{feff}a",
            "a\u{2028}b",
            "a\u{a0}b",
            "a\u{202e}b",
            "\u{200b}",
            "\u{3000}a",
            "\0",
            "\u{7f}",
            "\u{9b}31m",
            "!a",
            "&a",
            "*a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "[a",
            "{a}",
            "a,b",
            "'a'",
            "\"a\"",
            "a\\b",
            "---",
            "...",
            "张三",
            "外呼8101",
            "王 芳",
            "Ann-Marie O'Neil",
            "😀",
            "👩\u{200d}💻",
            "８",
            "A/B.c_d+e",
            "value",
            "flow",
            "\u{ffff}",
            "\u{1fffe}",
            "e\u{301}",
        ] {
            read_back(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        }
    }

    #[test]
    fn plain_names_need_no_quotes() {
        for text in ["张三", "外呼8101", "王 芳", "presales-2", "a.b@c", "售前（一）"] {
            let plain = scalar(text) == text;
            assert_eq!(plain, !text.contains('（'), "{text}");
        }
        assert_eq!(scalar("8001"), "\"8001\"");
        assert_eq!(scalar("A -"), "\"A -\"");
        assert_eq!(scalar("off"), "\"off\"");
        for table in [agent::TYPES, agent::OUTBOUND, agent::CHANNELS, queue::ASSIGN_RULES, queue::MEMORY] {
            for text in table {
                let written = word(text);
                let other: serde_yaml::Value = serde_yaml::from_str(&written).unwrap();
                assert_eq!(other.as_str(), Some(*text));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_as_it_was(text in any::<String>()) {
            read_back(&text)?;
        }

        #[test]
        fn any_text_of_signs_is_read_as_it_was(text in "[-+0-9a-zA-Z_.:,#'\"&*!|>%@`{}\\[\\]?=<~ \\\\\t\n\r]{0,8}") {
            read_back(&text)?;
        }
    }
}
