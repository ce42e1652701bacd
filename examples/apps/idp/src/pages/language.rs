//! The languages of the pages and their messages, which are in `locales`.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// A language that every page is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `en`, the default.
    #[default]
    English,
    /// `es`
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Chooses the first available language of the request's `ui_locales`; or else the one with the
    /// highest weight in `Accept-Language` (RFC 9110, section 12.5.4); or else English. A tag falls
    /// back to shorter ones, and malformed tags are ignored.
    #[must_use]
    pub fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let ui_locales = ui_locales.unwrap_or_default().split_ascii_whitespace();
        let mut requested = ui_locales.chain(by_weight(accept_language.unwrap_or_default()));
        requested.find_map(Self::look_up).unwrap_or_default()
    }

    /// Shortens a tag from its end until a language has it (RFC 4647, section 3.4). A subtag of one
    /// character, which begins an extension, goes together with what follows it.
    fn look_up(tag: &str) -> Option<Self> {
        let is_well_formed =
            |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !tag.split('-').all(is_well_formed) {
            return None;
        }
        let mut range = tag;
        loop {
            if let Some(found) = Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(range)) {
                return Some(found);
            }
            let mut shorter = range.rsplit_once('-')?.0;
            while let Some((before, last)) = shorter.rsplit_once('-')
                && last.len() == 1
            {
                shorter = before;
            }
            range = shorter;
        }
    }

    /// The BCP 47 language tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// A message, or its name in brackets if it is missing.
    pub(super) fn text(self, id: &str) -> Cow<'static, str> {
        self.format(id, None).unwrap_or_else(|| missing(id))
    }

    /// A message with a value in it.
    pub(super) fn text_with(self, id: &str, name: &'static str, value: &str) -> Cow<'static, str> {
        self.format(id, Some(&FluentArgs::from_iter([(name, value)]))).unwrap_or_else(|| missing(id))
    }

    /// A message whose wording depends on a number.
    pub(super) fn text_with_number(self, id: &str, name: &'static str, number: u64) -> Cow<'static, str> {
        self.format(id, Some(&FluentArgs::from_iter([(name, number)]))).unwrap_or_else(|| missing(id))
    }

    /// The message for a code of the library or of this server. A newer library may have codes
    /// without one.
    pub(super) fn text_of_code(self, prefix: &str, code: &str) -> Option<Cow<'static, str>> {
        self.format(&format!("{prefix}-{}", code.replace('_', "-")), None)
    }

    fn format(self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'static, str>> {
        let bundle = match self {
            Self::English => &*ENGLISH,
            Self::Spanish => &*SPANISH,
        };
        let pattern = bundle.get_message(id)?.value()?;
        Some(bundle.format_pattern(pattern, args, &mut Vec::new()))
    }

    fn identifier(self) -> LanguageIdentifier {
        self.tag().parse().unwrap_or_default()
    }
}

type Messages = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Messages> =
    LazyLock::new(|| messages(Language::English, include_str!("../../locales/en.ftl")));
static SPANISH: LazyLock<Messages> =
    LazyLock::new(|| messages(Language::Spanish, include_str!("../../locales/es.ftl")));

/// Fluent puts values between bidirectional isolates, so that a name cannot change the direction of
/// the text around it.
fn messages(language: Language, source: &str) -> Messages {
    // A test checks that every message can be read.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    bundle.add_resource_overriding(resource);
    bundle
}

fn missing(id: &str) -> Cow<'static, str> {
    format!("[{id}]").into()
}

/// The language tags of an `Accept-Language` by weight, the highest first, without those of weight
/// 0.
fn by_weight(header: &str) -> impl Iterator<Item = &str> {
    let weighted = header.split(',').filter_map(|member| {
        let (tag, weight) = match member.split_once(';') {
            Some((tag, parameter)) => (tag, parameter.trim().strip_prefix("q=")?.parse::<f32>().ok()?),
            None => (member, 1.0),
        };
        (weight > 0.0 && weight <= 1.0).then_some((tag.trim(), weight))
    });
    let mut weighted: Vec<_> = weighted.collect();
    weighted.sort_by(|one, other| other.1.total_cmp(&one.1));
    weighted.into_iter().map(|(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ui_locales_come_first_then_what_the_browser_weighs_most() {
        use Language::{English, Spanish};
        for (ui_locales, accept_language, expected) in [
            (None, None, English),
            (Some(""), Some(""), English),
            (Some("es"), None, Spanish),
            (Some("es"), Some("en"), Spanish),
            (Some("en"), Some("es"), English),
            (Some("fr-CA fr es-419 en"), None, Spanish),
            (Some("fr-CA fr en es"), None, English),
            (Some("ES"), None, Spanish),
            (Some("es-US-u-mu-celsius"), None, Spanish),
            (Some("es-Latn-US-x-1-2-private"), Some("en"), Spanish),
            (Some("fr-u-ca-buddhist es-419-u-nu-latn"), None, Spanish),
            (Some("de-x-es"), None, English),
            (Some("x-es"), None, English),
            (Some("es-"), None, English),
            (Some("es--MX"), None, English),
            (Some("es_MX"), None, English),
            (None, Some("es-US-u-mu-celsius, en;q=0.9"), Spanish),
            (Some("fr"), Some("es-MX"), Spanish),
            (Some("esperanto-is-no-tag-of-this-form"), Some("es"), Spanish),
            (Some("est"), None, English),
            (Some("eng"), Some("es"), Spanish),
            (None, Some("es-MX,es;q=0.9,en;q=0.8"), Spanish),
            (None, Some("en-GB, es;q=0.9"), English),
            (None, Some("en;q=0.4, es;q=0.5"), Spanish),
            (None, Some("en ; q=0.5 , es ; q=0.4"), English),
            (None, Some("en;q=0.5, es;q=0.5"), English),
            (None, Some("es;q=0.5, en;q=0.5"), Spanish),
            (None, Some("es;q=0, de"), English),
            (None, Some("es;q=0.001, de"), Spanish),
            (None, Some("es;q=1.001"), English),
            (None, Some("es;q=nan, en;q=0.1"), English),
            (None, Some("es;q=-1"), English),
            (None, Some("es;q=inf"), English),
            (None, Some("es;level=1"), English),
            (None, Some("*"), English),
            (None, Some("*, es;q=0.1"), Spanish),
            (None, Some(",,;,es"), Spanish),
            (None, Some("de, fr"), English),
        ] {
            assert_eq!(
                Language::negotiate(ui_locales, accept_language),
                expected,
                "{ui_locales:?} {accept_language:?}"
            );
        }
    }

    #[test]
    fn a_header_of_many_members_is_sorted_whatever_they_are() {
        let weights = ["q=nan", "q=0.5", "q=inf", "q=1", "q=-0", "q=1e-3", "q="];
        let members: Vec<String> = weights.iter().cycle().take(1000).map(|weight| format!("de;{weight}")).collect();
        let header = members.join(",") + ",es;q=0.0001";
        assert_eq!(Language::negotiate(None, Some(&header)), Language::Spanish);
    }

    #[test]
    fn what_has_no_message_shows_its_name() {
        assert_eq!(Language::English.text("no-such-message"), "[no-such-message]");
        assert_eq!(Language::Spanish.text_of_code("refusal", "no_such_code"), None);
    }
}
