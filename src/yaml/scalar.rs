//! Meaning of an unquoted scalar: the core schema of YAML 1.2 (§10.3.2).
//!
//! In 1.2 `yes`, `no`, `on`, `off`, `1_000` and `12:30` are text. Older tools read them otherwise, so the writer quotes
//! them. The reader follows the standard.

use std::sync::Arc;

/// A single value, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, with quotes, escapes and folding resolved.
    pub text: Arc<str>,
    /// True if it is neither quoted nor a block, so it may mean more than text.
    pub plain: bool,
}

/// The kind of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number: `3`, `003`, `+5`, `0x1F`, `0o10`.
    Int,
    /// A number with a fraction or an exponent, `.inf` or `.nan`.
    Float,
    /// Any other text, and every quoted one.
    Text,
}

impl Scalar {
    /// Returns the kind of the scalar.
    pub fn kind(&self) -> ScalarKind {
        if self.plain { plain_kind(&self.text) } else { ScalarKind::Text }
    }
}

/// Returns the kind of an unquoted text.
pub(super) fn plain_kind(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return ScalarKind::Null,
        "true" | "True" | "TRUE" => return ScalarKind::Bool(true),
        "false" | "False" | "FALSE" => return ScalarKind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return ScalarKind::Float,
        _ => {}
    }
    // Nearly all text ends here.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return ScalarKind::Text;
    }
    let all = |digits: &str, is: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|b| is(&b));
    if let Some(digits) = text.strip_prefix("0o") {
        return if all(digits, |b| (b'0'..=b'7').contains(b)) { ScalarKind::Int } else { ScalarKind::Text };
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return if all(digits, u8::is_ascii_hexdigit) { ScalarKind::Int } else { ScalarKind::Text };
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if all(unsigned, u8::is_ascii_digit) {
        ScalarKind::Int
    } else if matches!(unsigned, ".inf" | ".Inf" | ".INF") || is_float(unsigned) {
        ScalarKind::Float
    } else {
        ScalarKind::Text
    }
}

/// Matches `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        use ScalarKind::{Bool, Float, Int, Null, Text};
        let cases: [(&[&str], ScalarKind); 6] = [
            (&["", "~", "null", "Null", "NULL"], Null),
            (&["true", "True", "TRUE"], Bool(true)),
            (&["false", "False", "FALSE"], Bool(false)),
            (&["0", "3", "003", "+5", "-7", "0x1F", "0o10", "123456789012345678901234567890"], Int),
            (&["1.5", ".5", "1.", "1e3", "-1E+3", "1.5e-3", ".inf", "-.INF", "+.Inf", ".nan", ".NaN"], Float),
            (
                &[
                    "yes",
                    "no",
                    "on",
                    "off",
                    "Yes",
                    "y",
                    "tRue",
                    "nULL",
                    "1_000",
                    "12:30",
                    "2026-01-01",
                    "0x",
                    "0o8",
                    "0xg",
                    "+0x1F",
                    "-",
                    "+",
                    ".",
                    "..",
                    "1e",
                    "e3",
                    ".e3",
                    "1.2.3",
                    "+.nan",
                    "-.",
                    "８",
                    "1 000",
                    "0b1",
                    "8101..8180",
                    "张三",
                ],
                Text,
            ),
        ];
        for (texts, kind) in cases {
            for text in texts {
                assert_eq!(Scalar { text: (*text).into(), plain: true }.kind(), kind, "{text}");
                assert_eq!(Scalar { text: (*text).into(), plain: false }.kind(), Text, "{text}");
            }
        }
    }
}
