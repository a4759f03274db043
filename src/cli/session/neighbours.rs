//! Workspaces of one run that lead to one tenant: no resource is declared by two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::load::Loaded;
use crate::config::workspace::Workspace;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::identity::{BASE_URL, Tenant, are_one_tenant};
use crate::model::source::Source;

/// The number that a queue is pinned to, and its place.
type Pinned = (Option<Arc<str>>, Source);

/// What a workspace declares, and in which tenants.
pub(crate) struct Declared {
    name: Arc<str>,
    agents: Option<Tenant>,
    queues: Option<Tenant>,
    /// Each agent with its place; true for a tombstone.
    ids: BTreeMap<OperatorId, (Source, bool)>,
    /// Each queue by name, with the number that it is pinned to.
    names: BTreeMap<Arc<str>, Vec<Pinned>>,
}

impl Declared {
    /// Collects what a loaded workspace declares.
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let agents = loaded.desired.agents.iter();
        let ids = agents.map(|(id, agent)| (id.clone(), (agent.source.clone(), agent.absent))).collect();
        let mut names: BTreeMap<Arc<str>, Vec<_>> = BTreeMap::new();
        for queue in loaded.desired.queues.values() {
            let place = (queue.exten.clone(), queue.source.clone());
            names.entry(Arc::clone(&queue.name)).or_default().push(place);
        }
        let folder = loaded.place.folder.canonicalize().unwrap_or_else(|_| loaded.place.folder.clone());
        Self {
            name: Arc::clone(&loaded.workspace.name),
            agents: tenant(&loaded.workspace, Kind::Agent, &folder),
            queues: tenant(&loaded.workspace, Kind::Queue, &folder),
            ids,
            names,
        }
    }
}

/// Returns the tenant of the connection that holds a kind. An embedded sandbox is one of its folder.
fn tenant(workspace: &Workspace, kind: Kind, folder: &Path) -> Option<Tenant> {
    let connection = workspace.connection_of_kind(kind)?;
    let mut tenant = connection.tenant();
    if connection.base_url().is_none() {
        tenant.insert(BASE_URL.to_owned(), format!("sandbox of {}", folder.display()));
    }
    Some(tenant)
}

fn share(one: Option<&Tenant>, other: Option<&Tenant>) -> bool {
    one.zip(other).is_some_and(|(one, other)| are_one_tenant(one, other))
}

/// The declarations of all workspaces of a run; `None` for one that cannot be loaded.
pub(crate) struct Neighbours {
    all: Vec<Option<Declared>>,
    /// The workspaces that declare each agent.
    agents: BTreeMap<OperatorId, Vec<usize>>,
    /// The workspaces that declare each name of a queue.
    queues: BTreeMap<Arc<str>, Vec<usize>>,
}

impl Neighbours {
    /// Compares the declarations of workspaces, which are in the order of the run.
    pub(crate) fn new(all: Vec<Option<Declared>>) -> Self {
        let (mut agents, mut queues) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (at, declared) in all.iter().enumerate() {
            for id in declared.iter().flat_map(|declared| declared.ids.keys()) {
                agents.entry(id.clone()).or_default().push(at);
            }
            for name in declared.iter().flat_map(|declared| declared.names.keys()) {
                queues.entry(Arc::clone(name)).or_default().push(at);
            }
        }
        Self { all, agents, queues }
    }

    /// Returns the resources of a workspace that another one declares too.
    pub(crate) fn conflicts(&self, at: usize) -> Vec<Diagnostic> {
        let Some(mine) = self.all.get(at).and_then(Option::as_ref) else { return Vec::new() };
        let others =
            |all: &[usize]| all.iter().copied().filter(move |other| *other != at).collect::<Vec<_>>();
        let mut found = Vec::new();
        for (id, (source, absent)) in &mine.ids {
            for other in others(&self.agents[id]) {
                let Some(theirs) = &self.all[other] else { continue };
                let (place, gone) = &theirs.ids[id];
                if share(mine.agents.as_ref(), theirs.agents.as_ref()) && !(*absent && *gone) {
                    found.push(twice(&ResourceId::agent(id), source, theirs, place));
                    break;
                }
            }
        }
        for (name, places) in &mine.names {
            for other in others(&self.queues[name]) {
                let Some(theirs) = &self.all[other] else { continue };
                if !share(mine.queues.as_ref(), theirs.queues.as_ref()) {
                    continue;
                }
                let pairs =
                    places.iter().flat_map(|one| theirs.names[name].iter().map(move |other| (one, other)));
                let same = |one: &Option<Arc<str>>, other: &Option<Arc<str>>| {
                    one.is_none() || other.is_none() || one == other
                };
                let mut pairs = pairs.filter(|((one, _), (other, _))| same(one, other));
                if let Some(((exten, source), (_, place))) = pairs.next() {
                    found.push(twice(&ResourceId::queue(name, exten.as_deref()), source, theirs, place));
                    break;
                }
            }
        }
        found
    }

    /// Returns the agents that other workspaces of the same tenant declare, with the name of one.
    pub(crate) fn elsewhere(&self, at: usize) -> BTreeMap<OperatorId, Arc<str>> {
        let Some(mine) = self.all.get(at).and_then(Option::as_ref) else { return BTreeMap::new() };
        let sharing: BTreeSet<usize> = (0..self.all.len())
            .filter(|other| *other != at)
            .filter(|other| {
                self.all[*other]
                    .as_ref()
                    .is_some_and(|theirs| share(mine.agents.as_ref(), theirs.agents.as_ref()))
            })
            .collect();
        let theirs = sharing.iter().filter_map(|other| self.all[*other].as_ref());
        let agents = theirs.flat_map(|theirs| {
            let wanted = theirs.ids.iter().filter(|(_, (_, absent))| !absent);
            wanted.map(|(id, _)| (id.clone(), Arc::clone(&theirs.name)))
        });
        agents.filter(|(id, _)| !mine.ids.contains_key(id)).collect()
    }
}

fn twice(id: &ResourceId, source: &Source, theirs: &Declared, place: &Source) -> Diagnostic {
    let what = format!("{id} is declared by workspace `{}` too, which leads to the same tenant", theirs.name);
    Diagnostic::at(source, what)
        .related(place, "the other one")
        .help("declare it in one of them; `rosterctl ledger forget` lets the other one's ledger go of it")
}
