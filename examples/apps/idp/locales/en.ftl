# Every page
provider = Demo provider
client-label = Application
for-developer = For the developer of the application
for-developer-of = For the developer of { $client }

# Signing in
sign-in-title = Sign in
sign-in-error-title = Error: Sign in
sign-in-for = Sign in to continue to { $client }. It does not see your password.
sign-in-leads-to = After signing in, you go to { $address }.
sign-in-username = User name
sign-in-password = Password
sign-in-button = Sign in
sign-in-error = You are not signed in yet
sign-in-credentials = The user name or the password is wrong.
sign-in-username-missing = Enter your user name.
sign-in-password-missing = Enter your password.
sign-in-expired = You took too long, or this form came from another browser. Please sign in again.

# The question
ask-title = Do you want to sign out of { provider }?
ask-client = The request is on behalf of { $client }.
ask-user = You are signed in as { $user }.
ask-repeated = Your first answer could not be used. Please answer again.
ask-returns = After signing out, you go back to { $client }.
ask-stays = After signing out, you stay here.
ask-yes = Yes, sign out
ask-no = No, stay signed in
ask-reasons = Why you are asked
ask-no-hint = The request does not say which account it is for, so anybody could have made it.
ask-invalid-hint = The application sent proof of who you are that is not valid.
ask-subject-unknown = We cannot tell whether the request is for your account.
ask-other-subject = The request is for another account, not for yours.
ask-other-session = The request is for another session, not for the one in this browser.
ask-no-client-session = You have not signed in to this application in this session.
ask-hint-without-sid = The request does not say which of your sessions it is for.
ask-unknown-client = The request names an application that is not known here.
ask-policy = You are always asked before you are signed out.
ask-confirmation-invalid = Your answer came from an old page, or you have signed in again since then.
ask-confirmation-expired = Your answer came more than 10 minutes after the question.
ask-other = You must confirm the request.

# A form that is posted again
resubmit-title = One moment
resubmit-text = Your request to sign out is on its way. If nothing happens, press the button.
resubmit-button = Continue

# After the answer
signed-out-title = You are signed out
signed-out-ended = Your session in this browser has ended.
signed-out-elsewhere = The session that the application named has ended.
signed-out-everywhere = Your sessions in all browsers have ended.
signed-out-nobody = This browser had no session here, so there was nothing to end.
signed-out-told = These applications have ended your session too:
signed-out-frames = This page is telling these applications:
signed-out-pending = We have not reached these applications yet, and go on trying:
signed-out-not-ended = What is still open
signed-out-clients = You may still be signed in to these applications. Sign out there too.
signed-out-sessions =
    { $count ->
        [one] You have one more session, in another browser.
       *[other] You have { $count } more sessions, in other browsers.
    }
signed-out-sign-in = Sign in
front-channel-title = You are signed out
front-channel-text = Your session here has ended. Signing you out of these applications too:
front-channel-goes-on = In a moment you go back to { $client }. If nothing happens, press the button.
front-channel-goes-on-unnamed = In a moment you go on. If nothing happens, press the button.
front-channel-continue = Continue to { $client }
front-channel-continue-unnamed = Continue
frame-title = Signing out of { $client }
declined-title = You are still signed in
declined-user = You are signed in as { $user }. Nothing has changed.
declined-client = To continue with { $client }, open it again.
declined-account = Your account

# Requests to sign out that are refused
refusal-title = Signing out did not work
refusal-still = You are still signed in
refusal-offer = You are signed in as { $user }. You can sign out here.
refusal-offer-unnamed = You can sign out here.
refusal-button = Sign out
refusal-account = See whether you are signed in
refusal-request-too-large = The application sent a request that is too large.
refusal-malformed-request = The application sent a request with characters that cannot be read.
refusal-duplicate-parameter = The application sent a request that says the same thing more than once.
refusal-head-request = The application only checked whether this page exists. Nothing was done.
refusal-method-not-allowed = The application called this page in a way that is not supported.
refusal-unsupported-media-type = The application sent its request in a format that is not supported.
refusal-state-too-long = The application sent a value for its own use (the “state”) that is too long.
refusal-state-too-short = The application sent a value for its own use (the “state”) that is too short to be safe.
refusal-state-missing = The application did not send a value for its own use (the “state”), which is required here.
refusal-redirect-uri-missing = The application did not say where you should go after signing out.
refusal-id-token-hint-refused = The application sent proof of who you are, which is not accepted here.
refusal-id-token-hint-missing = The application did not send proof of who you are.
refusal-client-missing = The application did not say which application it is.
refusal-client-mismatch = The application gave two different names for itself.
refusal-client-unknown = The application is not known here.
refusal-redirect-uri-not-registered = The application wants to send you to an address that is not registered for it.
refusal-prefetch = Your browser opened this page before you asked for it. Nothing was done.
refusal-embedded-request = The application asked from inside its own page, where we cannot see whether you are signed in. Open this page in a window of its own.
refusal-session-cookie-missing = Your browser did not show us your session, so it was not ended.
refusal-host-error = We made an error. The application is not to blame.
refusal-other = The application sent a request that is not accepted here.
hint-too-large = The application sent proof of who you are that is too large.
hint-encrypted = The application sent proof of who you are that is encrypted and cannot be read here.
hint-malformed = The application sent proof of who you are that is damaged.
hint-type = The application sent something other than proof of who you are.
hint-algorithm = The application sent proof of who you are that is signed in a way that is not allowed for it.
hint-key = The application sent proof of who you are that is signed with a key not known here.
hint-signature = The application sent proof of who you are whose signature is wrong.
hint-issuer = The application sent proof of who you are that another provider made.
hint-not-yet-valid = The application sent proof of who you are that is dated in the future.
hint-expired = The application sent proof of who you are that is too old.
hint-audience = The application sent proof of who you are that does not say which application it was made for.
hint-rejected = The application sent proof of who you are that we no longer accept.

# Other errors
error-title = This did not work
error-authorization-title = Signing in did not work
error-home = Go to the start page
error-client-missing = The application that sent you here did not say which one it is.
error-client-unknown = The application that sent you here is not known.
error-redirect-uri-missing = The application that sent you here did not say where to send you back to.
error-redirect-uri-not-registered = The application that sent you here wants to send you back to an address that is not registered for it, so you stay here.
error-malformed-request = The application that sent you here made a request with characters that cannot be read.
error-duplicate-parameter = The application that sent you here made a request that says the same thing more than once.
error-bad-request = The request cannot be understood.
error-request-too-large = The request is too large.
error-not-found = This page does not exist.
error-method-not-allowed = This page cannot be called in this way.
error-internal = We made an error. Please try again later.
attempts-title = Too many attempts
attempts-text =
    { $minutes ->
        [one] Signing in failed too often. Please wait a minute, then try again.
       *[other] Signing in failed too often. Please wait { $minutes } minutes, then try again.
    }
attempts-again = Back to signing in

# The account
account-title = Your account
account-name = Name
account-username = User name
account-since = Signed in since
account-sign-out = Sign out
account-everywhere = Sign out everywhere
account-clients = Applications
account-takes-part = You have signed in to it in this session.

# The client to try it with
client-home-title = You are not signed in
client-home-text = This application uses { provider } to sign you in.
client-signed-out-title = You are back, and signed out
client-returned-title = You are back
client-signed-out-text = The provider sent you back here.
client-state = The state that came back
client-state-matches = It is the one that this application sent.
client-state-differs = It is not the one that this application sent. A real application would treat this as an error.
client-state-missing = No state came back.
client-sign-in = Sign in with { provider }
client-account-title = You are signed in
client-claims = What the ID Token says about you
client-claim = Claim
client-value = Value
client-sign-outs = Ways to sign out
client-forget = Sign out here only
client-forget-text = You stay signed in at the provider.
client-error-title = You are not signed in
client-error-text = The provider sent you back without signing you in.
client-error-code = Error
sign-out-hint = Sign out
sign-out-hint-text = With the ID Token as a hint: the provider signs you out and sends you back.
sign-out-hint-post = Sign out by POST
sign-out-hint-post-text = The same from a form. The provider first posts it to itself, so that its cookie comes along.
sign-out-client-id = Sign out without a hint
sign-out-client-id-text = With the client_id alone: the provider asks you first.
sign-out-no-redirect = Sign out and stay there
sign-out-no-redirect-text = Without a post_logout_redirect_uri: you stay at the provider.
sign-out-unregistered-uri = Go to an unknown address
sign-out-unregistered-uri-text = With a post_logout_redirect_uri that is not registered: refused.
sign-out-broken-hint = Send a forged hint
sign-out-broken-hint-text = With an ID Token whose signature is wrong: refused.
sign-out-long-state = Send a long state
sign-out-long-state-text = With a state that is longer than the provider allows: refused.
