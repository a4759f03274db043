//! cms-agent: one agent's state (Huawei CC-CMS). Its settings are checked; reading comes later.

pub mod spec;
