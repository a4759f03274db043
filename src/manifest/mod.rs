//! Manifests: bytes in, what the roster should be out.

pub mod yaml;
