//! Declarations of connectors and of their settings, as data.
//!
//! A [`Spec`] yields the workspace's schema and its check, rate limits, estimates, `doctor` and the reference page.
//! Stores, ledger and policy describe their settings with the same rows.

use std::time::Duration;

use crate::model::id::{Kind, OperatorId};
use crate::model::presence::{HARMS, STATE_WORDS, State};
use crate::model::support::Support;

/// One setting of a connection, a store, the ledger or the policy.
#[derive(Debug)]
pub struct Setting {
    /// Name in `rosterctl.yaml`.
    pub key: &'static str,
    /// Type of its value.
    pub ty: SettingType,
    /// True if it is mandatory. Behind `baseUrl: sandbox` no setting of a connection is.
    pub required: bool,
    /// Default, in YAML; empty without one.
    pub default: &'static str,
    /// Meaning, in sentences.
    pub doc: &'static str,
    /// Constraint between the setting and its neighbours.
    pub bond: Constraint,
}

/// A constraint between a setting and its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// None.
    Free,
    /// Exactly one of these is given, or none if one of them has a default.
    OneOf(&'static [&'static str]),
    /// Mandatory if that neighbour holds this word.
    When(&'static str, &'static str),
}

impl Setting {
    /// Sets the constraint.
    #[must_use]
    pub const fn bound(self, bond: Constraint) -> Self {
        Self { bond, ..self }
    }
}

/// The type of a setting.
#[derive(Clone, Copy, Debug)]
pub enum SettingType {
    /// Text, not empty.
    Text,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Some of some words.
    Words(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A text or a list of them, which a value must match.
    Matching(Form),
    /// A whole number between two bounds.
    Number {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A list of whole numbers, or one.
    Numbers,
    /// `true` or `false`.
    Flag,
    /// `500ms`, `30s`, `2m`, `1h`.
    Duration {
        /// True if zero is allowed.
        zero: bool,
    },
    /// `90d`, from some number of days on; or `never`, if that is a value.
    Days {
        /// The fewest days.
        min: u32,
        /// True if the value may be `never`.
        never: bool,
    },
    /// `+08:00`.
    Offset,
    /// A share (`10%`) or a count.
    Share,
    /// Address of a service: `https://HOST[:PORT]`, or `http://` on this host.
    Address,
    /// A URL that begins with one of these.
    Url(&'static [&'static str]),
    /// `{ store, key }`.
    Secret,
    /// A mapping of settings.
    Group(&'static [Setting]),
}

/// The form of texts that a value must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The value itself.
    Exact,
    /// A pattern: `*` stands for any text, `?` for one character.
    Pattern,
    /// The value itself, or a range of numbers: `8000..8999`.
    Ids,
}

/// An operation of a vendor.
#[derive(Debug)]
pub struct OperationSpec {
    /// The vendor's name for it; also the key of its rate limit.
    pub name: &'static str,
    /// True if it changes resources.
    pub writes: bool,
    /// The setting that holds its rate limit, if the vendor has one.
    pub rate_setting: Option<&'static str>,
}

/// A connector's declaration of itself.
#[derive(Debug)]
pub struct Spec {
    /// Word under `provider:`.
    pub name: &'static str,
    /// One sentence about the system.
    pub doc: &'static str,
    /// The vendor's document.
    pub document: &'static str,
    /// The support of each kind of resource that it holds.
    pub supports: &'static [&'static Support],
    /// Settings that tell one tenant from another, beside the address.
    pub tenant: &'static [&'static str],
    /// Settings that name the credential beside its secret, as paths (`login.username`).
    pub credential: &'static [&'static str],
    /// True if it writes; the others only read.
    pub writes: bool,
    /// Settings beside those that every connection has.
    pub settings: &'static [Setting],
    /// Its operations.
    pub operations: &'static [OperationSpec],
    /// The states that it reports; none if it does not know agents' presence.
    pub states: &'static [State],
    /// The meaning of the system, under an empty path, and of its own settings by path: for the mainland and for Taiwan.
    pub chinese: &'static [(&'static str, [&'static str; 2])],
    /// The remedy if it refuses a read, in each language; none if its document gives none.
    pub refused: Option<[&'static str; 3]>,
    /// Returns true if it can be queried about an agent; `None` unless it is queried agent by agent.
    pub asks: Option<fn(&OperatorId) -> bool>,
}

impl Spec {
    /// Returns the support of a kind, where it holds the kind.
    pub fn support(&self, kind: Kind) -> Option<&'static Support> {
        self.supports.iter().copied().find(|support| support.kind == kind)
    }

    /// Returns true if it tells a state of agents that a document lists.
    pub fn tells(&self, state: State) -> bool {
        state != State::Unknown && self.states.contains(&state)
    }

    /// Returns true if it holds a kind of resources.
    pub fn holds(&self, kind: Kind) -> bool {
        self.support(kind).is_some()
    }
}

/// So many calls in any window of such a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls allowed in any window; at least 1.
    pub calls: usize,
    /// Length of the window.
    pub per: Duration,
}

impl Rate {
    /// Returns the shortest time in which `n` calls fit, from an empty window on.
    pub fn time_for(self, n: usize) -> Duration {
        let windows = n.saturating_sub(1) / self.calls.max(1);
        self.per * u32::try_from(windows).unwrap_or(u32::MAX)
    }
}

const fn setting(key: &'static str, ty: SettingType, default: &'static str, doc: &'static str) -> Setting {
    Setting { key, ty, required: false, default, doc, bond: Constraint::Free }
}

/// Returns an optional setting.
pub const fn optional(
    key: &'static str,
    ty: SettingType,
    default: &'static str,
    doc: &'static str,
) -> Setting {
    setting(key, ty, default, doc)
}

/// Returns a mandatory setting.
pub const fn required(key: &'static str, ty: SettingType, doc: &'static str) -> Setting {
    Setting { key, ty, required: true, default: "", doc, bond: Constraint::Free }
}

/// `rateLimit: { calls: 20, per: 60s }`.
pub const RATE: SettingType = SettingType::Group(&[
    required("calls", SettingType::Number { min: 1, max: 1_000_000 }, "Calls allowed in any window."),
    required("per", SettingType::Duration { zero: false }, "Length of the window."),
]);

/// Meaning of a `rateLimit` where the vendor documents none.
pub const RATE_DOC: &str = "Rate limit; the vendor documents none, so none holds when it is left out.";

/// Settings that every connection has.
pub static CONNECTION: &[Setting] = &[
    required(
        "baseUrl",
        SettingType::Text,
        "Where the system answers, like https://cc.example.com; or the word `sandbox` for the embedded simulator.",
    ),
    optional("timeout", SettingType::Duration { zero: false }, "30s", "Longest time that one call may take."),
    optional(
        "retry",
        SettingType::Group(&[
            optional("attempts", SettingType::Number { min: 1, max: 100 }, "6", "Most attempts at one call."),
            optional(
                "total",
                SettingType::Duration { zero: true },
                "2m",
                "Longest time for all attempts at one call.",
            ),
        ]),
        "{ attempts: 6, total: 2m }",
        "Bounds of trying a call again.",
    ),
    optional("concurrency", SettingType::Number { min: 1, max: 256 }, "8", "Calls in flight at a time."),
    optional(
        "caFile",
        SettingType::Text,
        "",
        "PEM file of further certificate authorities, beside rosterctl.yaml or absolute.",
    ),
    optional(
        "allowInsecure",
        SettingType::Flag,
        "false",
        "Allow http:// to another host than this one. Passwords then cross the network in clear.",
    ),
];

const VAULT_SIGN_IN: Constraint = Constraint::OneOf(&["token", "approle", "kubernetes"]);
const LEDGER_PLACE: Constraint = Constraint::OneOf(&["path", "url"]);

/// The types of stores, and the settings of each.
pub static STORES: &[(&str, &str, &[Setting])] = &[
    (
        "env",
        "Environment variables: key CC_TOKEN reads PREFIX + CC_TOKEN. Keys are [A-Z0-9_]+.",
        &[optional("prefix", SettingType::Text, "\"\"", "Put before each key.")],
    ),
    (
        "dir",
        "One file a key, never outside the folder; writable.",
        &[required("path", SettingType::Text, "The folder, beside rosterctl.yaml or absolute.")],
    ),
    (
        "vault",
        "HashiCorp Vault, KV version 2; writable.",
        &[
            required("address", SettingType::Address, "Where Vault answers."),
            optional("mount", SettingType::Text, "secret", "Mount of the KV engine."),
            optional("path", SettingType::Text, "\"\"", "Path before each key."),
            optional("token", SettingType::Secret, "", "Sign in with a token.").bound(VAULT_SIGN_IN),
            optional(
                "approle",
                SettingType::Group(&[
                    required("roleId", SettingType::Text, "Role id."),
                    required("secretId", SettingType::Secret, "Secret id."),
                    optional("mount", SettingType::Text, "approle", "Mount of the sign-in."),
                ]),
                "",
                "Sign in with AppRole.",
            )
            .bound(VAULT_SIGN_IN),
            optional(
                "kubernetes",
                SettingType::Group(&[
                    required("role", SettingType::Text, "Role."),
                    optional("mount", SettingType::Text, "kubernetes", "Mount of the sign-in."),
                ]),
                "",
                "Sign in as a Kubernetes service account.",
            )
            .bound(VAULT_SIGN_IN),
            optional("namespace", SettingType::Text, "", "Namespace (Vault Enterprise)."),
            optional("caFile", SettingType::Text, "", "PEM file of further certificate authorities."),
        ],
    ),
    (
        "sops",
        "A YAML or JSON file encrypted with SOPS to age or SSH recipients; read only.",
        &[
            required("path", SettingType::Text, "The file."),
            optional(
                "identity",
                SettingType::Secret,
                "",
                "The age identity or SSH key; else the variables and default files of SOPS.",
            ),
        ],
    ),
    (
        "age",
        "A file encrypted with age that holds a map of key to value; read only.",
        &[
            required("path", SettingType::Text, "The file."),
            required("identity", SettingType::Secret, "The age identity or SSH key."),
        ],
    ),
    (
        "exec",
        "A command without a shell; {key} stands for the key.",
        &[
            required("get", SettingType::Texts, "Prints the value of {key}."),
            optional("put", SettingType::Texts, "", "Stores standard input under {key}."),
            optional(
                "line",
                SettingType::Choice(&["all", "first"]),
                "all",
                "Whether the value is all that `get` prints, or its first line alone.",
            ),
            optional(
                "missing",
                SettingType::Group(&[
                    required(
                        "exit",
                        SettingType::Numbers,
                        "Exit codes of `get` for a key that is not there.",
                    ),
                    optional(
                        "stderr",
                        SettingType::Text,
                        "",
                        "A text that `get` then prints on standard error.",
                    ),
                ]),
                "",
                "How `get` ends for a key that is not there; known of pass, gopass, op, security and \
                 secret-tool.",
            ),
        ],
    ),
];

/// Settings under `ledger:`.
pub static LEDGER: &[Setting] = &[
    optional(
        "path",
        SettingType::Text,
        ".rosterctl/ledger.json",
        "File of the ledger, beside rosterctl.yaml; each workspace has its own.",
    )
    .bound(LEDGER_PLACE),
    optional(
        "url",
        SettingType::Url(&["s3://", "gs://", "az://", "file://"]),
        "",
        "Object store of the ledger, like s3://bucket/prefix; instead of `path`.",
    )
    .bound(LEDGER_PLACE),
    optional(
        "lease",
        SettingType::Duration { zero: false },
        "30s",
        "How long a lock is held without being renewed, and a silent object store is waited for.",
    ),
    optional("fingerprintKey", SettingType::Secret, "", "Key of the fingerprints of passwords."),
];

/// Settings under `calendar:`.
pub static CALENDAR: &[Setting] = &[optional(
    "horizon",
    SettingType::Days { min: 1, never: false },
    "90d",
    "How many days ahead `validate` checks the roster and `calendar` shows it.",
)];

/// Settings under `scope:`.
pub static SCOPE: &[Setting] = &[
    optional(
        "agents",
        SettingType::Group(&[
            optional(
                "operatorId",
                SettingType::Matching(Form::Ids),
                "",
                "Numbers of the agents, one by one or as ranges.",
            ),
            optional(
                "mainSkillGroup",
                SettingType::Matching(Form::Exact),
                "",
                "Main skill groups of the agents. A live agent without one is outside.",
            ),
            optional("name", SettingType::Matching(Form::Pattern), "", "Names of the agents."),
        ]),
        "",
        "The agents of this workspace: all keys must match, and of each key one text. Without it, all agents.",
    ),
    optional(
        "queues",
        SettingType::Group(&[
            optional("displayName", SettingType::Matching(Form::Pattern), "", "Names of the queues."),
            optional(
                "exten",
                SettingType::Matching(Form::Ids),
                "",
                "The vendor's numbers of the queues. A queue that has none yet is outside.",
            ),
        ]),
        "",
        "The queues of this workspace, likewise. Without it, all queues.",
    ),
];

/// What `scope` means.
pub const SCOPE_DOC: &str = "The part of the tenant that this workspace manages. Resources outside are neither listed, compared nor deleted, and no manifest may declare them. Members of a queue that are outside stay in its list.";

/// Settings of an entry of `ignore:`.
pub static IGNORE: &[Setting] = &[
    required(
        "id",
        SettingType::Text,
        "The resource: `agent/8002`, `queue/NAME`, `queue/NAME@EXTEN` or `seat/ACCOUNT`.",
    ),
    required("reason", SettingType::Text, "Why it is left alone; reports of errors show it."),
];

/// What `ignore` means.
pub const IGNORE_DOC: &str = "Single live resources that this workspace leaves alone, as if they lay outside `scope`, each with the reason.";

/// What `timeZone` means.
pub const TIME_ZONE_DOC: &str = "Zone of all dates in the manifests, by its IANA name, like Asia/Shanghai; needed as soon as they hold a date.";

/// What `language` means.
pub const LANGUAGE_DOC: &str = "Language of what people read: reports, findings, ways out, `explain`. `--lang` goes before it. JSON, ids, keys and logs stay as they are.";

/// The words of `policy.leavers.then`.
pub static LEAVERS: &[&str] = &["disable", "delete", "keep"];

/// Settings under `policy:`.
pub static POLICY: &[Setting] = &[
    optional(
        "prune",
        SettingType::Choice(&["none", "owned", "all"]),
        "none",
        "Which live agents that no manifest names are deleted: none, those that rosterctl made or adopted, or all. It holds for queues, too, where the vendor can delete them and the manifests declare one.",
    ),
    optional(
        "limits",
        SettingType::Group(&[
            optional(
                "deletes",
                SettingType::Share,
                "10%",
                "Most agents deleted in one run, of those that are live; and most queues, of those.",
            ),
            optional(
                "changes",
                SettingType::Share,
                "50%",
                "Most resources updated or replaced in one run, of those that are live.",
            ),
            optional(
                "memberRemovals",
                SettingType::Share,
                "30%",
                "Most members that one queue loses in one run, also by its own deletion.",
            ),
            optional(
                "floor",
                SettingType::Number { min: 0, max: 1_000_000 },
                "5",
                "Counts up to this pass every limit that is not zero.",
            ),
        ]),
        "{ deletes: 10%, changes: 50%, memberRemovals: 30%, floor: 5 }",
        "How much one run may change.",
    ),
    optional(
        "leavers",
        SettingType::Group(&[
            optional(
                "then",
                SettingType::Choice(LEAVERS),
                "disable",
                "What happens to an agent after its `until`: it is disabled, deleted, or left alone.",
            ),
            optional(
                "deleteAfter",
                SettingType::Days { min: 0, never: true },
                "never",
                "How many days after its last one a disabled agent is deleted.",
            ),
        ]),
        "{ then: disable, deleteAfter: never }",
        "What happens to agents who have left.",
    ),
    optional(
        "immutable",
        SettingType::Choice(&["report", "replace"]),
        "report",
        "What happens to a field that the vendor cannot edit: report it, or delete the agent and make it again.",
    ),
    optional(
        "presence",
        SettingType::Group(&[
            optional(
                "protect",
                SettingType::Words(STATE_WORDS),
                "[on-call]",
                "States in which an agent is left alone.",
            ),
            optional(
                "block",
                SettingType::Words(HARMS),
                "[delete, disable, regroup, unqueue]",
                "What is not done to an agent in such a state.",
            ),
            optional(
                "wait",
                SettingType::Duration { zero: true },
                "0s",
                "How long to wait for the state to end.",
            ),
            optional(
                "onError",
                SettingType::Choice(&["refuse", "allow"]),
                "refuse",
                "What an unreachable presence system means.",
            ),
        ]),
        "{ protect: [on-call], block: [delete, disable, regroup, unqueue], wait: 0s, onError: refuse }",
        "Who is left alone while at work.",
    ),
    optional(
        "queueMembers",
        SettingType::Choice(&["exact", "at-least"]),
        "exact",
        "Whether a queue's member list is replaced, or only added to.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_full_only_after_its_calls() {
        let rate = Rate { calls: 20, per: Duration::from_mins(1) };
        assert_eq!(rate.time_for(0), Duration::ZERO);
        assert_eq!(rate.time_for(20), Duration::ZERO);
        assert_eq!(rate.time_for(21), Duration::from_mins(1));
        assert_eq!(rate.time_for(60), Duration::from_mins(2));
    }
}
