//! Reads presence from every system that reports the state of agents.
//!
//! A system with a listing is read whole, its pages in parallel. A system without one is asked for each given agent. A
//! failed read or an incomplete listing becomes a gap, never an error; the policy decides the meaning of a gap. A state
//! that was read before a failure still counts.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

use super::resources::{READINGS, each};
use crate::model::call::{Failure, Reason};
use crate::model::id::OperatorId;
use crate::model::language::Localized;
use crate::model::presence::{GapReason, Presence};
use crate::provider::{Observer, PresencePage, PresenceQuery, QueryMode, paging};
use crate::runtime::client::Client;
use crate::runtime::progress;

/// Failed agents after which a system without a listing is asked no further.
const PATIENCE: usize = 3;

/// Systems that report presence.
#[derive(Default)]
pub struct Observers(Vec<System>);

/// System that reports presence.
struct System {
    observer: &'static dyn Observer,
    /// The client, or the reason for which there is none.
    link: Result<Rc<Client>, Localized>,
}

impl Observers {
    /// Adds a system, or the reason for which it cannot be asked.
    pub fn add(&mut self, observer: &'static dyn Observer, link: Result<Rc<Client>, Localized>) {
        self.0.push(System { observer, link });
    }

    /// Returns true if there is no such system: then no agent is guarded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends all waits for a retry: the operator stops the run.
    pub fn skip_waits(&self) {
        self.0.iter().filter_map(|system| system.link.as_ref().ok()).for_each(|link| link.skip_waits());
    }

    /// Returns the providers of the systems.
    pub fn systems(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|system| system.observer.spec().name)
    }

    /// Reads the presence of agents. An empty set needs no call.
    ///
    /// Without `agents` only the listings are read, which leaves a gap for the other systems.
    pub async fn presence(&self, agents: Option<&BTreeSet<OperatorId>>) -> Presence {
        let mut presence = Presence::default();
        for part in join_all(self.0.iter().map(|system| system.read(agents))).await {
            presence.merge(part);
        }
        presence
    }
}

impl System {
    fn name(&self) -> &'static str {
        self.observer.spec().name
    }

    async fn read(&self, agents: Option<&BTreeSet<OperatorId>>) -> Presence {
        let mut presence = Presence::default();
        presence.asked(self.name());
        match &self.link {
            _ if agents.is_some_and(BTreeSet::is_empty) => {}
            Err(why) => presence.fail(self.name(), None, why.clone()),
            Ok(link) => match (self.observer.way(link.connection()), agents) {
                (QueryMode::Listing(size), _) => self.list(link, size, &mut presence).await,
                (QueryMode::Singly, Some(agents)) => self.ask_all(link, agents, &mut presence).await,
                (QueryMode::Singly, None) => {
                    presence.fail(self.name(), None, GapReason::NotAsked);
                }
            },
        }
        presence
    }

    async fn ask(&self, link: &Client, question: PresenceQuery<'_>) -> Result<PresencePage, Failure> {
        let connection = link.connection();
        let hear = |reply: &_| self.observer.hear(connection, &question, reply);
        link.read(|| self.observer.ask(connection, &question), hear).await
    }

    /// Reads the whole listing, and repeats it while it shifts.
    async fn list(&self, link: &Client, size: usize, presence: &mut Presence) {
        let mut reading = 1;
        loop {
            let (pages, failure) = self.pages(link, size).await;
            let nameless: usize = pages.iter().map(|page| page.nameless).sum();
            let (said, doubt) = paging::gather(pages);
            if failure.is_none() && doubt.is_some() && reading < READINGS {
                reading += 1;
                continue;
            }
            for (agent, said) in said {
                presence.say(agent, said);
            }
            let doubt = doubt.map(|doubt| GapReason::Incomplete { doubt });
            if let Some(reason) = failure.as_ref().map(Failure::reason) {
                presence.because(self.name(), reason);
            } else if doubt.is_some() || nameless > 0 {
                presence.because(self.name(), Reason::Incomplete);
            }
            if let Some(why) = failure.map(|failure| GapReason::from(&failure)).or(doubt) {
                presence.fail(self.name(), None, why);
            } else if nameless > 0 {
                presence.fail(self.name(), None, GapReason::Nameless { rows: nameless });
            }
            return;
        }
    }

    /// Reads pages until one fails, or contradicts the total.
    async fn pages(&self, link: &Client, size: usize) -> (Vec<PresencePage>, Option<Failure>) {
        let task = progress::begin(format!("reading {}", link.connection().name), "pages");
        let mut pages = Vec::new();
        let read = |page| self.ask(link, PresenceQuery::Page(page));
        let at_once = link.connection().concurrency();
        let done = each(at_once, size, &task, read, PresencePage::head, |page| pages.push(page)).await;
        (pages, done.err())
    }

    /// Reads agents one by one. The first call is alone, so that one call detects an unreachable system or a refused
    /// sign-in.
    async fn ask_all(&self, link: &Client, agents: &BTreeSet<OperatorId>, presence: &mut Presence) {
        let askable = |agent: &&OperatorId| {
            self.observer.ask(link.connection(), &PresenceQuery::Agent(agent)).is_some()
        };
        let agents: Vec<&OperatorId> = agents.iter().filter(askable).collect();
        let Some((first, agents)) = agents.split_first() else { return };
        let task = progress::begin(format!("reading {}", link.connection().name), "agents");
        task.out_of(agents.len() + 1);
        let answer = self.ask(link, PresenceQuery::Agent(first)).await;
        let vain = AtomicUsize::new(match &answer {
            Ok(_) | Err(Failure::Refused(_)) => 0,
            Err(Failure::Garbled(_)) => 1,
            Err(_) => PATIENCE,
        });
        let (vain, mut last) = (&vain, answer.as_ref().err().cloned());
        self.take(first, answer, presence);
        task.another();
        let rest = stream::iter(agents.iter().copied()).map(|agent| async move {
            if vain.load(Ordering::Relaxed) >= PATIENCE {
                return (agent, None);
            }
            let answer = self.ask(link, PresenceQuery::Agent(agent)).await;
            match &answer {
                Ok(_) | Err(Failure::Refused(_)) => {}
                Err(Failure::SignIn(_) | Failure::Shut(_)) => vain.store(PATIENCE, Ordering::Relaxed),
                Err(_) => {
                    vain.fetch_add(1, Ordering::Relaxed);
                }
            }
            (agent, Some(answer))
        });
        let mut rest = std::pin::pin!(rest.buffered(link.connection().concurrency()));
        while let Some((agent, answer)) = rest.next().await {
            task.another();
            if let Some(answer) = answer {
                last = answer.as_ref().err().cloned().or(last);
                self.take(agent, answer, presence);
            } else {
                // Without an answer, another agent's call failed before.
                let why = last.as_ref().map_or(GapReason::NotAsked, GapReason::from);
                presence.fail(self.name(), Some(agent.clone()), why);
            }
        }
    }

    fn take(&self, agent: &OperatorId, answer: Result<PresencePage, Failure>, presence: &mut Presence) {
        match answer {
            Ok(sightings) => {
                // A valid response may hold no state: no agent with this number is signed in.
                if !sightings.rows.contains(agent) {
                    presence.unobserved(self.name(), agent.clone());
                }
                for (agent, said) in sightings.said {
                    presence.say(agent, said);
                }
            }
            Err(failure) => {
                presence.because(self.name(), failure.reason());
                presence.fail(self.name(), Some(agent.clone()), &failure);
            }
        }
    }
}
