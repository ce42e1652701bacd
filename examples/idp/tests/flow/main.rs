//! Signing in and out over HTTP, as a browser and a client do.

mod browser;
mod operation;
mod registration;
mod sign_in;
mod sign_out;
mod token;
