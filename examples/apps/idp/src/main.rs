//! The program: options, log, signals. The library does the rest.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::process::ExitCode;

use clap::Parser as _;
use idp::config::{Cli, LogFormat};
use idp::{DEMO_USER, Server};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_standard_error(cli.config.log);
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, without a backtrace: an operator reads it.
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Cli { command, config }: Cli) -> anyhow::Result<()> {
    if let Some(command) = command {
        return idp::run_command(command, &config).await;
    }
    // Listen for signals before anybody can know that the process runs.
    let told_to_stop = told_to_stop()?;
    let server = Server::start(config).await?;
    announce(&server)?;
    told_to_stop.await;
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

#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn log_to_standard_error(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        LogFormat::Pretty => builder.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().init(),
    }
}
