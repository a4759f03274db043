//! Two texts → what they share, what goes and what comes: words, and single characters of Chinese.

use similar::{ChangeTag, TextDiff};

/// Texts that share less than this are easier to read whole.
const ALIKE: f32 = 0.4;

/// A stretch of a changed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// In both.
    Same(String),
    /// In the old one only.
    Gone(String),
    /// In the new one only.
    New(String),
}

/// The stretches of two texts, neighbours of a sort drawn together; `None` when they have little in common.
pub(super) fn spans(before: &str, after: &str) -> Option<Vec<Span>> {
    let diff = TextDiff::from_unicode_words(before, after);
    if diff.ratio() < ALIKE {
        return None;
    }
    let mut spans: Vec<Span> = Vec::new();
    for change in diff.iter_all_changes() {
        let text = change.value();
        match (spans.last_mut(), change.tag()) {
            (Some(Span::Same(last)), ChangeTag::Equal)
            | (Some(Span::Gone(last)), ChangeTag::Delete)
            | (Some(Span::New(last)), ChangeTag::Insert) => last.push_str(text),
            (_, ChangeTag::Equal) => spans.push(Span::Same(text.to_owned())),
            (_, ChangeTag::Delete) => spans.push(Span::Gone(text.to_owned())),
            (_, ChangeTag::Insert) => spans.push(Span::New(text.to_owned())),
        }
    }
    Some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_both_texts() {
        let (before, after) = ("press 1 for 售前, 2 for 售后", "press 1 for 售前, 3 for 投诉 now");
        let spans = spans(before, after).unwrap_or_default();
        let side = |new: bool| -> String {
            let kept = spans.iter().map(|span| match span {
                Span::Same(text) => text.as_str(),
                Span::Gone(text) => {
                    if new {
                        ""
                    } else {
                        text
                    }
                }
                Span::New(text) => {
                    if new {
                        text
                    } else {
                        ""
                    }
                }
            });
            kept.collect()
        };
        assert_eq!((side(false).as_str(), side(true).as_str()), (before, after));
        assert!(spans.contains(&Span::Same("press 1 for 售前, ".to_owned())), "{spans:?}");
    }
}
