//! The imports between the files of a crate, and the cycles among them.

use std::collections::{BTreeMap, BTreeSet};

/// The imports of one file from another, by importer and imported.
pub(crate) type Imports = BTreeMap<(String, String), BTreeSet<String>>;

/// Files by the paths of their modules: `plan::agents` is `plan/agents.rs`, `plan` is `plan/mod.rs`.
struct Modules<'a> {
    files: BTreeMap<Vec<&'a str>, &'a str>,
    /// Items that a module brings in from elsewhere: its children see them, and others when they are public.
    exports: BTreeMap<(Vec<&'a str>, &'a str), Vec<&'a str>>,
}

/// One name that a `use` brings in.
struct Import<'a> {
    name: &'a str,
    target: Vec<&'a str>,
    public: bool,
}

/// Reads the imports of files, given as path and code without comments and texts.
///
/// An import is a `use` or a path that names an item of another file. A module is no item. A `pub use` from below
/// its own module is a facade: it imports nothing, and its users import from the file of the item.
pub(crate) fn imports(sources: &[(&str, &str)]) -> Imports {
    let files = sources.iter().map(|(path, _)| (module(path), *path)).collect();
    let mut modules = Modules { files, exports: BTreeMap::new() };
    let read: Vec<_> = sources
        .iter()
        .map(|(path, code)| {
            let (uses, paths) = modules.read(&module(path), &tokens(code));
            (*path, uses, paths)
        })
        .collect();
    for (path, uses, _) in &read {
        for import in uses {
            modules.exports.insert((module(path), import.name), import.target.clone());
        }
    }
    let mut imports = Imports::new();
    for (path, uses, paths) in read {
        let own = module(path);
        let facade = |import: &Import<'_>| {
            let used = paths.iter().any(|path| path[0] == import.name);
            import.public && !used && import.target.starts_with(&own)
        };
        let used = uses.iter().filter(|import| !facade(import)).map(|import| import.target.clone());
        let aliases: BTreeMap<&str, &Vec<&str>> =
            uses.iter().map(|import| (import.name, &import.target)).collect();
        let named = paths.iter().filter_map(|path| match aliases.get(path[0]) {
            Some(target) => Some([target.as_slice(), &path[1..]].concat()),
            None => modules.absolute(&own, path),
        });
        for target in used.chain(named) {
            if let Some((file, item)) = modules.item(&target).filter(|(file, _)| *file != path) {
                imports.entry((path.to_owned(), file.to_owned())).or_default().insert(item.to_owned());
            }
        }
    }
    imports
}

/// Returns the files that import each other, cycle by cycle.
pub(crate) fn circles(imports: &Imports) -> Vec<Vec<&str>> {
    let mut direct: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (importer, imported) in imports.keys() {
        direct.entry(importer).or_default().push(imported);
    }
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in direct.keys() {
        let below = reached.entry(file).or_default();
        let mut next = vec![*file];
        while let Some(from) = next.pop() {
            let found = direct.get(from).into_iter().flatten().copied();
            next.extend(found.filter(|file| below.insert(file)));
        }
    }
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (file, below) in &reached {
        let back = |other: &&str| reached.get(other).is_some_and(|below| below.contains(file));
        let circle: Vec<&str> = below.iter().copied().filter(back).collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// Returns the path of a file's module.
fn module(file: &str) -> Vec<&str> {
    let path = file.trim_end_matches(".rs");
    path.strip_suffix("/mod").unwrap_or(path).split('/').collect()
}

/// Splits code into words, `::` and single characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

impl<'a> Modules<'a> {
    /// Reads the imports of a module, and the other names and paths in its code.
    fn read(&self, own: &[&'a str], tokens: &[&'a str]) -> (Vec<Import<'a>>, Vec<Vec<&'a str>>) {
        let (mut uses, mut paths) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at] == "use" {
                let public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
                let mut leaves = Vec::new();
                at += 1;
                tree(tokens, &mut at, &[], &mut leaves);
                for (path, name) in leaves {
                    uses.extend(self.absolute(own, &path).map(|target| Import { name, target, public }));
                }
                continue;
            }
            // A declaration is no import.
            if tokens[at] == "mod" {
                at += 2;
                continue;
            }
            let mut path = vec![tokens[at]];
            while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|next| is_name(next)) {
                path.push(tokens[at + 2]);
                at += 2;
            }
            paths.push(path);
            at += 1;
        }
        (uses, paths)
    }

    /// Returns a path from the crate on; `None` for one that leads elsewhere.
    fn absolute(&self, own: &[&'a str], path: &[&'a str]) -> Option<Vec<&'a str>> {
        let mut from = own.to_vec();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match *first {
                "crate" => from.clear(),
                "self" => {}
                "super" => drop(from.pop()),
                _ => break,
            }
            rest = after;
        }
        if rest.len() == path.len() && !self.files.contains_key(&[own, &path[..1]].concat()) {
            return None;
        }
        from.extend(rest);
        Some(from)
    }

    /// Returns the file that holds the item of a path, and its name; `None` for a module.
    fn item<'p>(&'p self, path: &[&'p str]) -> Option<(&'p str, &'p str)> {
        let module = (1..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let item = *path.get(module)?;
        match self.exports.get(&(path[..module].to_vec(), item)) {
            Some(target) => self.item(target),
            None => Some((self.files[&path[..module]], item)),
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads the tree of a `use` into its paths and the names that they get.
fn tree<'a>(
    tokens: &[&'a str],
    at: &mut usize,
    prefix: &[&'a str],
    leaves: &mut Vec<(Vec<&'a str>, &'a str)>,
) {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match *token {
            "::" => {}
            "{" => {
                while tokens.get(*at).is_some_and(|next| *next != "}") {
                    tree(tokens, at, &path, leaves);
                    *at += usize::from(tokens.get(*at) == Some(&","));
                }
                *at += 1;
                return;
            }
            name => {
                // `self` in braces is the path before them.
                if name != "self" || path.is_empty() {
                    path.push(name);
                }
                if tokens.get(*at) != Some(&"::") {
                    break;
                }
            }
        }
    }
    let mut name = path.last().copied().unwrap_or_default();
    if tokens.get(*at) == Some(&"as") {
        name = tokens.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
    }
    leaves.push((path, name));
}
