//! The only comparison in the program: is what is live what was asked for?

use super::field::{Field, Record};
use super::value::{Sip, Type, Value};

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

/// Returns true if what is live can be compared in a field: with a wanted value, or with none in mind.
///
/// A text or a SIP account whose key is missing from the answer may be unset or not told. An edit that sets it is right
/// in both cases, so it is compared as unset. A replacement or a finding would be right in one only: it is not compared.
/// Nor is a value of which the vendor hides a part.
pub fn is_comparable(field: &Field, wanted: Option<&Value>, live: &Record) -> bool {
    let may_be_unset = matches!(field.ty, Type::Text { .. } | Type::Sip);
    let editable = !field.edit.is_empty() && wanted.is_none_or(|wanted| field.can_edit(wanted));
    field.is_read() && !live.is_masked(field) && (!live.is_unread(field) || (may_be_unset && editable))
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
