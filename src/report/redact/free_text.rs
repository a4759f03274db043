//! Telephone numbers and e-mail addresses in a free text without a known structure.
//!
//! In doubt a match is hidden. The search folds full-width forms, a character for a character; the rest of the text
//! keeps its spelling.

use std::collections::BTreeSet;

use crate::model::id::KINDS;

/// Fewest digits of a telephone number.
pub(super) const FEWEST: usize = 7;
/// Number of digits that make a telephone number in any context.
const SURE: usize = 11;
/// Fewest letters and digits of a hexadecimal digest.
const DIGEST: usize = 32;
/// Suffixes of file names in paths.
const SUFFIXES: [&str; 3] = [".yaml", ".yml", ".json"];

/// Returns false for a text that holds neither an e-mail address nor a telephone number.
pub(super) fn may_be_personal(text: &str) -> bool {
    let digits = text.chars().filter(|c| matches!(c, '0'..='9' | '０'..='９'));
    digits.take(FEWEST).count() == FEWEST || text.contains(['@', '＠'])
}

/// Hides e-mail addresses: `show` returns the visible rest of one.
pub(super) fn addresses(text: &str, show: impl Fn(&str) -> String) -> String {
    let local = |c: &char| c.is_alphanumeric() || "._%+-".contains(*c);
    let (chars, plain) = folded(text);
    let mut out: Vec<char> = Vec::with_capacity(chars.len());
    let mut from = 0;
    while let Some(at) = plain[from..].iter().position(|c| *c == '@').map(|at| from + at) {
        let start = at - plain[from..at].iter().rev().take_while(|c| local(c)).count();
        let mut end = at + 1 + plain[at + 1..].iter().take_while(|c| local(c)).count();
        while plain[at + 1..end].ends_with(&['.']) {
            end -= 1;
        }
        let domain = &plain[at + 1..end];
        // The number of a queue also follows its name after an `@`.
        let bare = domain.first().is_some_and(char::is_ascii_alphabetic) && !after_kind(&plain[..start]);
        if start < at && (domain.contains(&'.') || bare) {
            out.extend(&chars[from..start]);
            out.extend(show(&plain[start..end].iter().collect::<String>()).chars());
        } else {
            out.extend(&chars[from..end]);
        }
        from = end;
    }
    out.extend(&chars[from..]);
    out.into_iter().collect()
}

/// Hides telephone numbers, except known ids: `show` returns the visible rest of one.
pub(super) fn numbers(text: &str, ids: &BTreeSet<String>, show: impl Fn(&str) -> String) -> String {
    let (chars, plain) = folded(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < plain.len() {
        let stays = stays(&plain, at);
        let begins = plain[at].is_ascii_digit() || (plain[at] == '+' && digit(&plain, at + 1));
        let mut end = at + stays.max(1);
        if stays == 0 && begins {
            let close = at + 1 + plain[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
            let known = ids.contains(&plain[at..close].iter().collect::<String>());
            end = if known || names(&plain[..at]) { close } else { number_end(&plain, at) };
            let number: String = plain[at..end].iter().collect();
            let digits = number.bytes().filter(u8::is_ascii_digit).count();
            let part = continues(&plain[..at]) || goes_on(&plain[end..]) || in_path(&plain, at, end);
            if !known && digits >= FEWEST && (digits >= SURE || !part) {
                out.push_str(&show(&number));
                at = end;
                continue;
            }
        }
        out.extend(&chars[at..end]);
        at = end;
    }
    out
}

/// Returns the characters of a text, plain and folded. Folding replaces full-width forms and foreign blanks and dashes.
fn folded(text: &str) -> (Vec<char>, Vec<char>) {
    let plain = text.chars().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        c => c,
    });
    (text.chars().collect(), plain.collect())
}

fn digit(plain: &[char], at: usize) -> bool {
    plain.get(at).is_some_and(char::is_ascii_digit)
}

/// Returns the length of a date, a time, a network address or a digest. Returns 0 if there is none.
fn stays(plain: &[char], at: usize) -> usize {
    let begins =
        at.checked_sub(1).and_then(|before| plain.get(before)).is_none_or(|c| !c.is_ascii_alphanumeric());
    if begins {
        let hex = plain[at..].iter().take_while(|c| c.is_ascii_hexdigit()).count();
        if hex >= DIGEST && plain[at..at + hex].iter().any(char::is_ascii_alphabetic) {
            return hex;
        }
    }
    if !digit(plain, at) || at > 0 && digit(plain, at - 1) {
        return 0;
    }
    let (sizes, between) = groups(plain, at);
    match (&sizes[..], &between[..]) {
        ([1..=3, 1..=3, 1..=3, 1..=3, ..], ['.', '.', '.'] | ['.', '.', '.', ':']) => {
            sizes[..4].iter().sum::<usize>() + 3
        }
        ([4, 2, 2, ..], ['-', '-', ..] | ['.', '.', ..])
            if matches!(plain[at..at + 2], ['1', '9'] | ['2', '0']) =>
        {
            10
        }
        ([2, 2, 2, ..], [':', ':', ..]) => {
            let mut end = at + 8;
            if plain.get(end) == Some(&'.') {
                end += 1 + plain[end + 1..].iter().take_while(|c| c.is_ascii_digit()).count().min(9);
            }
            end - at
        }
        _ => 0,
    }
}

/// Returns the sizes of the first five groups of digits, and the signs between them.
fn groups(plain: &[char], start: usize) -> (Vec<usize>, Vec<char>) {
    let (mut sizes, mut between, mut at) = (Vec::new(), Vec::new(), start);
    loop {
        let size = plain[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        sizes.push(size);
        at += size;
        match plain.get(at) {
            Some(c @ ('.' | '-' | ':')) if sizes.len() < 5 && digit(plain, at + 1) => between.push(*c),
            _ => return (sizes, between),
        }
        at += 1;
    }
}

/// Returns true if a kind and a `/` stand before a place.
fn after_kind(before: &[char]) -> bool {
    let Some((_, before)) = before.split_last().filter(|(last, _)| **last == '/') else { return false };
    let letters = before.iter().rev().take_while(|c| c.is_ascii_alphanumeric()).count();
    let word: String = before[before.len() - letters..].iter().collect();
    KINDS.iter().any(|names| names.word == word || names.plural == word)
}

/// Returns true if an id or the number of a queue follows.
fn names(before: &[char]) -> bool {
    before.last() == Some(&'@') || after_kind(before)
}

/// Returns true if digits here belong to the text before them.
fn continues(before: &[char]) -> bool {
    names(before) || before.last().is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
}

/// Returns true if the text behind digits makes them a part of a word.
fn goes_on(after: &[char]) -> bool {
    match after {
        ['.', next, ..] => next.is_ascii_alphanumeric(),
        [c, ..] => c.is_ascii_alphanumeric() || matches!(c, '_' | '@'),
        [] => false,
    }
}

/// Returns true if digits are a part of the path of a file.
fn in_path(plain: &[char], start: usize, end: usize) -> bool {
    if !plain[..start].ends_with(&['/']) {
        return false;
    }
    let rest: String = plain[end..].iter().take_while(|c| !c.is_whitespace()).collect();
    SUFFIXES.iter().any(|suffix| rest.contains(suffix))
}

/// Returns the end of a number. A single blank, dot or hyphen or a bracket may separate its digits.
fn number_end(plain: &[char], start: usize) -> usize {
    let bracket = |c: char| matches!(c, '(' | ')');
    let joins = |c: char| matches!(c, ' ' | '-' | '.') || bracket(c);
    let mut end = start + 1;
    loop {
        let gap = match plain[end..] {
            [c, ..] if c.is_ascii_digit() => {
                end += 1;
                continue;
            }
            [c, next, ..] if joins(c) && next.is_ascii_digit() => 1,
            [c, d, next, ..]
                if joins(c) && joins(d) && (bracket(c) || bracket(d)) && next.is_ascii_digit() =>
            {
                2
            }
            _ => return end,
        };
        if stays(plain, end + gap) > 0 {
            return end;
        }
        end += gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let show = |_: &str| "#".to_owned();
        numbers(&addresses(text, show), &["80010001".to_owned()].into(), show)
    }

    #[test]
    fn a_number_is_hidden_whatever_stands_beside_it() {
        for (text, hidden) in [
            ("李四/13800138000", "李四/#"),
            ("电话/13800138000", "电话/#"),
            ("电话/88886666", "电话/#"),
            ("138 0013 8000", "#"),
            ("0755 8888 6666", "#"),
            ("(0755) 8888-6666", "(#"),
            ("138.0013.8000", "#"),
            ("13800138000:8", "#:8"),
            ("tel13800138000", "tel#"),
            ("13800138001_", "#_"),
            ("agent/李四@13800138000", "agent/李四@#"),
            ("１３８００１３８０００，请", "#，请"),
            ("`outbound` cannot be `a13800138000`", "`outbound` cannot be `a#`"),
            ("agent/8001 13800138000", "agent/8001 #"),
            ("80010001 13800138000", "80010001 #"),
            ("2026-11-25 13800138000", "2026-11-25 #"),
            ("roster/13800138000.yaml", "roster/#.yaml"),
            ("李＠example.com", "#"),
            ("li@example", "#"),
            ("li@example.", "#."),
        ] {
            assert_eq!(masked(text), hidden, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        for text in [
            "agent/80010001 leaves 8001, 8101..8180",
            "agent/80010002 and seat/10018578, queues/20018578",
            "queue/在线售前@10018578 and queue/sales@main",
            "ＶＩＰ １２３",
            "小李@售后",
            "on 2026-11-25 10:00:00, 2026-11-25T10:00:00.123456789Z and 2026-11-25T10:00:00+08:00",
            "from 8001 2026-11-25",
            "at 192.168.100.101:8080",
            "sha256:1234567890123456789012345678901234567890123456789012345678901abc",
            "roster/20261125/a.yaml:12:5",
            "priority 100, 20 of 302 agents",
            "R105 0705C559_003 x1234567",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
