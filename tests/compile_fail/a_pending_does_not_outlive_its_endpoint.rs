use oidc_logout::{LogoutEndpoint, LogoutRequest, Pending};
use time::OffsetDateTime;

fn given<T>() -> T {
    loop {}
}

fn returned(request: LogoutRequest, now: OffsetDateTime) -> Pending<'static> {
    let endpoint: LogoutEndpoint = given();
    endpoint.receive(request, now).unwrap() //~ E0515
}

fn dropped(request: LogoutRequest, now: OffsetDateTime) {
    let pending;
    {
        let endpoint: LogoutEndpoint = given();
        pending = endpoint.receive(request, now).unwrap(); //~ E0597
    }
    let _ = pending.decide(None, None);
}

fn moved(endpoint: LogoutEndpoint, request: LogoutRequest, now: OffsetDateTime) {
    let pending = endpoint.receive(request, now).unwrap();
    drop(endpoint); //~ E0505
    let _ = pending.decide(None, None);
}

fn main() {}
