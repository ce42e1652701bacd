//! A URI by which a client hears of logouts passes registration, and a network is read from its
//! text.
use std::net::IpAddr;

use oidc_logout::op::{BackChannelUri, FrontChannelUri, Network};

const URI: &str = "https://rp.example/logout";

fn given<T>() -> T {
    loop {}
}

fn main() {
    let _ = BackChannelUri::new(URI); //~ E0599
    let _ = FrontChannelUri::new(URI); //~ E0599
    let _: BackChannelUri = URI.to_owned().into(); //~ E0277
    let _: FrontChannelUri = URI.to_owned().into(); //~ E0277
    let _: Network = given::<IpAddr>().into(); //~ E0277
}
