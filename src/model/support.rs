//! Capabilities of a connector: its operations on a kind of resource, and the vendor's keys for them.
//!
//! A capability is not declared but follows from the mapping of a field. The planner draws its conclusions:
//!
//! | create | update | read | so the planner |
//! | --- | --- | --- | --- |
//! | yes | yes | yes | compares, creates, updates |
//! | no | yes | yes | sets it with a second step after creation |
//! | yes | no | yes | cannot edit: a finding, or a replacement |
//! | yes | any | no | compares with the ledger; unknown without it |
//! | no | no | yes | only compares: every difference is a finding |

use super::field::{Field, Record};
use super::id::Kind;
use super::plan::Verb;
use super::value::{Sip, Value};

/// A vendor's key for a field in one operation, with its documented lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The key in the vendor's JSON.
    pub key: &'static str,
    /// The smallest number that the operation accepts.
    pub min: Option<i64>,
}

/// The vendor's keys of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The keys that set it at creation.
    pub create: &'static [Cell],
    /// The keys that change it afterwards.
    pub update: &'static [Cell],
    /// The keys that return it.
    pub read: &'static [Cell],
}

impl Mapping {
    /// The mapping of a field that the vendor lacks.
    pub const NONE: Mapping = Mapping { create: &[], update: &[], read: &[] };

    /// Returns true if some operation returns the field.
    pub fn is_read(&self) -> bool {
        !self.read.is_empty()
    }

    /// Returns true if an edit can set the field.
    pub fn is_editable(&self) -> bool {
        !self.update.is_empty()
    }

    /// Returns true if creation can set the field to a value.
    pub fn can_create(&self, value: &Value) -> bool {
        let sip_by_number = matches!(value, Value::Sip(Sip::Number(_)));
        !self.create.is_empty() && !sip_by_number && within(self.create, value)
    }

    /// Returns true if an edit can set the field to a value.
    pub fn can_edit(&self, value: &Value) -> bool {
        let sip_by_vendor = matches!(value, Value::Sip(Sip::Auto));
        !self.update.is_empty() && !sip_by_vendor && within(self.update, value)
    }
}

fn within(cells: &[Cell], value: &Value) -> bool {
    match value {
        Value::Number(number) => cells.iter().all(|cell| cell.min.is_none_or(|min| *number >= min)),
        _ => true,
    }
}

/// A write operation that a connector has.
#[derive(Clone, Copy, Debug)]
pub struct VerbSpec {
    /// The vendor's name of the operation, which is the key of its rate limit.
    pub operation: &'static str,
    /// The most resources of one call.
    pub batch: usize,
    /// The setting that allows more than one resource a call.
    pub batch_setting: Option<&'static str>,
}

impl VerbSpec {
    /// Creates an operation that takes one resource.
    pub const fn single(operation: &'static str) -> Self {
        Self { operation, batch: 1, batch_setting: None }
    }
}

/// The write operations of a connector on a kind.
#[derive(Clone, Copy, Debug)]
pub struct Verbs {
    /// Creation.
    pub create: Option<VerbSpec>,
    /// Update of fields.
    pub update: Option<VerbSpec>,
    /// Deletion.
    pub delete: Option<VerbSpec>,
    /// Replacement of a member list.
    pub set_members: Option<VerbSpec>,
    /// Update of a password.
    pub set_password: Option<VerbSpec>,
}

impl Verbs {
    /// The operations of a connector that only reads.
    pub const NONE: Verbs =
        Verbs { create: None, update: None, delete: None, set_members: None, set_password: None };

    /// Returns the operation of a verb.
    pub fn get(&self, verb: Verb) -> Option<VerbSpec> {
        match verb {
            Verb::Create => self.create,
            Verb::Edit => self.update,
            Verb::Password => self.set_password,
            Verb::Delete => self.delete,
            Verb::Members => self.set_members,
            Verb::Put => None,
        }
    }
}

/// A field whose value after creation the vendor's document does not specify. The read-back decides.
#[derive(Clone, Copy, Debug)]
pub struct CreationDefault {
    /// The field.
    pub field: &'static Field,
    /// The connection's setting that predicts the creation.
    ///
    /// It tells whether a flag is set, or whether the sent value is kept.
    pub setting: &'static str,
}

/// The support of a kind of resource by a connector.
#[derive(Debug)]
pub struct Support {
    /// The kind.
    pub kind: Kind,
    /// The mapping of each field, by [`Field::index`].
    pub fields: &'static [Mapping],
    /// The write operations.
    pub verbs: Verbs,
    /// The fields that creation may set to another value than the sent one.
    pub defaults: &'static [CreationDefault],
    /// The vendor's operations that create, update and return the fields, for the reference page.
    pub operations: [&'static str; 3],
}

impl Support {
    /// Returns the support of a kind that no connection holds.
    const fn none(kind: Kind) -> Self {
        Self { kind, fields: &[], verbs: Verbs::NONE, defaults: &[], operations: ["", "", ""] }
    }

    /// Returns the mapping of a field of the kind.
    pub fn mapping(&self, field: &Field) -> &'static Mapping {
        self.fields.get(usize::from(field.index)).unwrap_or(&Mapping::NONE)
    }

    /// Returns true if some operation returns a field.
    pub fn is_read(&self, field: &Field) -> bool {
        self.mapping(field).is_read()
    }

    /// Returns true if creation can set a field to a value.
    pub fn can_create(&self, field: &Field, value: &Value) -> bool {
        self.mapping(field).can_create(value)
    }

    /// Returns true if an edit can set a field to a value.
    pub fn can_edit(&self, field: &Field, value: &Value) -> bool {
        self.mapping(field).can_edit(value)
    }

    /// Returns the setting that predicts a creation's effect, if the document does not.
    pub fn creation_default(&self, field: &Field) -> Option<&'static str> {
        self.defaults.iter().find(|default| default.field == field).map(|default| default.setting)
    }

    /// Returns true if a field's live value can be compared, with `wanted` if given.
    ///
    /// A text or a SIP account whose key is missing from the response may be unset or unread. An edit that sets it is
    /// right in both cases, so it is compared as unset. A replacement or a finding would be right in one only, so it
    /// is not compared. Nor is a value that the vendor partly hides.
    pub fn is_comparable(&self, field: &Field, wanted: Option<&Value>, live: &Record) -> bool {
        let mapping = self.mapping(field);
        let editable = mapping.is_editable() && wanted.is_none_or(|wanted| mapping.can_edit(wanted));
        mapping.is_read()
            && !live.is_masked(field)
            && (!live.is_unread(field) || (field.ty.may_be_unset() && editable))
    }
}

static NO_AGENTS: Support = Support::none(Kind::Agent);
static NO_QUEUES: Support = Support::none(Kind::Queue);
static NO_SEATS: Support = Support::none(Kind::Seat);

/// The support of each kind, by the connections of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Supports {
    /// Of agents.
    pub agents: &'static Support,
    /// Of queues.
    pub queues: &'static Support,
    /// Of voice seats.
    pub seats: &'static Support,
}

impl Default for Supports {
    /// Returns the supports of a workspace without connections.
    fn default() -> Self {
        Self { agents: &NO_AGENTS, queues: &NO_QUEUES, seats: &NO_SEATS }
    }
}

impl Supports {
    /// Returns the first support of each kind.
    pub fn new(all: impl IntoIterator<Item = &'static Support>) -> Self {
        let mut supports = Self::default();
        let mut taken = Vec::new();
        for support in all {
            if taken.contains(&support.kind) {
                continue;
            }
            taken.push(support.kind);
            match support.kind {
                Kind::Agent => supports.agents = support,
                Kind::Queue => supports.queues = support,
                Kind::Seat => supports.seats = support,
            }
        }
        supports
    }

    /// Returns the support of a kind.
    pub fn get(&self, kind: Kind) -> &'static Support {
        match kind {
            Kind::Agent => self.agents,
            Kind::Queue => self.queues,
            Kind::Seat => self.seats,
        }
    }
}

/// Writes the mapping of a kind: one row a field, and an array of them all, by [`Field::index`].
///
/// ```text
/// mapping! { FIELDS of agent;
///     WRAP_UP_SECONDS => create ["afterInterval" >= 0] update ["afterInterval" >= 1] read ["afterInterval"];
/// }
/// ```
/// A missing list is an operation that the vendor lacks, and so is a missing row.
#[macro_export]
macro_rules! mapping {
    (@cell $key:literal) => { $crate::model::support::Cell { key: $key, min: None } };
    (@cell $key:literal >= $min:literal) => { $crate::model::support::Cell { key: $key, min: Some($min) } };
    ($table:ident of $kind:ident; $(
        $name:ident =>
            $(create [$($create:literal $(>= $cmin:literal)?),+])?
            $(update [$($update:literal $(>= $umin:literal)?),+])?
            $(read [$($read:literal),+])?;
    )+) => {
        /// The mapping of each field.
        pub static $table: [$crate::model::support::Mapping; $crate::model::$kind::COUNT] = {
            let mut table = [$crate::model::support::Mapping::NONE; $crate::model::$kind::COUNT];
            $(
                table[$crate::model::$kind::$name.index as usize] = $crate::model::support::Mapping {
                    create: &[$($($crate::mapping!(@cell $create $(>= $cmin)?)),+)?],
                    update: &[$($($crate::mapping!(@cell $update $(>= $umin)?)),+)?],
                    read: &[$($($crate::mapping!(@cell $read)),+)?],
                };
            )+
            table
        };
    };
}
