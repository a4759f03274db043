//! Rules about the code, checked by reading it: arrows between rooms, import cycles, files that touch the world,
//! files that see secrets. The header of `src/lib.rs` holds the drawing.
//!
//! Comments, texts and unit tests (`tests.rs`, and the code after `#[cfg(test)]`) are left out: a test may bring its
//! own world.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "tidy/imports.rs"]
mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::imports::Imports;

/// The rooms, and the rooms that each may know beside itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("yaml", &["model"]),
    ("config", &["model", "yaml"]),
    ("manifest", &["model", "yaml", "config"]),
    ("provider", &["model", "config"]),
    ("messages", &["model"]),
    ("plan", &["model", "config"]),
    ("apply", &["model"]),
    ("report", &["model", "messages", "config", "yaml"]),
    ("runtime", &["model", "config", "provider", "apply"]),
    ("storage", &["model", "config", "runtime"]),
    ("sandbox", &["model", "runtime", "storage"]),
    ("vendors", &["model", "config", "provider", "sandbox"]),
    (
        "cli",
        &[
            "model", "messages", "yaml", "config", "manifest", "provider", "plan", "apply", "report",
            "runtime", "storage", "sandbox", "vendors",
        ],
    ),
];

/// The rooms that touch the world: files, sockets, time, chance, the terminal.
const WORLDLY: &[&str] = &["runtime", "storage", "cli"];

/// Files of other rooms that touch the world.
const WORLDLY_FILES: &[&str] = &["sandbox/embedded.rs", "sandbox/mod.rs", "sandbox/server.rs"];

/// Modules of the standard library that reach outside the process; only the worldly rooms may name them.
const WORLD: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// Crates that reach outside the process.
const WORLDLY_CRATES: &[&str] = &[
    "anstream",
    "clap",
    "clap_complete",
    "fastrand",
    "futures_util",
    "getrandom",
    "http_body_util",
    "hyper",
    "hyper_util",
    "indicatif",
    "reqwest",
    "rustls",
    "tempfile",
    "tokio",
    "tracing",
    "tracing_subscriber",
];

/// Words that use time, chance, a terminal or a runtime.
const WORLDLY_WORDS: &[&str] = &[
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "RandomState",
    "Term",
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "stdin",
    "stdout",
    "stderr",
    "async",
    "await",
];

/// Returns true if a file may see a secret: signing, sending, the stores, and redaction.
fn may_expose(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["model", "secret.rs"] | ["runtime", "client.rs"] | ["storage", "secrets", ..] => true,
        ["provider", _, file] => ["auth.rs", "writes.rs", "mod.rs"].contains(file),
        _ => false,
    }
}

/// Folders that may name a vendor.
const VENDOR_FOLDERS: &[&str] = &["provider", "sandbox", "vendors"];

/// Files in which a hash map is an index and is never iterated.
const HASH_INDEX: &[&str] = &["yaml/reader.rs"];

/// The maximum number of lines of a file: a longer one often hides a second noun.
const LONGEST: usize = 700;

struct Source {
    /// The path below `src/`.
    path: String,
    /// The code without comments, texts and unit tests.
    code: String,
}

impl Source {
    fn folder(&self) -> &str {
        self.path.split('/').next().unwrap()
    }

    /// Returns the number of modules below the crate: `plan/mod.rs` 1, `plan/agents.rs` 2.
    fn depth(&self) -> usize {
        let below = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { below - 1 } else { below }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut sources = Vec::new();
    for file in files {
        let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        if path == "main.rs" || path == "lib.rs" || path.ends_with("/tests.rs") {
            continue;
        }
        let code = code(&fs::read_to_string(&file).unwrap());
        sources.push(Source { path, code: untested(&code) });
    }
    assert!(sources.len() > 50, "the sources are found");
    sources
}

/// Removes the unit tests: a module under `#[cfg(test)]` ends its file.
fn untested(code: &str) -> String {
    let mut from = 0;
    while let Some(at) = code[from..].find("#[cfg(test)]") {
        let rest = code[from + at + "#[cfg(test)]".len()..].trim_start();
        // An attribute may stand between; a test module in a file of its own does not end this one.
        let rest = if rest.starts_with("#[") { rest.split_once(']').map_or("", |(_, r)| r) } else { rest };
        if rest.trim_start().starts_with("mod tests {") {
            return code[..from + at].to_owned();
        }
        from += at + 1;
    }
    code.to_owned()
}

/// Blanks out comments, texts and characters.
fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        match chars[at] {
            '/' if next == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            '/' if next == '*' => {
                at += 2;
                while at < chars.len() && !(chars[at] == '*' && chars.get(at + 1) == Some(&'/')) {
                    at += 1;
                }
                at += 2;
            }
            'r' if (next == '"' || next == '#')
                && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') =>
            {
                let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
                if chars.get(at + 1 + hashes) == Some(&'"') {
                    let end: Vec<char> =
                        std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                    at += hashes + 2;
                    while at < chars.len() && !chars[at..].starts_with(&end) {
                        at += 1;
                    }
                    at += end.len();
                    out.push_str("\"\"");
                } else {
                    out.push('r');
                    at += 1;
                }
            }
            '"' => {
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
                out.push_str("\"\"");
            }
            // A character, not a lifetime.
            '\'' if next == '\\' || chars.get(at + 2) == Some(&'\'') => {
                at += if next == '\\' { 3 } else { 2 };
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
                out.push_str("' '");
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns true if the code holds the word, not as a part of another.
fn has_word(code: &str, word: &str) -> bool {
    let ends_open = !word.ends_with(is_word);
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(is_word) && (ends_open || !code[at + word.len()..].starts_with(is_word))
    })
}

/// Returns the names after `prefix` in paths: `std::fs::read` and `use std::{fs, io::Read}` give `fs` and `fs`, `io`.
fn after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        // `mystd::` and `other::std::` are something else; `::std::` is not.
        let before = &code[..at];
        if before.strip_suffix("::").unwrap_or(before).ends_with(is_word) {
            continue;
        }
        let rest = code[at + prefix.len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(rest.chars().take_while(|c| is_word(*c)).collect());
            continue;
        };
        let mut depth = 1;
        let mut word = Some(String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => {
                    found.extend(word.replace(String::new()));
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            match &mut word {
                Some(w) if is_word(c) => w.push(c),
                Some(w) if !w.is_empty() => found.extend(word.take()),
                _ => {}
            }
        }
        found.extend(word);
    }
    found.remove("");
    found
}

fn assert_none(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn folders_know_only_what_the_drawing_says() {
    let mut wrong = Vec::new();
    let folders: BTreeSet<&str> = ARROWS.iter().map(|(folder, _)| *folder).collect();
    for source in sources() {
        let folder = source.folder();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == folder) else {
            wrong.push(format!("{}: a folder that the drawing does not have", source.path));
            continue;
        };
        let mut known = after(&source.code, "crate::");
        // `super::` from the folder's own module leads out of it.
        known.extend(after(&source.code, &"super::".repeat(source.depth())));
        for other in known.iter().filter(|k| folders.contains(k.as_str()) && *k != folder) {
            if !allowed.contains(&other.as_str()) {
                wrong.push(format!("{} knows {other}", source.path));
            }
        }
    }
    assert_none("arrows that the drawing in src/lib.rs does not have", &wrong);
}

/// Returns the imports between the files of `src/`.
fn imports() -> Imports {
    let all = sources();
    imports::imports(&all.iter().map(|source| (&*source.path, &*source.code)).collect::<Vec<_>>())
}

#[test]
fn no_files_import_each_other() {
    let imports = imports();
    let mut wrong = Vec::new();
    for circle in imports::circles(&imports) {
        for ((importer, imported), names) in &imports {
            if circle.contains(&&**importer) && circle.contains(&&**imported) {
                wrong.push(format!("{importer} imports {imported}: {names:?}"));
            }
        }
    }
    assert_none("files that import each other", &wrong);
}

#[test]
fn no_command_knows_another() {
    let all = imports();
    let is_command = |file: &str| {
        all.get(&("cli/mod.rs".into(), file.into())).is_some_and(|names| names.contains("Arguments"))
    };
    let (calls, others): (Vec<_>, Vec<_>) = all
        .keys()
        .filter(|(_, imported)| is_command(imported))
        .partition(|(importer, _)| importer == "cli/mod.rs");
    assert!(calls.len() > 10, "the commands are found");
    let wrong: Vec<String> =
        others.iter().map(|(importer, imported)| format!("{importer} imports {imported}")).collect();
    assert_none("files that import a command", &wrong);
}

#[test]
fn only_the_worldly_rooms_touch_the_world() {
    let mut wrong = Vec::new();
    let worldly = |s: &&Source| WORLDLY.contains(&s.folder()) || WORLDLY_FILES.contains(&s.path.as_str());
    for source in sources().iter().filter(|source| !worldly(source)) {
        let std = after(&source.code, "std::");
        for module in WORLD.iter().filter(|module| std.contains(**module)) {
            wrong.push(format!("{} names std::{module}", source.path));
        }
        for name in WORLDLY_CRATES.iter().filter(|name| has_word(&source.code, &format!("{name}::"))) {
            wrong.push(format!("{} names the crate {name}", source.path));
        }
        for word in WORLDLY_WORDS.iter().filter(|word| has_word(&source.code, word)) {
            wrong.push(format!("{} says {word}", source.path));
        }
    }
    assert_none("files that may not touch the world", &wrong);
}

#[test]
fn no_vendor_is_named_outside_its_folders() {
    let vendors = rosterctl::vendors::ALL.specs();
    let names = vendors.iter().flat_map(|spec| [spec.name.to_owned(), spec.name.replace('-', "_")]);
    let names: Vec<String> = names.collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !VENDOR_FOLDERS.contains(&source.folder())) {
        let text = fs::read_to_string(root().join("src").join(&source.path)).unwrap();
        let text = untested(&text);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| names.iter().any(|name| line.contains(name.as_str())));
        wrong.extend(found.map(|line| format!("{}: {}", source.path, line.trim())));
    }
    assert_none("files that name a vendor: ask what its connector says of itself", &wrong);
}

#[test]
fn nothing_depends_on_the_order_of_a_hash() {
    let mut wrong = Vec::new();
    for source in sources() {
        let hashed = ["HashMap", "HashSet"].iter().any(|word| has_word(&source.code, word));
        if hashed && !HASH_INDEX.contains(&source.path.as_str()) {
            wrong.push(source.path);
        }
    }
    assert_none("files that hash: use BTreeMap or BTreeSet, or say in HASH_INDEX why it is sound", &wrong);
}

#[test]
fn few_look_into_a_secret() {
    let all = sources();
    let callers = all.iter().filter(|source| has_word(&source.code, "expose"));
    let (allowed, wrong): (Vec<&Source>, Vec<&Source>) = callers.partition(|source| may_expose(&source.path));
    assert!(allowed.len() > 2, "the callers are found");
    assert_none(
        "files that may not call expose()",
        &wrong.iter().map(|s| s.path.clone()).collect::<Vec<_>>(),
    );
}

#[test]
fn only_the_pages_own_files_are_written_unescaped() {
    let mut wrong = Vec::new();
    for Source { path, code } in sources() {
        let is_value = |(at, word): (usize, &str)| !code[at + word.len()..].starts_with("include_str!");
        if code.match_indices("PreEscaped(").any(is_value) {
            wrong.push(format!("{path} writes a value without escaping it"));
        }
        if has_word(&code, "Render") && path != "report/escape.rs" {
            wrong.push(format!("{path} renders a type of its own"));
        }
    }
    assert_none("files that write HTML past maud", &wrong);
}

#[test]
fn no_file_is_unfinished_or_too_long() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let code = code(&text);
        for mark in ["todo!", "unimplemented!"] {
            if has_word(&code, mark) {
                wrong.push(format!("{shown} says {mark}"));
            }
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{shown} has {lines} lines, more than {LONGEST}"));
        }
    }
    assert_none("files to finish or to part", &wrong);
}

#[test]
fn the_reader_of_code_sees_what_it_should() {
    let text = "use std::{fs, io::Read, sync::{Arc, env}}; // std::net\nlet a = \"std::env\\\" \"; let q = '\"'; \
                let r = r#\"std::os \"x\" \"#; fn f<'a>(x: &'a str) { ::std::process::id(); mystd::thread(); my::std::net(); }";
    let read = code(text);
    let found = after(&read, "std::");
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["fs", "io", "process", "sync"]);
    assert!(has_word("x.expose()", "expose") && !has_word("exposed", "expose"));
    assert_eq!(untested("fn a() {}\n#[cfg(test)]\nmod tests {\n b }"), "fn a() {}\n");
    assert!(untested("#[cfg(test)]\nmod tests;\nfn a() {}").contains("fn a"));
}

#[test]
fn the_reader_of_imports_finds_circles() {
    let circles = |sources: &[(&str, &str)]| {
        let imports = imports::imports(sources);
        imports::circles(&imports).iter().map(|circle| circle.join(" ")).collect::<Vec<_>>()
    };
    let (a, x, y, z) = ("a/mod.rs", "a/x.rs", "a/y.rs", "b.rs");
    for (sources, circle) in [
        // Through the parent, through the crate, in a group, under another name.
        ([(x, "use super::y::Y;"), (y, "use crate::a::x::X;")].as_slice(), "a/x.rs a/y.rs"),
        (&[(x, "use crate::{a::y::{self, Y as Z}, b};"), (y, "fn f() { super::x::g() }")], "a/x.rs a/y.rs"),
        (
            &[(x, "fn f() { crate::b::g() }"), (z, "use crate::a; fn g() { a::x::f() }"), (a, "")],
            "a/x.rs b.rs",
        ),
        (
            &[(x, "use super::y::Y;"), (y, "use crate::b::*;"), (z, "use crate::a::x::X;")],
            "a/x.rs a/y.rs b.rs",
        ),
        // A parent that uses its child, by its name or beside exporting it.
        (&[(a, "mod x; fn f() { x::g() }"), (x, "use super::T;")], "a/mod.rs a/x.rs"),
        (&[(a, "pub use self::x::X; struct T(X);"), (x, "use super::T;")], "a/mod.rs a/x.rs"),
        // An item that the parent exports is its file's.
        (&[(a, "pub use self::y::Y;"), (x, "use super::Y;"), (y, "use super::x::X;")], "a/x.rs a/y.rs"),
        (
            &[(a, "use self::y::Y; fn f(_: Y) {}"), (x, "use super::Y;"), (y, "use super::x::X;")],
            "a/x.rs a/y.rs",
        ),
    ] {
        assert_eq!(circles(sources), [circle], "{sources:?}");
    }
    for sources in [
        [(x, "use super::y::Y;"), (y, "use std::x::X; use self::x::X; fn f(x: X) { x.a() }")].as_slice(),
        &[(a, "mod x; mod y; pub use self::x::X; pub use y::Y;"), (x, "use super::T;"), (y, "use super::X;")],
        &[(a, "mod x; mod y; fn f() { y::g() }"), (x, ""), (y, "use super::x; fn g() { x::h() }")],
    ] {
        assert_eq!(circles(sources), [""; 0], "{sources:?}");
    }
}

/// Words that the rule for writers bans, in comments and in texts.
const BANNED: &[&str] = &[
    "whoever",
    "whom",
    "nobody",
    "somebody",
    "anew",
    "in vain",
    "takes down",
    "mend",
    "heed",
    "twin",
    "stands twice",
];

/// Most words of a sentence in a doc comment.
const LONGEST_SENTENCE: usize = 25;

/// Returns the paragraphs of a file's doc comments, without code, tables and headings.
fn doc_paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut in_code = false;
    for line in text.lines() {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let words = doc.map_or("", str::trim);
        in_code = doc.is_some() && in_code != words.starts_with("```");
        let begins = ["- ", "* ", "1. ", "2. ", "3. "].iter().any(|mark| words.starts_with(mark));
        if in_code || words.is_empty() || begins || words.starts_with(['|', '#', '`']) {
            paragraphs.push(String::new());
        }
        if let Some(paragraph) = paragraphs.last_mut().filter(|_| !in_code && !words.starts_with(['|', '#']))
        {
            *paragraph = format!("{paragraph} {words}");
        }
    }
    paragraphs
}

#[test]
fn comments_and_texts_are_in_plain_words() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("tests/tidy.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let path = file.strip_prefix(root()).unwrap().display();
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            for word in BANNED {
                let is_whole = |at: usize| {
                    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
                    !line[..at].ends_with(is_letter) && !line[at + word.len()..].starts_with(is_letter)
                };
                if line.match_indices(word).any(|(at, _)| is_whole(at)) {
                    wrong.push(format!("{path}:{}: {word}", number + 1));
                }
            }
        }
        for paragraph in doc_paragraphs(&text) {
            for sentence in paragraph.split_inclusive(['.', ':', ';', '?', '!']) {
                let words = sentence.split_whitespace().count();
                if words > LONGEST_SENTENCE {
                    wrong.push(format!("{path}: {words} words: {}", sentence.trim()));
                }
            }
        }
    }
    assert_none("words against the rule for writers", &wrong);
}
