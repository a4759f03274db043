//! Workspaces of one run in one tenant: no two of them may declare one resource.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::load::{self, Elsewhere, Loaded};
use crate::config::workspace::Workspace;
use crate::model::date::Date;
use crate::model::diagnostic::Diagnostic;
use crate::model::id::{Kind, OperatorId, ResourceId};
use crate::model::identity::{BASE_URL, Tenant, are_one_tenant};
use crate::model::problem::{FileProblem, Label};
use crate::model::source::Source;

/// Number to which a queue is pinned, and its place.
type Pinned = (Option<Arc<str>>, Source);

/// Declarations of a workspace, and its tenants.
pub(crate) struct Declared {
    name: Arc<str>,
    agents: Option<Tenant>,
    queues: Option<Tenant>,
    /// Each agent with its place, in order; true for a tombstone.
    ids: Vec<(OperatorId, Source, bool)>,
    /// Each queue by name, with the number to which it is pinned.
    names: BTreeMap<Arc<str>, Vec<Pinned>>,
}

impl Declared {
    /// Collects the declarations of a loaded workspace.
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let agents = loaded.desired.agents.iter();
        let ids = agents.map(|(id, agent)| (id.clone(), agent.source.clone(), agent.is_absent())).collect();
        let mut names: BTreeMap<Arc<str>, Vec<_>> = BTreeMap::new();
        for (_, queue) in loaded.desired.declared_queues() {
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

    /// Returns the place of an agent; true for a tombstone.
    fn agent(&self, id: &OperatorId) -> Option<(&Source, bool)> {
        let at = self.ids.binary_search_by(|(other, ..)| other.cmp(id)).ok()?;
        self.ids.get(at).map(|(_, source, absent)| (source, *absent))
    }
}

/// Returns the tenant of the connection that holds a kind. An embedded sandbox is a tenant of its folder.
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

/// Workspaces that declare each resource, by tenant. Its cost grows with the declarations alone.
struct Index<K> {
    /// Number for the tenant of each workspace. Tenants that may be one have one number.
    tenants: Vec<usize>,
    /// Tenant, resource and workspace, in order.
    declared: Vec<(usize, K, usize)>,
}

impl<K: Ord> Index<K> {
    fn new(tenants: &[Option<&Tenant>], declared: impl Iterator<Item = (usize, K)>) -> Self {
        let tenants = numbered(tenants);
        let declared = declared.filter_map(|(at, key)| Some((*tenants.get(at)?, key, at)));
        let mut declared: Vec<_> = declared.collect();
        declared.sort_unstable();
        Self { tenants, declared }
    }

    /// Returns the other workspaces that may declare a resource in a workspace's tenant.
    fn others(&self, at: usize, key: &K) -> impl Iterator<Item = usize> {
        let tenant = self.tenants.get(at).copied();
        let start = self.declared.partition_point(|(of, other, _)| (Some(*of), other) < (tenant, key));
        let rest = self.declared.get(start..).unwrap_or_default().iter();
        rest.take_while(move |(of, other, _)| (Some(*of), other) == (tenant, key))
            .map(|(.., other)| *other)
            .filter(move |other| *other != at)
    }
}

/// Numbers tenants, so that any two that may be one have one number.
fn numbered(tenants: &[Option<&Tenant>]) -> Vec<usize> {
    let mut numbers: Vec<usize> = Vec::with_capacity(tenants.len());
    for (at, tenant) in tenants.iter().enumerate() {
        let mut joined = BTreeSet::new();
        for (number, other) in numbers.iter().zip(tenants) {
            if !joined.contains(number) && share(*tenant, *other) {
                joined.insert(*number);
            }
        }
        let number = joined.first().copied().unwrap_or(at);
        numbers.iter_mut().filter(|other| joined.contains(other)).for_each(|other| *other = number);
        numbers.push(number);
    }
    numbers
}

/// Declarations of all workspaces of a run; `None` for one that cannot be loaded.
pub(crate) struct Neighbours {
    all: Vec<Option<Declared>>,
    agents: Index<OperatorId>,
    /// Queues by name.
    queues: Index<Arc<str>>,
}

impl Neighbours {
    /// Loads workspaces, in the order of the run and at most `jobs` at a time, and compares their declarations.
    pub(crate) fn load(paths: &[&Path], jobs: usize, at: Option<Date>) -> Self {
        let processors = load::processors();
        let declared = |path: &&Path| {
            let loaded = load::load_beside(path, processors, at).ok()?;
            Some(Declared::new(&loaded))
        };
        Self::new(load::with_threads(jobs.min(processors), paths, declared))
    }

    /// Compares the declarations of workspaces, which are in the order of the run.
    pub(crate) fn new(all: Vec<Option<Declared>>) -> Self {
        let tenants = |of: fn(&Declared) -> Option<&Tenant>| -> Vec<_> {
            all.iter().map(|declared| declared.as_ref().and_then(of)).collect()
        };
        let loaded = || all.iter().enumerate().filter_map(|(at, declared)| Some((at, declared.as_ref()?)));
        let ids =
            loaded().flat_map(|(at, declared)| declared.ids.iter().map(move |(id, ..)| (at, id.clone())));
        let names =
            loaded().flat_map(|(at, declared)| declared.names.keys().map(move |name| (at, Arc::clone(name))));
        let agents = Index::new(&tenants(|declared| declared.agents.as_ref()), ids);
        let queues = Index::new(&tenants(|declared| declared.queues.as_ref()), names);
        Self { all, agents, queues }
    }

    fn get(&self, at: usize) -> Option<&Declared> {
        self.all.get(at)?.as_ref()
    }

    /// Returns the name of a workspace, if it can be loaded.
    pub(crate) fn name(&self, at: usize) -> Option<&Arc<str>> {
        self.get(at).map(|declared| &declared.name)
    }

    /// Returns the numbers of a workspace's tenants, by kind.
    pub(crate) fn tenants(&self, at: usize) -> impl Iterator<Item = (Kind, usize)> {
        let mine = self.get(at).into_iter();
        let held = mine.flat_map(|mine| [(Kind::Agent, &mine.agents), (Kind::Queue, &mine.queues)]);
        held.filter(|(_, tenant)| tenant.is_some()).filter_map(move |(kind, _)| {
            let numbers = if kind == Kind::Agent { &self.agents.tenants } else { &self.queues.tenants };
            Some((kind, *numbers.get(at)?))
        })
    }

    /// Returns the resources of a workspace that another one declares too.
    pub(crate) fn conflicts(&self, at: usize) -> Vec<Diagnostic> {
        let Some(mine) = self.get(at) else { return Vec::new() };
        let mut found = Vec::new();
        for (id, source, absent) in &mine.ids {
            for theirs in self.agents.others(at, id).filter_map(|other| self.get(other)) {
                let Some((place, gone)) = theirs.agent(id) else { continue };
                if share(mine.agents.as_ref(), theirs.agents.as_ref()) && !(*absent && gone) {
                    found.push(twice(&ResourceId::agent(id), (source, *absent), theirs, (place, gone)));
                    break;
                }
            }
        }
        for (name, places) in &mine.names {
            for theirs in self.queues.others(at, name).filter_map(|other| self.get(other)) {
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
                    let id = ResourceId::queue(name, exten.as_deref());
                    found.push(twice(&id, (source, false), theirs, (place, false)));
                    break;
                }
            }
        }
        found
    }

    /// Returns the name of another workspace that declares a live resource in the same tenant. A queue's id holds its
    /// number.
    fn owner(&self, at: usize, id: &ResourceId) -> Option<Arc<str>> {
        let mine = self.get(at)?;
        let found = match id.kind {
            Kind::Agent => {
                let mut others = self.agents.others(at, &id.name).filter_map(|other| self.get(other));
                others.find(|theirs| {
                    let wanted = theirs.agent(&id.name).is_some_and(|(_, absent)| !absent);
                    wanted && share(mine.agents.as_ref(), theirs.agents.as_ref())
                })
            }
            Kind::Queue => {
                let (name, exten) = (Arc::from(id.name.as_str().rsplit_once('@')?.0), id.exten()?);
                let mut others = self.queues.others(at, &name).filter_map(|other| self.get(other));
                let is_it = |pinned: &Pinned| pinned.0.as_deref().is_none_or(|pin| pin == exten.as_str());
                others.find(|theirs| {
                    let wanted = theirs.names.get(&name).is_some_and(|places| places.iter().any(is_it));
                    wanted && share(mine.queues.as_ref(), theirs.queues.as_ref())
                })
            }
            Kind::Seat => None,
        };
        found.map(|theirs| Arc::clone(&theirs.name))
    }

    /// Returns the declarations of the other workspaces in a workspace's tenant.
    pub(crate) fn elsewhere(self: &Arc<Self>, at: usize) -> Elsewhere {
        let all = Arc::clone(self);
        Box::new(move |id| all.owner(at, id))
    }
}

/// Reports a resource that two workspaces declare. Each place comes with true for a tombstone.
fn twice(id: &ResourceId, mine: (&Source, bool), theirs: &Declared, other: (&Source, bool)) -> Diagnostic {
    let problem = FileProblem::DeclaredElsewhere {
        id: id.clone(),
        workspace: theirs.name.to_string(),
        absent: mine.1,
        theirs: other.1,
    };
    Diagnostic::at(mine.0, problem).related(other.0, Label::Other)
}
