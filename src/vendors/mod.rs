//! The vendors: one row each, with its connector, resources, presence, seats and simulator.
//!
//! A registry is a value: a program with a further vendor supplies its own list.

use crate::config::settings::Spec;
use crate::config::workspace::Connection;
use crate::model::id::Kind;
use crate::provider::{
    Connector, Observer, Provider, SeatReader, agent_config, cms_agent, isdp_online_agent, seat_query,
    webchat_queue,
};
use crate::sandbox;
use crate::sandbox::seed::SeedError;
use crate::sandbox::simulator::{Factory, factory};
use crate::sandbox::vendor_state::VendorState;

/// A vendor.
#[derive(Clone, Copy)]
pub struct Vendor {
    /// The connector, which signs the vendor's calls.
    pub connector: &'static dyn Connector,
    /// The resources that the vendor holds, one entry a kind.
    pub resources: &'static [&'static dyn Provider],
    /// The source of agents' presence, if the vendor has one.
    pub presence: Option<&'static dyn Observer>,
    /// The source of voice seats, if the vendor has one.
    pub seats: Option<&'static dyn SeatReader>,
    /// The constructor of the simulator.
    pub simulator: Factory,
}

impl Vendor {
    /// Creates the row of a vendor that holds nothing.
    pub const fn new(connector: &'static dyn Connector, simulator: Factory) -> Self {
        Self { connector, resources: &[], presence: None, seats: None, simulator }
    }

    /// Returns the connector's description.
    pub fn spec(&self) -> &'static Spec {
        self.connector.spec()
    }

    /// Returns the resources of a kind, if the vendor holds the kind.
    pub fn resources(&self, kind: Kind) -> Option<&'static dyn Provider> {
        self.resources.iter().copied().find(|provider| provider.support().kind == kind)
    }
}

/// The vendors that a program knows, in the order of the reference page.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [Vendor]);

impl Registry {
    /// Returns every connector's description.
    pub fn specs(self) -> Vec<&'static Spec> {
        self.0.iter().map(Vendor::spec).collect()
    }

    /// Returns the factories of all simulators.
    pub fn simulators(self) -> Vec<Factory> {
        self.0.iter().map(|vendor| vendor.simulator).collect()
    }

    /// Creates a simulated estate of all vendors.
    pub fn estate(self) -> VendorState {
        VendorState::new(&self.simulators())
    }

    /// Creates a simulated estate of all vendors from a seed file's text.
    ///
    /// # Errors
    /// As of [`VendorState::from_seed`].
    pub fn seeded(self, yaml: &str) -> Result<VendorState, SeedError> {
        VendorState::from_seed(&self.simulators(), yaml)
    }

    /// Returns the vendor of a connection.
    pub fn vendor(self, connection: &Connection) -> Option<&'static Vendor> {
        self.0.iter().find(|vendor| vendor.spec().name == connection.spec.name)
    }

    /// Returns the systems that know presence. The last vendor comes first, and its report takes precedence.
    pub fn observers(self) -> impl Iterator<Item = &'static dyn Observer> {
        self.0.iter().rev().filter_map(|vendor| vendor.presence)
    }
}

/// The vendors of this program.
pub static ALL: Registry = Registry(&[
    Vendor {
        resources: &[&agent_config::AgentConfig],
        ..Vendor::new(&agent_config::AgentConfig, factory::<sandbox::AgentConfig>())
    },
    Vendor {
        resources: &[&webchat_queue::WebchatQueue],
        presence: Some(&webchat_queue::presence::Claims),
        ..Vendor::new(&webchat_queue::WebchatQueue, factory::<sandbox::WebchatQueue>())
    },
    Vendor {
        seats: Some(&seat_query::SeatQuery),
        ..Vendor::new(&seat_query::SeatQuery, factory::<sandbox::SeatQuery>())
    },
    Vendor {
        presence: Some(&isdp_online_agent::IsdpOnlineAgent),
        ..Vendor::new(&isdp_online_agent::IsdpOnlineAgent, factory::<sandbox::IsdpOnlineAgent>())
    },
    Vendor {
        presence: Some(&cms_agent::CmsAgent),
        ..Vendor::new(&cms_agent::CmsAgent, factory::<sandbox::CmsAgent>())
    },
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_its_connector_says_of_itself() {
        for vendor in ALL.0 {
            let spec = vendor.spec();
            let names = vendor.resources.iter().map(|provider| provider.spec().name);
            let names = names.chain(vendor.presence.map(|observer| observer.spec().name));
            assert!(names.chain(vendor.seats.map(|seats| seats.spec().name)).all(|name| name == spec.name));
            for support in spec.supports {
                let held = vendor.resources(support.kind).is_some();
                assert!(held || vendor.seats.is_some() && support.kind == Kind::Seat, "{}", spec.name);
                let verbs = support.verbs;
                let verbs = [verbs.create, verbs.update, verbs.delete, verbs.set_members, verbs.set_password];
                for verb in verbs.into_iter().flatten() {
                    let operation = spec.operations.iter().find(|known| known.name == verb.operation);
                    assert!(operation.is_some_and(|known| known.writes), "{} {}", spec.name, verb.operation);
                }
            }
            assert_eq!(vendor.presence.is_some(), !spec.states.is_empty(), "{}", spec.name);
        }
    }
}
