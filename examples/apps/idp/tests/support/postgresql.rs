//! A PostgreSQL server for the tests of this process. The first test that needs it starts it. It
//! runs until its standard input closes, so it never outlives the process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::migrate::MigrateDatabase as _;

const SCRIPT: &str = include_str!("postgresql.sh");

struct Server {
    /// The URL of a database without its name.
    url: String,
    /// Holds its standard input open.
    _process: Child,
}

/// The URL of a new database.
pub(crate) async fn new_database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static DATABASES: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(start);
    let url = format!("{}/idp_{}", server.url, DATABASES.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    sqlx::Any::create_database(&url).await.unwrap();
    url
}

fn start() -> Server {
    let mut told = String::new();
    // Another process may take the port in the meantime.
    for _ in 0..3 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        // In a process group of its own no signal of the terminal reaches it, so it always cleans
        // up.
        command.args(["-c", SCRIPT, SCRIPT, &port.to_string()]).process_group(0).current_dir("/");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        told.clear();
        output.read_line(&mut told).unwrap();
        if let Some(password) = told.strip_prefix("ready ") {
            let url = format!("postgres://postgres:{}@127.0.0.1:{port}", password.trim());
            return Server { url, _process: process };
        }
        output.read_to_string(&mut told).unwrap();
        process.wait().unwrap();
    }
    panic!("{told}");
}
