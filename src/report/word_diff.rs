//! Splits two texts into common, removed and added spans: words, and single characters of Chinese.

use similar::{ChangeTag, TextDiff};

/// The similarity below which two texts are easier to read whole.
const ALIKE: f32 = 0.4;

/// A span of a changed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Text in both.
    Same(String),
    /// Text in the old one only.
    Gone(String),
    /// Text in the new one only.
    New(String),
}

/// Returns the spans of two texts, adjacent ones of one kind merged. Returns `None` when the texts differ too much.
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
