//! isdp-online-agent: who is online (Huawei ISDP+). Its settings are checked; reading comes later.

pub mod spec;
