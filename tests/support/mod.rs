//! What several of the test crates need. Each mounts it with `mod support;`.

#![allow(dead_code, reason = "each test crate uses a part")]

pub(crate) mod browser;
pub(crate) mod end;
pub(crate) mod exports;
pub(crate) mod large_session;
pub(crate) mod nested;
pub(crate) mod provider;
pub(crate) mod repository;
pub(crate) mod seed;
pub(crate) mod token;
