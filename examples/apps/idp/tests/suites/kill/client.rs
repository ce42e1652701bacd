//! Clients. They record what the provider tells them, and decide when it is killed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use scraper::{Html, Selector};
use serde_json::Value;
use tokio::sync::Notify;
use url::Url;

use crate::support::instance::Instance;

pub(crate) const CALLBACK: &str = "http://localhost:9/rp/callback";
const SIGNED_OUT: &str = "http://localhost:9/rp/signed-out";
const CLIENT_ID: &str = "demo-rp";
const CLIENT_SECRET: &str = "everybody-knows-the-secret-of-demo-rp";

/// The clients that are told when a session ends in which they take part.
pub(crate) const TOLD: [&str; 2] = ["told-1", "told-2"];

/// The events that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    SignIn,
    Redemption,
    SignOut,
    /// A client is told that a session has ended.
    Notice,
}

/// Kills the provider at the moment at which a client learns of the nth event of one kind.
pub(crate) struct Killer {
    instance: Mutex<Option<Instance>>,
    after: (Event, usize),
    told: [AtomicUsize; 4],
    killed: Notify,
}

impl Killer {
    pub(crate) fn new(instance: Instance, rng: &mut Rng) -> Self {
        let events = [Event::SignIn, Event::Redemption, Event::SignOut, Event::SignOut, Event::Notice, Event::Notice];
        let event = events[rng.usize(..events.len())];
        // Few notices are due at once.
        let most = if event == Event::Notice { 6 } else { 16 };
        let (instance, after) = (Mutex::new(Some(instance)), (event, rng.usize(1..most)));
        Self { instance, after, told: Default::default(), killed: Notify::new() }
    }

    /// Never kills the provider, which ends when this is dropped.
    pub(crate) fn never(instance: Instance) -> Self {
        let after = (Event::SignOut, usize::MAX);
        Self { instance: Mutex::new(Some(instance)), after, told: Default::default(), killed: Notify::new() }
    }

    pub(crate) fn told(&self, event: Event) {
        let times = self.told[event as usize].fetch_add(1, Ordering::SeqCst) + 1;
        if (event, times) == self.after {
            self.kill();
        }
    }

    pub(crate) fn kill(&self) {
        if let Some(mut instance) = self.instance.lock().unwrap().take() {
            instance.kill();
            self.killed.notify_one();
        }
    }

    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }
}

/// The number of events that clients were told of.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) sign_ins: usize,
    pub(crate) redemptions: usize,
    pub(crate) sign_outs: usize,
    pub(crate) notices: usize,
}

impl Told {
    pub(crate) fn add(&mut self, killer: &Killer) {
        let times = |event: Event| killer.told[event as usize].load(Ordering::SeqCst);
        self.sign_ins += times(Event::SignIn);
        self.redemptions += times(Event::Redemption);
        self.sign_outs += times(Event::SignOut);
        self.notices += times(Event::Notice);
    }
}

/// What a client knows about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    /// The client did not ask for it.
    Undone,
    /// The client asked for it and got no answer.
    InDoubt,
    /// The provider reported it.
    Done,
}

pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) issued: Instant,
    pub(crate) redeemed: Knows,
    pub(crate) access_token: Option<String>,
}

pub(crate) struct Session {
    pub(crate) id: String,
    /// Whether the user has signed in again, which gives the session another id.
    pub(crate) renewed: Knows,
    pub(crate) ended: Knows,
    pub(crate) codes: Vec<Code>,
    pub(crate) id_token: Option<String>,
}

/// Whether each of the clients that are told takes part in a session.
pub(crate) type TakesPart = [Knows; TOLD.len()];

/// No answer came: the provider is killed, or the client has hung up.
pub(crate) struct NoAnswer;

type Answered<T = ()> = Result<T, NoAnswer>;

pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) rng: Rng,
    pub(crate) sessions: Vec<Session>,
    /// The ids of sessions that have ended or have another id by now.
    pub(crate) former: Vec<String>,
    /// Who takes part in which session, by its `sid`. This stays when the session has ended.
    pub(crate) parts: HashMap<String, TakesPart>,
    pub(crate) in_doubt: usize,
}

impl Client {
    pub(crate) fn new(rng: Rng) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { http, rng, sessions: Vec::new(), former: Vec::new(), parts: HashMap::new(), in_doubt: 0 }
    }

    /// Signs in and out until answers stop coming.
    pub(crate) async fn work(&mut self, origin: &str, killer: &Killer) {
        loop {
            let done = match self.a_session() {
                None => self.sign_in(origin, killer).await,
                Some(session) => match self.rng.u32(0..10) {
                    0 => self.sign_in_again(session, origin, killer).await,
                    1..=3 => self.sign_out_with_hint(session, origin, killer).await,
                    4 => self.sign_out_by_the_account_page(session, origin, killer).await,
                    5 | 6 => self.ask_for_code(session, origin, killer).await,
                    7 | 8 => self.take_part(session, origin).await,
                    _ => {
                        self.hang_up(session, origin, killer).await;
                        Ok(())
                    }
                },
            };
            if done.is_err() {
                break;
            }
        }
    }

    /// A session that is not being ended, if there are two or more.
    fn a_session(&mut self) -> Option<usize> {
        let usable = |session: &&usize| {
            let session = &self.sessions[**session];
            session.ended == Knows::Undone && session.renewed == Knows::Undone && session.id_token.is_some()
        };
        let numbers: Vec<_> = (0..self.sessions.len()).collect();
        let usable: Vec<_> = numbers.iter().filter(usable).copied().collect();
        (usable.len() >= 2).then(|| usable[self.rng.usize(..usable.len())])
    }

    pub(crate) async fn sign_in(&mut self, origin: &str, killer: &Killer) -> Answered {
        let (id, code) = self.fill_in_the_form("", origin, killer).await?;
        let (renewed, ended) = (Knows::Undone, Knows::Undone);
        self.sessions.push(Session { id, renewed, ended, codes: vec![code], id_token: None });
        self.redeem(self.sessions.len() - 1, origin, killer).await
    }

    async fn sign_in_again(&mut self, session: usize, origin: &str, killer: &Killer) -> Answered {
        let number = session;
        let session = &mut self.sessions[number];
        session.renewed = Knows::InDoubt;
        let cookie = format!("session={}", session.id);
        let (id, code) = self.fill_in_the_form(&cookie, origin, killer).await?;
        let session = &mut self.sessions[number];
        session.renewed = Knows::Undone;
        session.codes.push(code);
        self.former.push(std::mem::replace(&mut session.id, id));
        self.redeem(number, origin, killer).await
    }

    /// Returns the id of the session and the code.
    async fn fill_in_the_form(&self, cookies: &str, origin: &str, killer: &Killer) -> Answered<(String, Code)> {
        let mut url = authorize(origin, CLIENT_ID);
        url.query_pairs_mut().append_pair("prompt", "login");
        let page = send(self.http.get(url).header(COOKIE, cookies)).await?;
        let browser = cookie(&page, "sign-in").unwrap();
        let mut fields = hidden_fields(&body(page).await?);
        fields.extend([("username", "alice"), ("password", "wonderland")].map(|(name, value)| pair(name, value)));
        let cookies = format!("sign-in={browser}; {cookies}");
        let sign_in = self.http.post(format!("{origin}/sign-in")).header(COOKIE, cookies).form(&fields);
        let answer = send(sign_in).await?;
        killer.told(Event::SignIn);
        Ok((cookie(&answer, "session").unwrap(), Code::issued(&answer)))
    }

    /// Asks for one more code, and redeems it or keeps it.
    async fn ask_for_code(&mut self, session: usize, origin: &str, killer: &Killer) -> Answered {
        let id = &self.sessions[session].id;
        let answer = send(self.http.get(authorize(origin, CLIENT_ID)).header(COOKIE, format!("session={id}"))).await?;
        self.sessions[session].codes.push(Code::issued(&answer));
        if self.rng.bool() { self.redeem(session, origin, killer).await } else { Ok(()) }
    }

    /// Signs in to a client that is told of the session's end.
    async fn take_part(&mut self, session: usize, origin: &str) -> Answered {
        let told = self.rng.usize(..TOLD.len());
        let session = &self.sessions[session];
        let sid = sid(session.id_token.as_deref().unwrap());
        let part = &mut self.parts.entry(sid).or_insert([Knows::Undone; TOLD.len()])[told];
        if *part == Knows::Undone {
            *part = Knows::InDoubt;
        }
        let request = self.http.get(authorize(origin, TOLD[told])).header(COOKIE, format!("session={}", session.id));
        Code::issued(&send(request).await?);
        *part = Knows::Done;
        Ok(())
    }

    /// Redeems the newest code of a session.
    async fn redeem(&mut self, session: usize, origin: &str, killer: &Killer) -> Answered {
        let session = &mut self.sessions[session];
        let code = session.codes.last_mut().unwrap();
        code.redeemed = Knows::InDoubt;
        let answer = send(redemption(&self.http, origin, &code.value)).await?;
        assert_eq!(answer.status(), 200);
        code.redeemed = Knows::Done;
        killer.told(Event::Redemption);
        let tokens: Value = serde_json::from_str(&body(answer).await?).unwrap();
        code.access_token = Some(tokens["access_token"].as_str().unwrap().to_owned());
        session.id_token = Some(tokens["id_token"].as_str().unwrap().to_owned());
        Ok(())
    }

    async fn sign_out_with_hint(&mut self, session: usize, origin: &str, killer: &Killer) -> Answered {
        let session = &mut self.sessions[session];
        session.ended = Knows::InDoubt;
        let hint = session.id_token.as_deref().unwrap();
        let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT)];
        let url = Url::parse_with_params(&format!("{origin}/end_session"), parameters).unwrap();
        let answer = send(self.http.get(url).header(COOKIE, format!("session={}", session.id))).await?;
        killer.told(Event::SignOut);
        assert_eq!(answer.headers()[LOCATION], SIGNED_OUT);
        session.ended = Knows::Done;
        Ok(())
    }

    async fn sign_out_by_the_account_page(&mut self, session: usize, origin: &str, killer: &Killer) -> Answered {
        let session = &mut self.sessions[session];
        let with_cookie = |request: RequestBuilder| request.header(COOKIE, format!("session={}", session.id));
        let page = send(with_cookie(self.http.get(format!("{origin}/")))).await?;
        assert_eq!(page.status(), 200);
        let mut fields = hidden_fields(&body(page).await?);
        fields.push(pair("confirm", "yes"));
        let request = with_cookie(self.http.post(format!("{origin}/end_session"))).form(&fields);
        session.ended = Knows::InDoubt;
        let answer = send(request).await?;
        killer.told(Event::SignOut);
        assert_eq!((answer.status().as_u16(), cookie(&answer, "session").as_deref()), (200, Some("")));
        session.ended = Knows::Done;
        Ok(())
    }

    /// Takes one of these actions and hangs up after a while, perhaps before the answer comes.
    async fn hang_up(&mut self, session: usize, origin: &str, killer: &Killer) {
        let patience = Duration::from_micros(self.rng.u64(0..5000));
        let doing = async {
            match self.rng.u32(0..5) {
                0 => self.sign_out_with_hint(session, origin, killer).await,
                1 => self.sign_in(origin, killer).await,
                2 => self.sign_in_again(session, origin, killer).await,
                3 => self.take_part(session, origin).await,
                _ => self.ask_for_code(session, origin, killer).await,
            }
        };
        drop(tokio::time::timeout(patience, doing).await);
    }
}

impl Code {
    fn issued(answer: &Response) -> Self {
        let location = answer.headers()[LOCATION].to_str().unwrap();
        let location = Url::parse(location).unwrap();
        let value = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        Self { value, issued: Instant::now(), redeemed: Knows::Undone, access_token: None }
    }
}

/// The answer as soon as its head has arrived: that is when the client learns the result.
pub(crate) async fn send(request: RequestBuilder) -> Answered<Response> {
    request.send().await.map_err(|_| NoAnswer)
}

async fn body(answer: Response) -> Answered<String> {
    answer.text().await.map_err(|_| NoAnswer)
}

fn authorize(origin: &str, client: &str) -> Url {
    let parameters =
        [("response_type", "code"), ("client_id", client), ("redirect_uri", CALLBACK), ("scope", "openid")];
    Url::parse_with_params(&format!("{origin}/authorize"), parameters).unwrap()
}

/// The `sid` of a token.
pub(crate) fn sid(token: &str) -> String {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims;
    claims["sid"].as_str().unwrap().to_owned()
}

pub(crate) fn redemption(http: &reqwest::Client, origin: &str, code: &str) -> RequestBuilder {
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    http.post(format!("{origin}/token")).basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&form)
}

fn cookie(answer: &Response, name: &str) -> Option<String> {
    let mut lines = answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.split(';').next().unwrap().to_owned())
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let hidden = Selector::parse("form input[type=hidden]").unwrap();
    let page = Html::parse_document(page);
    page.select(&hidden).map(|input| pair(input.attr("name").unwrap(), input.attr("value").unwrap())).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
