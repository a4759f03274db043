//! Texts of manifests and vendors as people may be shown them.

use std::borrow::Cow;
use std::fmt::Write as _;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Whether a character cannot be seen, breaks a line, turns the direction of writing, or passes for a blank.
///
/// These are Unicode's controls, separators (but for the space and the ideographic space U+3000), noncharacters and
/// default-ignorable code points, which include all bidirectional controls, variation selectors and tags; and
/// annotation marks and the Braille blank.
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

/// Returns a text fit for one line that people read: what [`is_hidden`] is escaped, `\n` and `\u{200b}`.
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

/// Returns a text whose lines are each fit for people.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || !is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n"))
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

    /// Ranges of DefaultIgnorableCodePoint and of the separators in Unicode 16, by hand.
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
    fn hidden_characters_are_escaped_and_nothing_else() {
        assert!(matches!(sanitize("张三 a-b \\u{200b}"), Cow::Borrowed(_)));
        assert_eq!(sanitize("a\u{200b}b\n\u{1b}\u{2028}"), "a\\u{200b}b\\n\\u{1b}\\u{2028}");
        assert_eq!(sanitize(&sanitize("\u{61c}x")), sanitize("\u{61c}x"));
        assert_eq!(sanitize_lines("a\n\u{feff}b\n"), "a\n\\u{feff}b\n");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
