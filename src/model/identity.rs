//! Identities: the agent that a number means, and the tenant of a connection.

use std::collections::BTreeMap;
use std::num::NonZero;

use serde::{Deserialize, Serialize};

/// The vendor's own identity of an agent. Source: agent-config §2.1.4, §2.1.5 (`id`, `ctime`).
///
/// Both parts are optional: a row that lacks one proves nothing by it. Zero is no number and no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The vendor's number of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub id: Option<NonZero<i64>>,
    /// Time of the creation since 1970 UTC, as the vendor spells it: seconds or milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub ctime: Option<NonZero<i64>>,
}

impl Identity {
    /// The identity of which no part is known.
    pub const UNKNOWN: Self = Self { id: None, ctime: None };

    /// Creates the identity of two numbers that a row may lack.
    pub fn new(id: Option<i64>, ctime: Option<i64>) -> Self {
        Self { id: id.and_then(NonZero::new), ctime: ctime.and_then(NonZero::new) }
    }

    /// Returns true if no part is known.
    pub fn is_unknown(&self) -> bool {
        self.id.is_none() && self.ctime.is_none()
    }

    /// Returns true if a part that both have proves two agents.
    pub fn is_another(&self, other: &Self) -> bool {
        let differ =
            |ours: Option<NonZero<i64>>, theirs: Option<NonZero<i64>>, same: fn(i64, i64) -> bool| {
                ours.zip(theirs).is_some_and(|(ours, theirs)| !same(ours.get(), theirs.get()))
            };
        differ(self.id, other.id, |a, b| a == b) || differ(self.ctime, other.ctime, same_time)
    }

    /// Copies the parts that only the other has.
    pub fn fill_from(&mut self, other: &Self) {
        self.id = self.id.or(other.id);
        self.ctime = self.ctime.or(other.ctime);
    }
}

/// Returns true for one moment, which two operations may give in seconds and in milliseconds.
fn same_time(a: i64, b: i64) -> bool {
    a == b || (a > MOST_SECONDS) != (b > MOST_SECONDS) && a.max(b) / 1000 == a.min(b)
}

/// Above this, a time since 1970 UTC is in milliseconds.
const MOST_SECONDS: i64 = 100_000_000_000;

/// Returns a time of a vendor, in seconds or milliseconds, in seconds.
pub fn in_seconds(time: i64) -> i64 {
    if time > MOST_SECONDS { time / 1000 } else { time }
}

/// The settings that identify a connection's tenant, by name; numbers in digits.
pub type Tenant = BTreeMap<String, String>;

/// Returns the settings of a tenant that differ, each with both values.
///
/// A setting that `known` lacks is not compared. A trailing slash and capitals in a host make no difference.
pub fn tenant_moves<'a>(
    known: &'a Tenant,
    now: &'a Tenant,
) -> impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)> {
    known.iter().filter_map(|(setting, was)| {
        let now = now.get(setting);
        let differs = now.is_none_or(|now| spelled(setting, now) != spelled(setting, was));
        differs.then_some((setting.as_str(), was.as_str(), now.map(String::as_str)))
    })
}

/// Returns true if two connections may have one tenant: no setting that both have differs.
pub fn are_one_tenant(one: &Tenant, other: &Tenant) -> bool {
    one.iter().all(|(setting, value)| {
        other.get(setting).is_none_or(|other| spelled(setting, value) == spelled(setting, other))
    })
}

/// The setting of a connection's address.
pub const BASE_URL: &str = "baseUrl";

/// Returns a setting in its normalized form.
fn spelled(setting: &str, value: &str) -> String {
    if setting != BASE_URL {
        return value.to_owned();
    }
    let value = value.trim_end_matches('/');
    match url::Url::parse(value) {
        // The parser writes the host in lower case and omits a default port.
        Ok(url) => url.as_str().trim_end_matches('/').to_owned(),
        Err(_) => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_part_that_both_tell_proves_two_agents() {
        let known = Identity::new(Some(7), Some(1_641_284_247));
        for (id, ctime, another) in [
            (Some(7), Some(1_641_284_247), false),
            (Some(8), Some(1_641_284_247), true),
            (Some(7), Some(1_641_284_248), true),
            (None, Some(1_641_284_248), true),
            (Some(8), None, true),
            (None, None, false),
            (Some(0), Some(0), false),
            (Some(7), Some(1_641_284_247_999), false),
            (Some(7), Some(1_641_284_248_000), true),
        ] {
            let now = Identity::new(id, ctime);
            assert_eq!(known.is_another(&now), another, "{now:?}");
            assert_eq!(now.is_another(&known), another, "{now:?}");
        }
    }

    #[test]
    fn a_tenant_is_told_by_what_the_ledger_holds() {
        let tenant = |pairs: &[(&str, &str)]| -> Tenant {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let known = tenant(&[("baseUrl", "https://CC.example.com/api/"), ("abbreviate", "acme")]);
        for (now, moves) in [
            (&[("baseUrl", "https://cc.example.com/api"), ("abbreviate", "acme")][..], 0),
            (&[("baseUrl", "https://cc.example.com:443/api"), ("abbreviate", "acme"), ("companyId", "7")], 0),
            (&[("baseUrl", "https://cc.example.com/API"), ("abbreviate", "acme")], 1),
            (&[("baseUrl", "https://cc.example.com/api"), ("abbreviate", "Acme")], 1),
            (&[("baseUrl", "sandbox")], 2),
        ] {
            assert_eq!(tenant_moves(&known, &tenant(now)).count(), moves, "{now:?}");
        }
    }
}
