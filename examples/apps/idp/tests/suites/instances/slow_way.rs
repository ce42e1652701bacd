//! Two instances, one of which is far from the database. It is so slow that something can happen at
//! the other between any two of its steps.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::support::instance::Instance;
use crate::support::postgresql;
use crate::support::rp::Rp;

/// How long a message takes to reach the database.
pub(crate) const LATENCY: Duration = Duration::from_millis(4);

pub(crate) struct FarAndNear {
    /// The origins of the instances.
    pub(crate) far: String,
    pub(crate) near: String,
    pub(crate) database: String,
    _instances: [Instance; 2],
}

impl FarAndNear {
    pub(crate) async fn start() -> Self {
        let database = postgresql::new_database().await;
        let options = ["--base-url", "http://127.0.0.1:9", "--registrations-per-address", "1000000"];
        let slow_way = slow_way_to(&database).await;
        let (far, near) = tokio::join!(Instance::start(&slow_way, &options), Instance::start(&database, &options));
        let origin = |instance: &Instance| format!("http://{}", instance.address);
        Self { far: origin(&far), near: origin(&near), database, _instances: [far, near] }
    }

    /// A client, once speaking to each of the two.
    pub(crate) async fn rp(&self) -> (Rp, Rp) {
        let near = Rp::register_at("http://127.0.0.1:9", &self.near, json!({})).await;
        (Rp { origin: self.far.clone(), ..near.clone() }, near)
    }
}

/// The time at which something happens at one instance during a request to the other. At first it
/// is early enough to happen before the request. Each step moves it a little later, until the
/// request finishes first.
pub(crate) struct Steps {
    /// In halves of the latency. Negative: before the request.
    offset: i32,
    came_first: bool,
    came_last: u32,
    taken: u32,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { offset: 0, came_first: false, came_last: 0, taken: 0 }
    }

    /// How long to delay the request and the other event.
    pub(crate) fn next(&self) -> Option<(Duration, Duration)> {
        assert!(self.taken < 500, "neither comes first");
        let steps = |steps: i32| LATENCY / 2 * u32::try_from(steps).unwrap_or(0);
        (self.came_last < 2).then(|| (steps(-self.offset), steps(self.offset)))
    }

    /// Takes the next step. `ended` says which requests finished before the event.
    pub(crate) fn taken(&mut self, ended: &[bool]) {
        self.taken += 1;
        if !self.came_first && ended.contains(&true) {
            self.offset -= 16;
            return;
        }
        self.came_first = true;
        self.offset += 1;
        self.came_last += u32::from(!ended.contains(&false));
    }
}

/// Does something after a while.
pub(crate) async fn after<T>(wait: Duration, doing: impl Future<Output = T>) -> T {
    tokio::time::sleep(wait).await;
    doing.await
}

/// Returns the URL of the database over the slow connection.
async fn slow_way_to(database: &str) -> String {
    let mut url = Url::parse(database).unwrap();
    let to: SocketAddr = url.socket_addrs(|| None).unwrap()[0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(to).await.unwrap();
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(pass_on(near_in, far_out, LATENCY));
            tokio::spawn(pass_on(far_in, near_out, Duration::ZERO));
        }
    });
    url.into()
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, latency: Duration) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(latency).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
