//! Values that a vendor shows only in part: `138****1111`, `张*`. The hidden part is unknown.

use super::agent;
use super::field::{Field, Personal};
use super::seat;

/// Returns true if a vendor's text of a field hides a part of its value.
pub fn is_masked(field: &Field, text: &str) -> bool {
    let name = [&agent::NAME, &seat::NAME, &seat::NICKNAME].iter().any(|known| known.key == field.key);
    let number = matches!(field.personal, Some(Personal::Phone)) || is_number(text);
    if !name && !number && field.personal.is_none() {
        return false;
    }
    let mut runs = Runs::new(text, number);
    runs.any(|run| run >= 2)
        || (name && text.contains(is_star) && text.chars().all(|c| is_star(c) || is_ideograph(c)))
}

/// Returns true for a character that masks another, in any of its forms.
fn is_star(c: char) -> bool {
    matches!(c, '*' | '＊' | '•' | '●' | '∗' | '✱')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// Returns true if a text is a number with some digits possibly hidden.
fn is_number(text: &str) -> bool {
    let known = |c: char| c.is_ascii_digit() || is_star(c) || matches!(c, '+' | '-' | ' ');
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(known)
}

/// The lengths of the runs of hidden characters. In a number, an `x` between digits is one, too.
struct Runs<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    number: bool,
}

impl<'a> Runs<'a> {
    fn new(text: &'a str, number: bool) -> Self {
        Self { chars: text.chars().peekable(), number }
    }
}

impl Iterator for Runs<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let number = self.number;
        let hidden = |c: &char| is_star(*c) || (number && matches!(c, 'x' | 'X'));
        while self.chars.next_if(|c| !hidden(c)).is_some() {}
        let mut run = 0;
        while self.chars.next_if(hidden).is_some() {
            run += 1;
        }
        (run > 0).then_some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_stars_is_a_mask_in_a_personal_field() {
        for text in [
            "138****1111",
            "138＊＊＊＊1111",
            "138••••1111",
            "+86 138 **** 1111",
            "***",
            "138xxxx1111",
            "138XXXX1111",
        ] {
            assert!(is_masked(&agent::BOUND_PHONE, text) && is_masked(&seat::DISPLAY_NUMBER, text), "{text}");
        }
        for text in ["", "13800001111", "+86-138-0000-1111", "*6713800001111", "400x", "138#1111"] {
            assert!(!is_masked(&agent::BOUND_PHONE, text), "{text}");
        }
        assert!(is_masked(&agent::EMAIL, "z***@example.com") && !is_masked(&agent::EMAIL, "xx@example.com"));
        assert!(is_masked(&agent::SIP, "87**1") && is_masked(&seat::EMPLOYEE, "0**3"));
    }

    #[test]
    fn a_name_may_lose_one_character() {
        for text in ["张*", "张*三", "*三", "欧阳**", "Zh***"] {
            assert!(is_masked(&agent::NAME, text), "{text}");
        }
        for text in ["张三", "VIP*1", "Max", "xx", "阿卜杜拉·买买提"] {
            assert!(!is_masked(&agent::NAME, text), "{text}");
        }
        // Fields that are not personal: stars may be decoration.
        assert!(
            !is_masked(&agent::MAIN_SKILL_GROUP, "售前**") && !is_masked(&agent::ANNOUNCEMENT, "您好****")
        );
    }
}
