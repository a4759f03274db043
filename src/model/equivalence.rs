//! The only comparison of live and desired values in the program.

use super::value::{Sip, Value};

/// Returns true if a live value equals the desired one, after normalizing.
///
/// An unset text is the empty text; any SIP account satisfies `auto`. No other type has an unset state: a missing
/// value is unread, and equals nothing.
pub fn same(desired: &Value, live: Option<&Value>) -> bool {
    match (desired, live) {
        (Value::Text(text), None) => text.is_empty(),
        (Value::Sip(Sip::None), None) => true,
        (Value::Sip(Sip::Auto), Some(Value::Sip(sip))) => *sip != Sip::None,
        (desired, Some(live)) => desired == live,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Members;

    #[test]
    fn unset_is_the_empty_text_and_nothing_else() {
        assert!(same(&Value::Text("".into()), None));
        assert!(!same(&Value::Text("x".into()), None));
        assert!(!same(&Value::Number(0), None));
        assert!(!same(&Value::Members(Members::new().into()), None));
        assert!(!same(&Value::Flag(false), None));
    }

    #[test]
    fn any_account_satisfies_auto() {
        let live = Value::Sip(Sip::Number("871".into()));
        assert!(same(&Value::Sip(Sip::Auto), Some(&live)));
        assert!(!same(&Value::Sip(Sip::Auto), Some(&Value::Sip(Sip::None))));
        assert!(!same(&Value::Sip(Sip::Auto), None));
    }
}
