//! Runtime: calls to vendor systems, authentication, rate limits, retries and checks before a write.

pub mod account;
pub mod client;
pub mod clock;
pub(crate) mod connect_error;
pub mod executor;
pub mod gate;
pub mod http;
pub mod ports;
pub mod pre_send_check;
pub mod progress;
pub(crate) mod proxy;
pub mod rate_limiter;
pub mod rate_window;
pub mod read;
pub mod transport;
pub mod vendor;
