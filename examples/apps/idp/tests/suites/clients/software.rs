//! The software that the clients run on.

use std::process::Command;

/// One kind of client. Each has a page at `/` that needs a sign-in and names the user.
pub(crate) struct Software {
    pub(crate) name: &'static str,
    /// Where it receives notices.
    pub(crate) notices: &'static str,
    /// Where it ends its own session and goes on to the provider's logout endpoint.
    pub(crate) sign_out: &'static str,
    /// Starts it. When it listens it prints `ready`, and its log's file if there is one. It ends
    /// when its standard input does.
    pub(crate) command: fn() -> Command,
}

pub(crate) const EXPRESS_OPENID_CONNECT: Software = Software {
    name: "express-openid-connect",
    notices: "/backchannel-logout",
    sign_out: "/logout",
    command: || {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/express-openid-connect");
        let installed = std::fs::exists(format!("{directory}/node_modules")).unwrap();
        assert!(installed, "run `npm ci --ignore-scripts` in {directory}");
        let mut command = Command::new("node");
        command.arg("client.js").current_dir(directory);
        command
    },
};

pub(crate) const MOD_AUTH_OPENIDC: Software = Software {
    name: "mod_auth_openidc",
    notices: "/callback?logout=backchannel",
    sign_out: "/callback?logout=",
    command: || {
        let script = include_str!("../../mod_auth_openidc/apache.sh");
        let configuration = include_str!("../../mod_auth_openidc/apache.conf");
        let page = include_str!("../../mod_auth_openidc/index.shtml");
        let mut command = Command::new("sh");
        command.args(["-c", script, script, configuration, page]).current_dir("/");
        command
    },
};
