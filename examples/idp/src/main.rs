//! The program: options, log, signals. What it does is in the library.

use std::io::{Write as _, stdout};

use clap::Parser as _;
use idp::config::{Cli, LogFormat};
use idp::{DEMO_USER, Server};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { command, config } = Cli::parse();
    log_to_standard_error(config.log);
    if let Some(command) = command {
        return idp::run_command(command, &config).await;
    }
    // Before anybody can know that the process runs.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(config).await?;
    announce(&server)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("shutting down");
    server.shutdown().await
}

fn announce(server: &Server) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "Issuer:      {}", server.url())?;
    writeln!(out, "Discovery:   {}/.well-known/openid-configuration", server.url())?;
    writeln!(out, "Account:     {}/", server.url())?;
    if let Some(url) = server.demo_url() {
        writeln!(out, "Demo client: {url}")?;
    }
    if server.has_demo() {
        writeln!(out, "Demo user:   {} with the password {}", DEMO_USER.username, DEMO_USER.password)?;
    }
    writeln!(out, "Listening on {}", server.address())?;
    out.flush()
}

fn log_to_standard_error(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Pretty => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
