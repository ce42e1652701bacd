//! A session that ends.

use oidc_logout::op::{Answer, Client, Decision, EndSession, LogoutEndpoint, LogoutRequest, Session};
use time::OffsetDateTime;

use super::browser;

/// By a request without a hint, and a yes to the question that it leads to.
pub(crate) fn by_a_yes(
    endpoint: &LogoutEndpoint,
    client: &Client,
    parameters: &[(&str, &str)],
    now: OffsetDateTime,
) -> EndSession {
    let session = Session::new([1; 32], "user-1");
    let decide = |request: LogoutRequest| endpoint.receive(request, now).unwrap().decide(Some(client), Some(&session));
    let parameters = [("client_id", client.id().as_str())].into_iter().chain(parameters.iter().copied());
    let request = LogoutRequest::from_query(browser::post(parameters, None)).unwrap();
    let Decision::Answer(Answer::Confirm(ask)) = decide(request) else { panic!("nothing proves the request") };
    let yes = browser::post(ask.fields(), Some(("confirm", "yes")));
    let Decision::EndSession(end) = decide(LogoutRequest::from_form(yes).unwrap()) else { panic!("it was a yes") };
    end
}
