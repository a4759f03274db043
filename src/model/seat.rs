//! The voice seat: read only, so two columns stay empty and every difference is a finding.
//!
//! Source: seat-query, `v3/cc/seat/query`. The key, `account`, is no row.

use super::field::kind;
use super::value::Type;

const FREE_TEXT: Type = Type::Text { required: false };

#[rustfmt::skip]
kind! {
    //                                          create edit  v3/cc/seat/query
    /// The seat's name.
    NAME           "name": FREE_TEXT         => []     []    ["name"];
    /// The name shown to colleagues.
    NICKNAME       "nickname": FREE_TEXT     => []     []    ["petName"];
    /// Work number.
    EMPLOYEE       "employeeNumber": FREE_TEXT => []   []    ["empNo"];
    /// Whether the seat may be used.
    ENABLED        "enabled": Type::Flag     => []     []    ["enable"];
    /// The seat group.
    GROUP_NAME     "groupName": FREE_TEXT    => []     []    ["groupName"];
    /// Number shown to the customer.
    DISPLAY_NUMBER "displayNumber": FREE_TEXT => []    []    ["displayNum"];
    /// Country code of the displayed number.
    COUNTRY_CODE   "countryCode": FREE_TEXT  => []     []    ["ccode"];
    /// Priority; the vendor's default is 1.
    PRIORITY       "priority": Type::Number  => []     []    ["priority"];
    /// Password, as a secret reference; compared by the MD5 that the vendor returns, never shown.
    PASSWORD       "password": Type::Password => []    []    ["password"];
}
