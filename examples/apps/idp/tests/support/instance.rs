//! The program as a process of its own.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A process that is killed with `SIGKILL` when this is dropped.
pub(crate) struct Process(Child);

/// Starts the program with some arguments.
pub(crate) fn spawn(database: &str, arguments: &[&str]) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idp"));
    command.args(arguments).env("IDP_DATABASE", database).stdin(Stdio::null()).stdout(Stdio::piped());
    if std::env::var_os("RUST_LOG").is_none() {
        command.env("RUST_LOG", "error");
    }
    Process(command.spawn().unwrap())
}

/// Runs one of the program's commands with some input, and waits for its end.
pub(crate) fn run(database: &str, command: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_idp"))
        .args(command)
        .env("IDP_DATABASE", database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

/// Runs one of the program's commands, which must succeed.
pub(crate) fn succeed(database: &str, command: &[&str], input: &str) {
    let output = run(database, command, input);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Process {
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// The memory that it occupies, in MiB, and the most that it ever did. `None` where the system
    /// does not say so in Linux's way.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let mebibytes = |name: &str| {
            let kibibytes = status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix("kB")?;
            Some(kibibytes.trim().parse::<u64>().ok()? / 1024)
        };
        Some((mebibytes("VmRSS:")?, mebibytes("VmHWM:")?))
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        let ended = async {
            loop {
                match self.0.try_wait().unwrap() {
                    Some(status) => return status,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("the process ends")
    }

    /// Waits until it listens.
    pub(crate) async fn serves(mut self) -> Instance {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let reading = tokio::task::spawn_blocking(|| {
            let mut printed = Vec::new();
            for line in lines {
                printed.push(line);
                if printed.last().is_some_and(|line| line.starts_with("Listening on ")) {
                    break;
                }
            }
            printed
        });
        let printed = tokio::time::timeout(PATIENCE, reading).await.expect("the server starts").unwrap();
        let last = printed.last().expect("the server starts: see its log");
        let address = last.strip_prefix("Listening on ").unwrap().parse().unwrap();
        Instance { process: self, address, printed }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A server that listens.
pub(crate) struct Instance {
    process: Process,
    pub(crate) address: SocketAddr,
    printed: Vec<String>,
}

impl Instance {
    /// Starts one on a free port.
    pub(crate) async fn start(database: &str, options: &[&str]) -> Self {
        spawn(database, &[&["--port", "0"], options].concat()).serves().await
    }

    /// A line that it printed when it started, such as `Issuer`.
    pub(crate) fn printed(&self, name: &str) -> Option<&str> {
        self.printed.iter().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// See [`Process::memory`].
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        self.process.memory()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) -> ExitStatus {
        let id = self.process.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.process.ended().await
    }
}
