//! Strong passwords, drawn from the operating system.

use crate::model::secret::Secret;

/// Characters of a password. The vendor accepts 6 to 32.
const LENGTH: usize = 20;

/// Classes of characters; every password has one of each. There are no lookalikes (`0O`, `1lI`). The signs need no
/// escape in consoles, shells and spreadsheets.
const CLASSES: [&[u8]; 4] = [b"abcdefghijkmnpqrstuvwxyz", b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"23456789", b"-_.@"];

/// Draws a password.
///
/// # Errors
/// The operating system gives no random bytes.
pub(super) fn password() -> Result<Secret, String> {
    let all = CLASSES.concat();
    loop {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            text.push(char::from(all[below(all.len())?]));
        }
        // A new draw keeps every allowed password equally likely.
        if CLASSES.iter().all(|class| text.bytes().any(|b| class.contains(&b))) {
            return Ok(Secret::new(text));
        }
        zeroize::Zeroize::zeroize(&mut text);
    }
}

/// Returns a number below a bound of at most 256, each equally likely.
fn below(bound: usize) -> Result<usize, String> {
    loop {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(|error| format!("no random bytes: {error}"))?;
        let drawn = usize::from(byte[0]);
        // The last, incomplete round of the bound would favour its first numbers.
        if drawn < 256 - 256 % bound {
            return Ok(drawn % bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_strong_and_differ() -> Result<(), String> {
        let drawn: Result<Vec<Secret>, String> = (0..200).map(|_| password()).collect();
        let drawn = drawn?;
        let mut texts: Vec<&str> = drawn.iter().map(Secret::expose).collect();
        for text in &texts {
            assert_eq!(text.len(), LENGTH);
            assert!(CLASSES.iter().all(|class| text.bytes().any(|b| class.contains(&b))));
        }
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 200);
        Ok(())
    }
}
