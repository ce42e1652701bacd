//! The delivery of a notice, whatever the replies, the waits and the clocks.

use std::cell::Cell;
use std::time::Duration;

use oidc_logout::KeySet;
use oidc_logout::op::{
    BackChannelNotice, Claim, Client, DeliveryFault, EndedSession, Next, Participant, Reply, Schedule,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::NOW;
use super::input::{changed, check};
use crate::support::provider::{self, at};

fn notice(session: &str, sid: Option<&str>, subject: &str) -> BackChannelNotice {
    let client = Client::builder("rp-1").backchannel_logout_uri("https://rp.example/bc").build().unwrap();
    let participant = match sid {
        Some(sid) => Participant::new(&client, sid).subject(subject),
        None => Participant::without_sid(&client, subject),
    };
    let notices = provider::endpoint(KeySet::default()).notices(&EndedSession::new(session, at(NOW)), [participant]);
    notices.back_channel().first().unwrap().clone()
}

/// What came of an attempt, owned.
#[derive(Clone, Debug)]
enum Came {
    Answer(u16, Option<String>),
    Fault(DeliveryFault),
}

impl Came {
    fn reply(&self) -> Reply<'_> {
        match self {
            Self::Answer(status, retry_after) => Reply::Answer { status: *status, retry_after: retry_after.as_deref() },
            Self::Fault(fault) => Reply::Fault(*fault),
        }
    }

    fn is_success(&self) -> bool {
        matches!(self, Self::Answer(200 | 204, _))
    }
}

fn retry_after() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,6}",
        "[0-9]{1,30}",
        any::<String>(),
        changed(Just("Fri, 15 Jan 2027 08:10:00 GMT".to_owned()), 2),
        select(vec!["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "-1", " 5 "])
            .prop_map(str::to_owned),
    ]
}

/// Nearly always something that is tried again.
fn temporary() -> BoxedStrategy<Came> {
    let faults = vec![DeliveryFault::Timeout, DeliveryFault::Transport];
    prop_oneof![
        (select(vec![408, 425, 429, 500, 503, 599]), option::of(retry_after()))
            .prop_map(|(status, after)| Came::Answer(status, after)),
        select(faults).prop_map(Came::Fault),
    ]
    .boxed()
}

fn came() -> BoxedStrategy<Came> {
    let final_faults = vec![
        DeliveryFault::AddressBlocked,
        DeliveryFault::ClientGone,
        DeliveryFault::NoChannel,
        DeliveryFault::KeyGone,
        DeliveryFault::SessionRequired,
        DeliveryFault::TooLate,
    ];
    prop_oneof![
        8 => temporary(),
        1 => Just(Came::Answer(200, None)),
        1 => Just(Came::Answer(400, None)),
        1 => (any::<u16>(), option::of(retry_after())).prop_map(|(status, after)| Came::Answer(status, after)),
        1 => select(final_faults).prop_map(Came::Fault),
    ]
    .boxed()
}

fn wait() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0..2000_u64).prop_map(Duration::from_secs),
        2 => (0..5_000_000_000_u64).prop_map(Duration::from_nanos),
        1 => any::<u64>().prop_map(Duration::from_secs),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ]
}

/// The end is not far away, so that it can be waited for.
fn schedule() -> impl Strategy<Value = (Schedule, i64)> {
    let end = prop_oneof![Just(0), 0..3600_u32, 0..1_000_000_u32];
    let seconds = || (0..100_u64).prop_map(Duration::from_secs);
    (vec(wait(), 0..5), end, wait(), seconds(), seconds()).prop_map(|(waits, end, max, timeout, claim)| {
        let schedule = Schedule::default().waits(waits).give_up_after(Duration::from_secs(end.into()));
        (schedule.max_retry_after(max).attempts(timeout, claim), end.into())
    })
}

#[test]
fn a_schedule_always_ends_and_makes_no_attempt_after_its_end() {
    let jump = prop_oneof![6 => Just(0), 2 => -100..100_i64, 1 => -100_000..100_000_i64];
    let steps = vec((jump, temporary(), any::<u32>(), any::<bool>()), 1..40);
    let (attempts, ended_late) = (Cell::new(0), Cell::new(0));
    check(800, (schedule(), any::<bool>(), steps), |((schedule, seconds), has_sid, steps)| {
        let end = NOW + if has_sid { seconds } else { seconds.min(120) };
        let mut notice = notice("session-1", has_sid.then_some("sid-1"), "user-1");
        let mut now = NOW;
        let (mut back, mut made) = (0, 0);
        let mut turns = steps.iter().cycle();
        for turn in 0.. {
            // A clock jumps for a while, and then it runs.
            let (jump, came, jitter, is_heard) = turns.next().unwrap();
            let jump = if turn < 200 { *jump } else { 0 };
            back += (-jump).max(0);
            now = now.max(notice.due_at().map_or(now, OffsetDateTime::unix_timestamp)) + jump;
            match notice.claim(at(now), &schedule) {
                Claim::Attempt(attempt) => {
                    made += 1;
                    prop_assert!(now <= end, "attempt {} at {}", attempt, now - NOW);
                    prop_assert_eq!(attempt, made);
                    prop_assert_eq!(notice.attempts(), made);
                    if *is_heard {
                        let next = notice.record(attempt, came.reply(), at(now), *jitter, &schedule);
                        match next {
                            Next::RetryAt(time) => {
                                prop_assert!(time.unix_timestamp() > now && time.unix_timestamp() <= end);
                                prop_assert_eq!(notice.due_at(), Some(time));
                            }
                            Next::Failed(_) => prop_assert!(notice.failed_at().is_some()),
                            Next::Delivered | Next::ClaimLost => prop_assert!(false, "{:?}", next),
                        }
                    }
                }
                Claim::TooLate => {
                    prop_assert!(now > end);
                    ended_late.set(ended_late.get() + 1);
                }
                Claim::No => prop_assert!(notice.is_over() || notice.due_at().unwrap() > at(now)),
            }
            if notice.is_over() {
                break;
            }
            // At least a second lies between two attempts, unless the clock goes back.
            prop_assert!(turn < 500 + 2 * (end - NOW + back), "it does not end: {:?}", notice);
        }
        prop_assert!(notice.due_at().is_none() && notice.fault().is_some());
        attempts.set(attempts.get() + made);
        Ok(())
    });
    assert!(attempts.get() > 2000, "only {} attempts", attempts.get());
    assert!(ended_late.get() > 50, "only {} notices ended without an attempt", ended_late.get());
}

#[derive(Clone, Debug)]
enum Step {
    Claim(i64),
    Record(i64, u32, Came, u32),
    Release(i64),
    Prepare,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let time = || prop_oneof![-100..2000_i64, -100_000..100_000_i64].prop_map(|by| NOW + by);
    let step = prop_oneof![
        4 => time().prop_map(Step::Claim),
        4 => (time(), 0..6_u32, came(), any::<u32>())
            .prop_map(|(time, attempt, came, jitter)| Step::Record(time, attempt, came, jitter)),
        1 => time().prop_map(Step::Release),
        1 => Just(Step::Prepare),
    ];
    vec(step, 0..30)
}

/// What a step says, for comparisons.
fn take(notice: &mut BackChannelNotice, step: &Step, schedule: &Schedule) -> String {
    match step {
        Step::Claim(time) => format!("{:?}", notice.claim(at(*time), schedule)),
        Step::Record(time, attempt, came, jitter) => {
            format!("{:?}", notice.record(*attempt, came.reply(), at(*time), *jitter, schedule))
        }
        Step::Release(time) => {
            notice.release(at(*time));
            String::new()
        }
        Step::Prepare => {
            *notice = notice.clone().prepare();
            String::new()
        }
    }
}

#[test]
fn nothing_undoes_a_delivery_and_only_a_success_undoes_a_failure() {
    let (delivered, undone) = (Cell::new(0), Cell::new(0));
    check(3000, (schedule(), steps()), |((schedule, _), steps)| {
        let mut notice = notice("session-1", Some("sid-1"), "user-1");
        for step in &steps {
            let before = notice.clone();
            let said = take(&mut notice, step, &schedule);
            prop_assert!(notice.attempts() >= before.attempts());
            prop_assert_eq!(notice.key(), before.key());
            let is_success = matches!(step, Step::Record(_, _, came, _) if came.is_success());
            if is_success {
                prop_assert!(notice.delivered_at().is_some() && said == "Delivered");
                prop_assert_eq!(notice.fault(), None);
            }
            if before.delivered_at().is_some() {
                delivered.set(delivered.get() + 1);
                prop_assert!(notice == before, "{:?} {:?}", step, notice);
                prop_assert!(!said.starts_with("Attempt") && !said.starts_with("RetryAt"), "{}", said);
            } else if before.failed_at().is_some() {
                undone.set(undone.get() + u32::from(is_success));
                prop_assert!(is_success || notice == before, "{:?} {:?}", step, notice);
            }
        }
        Ok(())
    });
    assert!(delivered.get() > 2000 && undone.get() > 20, "{delivered:?} {undone:?}");
}

#[test]
fn a_stored_notice_is_read_as_it_was_and_goes_on_alike() {
    let texts = (any::<String>(), option::of(".{1,8}"), ".{1,8}");
    check(1500, (schedule(), texts, steps(), steps()), |((schedule, _), (session, sid, subject), before, after)| {
        let mut notice = notice(&session, sid.as_deref(), &subject);
        for step in &before {
            take(&mut notice, step, &schedule);
        }
        let text = serde_json::to_string(&notice).unwrap();
        let value = serde_json::to_value(&notice).unwrap();
        let from_text: BackChannelNotice = serde_json::from_str(&text).unwrap();
        let from_bytes: BackChannelNotice = serde_json::from_reader(text.as_bytes()).unwrap();
        let mut from_value: BackChannelNotice = serde_json::from_value(value).unwrap();
        prop_assert!(from_text == notice && from_bytes == notice && from_value == notice);
        prop_assert_eq!(serde_json::to_string(&from_text).unwrap(), text);
        for step in &after {
            prop_assert_eq!(take(&mut notice, step, &schedule), take(&mut from_value, step, &schedule));
        }
        prop_assert!(from_value == notice);
        Ok(())
    });
}

#[test]
fn a_damaged_notice_is_refused_without_a_value_in_the_error() {
    const MARK: &str = "s3cr3t";
    let value = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(json!([MARK])),
        Just(json!({MARK: MARK})),
        Just(json!({"due": MARK})),
        any::<String>().prop_map(|text| Value::from(MARK.to_owned() + &text)),
    ];
    let names =
        vec!["v", "issuer", "client_id", "session", "sid", "sub", "ended_at", "attempts", "standing", "fault", "other"];
    let inputs = (steps(), vec((select(names), option::of(value)), 0..3), changed(Just(String::new()), 1));
    let (refused, read) = (Cell::new(0), Cell::new(0));
    check(3000, inputs, |(steps, changes, end)| {
        let mut notice = notice(MARK, Some(MARK), MARK);
        for step in &steps {
            take(&mut notice, step, &Schedule::default());
        }
        let mut stored = serde_json::to_value(&notice).unwrap();
        for (name, value) in changes {
            match value {
                Some(value) => stored[name] = value,
                None => drop(stored.as_object_mut().unwrap().remove(name)),
            }
        }
        match serde_json::from_str::<BackChannelNotice>(&(stored.to_string() + &end)) {
            Ok(mut notice) => {
                read.set(read.get() + 1);
                for step in &steps {
                    take(&mut notice, step, &Schedule::default());
                }
                let text = serde_json::to_string(&notice).unwrap();
                prop_assert!(serde_json::from_str::<BackChannelNotice>(&text).unwrap() == notice);
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                prop_assert!(!format!("{error} {error:?}").contains(MARK), "{}", error);
            }
        }
        Ok(())
    });
    assert!(refused.get() > 500 && read.get() > 300, "{refused:?} {read:?}");
}

#[test]
fn no_retry_after_asks_for_more_than_the_most_or_hurries_the_schedule() {
    let inputs = (retry_after(), 0..10_000_i64, any::<u32>(), 0..10_000_i64);
    check(5000, inputs, |(value, wait, jitter, most)| {
        let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        let schedule = Schedule::default().waits([seconds(wait)]).max_retry_after(seconds(most));
        let mut notice = notice("session-1", Some("sid-1"), "user-1");
        let Claim::Attempt(attempt) = notice.claim(at(NOW), &schedule) else { panic!("it is due") };
        let reply = Reply::Answer { status: 503, retry_after: Some(&value) };
        let Next::RetryAt(time) = notice.record(attempt, reply, at(NOW), jitter, &schedule) else {
            panic!("there is time left")
        };
        let waited = time.unix_timestamp() - NOW;
        let (least, longest) = ((wait * 4 / 5).max(1), (wait * 6).div_euclid(5) + 1);
        prop_assert!((least..=longest.max(most).max(1)).contains(&waited), "{} after {}", waited, wait);
        if let Ok(asked) = value.trim().parse::<u64>()
            && !value.contains('+')
        {
            prop_assert!(waited >= i64::try_from(asked).unwrap_or(i64::MAX).min(most), "{} of {}", waited, value);
        }
        Ok(())
    });
}
