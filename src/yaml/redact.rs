//! Recognizes keys with a private value, and the part of a line that may hold one.
//!
//! A person may write a password where a reference to a store belongs. The line is then redacted, often before any
//! parsing. So these functions look at raw lines, and in doubt they answer "private". Hiding too much costs a glance at
//! the file; showing too much costs a password.

/// Endings of the names of private keys, in lower case, letters and digits alone.
const WORDS: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "token",
    "secret",
    "secretkey",
    "secretid",
    "accesskey",
    "privatekey",
    "apikey",
];

/// The same in Chinese: no field has such a name, but a person may write one.
const HAN_WORDS: [&str; 4] = ["密码", "密碼", "口令", "密钥"];

/// Keys of a reference to a secret, which holds no secret itself.
const REFERENCE: [&str; 4] = ["store", "key", "generate", "version"];

/// Returns true if a key of this name has a private value: `password`, `apiSecret`, `access_token`, in any case.
pub fn is_private_key(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // A misspelling (`passwrod`) makes no value public.
    let slip = (6..=10).contains(&plain.len()) && strsim::damerau_levenshtein(&plain, "password") <= 2;
    slip || WORDS.iter().any(|word| plain.ends_with(word))
        || HAN_WORDS.iter().any(|word| name.trim().ends_with(word))
}

/// Returns the byte offset from which on a line is masked. The line holds an address with credentials, or a private key
/// whose value is not a whole reference (`{ store: …, key: … }`).
pub fn mask_from(line: &str) -> Option<usize> {
    [private_value(line), credentials(line)].into_iter().flatten().min()
}

/// Returns the start of the `user:password@` of an address.
fn credentials(line: &str) -> Option<usize> {
    line.match_indices("://").map(|(at, sign)| at + sign.len()).find(|start| {
        let rest = &line[*start..];
        let end = rest.find(|c: char| c.is_whitespace() || "\"'/,}]".contains(c)).unwrap_or(rest.len());
        rest[..end].contains('@')
    })
}

fn private_value(line: &str) -> Option<usize> {
    keys(line).into_iter().find_map(|after| match reference_end(&line[after..]) {
        // A comment behind a reference may quote the former password.
        Some(end) => {
            let rest = &line[after + end..];
            let remark = rest.trim_start();
            remark.starts_with('#').then(|| line.len() - remark.len() + 1)
        }
        None => (!line[after..].trim().is_empty()).then_some(after),
    })
}

/// Returns true if `line` may be part of a private value from above. The value begins on one of the lines `above`,
/// oldest first.
pub fn continues(above: &[&str], line: &str) -> bool {
    (0..above.len()).rev().any(|at| {
        keys(above[at]).into_iter().any(|after| {
            let rest = &above[at][after..];
            if reference_end(rest).is_some() {
                return false;
            }
            let head = &above[at][..after];
            let head = head.strip_suffix(COLONS).unwrap_or(head).trim_end();
            let name = head.trim_end_matches(is_name).trim_end_matches(['"', '\'']);
            let name = name.trim_end_matches(is_name).trim_end_matches(['"', '\'']);
            covers(name.chars().count(), rest, &above[at + 1..], line)
        })
    })
}

/// Signs that end a key: YAML's colon and Chinese ones, which YAML takes for letters.
const COLONS: [char; 4] = [':', '：', '︰', '﹕'];

/// Returns the offsets behind the colons of the private keys in a line.
fn keys(line: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let lead = line.trim_start_matches([' ', '\t', '-']);
    // `? password` and `: hunter2` on a line of its own: the key stands on a line above.
    if lead.starts_with(':') {
        found.push(line.len() - lead.len() + 1);
    }
    for (at, colon) in line.match_indices(COLONS) {
        let head = line[..at].trim_end();
        let unquoted = head.trim_end_matches(['"', '\'']);
        let name_length = unquoted.chars().rev().take_while(|c| is_name(*c)).count();
        // `"pass\u0077ord"` is a password too. Every key with an escape counts as private.
        let escaped = head
            .strip_suffix('"')
            .is_some_and(|body| body.rfind('"').is_some_and(|open| body[open..].contains('\\')));
        let name = &unquoted[unquoted.len() - name_length..];
        let han = HAN_WORDS.iter().any(|word| unquoted.ends_with(word));
        if (escaped || han || is_private_key(name)) && !found.contains(&(at + colon.len())) {
            found.push(at + colon.len());
        }
    }
    found.sort_unstable();
    found
}

/// Returns true for characters of a key's name. ASCII alone, so lengths are bytes.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Returns the end of a reference at the beginning of `text`. Returns `None` for any other content in or before it.
fn reference_end(text: &str) -> Option<usize> {
    let mut rest = text.trim_start().strip_prefix('{')?;
    loop {
        let (key, after) = word(rest)?;
        if !REFERENCE.contains(&key) {
            return None;
        }
        let after = after.trim_start().strip_prefix(':')?;
        let (_, after) = word(after)?;
        let after = after.trim_start();
        if let Some(end) = after.strip_prefix('}') {
            let plain_end = end.is_empty() || end.starts_with([' ', '\t', ',', '}', ']', '\r', '\n']);
            let next = end.trim_start();
            let alone = next.is_empty() || next.starts_with(['#', ',', '}', ']']);
            return (plain_end && alone).then(|| text.len() - end.len());
        }
        rest = after.strip_prefix(',')?;
    }
}

/// Splits off one simple scalar, quoted or not, from the front.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let end = text[1..].find(quote)? + 1;
        let word = &text[1..end];
        return (!word.contains('\\')).then_some((word, &text[end + 1..]));
    }
    let end = text.find([',', '}', ':']).unwrap_or(text.len());
    let word = text[..end].trim_end();
    let odd = |c: char| "{}[]#\"'&*!|>%@`\\".contains(c);
    (!word.is_empty() && !word.contains(odd)).then_some((word, &text[end..]))
}

/// State of a private value that is scanned line by line.
#[derive(Default)]
struct Open {
    quote: Option<char>,
    brackets: u32,
    begun: bool,
    closed: bool,
}

impl Open {
    fn feed(&mut self, text: &str) {
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match self.quote {
                Some('"') if c == '\\' => {
                    chars.next();
                }
                Some('\'') if c == '\'' && chars.peek() == Some(&'\'') => {
                    chars.next();
                }
                Some(quote) if c == quote => self.quote = None,
                Some(_) => {}
                None => match c {
                    '#' if before.is_whitespace() => break,
                    '"' | '\'' if before.is_whitespace() || "{[,:".contains(before) => {
                        self.quote = Some(c);
                        self.begun = true;
                    }
                    '{' | '[' => {
                        self.brackets += 1;
                        self.begun = true;
                    }
                    '}' | ']' if self.brackets > 0 => self.brackets -= 1,
                    '}' | ']' | ',' if self.brackets == 0 => {
                        self.closed = true;
                        self.begun = true;
                    }
                    // Anchors, tags and block indicators precede the value itself.
                    '&' | '!' | '|' | '>' if before.is_whitespace() && !self.begun => {
                        while chars.peek().is_some_and(|c| !c.is_whitespace()) {
                            chars.next();
                        }
                    }
                    _ if !c.is_whitespace() => self.begun = true,
                    _ => {}
                },
            }
            before = c;
        }
    }
}

/// Returns true if a value that begins with `rest`, behind a key at `key_column`, reaches `line`.
fn covers(key_column: usize, rest: &str, between: &[&str], line: &str) -> bool {
    let mut open = Open::default();
    open.feed(rest);
    // `password:` and then a block of `store: …`, `key: …` lines.
    let mut reference = rest.trim().is_empty();
    let listed = !open.begun;
    for (at, text) in between.iter().copied().chain([line]).enumerate() {
        let bare = text.trim_start();
        let last = at == between.len();
        if open.quote.is_none() && (bare.is_empty() || bare.starts_with('#')) {
            // A comment between the key and its value may be the old password.
            if last {
                return !bare.is_empty() && (!open.begun || indent_of(text) > key_column);
            }
            continue;
        }
        let indent = indent_of(text);
        let key = is_entry(bare);
        let inside = indent > key_column
            || open.quote.is_some()
            || (!open.closed
                && (open.brackets > 0
                    || !(open.begun || (key && indent <= key_column))
                    || (bare.starts_with("- ") && listed && indent == key_column)
                    || (!key && !bare.starts_with("- "))));
        if !inside {
            return false;
        }
        reference &= is_reference_entry(bare);
        if last {
            return !reference;
        }
        open.feed(text);
    }
    false
}

/// Returns the width of a line's indentation, in characters.
fn indent_of(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

/// Returns true if a line begins with a key.
fn is_entry(bare: &str) -> bool {
    let bare = bare.trim_start_matches("- ");
    let end = bare.match_indices(':').find(|(at, _)| {
        let next = bare[at + 1..].chars().next();
        next.is_none_or(char::is_whitespace)
    });
    end.is_some_and(|(at, _)| !bare[..at].contains([',', '{', '}', '[', ']', '#']))
}

/// Returns true if a line is an entry of a reference with a simple value. Such an entry is `store: …`, `key: …`,
/// `generate: …` or `version: …`.
fn is_reference_entry(bare: &str) -> bool {
    word(bare).is_some_and(|(key, after)| {
        REFERENCE.contains(&key)
            && after
                .trim_start()
                .strip_prefix(':')
                .and_then(word)
                .is_some_and(|(_, rest)| rest.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn shown(line: &str) -> &str {
        mask_from(line).map_or(line, |at| &line[..at])
    }

    #[test]
    fn names() {
        for name in
            ["password", "PASSWORD", "apiSecret", "api_secret", "secret-key", "accessToken", "secretId"]
        {
            assert!(is_private_key(name), "{name}");
        }
        for name in ["name", "key", "store", "secrets", "tokens", "operatorId"] {
            assert!(!is_private_key(name), "{name}");
        }
    }

    #[test]
    fn whole_references_are_shown() {
        for line in [
            "    password: { store: vault, key: \"agents/{operatorId}\" }",
            "  - { operatorId: \"1\", password: {store: env, key: A_B, generate: true}, name: 张三 }",
            "password: { 'store': 'vault', \"key\": x/y, version: 3 }",
            "password:",
            "name: 张三",
        ] {
            assert_eq!(mask_from(line), None, "{line}");
        }
    }

    #[test]
    fn literals_are_not_shown() {
        for line in [
            "password: hunter2",
            "  - password: 'hunter2'",
            "\"password\": hunter2",
            "'password' : hunter2",
            "{\"password\":\"hunter2\"}",
            "- { name: x, PassWord: hunter2, role: y }",
            "? password : hunter2",
            ": hunter2",
            "  : { x: hunter2 }",
            "password: # hunter2",
            "password：hunter2",
            "- { name: x, password：hunter2 }",
            "密码：“hunter2”",
            "# password: hunter2",
            "password: &pw hunter2",
            "password: !!str hunter2",
            "password: { store: vault, key: x } # hunter2",
            "password: { store: vault, key: x, old: hunter2 }",
            "password: { store: vault, key: x } hunter2",
            "password: { store: vault, key: x }hunter2",
            "password: { store: vault, key: x, hunter2 }",
            "password: { store: [hunter2] }",
            "password: { store: \"a\\\"b\", key: hunter2 }",
            "password: { store: 'it''s', key: hunter2 }",
            "password: { store: vault, key: x: hunter2 }",
            "password: { store: a, key: x }, token: hunter2",
            "password: { store: a",
            "password: >- hunter2",
            "\"pass\\u0077ord\": hunter2",
            "my password: hunter2",
            "defaults: { password: [ hunter2 ] }",
            "secretKey: {store: x, password: hunter2}",
        ] {
            let text = shown(line);
            assert!(!text.contains("hunter2"), "{line} is shown as {text}");
        }
    }

    #[test]
    fn values_over_several_lines() {
        let private = [
            "password:\n  hunter2",
            "password:\nhunter2",
            "password: |\n  hunter2",
            "- password: >-\n    first\n\n    hunter2",
            "password: first\n  hunter2",
            "password: \"first\n hunter2",
            "  password: 'first\nhunter2",
            "password:\n- hunter2",
            "password:\n- first\n- hunter2",
            "password: [\n  hunter2, x",
            "password: {\nstore: a, key: hunter2",
            "- { operatorId: 1, password:\n hunter2, rolle: x }",
            "- {\n  password:\n  hunter2, rolle: x }",
            "- { password: first\n  hunter2, rolle: x }",
            "password: &a\n  hunter2",
            "password: !!str\n  hunter2",
            "password:\n  # old one: hunter2",
            "password:\n  store: a\n  other: hunter2",
            "password: |\n  key: hunter2",
            "password: \"a,\n  store: hunter2",
            "password: a, b\n   hunter2",
        ];
        for text in private {
            let lines: Vec<&str> = text.lines().collect();
            let (last, above) = lines.split_last().unwrap();
            assert!(continues(above, last), "{text}");
        }
    }

    #[test]
    fn the_lines_after_it_are_shown() {
        let open = [
            "password: hunter2\nrolle: x",
            "- password: hunter2\n  rolle: x",
            "- password: hunter2\n- rolle: x",
            "password: 'hunter2'\nrolle: x",
            "password:\nrolle: x",
            "password: { store: a, key: b }\n  rolle: x",
            "password:\n  store: a\n  key: b\nrolle: x",
            "password:\n  store: a\n  key: b",
            "password: |\n  hunter2\nrolle: x",
            "- { password: hunter2,\n  rolle: x }",
            "- { password: {\n store: a, key: b },\n  rolle: x }",
            "password: hunter2\n\n# why\nrolle: x",
        ];
        for text in open {
            let lines: Vec<&str> = text.lines().collect();
            let (last, above) = lines.split_last().unwrap();
            assert!(!continues(above, last), "{text}");
        }
    }
}
