//! The only comparison in the program: is what is live what was asked for?

use super::value::{Sip, Value};

/// Whether a live value is the desired one, after normalising.
///
/// An unset text is the empty text; an unset number is zero, which is what the vendor's default is;
/// any SIP account satisfies `auto`.
pub fn same(desired: &Value, live: Option<&Value>) -> bool {
    match (desired, live) {
        (Value::Text(text), None) => text.is_empty(),
        (Value::Number(number), None) => *number == 0,
        (Value::Sip(Sip::None), None) => true,
        (Value::Sip(Sip::Auto), Some(Value::Sip(sip))) => *sip != Sip::None,
        (Value::Members(members), None) => members.is_empty(),
        (desired, Some(live)) => desired == live,
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_is_empty_and_zero_but_never_a_flag() {
        assert!(same(&Value::Text("".into()), None));
        assert!(!same(&Value::Text("x".into()), None));
        assert!(same(&Value::Number(0), None));
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
