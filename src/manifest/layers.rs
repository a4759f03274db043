//! Dates of values: spans in the workspace's zone, and the layers of an agent's values at an instant.
//!
//! Each layer (agent, profile, `defaults`) is resolved at the instant first; then the usual precedence holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::dated::{Named, RawDuring, RawSpan, RawWhen};
use super::names::unknown;
use super::roster_document::{AgentSet, Template};
use crate::config::workspace::Leavers;
use crate::model::agent::{ENABLED, SIP};
use crate::model::date::{Bound, Date, OutOfDate, Readings, Span, Zone};
use crate::model::desired::{DesiredAgent, Existence, Memberships};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::field::Record;
use crate::model::id::OperatorId;
use crate::model::problem::{Label, NameKind, RosterProblem};
use crate::model::source::Source;
use crate::model::support::Support;
use crate::model::value::Value;
use crate::yaml::placeholder::PLACEHOLDER;

/// Values that hold in some spans.
pub(super) struct Overlay<T> {
    pub spans: Vec<Span>,
    pub set: T,
}

impl<T> Overlay<T> {
    /// Returns true if the values hold at a moment.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.spans.iter().any(|span| span.holds(at))
    }

    /// Returns the ends of its spans.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &Bound> {
        self.spans.iter().flat_map(Span::bounds)
    }
}

/// The zone and the periods, by which written dates become moments.
pub(super) struct Calendar {
    pub zone: Zone,
    periods: BTreeMap<Arc<str>, (Source, Vec<Span>)>,
    /// True if all periods are known.
    whole: bool,
    /// The first date of the manifests.
    pub first: Option<Source>,
}

impl Calendar {
    /// Reads the periods.
    pub(super) fn new<'a>(
        zone: Option<&Zone>,
        periods: impl Iterator<Item = &'a (Named, Vec<RawSpan>)>,
        whole: bool,
        out: &mut Diagnostics,
    ) -> Self {
        let zone = zone.cloned().unwrap_or_else(Zone::utc);
        let mut calendar = Self { zone, periods: BTreeMap::new(), whole, first: None };
        for ((name, source), spans) in periods {
            let spans = spans.iter().filter_map(|span| calendar.span(span, out)).collect();
            if let Some((first, _)) = calendar.periods.get(name) {
                let problem = RosterProblem::PeriodTwice { period: name.to_string() };
                out.push(Diagnostic::at(source, problem).related(first, Label::First));
            } else {
                calendar.periods.insert(Arc::clone(name), (source.clone(), spans));
            }
        }
        calendar
    }

    /// Returns a written span in the zone; `None` after a report.
    pub(super) fn span(&mut self, raw: &RawSpan, out: &mut Diagnostics) -> Option<Span> {
        let mut bound = |end: &Option<(Date, Source)>, at: fn(Date, &Zone) -> Result<Timestamp, Readings>| {
            let Some((date, source)) = end else { return Some(None) };
            if self.first.as_ref().is_none_or(|first| source < first) {
                self.first = Some(source.clone());
            }
            match at(*date, &self.zone) {
                Ok(at) => Some(Some(Bound { at, date: *date, source: source.clone() })),
                Err(readings) => {
                    let problem = RosterProblem::TwoReadings { date: date.to_string(), readings };
                    out.push(Diagnostic::at(source, problem));
                    None
                }
            }
        };
        let (from, until) = (bound(&raw.from, Date::first), bound(&raw.until, Date::end));
        let span = Span { from: from?, until: until? };
        if let (Some(from), Some(until)) = (&span.from, &span.until)
            && until.at <= from.at
        {
            let problem =
                RosterProblem::BackwardSpan { from: from.date.to_string(), until: until.date.to_string() };
            out.push(Diagnostic::at(&until.source, problem).related(&from.source, Label::Begins));
            return None;
        }
        Some(span)
    }

    /// Returns entries of `during` with their spans. `keys` are the keys that an entry sets, with their places.
    pub(super) fn overlays<R, T>(
        &mut self,
        raw: Vec<RawDuring<R>>,
        out: &mut Diagnostics,
        keys: impl Fn(&T) -> Vec<(&'static str, Source)>,
        mut set: impl FnMut(&mut Self, R, &mut Diagnostics) -> T,
    ) -> Vec<Overlay<T>> {
        let mut overlays = Vec::with_capacity(raw.len());
        for entry in raw {
            let spans = match &entry.when {
                RawWhen::Span(span) => self.span(span, out).into_iter().collect(),
                RawWhen::Period((name, source)) => self.period(name, source, out),
            };
            let set = set(self, entry.set, out);
            overlays.push(Overlay { spans, set });
        }
        set_once(&overlays, keys, out);
        overlays
    }

    fn period(&self, name: &str, source: &Source, out: &mut Diagnostics) -> Vec<Span> {
        if let Some((_, spans)) = self.periods.get(name) {
            return spans.clone();
        }
        let known = self.periods.keys().map(|name| &**name);
        out.extend(unknown(NameKind::Period, name, source, known, self.whole, out.len()));
        Vec::new()
    }
}

/// Reports two entries that set a key at the same time.
fn set_once<T>(
    overlays: &[Overlay<T>],
    keys: impl Fn(&T) -> Vec<(&'static str, Source)>,
    out: &mut Diagnostics,
) {
    if overlays.len() < 2 {
        return;
    }
    let mut by_key: BTreeMap<&'static str, Vec<(&Span, usize, Source)>> = BTreeMap::new();
    for (at, overlay) in overlays.iter().enumerate() {
        for (key, source) in keys(&overlay.set) {
            let spans = overlay.spans.iter().map(|span| (span, at, source.clone()));
            by_key.entry(key).or_default().extend(spans);
        }
    }
    for (key, mut spans) in by_key {
        let start = |span: &Span| span.from.as_ref().map_or(Timestamp::MIN, |from| from.at);
        let end = |span: &Span| span.until.as_ref().map_or(Timestamp::MAX, |until| until.at);
        spans.sort_by_key(|(span, at, _)| (start(span), *at));
        // The span that ends last so far.
        let mut open: Option<&(&Span, usize, Source)> = None;
        let mut told = BTreeSet::new();
        for this in &spans {
            if let Some((span, at, source)) = open
                && *at != this.1
                && span.meets(this.0)
            {
                let (earlier, later) = if source <= &this.2 { (source, &this.2) } else { (&this.2, source) };
                if told.insert(later.clone()) {
                    let problem = RosterProblem::SetTwice { key: key.into() };
                    out.push(Diagnostic::at(later, problem).related(earlier, Label::Other));
                }
            }
            if open.is_none_or(|(span, ..)| end(span) <= end(this.0)) {
                open = Some(this);
            }
        }
    }
}

/// The values of an agent, a profile or `defaults`, at any instant.
#[derive(Default)]
pub(super) struct Layer {
    pub template: Template,
    pub overlays: Vec<Overlay<AgentSet>>,
}

impl Layer {
    /// Takes a template with its `during`.
    pub(super) fn new(mut template: Template, calendar: &mut Calendar, out: &mut Diagnostics) -> Self {
        let raw = template.dates.take().map(|dates| dates.during).unwrap_or_default();
        let keys = |set: &AgentSet| {
            let fields = set.record.iter().filter_map(|entry| Some((entry.field.key, entry.source?.clone())));
            fields.chain(set.queues.iter().map(|queues| ("queues", queues.source.clone()))).collect()
        };
        let overlays = calendar.overlays(raw, out, keys, |_, set, _| set);
        Self { template, overlays }
    }

    /// Returns the values of its `during`.
    pub(super) fn dated(&self) -> impl Iterator<Item = &Record> {
        self.overlays.iter().map(|overlay| &overlay.set.record)
    }

    /// Returns the queues that it may name: for a time, and else.
    fn memberships(&self) -> impl Iterator<Item = &Arc<Memberships>> {
        self.overlays.iter().filter_map(|overlay| overlay.set.queues.as_ref()).chain(&self.template.queues)
    }

    /// Checks that an edit can set each value of its `during`.
    pub(super) fn check(
        &self,
        support: Option<&Support>,
        told: &mut BTreeSet<Source>,
        out: &mut Diagnostics,
    ) {
        let Some(support) = support else { return };
        for entry in self.dated().flat_map(Record::iter) {
            let value = match entry.field {
                field if !support.mapping(field).is_editable() => None,
                field if !support.can_edit(field, entry.value) => Some(entry.value.words()),
                _ => continue,
            };
            if let Some(source) = entry.source.filter(|source| told.insert(Source::clone(source))) {
                let problem = RosterProblem::NoWayBack { field: entry.field.key.into(), value, base: false };
                out.push(Diagnostic::at(source, problem));
            }
        }
    }

    /// Copies its values at an instant that a template lacks.
    fn fill(&self, template: &mut Template, at: Timestamp) {
        for overlay in self.overlays.iter().filter(|overlay| overlay.holds(at)) {
            template.record.fill_from(&overlay.set.record);
        }
        template.fill_from(&self.template);
    }
}

/// The dated agents, by number.
pub(super) type Entries = BTreeMap<OperatorId, Arc<DatedEntry>>;

/// The layers of an entry of `agents` with a date in one of them.
pub(super) struct DatedEntry {
    pub source: Source,
    pub pool: Option<u32>,
    pub span: Span,
    /// The agent, its profile if it has one, and the document's `defaults`.
    pub layers: Vec<Arc<Layer>>,
    pub leavers: Leavers,
}

impl DatedEntry {
    /// Returns the values of an agent at an instant, whatever its own dates are.
    pub(super) fn values(&self, id: &OperatorId, at: Timestamp) -> Template {
        let mut template = Template::default();
        for layer in &self.layers {
            layer.fill(&mut template, at);
        }
        template.record = substitute(std::mem::take(&mut template.record), id);
        template
    }

    /// Returns the values of an agent without any `during`.
    pub(super) fn base(&self, id: &OperatorId) -> Record {
        let mut template = Template::default();
        for layer in &self.layers {
            template.fill_from(&layer.template);
        }
        substitute(template.record, id)
    }

    /// Returns an agent at an instant.
    pub(super) fn agent(&self, id: &OperatorId, zone: &Zone, at: Timestamp) -> DesiredAgent {
        let Template { record, protect, allow_any_role, .. } = self.values(id, at);
        let out_of_date = OutOfDate::at(&self.span, at);
        let existence = match &out_of_date {
            None => Existence::Present,
            Some(out) if out.before => Existence::Untouched,
            Some(_) => self.left(zone, at),
        };
        let record = match existence {
            Existence::Present => record,
            Existence::IfLive => {
                let mut disabled = Record::with_capacity(1);
                let source = out_of_date.as_ref().map(|out| out.source.clone());
                disabled.set(&ENABLED, Value::Flag(false), source);
                disabled
            }
            Existence::Absent | Existence::Untouched => Record::default(),
        };
        DesiredAgent {
            source: self.source.clone(),
            existence,
            out_of_date: out_of_date.map(Box::new),
            protect: protect.unwrap_or(false),
            allow_any_role: allow_any_role.unwrap_or(false),
            pool: self.pool,
            record,
        }
    }

    /// Returns the layers down to the first one that always says `queues`.
    fn queue_layers(&self) -> impl Iterator<Item = &Layer> {
        let base = self.layers.iter().position(|layer| layer.template.queues.is_some());
        self.layers.iter().take(base.map_or(usize::MAX, |base| base + 1)).map(|layer| &**layer)
    }

    /// Returns the queues that its agents name at an instant.
    pub(super) fn memberships(&self, at: Timestamp) -> Option<&Memberships> {
        let named = self.queue_layers().find_map(|layer| {
            let mut now = layer.overlays.iter().filter(|overlay| overlay.holds(at));
            now.find_map(|overlay| overlay.set.queues.as_ref()).or(layer.template.queues.as_ref())
        });
        named.map(|named| &**named)
    }

    /// Returns the queues that its agents name at some time, each with its place.
    pub(super) fn queue_names(&self) -> impl Iterator<Item = (&Arc<str>, &Source)> {
        let named = self.queue_layers().flat_map(Layer::memberships);
        named.flat_map(|named| named.queues.iter().map(|(name, (_, source))| (name, source)))
    }

    /// Returns true if its agents name other queues for a time.
    pub(super) fn has_dated_queues(&self) -> bool {
        self.queue_layers().any(|layer| layer.overlays.iter().any(|overlay| overlay.set.queues.is_some()))
    }

    /// Returns the date that keeps its agents out of a queue that they name at another time.
    pub(super) fn not_named(&self, names: impl Fn(&Memberships) -> bool, at: Timestamp) -> Option<OutOfDate> {
        let sets = || self.queue_layers().flat_map(|layer| &layer.overlays);
        let naming = sets().filter(|overlay| overlay.set.queues.as_deref().is_some_and(&names));
        OutOfDate::nearest(naming.flat_map(|overlay| &overlay.spans), at).or_else(|| {
            // An entry that holds now names other queues than the base.
            let mut other = sets().filter(|overlay| overlay.set.queues.is_some() && overlay.holds(at));
            let span = other.find_map(|overlay| overlay.spans.iter().find(|span| span.holds(at)))?;
            let from = span.from.as_ref().map(|from| (false, from));
            let (before, bound) = from.or_else(|| span.until.as_ref().map(|until| (true, until)))?;
            Some(OutOfDate { before, date: bound.date.to_string(), source: bound.source.clone() })
        })
    }

    /// Returns the SIP numbers of its layers, with placeholders.
    fn sips(&self) -> impl Iterator<Item = &str> {
        let records =
            self.layers.iter().flat_map(|layer| std::iter::once(&layer.template.record).chain(layer.dated()));
        records.filter_map(|record| record.get(&SIP)?.sip_number())
    }

    /// Returns true if its agents may have a SIP number at some time.
    pub(super) fn has_sip(&self) -> bool {
        self.sips().next().is_some()
    }

    /// Returns the SIP numbers that an agent may have at some time.
    pub(super) fn sip_numbers(&self, id: &OperatorId) -> Vec<String> {
        self.sips().map(|number| number.replace(PLACEHOLDER, id.as_str())).collect()
    }

    /// Returns the existence of a leaver.
    fn left(&self, zone: &Zone, at: Timestamp) -> Existence {
        match self.leavers {
            Leavers::Keep => Existence::Untouched,
            _ if self.deleted_from(zone).is_some_and(|from| from <= at) => Existence::Absent,
            Leavers::Disable { .. } | Leavers::Delete => Existence::IfLive,
        }
    }

    /// Returns the moment from which on a leaver is deleted.
    pub(super) fn deleted_from(&self, zone: &Zone) -> Option<Timestamp> {
        let days = match self.leavers {
            Leavers::Disable { delete_after } => delete_after?,
            Leavers::Delete => 0,
            Leavers::Keep => return None,
        };
        Some(zone.days_later(self.span.until.as_ref()?.at, days))
    }

    /// Checks that an edit can set each value of `during` back. `base` are the values without any date.
    pub(super) fn check(
        &self,
        base: &Template,
        support: Option<&Support>,
        told: &mut BTreeSet<Source>,
        out: &mut Diagnostics,
    ) {
        for layer in self.layers.iter().filter(|_| base.queues.is_none()) {
            for queues in layer.memberships().filter(|queues| told.insert(queues.source.clone())) {
                let problem = RosterProblem::NoBase { field: "queues".into() };
                out.push(Diagnostic::at(&queues.source, problem).related(&self.source, Label::Baseless));
            }
        }
        let Some(support) = support else { return };
        let base = &base.record;
        for entry in self.layers.iter().flat_map(|layer| layer.dated()).flat_map(Record::iter) {
            let field = || entry.field.key.into();
            let (problem, base) = match base.entry(entry.field) {
                None => (RosterProblem::NoBase { field: field() }, Some((&self.source, Label::Baseless))),
                Some(base) if !support.can_edit(base.field, base.value) => {
                    let value = Some(base.value.words());
                    let problem = RosterProblem::NoWayBack { field: field(), value, base: true };
                    (problem, base.source.map(|source| (source, Label::Base)))
                }
                Some(_) => continue,
            };
            if let Some(source) = entry.source.filter(|source| told.insert(Source::clone(source))) {
                let diagnostic = Diagnostic::at(source, problem);
                out.push(match base {
                    Some((base, label)) => diagnostic.related(base, label),
                    None => diagnostic,
                });
            }
        }
    }
}

impl Template {
    /// Returns the queues that it names, each with its place.
    pub(super) fn queue_names(&self) -> impl Iterator<Item = (&Arc<str>, &Source)> {
        self.queues.iter().flat_map(|named| named.queues.iter().map(|(name, (_, source))| (name, source)))
    }

    pub(super) fn fill_from(&mut self, other: &Template) {
        self.record.fill_from(&other.record);
        self.queues = self.queues.take().or_else(|| other.queues.clone());
        self.protect = self.protect.or(other.protect);
        self.allow_any_role = self.allow_any_role.or(other.allow_any_role);
    }
}

/// Replaces `{operatorId}` by the agent's number.
pub(super) fn substitute(mut record: Record, id: &OperatorId) -> Record {
    let put = |text: &Arc<str>| -> Option<Arc<str>> {
        // Few texts hold a brace, and one character is found faster than a word.
        let waits = text.contains('{') && text.contains(PLACEHOLDER);
        waits.then(|| text.replace(PLACEHOLDER, id.as_str()).into())
    };
    for value in record.values_mut() {
        if let Some(text) = value.text().and_then(put) {
            *value = value.with_text(text);
        }
    }
    record.fit();
    record
}
