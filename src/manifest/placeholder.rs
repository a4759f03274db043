//! `{operatorId}` in a text: where the agent's number stands.

/// What stands for the agent's number.
pub(super) const PLACEHOLDER: &str = "{operatorId}";

/// Finds what was probably meant to be the placeholder and is not, such as `{operatorID}`: every agent of a pool
/// would be called so.
pub(super) fn misspelt(text: &str) -> Option<&str> {
    // What is much longer is none, and is not searched for its end.
    let near = |at: usize| text[at..].char_indices().take(PLACEHOLDER.len() + 3).find(|(_, c)| *c == '}');
    text.match_indices('{')
        .filter_map(|(at, _)| near(at).map(|(end, _)| &text[at..=at + end]))
        .find(|held| *held != PLACEHOLDER && strsim::osa_distance(held, PLACEHOLDER) <= 2)
}
