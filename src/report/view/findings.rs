//! Converts findings to lines. Unmanaged resources share one line per kind; equal findings on several agents, such as a
//! pool, share one line.

use std::collections::BTreeMap;

use super::line::{Line, Segment, Telling};
use crate::messages::subject::Subject;
use crate::messages::{self, Message as _};
use crate::model::finding::Finding;
use crate::model::id::{Kind, OperatorId};
use crate::model::message::{Argument, Rewrite};
use crate::model::rule::{Rule, UNMANAGED_AGENT, UNMANAGED_QUEUE, UNMANAGED_SEAT};
use crate::report::chapter::{LineKind, Section};
use crate::report::phrases::Phrase;

/// The rules of unmanaged resources, by kind.
const UNMANAGED: [(&Rule, Kind); 3] =
    [(&UNMANAGED_AGENT, Kind::Agent), (&UNMANAGED_QUEUE, Kind::Queue), (&UNMANAGED_SEAT, Kind::Seat)];

/// The maximum number of bytes of a list of names in a sentence.
const LONGEST: usize = 200;
/// Most bytes of a line's list of resources. Code scanning shows 1,000 characters of a message.
const LONGEST_SUBJECT: usize = 700;

/// Returns the lines of findings in the order of the plan. The header of this file explains the grouping.
pub(super) fn lines(findings: &[Finding], how: Telling<'_>) -> Vec<Line> {
    let many = |rule: &Rule| findings.iter().filter(|f| f.code == rule.code).count() > 1;
    let grouped: Vec<(&Rule, Kind)> = UNMANAGED.into_iter().filter(|(rule, _)| many(rule)).collect();
    let single = |f: &&Finding| grouped.iter().all(|(rule, _)| rule.code != f.code);
    let mut alike: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(single) {
        alike.entry(shape(finding)).or_default().push(finding);
    }
    let mut lines: Vec<Line> = Vec::new();
    for finding in findings.iter().filter(single) {
        match alike.remove(&shape(finding)) {
            Some(several) if several.len() >= FEWEST_ALIKE => lines.push(together(&several, how)),
            Some(few) => lines.extend(few.into_iter().map(|one| line(one, how))),
            // The line of its group already covers this finding.
            None => {}
        }
    }
    for (rule, kind) in grouped {
        let ids: Vec<&OperatorId> = findings
            .iter()
            .filter(|f| f.code == rule.code)
            .filter_map(|f| Some(&f.id.as_ref()?.name))
            .collect();
        let names = listed(&ids, LONGEST, how);
        lines.push(Line {
            tone: LineKind::Find(rule.severity),
            group: Section::for_finding(rule.severity),
            subject: rule.code.to_owned(),
            about: Some(format!("{}/{}", kind.word(), listed(&ids, LONGEST_SUBJECT, how))),
            count: ids.len(),
            pieces: vec![Segment::Words(how.say(Phrase::Unmanaged(ids.len(), kind, &names)))],
            staffing: None,
            everyone: everyone(&ids, how),
            last_changed: None,
            source: None,
        });
    }
    lines
}

/// The minimum number of findings, equal except for the agent, that share a line.
const FEWEST_ALIKE: usize = 3;

/// Returns the finding without its agent; only findings on agents at one place are grouped.
fn shape(finding: &Finding) -> String {
    let agent = finding.id.as_ref().filter(|id| id.kind == Kind::Agent);
    let mut what = finding.what.clone();
    if let Some(id) = agent {
        what.rewrite(&EachOne(id.name.as_str()));
    }
    let whose = if agent.is_some() { String::new() } else { format!("{:?}", finding.id) };
    // A finding with its own place is shown at that place.
    format!("{} {whose} {:?} {what:?}", finding.code, finding.source)
}

/// A rewrite that replaces the number of one agent by a placeholder.
struct EachOne<'a>(&'a str);

impl Rewrite for EachOne<'_> {
    fn text(&self, text: &str) -> String {
        text.replace(self.0, "{operatorId}")
    }
}

/// Returns one line for several findings of one shape.
fn together(findings: &[&Finding], how: Telling<'_>) -> Line {
    let first = findings[0];
    let ids: Vec<&OperatorId> = findings.iter().filter_map(|f| Some(&f.id.as_ref()?.name)).collect();
    let Some(id) = ids.first() else { return Line { count: findings.len(), ..line(first, how) } };
    let mut what = first.what.clone();
    what.rewrite(&EachOne(id.as_str()));
    let about = Subject::Agents { count: ids.len(), ids: listed(&ids, LONGEST, how) };
    Line {
        count: findings.len(),
        about: Some(format!("agent/{}", listed(&ids, LONGEST_SUBJECT, how))),
        pieces: vec![Segment::Words(messages::finding(&what, &about, how.language()))],
        everyone: everyone(&ids, how),
        ..line(first, how)
    }
}

/// Returns agents by number and name, for a search.
fn everyone(ids: &[&OperatorId], how: Telling<'_>) -> Vec<String> {
    let one = |id: &&OperatorId| match how.scene.names.get(*id) {
        Some(name) => format!("{id} {name}"),
        None => id.to_string(),
    };
    ids.iter().map(one).collect()
}

/// Lists as many numbers as fit, with runs condensed, and counts the rest.
fn listed(ids: &[&OperatorId], most: usize, how: Telling<'_>) -> String {
    let all = how.ranges(ids);
    if all.len() <= most {
        return all;
    }
    let (mut fits, mut too_many) = (1, ids.len());
    while fits + 1 < too_many {
        let middle = usize::midpoint(fits, too_many);
        let halves = if how.ranges(&ids[..middle]).len() <= most { &mut fits } else { &mut too_many };
        *halves = middle;
    }
    format!("{} {}", how.ranges(&ids[..fits]), how.say(Phrase::AndMore(ids.len() - fits)))
}

/// Returns the sentence of a finding with the way out: in a pull request, only a label lifts a limit. Also returns true
/// if it ends with a stop.
pub(super) fn sentence(finding: &Finding, how: Telling<'_>) -> (String, bool) {
    let language = how.language();
    match finding.what.limit().filter(|_| how.scene.pull_request) {
        None => (finding.say(language), false),
        Some((rule, count)) => {
            let (end, gap) = language.choose((".", " "), ("。", ""), ("。", ""));
            let label = how.say(Phrase::LiftLimitByLabel(rule, count));
            (format!("{}{end}{gap}{label}", finding.fact(language)), true)
        }
    }
}

fn line(finding: &Finding, how: Telling<'_>) -> Line {
    let (words, _) = sentence(finding, how);
    let last_changed = finding.last_changed.as_deref().map(|last| how.say(Phrase::LastChanged(last)));
    let name = finding.id.as_ref().filter(|id| id.kind == Kind::Agent);
    let name = name.and_then(|id| Some(format!("{} {}", id.name, how.scene.names.get(&id.name)?)));
    Line {
        tone: LineKind::Find(finding.severity),
        group: Section::for_finding(finding.severity),
        subject: finding.code.clone(),
        about: finding.id.as_ref().map(ToString::to_string),
        count: 1,
        pieces: std::iter::once(Segment::Words(words))
            .chain(last_changed.as_ref().map(|last| how.remark(last)))
            .collect(),
        staffing: None,
        everyone: name.into_iter().collect(),
        last_changed,
        source: finding.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agent::SURVEY;
    use crate::model::difference::Difference;
    use crate::model::finding::FindingKind;
    use crate::model::id::ResourceId;
    use crate::model::rule::IMMUTABLE;
    use crate::model::scene::Scene;
    use crate::model::value::Value;
    use crate::report::chapter::Tense;

    fn how(scene: &Scene) -> Telling<'_> {
        Telling { scene, tense: Tense::Planned }
    }

    #[test]
    fn what_is_said_of_several_agents_alike_is_one_line() {
        let said = |id: &str, before: Option<bool>| {
            let agent = ResourceId::agent(&id.into());
            let (before, after) = (before.map(Value::Flag), Some(Value::Flag(true)));
            let difference = Difference { kind: Kind::Agent, field: &SURVEY, before, after };
            Finding::new(&IMMUTABLE, FindingKind::Immutable { difference }).about(&agent)
        };
        let mut findings: Vec<Finding> = ["8101", "8102", "8103"].map(|id| said(id, Some(false))).into();
        findings.extend([said("8104", None), said("8105", None)]);
        let scene = Scene::default();
        let lines = lines(&findings, how(&scene));
        let begin: Vec<String> =
            lines.iter().map(|line| line.words().split(',').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(
            begin,
            [
                "3 agents (agent/8101..8103): survey is false and should be true",
                "agent/8104: survey is unset and should be true",
                "agent/8105: survey is unset and should be true",
            ]
        );
        assert_eq!(lines[0].everyone, ["8101", "8102", "8103"]);
        let subjects: Vec<Option<&str>> = lines.iter().map(|line| line.about.as_deref()).collect();
        assert_eq!(subjects, [Some("agent/8101..8103"), Some("agent/8104"), Some("agent/8105")]);
    }

    #[test]
    fn a_list_that_is_too_long_counts_the_rest() {
        let ids: Vec<OperatorId> = (0..60).map(|n| OperatorId::from(&*format!("{}", 8000 + 2 * n))).collect();
        let ids: Vec<&OperatorId> = ids.iter().collect();
        let scene = Scene::default();
        assert_eq!(listed(&ids, 30, how(&scene)), "8000, 8002, 8004, 8006, 8008 and 55 more");
        assert!(listed(&ids, 700, how(&scene)).ends_with("8116, 8118"));
    }
}
