//! Workspaces of a run, and its share of them.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use crate::model::date::Date;
use crate::model::text::skeleton;
use crate::storage::paths::WORKSPACE_FILE;

/// Several workspaces, or a share of them.
#[derive(Debug, clap::Args)]
pub(super) struct Workspaces {
    /// Folders that hold rosterctl.yaml, or such files.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    named: Vec<PathBuf>,
    /// Only the I-th of N shares of the workspaces, like 2/8; the N shares together are all of them.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// How many workspaces to work on at a time; the report keeps their order.
    #[arg(long, value_name = "N", default_value = "8")]
    jobs: NonZero<usize>,
    /// Look at another instant: 2026-12-01, or 2026-12-01T18:00 with or without an offset; a day means its first moment.
    #[arg(long, value_name = "DATE|MOMENT", value_parser = date)]
    at: Option<Date>,
}

impl Workspaces {
    /// Returns true if the report covers several workspaces. Its form must not depend on the content of a share.
    pub(super) fn several(&self) -> bool {
        self.named.len() > 1 || self.shard.is_some()
    }

    /// Returns the instant to look at, if it is not the run's.
    pub(super) fn at(&self) -> Option<Date> {
        self.at
    }

    /// Returns the number of workspaces to work on at a time.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.get()
    }

    /// Returns all named workspaces, each once, in the order in which they were named.
    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        // A workspace that is named twice, also as folder and file, would be reported twice under one name.
        let mut seen = BTreeSet::new();
        let once = self.named.iter().filter(move |path| seen.insert(real(path)));
        once.map(PathBuf::as_path)
    }

    /// Returns the workspaces of this run's share, in the same order.
    pub(super) fn mine(&self) -> impl Iterator<Item = &Path> {
        self.all().enumerate().filter(|(at, _)| self.is_mine(*at)).map(|(_, path)| path)
    }

    /// Returns true if this run's share holds the workspace at an index.
    pub(super) fn is_mine(&self, at: usize) -> bool {
        self.shard.is_none_or(|(share, of)| at % of == share - 1)
    }
}

/// Returns the real path of a workspace's file, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let file = if path.is_dir() { path.join(WORKSPACE_FILE) } else { path.to_owned() };
    file.canonicalize().unwrap_or(file)
}

/// Parses a day or a moment.
pub(super) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| {
        "write a day, like 2026-12-01, or a moment, like 2026-12-01T18:00 or 2026-12-01T18:00+08:00"
            .to_owned()
    })
}

/// Parses a day.
pub(super) fn day(text: &str) -> Result<Date, String> {
    match Date::parse(text) {
        Some(day @ Date::Day(_)) => Ok(day),
        Some(Date::Moment(..)) | None => Err("expected a day, like 2026-12-01".to_owned()),
    }
}

/// Parses a text that is more than blanks.
pub(super) fn filled(text: &str) -> Result<String, &'static str> {
    if skeleton(text).is_empty() { Err("expected a number or a part of a name") } else { Ok(text.to_owned()) }
}

/// Parses `I/N`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts
        .filter(|(i, n)| (1..=*n).contains(i))
        .ok_or_else(|| "write I/N, like 2/8, counting from 1".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn shares_count_from_one() {
        assert_eq!(shard("2/8"), Ok((2, 8)));
        for wrong in ["0/8", "9/8", "x", "1/0", "-1/2", "1/2/3", "/"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_workspace_that_is_named_twice_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(WORKSPACE_FILE);
        std::fs::write(&file, "").unwrap();
        let named = [folder.path(), &file, folder.path(), Path::new("elsewhere")];
        let workspaces = named.map(Path::to_owned).to_vec();
        let all = Workspaces { named: workspaces, shard: None, jobs: NonZero::<usize>::MIN, at: None };
        assert_eq!(all.mine().collect::<Vec<_>>(), [folder.path(), Path::new("elsewhere")]);
    }

    #[test]
    fn the_shares_together_are_all_workspaces_once() {
        let workspaces: Vec<PathBuf> = (0..10).map(|n| PathBuf::from(n.to_string())).collect();
        for of in 1..12 {
            let mut seen = Vec::new();
            for share in 1..=of {
                let share = Workspaces {
                    named: workspaces.clone(),
                    shard: Some((share, of)),
                    jobs: NonZero::<usize>::MIN,
                    at: None,
                };
                seen.extend(share.mine().map(Path::to_owned));
            }
            seen.sort();
            assert_eq!(seen, workspaces, "{of} shares");
        }
    }
}
