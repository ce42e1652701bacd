//! A stored notice from any text, and its delivery: it must be the same after each time that it is
//! stored, nothing undoes a success, and its tokens say what it says.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use oidc_logout::op::{BackChannelNotice, Claim, Client, DeliveryFault, Next, Reply, Schedule};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

// The first line is the stored notice. Each further line is a step:
//   s WAIT GIVE_UP_AFTER MAX_RETRY_AFTER TIMEOUT CLAIM   another schedule, in seconds
//   c AT                                                  a claim
//   a AT ATTEMPT STATUS JITTER RETRY_AFTER                an answer
//   f AT ATTEMPT FAULT                                    a fault
//   r AT                                                  a release
//   p                                                     held back
fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let stored = lines.next().unwrap_or_default();
    let mut notice: BackChannelNotice = match serde_json::from_str(stored) {
        Ok(notice) => notice,
        Err(error) => {
            // serde would say which value it did not expect.
            assert!(!error.to_string().contains("invalid type") && !error.to_string().contains("unknown"));
            return;
        }
    };
    let mut schedule = Schedule::default();
    for line in lines {
        store(&mut notice);
        let before = notice.clone();
        let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<_> = rest.splitn(5, ' ').collect();
        let number = |index: usize| words.get(index).and_then(|word| word.parse::<i64>().ok()).unwrap_or_default();
        let Ok(now) = OffsetDateTime::from_unix_timestamp(number(0)) else { continue };
        let attempt = u32::try_from(number(1)).unwrap_or_default();
        let mut is_success = false;
        match step {
            "s" => {
                let seconds = |index| Duration::from_secs(number(index).unsigned_abs());
                schedule = Schedule::default()
                    .waits([seconds(0)])
                    .give_up_after(seconds(1))
                    .max_retry_after(seconds(2))
                    .attempts(seconds(3), seconds(4));
            }
            "c" => match notice.claim(now, &schedule) {
                Claim::Attempt(attempt) => {
                    assert!(!before.is_over() && before.due_at().unwrap() <= now);
                    assert_eq!((notice.attempts(), attempt), (attempt, before.attempts().saturating_add(1)));
                }
                Claim::No => assert_eq!(notice, before),
                Claim::TooLate => assert!(!before.is_over() && notice.failed_at().is_some()),
            },
            "a" | "f" => {
                let fault: Option<DeliveryFault> =
                    words.get(2).and_then(|code| serde_json::from_value((*code).into()).ok());
                let reply = match (step, fault) {
                    ("f", Some(fault)) => Reply::Fault(fault),
                    _ => {
                        let status = u16::try_from(number(2)).unwrap_or_default();
                        is_success = matches!(status, 200 | 204);
                        Reply::Answer { status, retry_after: words.get(4).copied() }
                    }
                };
                let jitter = number(3).unsigned_abs() as u32;
                let next = notice.record(attempt, reply, now, jitter, &schedule);
                check_record(&before, &notice, attempt, next, now);
                assert_eq!(is_success, next == Next::Delivered);
            }
            "r" => {
                notice.release(now);
                assert!(!notice.is_prepared() && (before.is_prepared() || notice == before));
            }
            "p" => notice = notice.prepare(),
            _ => continue,
        }
        assert_eq!(notice.key(), before.key());
        assert!(notice.attempts() >= before.attempts());
        if before.delivered_at().is_some() || (before.is_over() && !is_success) {
            assert_eq!(notice, before);
        }
    }
    store(&mut notice);
    check_token(&notice);
});

fn store(notice: &mut BackChannelNotice) {
    let text = serde_json::to_string(notice).unwrap();
    let read: BackChannelNotice = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, notice);
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    *notice = read;
}

fn check_record(before: &BackChannelNotice, notice: &BackChannelNotice, attempt: u32, next: Next, now: OffsetDateTime) {
    match next {
        Next::Delivered => {
            assert!(notice.fault().is_none());
            assert_eq!(notice.delivered_at(), Some(before.delivered_at().unwrap_or(whole(now))));
        }
        Next::RetryAt(time) => {
            assert_eq!((attempt, notice.due_at()), (before.attempts(), Some(time)));
            // The calendar may end before the wait does.
            assert!(time > now || time.year() == 9999);
        }
        Next::Failed(fault) => {
            assert_eq!((attempt, notice.fault()), (before.attempts(), Some(fault)));
            assert_eq!(notice.failed_at(), Some(whole(now)));
        }
        Next::ClaimLost => assert_eq!(notice, before),
    }
}

/// Stored times are whole seconds.
fn whole(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap()
}

fn check_token(notice: &BackChannelNotice) {
    let client = |id: &str| Client::builder(id).backchannel_logout_uri("https://rp.example/bc").build().unwrap();
    let own = client(notice.client_id().as_str());
    let now = OffsetDateTime::UNIX_EPOCH;
    let token = notice.logout_token(&own, now, [7; 16]).unwrap();
    let token = token.signing_input(None).signed(&[1; 256]).unwrap();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.as_str().split('.').nth(1).unwrap()).unwrap()).unwrap();
    let name = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!((name("iss"), name("aud")), (Some(notice.issuer()), Some(notice.client_id().as_str())));
    assert!(name("sid").or(name("sub")).is_some_and(|text| !text.is_empty()));
    assert!(name("sid").is_none() || claims["iat"] == 0);
    let pairs: Vec<_> = url::form_urlencoded::parse(token.request().body().as_bytes()).into_owned().collect();
    assert_eq!(pairs, [("logout_token".to_owned(), token.as_str().to_owned())]);

    let other = client(&format!("{}x", notice.client_id().as_str()));
    assert_eq!(notice.logout_token(&other, now, [7; 16]).unwrap_err(), DeliveryFault::ClientGone);
}
