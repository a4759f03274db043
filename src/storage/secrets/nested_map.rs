//! A decrypted file of secrets: a literal top-level key wins, otherwise `/` walks nested maps.
//!
//! Every text of the file is a [`Secret`] here, so that it is wiped with the store.

use std::collections::BTreeMap;

use serde_yaml::Value;

use crate::model::secret::Secret;

/// Content of a decrypted file.
pub(super) enum Tree {
    Map(BTreeMap<String, Tree>),
    Text(Secret),
    /// Value that cannot be a secret, and the reason.
    Other(&'static str),
}

/// Reason for which numbers, flags and lists are no secrets. A password parsed as a number would have lost its
/// leading zeros.
const NO_TEXT: &str = "does not hold text: write the value in quotes";

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Mapping(map) => {
                let mut tree = BTreeMap::new();
                for (key, value) in map {
                    match key {
                        Value::String(key) => {
                            tree.insert(key, Self::from(value));
                        }
                        // People write an agent's number as `8001: …`; the quoted form wins.
                        Value::Number(key) => {
                            tree.entry(key.to_string()).or_insert_with(|| Self::from(value));
                        }
                        _ => drop(Self::from(value)),
                    }
                }
                Self::Map(tree)
            }
            Value::String(text) => Self::Text(Secret::new(text)),
            // Texts in a list are useless, but are wiped like the others.
            Value::Sequence(list) => {
                list.into_iter().map(Self::from).for_each(drop);
                Self::Other(NO_TEXT)
            }
            Value::Tagged(tagged) => {
                drop(Self::from(tagged.value));
                Self::Other(NO_TEXT)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Other(NO_TEXT),
        }
    }
}

impl Tree {
    fn child(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            Self::Text(_) | Self::Other(_) => None,
        }
    }

    /// Finds a key; `None` if it does not exist.
    ///
    /// # Errors
    /// The value can be no secret.
    pub(super) fn find(&self, key: &str) -> Result<Option<Secret>, String> {
        let value = match self.child(key) {
            Some(value) => Some(value),
            None => key.split('/').try_fold(self, |at, part| at.child(part)),
        };
        match value {
            None => Ok(None),
            Some(Self::Text(text)) if text.expose().is_empty() => Ok(None),
            Some(Self::Text(text)) => Ok(Some(Secret::new(text.expose().to_owned()))),
            Some(Self::Map(_)) => Err(format!("key `{key}` {NO_TEXT}")),
            Some(Self::Other(why)) => Err(format!("key `{key}` {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, key: &str) -> Result<Option<String>, String> {
        let value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        Tree::from(value).find(key).map(|secret| secret.map(|s| s.expose().to_owned()))
    }

    #[test]
    fn a_literal_key_wins_and_numbers_are_keys_but_no_values() {
        let text = "a/b: literal\na: { b: nested, c: { d: deep } }\n8001: number\n\"8001\": quoted\n9: n\nn: 12\ne: ''\n";
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(find(text, "a/b"), some("literal"));
        assert_eq!(find(text, "a/c/d"), some("deep"));
        assert_eq!(find(text, "8001"), some("quoted"));
        assert_eq!(find(text, "9"), some("n"));
        assert_eq!(find(text, "a/x"), Ok(None));
        assert_eq!(find(text, "a/b/c"), Ok(None));
        assert_eq!(find(text, "e"), Ok(None));
        assert!(find(text, "n").is_err_and(|why| !why.contains("12")));
        assert!(find(text, "a").is_err());
    }
}
