//! Causes are `non_exhaustive`, so that a new one breaks no build. Each match below names all
//! variants and still fails.
use oidc_logout::op::{ChannelUriError, ClientError, ConfirmReason, DeliveryFault, HintError, HostError, NetworkError, NotToldCause, PolicyError, RefusalReason, RegistrationError, VerifyHintError};
use oidc_logout::{Algorithm, ClientMetadataError, EndSessionEndpointError, FormFault, KeyError, KeySetError, MalformedToken, UriError};

fn refusal_reason(cause: RefusalReason) {
    use RefusalReason::*;
    match cause { //~ E0004
        RequestTooLarge | MalformedRequest { .. } | DuplicateParameter { .. } | HeadRequest | MethodNotAllowed => {}
        UnsupportedMediaType | StateTooLong { .. } | StateTooShort { .. } | StateMissing { .. } | RedirectUriMissing => {}
        IdTokenHintRefused | IdTokenHintMissing | ClientMissing | ClientIdMissing | IdTokenHintInvalid(_) | ClientMismatch => {}
        ClientUnknown | RedirectUriNotRegistered | Prefetch | EmbeddedRequest | SessionCookieMissing | HintTooOld | CannotConfirm(_) | HostError(_) => {}
    }
}

fn hint_error(cause: HintError) {
    use HintError::*;
    match cause { //~ E0004
        TooLarge | Encrypted | Malformed(_) | Type | Algorithm | ClientAlgorithm | Key | NoKeys | ClientSecret => {}
        Signature | ClientSignature | Issuer | NotYetValid(_) | Expired | Audience | Rejected => {}
    }
}

fn malformed_token(cause: MalformedToken) {
    use MalformedToken::*;
    match cause { //~ E0004
        Segments | Base64(_) | Json(_) | Missing(_) | Duplicate(_) | WrongType(_) | Critical => {}
    }
}

fn confirm_reason(cause: ConfirmReason) {
    use ConfirmReason::*;
    match cause { //~ E0004
        NoHint | InvalidHint(_) | SubjectUnknown | OtherSubject | OtherSession | NoClientSession | HintWithoutSid => {}
        UnknownClient | Policy | ConfirmationInvalid | ConfirmationExpired => {}
    }
}

fn uri_error(cause: UriError) {
    use UriError::*;
    match cause { //~ E0004
        TooLong | InternationalizedHost | Character | SchemeUnderscore | Relative | Fragment | Scheme | Wildcard => {}
        Userinfo | Host | Port | HttpNotAllowed => {}
    }
}

fn client_error(cause: ClientError) {
    use ClientError::*;
    match cause { //~ E0004
        PostLogoutRedirectUri { .. } | SecretTooShort { .. } | TooManyUris { .. } | HmacForPublicClient => {}
        FormActionScheme { .. } | BackChannelUri(_) | FrontChannelUri(_) => {}
    }
}

fn registration_error(cause: RegistrationError) {
    use RegistrationError::*;
    match cause { //~ E0004
        Metadata(_) | TooManyUris { .. } | UnsupportedAlgorithm | HmacWithoutSecret | SecretTooShort { .. } => {}
        PostLogoutRedirectUri { .. } | BackChannelUri(_) | FrontChannelUri(_) => {}
    }
}

fn end_session_endpoint_error(cause: EndSessionEndpointError) {
    use EndSessionEndpointError::*;
    match cause { //~ E0004
        Uri(_) | Parameter => {}
    }
}

fn policy_error(cause: PolicyError) {
    use PolicyError::*;
    match cause { //~ E0004
        StateBounds | BadHintLetThrough | NeverRedirects => {}
    }
}

fn key_error(cause: KeyError) {
    use KeyError::*;
    match cause { //~ E0004
        Malformed | Type | Use | Algorithm | Rsa | Point => {}
    }
}

fn key_set_error(cause: KeySetError) {
    match cause { //~ E0004
        KeySetError::Malformed => {}
    }
}

fn verify_hint_error(cause: VerifyHintError) {
    match cause { //~ E0004
        VerifyHintError::Invalid(_) | VerifyHintError::ClientMismatch => {}
    }
}

fn client_metadata_error(cause: ClientMetadataError) {
    use ClientMetadataError::*;
    match cause { //~ E0004
        NotAnObject | DuplicateMember { .. } | WrongType { .. } | UriNotAString { .. } | TooManyUris => {}
        UnknownApplicationType | UnknownAlgorithm => {}
    }
}

fn form_fault(cause: FormFault) {
    match cause { //~ E0004
        FormFault::Percent | FormFault::Utf8 | FormFault::Base64 => {}
    }
}

fn algorithm(algorithm: Algorithm) {
    use Algorithm::*;
    match algorithm { //~ E0004
        Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 | Es256 | Es384 | Es512 | EdDsa | Hs256 | Hs384 | Hs512 => {}
    }
}

fn channel_uri_error(cause: ChannelUriError) {
    use ChannelUriError::*;
    match cause { //~ E0004
        Uri(_) | Address | Ipv6 | Origin | Query => {}
    }
}

fn network_error(cause: NetworkError) {
    use NetworkError::*;
    match cause { //~ E0004
        Form | HostBits | Mapped => {}
    }
}

fn delivery_fault(cause: DeliveryFault) {
    use DeliveryFault::*;
    match cause { //~ E0004
        Status(_) | Timeout | Transport | AddressBlocked | ClientGone | NoChannel | KeyGone | SessionRequired | TooLate => {}
    }
}

fn not_told_cause(cause: NotToldCause) {
    use NotToldCause::*;
    match cause { //~ E0004
        NoChannel | SessionRequired | Unidentified | NoFrame | TooManyFrames => {}
    }
}

fn host_error(cause: HostError) {
    match cause { //~ E0004
        HostError::OtherClient | HostError::Mac => {}
    }
}

fn main() {}
