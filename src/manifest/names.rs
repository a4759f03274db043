//! Names that a roster declares: catalogues of roles and skill groups, profiles, periods.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dated::Named;
use super::roster_document::Template;
use crate::model::agent::{MAIN_SKILL_GROUP, ROLE};
use crate::model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::field::{Field, Record};
use crate::model::problem::{NameKind, RosterProblem};
use crate::model::source::Source;
use crate::model::text::listed;
use crate::model::value::Value;
use crate::yaml::placeholder::PLACEHOLDER;

/// Number of errors from which on near names are not searched.
const MOST_SEARCHES: usize = 200;
/// Most names that are listed without a near one.
const MOST_LISTED: usize = 12;

/// The declared names.
pub(super) struct Catalogue {
    names: Vec<Arc<str>>,
    known: BTreeSet<Arc<str>>,
    /// True if the names are complete.
    whole: bool,
}

pub(super) fn catalogue<'a>(
    lists: impl Iterator<Item = Option<&'a [Named]>>,
    whole: bool,
) -> Option<Catalogue> {
    let mut all: Option<Vec<Arc<str>>> = None;
    for list in lists.flatten() {
        all.get_or_insert_default().extend(list.iter().map(|(name, _)| Arc::clone(name)));
    }
    all.map(|names| Catalogue { known: names.iter().cloned().collect(), names, whole })
}

/// Reports an undeclared name. If some files could not be read, reports it only with a near name, which makes a slip
/// likely.
pub(super) fn unknown<'a>(
    what: NameKind,
    name: &str,
    source: &Source,
    known: impl Iterator<Item = &'a str> + Clone,
    whole: bool,
    before: usize,
) -> Diagnostics {
    let mut out = Diagnostics::default();
    // Each search goes through all names.
    let near = if before < MOST_SEARCHES { did_you_mean(name, known.clone()) } else { None };
    if near.is_none() && !whole {
        return out;
    }
    // Lists the other names only without a near one.
    let known = listed(known.take(if near.is_some() { 0 } else { MOST_LISTED }));
    let (name, near) = (name.to_owned(), near.map(str::to_owned));
    out.push(Diagnostic::at(source, RosterProblem::UnknownName { what, name, near, known }));
    out
}

/// Reports roles and skill groups outside their catalogues, if there are any.
pub(super) fn in_catalogues(
    template: &Template,
    roles: Option<&Catalogue>,
    groups: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    named(&template.record, roles, groups, out);
}

pub(super) fn named(
    record: &Record,
    roles: Option<&Catalogue>,
    groups: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    check_name(record, &ROLE, NameKind::Role, roles, out);
    check_name(record, &MAIN_SKILL_GROUP, NameKind::SkillGroup, groups, out);
}

pub(super) fn check_name(
    record: &Record,
    field: &'static Field,
    what: NameKind,
    known: Option<&Catalogue>,
    out: &mut Diagnostics,
) {
    if let Some(known) = known
        && let Some(entry) = record.entry(field)
        && let Value::Text(name) = entry.value
        && !name.contains(PLACEHOLDER)
        && !known.known.contains(name)
        && let Some(source) = entry.source
    {
        out.extend(unknown(what, name, source, known.names.iter().map(|k| &**k), known.whole, out.len()));
    }
}
