//! Reading answers: leniently in how a value is spelled, never in what it is.
//!
//! Vendors answer `"priority": "0"` where they document a number, `null` or `""` or nothing for an
//! unset text, failures with HTTP 200 and pages of HTML. A value of the wrong type is an error that
//! names its path.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::model::call::{Failure, Reply};

/// Parses the body as a JSON object, or says what came instead.
///
/// # Errors
/// `Throttled` for 429, `SignIn` for 401 and 403, `Unknown` for 5xx, `Garbled` for what is no JSON object.
pub fn object(reply: &Reply) -> Result<Map<String, Json>, Failure> {
    let parsed = parse(reply);
    let said = parsed.as_ref().ok().map(words).filter(|w| !w.is_empty());
    let status = |what: &str| match &said {
        Some(said) => format!("HTTP {}: {said}", reply.status),
        None => format!("HTTP {}{what}", reply.status),
    };
    match reply.status {
        429 => Err(Failure::Throttled { after: reply.retry_after, message: status(" (too many calls)") }),
        401 | 403 => Err(Failure::SignIn(status(""))),
        500.. => Err(Failure::Unknown(match &parsed {
            Ok(_) => status(""),
            Err(what) => format!("HTTP {}, {what}", reply.status),
        })),
        300..=399 => Err(Failure::Garbled(format!(
            "HTTP {} (a redirection, which is not followed: check `baseUrl`)",
            reply.status
        ))),
        _ => parsed.map_err(|what| match reply.status {
            200..=299 => Failure::Garbled(what),
            status => Failure::Garbled(format!("HTTP {status}, {what}")),
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
    match serde_json::from_slice::<Json>(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(other) => Err(format!("{} where an object is documented", kind(&other))),
        Err(error) if error.is_eof() => {
            Err(format!("JSON that ends in the middle, after {} bytes", body.len()))
        }
        Err(error) => Err(format!("no JSON ({error})")),
    }
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = lower[start..].find('<')? + start;
    Some(clean(html.get(start..end)?.trim()))
}

/// The vendor's own code and message, as far as there are any.
fn words(object: &Map<String, Json>) -> String {
    const CODES: [&str; 3] = ["code", "resultCode", "stateCode"];
    const MESSAGES: [&str; 7] =
        ["msg", "message", "reason", "errorMessage", "error_description", "resultDesc", "error"];
    let said = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key).and_then(scalar));
    let code = said(&CODES).map(|c| format!("code {c}"));
    let message = said(&MESSAGES);
    [code, message].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// A refusal in the vendor's own code and message.
pub fn refusal(object: &Map<String, Json>) -> String {
    match words(object) {
        said if said.is_empty() => "the vendor refused without saying why".to_owned(),
        said => said,
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(clean(text)),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A message on one line: control characters become blanks. It is cut and sanitized where it is shown, after
/// secrets that it may repeat were struck.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The kind of a JSON value, with its article.
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

/// Something that has values under keys.
pub trait Object {
    /// The value under a key.
    fn at(&self, key: &str) -> Option<&Json>;
}

impl Object for Map<String, Json> {
    fn at(&self, key: &str) -> Option<&Json> {
        self.get(key)
    }
}

/// A cursor into an answer that remembers its path for messages.
#[derive(Clone)]
pub struct At<'a> {
    value: Option<&'a Json>,
    path: &'a str,
    key: &'a str,
}

impl<'a> At<'a> {
    /// The value at `key` of an object.
    pub fn of(object: &'a impl Object, path: &'a str, key: &'a str) -> Self {
        Self { value: object.at(key).filter(|v| !v.is_null()), path, key }
    }

    fn path(&self) -> String {
        if self.path.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.path, self.key) }
    }

    /// The value itself; `None` for `null` and for what is not there.
    pub fn get(&self) -> Option<&'a Json> {
        self.value
    }

    fn wrong(&self, wanted: &str) -> Failure {
        let found = self.value.map_or("nothing", kind);
        Failure::Garbled(format!("`{}` is {found} where {wanted} is documented", self.path()))
    }

    /// An object; `None` when unset.
    pub fn object(&self) -> Result<Option<&'a Map<String, Json>>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.wrong("an object")),
        }
    }

    /// A list of objects, each with its path; `None` when unset.
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
                    return Err(Failure::Garbled(format!(
                        "`{path}` is {found} where an object is documented"
                    )));
                }
            }
        }
        Ok(Some(objects))
    }

    /// A text; a number is taken as its digits; `None` when unset or empty.
    pub fn text(&self) -> Result<Option<Cow<'a, str>>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::String(text)) => Ok((!text.is_empty()).then_some(Cow::Borrowed(text))),
            Some(Json::Number(number)) => Ok(Some(Cow::Owned(number.to_string()))),
            Some(_) => Err(self.wrong("text")),
        }
    }

    /// A whole number; text of digits is taken; `None` when unset or empty.
    pub fn number(&self) -> Result<Option<i64>, Failure> {
        match self.value {
            None => Ok(None),
            Some(Json::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Json::String(text)) => text.trim().parse().map(Some).map_err(|_| self.wrong("a number")),
            Some(Json::Number(number)) => match number.as_i64() {
                Some(number) => Ok(Some(number)),
                // 200.0 is how some serialisers write 200.
                #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
                None => match number.as_f64() {
                    Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Ok(Some(float as i64)),
                    _ => Err(self.wrong("a whole number")),
                },
            },
            Some(Json::Bool(flag)) => Ok(Some(i64::from(*flag))),
            Some(_) => Err(self.wrong("a number")),
        }
    }

    /// A flag; 0 and 1, as numbers or text, are taken; `None` when unset.
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
            Some(Json::Number(number)) => match number.as_i64() {
                Some(1) => Ok(Some(true)),
                Some(0) => Ok(Some(false)),
                _ => Err(self.wrong("a flag")),
            },
            Some(_) => Err(self.wrong("a flag")),
        }
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
                failure(500, "{\"code\": 500, \"msg\": \"busy\"}"),
                failure(401, "{\"msg\": \"token expired\"}"),
                failure(429, ""),
                failure(302, ""),
                failure(404, "not here"),
            ]
            .join("\n"),
            @r#"
        Garbled("a page of HTML or XML titled `Sign in` instead of JSON (a proxy or a login page may stand in between)")
        Garbled("JSON that ends in the middle, after 25 bytes")
        Garbled("a list where an object is documented")
        Garbled("an empty body instead of JSON")
        Garbled("no JSON (expected value at line 1 column 1)")
        Unknown("HTTP 502, a page of HTML or XML instead of JSON (a proxy or a login page may stand in between)")
        Unknown("HTTP 500: code 500: busy")
        SignIn("HTTP 401: token expired")
        Throttled { after: None, message: "HTTP 429 (too many calls)" }
        Garbled("HTTP 302 (a redirection, which is not followed: check `baseUrl`)")
        Garbled("HTTP 404, no JSON (expected ident at line 1 column 2)")
        "#
        );
    }

    #[test]
    fn spelling_is_lenient_and_type_is_not() {
        let json = json!({ "a": "7", "b": 7, "c": "", "d": null, "e": {}, "f": 200.0, "g": "1" });
        let object = json.as_object().cloned().unwrap_or_default();
        let at = |key: &'static str| At::of(&object, "data", key);
        assert_eq!(at("a").number(), Ok(Some(7)));
        assert_eq!(at("b").text(), Ok(Some("7".into())));
        assert_eq!(at("c").text(), Ok(None));
        assert_eq!(at("d").number(), Ok(None));
        assert_eq!(at("f").number(), Ok(Some(200)));
        assert_eq!(at("g").flag(), Ok(Some(true)));
        assert_eq!(
            at("e").text(),
            Err(Failure::Garbled("`data.e` is an object where text is documented".to_owned()))
        );
    }
}
