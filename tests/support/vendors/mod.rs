//! Two vendors that the program does not know, and a registry with one row more for each of them.
#![allow(dead_code, unused_imports, reason = "each test file uses what it needs")]

pub(crate) mod hotline;
pub(crate) mod rota;

use rosterctl::sandbox::simulator::factory;
use rosterctl::vendors::{ALL, Registry, Vendor};

/// The vendors of the program, and two more.
pub(crate) static REGISTRY: Registry = Registry(&[
    ALL.0[0],
    ALL.0[1],
    ALL.0[2],
    ALL.0[3],
    ALL.0[4],
    Vendor {
        resources: &[&hotline::People, &hotline::Lines],
        ..Vendor::new(&hotline::People, factory::<hotline::Simulator>())
    },
    Vendor { presence: Some(&rota::Rota), ..Vendor::new(&rota::Rota, factory::<rota::Simulator>()) },
]);
