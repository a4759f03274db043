//! Edited manifests as a unified diff that `git apply` takes.

use similar::TextDiff;

/// One file of a patch.
pub struct PatchedFile<'a> {
    /// Its path below the folder in which the patch is applied, with `/`.
    pub path: &'a str,
    /// Its text before; `None` for a new file.
    pub before: Option<&'a str>,
    /// Its text after.
    pub after: &'a str,
}

/// Writes a patch with plain `---` and `+++` lines, which `git apply` takes below the root of a repository too.
pub fn patch<'a>(files: impl IntoIterator<Item = PatchedFile<'a>>) -> String {
    let mut out = String::new();
    for PatchedFile { path, before, after } in files {
        let (old, new) = (named("a", path), named("b", path));
        let old = if before.is_some() { old } else { "/dev/null".to_owned() };
        let diff = TextDiff::from_lines(before.unwrap_or_default(), after);
        out.push_str(&diff.unified_diff().context_radius(3).header(&old, &new).to_string());
    }
    out
}

/// Returns a path as Git writes it: in quotes if it holds signs that end or change it, with a tab behind blanks.
fn named(side: &str, path: &str) -> String {
    let name = format!("{side}/{path}");
    let odd = |c: char| c.is_control() || c == '"' || c == '\\';
    if name.contains(odd) {
        let mut quoted = String::from("\"");
        for byte in name.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                0x20..0x7f => quoted.push(char::from(byte)),
                byte => quoted.push_str(&format!("\\{byte:03o}")),
            }
        }
        quoted.push('"');
        return quoted;
    }
    if name.contains(' ') { format!("{name}\t") } else { name }
}
