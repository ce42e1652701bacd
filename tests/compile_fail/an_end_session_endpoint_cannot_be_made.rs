//! The URL of an endpoint exists only if it passed its checks, and cannot be changed afterwards.
use oidc_logout::{EndSessionEndpoint, ProviderMetadata};

fn make(uri: String, end_session_endpoint: EndSessionEndpoint) {
    let _ = EndSessionEndpoint(uri); //~ E0423
    let _ = ProviderMetadata { end_session_endpoint }; //~ E0639
}

fn change(mut endpoint: EndSessionEndpoint, uri: String) {
    endpoint.0 = uri; //~ E0616
}

fn main() {}
