//! The check that a Chinese output holds no English sentence.

/// The most English words in a row: four make a sentence.
const MOST: usize = 3;

/// Panics if a line holds four or more English words in a row.
///
/// Text between backquotes, tags, comments and addresses do not count: they stay as they are in every language. A
/// word has lower-case letters alone. So a key such as `wrapUpSeconds`, an id such as `agent/8001` and a placeholder
/// such as `FIRST` are none.
pub(crate) fn assert_no_english(text: &str) {
    let text = without(text, "<script>", "</script>");
    let text = without(&text, "<style>", "</style>");
    let found: Vec<String> = text.lines().filter_map(sentence).collect();
    assert!(found.is_empty(), "English in Chinese:\n{}", found.join("\n"));
}

/// Returns a page without the content of some elements, which may have several lines.
fn without(page: &str, open: &str, close: &str) -> String {
    let mut parts = page.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(close).map_or("", |(_, rest)| rest))
}

/// Returns the first run of English words of a line that is too long.
fn sentence(line: &str) -> Option<String> {
    let mut run = Vec::new();
    for token in bare(line).split_whitespace() {
        let word = token.trim_matches(|c: char| c.is_ascii_punctuation());
        let is_word = !word.is_empty()
            && word.chars().enumerate().all(|(at, c)| {
                c.is_ascii_lowercase() || matches!(c, '\'' | '-') || (at == 0 && c.is_ascii_uppercase())
            });
        // A comma within a list of words, such as the values of a setting, parts no sentence.
        let is_listed = token.ends_with(',');
        if is_word && !is_listed {
            run.push(word);
        } else {
            run.clear();
        }
        if run.len() > MOST {
            return Some(format!("`{}` in: {line}", run.join(" ")));
        }
    }
    None
}

/// Returns a line without the text between backquotes or `<code>`, and without tags and comments.
fn bare(line: &str) -> String {
    let mut text = String::new();
    for (at, part) in line.split('`').enumerate() {
        text.push_str(if at % 2 == 0 { part } else { " 、 " });
    }
    for (open, close) in [("<!--", "-->"), ("<code>", "</code>"), ("<", ">")] {
        while let Some(start) = text.find(open) {
            let Some(end) = text[start..].find(close) else { break };
            // Text of a tag that people read stands in these attributes.
            let tag = &text[start..start + end];
            let read = ["title=\"", "placeholder=\"", "aria-label=\"", "data-found=\"", "data-label=\""]
                .iter()
                .filter_map(|name| tag.split_once(name)?.1.split('"').next())
                .collect::<Vec<_>>()
                .join(" 、 ");
            text.replace_range(start..start + end + close.len(), &format!(" 、 {read} 、 "));
        }
    }
    text
}

#[test]
fn an_english_sentence_is_found_and_a_key_is_none() {
    for english in [
        "工号 8001: the account stays as it is",
        "<p title=\"all about this person\">张三</p>",
        "张三 (no member is left)",
    ] {
        assert!(sentence(english).is_some(), "{english}");
    }
    for chinese in [
        "加上 `the account stays as it is` 再执行",
        "<!-- rosterctl is a name here --><b class=\"one two three four\">张三</b>",
        "random, queue, least, priority",
        "rosterctl apply prod 之后",
    ] {
        assert_eq!(sentence(chinese), None, "{chinese}");
    }
}
