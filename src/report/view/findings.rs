//! Findings → lines; what merely stands in no manifest is one line a kind.

use super::{Group, Line, Piece, Tone, ranges};
use crate::model::finding::{Finding, Rule, UNMANAGED_AGENT, UNMANAGED_QUEUE, UNMANAGED_SEAT};
use crate::model::id::OperatorId;

/// What merely stands in no manifest, by kind.
const UNMANAGED: [(&Rule, &str); 3] =
    [(&UNMANAGED_AGENT, "agents"), (&UNMANAGED_QUEUE, "queues"), (&UNMANAGED_SEAT, "seats")];

/// Most characters of a list of names.
const LONGEST: usize = 200;

/// Findings, a line each, in the order of the plan; see the header of this file.
pub(super) fn lines(findings: &[Finding]) -> Vec<Line> {
    let many = |rule: &Rule| findings.iter().filter(|f| f.code == rule.code).count() > 1;
    let grouped: Vec<(&Rule, &str)> = UNMANAGED.into_iter().filter(|(rule, _)| many(rule)).collect();
    let single = |f: &&Finding| grouped.iter().all(|(rule, _)| rule.code != f.code);
    let mut lines: Vec<Line> = findings.iter().filter(single).map(line).collect();
    for (rule, what) in grouped {
        let ids: Vec<&OperatorId> = findings
            .iter()
            .filter(|f| f.code == rule.code)
            .filter_map(|f| Some(&f.id.as_ref()?.name))
            .collect();
        let mut names = ranges(&ids);
        if let Some((end, _)) = names.char_indices().nth(LONGEST) {
            names.truncate(end);
            names.push('…');
        }
        lines.push(Line {
            tone: Tone::Find(rule.severity),
            group: Group::Findings,
            subject: rule.code.to_owned(),
            about: None,
            count: ids.len(),
            pieces: vec![Piece::Words(format!("{} live {what} stand in no manifest: {names}", ids.len()))],
            staffing: None,
            source: None,
        });
    }
    lines
}

fn line(finding: &Finding) -> Line {
    Line {
        tone: Tone::Find(finding.severity),
        group: Group::Findings,
        subject: finding.code.clone(),
        about: finding.id.as_ref().map(ToString::to_string),
        count: 1,
        pieces: vec![Piece::Words(finding.message.clone())],
        staffing: None,
        source: finding.source.clone(),
    }
}
