//! Blanks at line ends and line breaks, which change without regard to the content of a line.

use super::comments::scalars;

/// Replaces every line break by a line feed, and drops a byte order mark.
pub(super) fn breaks(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n")
}

/// Drops blanks at line ends and blank lines at the end of the file. Scalars stay as they are. Returns `None` if the
/// file cannot be parsed.
pub(super) fn tidied(text: &str) -> Option<String> {
    let over_lines: Vec<(usize, usize)> =
        scalars(text)?.into_iter().filter(|(_, _, over)| *over).map(|(from, to, _)| (from, to)).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let length = line.chars().count();
        let within = over_lines.iter().any(|(from, to)| *from < at + length && at < *to);
        if within {
            out.push_str(line);
        } else {
            out.push_str(line.trim_end_matches([' ', '\t', '\n']));
            if line.ends_with('\n') {
                out.push('\n');
            }
        }
        at += length;
    }
    let ends_in_scalar = over_lines.iter().any(|(_, to)| *to >= at);
    if !ends_in_scalar {
        out.truncate(out.trim_end_matches('\n').len());
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    Some(out)
}
