//! A policy as configuration spells it: the name of a preset, or an object with the fields that
//! differ from one.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};

use super::{
    ConfirmRule, ExpiredHint, HintRule, HintWithoutSid, OnBadHint, Policy, PolicyError, Presence, RedirectWithoutHint,
    SessionBySid, SessionCookie, StateRule, UriMatching,
};
use crate::crypto::Algorithm;

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    #[default]
    Openid,
    LoginGov,
    LoginGovClientId,
}

impl From<Preset> for Policy {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Openid => Self::openid(),
            Preset::LoginGov => Self::login_gov(),
            Preset::LoginGovClientId => Self::login_gov_client_id(),
        }
    }
}

/// A preset and what differs from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    #[serde(default)]
    base: Preset,
    hint: Option<HintRule>,
    client_id: Option<Presence>,
    redirect_uri: Option<Presence>,
    state: Option<StateChanges>,
    confirm: Option<ConfirmRule>,
    redirect_without_hint: Option<RedirectWithoutHint>,
    expired_hint: Option<ExpiredHint>,
    hint_without_sid: Option<HintWithoutSid>,
    on_bad_hint: Option<OnBadHint>,
    uri_matching: Option<UriMatching>,
    /// `null` is a value here: any algorithm.
    #[serde(default, deserialize_with = "present")]
    algorithms: Option<Option<Vec<Algorithm>>>,
    session_cookie: Option<SessionCookie>,
    session_by_sid: Option<SessionBySid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with required, min_chars and max_chars")]
struct StateChanges {
    required: Option<bool>,
    min_chars: Option<usize>,
    max_chars: Option<usize>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<Algorithm>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl TryFrom<Changes> for Policy {
    type Error = PolicyError;

    fn try_from(changes: Changes) -> Result<Self, PolicyError> {
        let base = Self::from(changes.base);
        let state = changes.state.map_or(base.state, |state| StateRule {
            required: state.required.unwrap_or(base.state.required),
            min_chars: state.min_chars.unwrap_or(base.state.min_chars),
            max_chars: state.max_chars.unwrap_or(base.state.max_chars),
        });
        Self {
            hint: changes.hint.unwrap_or(base.hint),
            client_id: changes.client_id.unwrap_or(base.client_id),
            redirect_uri: changes.redirect_uri.unwrap_or(base.redirect_uri),
            state,
            confirm: changes.confirm.unwrap_or(base.confirm),
            redirect_without_hint: changes.redirect_without_hint.unwrap_or(base.redirect_without_hint),
            expired_hint: changes.expired_hint.unwrap_or(base.expired_hint),
            hint_without_sid: changes.hint_without_sid.unwrap_or(base.hint_without_sid),
            on_bad_hint: changes.on_bad_hint.unwrap_or(base.on_bad_hint),
            uri_matching: changes.uri_matching.unwrap_or(base.uri_matching),
            algorithms: changes.algorithms.unwrap_or(base.algorithms),
            session_cookie: changes.session_cookie.unwrap_or(base.session_cookie),
            session_by_sid: changes.session_by_sid.unwrap_or(base.session_by_sid),
        }
        .check()
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PolicyVisitor;

        impl<'de> Visitor<'de> for PolicyVisitor {
            type Value = Policy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a preset, or an object with `base` and the fields that differ")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Policy, E> {
                Preset::deserialize(name.into_deserializer()).map(Policy::from)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Policy, A::Error> {
                let changes = Changes::deserialize(MapAccessDeserializer::new(map))?;
                Policy::try_from(changes).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(PolicyVisitor)
    }
}
