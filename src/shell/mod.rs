//! Touches the world: files, sockets, the clock. The only asynchronous code.

pub mod sandbox;
