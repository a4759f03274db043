//! Lines of comma-separated values (RFC 4180) that a spreadsheet can open without harm.

use crate::model::text::sanitize;

/// Returns a line of cells, with hidden characters visible.
pub(super) fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> =
        cells.into_iter().map(|cell| quoted(&inert(sanitize(&cell).into_owned()))).collect();
    cells.join(",") + "\r\n"
}

/// Prefixes an apostrophe to a cell that a spreadsheet would read as a formula. Names are untrusted input.
fn inert(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

/// Quotes a cell that holds a separator, and doubles its quotes.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_is_quoted() {
        assert_eq!(quoted("张三"), "张三");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("a\"b\nc"), "\"a\"\"b\nc\"");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let cells = ["=1+1", "+86", "-1", "@SUM(A1)", "\tx", "\r=1", "a=b", ""].map(str::to_owned);
        assert_eq!(line(cells), "'=1+1,'+86,'-1,'@SUM(A1),\\tx,\\r=1,a=b,\r\n");
    }
}
