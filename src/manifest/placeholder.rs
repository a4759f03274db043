//! `{operatorId}` in a text: where the agent's number stands.

/// What stands for the agent's number.
pub(super) const PLACEHOLDER: &str = "{operatorId}";

/// Finds what was probably meant to be the placeholder and is not, such as `{operatorID}`: every agent of a pool
/// would be called so.
pub(super) fn misspelt(text: &str) -> Option<&str> {
    text.match_indices('{')
        .filter_map(|(at, _)| text[at..].find('}').map(|end| &text[at..=at + end]))
        .find(|held| *held != PLACEHOLDER && strsim::osa_distance(held, PLACEHOLDER) <= 2)
}
