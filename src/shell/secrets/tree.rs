//! A decrypted file of secrets: a literal top-level key wins, otherwise `/` walks nested maps.

use serde_yaml::Value;

use crate::model::secret::Secret;

/// Finds a key; `None` when it is not there.
///
/// # Errors
/// What stands there is no text.
pub(super) fn find(root: &Value, key: &str) -> Result<Option<Secret>, String> {
    let value = match root.get(key) {
        Some(value) => Some(value),
        None => key.split('/').try_fold(root, |at, part| at.get(part)),
    };
    match value {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(Secret::new(text.clone()))),
        Some(_) => Err(format!("key `{key}` does not hold text: write the value in quotes")),
    }
}
