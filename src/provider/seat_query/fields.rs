//! Support of voice seats, which are only read. Source: seat-query, `v3/cc/seat/query`.

use crate::mapping;
use crate::model::id::Kind;
use crate::model::support::{Support, Verbs};

#[rustfmt::skip]
mapping! { FIELDS of seat;
    NAME           => read ["name"];
    NICKNAME       => read ["petName"];
    EMPLOYEE       => read ["empNo"];
    ENABLED        => read ["enable"];
    GROUP_NAME     => read ["groupName"];
    DISPLAY_NUMBER => read ["displayNum"];
    COUNTRY_CODE   => read ["ccode"];
    PRIORITY       => read ["priority"];
    PASSWORD       => read ["password"];
}

/// The support of voice seats.
pub static SEATS: Support = Support {
    kind: Kind::Seat,
    fields: &FIELDS,
    verbs: Verbs::NONE,
    defaults: &[],
    operations: ["create", "edit", "v3/cc/seat/query"],
};
