//! Every page in every state and language, read by a parser that works as browsers do.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::samples::{Sample, codes, codes_of_the_library, hint_errors, refusal_reasons, refusals, samples};
use idp::pages::{ASSETS, Language, PageError, policy_with_frames};
use oidc_logout::op::{FrontChannelFrame, FrontChannelPage, HintError, RefusalReason};
use scraper::{ElementRef, Html, Selector};

pub(super) const PLAIN: &str = "Demo calendar";
const HOSTILE: &str = "\"'><script>alert(1)</script><b onclick=x>&amp;{{ 7 }}</textarea></title><!--";

fn every_page() -> Vec<(Language, Sample)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| [PLAIN, HOSTILE].into_iter().map(move |text| (language, text)))
        .flat_map(|(language, text)| samples(language, text).into_iter().map(move |sample| (language, sample)))
        .collect()
}

fn select<'h>(page: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    // Remove the isolates that Fluent puts around values.
    let text: String = element.text().collect::<String>().replace(['\u{2068}', '\u{2069}'], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_parser_finds_no_error() {
    for (_, Sample { name, html }) in every_page() {
        let page = Html::parse_document(&html);
        assert!(page.errors.is_empty(), "{name}: {:?}", page.errors);
    }
}

#[test]
fn the_parser_would_find_errors() {
    for broken in ["<!DOCTYPE html><p></b>", "<p>", "<!DOCTYPE html><p a a>", "<!DOCTYPE html><p a=\"1\"b>"] {
        assert!(!Html::parse_document(broken).errors.is_empty(), "{broken}");
    }
}

#[test]
fn every_page_has_its_language_landmarks_and_one_heading() {
    for (language, Sample { name, html }) in every_page() {
        let page = Html::parse_document(&html);
        assert_eq!(select(&page, "html")[0].attr("lang"), Some(language.tag()), "{name}");
        for landmark in ["body > header", "body > main", "main > h1", "h1", "head > title"] {
            assert_eq!(select(&page, landmark).len(), 1, "{name}: {landmark}");
        }
        let (title, heading) = (text(select(&page, "title")[0]), text(select(&page, "h1")[0]));
        assert!(!heading.is_empty() && title.contains(&heading), "{name}: {title:?} {heading:?}");
        assert!(select(&page, "h3, h4, h5, h6").is_empty(), "{name}: a level is left out");
        assert!(select(&page, "meta[name=viewport]").len() == 1, "{name}");
    }
}

#[test]
fn every_control_has_a_name_and_every_reference_a_target() {
    let mut fields = 0;
    for (_, Sample { name, html }) in every_page() {
        let page = Html::parse_document(&html);
        let ids: Vec<_> = select(&page, "[id]").iter().map(|it| it.attr("id").unwrap().to_owned()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: {ids:?}");
        for input in select(&page, "input:not([type=hidden]), select, textarea") {
            let label = select(&page, &format!("label[for='{}']", input.attr("id").unwrap()));
            assert!(label.len() == 1 && !text(label[0]).is_empty(), "{name}: {input:?}");
            fields += 1;
        }
        for control in select(&page, "button, a, summary, caption, th") {
            assert!(!text(control).is_empty(), "{name}: {control:?}");
        }
        for link in select(&page, "a") {
            assert!(link.attr("href").is_some_and(|href| !href.is_empty()), "{name}");
        }
        let referring = ["for", "aria-describedby", "aria-labelledby"];
        let targets = referring.iter().flat_map(|attribute| {
            let elements = select(&page, &format!("[{attribute}]"));
            elements.into_iter().map(|it| it.attr(attribute).unwrap().to_owned()).collect::<Vec<_>>()
        });
        let fragments = select(&page, "a[href^='#']");
        let fragments = fragments.iter().map(|link| link.attr("href").unwrap().trim_start_matches('#').to_owned());
        for target in targets.chain(fragments) {
            assert!(ids.contains(&target), "{name}: {target}");
        }
    }
    assert!(fields > 0);
}

#[test]
fn a_field_at_fault_is_described_by_the_summary() {
    for (name, at_fault) in [
        ("sign-in", &[] as &[&str]),
        ("sign-in-credentials", &["username", "password"]),
        ("sign-in-username-missing", &["username"]),
        ("sign-in-password-missing", &["password"]),
        ("sign-in-both-missing", &["username", "password"]),
        ("sign-in-expired", &[]),
    ] {
        let html = one(Language::English, PLAIN, name);
        let page = Html::parse_document(&html);
        let summary = select(&page, "[role=alert]");
        assert_eq!(summary.len(), usize::from(name != "sign-in"), "{name}");
        let found: Vec<_> = select(&page, "[aria-invalid=true]").iter().map(|it| it.attr("id").unwrap()).collect();
        assert_eq!(found, at_fault, "{name}");
        for field in select(&page, "[aria-invalid=true]") {
            let described = select(&page, &format!("#{}", field.attr("aria-describedby").unwrap()));
            assert_eq!(described, summary, "{name}");
        }
        assert!(select(&page, "[type=password][value]").is_empty(), "a password never comes back");
        assert_eq!(text(select(&page, "title")[0]).starts_with("Error: "), name != "sign-in", "{name}");
    }
}

#[test]
fn a_page_loads_only_what_the_policy_allows() {
    let paths = ASSETS.map(|asset| asset.path);
    for (_, Sample { name, html }) in every_page() {
        let page = Html::parse_document(&html);
        for loaded in select(&page, "[src]:not(iframe), link[href]") {
            let url = loaded.attr("src").or(loaded.attr("href")).unwrap();
            assert!(paths.contains(&url), "{name}: {url}");
        }
        assert!(select(&page, "style, [style], base, object, img").is_empty(), "{name}");
        // Only the page with frames has a script of its own, which its policy names.
        let inline = select(&page, "script:not([src])");
        assert_eq!(inline.len(), usize::from(name.starts_with("front-channel")), "{name}");
        assert!(inline.iter().all(|script| script.inner_html() == FrontChannelPage::SCRIPT), "{name}");
        for frame in select(&page, "iframe") {
            assert!(frame.attr("src").is_some_and(|src| src.starts_with("https://rp.example/")), "{name}");
            assert_eq!(frame.attr("sandbox"), Some(FrontChannelFrame::SANDBOX), "{name}");
            assert_eq!((frame.attr("referrerpolicy"), frame.attr("loading")), (Some("no-referrer"), None), "{name}");
            assert!(frame.attr("title").is_some_and(|title| !title.is_empty()), "{name}");
        }
        let handlers = page.root_element().descendants().filter_map(|node| node.value().as_element());
        for element in handlers {
            assert!(element.attrs().all(|(attribute, _)| !attribute.starts_with("on")), "{name}: {element:?}");
        }
        let scripts = select(&page, "script[src]").len();
        assert_eq!(scripts, usize::from(name == "resubmit"), "{name}");
    }
}

/// The elements with the names of their attributes, in order.
fn skeleton(html: &str) -> Vec<(String, Vec<String>)> {
    let page = Html::parse_document(html);
    let elements = page.root_element().descendants().filter_map(|node| node.value().as_element());
    elements.map(|it| (it.name().to_owned(), it.attrs().map(|(name, _)| name.to_owned()).collect())).collect()
}

#[test]
fn a_value_is_text_wherever_it_stands() {
    for language in Language::ALL {
        let (plain, hostile) = (samples(language, PLAIN), samples(language, HOSTILE));
        assert_eq!(plain.len(), hostile.len());
        let mut shown = 0;
        for (plain, hostile) in plain.iter().zip(&hostile) {
            assert_eq!(skeleton(&plain.html), skeleton(&hostile.html), "{}", plain.name);
            let page = Html::parse_document(&hostile.html);
            let body = text(select(&page, "body")[0]);
            let plain_body = text(select(&Html::parse_document(&plain.html), "body")[0]);
            assert_eq!(plain_body.matches(PLAIN).count(), body.matches(HOSTILE).count(), "{}", plain.name);
            shown += body.matches(HOSTILE).count();
        }
        assert!(shown > 50, "{shown}");
    }
}

#[test]
fn a_hidden_field_has_its_value_to_the_letter() {
    for name in ["confirm", "confirm-again", "resubmit"] {
        let html = one(Language::Spanish, HOSTILE, name);
        let page = Html::parse_document(&html);
        let form = select(&page, "form[method=post][action='/end_session']");
        assert_eq!(form.len(), 1, "{name}");
        let fields: BTreeMap<_, _> = select(&page, "form input[type=hidden]")
            .iter()
            .map(|field| (field.attr("name").unwrap().to_owned(), field.attr("value").unwrap().to_owned()))
            .collect();
        assert_eq!(fields["state"], HOSTILE, "{name}");
        assert_eq!(fields["client_id"], "rp-1");
        assert_eq!(fields.contains_key("confirmation"), name != "resubmit");
        assert_eq!(fields.contains_key("resubmitted"), name == "resubmit");
    }
    let html = one(Language::English, HOSTILE, "sign-in");
    let page = Html::parse_document(&html);
    let values: Vec<_> = select(&page, "form input[type=hidden]").iter().map(|it| it.attr("value").unwrap()).collect();
    assert_eq!(values, [HOSTILE, HOSTILE]);
}

#[test]
fn the_question_has_both_answers_and_an_offer_only_a_yes() {
    let answers = |name: &str| {
        let html = one(Language::English, PLAIN, name);
        let page = Html::parse_document(&html);
        let buttons = select(&page, "form[action='/end_session'] button");
        buttons
            .iter()
            .map(|it| (it.attr("name"), it.attr("value")) == (Some("confirm"), Some("yes")))
            .collect::<Vec<_>>()
    };
    assert_eq!(answers("confirm"), [true, false]);
    assert_eq!(answers("confirm-again"), [true, false]);
    assert_eq!(answers("refusal-client_unknown--offer"), [true]);
    assert_eq!(answers("refusal-client_unknown-"), [] as [bool; 0]);
    assert_eq!(answers("account"), [true]);
    assert_eq!(answers("resubmit"), [false]);
}

#[test]
fn what_was_not_ended_is_named() {
    let body = |name: &str| {
        let html = one(Language::English, PLAIN, name);
        text(select(&Html::parse_document(&html), "main")[0])
    };
    assert!(!body("signed-out").contains("still open"));
    assert!(!body("signed-out-nobody").contains("still open"));
    assert!(body("signed-out-nobody").contains("This browser had no session here"));
    assert!(body("signed-out-elsewhere").contains("The session that the application named has ended."));
    assert!(body("signed-out-not-told").contains("What is still open"));
    assert!(body("signed-out-not-told").contains(PLAIN));
    assert!(body("signed-out-told").contains(PLAIN) && !body("signed-out-told").contains("still open"));
    assert!(body("signed-out-frames").contains(PLAIN) && !body("signed-out-frames").contains("still open"));
    assert!(body("signed-out-pending").contains("What is still open"));
    assert!(body("signed-out-everywhere").contains("Your sessions in all browsers have ended."));
    assert!(body("signed-out-session").contains("You have one more session"));
    assert!(body("signed-out-not-ended").contains("You have 12345 more sessions"));
}

#[test]
fn the_page_with_frames_leads_on_with_a_script_without_one_and_by_hand() {
    let html = one(Language::English, PLAIN, "front-channel");
    let page = Html::parse_document(&html);
    let link = select(&page, "a#continue")[0].attr("href").unwrap();
    assert!(link.starts_with("https://rp.example/bye?state="), "{link}");
    // The parser reads what is in noscript as text, as browsers with scripts do.
    let without_scripts = Html::parse_document(&select(&page, "head noscript")[0].inner_html());
    let unescaped = Html::parse_fragment(&text(without_scripts.root_element()));
    let refresh = select(&unescaped, "meta").first().and_then(|meta| meta.attr("content").map(str::to_owned));
    let refresh = refresh.or_else(|| select(&without_scripts, "meta")[0].attr("content").map(str::to_owned));
    assert_eq!(refresh.unwrap(), format!("3;url={link}"));
    assert_eq!(select(&page, "iframe").len(), 2);
    // The script follows the link, so it stands below.
    assert!(html.find("id=\"continue\"").unwrap() < html.find("<script>").unwrap());
    assert!(policy_with_frames().contains(FrontChannelPage::SCRIPT_HASH));
}

#[test]
fn the_clients_that_are_told_in_frames_are_named() {
    for language in Language::ALL {
        for name in ["front-channel", "front-channel-alone", "signed-out-frames"] {
            let html = one(language, PLAIN, name);
            let page = Html::parse_document(&html);
            let names: Vec<_> = select(&page, "main li").into_iter().map(text).collect();
            assert_eq!(names, [PLAIN, "Demo mail"], "{name}");
            let titles =
                select(&page, "iframe").iter().map(|it| it.attr("title").unwrap().to_owned()).collect::<Vec<_>>();
            assert!(titles[0].contains(PLAIN) && titles[1].contains("Demo mail"), "{titles:?}");
            // What is in a frame is not for the user: it gets no focus, and nothing is said of it.
            assert!(select(&page, "iframe").iter().all(|frame| frame.attr("tabindex") == Some("-1")), "{name}");
            assert_eq!(select(&page, "[role=status]").len(), usize::from(name != "signed-out-frames"), "{name}");
            assert!(select(&page, "main iframe, [hidden], [aria-hidden]").is_empty(), "{name}");
        }
        let said = |name: &str| text(select(&Html::parse_document(&one(language, PLAIN, name)), "main")[0]);
        // Where the user goes on to is said, and it is on the link.
        assert_eq!(said("front-channel").matches(PLAIN).count(), 3);
        assert_eq!(said("front-channel-alone").matches(PLAIN).count(), 1);
    }
    let style = ASSETS.iter().find(|asset| asset.content_type.starts_with("text/css")).unwrap().body;
    let rule = style.split_once(".frames iframe {").unwrap().1.split_once('}').unwrap().0;
    assert!(!rule.contains("display") && !rule.contains("visibility"), "browsers may not load it");
}

#[test]
fn times_are_in_utc_and_minutes_rounded_up() {
    let html = one(Language::English, PLAIN, "account");
    let page = Html::parse_document(&html);
    let time = select(&page, "time")[0];
    assert_eq!(time.attr("datetime"), Some("2026-03-29T21:59:59Z"));
    assert_eq!(text(time), "2026-03-29, 21:59 UTC");
    for (seconds, words) in [
        (0, "wait a minute"),
        (1, "wait a minute"),
        (60, "wait a minute"),
        (61, "wait 2 minutes"),
        (3600, "wait 60 minutes"),
    ] {
        let html = one(Language::English, PLAIN, &format!("too-many-attempts-{seconds}"));
        assert!(text(select(&Html::parse_document(&html), "main")[0]).contains(words), "{seconds}");
    }
}

#[test]
fn every_refusal_has_words_of_its_own() {
    for language in Language::ALL {
        let mut words = BTreeMap::new();
        for (name, reason) in refusals() {
            let html = one(language, PLAIN, &format!("refusal-{name}"));
            let page = Html::parse_document(&html);
            let said = text(select(&page, "main > p")[0]);
            assert!(said.ends_with('.'), "{name}: {said}");
            let code = match reason {
                RefusalReason::IdTokenHintInvalid(error) => error.code(),
                reason => reason.code(),
            };
            assert!(words.insert(said, code).is_none_or(|other| other == code), "{name}");
            let developer = text(select(&page, "section[aria-labelledby=developer] [lang=en]")[0]);
            let note = developer_note(reason);
            assert!(developer.starts_with(reason.code()) && developer.ends_with(&note), "{developer}");
            // What is wrong with the host is for its log.
            let shows_detail = !matches!(reason, RefusalReason::HostError(_));
            assert!(!shows_detail || developer.contains(reason.detail().unwrap_or_default()), "{developer}");
        }
        assert_eq!(words.len(), codes("RefusalReason").len() - 1 + codes("HintError").len());
        assert!(!words.keys().any(|said| said.contains("that is not accepted here")), "the words for what has none");
    }
}

#[test]
fn every_error_has_words_of_its_own() {
    for language in Language::ALL {
        let words: BTreeSet<_> = PageError::ALL
            .iter()
            .map(|error| {
                let html = one(language, PLAIN, &format!("error-{}", error.code()));
                text(select(&Html::parse_document(&html), "main > p")[0])
            })
            .collect();
        assert_eq!(words.len(), PageError::ALL.len());
    }
}

#[test]
fn the_samples_have_every_reason_that_the_library_has() {
    let sampled = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let reasons = refusal_reasons();
    assert_eq!(sampled(reasons.iter().map(|reason| reason.code()).collect()), codes("RefusalReason"));
    assert_eq!(sampled(hint_errors().into_iter().map(HintError::code).collect()), codes("HintError"));
    let host_errors = reasons.iter().filter_map(|reason| match reason {
        RefusalReason::HostError(error) => Some(error.code()),
        _ => None,
    });
    assert_eq!(sampled(host_errors.collect()), codes("HostError"));
    // Whoever adds a type with codes to the library decides here whether pages need words for it.
    let types: Vec<_> = codes_of_the_library().into_keys().collect();
    assert_eq!(types, ["ConfirmReason", "HintError", "HostError", "RefusalReason"]);
}

/// The library's words as a sentence, in which no parameter's name is changed.
fn developer_note(reason: RefusalReason) -> String {
    let words = reason.to_string();
    if matches!(reason, RefusalReason::DuplicateParameter { .. }) {
        return format!("The parameter {words}.");
    }
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest + "."
}

#[test]
fn the_developers_note_is_a_sentence_and_names_the_parameter() {
    for (name, reason) in refusals() {
        let html = one(Language::Spanish, PLAIN, &format!("refusal-{name}"));
        let note = note(&html);
        assert!(note.starts_with(|first: char| first.is_ascii_uppercase()) && note.ends_with('.'), "{name}: {note}");
        if let RefusalReason::MalformedRequest { parameter, .. } | RefusalReason::DuplicateParameter { parameter } =
            reason
        {
            assert!(note.contains(parameter), "{note}");
        }
    }
    let sampled = |error: PageError| note(&one(Language::Spanish, PLAIN, &format!("error-{}", error.code())));
    for error in PageError::ALL {
        let note = sampled(error);
        assert!(note.starts_with(|first: char| first.is_ascii_uppercase()) && note.ends_with('.'), "{note}");
        let parameter = match error {
            PageError::ClientMissing | PageError::ClientUnknown => "client_id",
            PageError::RedirectUriMissing | PageError::RedirectUriNotRegistered => "redirect_uri",
            PageError::MalformedRequest { parameter } => parameter.unwrap(),
            PageError::DuplicateParameter { parameter } => parameter,
            _ => continue,
        };
        assert!(note.contains(parameter), "{note}");
    }
}

/// The developer's note on an error page, without the code before it.
fn note(html: &str) -> String {
    let page = Html::parse_document(html);
    let section = select(&page, "section[aria-labelledby=developer] [lang=en]")[0];
    let code = text(select(&page, "section[aria-labelledby=developer] code")[0]);
    text(section).strip_prefix(&code).unwrap().trim().to_owned()
}

fn one(language: Language, text: &str, name: &str) -> String {
    let mut found = samples(language, text).into_iter().filter(|sample| sample.name == name);
    let sample = found.next().unwrap_or_else(|| panic!("no page {name}"));
    assert!(found.next().is_none(), "two pages {name}");
    sample.html
}
