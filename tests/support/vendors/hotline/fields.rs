//! The connector's capabilities, and the vendor's spelling of values.

use rosterctl::mapping;
use rosterctl::model::id::Kind;
use rosterctl::model::support::{Cell, Support, VerbSpec, Verbs};
use rosterctl::model::value::Value;
use serde_json::{Map, Value as Json, json};

/// Most people of one call.
pub(super) const BATCH: usize = 10;

#[rustfmt::skip]
mapping! { PERSON_FIELDS of agent;
    NAME             => create ["fullName"]            update ["fullName"]            read ["fullName"];
    TYPE             => create ["rank"]                update ["rank"]                read ["rank"];
    MAIN_SKILL_GROUP => create ["team"]                update ["team"]                read ["team"];
    ENABLED          => create ["active"]              update ["active"]              read ["active"];
    WRAP_UP_SECONDS  => create ["restAfterCall" >= 0]  update ["restAfterCall" >= 0]  read ["restAfterCall"];
    BOUND_PHONE      => create ["phone"]               update ["phone"]               read ["phone"];
    CALLER_ID        => create ["shows"]               update ["shows"]               read ["shows"];
    RECORDING        => create ["taped"]               update ["taped"]               read ["taped"];
    OUTBOUND_CALLS   => create ["dials"]               update ["dials"]               read ["dials"];
    CHANNEL_SET      => create ["media"]               update ["media"]               read ["media"];
    SURVEY           =>                                update ["rated"]               read ["rated"];
    EMAIL            => create ["mail"]                                               read ["mail"];
}

#[rustfmt::skip]
mapping! { LINE_FIELDS of queue;
    ASSIGN_RULE    => create ["spread"] update ["spread"] read ["spread"];
    MEMORY_TIME    => create ["sticky"] update ["sticky"] read ["sticky"];
    ASSIGN_MEMBERS => create ["crew"]   update ["crew"]   read ["crew"];
}

/// The support of people.
pub(super) static PEOPLE: Support = Support {
    kind: Kind::Agent,
    fields: &PERSON_FIELDS,
    verbs: Verbs {
        create: Some(VerbSpec { operation: "people/add", batch: BATCH, batch_setting: None }),
        update: Some(VerbSpec::single("people/change")),
        delete: Some(VerbSpec { operation: "people/remove", batch: BATCH, batch_setting: None }),
        ..Verbs::NONE
    },
    defaults: &[],
    operations: ["people/add", "people/change", "people/list, people/get"],
};

/// The support of lines.
pub(super) static LINES: Support = Support {
    kind: Kind::Queue,
    fields: &LINE_FIELDS,
    verbs: Verbs {
        create: Some(VerbSpec::single("lines/add")),
        update: Some(VerbSpec::single("lines/change")),
        delete: Some(VerbSpec::single("lines/remove")),
        set_members: Some(VerbSpec::single("lines/crew")),
        ..Verbs::NONE
    },
    defaults: &[],
    operations: ["lines/add", "lines/change, lines/crew", "lines/list, lines/get"],
};

/// The program's words, and the vendor's.
const WORDS: &[(&str, &str)] = &[
    ("agent", "operator"),
    ("leader", "supervisor"),
    ("allowed", "all"),
    ("no-long-distance", "local"),
    ("forbidden", "none"),
    ("no-international", "national"),
    ("voice", "phone"),
    ("message", "text"),
    ("video", "camera"),
    ("random", "dice"),
    ("queue", "turns"),
    ("least", "idlest"),
    ("priority", "ranked"),
    ("off", "never"),
    ("2h", "2 hours"),
    ("1d", "1 day"),
    ("1w", "1 week"),
    ("30d", "30 days"),
];

/// Returns the vendor's word.
fn theirs(word: &str) -> &'static str {
    WORDS.iter().find(|(ours, _)| *ours == word).map_or("", |(_, theirs)| theirs)
}

/// Returns the program's word.
pub(super) fn ours(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(_, theirs)| *theirs == word).map(|(ours, _)| *ours)
}

/// Writes a value on the keys of an operation.
pub(super) fn write(body: &mut Map<String, Json>, cells: &[Cell], value: &Value) {
    let json = match value {
        Value::Text(text) => json!(&**text),
        Value::Flag(flag) => json!(flag),
        Value::Number(number) => json!(number),
        Value::Choice(word) => json!(theirs(word)),
        Value::Set(words) => words.iter().map(|word| json!(theirs(word))).collect(),
        Value::Members(members) => {
            members.iter().map(|(id, priority)| json!({ "login": id.as_str(), "turn": priority })).collect()
        }
        Value::Sip(_) | Value::Password(_) | Value::Other(_) => return,
    };
    for cell in cells {
        body.insert(cell.key.to_owned(), json.clone());
    }
}
