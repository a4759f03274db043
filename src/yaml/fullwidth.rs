//! Signs of a Chinese keyboard in place of YAML's own: `：` for `:`, `，` for `,`, `“` for `"`; and blanks that look like
//! YAML's.
//!
//! To YAML they are letters. Their effect appears far from the slip, or not at all.

use crate::model::problem::SyntaxProblem;

/// Returns the YAML sign that was meant.
fn meant(sign: char) -> Option<char> {
    Some(match sign {
        '：' | '︰' | '﹕' => ':',
        '，' | '、' | '；' => ',',
        '“' | '”' | '„' | '＂' => '"',
        '‘' | '’' | '＇' => '\'',
        '【' | '［' => '[',
        '】' | '］' => ']',
        '｛' => '{',
        '｝' => '}',
        '－' | '—' => '-',
        blank if is_odd_blank(blank) => ' ',
        _ => return None,
    })
}

/// Returns true if a character looks like a blank and is none in YAML.
fn is_odd_blank(sign: char) -> bool {
    !sign.is_ascii() && sign.is_whitespace() || matches!(sign, '\u{200b}' | '\u{2060}')
}

/// Returns the key behind blanks without effect, and the first of them.
pub(crate) fn indent(key: &str) -> Option<(&str, char)> {
    let blank = key.chars().next().filter(|sign| is_odd_blank(*sign))?;
    Some((key.trim_start_matches(|sign| sign == ' ' || is_odd_blank(sign)), blank))
}

/// Returns the problem of such a sign.
pub(crate) fn problem(sign: char) -> SyntaxProblem {
    match meant(sign) {
        Some(' ') => SyntaxProblem::OddBlank { sign },
        meant => SyntaxProblem::FullwidthSign { sign, meant: meant.unwrap_or(sign) },
    }
}

/// Returns the fullwidth bracket at the beginning of an unquoted value.
pub(crate) fn opening_bracket(text: &str) -> Option<char> {
    text.chars().next().filter(|sign| matches!(meant(*sign), Some('[' | '{')))
}

/// Returns the key before a fullwidth colon, and that colon. The text was meant to be `key: value`.
pub(crate) fn colon(text: &str) -> Option<(&str, char)> {
    let (at, sign) = text.char_indices().find(|(_, c)| meant(*c) == Some(':'))?;
    let key = text[..at].trim();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_key.then_some((key, sign))
}

/// Returns the first such sign of a line that is no YAML, with its column from 0. It counts only in a place where
/// YAML's own sign would have a meaning.
pub(crate) fn find(line: &str) -> Option<(usize, char)> {
    let mut quote = None;
    let mut depth = 0_usize;
    // `begins`: a key or a value may begin here. `ended`: a quoted text or a collection has just ended.
    let (mut begins, mut ended) = (true, false);
    let mut last = ' ';
    for (column, (at, c)) in line.char_indices().enumerate() {
        if let Some(open) = quote {
            if c == open && !(open == '"' && last == '\\') {
                (quote, ended) = (None, true);
            }
            last = c;
            continue;
        }
        let wrong = match meant(c) {
            Some(':') => colon(&line[key_begins(line, at, depth > 0)..]).is_some(),
            Some(',') => depth > 0 || ended,
            Some('"' | '\'' | '[' | '{') => begins,
            Some(']' | '}') => depth > 0,
            Some('-') => {
                line[..at].trim().is_empty() && line[at + c.len_utf8()..].starts_with([' ', '\u{3000}'])
            }
            Some(_) => line[..at].trim().is_empty() || last == ':',
            None => false,
        };
        if wrong {
            return Some((column, c));
        }
        match c {
            '#' if last == ' ' => return None,
            '"' | '\'' if begins => quote = Some(c),
            '[' | '{' if begins => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c != ' ' {
            ended = matches!(c, ']' | '}');
            begins = matches!(c, ':' | '-' | '[' | '{' | ',');
        }
        last = c;
    }
    // A quote whose closing sign is a fullwidth one.
    let end = line.trim_end();
    let sign = end.chars().next_back().filter(|_| quote.is_some())?;
    matches!(meant(sign), Some('"' | '\'')).then(|| (end.chars().count() - 1, sign))
}

/// Returns the start of the key that ends at a place.
fn key_begins(line: &str, end: usize, in_brackets: bool) -> usize {
    let head = line[..end].trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let before = head.trim_end();
    let alone = before.is_empty() || before.ends_with('-') || in_brackets && before.ends_with(['{', ',']);
    if alone { head.len() } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_found_where_they_stand_for_one_of_yaml() {
        for (line, column, sign) in [
            ("    name：张三", 8, '：'),
            ("  - operatorId：\"1\"", 14, '：'),
            ("  - { operatorId: \"1\", name：张三 }", 27, '：'),
            ("    assignMembers: [\"1\"，\"2\"]", 23, '，'),
            ("    assignMembers: [\"1\"、\"2\"]", 23, '、'),
            ("  - { operatorId: \"1\", name: a， role: r }", 30, '，'),
            ("    name: “张三”", 10, '“'),
            ("    name: \"张三”", 13, '”'),
            ("    assignMembers: 【\"1\"】", 19, '【'),
            ("  － operatorId: \"1\"", 2, '－'),
            ("    name:\u{3000}a", 9, '\u{3000}'),
            ("\u{3000}\u{3000}name: a", 0, '\u{3000}'),
            ("   \u{a0}name: a", 3, '\u{a0}'),
            ("   \u{200b}name: a", 3, '\u{200b}'),
        ] {
            assert_eq!(find(line), Some((column, sign)), "{line}");
        }
    }

    #[test]
    fn in_a_text_they_are_letters() {
        for line in [
            "    announcement: 您好，请注意：线路忙，请稍候。",
            "    announcement: \"注意：线路忙，“请”稍候”",
            "    name: 售前（一）",
            "    name: a # 说明：“改过”，见上",
            "    name: \"李\u{3000}四\"",
            "    name: 李\u{3000}四",
            "    name: 李\u{a0}四",
        ] {
            let closed = !line.ends_with('”');
            assert_eq!(find(line).is_none(), closed, "{line}");
        }
        assert_eq!(colon("name：张三"), Some(("name", '：')));
        assert_eq!(colon("请看 name：张三"), None);
    }
}
