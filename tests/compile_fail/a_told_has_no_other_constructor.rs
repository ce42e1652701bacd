//! Who was told comes out of notices that were planned, or is `nobody`, which a reader sees.
use oidc_logout::op::{FrontChannelFrame, NotTold, NotToldCause, Notices, Told};
use oidc_logout::ClientId;

fn given<T>() -> T {
    loop {}
}

fn make() {
    let _ = Told::default(); //~ E0599
    let _ = Told::new; //~ E0599
    let _: Told = given::<Notices>().into(); //~ E0277
    let _: Told = given::<&Notices>().into(); //~ E0277
    let _: Told = serde_json::from_str("{}").unwrap(); //~ E0277
    let _ = Notices::plan; //~ E0624
    let _ = Notices::default(); //~ E0599
    let _ = FrontChannelFrame::new; //~ E0624
    let _ = NotTold { client_id: ClientId::new("rp-1"), cause: NotToldCause::NoChannel }; //~ E0639
}

fn change(told: &mut Told, notices: &mut Notices, frame: &mut FrontChannelFrame) {
    told.frames.clear(); //~ E0616
    told.delivered.clear(); //~ E0616
    told.pending.clear(); //~ E0616
    told.unreached.clear(); //~ E0616
    notices.frames.clear(); //~ E0616
    notices.back_channel.clear(); //~ E0616
    frame.src = String::new(); //~ E0616
}

fn main() {}
