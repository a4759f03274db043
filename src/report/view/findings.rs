//! Findings → lines; what merely stands in no manifest is one line a kind, and what is said of several agents alike
//! (a pool) is one line.

use std::collections::BTreeMap;

use super::line::{Line, LineKind, Section, Segment, ranges};
use crate::model::finding::{Finding, Rule, UNMANAGED_AGENT, UNMANAGED_QUEUE, UNMANAGED_SEAT};
use crate::model::id::{Kind, OperatorId};

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
    let mut alike: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(single) {
        alike.entry(shape(finding)).or_default().push(finding);
    }
    let mut lines: Vec<Line> = Vec::new();
    for finding in findings.iter().filter(single) {
        match alike.remove(&shape(finding)) {
            Some(several) if several.len() >= FEWEST_ALIKE => lines.push(together(&several)),
            Some(few) => lines.extend(few.into_iter().map(line)),
            // It was said with the first of its like.
            None => {}
        }
    }
    for (rule, what) in grouped {
        let ids: Vec<&OperatorId> = findings
            .iter()
            .filter(|f| f.code == rule.code)
            .filter_map(|f| Some(&f.id.as_ref()?.name))
            .collect();
        let names = short(ranges(&ids));
        lines.push(Line {
            tone: LineKind::Find(rule.severity),
            group: Section::Findings,
            subject: rule.code.to_owned(),
            about: None,
            count: ids.len(),
            pieces: vec![Segment::Words(format!("{} live {what} stand in no manifest: {names}", ids.len()))],
            staffing: None,
            everyone: ids.iter().map(ToString::to_string).collect(),
            source: None,
        });
    }
    lines
}

/// From so many on, findings that differ in the agent alone share a line.
const FEWEST_ALIKE: usize = 3;

/// A finding without the agent that it is about: only what is said of agents at one place is drawn together.
fn shape(finding: &Finding) -> String {
    let agent = finding.id.as_ref().filter(|id| id.kind == Kind::Agent);
    let message = match agent {
        Some(id) => finding.message.replace(id.name.as_str(), "{operatorId}"),
        None => finding.message.clone(),
    };
    let whose = if agent.is_some() { String::new() } else { format!("{:?}", finding.id) };
    // What has a place of its own is shown there.
    format!("{} {whose} {:?} {message}", finding.code, finding.source)
}

/// Several findings of one shape.
fn together(findings: &[&Finding]) -> Line {
    let first = findings[0];
    let ids: Vec<&OperatorId> = findings.iter().filter_map(|f| Some(&f.id.as_ref()?.name)).collect();
    let message = match ids.first() {
        // Its subject stands in front; elsewhere the number is everybody's own.
        Some(id) => {
            let own = format!("agent/{id}");
            let all = format!("{} agents (agent/{})", ids.len(), short(ranges(&ids)));
            let rest = first.message.strip_prefix(&own);
            match rest {
                Some(rest) => format!("{all}{}", rest.replace(id.as_str(), "{operatorId}")),
                None => format!("{all}: {}", first.message.replace(id.as_str(), "{operatorId}")),
            }
        }
        None => first.message.clone(),
    };
    Line {
        count: findings.len(),
        about: None,
        pieces: vec![Segment::Words(message)],
        everyone: ids.iter().map(ToString::to_string).collect(),
        ..line(first)
    }
}

/// Names, cut where there are too many.
fn short(mut names: String) -> String {
    if let Some((end, _)) = names.char_indices().nth(LONGEST) {
        names.truncate(end);
        names.push('…');
    }
    names
}

fn line(finding: &Finding) -> Line {
    Line {
        tone: LineKind::Find(finding.severity),
        group: Section::Findings,
        subject: finding.code.clone(),
        about: finding.id.as_ref().map(ToString::to_string),
        count: 1,
        pieces: vec![Segment::Words(finding.message.clone())],
        staffing: None,
        everyone: Vec::new(),
        source: finding.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::IMMUTABLE;
    use crate::model::id::ResourceId;

    #[test]
    fn what_is_said_of_several_agents_alike_is_one_line() {
        let said = |id: &str, now: &str| {
            let agent = ResourceId::agent(&id.into());
            Finding::new(&IMMUTABLE, format!("agent/{id}: survey is {now} and should be true")).about(&agent)
        };
        let mut findings: Vec<Finding> = ["8101", "8102", "8103"].map(|id| said(id, "false")).into();
        findings.extend([said("8104", "unset"), said("8105", "unset")]);
        let lines = lines(&findings);
        let words: Vec<String> = lines.iter().map(Line::words).collect();
        assert_eq!(
            words,
            [
                "3 agents (agent/8101..8103): survey is false and should be true",
                "agent/8104: survey is unset and should be true",
                "agent/8105: survey is unset and should be true",
            ]
        );
        assert_eq!(lines[0].everyone, ["8101", "8102", "8103"]);
    }
}
