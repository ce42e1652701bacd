//! Attempts to tell a client that a session has ended (Back-Channel Logout 1.0, section 2.5): the
//! token is signed, the request is sent to where it may go, and what came of it is recorded.
//!
//! Two callers make attempts. A logout request makes the first ones at once and waits for them a
//! little. The [worker](crate::worker) makes all others.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::rand;
use oidc_logout::ClientId;
use oidc_logout::op::{AddressBlocked, AddressRules, BackChannelRequest, DeliveryFault, Schedule};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, Url};
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::clients::{Client, Source};
use crate::config::Config;
use crate::keys::Keys;
use crate::notices::{self, Answered, Claimed, Outcome};
use crate::sessions::Ending;
use crate::terms::Terms;

/// How long a logout request waits for the clients, at most.
const FIRST_ATTEMPTS_WAIT: Duration = Duration::from_millis(2500);

/// How much of a request's time is left to answer it.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long the rest of an answer is read, so that its connection can serve again.
const REST_OF_ANSWER: Duration = Duration::from_millis(500);

/// How many first attempts run at once for one client, for one host, and in all. Sign-outs of many
/// users at a time must not pile up connections to a host that does not answer, and one client that
/// does not answer leaves places to others at its host.
const FIRST_AT_CLIENT: usize = 8;
const FIRST_AT_HOST: usize = 16;
const FIRST_AT_ONCE: usize = 256;

/// What delivers notices.
pub(crate) struct Delivery {
    pub(crate) schedule: Schedule,
    /// For clients that registered themselves.
    public: Sender,
    /// For those of the operator.
    operator: Sender,
    places: Arc<Places>,
    silent: Silent,
    attempts: TaskTracker,
    /// Set when the process is told to stop.
    pub(crate) stopping: CancellationToken,
    due: Notify,
    recorder: Recorder,
}

struct Sender {
    http: reqwest::Client,
    rules: AddressRules,
}

impl Delivery {
    pub(crate) fn new(config: &Config, terms: &Terms) -> anyhow::Result<Self> {
        let attempt = Duration::from_secs(config.delivery_seconds.into());
        let schedule = Schedule::default()
            .attempts(attempt, attempt.saturating_mul(3))
            .waits(config.delivery_waits.iter().map(|seconds| Duration::from_secs((*seconds).into())))
            .give_up_after(Duration::from_secs(config.delivery_give_up_seconds.into()));
        let authorities = config.delivery_ca.as_deref().map(certificates).transpose()?.unwrap_or_default();
        let sender = |source| Sender::new(terms.addresses(source), attempt, &authorities);
        Ok(Self {
            schedule,
            public: sender(Source::Registration)?,
            operator: sender(Source::File)?,
            places: Arc::default(),
            silent: Silent::default(),
            attempts: TaskTracker::new(),
            stopping: CancellationToken::new(),
            due: Notify::new(),
            recorder: Recorder::default(),
        })
    }

    /// Tells the worker that notices are due.
    pub(crate) fn wake(&self) {
        self.due.notify_one();
    }

    /// Waits until the worker has something to look at.
    pub(crate) async fn woken(&self) {
        self.due.notified().await;
    }

    /// A place for an attempt to tell a client, within the limits of how many run at once.
    pub(crate) fn place(&self, limits: Vec<(String, usize)>) -> Option<Place> {
        Places::take(&self.places, limits)
    }

    /// Whether the client did not answer in time when it was last told something.
    pub(crate) fn is_silent(&self, client_id: &str) -> bool {
        self.silent.0.lock().unwrap_or_else(PoisonError::into_inner).contains(client_id)
    }

    /// Runs something that has to come to its end before the process does.
    pub(crate) fn run<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.attempts.spawn(task)
    }

    /// Waits for what runs, until a deadline.
    pub(crate) async fn finish(&self, deadline: Instant) {
        self.attempts.close();
        if timeout_at(deadline, self.attempts.wait()).await.is_err() {
            tracing::warn!("attempts to tell clients were broken off; they are made again after the next start");
        }
    }

    fn sender(&self, source: Source) -> &Sender {
        match source {
            Source::Registration => &self.public,
            Source::Demo | Source::File => &self.operator,
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

/// Until when a logout request that began now waits for its clients.
pub(crate) fn deadline(config: &Config) -> Instant {
    let request = Duration::from_secs(config.request_seconds.into());
    let now = Instant::now();
    now.checked_add(FIRST_ATTEMPTS_WAIT.min(request.saturating_sub(TIME_TO_ANSWER))).unwrap_or(now)
}

/// Makes the attempts that a logout request has claimed, all at once, and returns the clients that
/// were told before the deadline. The attempts go on after it, and also if the browser is gone.
pub(crate) async fn first_attempts(
    app: &Arc<App>,
    keys: &Arc<Keys>,
    ending: &Ending,
    deadline: Instant,
) -> Vec<ClientId> {
    let (told, mut telling) = mpsc::unbounded_channel();
    for notice in ending.notices.first_attempts() {
        let client = ending.clients.iter().find(|client| client.id == notice.client_id().as_str()).cloned();
        let claimed = Claimed { notice: notice.clone(), attempt: notice.attempts() };
        // The worker has places of its own, so that neither waits for the other.
        let place = app.delivery.place(vec![
            (format!("first, client {}", notice.client_id().as_str()), FIRST_AT_CLIENT),
            (format!("first, host {}", ending.host(notice.client_id())), FIRST_AT_HOST),
            ("first".to_owned(), FIRST_AT_ONCE),
        ]);
        let (told, task) = (told.clone(), Attempt { app: Arc::clone(app), keys: Arc::clone(keys), client, claimed });
        app.delivery.run(async move {
            match place {
                Some(_place) => task.make(Some(told)).await,
                // As if it had waited for those that run. The worker tries again.
                None => task.record(Err(DeliveryFault::Timeout)).await,
            }
        });
    }
    drop(told);
    if ending.notices.back_channel().iter().any(|notice| notice.attempts() == 0) {
        app.delivery.wake();
    }
    let mut delivered = Vec::new();
    while let Ok(Some(client_id)) = timeout_at(deadline, telling.recv()).await {
        delivered.push(client_id);
    }
    delivered
}

/// An attempt that has been claimed.
pub(crate) struct Attempt {
    pub(crate) app: Arc<App>,
    pub(crate) keys: Arc<Keys>,
    /// `None` if it is not registered any more.
    pub(crate) client: Option<Client>,
    pub(crate) claimed: Claimed,
}

impl Attempt {
    /// Makes the attempt, and records what came of it. Who waits hears of a success before.
    pub(crate) async fn make(self, told: Option<mpsc::UnboundedSender<ClientId>>) {
        let sent = self.send().await;
        self.app.delivery.silent.note(self.claimed.notice.client_id(), &sent);
        if let (Some(told), Ok(answer)) = (&told, &sent)
            && matches!(answer.status().as_u16(), 200 | 204)
        {
            // Nobody may be waiting any more.
            let _ = told.send(self.claimed.notice.client_id().clone());
        }
        drop(told);
        let result = match sent {
            Ok(answer) => Ok(read(answer).await),
            Err(fault) => Err(fault),
        };
        self.record(result).await;
    }

    async fn send(&self) -> Result<Response, DeliveryFault> {
        let client = self.client.as_ref().ok_or(DeliveryFault::ClientGone)?;
        let known = client.for_logout(&self.app.terms);
        let mut jti = [0; 16];
        rand::fill(&mut jti).map_err(|_| DeliveryFault::Transport)?;
        let token = self.claimed.notice.logout_token(&known, OffsetDateTime::now_utc(), jti)?;
        let token = self.keys.sign_logout_token(token)?;
        self.app.delivery.sender(client.source()).send(&token.request()).await
    }

    async fn record(self, result: Result<Answered, DeliveryFault>) {
        let Self { app, claimed, .. } = self;
        app.delivery.recorder.record(&app, Outcome { claimed, result }).await;
    }
}

/// Reads an answer. Its body does not count, but a connection whose answer was read can serve
/// again.
async fn read(mut answer: Response) -> Answered {
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let rest = async {
        let mut bytes = 0_usize;
        while bytes <= BackChannelRequest::MAX_ANSWER_BYTES
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            bytes = bytes.saturating_add(chunk.len());
        }
    };
    let _ = timeout(REST_OF_ANSWER, rest).await;
    Answered { status, retry_after }
}

impl Sender {
    fn new(rules: AddressRules, attempt: Duration, authorities: &[Certificate]) -> anyhow::Result<Self> {
        Self::with_resolver(Resolver { rules: rules.clone(), look_up: Arc::new(look_up) }, rules, attempt, authorities)
    }

    /// Neither a redirect nor a proxy: either would connect to what nobody has checked.
    fn with_resolver(
        resolver: Resolver,
        rules: AddressRules,
        attempt: Duration,
        authorities: &[Certificate],
    ) -> anyhow::Result<Self> {
        let resolver = Arc::new(resolver);
        let builder = || {
            reqwest::Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .dns_resolver(Arc::clone(&resolver))
                .connect_timeout(CONNECT)
                .timeout(attempt)
                .pool_max_idle_per_host(4)
                .pool_idle_timeout(Duration::from_secs(5))
        };
        let http = match builder().tls_certs_merge(authorities.iter().cloned()).build() {
            Ok(http) => http,
            // A provider without clients that want to be told does not need any.
            Err(error) if authorities.is_empty() => {
                tracing::warn!(
                    ?error,
                    "this machine trusts no certificate, so no client can be told of logouts by https"
                );
                builder().tls_certs_only([]).build()?
            }
            Err(error) => return Err(error).context("--delivery-ca"),
        };
        Ok(Self { http, rules })
    }

    async fn send(&self, request: &BackChannelRequest<'_>) -> Result<Response, DeliveryFault> {
        let url = Url::parse(request.uri()).map_err(|_| DeliveryFault::NoChannel)?;
        // The HTTP client asks no resolver about a literal address. It reads the URL as this does.
        let host = url.host_str().ok_or(DeliveryFault::NoChannel)?;
        self.rules.check_host(host).map_err(|AddressBlocked { .. }| DeliveryFault::AddressBlocked)?;
        let post = self.http.post(url).header(CONTENT_TYPE, request.content_type()).body(request.body().to_owned());
        post.send().await.map_err(|error| {
            let fault = fault(&error);
            if fault == DeliveryFault::Transport {
                // Only its causes say what is wrong, such as a certificate that nobody trusts. They
                // do not hold the token.
                let error = anyhow::Error::from(error.without_url());
                tracing::warn!(host = request.host(), error = format!("{error:#}"), "no connection to a client");
            }
            fault
        })
    }
}

fn fault(error: &reqwest::Error) -> DeliveryFault {
    if is_blocked(error) {
        DeliveryFault::AddressBlocked
    } else if error.is_timeout() {
        DeliveryFault::Timeout
    } else {
        DeliveryFault::Transport
    }
}

fn is_blocked(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = source {
        if error.is::<AddressBlocked>() {
            return true;
        }
        source = error.source();
    }
    false
}

fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let read = || anyhow::Ok(Certificate::from_pem_bundle(&std::fs::read(path)?)?);
    let certificates = read().with_context(|| format!("--delivery-ca: {}", path.display()))?;
    anyhow::ensure!(!certificates.is_empty(), "--delivery-ca: {}: there is no certificate in it", path.display());
    Ok(certificates)
}

type LookUp = dyn Fn(String) -> LookingUp + Send + Sync;
type LookingUp = std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;

fn look_up(host: String) -> LookingUp {
    Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
}

/// Resolves names for the HTTP client, which connects to these very addresses. So it does not
/// matter to what a name resolves before or after.
struct Resolver {
    rules: AddressRules,
    look_up: Arc<LookUp>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, addresses) = (self.rules.clone(), (self.look_up)(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = addresses.await?;
            // A name that resolves to a public and a private address is no mistake that deserves
            // trust.
            for address in &addresses {
                rules.check(address.ip())?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The clients that did not answer in time when they were last told something.
#[derive(Default)]
struct Silent(Mutex<HashSet<String>>);

impl Silent {
    fn note<T>(&self, client_id: &ClientId, sent: &Result<T, DeliveryFault>) {
        let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(sent, Err(DeliveryFault::Timeout)) {
            silent.insert(client_id.as_str().to_owned());
        } else {
            silent.remove(client_id.as_str());
        }
    }
}

/// How many attempts run at once, by what they are counted for.
#[derive(Default)]
struct Places(Mutex<HashMap<String, usize>>);

impl Places {
    /// A place under each of the limits, or none.
    fn take(places: &Arc<Self>, limits: Vec<(String, usize)>) -> Option<Place> {
        let mut taken = places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.iter().any(|(name, most)| taken.get(name).is_some_and(|taken| taken >= most)) {
            return None;
        }
        let names: Vec<String> = limits.into_iter().map(|(name, _)| name).collect();
        for name in &names {
            let count = taken.entry(name.clone()).or_default();
            *count = count.saturating_add(1);
        }
        drop(taken);
        Some(Place { places: Arc::clone(places), names })
    }
}

/// A place that is free again when this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    names: Vec<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in &self.names {
            if let Some(count) = taken.get_mut(name) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    taken.remove(name);
                }
            }
        }
    }
}

/// Records outcomes. Those that come while others are written are written together, because a
/// transaction costs more than what is in it.
#[derive(Default)]
struct Recorder {
    waiting: Mutex<Vec<Outcome>>,
    writing: tokio::sync::Mutex<()>,
}

impl Recorder {
    /// Returns once the outcome is written.
    async fn record(&self, app: &App, outcome: Outcome) {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting().push(outcome);
        let _turn = self.writing.lock().await;
        let outcomes = std::mem::take(&mut *waiting());
        // Otherwise somebody else has written it.
        if outcomes.is_empty() {
            return;
        }
        if let Err(error) = notices::record(&app.db, &app.delivery.schedule, outcomes).await {
            // Their claims count as lost after a while, and the worker tries again.
            tracing::error!(error = format!("{error:#}"), "what came of attempts to tell clients was not recorded");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use oidc_logout::op::{Client, EndedSession, LogoutEndpoint, Participant, RegistrationRules};
    use oidc_logout::{Algorithm, KeySet, Secret};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A resolver whose answers are given, one after the other. The last one stays.
    fn resolver(rules: &AddressRules, answers: &[&[&str]]) -> Resolver {
        let address = |text: &&str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0);
        let answers: Vec<Vec<_>> = answers.iter().map(|texts| texts.iter().map(address).collect()).collect();
        let next = AtomicUsize::new(0);
        let look_up = move |_| -> LookingUp {
            let next = next.fetch_add(1, Ordering::Relaxed).min(answers.len().saturating_sub(1));
            let addresses = answers[next].clone();
            Box::pin(async { Ok(addresses) })
        };
        Resolver { rules: rules.clone(), look_up: Arc::new(look_up) }
    }

    async fn resolve(resolver: &Resolver) -> Result<usize, bool> {
        let addresses = resolver.resolve("rp.example".parse().unwrap()).await;
        addresses.map(Iterator::count).map_err(|error| error.is::<AddressBlocked>())
    }

    #[tokio::test]
    async fn a_name_passes_if_every_address_of_it_does() {
        let public = AddressRules::default();
        assert_eq!(resolve(&resolver(&public, &[&["93.184.215.14", "2606:2800:21f::1"]])).await, Ok(2));
        for answers in [
            &[&["93.184.215.14", "10.0.0.1"][..]][..],
            &[&["169.254.169.254"]],
            &[&["::ffff:127.0.0.1"]],
            &[&["64:ff9b::a00:1"]],
        ] {
            assert_eq!(resolve(&resolver(&public, answers)).await, Err(true), "{answers:?}");
        }
        let office = public.allow_network("10.0.0.0/8".parse().unwrap());
        assert_eq!(resolve(&resolver(&office, &[&["93.184.215.14", "10.0.0.1"]])).await, Ok(2));
    }

    /// A server that answers 200 and closes the connection. Returns its port, and counts requests.
    async fn server() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = connection.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                connection.write_all(answer).await.unwrap();
            }
        });
        (port, requests)
    }

    /// Sends the notice of a client with this URI. Returns the status.
    async fn send(sender: &Sender, uri: &str) -> Result<u16, DeliveryFault> {
        let rules = RegistrationRules::default().allow_http(true);
        let rules = rules.addresses(AddressRules::default().allow_network("0.0.0.0/0".parse().unwrap()));
        let client = Client::builder("rp-1")
            .registration_rules(rules)
            .id_token_signed_response_alg(Algorithm::Hs256)
            .client_secret("a secret of 32 letters, at least.")
            .backchannel_logout_uri(uri)
            .build()
            .unwrap();
        let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32]).unwrap());
        let ended = EndedSession::new("session", OffsetDateTime::now_utc());
        let notices = endpoint.notices(&ended, [Participant::new(&client, "sid")]);
        let token = notices.back_channel()[0].logout_token(&client, OffsetDateTime::now_utc(), [1; 16]);
        let token = token.unwrap().sign_with_client_secret().unwrap();
        sender.send(&token.request()).await.map(|answer| answer.status().as_u16())
    }

    fn sender(rules: &AddressRules, answers: &[&[&str]]) -> Sender {
        Sender::with_resolver(resolver(rules, answers), rules.clone(), Duration::from_secs(5), &[]).unwrap()
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_at_the_second_look_up_is_not_connected_to() {
        let (port, requests) = server().await;
        // The first address stands for one of the public internet.
        let rules = AddressRules::default().allow_network("127.0.0.1/32".parse().unwrap());
        let sender = sender(&rules, &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1", "127.0.0.2"]]);
        let uri = format!("http://rp.example:{port}/logout");
        assert_eq!(send(&sender, &uri).await, Ok(200));
        assert_eq!(send(&sender, &uri).await, Err(DeliveryFault::AddressBlocked));
        assert_eq!(send(&sender, &uri).await, Err(DeliveryFault::AddressBlocked));
        assert_eq!(requests.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_literal_address_is_checked_although_nobody_resolves_it() {
        let (port, requests) = server().await;
        let sender = sender(&AddressRules::default(), &[&["93.184.215.14"]]);
        for host in ["127.0.0.1", "169.254.169.254", "10.0.0.1"] {
            let uri = format!("http://{host}:{port}/logout");
            assert_eq!(send(&sender, &uri).await, Err(DeliveryFault::AddressBlocked), "{host}");
        }
        assert_eq!(requests.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_does_not_listen_or_answer_is_a_fault_of_its_own() {
        let rules = AddressRules::default().allow_network("127.0.0.0/8".parse().unwrap());
        let answers: &[&[&str]] = &[&["127.0.0.1"]];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let patient = Sender::with_resolver(resolver(&rules, answers), rules.clone(), Duration::from_secs(1), &[]);
        let uri = format!("http://rp.example:{port}/logout");
        assert_eq!(send(&patient.unwrap(), &uri).await, Err(DeliveryFault::Timeout));
        drop(listener);
        assert_eq!(send(&sender(&rules, answers), &uri).await, Err(DeliveryFault::Transport));
    }

    #[test]
    fn places_are_taken_under_each_limit_or_under_none() {
        let places = Arc::new(Places::default());
        let take = |limits: &[(&str, usize)]| {
            Places::take(&places, limits.iter().map(|(name, most)| ((*name).to_owned(), *most)).collect())
        };
        let (one, two) = (take(&[("a", 2), ("all", 3)]), take(&[("a", 2), ("all", 3)]));
        assert!(one.is_some() && two.is_some() && take(&[("a", 2), ("all", 3)]).is_none());
        // The refused one has taken nothing.
        let three = take(&[("b", 2), ("all", 3)]);
        assert!(three.is_some() && take(&[("b", 2), ("all", 3)]).is_none());
        drop(one);
        assert!(take(&[("a", 2), ("all", 3)]).is_some());
        drop((two, three));
        assert!(places.0.lock().unwrap().is_empty());
    }
}
