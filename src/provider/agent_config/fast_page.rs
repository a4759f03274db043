//! Fast parser of a well-formed page of agents, in one pass.
//!
//! An estate is a thousand pages, and a row has twice as many keys as a roster reads. Only the values that a field's
//! `read` column names are taken, straight from the bytes. [`rows::row`] interprets them, as on the slow path.
//! [`page`] returns `None` for a response with any oddity, and `responses::page` then parses the whole of it.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value as Json;

use super::fields::FIELDS;
use super::rows;
use crate::config::workspace::Connection;
use crate::model::call::Reply;
use crate::provider::Page;
use crate::provider::json_cursor::{Cursor, Object};

#[derive(Deserialize)]
struct Answer {
    code: Json,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    total: Json,
    result: Vec<Known>,
}

/// The values of a row that the connector reads, in the order of [`KEYS`].
struct Known(Vec<Option<Json>>);

impl Object for Known {
    fn at(&self, key: &str) -> Option<&Json> {
        self.0.get(usize::from(known(key)?))?.as_ref()
    }
}

/// A value without an object around it.
struct Alone(Json);

impl Object for Alone {
    fn at(&self, _: &str) -> Option<&Json> {
        Some(&self.0)
    }
}

/// Parses a page of the listing; `None` for a response with any oddity.
pub(super) fn page(connection: &Connection, reply: &Reply) -> Option<Page> {
    if !(200..300).contains(&reply.status) {
        return None;
    }
    let Answer { code, data } = serde_json::from_slice(&reply.body).ok()?;
    let code = Cursor::new(&Alone(code), "", "code").number().ok()??;
    if !connection.settings.numbers("successCodes").contains(&code) {
        return None;
    }
    let total = Cursor::new(&Alone(data.total), "", "total").number().ok()??;
    let mut rows = Vec::with_capacity(data.result.len());
    for row in &data.result {
        rows.push(rows::row(connection, row, "").ok()?);
    }
    Some(Page { rows, total: Some(usize::try_from(total).ok()?) })
}

/// The keys that the connector reads, by length: a page has three thousand keys to look up.
static KEYS: LazyLock<Vec<Vec<(&'static str, u8)>>> = LazyLock::new(|| {
    let read = FIELDS.iter().flat_map(|mapping| mapping.read).map(|cell| cell.key);
    let mut keys: Vec<Vec<(&'static str, u8)>> = Vec::new();
    let known = ["operatorId", rows::COMPANY, rows::CHANGED].into_iter().chain(rows::IDENTITY);
    for (key, place) in known.chain(read).zip(0..) {
        if keys.len() <= key.len() {
            keys.resize_with(key.len() + 1, Vec::new);
        }
        keys[key.len()].push((key, place));
    }
    keys
});

/// Returns a key's place in a row, if the connector reads the key.
fn known(key: &str) -> Option<u8> {
    KEYS.get(key.len())?.iter().find(|(known, _)| *known == key).map(|(_, place)| *place)
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Known;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Known, A::Error> {
        let mut values = Vec::with_capacity(27);
        let mut said = 0_u64;
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(place) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // The slow path decides between the two values.
            let bit = 1_u64.checked_shl(u32::from(place)).filter(|bit| said & bit == 0);
            said |= bit.ok_or_else(|| A::Error::custom("a key appears twice"))?;
            let place = usize::from(place);
            if values.len() <= place {
                values.resize(place + 1, None);
            }
            values[place] = Some(map.next_value()?);
        }
        Ok(Known(values))
    }
}

/// A key of a row.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(known(key))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::model::agent;
    use crate::provider::Row;
    use crate::provider::agent_config::responses;
    use crate::vendors;

    const WORKSPACE: &str = "apiVersion: rosterctl/v1\nkind: Workspace\nname: test\nmanifests: [roster]\n\
        connections:\n  a: { provider: agent-config, baseUrl: sandbox, companyId: 1001 }\n";

    fn connection() -> Connection {
        let specs = &vendors::ALL.specs();
        let loaded = crate::config::load::load(&"rosterctl.yaml".into(), WORKSPACE.as_bytes(), specs);
        loaded.ok().unwrap().connections.remove(0)
    }

    fn reply(status: u16, body: &str) -> Reply {
        let (content_type, body) = (String::new(), body.as_bytes().to_vec());
        Reply { status, content_type, retry_after: None, body }
    }

    /// Returns true if the fast path reads a body, and asserts that both paths agree.
    fn at_once(body: &str) -> bool {
        let (connection, reply) = (connection(), reply(200, body));
        let Some(page) = page(&connection, &reply) else { return false };
        let whole = responses::whole(&connection, &reply).unwrap();
        assert_eq!(format!("{page:?}"), format!("{whole:?}"), "{body}");
        true
    }

    #[test]
    fn what_is_read_at_once_is_what_the_whole_says() {
        let page = |rows: &str| {
            format!(r#"{{"code": 200, "msg": "ok", "data": {{"total": 2, "result": [{rows}]}}}}"#)
        };
        let usual = r#"{"operatorId": "8001", "name": "张三", "operatorType": 0, "mainGroupName": "售前", "status": 1,
            "afterInterval": 30, "sipNumber": "1001", "sipPassword": "x", "isaudio": 1, "ismessage": 0, "isvideo": 1,
            "outcallflag": 2, "email": "a@b.c", "more": {"name": [1, 2]}}"#;
        for rows in [
            "",
            usual,
            r#"{"operatorId": 8001, "name": "", "status": "1", "afterInterval": "30", "outcallflag": 9, "judge": 7}"#,
            r#"{"operatorId": "8001", "companyId": 1001.0}, {"operatorId": "8001", "companyId": "1002"}"#,
            r#"{"operatorId": "8001", "name": null, "sipNumber": null, "isrecord": true, "afterInterval": 3.0}"#,
            r#"{"operatorId": "8\u00301", "na\u006de": "\u5f20", "showcaller": 95}"#,
            r#"{"operatorId": "8001", "id": 7, "ctime": 1641284247}, {"operatorId": "8002", "id": {}, "ctime": "x"}"#,
            r#"{"operatorId": "8001", "utime": 1641284247000}, {"operatorId": "8002", "utime": "x"}"#,
        ] {
            assert!(at_once(&page(rows)), "{rows}");
        }
        for body in [
            page(r#"{"name": "x"}"#),
            page(r#"{"operatorId": "1", "name": {}}"#),
            page(r#"{"operatorId": "1", "companyId": "acme"}"#),
            page(r#"{"operatorId": "1", "name": "a", "name": "b"}"#),
            page("null"),
            page(usual).replace("200", "500"),
            page(usual).replace(r#""total": 2, "#, ""),
            page(usual).replace(r#""total": 2"#, r#""total": "many""#),
            page(usual)[..60].to_owned(),
            r#"{"code": 200, "data": null}"#.to_owned(),
            "<html>".to_owned(),
        ] {
            assert!(!at_once(&body), "{body}");
        }
    }

    #[test]
    fn a_key_that_is_missing_tells_nothing() {
        let row = r#"{"operatorId": "8001", "name": null, "mainGroupName": "", "status": null, "isaudio": 1, "judge": 1}"#;
        let body = format!(r#"{{"code": 200, "msg": "ok", "data": {{"total": 1, "result": [{row}]}}}}"#);
        let page = page(&connection(), &reply(200, &body)).unwrap();
        let Row::Agent(_, record) = &page.rows[0] else { panic!("no agent") };
        for told in [&agent::NAME, &agent::MAIN_SKILL_GROUP, &agent::SURVEY] {
            assert!(!record.is_unread(told), "{told:?}");
        }
        let untold =
            [&agent::BOUND_PHONE, &agent::EMAIL, &agent::ENABLED, &agent::WRAP_UP_SECONDS, &agent::SIP];
        for untold in untold.into_iter().chain([&agent::CHANNEL_SET, &agent::RECORDING]) {
            assert!(record.is_unread(untold), "{untold:?}");
        }
    }
}
