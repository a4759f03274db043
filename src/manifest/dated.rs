//! Dates in a Roster document, as they are written: `from`, `until`, `during` and `periods`.

use std::sync::Arc;

use crate::model::date::Date;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::{Element, Label, RosterProblem, ValueProblem, Wanted};
use crate::model::search::During;
use crate::model::source::Source;
use crate::yaml::decode::{Fields, cannot_be, filled, list, scalar, wrong_shape};
use crate::yaml::{Node, NodeValue};

/// A name with its place.
pub(super) type Named = (Arc<str>, Source);

/// `from` and `until`, each with its place.
#[derive(Clone, Default)]
pub(super) struct RawSpan {
    pub from: Option<(Date, Source)>,
    pub until: Option<(Date, Source)>,
}

impl RawSpan {
    /// Returns true if it has an end.
    pub(super) fn is_set(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// Returns the places of its ends.
    pub(super) fn places(&self) -> impl Iterator<Item = &Source> {
        self.from.iter().chain(&self.until).map(|(_, source)| source)
    }
}

/// The time of an entry of `during`.
#[derive(Clone)]
pub(super) enum RawWhen {
    /// `from` and `until`.
    Span(RawSpan),
    /// `period`.
    Period(Named),
}

impl RawWhen {
    /// Returns the time for people.
    pub(super) fn during(&self) -> During {
        match self {
            RawWhen::Period((name, _)) => During::Period(name.to_string()),
            RawWhen::Span(RawSpan { from, until }) => During::Span {
                from: from.as_ref().map(|(date, _)| date.to_string()),
                until: until.as_ref().map(|(date, _)| date.to_string()),
            },
        }
    }
}

/// An entry of `during`, with the values that it sets.
#[derive(Clone)]
pub(super) struct RawDuring<T> {
    pub source: Source,
    pub when: RawWhen,
    pub set: T,
}

/// Takes `from` and `until` of a mapping.
pub(super) fn raw_span(fields: &mut Fields<'_>, out: &mut Diagnostics) -> RawSpan {
    let mut take = |key| {
        let node = fields.take(key, out)?;
        let Some(scalar) = scalar(node) else {
            out.push(wrong_shape(node, key, Wanted::Date));
            return None;
        };
        let date = Date::parse(&scalar.text);
        if date.is_none() {
            out.push(cannot_be(node, key, &scalar.text, Wanted::Date));
        }
        Some((date?, node.source.clone()))
    };
    RawSpan { from: take("from"), until: take("until") }
}

/// Reports `from` and `until` where no date may stand.
pub(super) fn no_dates(fields: &mut Fields<'_>, out: &mut Diagnostics) {
    for key in ["from", "until"] {
        if let Some(place) = fields.place(key).cloned() {
            fields.take(key, &mut Diagnostics::default());
            let what = fields.what.clone();
            out.push(Diagnostic::at(&place, RosterProblem::DatesNotHere { what, key: key.into() }));
        }
    }
}

/// Reads the spans of a period: one mapping, or a list of them.
pub(super) fn raw_spans(node: &Node, name: &str, out: &mut Diagnostics) -> Vec<RawSpan> {
    if name.trim().is_empty() {
        out.push(Diagnostic::at(&node.source, ValueProblem::Empty { key: "periods".into() }));
    }
    let items = match &node.value {
        NodeValue::List(items) if items.is_empty() => {
            out.push(Diagnostic::at(&node.source, ValueProblem::EmptyList { key: name.to_owned().into() }));
            return Vec::new();
        }
        NodeValue::List(items) => items.as_slice(),
        NodeValue::Map(_) | NodeValue::Scalar(_) => std::slice::from_ref(node),
    };
    let mut spans = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::open(item, Element::Period { name: name.to_owned() }, out) else {
            continue;
        };
        let before = out.len();
        let span = raw_span(&mut fields, out);
        if !span.is_set() && out.len() == before {
            out.push(Diagnostic::at(&item.source, RosterProblem::NoTime { period: true }));
        }
        fields.reject_unknown(out);
        spans.push(span);
    }
    spans
}

/// Reads the entries of `during`. `values` takes what an entry sets; `None` if it sets nothing.
pub(super) fn during<T>(
    node: &Node,
    out: &mut Diagnostics,
    values: impl Fn(&mut Fields<'_>, &mut Diagnostics) -> Option<T>,
) -> Vec<RawDuring<T>> {
    let items = list(node, "during", out);
    if items.is_empty() && matches!(node.value, NodeValue::List(_)) {
        out.push(Diagnostic::at(&node.source, ValueProblem::EmptyList { key: "during".into() }));
    }
    let mut entries = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::open(item, Element::During, out) else { continue };
        let before = out.len();
        let period = fields.take("period", out);
        let period =
            period.and_then(|n| filled(n, "period", out).map(|name| (Arc::clone(name), n.source.clone())));
        let span = raw_span(&mut fields, out);
        let has_span = fields.has("from") || fields.has("until");
        let when = match period {
            Some((_, place)) if has_span => {
                let diagnostic = Diagnostic::at(&place, RosterProblem::TwoTimes);
                out.push(match span.places().next() {
                    Some(date) => diagnostic.related(date, Label::Other),
                    None => diagnostic,
                });
                None
            }
            Some(period) => Some(RawWhen::Period(period)),
            None if span.is_set() => Some(RawWhen::Span(span)),
            None if has_span || fields.has("period") => None,
            None => {
                out.push(Diagnostic::at(&item.source, RosterProblem::NoTime { period: false }));
                None
            }
        };
        let set = values(&mut fields, out);
        fields.reject_unknown(out);
        if set.is_none() && out.len() == before {
            out.push(Diagnostic::at(&item.source, RosterProblem::SetsNothing));
        }
        if let (Some(when), Some(set)) = (when, set) {
            entries.push(RawDuring { source: item.source.clone(), when, set });
        }
    }
    entries
}
