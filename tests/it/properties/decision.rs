//! Decisions.

use proptest::prelude::*;
use std::cell::Cell;

use super::input::{any_policy, check, policy, request, signed_in, strictness_and_stricter};
use super::{endpoint, see};

#[test]
fn the_same_request_is_always_decided_alike() {
    check(500, (any_policy(), request(), signed_in()), |(policy, request, session)| {
        let endpoint = endpoint(policy.clone());
        let first = see(&endpoint, request.clone(), session.as_ref());
        prop_assert_eq!(&first, &see(&endpoint, request.clone(), session.as_ref()));
        prop_assert_eq!(&first, &see(&self::endpoint(policy), request, session.as_ref()));
        Ok(())
    });
}

#[test]
fn a_stricter_policy_refuses_what_a_laxer_one_refuses_and_redirects_and_ends_no_more() {
    let (refused, redirected) = (Cell::new(0), Cell::new(0));
    check(2000, (strictness_and_stricter(), request(), signed_in()), |((lax, strict), request, session)| {
        let lets_through = strict[10] == 0;
        let see = |levels| see(&endpoint(policy(&levels).unwrap()), request.clone(), session.as_ref());
        let (lax, strict) = (see(lax), see(strict));
        if lax.decision == "refuse" {
            // A hint that is bad to the stricter policy alone may be let through, without a
            // redirect.
            prop_assert!(strict.decision == "refuse" || (lets_through && strict.location.is_none()));
            refused.set(refused.get() + 1);
        }
        if strict.location.is_some() {
            prop_assert!(lax.location.is_some());
            redirected.set(redirected.get() + 1);
        }
        if strict.decision == "end_session" {
            prop_assert_eq!(lax.decision, "end_session");
        }
        Ok(())
    });
    assert!(refused.get() > 200, "only {} of the requests were refused", refused.get());
    assert!(redirected.get() > 100, "only {} of the requests were redirected", redirected.get());
}
