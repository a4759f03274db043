//! The only comparison in the program: is what is live what was asked for?

use super::value::{Sip, Value};

/// Whether a live value is the desired one, after normalising.
///
/// An unset text is the empty text; any SIP account satisfies `auto`. No other type has an unset state: a value
/// that is not there was not told, and equals nothing.
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
