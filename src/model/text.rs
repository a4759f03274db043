//! Texts of manifests and vendors, in forms that are safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Returns true if a character is invisible or deceptive.
///
/// It is invisible, breaks a line, changes the writing direction, or looks like a blank. These are Unicode's
/// controls, separators (but for the space and the ideographic space U+3000), noncharacters and default-ignorable
/// code points. The latter include all bidirectional controls, variation selectors and tags. Annotation marks and the
/// Braille blank belong to them, too.
pub fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' | '\u{3000}'..='\u{3163}' | '\u{3165}'..='\u{d7ff}' => false,
        '\u{2800}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' => true,
        _ => {
            c.is_control()
                || c.is_whitespace()
                || u32::from(c) & 0xfffe == 0xfffe
                || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        }
    }
}

/// Returns a text that is safe on one line: hidden characters ([`is_hidden`]) are escaped, as `\n` or `\u{200b}`.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => result.extend(c.escape_default()),
            c if is_hidden(c) => result.extend(c.escape_unicode()),
            c => result.push(c),
        }
    }
    Cow::Owned(result)
}

/// Returns a text whose lines are each safe to show.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || !is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n"))
}

/// The longest text of a message, in characters.
const LONGEST: usize = 2_000;

/// Cuts a text to the longest that a message can hold.
pub fn shortened(mut text: String) -> String {
    if text.len() > LONGEST
        && let Some((end, _)) = text.char_indices().nth(LONGEST)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Returns as many of some names as a message can hold.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut room = LONGEST;
    let fits = |name: &&str| {
        let fits = room > 0;
        room = room.saturating_sub(name.chars().count() + 2);
        fits
    };
    names.take_while(fits).map(str::to_owned).collect()
}

/// Returns the form in which texts that look alike are equal.
///
/// It is NFKC in lower case, without blanks and hidden characters ([`is_hidden`]).
pub fn skeleton(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let lower = nfkc.normalize(text).to_lowercase();
    let seen: String = lower.chars().filter(|c| !c.is_whitespace() && !is_hidden(*c)).collect();
    // A hidden character may have separated a letter from its mark.
    nfkc.normalize(&seen).into_owned()
}

/// Returns a text in quotes with its odd characters escaped, or else unchanged.
///
/// Odd are blanks that lead, trail, follow a blank or are not ASCII. So are hidden characters ([`is_hidden`]), and
/// those that NFC would compose or replace.
pub fn visible(text: &str) -> Cow<'_, str> {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let composed = nfc.is_normalized(text);
    let length = text.chars().count();
    let mut before = String::new();
    let (mut result, mut is_odd, mut after_blank) = ("\"".to_owned(), false, true);
    for (at, c) in text.chars().enumerate() {
        let is_blank = c.is_whitespace();
        let stray = is_blank && (c != ' ' || after_blank || at + 1 == length);
        let odd = stray
            || is_hidden(c)
            || !composed && {
                let alone = format!("{}{c}", nfc.normalize(&before));
                before.push(c);
                *nfc.normalize(&before) != alone
            };
        match c {
            c if odd => result.extend(c.escape_unicode()),
            '"' | '\\' => result.extend(['\\', c]),
            c => result.push(c),
        }
        // Plain ASCII composes with no character before it.
        if c.is_ascii() {
            before = c.to_string();
        }
        (is_odd, after_blank) = (is_odd || odd, is_blank);
    }
    result.push('"');
    if is_odd { Cow::Owned(result) } else { Cow::Borrowed(text) }
}

/// Returns bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranges of DefaultIgnorableCodePoint and of the separators in Unicode 16, by hand.
    const HIDDEN: &[(u32, u32)] = &[
        (0x00, 0x1f),
        (0x7f, 0xa0),
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x1680, 0x1680),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x2000, 0x200f),
        (0x2028, 0x202f),
        (0x205f, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffb),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];

    #[test]
    fn the_list_is_the_one_of_unicode() {
        for (first, last) in HIDDEN {
            for c in (*first..=*last).filter_map(char::from_u32) {
                assert!(is_hidden(c), "{c:?}");
            }
        }
        let seen = "Az09~é张三坐席Ａ０　한글日本ひカ한́👩🏽٣अ€–—…“”·、。（）⚠";
        assert_eq!(seen.chars().find(|c| is_hidden(*c)), None);
    }

    #[test]
    fn texts_that_look_alike_have_one_skeleton() {
        let alike = [
            ["王芳", "王\u{200b}芳"],
            ["é", "e\u{301}"],
            ["é", "e\u{200b}\u{301}"],
            ["ABC 1", "ａｂｃ\u{3000}１"],
            ["가", "\u{1100}\u{1161}"],
            ["㈱", "(株)"],
        ];
        for [a, b] in alike {
            assert_eq!(skeleton(a), skeleton(b), "{a:?} {b:?}");
        }
        assert_ne!(skeleton("王芳"), skeleton("王方"));
    }

    #[test]
    fn odd_characters_of_a_text_are_visible() {
        let plain = ["王芳", "é", "x\u{301}", "a b", "a\\u{20}\"", "Ａ㈱", ""];
        for text in plain {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
        let odd = [
            ("王\u{200b}芳", r#""王\u{200b}芳""#),
            ("e\u{301}a", r#""e\u{301}a""#),
            ("\u{1100}\u{1161}\u{11a8}", r#""ᄀ\u{1161}\u{11a8}""#),
            ("\u{212b}", r#""\u{212b}""#),
            (" a  b ", r#""\u{20}a \u{20}b\u{20}""#),
            ("在线\u{3000}售前", r#""在线\u{3000}售前""#),
            ("\"\\\u{a0}", r#""\"\\\u{a0}""#),
        ];
        for (text, shown) in odd {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn hidden_characters_are_escaped_and_nothing_else() {
        assert!(matches!(sanitize("张三 a-b \\u{200b}"), Cow::Borrowed(_)));
        assert_eq!(sanitize("a\u{200b}b\n\u{1b}\u{2028}"), "a\\u{200b}b\\n\\u{1b}\\u{2028}");
        assert_eq!(sanitize(&sanitize("\u{61c}x")), sanitize("\u{61c}x"));
        assert_eq!(sanitize_lines("a\n\u{feff}b\n"), "a\n\\u{feff}b\n");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
