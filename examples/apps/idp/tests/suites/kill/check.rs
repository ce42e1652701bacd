//! Compares what clients were told with the provider's state.

use std::time::Duration;

use reqwest::header::COOKIE;
use serde_json::Value;

use super::client::{Client, Code, Knows, Session, redemption, send};

impl Client {
    /// Checks the sessions that were not found to have ended before.
    pub(crate) async fn check(&mut self, origin: &str) {
        for mut session in std::mem::take(&mut self.sessions) {
            self.in_doubt += usize::from(session.ended == Knows::InDoubt || session.renewed == Knows::InDoubt);
            let alive = self.is_alive(&session.id, origin).await;
            if session.renewed == Knows::InDoubt && !alive {
                // It may go on under an id that reached no client.
                self.former.push(session.id);
                continue;
            }
            let to_be = match session.ended {
                Knows::Undone => true,
                Knows::InDoubt => alive,
                Knows::Done => false,
            };
            assert_eq!(alive, to_be, "whether a session lives whose end is {:?}", session.ended);
            let mut codes = Vec::new();
            for mut code in std::mem::take(&mut session.codes) {
                if self.check_code(&mut code, alive, origin).await {
                    codes.push(code);
                }
            }
            if alive {
                self.sessions.push(Session { renewed: Knows::Undone, ended: Knows::Undone, codes, ..session });
            } else {
                self.former.push(session.id);
            }
        }
    }

    /// Checks all sessions that ever existed, and returns their number.
    pub(crate) async fn check_all(&mut self, origin: &str) -> usize {
        self.check(origin).await;
        for id in &self.former {
            assert!(!self.is_alive(id, origin).await, "a session that had ended lives again");
        }
        self.former.len() + self.sessions.len()
    }

    async fn is_alive(&self, session: &str, origin: &str) -> bool {
        let request = self.http.get(format!("{origin}/")).header(COOKIE, format!("session={session}"));
        match self.status(request).await {
            200 => true,
            303 => false,
            status => panic!("{status}"),
        }
    }

    async fn status(&self, request: reqwest::RequestBuilder) -> u16 {
        send(request).await.ok().expect("an answer").status().as_u16()
    }

    /// A code and its access token live and end with their session. Returns whether anything is
    /// left to check.
    async fn check_code(&mut self, code: &mut Code, session_lives: bool, origin: &str) -> bool {
        let userinfo = |token: &str| self.http.get(format!("{origin}/userinfo")).bearer_auth(token);
        if let Some(token) = &code.access_token {
            let expected = if session_lives { 200 } else { 401 };
            assert_eq!(self.status(userinfo(token)).await, expected, "an access token, session lives: {session_lives}");
        }
        if code.redeemed == Knows::Done && session_lives && self.rng.bool() {
            // Check it next time.
            return true;
        }
        let answer = send(redemption(&self.http, origin, &code.value)).await.ok().expect("an answer");
        let expected: &[u16] = match code.redeemed {
            Knows::Done => &[400],
            _ if !session_lives => &[400],
            // It will expire soon.
            Knows::Undone if code.issued.elapsed() < Duration::from_secs(45) => &[200],
            _ => &[200, 400],
        };
        let status = answer.status().as_u16();
        assert!(expected.contains(&status), "{status} for a code whose redemption is {:?}", code.redeemed);
        if status == 200 {
            let tokens: Value = answer.json().await.unwrap();
            code.access_token = Some(tokens["access_token"].as_str().unwrap().to_owned());
            code.redeemed = Knows::Done;
            return true;
        }
        // It has now been used twice.
        if let Some(token) = &code.access_token {
            assert_eq!(self.status(userinfo(token)).await, 401);
        }
        false
    }
}
