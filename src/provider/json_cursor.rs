//! Parser of responses: lenient in a value's spelling, strict in its type.
//!
//! Vendors send `"priority": "0"` for a documented number. They send `null`, `""` or no key for an unset text,
//! failures with HTTP 200, and pages of HTML. A value of the wrong type is an error that names its path. A key with
//! two different values is unknown: no document says which value holds.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

use crate::model::call::{Failure, Reply};
use crate::model::id::OperatorId;

/// Parses the body as a JSON object, or describes it in an error.
///
/// # Errors
/// `Throttled` for 429, `SignIn` for 401 and 403, `Late` for a gateway's time-out, `Unknown` for any other 5xx,
/// `Garbled` for a body that is no JSON object.
pub fn object(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let parsed = parse(reply);
    let said = parsed.as_ref().ok().map(words).filter(|w| !w.is_empty());
    let status = |what: &str| match &said {
        Some(said) => format!("HTTP {}: {said}", reply.status),
        None => format!("HTTP {}{what}", reply.status),
    };
    match reply.status {
        429 => {
            Err(Failure::Throttled { after: reply.retry_after, message: status(" (too many calls)").into() })
        }
        401 | 403 => Err(Failure::SignIn(
            match &parsed {
                Err(what) if !reply.body.is_empty() => format!("HTTP {}, {what}", reply.status),
                Ok(_) | Err(_) => status(""),
            }
            .into(),
        )),
        code @ 500.. => Err(server_error(
            code.into(),
            match &parsed {
                Ok(_) => status(""),
                Err(what) => format!("HTTP {code}, {what}"),
            },
        )),
        300..=399 => Err(Failure::Garbled(
            format!("HTTP {} (a redirection, which is not followed: check `baseUrl`)", reply.status).into(),
        )),
        _ => parsed.map_err(|what| match reply.status {
            200..=299 => Failure::Garbled(what.into()),
            status => Failure::Garbled(format!("HTTP {status}, {what}").into()),
        }),
    }
}

fn parse(reply: &Reply) -> Result<Map<String, Json>, String> {
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&reply.body);
    let start = body.iter().find(|b| !b.is_ascii_whitespace());
    match start {
        None => return Err("an empty body instead of JSON".to_owned()),
        Some(b'<') => {
            let title = title(&String::from_utf8_lossy(&body[..body.len().min(4096)]));
            let title = title.map(|t| format!(" titled `{t}`")).unwrap_or_default();
            return Err(format!(
                "a page of HTML or XML{title} instead of JSON (a proxy or a login page may stand in between)"
            ));
        }
        Some(_) => {}
    }
    if std::str::from_utf8(body).is_err() {
        let said = match reply.content_type.split_once("charset=") {
            Some((_, charset)) => format!(" (`Content-Type` says {})", clean(charset.trim())),
            None => String::new(),
        };
        return Err(format!("bytes that are not UTF-8 instead of JSON{said}"));
    }
    match serde_json::from_slice(body).map(|Strict(json)| json) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(other) => Err(format!("{} where an object is documented", kind(&other))),
        Err(error) if error.is_eof() => {
            Err(format!("JSON that ends in the middle, after {} bytes", body.len()))
        }
        Err(error) => Err(format!("no JSON ({error})")),
    }
}

/// A JSON value in which no key has two values.
struct Strict(Json);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Strict)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
            if object.get(&key).is_some_and(|before| *before != value) {
                return Err(A::Error::custom(format!("`{}` appears twice with two values", clean(&key))));
            }
            object.insert(key, value);
        }
        Ok(Json::Object(object))
    }
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = lower[start..].find('<')? + start;
    Some(clean(html.get(start..end)?.trim()))
}

/// Returns the vendor's own code and message, if any.
fn words(object: &Map<String, Json>) -> String {
    const CODES: [&str; 3] = ["code", "resultCode", "stateCode"];
    const MESSAGES: [&str; 7] =
        ["msg", "message", "reason", "errorMessage", "error_description", "resultDesc", "error"];
    let said = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key).and_then(scalar));
    let code = said(&CODES).map(|c| format!("code {c}"));
    let message = said(&MESSAGES);
    [code, message].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Describes a refusal in the vendor's own code and message.
pub fn refusal(object: &Map<String, Json>) -> String {
    match words(object) {
        said if said.is_empty() => "the vendor refused without saying why".to_owned(),
        said => said,
    }
}

/// Returns the failure that a code in the body means.
///
/// 401, 403, 429 and 5xx mean the same as in HTTP; any other code is a refusal.
pub fn failure(code: i64, reply: &Reply, message: String) -> Failure {
    match code {
        401 | 403 => Failure::SignIn(message.into()),
        429 => Failure::Throttled { after: reply.retry_after, message: message.into() },
        // As with HTTP 5xx, the vendor may have carried out the call.
        500..=599 => server_error(code, message),
        _ => Failure::Refused(message.into()),
    }
}

/// Returns the failure of a code 5xx. A gateway that gave up waiting tells nothing of the vendor, which may still carry
/// the call out: 504, and 524 of a content network.
fn server_error(code: i64, message: String) -> Failure {
    match code {
        504 | 524 => Failure::Late(message.into()),
        _ => Failure::Unknown(message.into()),
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(clean(text)),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns a message on one line: control characters become blanks.
///
/// It is cut and sanitized where it is shown, after its secrets are redacted.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Names the kind of a JSON value, with its article.
pub fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// An object of a list, with its path.
pub type Placed<'a> = (&'a Map<String, Json>, String);

/// A set of values by key.
pub trait Object {
    /// Returns the value under a key.
    fn at(&self, key: &str) -> Option<&Json>;
}

impl Object for Map<String, Json> {
    fn at(&self, key: &str) -> Option<&Json> {
        self.get(key)
    }
}

/// A cursor into a response that remembers its path for messages.
#[derive(Clone)]
pub struct Cursor<'a> {
    value: Option<&'a Json>,
    /// True if the key is present, even with a null.
    present: bool,
    path: &'a str,
    key: &'a str,
}

impl<'a> Cursor<'a> {
    /// Returns a cursor to the value at `key` of an object.
    pub fn new(object: &'a impl Object, path: &'a str, key: &'a str) -> Self {
        let value = object.at(key);
        Self { value: value.filter(|v| !v.is_null()), present: value.is_some(), path, key }
    }

    fn path(&self) -> String {
        if self.path.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.path, self.key) }
    }

    /// Returns true if the response has the key: a null is an unset text, a missing key is unread.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Returns the value itself; `None` for `null` and for a missing key.
    pub fn get(&self) -> Option<&'a Json> {
        self.value
    }

    fn wrong(&self, wanted: &str) -> Failure {
        let found = self.value.map_or("nothing", kind);
        Failure::Garbled(format!("`{}` is {found} where {wanted} is documented", self.path()).into())
    }

    /// Returns an object; `None` if unset.
    pub fn object(&self) -> Result<Option<&'a Map<String, Json>>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.wrong("an object")),
        }
    }

    /// Returns a list of objects, each with its path; `None` if unset.
    pub fn objects(&self) -> Result<Option<Vec<Placed<'a>>>, Failure> {
        let list = match self.value {
            None => return Ok(None),
            Some(Json::Array(list)) => list,
            Some(_) => return Err(self.wrong("a list")),
        };
        let mut objects = Vec::with_capacity(list.len());
        for (index, item) in list.iter().enumerate() {
            let path = format!("{}[{index}]", self.path());
            match item {
                Json::Object(object) => objects.push((object, path)),
                other => {
                    let found = kind(other);
                    return Err(Failure::Garbled(
                        format!("`{path}` is {found} where an object is documented").into(),
                    ));
                }
            }
        }
        Ok(Some(objects))
    }

    /// Returns a text, or a number's digits; `None` if unset or empty.
    pub fn text(&self) -> Result<Option<Cow<'a, str>>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::String(text)) => Ok((!text.is_empty()).then_some(Cow::Borrowed(text))),
            Some(Json::Number(number)) => {
                Ok(Some(Cow::Owned(digits(number).unwrap_or_else(|| number.to_string()))))
            }
            Some(_) => Err(self.wrong("text")),
        }
    }

    /// Returns an id: a text without blanks around it, or the digits of a whole number.
    ///
    /// `None` if unset or empty.
    ///
    /// # Errors
    /// Any other value, and a number whose digits are not all known.
    pub fn id(&self) -> Result<Option<OperatorId>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::String(text)) => {
                let text = text.trim();
                Ok((!text.is_empty()).then(|| OperatorId::new(text)))
            }
            Some(Json::Number(number)) => match digits(number) {
                Some(digits) => Ok(Some(OperatorId::new(digits))),
                None => Err(Failure::Garbled(
                    format!("`{}` is the number {number}, which is no id", self.path()).into(),
                )),
            },
            Some(_) => Err(self.wrong("text")),
        }
    }

    /// Returns a whole number, also from a text of digits; `None` if unset or empty.
    pub fn number(&self) -> Result<Option<i64>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Json::String(text)) => text.trim().parse().map(Some).map_err(|_| self.wrong("a number")),
            Some(Json::Number(number)) => whole(number).map(Some).ok_or_else(|| self.wrong("a whole number")),
            Some(_) => Err(self.wrong("a number")),
        }
    }

    /// Returns the code of a switch: `true` is 1, `false` is 0; `None` if unset or empty.
    pub fn switch(&self) -> Result<Option<i64>, Failure> {
        let flag = match self.value {
            Some(Json::Bool(_)) => true,
            Some(Json::String(text)) => ["true", "false"].contains(&&*text.trim().to_ascii_lowercase()),
            _ => false,
        };
        if flag { Ok(self.flag()?.map(i64::from)) } else { self.number() }
    }

    /// Returns a flag, also from 0 and 1 as numbers or text; `None` if unset.
    pub fn flag(&self) -> Result<Option<bool>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(Json::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "" => Ok(None),
                "true" | "1" => Ok(Some(true)),
                "false" | "0" => Ok(Some(false)),
                _ => Err(self.wrong("a flag")),
            },
            Some(Json::Number(number)) => match whole(number) {
                Some(1) => Ok(Some(true)),
                Some(0) => Ok(Some(false)),
                _ => Err(self.wrong("a flag")),
            },
            Some(_) => Err(self.wrong("a flag")),
        }
    }
}

/// Returns the value of a number without a fraction; some serialisers write 200.0 for 200.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole, and small enough to be exact")]
fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|_| !number.is_u64())?;
        (float.fract() == 0.0 && float.abs() < EXACT).then_some(float as i64)
    })
}

/// Returns the digits of a number without a fraction.
fn digits(number: &Number) -> Option<String> {
    number
        .as_u64()
        .map(|number| number.to_string())
        .or_else(|| whole(number).map(|number| number.to_string()))
}

/// Names a result in a word, for tables of tests.
#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "a table calls it on results")]
pub(crate) fn outcome(result: Result<impl Sized, Failure>) -> &'static str {
    match result {
        Ok(_) => "yes",
        Err(Failure::Garbled(_)) => "garbled",
        Err(Failure::Unknown(_)) => "unknown",
        Err(Failure::Refused(_)) => "refused",
        Err(Failure::SignIn(_)) => "sign-in",
        Err(Failure::Throttled { .. }) => "throttled",
        Err(_) => "another",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, content_type: String::new(), retry_after: None, body: body.as_bytes().to_vec() }
    }

    fn failure(status: u16, body: &str) -> String {
        match object(&reply(status, body)) {
            Ok(_) => "no failure".to_owned(),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[test]
    fn every_way_in_which_an_answer_can_be_wrong_has_its_words() {
        insta::assert_snapshot!(
            [
                failure(200, "<!DOCTYPE html><title>Sign in</title>"),
                failure(200, "{\"code\": 0, \"data\": {\"res"),
                failure(200, "[]"),
                failure(200, ""),
                failure(200, "ok"),
                failure(502, "<html>"),
                failure(504, "<html><title>504 Gateway Time-out</title>"),
                failure(500, "{\"code\": 500, \"msg\": \"busy\"}"),
                failure(401, "{\"msg\": \"token expired\"}"),
                failure(401, ""),
                failure(403, "<html><title>403 Forbidden</title>"),
                failure(429, ""),
                failure(302, ""),
                failure(404, "not here"),
                failure(204, ""),
                failure(200, r#"{"code": 0, "code": 500}"#),
                failure(200, r#"{"data": [{"operatorId": "8001", "operatorId": "8002"}]}"#),
                failure(200, r#"{"code": 0, "code": 0}"#),
                failure(200, "{\"code\": 1e999}"),
                failure(200, "{\"code\": 0, \"msg\": \"\\ud800\"}"),
            ]
            .join("\n"),
            @r#"
        Garbled("a page of HTML or XML titled `Sign in` instead of JSON (a proxy or a login page may stand in between)")
        Garbled("JSON that ends in the middle, after 25 bytes")
        Garbled("a list where an object is documented")
        Garbled("an empty body instead of JSON")
        Garbled("no JSON (expected value at line 1 column 1)")
        Unknown("HTTP 502, a page of HTML or XML instead of JSON (a proxy or a login page may stand in between)")
        Late("HTTP 504, a page of HTML or XML titled `504 Gateway Time-out` instead of JSON (a proxy or a login page may stand in between)")
        Unknown("HTTP 500: code 500: busy")
        SignIn("HTTP 401: token expired")
        SignIn("HTTP 401")
        SignIn("HTTP 403, a page of HTML or XML titled `403 Forbidden` instead of JSON (a proxy or a login page may stand in between)")
        Throttled { after: None, message: "HTTP 429 (too many calls)" }
        Garbled("HTTP 302 (a redirection, which is not followed: check `baseUrl`)")
        Garbled("HTTP 404, no JSON (expected ident at line 1 column 2)")
        Garbled("an empty body instead of JSON")
        Garbled("no JSON (`code` appears twice with two values at line 1 column 24)")
        Garbled("no JSON (`operatorId` appears twice with two values at line 1 column 54)")
        no failure
        Garbled("no JSON (number out of range at line 1 column 14)")
        Garbled("no JSON (unexpected end of hex escape at line 1 column 27)")
        "#
        );
    }

    #[test]
    fn another_charset_is_named() {
        let gbk = Reply {
            content_type: "application/json;charset=gbk".to_owned(),
            body: b"{\"msg\": \"\xd5\xc5\"}".to_vec(),
            ..reply(200, "")
        };
        assert_eq!(
            object(&gbk),
            Err(Failure::Garbled(
                "bytes that are not UTF-8 instead of JSON (`Content-Type` says gbk)".to_owned().into()
            ))
        );
    }

    #[test]
    fn an_id_is_one_however_it_is_spelled() {
        let id = |text: &str| {
            let object: Map<String, Json> =
                serde_json::from_str(&format!("{{\"id\": {text}}}")).unwrap_or_default();
            Cursor::new(&object, "", "id").id().map(|id| id.map(|id| id.as_str().to_owned()))
        };
        for spelled in [
            "8001",
            "8001.0",
            "8.001e3",
            "80010e-1",
            "\"8001\"",
            "\" 8001\"",
            "\"8001\\t\"",
            "\"\u{3000}8001\"",
        ] {
            assert_eq!(id(spelled), Ok(Some("8001".to_owned())), "{spelled}");
        }
        for (spelled, same) in [
            ("\"08001\"", "08001"),
            ("\"8001.0\"", "8001.0"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("0", "0"),
        ] {
            assert_eq!(id(spelled), Ok(Some(same.to_owned())), "{spelled}");
        }
        for unset in ["null", "\"\"", "\"  \""] {
            assert_eq!(id(unset), Ok(None), "{unset}");
        }
        for odd in ["8001.5", "1e17", "18446744073709551616", "9007199254740992.0", "true", "[8001]", "{}"] {
            assert!(matches!(id(odd), Err(Failure::Garbled(_))), "{odd}");
        }
    }

    #[test]
    fn a_switch_is_a_flag_or_a_code() {
        let json = json!({ "a": true, "b": "False", "c": "1", "d": 2, "e": "", "f": 0.0 });
        let object = json.as_object().cloned().unwrap_or_default();
        let at = |key: &'static str| Cursor::new(&object, "", key).switch();
        assert_eq!((at("a"), at("b"), at("c")), (Ok(Some(1)), Ok(Some(0)), Ok(Some(1))));
        assert_eq!((at("d"), at("e"), at("f")), (Ok(Some(2)), Ok(None), Ok(Some(0))));
        assert!(Cursor::new(&object, "", "a").number().is_err(), "a flag is no number");
    }

    #[test]
    fn spelling_is_lenient_and_type_is_not() {
        let json = json!({ "a": "7", "b": 7, "c": "", "d": null, "e": {}, "f": 200.0, "g": "1" });
        let object = json.as_object().cloned().unwrap_or_default();
        let at = |key: &'static str| Cursor::new(&object, "data", key);
        assert_eq!(at("a").number(), Ok(Some(7)));
        assert_eq!(at("b").text(), Ok(Some("7".into())));
        assert_eq!(at("c").text(), Ok(None));
        assert_eq!(at("d").number(), Ok(None));
        assert_eq!(at("f").number(), Ok(Some(200)));
        assert_eq!(at("g").flag(), Ok(Some(true)));
        assert_eq!(
            at("e").text(),
            Err(Failure::Garbled("`data.e` is an object where text is documented".to_owned().into()))
        );
    }
}
