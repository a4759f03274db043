//! Meanings of the topics of `explain`, by path. The English ones stand in the tables that the topics come from; those
//! of a connector's own topics stand in its description.

mod roster;
mod workspace;

use super::Region;

/// A row: the path of a topic, and its meaning for the mainland and for Taiwan.
///
/// A `*` in a path stands for any one part; a row without one goes first.
type Row = (&'static str, [&'static str; 2]);

/// The tables.
const TABLES: [&[Row]; 2] = [roster::ROWS, workspace::ROWS];

/// Returns the paths of the rows.
pub fn paths() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter()).map(|(path, _)| *path)
}

/// Returns the path of the row of a topic.
pub fn row(path: &str) -> Option<&'static str> {
    paths().find(|row| *row == path).or_else(|| paths().find(|row| fits(row, path)))
}

/// Returns the meaning of a topic.
pub fn doc(path: &str, region: Region) -> Option<&'static str> {
    let path = row(path)?;
    let (_, [cn, tw]) = TABLES.iter().flat_map(|table| table.iter()).find(|(row, _)| *row == path)?;
    Some(region.choose(*cn, *tw))
}

/// Returns true if a path fits a row, part by part.
fn fits(row: &str, path: &str) -> bool {
    let (row, path) = (row.split('.'), path.split('.'));
    row.clone().count() == path.clone().count() && row.zip(path).all(|(row, part)| row == "*" || row == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(fits("connection.*.token", "connection.a-b.token"));
        assert!(!fits("connection.*.token", "connection.token"));
        assert!(!fits("connection.*.token", "connection.a.b.token"));
        assert!(!fits("agent.name", "agent.names"));
    }
}
