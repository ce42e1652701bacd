"""idpyoidc: the end session endpoint of its server, to the redirect to its page that asks the user."""

import sys
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptojwt.exception import BadSignature
from cryptojwt.jws.jws import factory
from cryptojwt.key_jar import build_keyjar
from idpyoidc.server import Server
from idpyoidc.server.authn_event import create_authn_event
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.oidc.session import Session

from turns import read_fixture, serve

fixture = read_fixture()
issuer, client_id = fixture["issuer"], fixture["client_id"]


class EndSession(Session):
    def client_authentication(self, *args, **kwargs):
        return {}  # A browser's request carries none.


# The RSA key of the ID Tokens, and the one that the endpoint signs its own note for the next page with. ES256 is what
# idpyoidc's example configuration has there; RS256 would be dearer.
keys = build_keyjar([{"type": "EC", "crv": "P-256", "use": ["sig"]}])
keys.import_jwks({"keys": [fixture["private_jwk"]]}, "")
keys.import_jwks(keys.export_jwks(private=True), issuer)

octets = {"key_defs": [{"type": "OCT", "kid": use, "use": [use]} for use in ("enc", "sig")]}
configuration = {
    "issuer": issuer,
    "keys": {"uri_path": "jwks.json", "key_defs": []},
    "cookie_handler": {
        "class": "idpyoidc.server.cookie_handler.CookieHandler",
        "kwargs": {"keys": octets, "name": {"session": "op", "register": "op_rp", "session_management": "op_sm"}},
    },
    "token_handler_args": {"jwks_def": {"private_path": None}},
    "session_params": {"encrypter": {"kwargs": {"keys": octets}}},
    "endpoint": {
        "session": {
            "path": "session",
            "class": EndSession,
            "kwargs": {
                "logout_verify_url": issuer + "/verify_logout",
                "post_logout_uri_path": "post_logout",
                "signing_alg": "ES256",
            },
        },
    },
}
server = Server(OPConfiguration(configuration, base_path="/"), keyjar=keys)
context = server.context
context.cdb[client_id] = {
    "client_id": client_id,
    "redirect_uris": [("https://rp.example/callback", {})],
    "post_logout_redirect_uri": [(fixture["post_logout_redirect_uri"], {})],
}

# A user who is signed in at the client, with the session's cookie.
sid = context.session_manager.create_session(
    create_authn_event("user"), {"client_id": client_id, "scope": ["openid"]}, user_id="user", client_id=client_id
)
context.session_manager.get_session_info(sid, grant=True)["grant"].sub = fixture["subject"]
cookie = context.new_cookie(name="op", sub=fixture["subject"], sid=sid)
http_info = {"cookie": [cookie]}
endpoint = server.get_endpoint("session")


def decision(query=fixture["query"]):
    request = endpoint.parse_request(dict(parse_qsl(query, keep_blank_values=True)), http_info)
    return endpoint.process_request(request, http_info)["redirect_location"]


location = urlsplit(decision())
assert location._replace(query="").geturl() == issuer + "/verify_logout"
[note] = parse_qs(location.query)["sjwt"]
note = factory(note).verify_compact(keys=keys.get_signing_key("EC"), sigalg="ES256")
assert note["redirect_uri"] == fixture["location"], note
try:
    sys.exit(f"redirected without a valid signature: {decision(fixture['tampered_query'])}")
except BadSignature:
    pass

serve("idpyoidc", {"decision": decision})
