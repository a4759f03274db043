//! The vendor's side: people, lines, and the operations on them.
//!
//! It shares nothing with the client. A request that the vendor does not know is refused and remembered in
//! `departures`. An order is carried out as a whole or not at all. A person who serves a line cannot be removed. A line
//! leaves out a member who is no person.

use std::collections::BTreeMap;

use rosterctl::model::call::Call;
use rosterctl::sandbox::simulator::{People, Simulated};
use rosterctl::sandbox::support::{Answer, Context, Person as Known, note, type_name};
use rosterctl::sandbox::variants::Quirks;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Path below which all operations are: site, then operation.
const BASE: &str = "/hotline/";

/// Most people of one call.
const MOST: usize = 10;

/// Longest time between a signature and its call, in seconds.
const FRESH: i64 = 300;

type Object = Map<String, Value>;

/// The vendor's data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct State {
    /// Keys of sites; any signature is taken while this is empty.
    pub(crate) keys: BTreeMap<String, String>,
    /// People, by login.
    pub(crate) people: BTreeMap<String, Person>,
    /// Lines, by title.
    pub(crate) lines: BTreeMap<String, Line>,
    /// The last serial number that was given out.
    pub(crate) last_serial: i64,
    /// Requests that the vendor does not know.
    pub(crate) departures: Vec<String>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Person {
    pub(crate) serial: i64,
    pub(crate) since: i64,
    pub(crate) full_name: String,
    pub(crate) rank: String,
    pub(crate) team: Option<String>,
    pub(crate) active: bool,
    pub(crate) rest_after_call: i64,
    pub(crate) phone: Option<String>,
    pub(crate) shows: Option<String>,
    pub(crate) taped: bool,
    pub(crate) dials: String,
    pub(crate) media: Vec<String>,
    pub(crate) rated: bool,
    pub(crate) mail: Option<String>,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            serial: 0,
            since: 0,
            full_name: String::new(),
            rank: "operator".to_owned(),
            team: None,
            active: true,
            rest_after_call: 0,
            phone: None,
            shows: None,
            taped: false,
            dials: "all".to_owned(),
            media: vec!["phone".to_owned()],
            rated: false,
            mail: None,
        }
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Line {
    pub(crate) spread: String,
    pub(crate) sticky: String,
    /// Members and their turns, by login.
    pub(crate) crew: BTreeMap<String, i64>,
}

impl Default for Line {
    fn default() -> Self {
        Self { spread: "dice".to_owned(), sticky: "never".to_owned(), crew: BTreeMap::new() }
    }
}

/// The reason of a refusal.
struct Refusal {
    code: u16,
    message: String,
    /// The vendor does not know such a request.
    departs: bool,
}

fn refuse<T>(code: u16, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into(), departs: false })
}

fn depart<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code: 400, message: message.into(), departs: true })
}

impl State {
    /// Puts a person, and gives out a serial number where there is none.
    pub(crate) fn put(&mut self, login: &str, mut person: Person) {
        if person.serial == 0 {
            self.last_serial += 1;
            person.serial = self.last_serial;
        }
        self.last_serial = self.last_serial.max(person.serial);
        self.people.insert(login.to_owned(), person);
    }

    fn respond(&mut self, method: &str, call: &Call, ctx: &Context<'_>) -> Option<Answer> {
        let (site, operation) = call.path.strip_prefix(BASE)?.split_once('/')?;
        let reads = match operation {
            "people/list" | "people/get" | "lines/list" | "lines/get" => true,
            "people/add" | "people/change" | "people/remove" | "lines/add" | "lines/change"
            | "lines/crew" | "lines/remove" => false,
            _ => return None,
        };
        let done = self.admit(site, method, reads, call, ctx).and_then(|()| {
            if reads {
                return self.read(operation, call, ctx.quirks);
            }
            let Ok(Value::Object(body)) = serde_json::from_slice(&call.body) else {
                return depart("the body is no JSON object");
            };
            self.write(operation, &body, ctx.now).map(Answer::changed)
        });
        Some(done.unwrap_or_else(|Refusal { code, message, departs }| {
            if departs {
                note(&mut self.departures, operation, &message);
            }
            let body = json!({ "ok": false, "code": code, "message": message });
            let status = ctx.quirks.failure_status(code);
            Answer { status, ..Answer::ok(body) }
        }))
    }

    /// Checks method and signature.
    fn admit(
        &self,
        site: &str,
        method: &str,
        reads: bool,
        call: &Call,
        ctx: &Context<'_>,
    ) -> Result<(), Refusal> {
        if method != if reads { "GET" } else { "POST" } {
            return depart(format!("method {method}"));
        }
        if reads && !call.body.is_empty() {
            return depart("a reading call has a body");
        }
        if !ctx.guarded || self.keys.is_empty() {
            return Ok(());
        }
        let header = |name: &str| call.header(name).unwrap_or_default();
        let stamp = header("x-hotline-stamp");
        let Ok(seconds) = stamp.parse::<i64>() else { return depart("no stamp") };
        let Some(key) = self.keys.get(site) else { return refuse(403, "no such site") };
        let digest = Sha256::digest(format!("{key}|{stamp}|{}", call.path));
        let proof = digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        if (ctx.now / 1000 - seconds).abs() > FRESH || header("x-hotline-proof") != proof {
            return refuse(403, "the signature does not hold");
        }
        Ok(())
    }

    fn read(&self, operation: &str, call: &Call, quirks: &Quirks) -> Result<Answer, Refusal> {
        let key = |name: &str| match call.query(name) {
            Some(key) if !key.is_empty() => Ok(key),
            _ => depart(format!("{name} is missing")),
        };
        if operation == "people/get" {
            let login = key("login")?;
            let row = self.people.get(login).map(|person| person_row(login, person, quirks));
            return Ok(Answer::ok(json!({ "ok": true, "person": row })));
        }
        if operation == "lines/get" {
            let title = key("title")?;
            let row = self.lines.get(title).map(|line| line_row(title, line));
            return Ok(Answer::ok(json!({ "ok": true, "line": row })));
        }
        let number = |name: &str| match key(name)?.parse::<usize>() {
            Ok(number) => Ok(number),
            Err(_) => depart(format!("{name} is no number")),
        };
        let (skip, take) = (number("skip")?, number("take")?);
        if take == 0 || take > 100 {
            return depart("take is not 1 to 100");
        }
        let part =
            |rows: Vec<Value>| (rows.len(), rows.into_iter().skip(skip).take(take).collect::<Vec<_>>());
        Ok(Answer::ok(if operation == "people/list" {
            let (total, rows) =
                part(self.people.iter().map(|(login, person)| person_row(login, person, quirks)).collect());
            json!({ "ok": true, "total": total, "people": rows })
        } else {
            let wanted = call.query("title");
            let lines = self.lines.iter().filter(|(title, _)| wanted.is_none_or(|wanted| wanted == *title));
            let (total, rows) = part(lines.map(|(title, line)| line_row(title, line)).collect());
            json!({ "ok": true, "total": total, "lines": rows })
        }))
    }

    fn write(&mut self, operation: &str, body: &Object, now: i64) -> Result<Answer, Refusal> {
        let done = json!({ "ok": true });
        Ok(Answer::ok(match operation {
            "people/add" => {
                let [list] = known(body, ["people"])?;
                let list = list.and_then(Value::as_array).filter(|list| (1..=MOST).contains(&list.len()));
                let Some(list) = list else { return depart(format!("people is no list of 1 to {MOST}")) };
                let mut new = Vec::new();
                for person in list {
                    let Some(fields) = person.as_object() else { return depart("people[] is no object") };
                    let login = text(fields, "login")?;
                    if self.people.contains_key(&login) || new.iter().any(|(taken, _)| *taken == login) {
                        return refuse(409, format!("login {login} is taken"));
                    }
                    let mut person = Person { since: now, ..Person::default() };
                    if fields.contains_key("rated") {
                        return depart("rated cannot be set when a person is added");
                    }
                    fill(&mut person, fields)?;
                    if person.full_name.is_empty() {
                        return depart("fullName is missing");
                    }
                    new.push((login, person));
                }
                let made: Vec<String> = new.iter().map(|(login, _)| login.clone()).collect();
                for (login, person) in new {
                    self.put(&login, person);
                }
                json!({ "ok": true, "made": made })
            }
            "people/change" => {
                let login = text(body, "login")?;
                if body.contains_key("mail") {
                    return depart("mail cannot be changed");
                }
                let Some(person) = self.people.get(&login) else { return refuse(404, "no such person") };
                let mut person = person.clone();
                fill(&mut person, body)?;
                self.people.insert(login, person);
                done
            }
            "people/remove" => {
                let [list] = known(body, ["logins"])?;
                let logins: Option<Vec<&str>> = list
                    .and_then(Value::as_array)
                    .map(|list| list.iter().filter_map(Value::as_str).collect());
                let Some(logins) = logins.filter(|list| (1..=MOST).contains(&list.len())) else {
                    return depart(format!("logins is no list of 1 to {MOST}"));
                };
                if let Some(login) = logins.iter().find(|login| !self.people.contains_key(**login)) {
                    return refuse(404, format!("no person {login}"));
                }
                if let Some((title, _)) = self
                    .lines
                    .iter()
                    .find(|(_, line)| logins.iter().any(|login| line.crew.contains_key(*login)))
                {
                    return refuse(409, format!("line {title} holds one of them"));
                }
                self.people.retain(|login, _| !logins.contains(&login.as_str()));
                done
            }
            "lines/add" => {
                let [title, spread, sticky, crew] = known(body, ["title", "spread", "sticky", "crew"])?;
                let title = word(title, "title")?.unwrap_or_default();
                if title.is_empty() {
                    return depart("title is missing");
                }
                if self.lines.contains_key(&title) {
                    return refuse(409, format!("line {title} is there already"));
                }
                let mut line = Line::default();
                line.attributes(spread, sticky)?;
                line.crew = self.crew(crew)?;
                self.lines.insert(title.clone(), line);
                json!({ "ok": true, "title": title })
            }
            "lines/change" => {
                let [title, spread, sticky] = known(body, ["title", "spread", "sticky"])?;
                let title = word(title, "title")?.unwrap_or_default();
                let Some(line) = self.lines.get(&title) else { return refuse(404, "no such line") };
                let mut line = line.clone();
                line.attributes(spread, sticky)?;
                self.lines.insert(title, line);
                done
            }
            "lines/remove" => {
                let [title] = known(body, ["title"])?;
                let title = word(title, "title")?.unwrap_or_default();
                if self.lines.remove(&title).is_none() {
                    return refuse(404, "no such line");
                }
                done
            }
            _ => {
                let [title, crew] = known(body, ["title", "crew"])?;
                let title = word(title, "title")?.unwrap_or_default();
                if crew.is_none() {
                    return depart("crew is missing");
                }
                let crew = self.crew(crew)?;
                match self.lines.get_mut(&title) {
                    Some(line) => line.crew = crew,
                    None => return refuse(404, "no such line"),
                }
                done
            }
        }))
    }

    /// Reads members. One who is no person is left out.
    fn crew(&self, list: Option<&Value>) -> Result<BTreeMap<String, i64>, Refusal> {
        let Some(list) = list else { return Ok(BTreeMap::new()) };
        let Some(list) = list.as_array() else { return depart("crew is no list") };
        let mut crew = BTreeMap::new();
        for member in list {
            let (login, turn) = (member["login"].as_str(), member["turn"].as_i64());
            let (Some(login), Some(turn)) = (login, turn) else {
                return depart("crew[] lacks login or turn");
            };
            if self.people.contains_key(login) {
                crew.insert(login.to_owned(), turn);
            }
        }
        Ok(crew)
    }
}

impl Line {
    fn attributes(&mut self, spread: Option<&Value>, sticky: Option<&Value>) -> Result<(), Refusal> {
        for (value, name, words, place) in [
            (spread, "spread", &["dice", "turns", "idlest", "ranked"][..], &mut self.spread),
            (sticky, "sticky", &["never", "2 hours", "1 day", "1 week", "30 days"][..], &mut self.sticky),
        ] {
            if let Some(text) = word(value, name)? {
                if !words.contains(&text.as_str()) {
                    return depart(format!("{name} is none of its words"));
                }
                *place = text;
            }
        }
        Ok(())
    }
}

/// Returns the values of the keys that an operation knows.
fn known<'a, const N: usize>(body: &'a Object, keys: [&str; N]) -> Result<[Option<&'a Value>; N], Refusal> {
    match body.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => depart(format!("{key} is not known")),
        None => Ok(keys.map(|key| body.get(key))),
    }
}

fn word(value: Option<&Value>, name: &str) -> Result<Option<String>, Refusal> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => depart(format!("{name} is {}, not string", type_name(other))),
    }
}

fn text(fields: &Object, name: &str) -> Result<String, Refusal> {
    match word(fields.get(name), name)? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => depart(format!("{name} is missing")),
    }
}

/// Takes over the fields of a request.
fn fill(person: &mut Person, fields: &Object) -> Result<(), Refusal> {
    for (key, value) in fields {
        let text = || word(Some(value), key).map(Option::unwrap_or_default);
        let flag = || match value.as_bool() {
            Some(flag) => Ok(flag),
            None => depart(format!("{key} is no boolean")),
        };
        let one_of = |words: &[&str]| match text()? {
            text if words.contains(&text.as_str()) => Ok(text),
            _ => depart(format!("{key} is none of its words")),
        };
        let optional = || Ok(Some(text()?).filter(|text| !text.is_empty()));
        match key.as_str() {
            "login" => {}
            "fullName" => person.full_name = text()?,
            "rank" => person.rank = one_of(&["operator", "supervisor"])?,
            "team" => person.team = optional()?,
            "active" => person.active = flag()?,
            "restAfterCall" => match value.as_i64().filter(|seconds| *seconds >= 0) {
                Some(seconds) => person.rest_after_call = seconds,
                None => return depart("restAfterCall is no number from 0"),
            },
            "phone" => person.phone = optional()?,
            "shows" => person.shows = optional()?,
            "taped" => person.taped = flag()?,
            "dials" => person.dials = one_of(&["all", "local", "none", "national"])?,
            "media" => {
                let list = value.as_array().into_iter().flatten();
                let words: Option<Vec<&str>> = list.map(Value::as_str).collect();
                match words.filter(|words| words.iter().all(|w| ["phone", "text", "camera"].contains(w))) {
                    Some(words) => person.media = words.into_iter().map(str::to_owned).collect(),
                    None => return depart("media is no list of its words"),
                }
            }
            "rated" => person.rated = flag()?,
            "mail" => person.mail = optional()?,
            other => return depart(format!("{other} is not known")),
        }
    }
    Ok(())
}

fn person_row(login: &str, person: &Person, quirks: &Quirks) -> Value {
    let mut row = Map::new();
    for (key, value) in [
        ("login", json!(login)),
        ("serial", json!(person.serial)),
        ("since", json!(person.since)),
        ("fullName", json!(person.full_name)),
        ("rank", json!(person.rank)),
        ("active", json!(person.active)),
        ("restAfterCall", json!(person.rest_after_call)),
        ("taped", json!(person.taped)),
        ("dials", json!(person.dials)),
        ("media", json!(person.media)),
        ("rated", json!(person.rated)),
    ] {
        row.insert(key.to_owned(), value);
    }
    for (key, text) in
        [("team", &person.team), ("phone", &person.phone), ("shows", &person.shows), ("mail", &person.mail)]
    {
        quirks.put_text(&mut row, key, text.as_deref());
    }
    Value::Object(row)
}

fn line_row(title: &str, line: &Line) -> Value {
    let crew: Vec<Value> =
        line.crew.iter().map(|(login, turn)| json!({ "login": login, "turn": turn })).collect();
    json!({ "title": title, "spread": line.spread, "sticky": line.sticky, "crew": crew })
}

impl Simulated for State {
    const KEY: &'static str = "hotline";
    const HEADERS: &'static [&'static str] = &["x-hotline-stamp", "x-hotline-proof"];
    const PARAMETERS: &'static [&'static str] = &["skip", "take", "login", "title"];

    fn serves(path: &str) -> bool {
        path.starts_with(BASE)
    }

    fn may_change(path: &str) -> bool {
        !["/list", "/get"].iter().any(|end| path.ends_with(end))
    }

    fn answer(&mut self, method: &str, call: &Call, _: People<'_>, ctx: &mut Context<'_>) -> Option<Answer> {
        self.respond(method, call, ctx)
    }

    fn person(&self, agent: &str) -> Option<Known> {
        let person = self.people.get(agent)?;
        Some(Known { name: Some(person.full_name.clone()), phone: person.phone.clone() })
    }

    fn behave_like(&mut self, other: Self) {
        self.keys = other.keys;
    }

    fn departures(&self) -> &[String] {
        &self.departures
    }
}
