"""pyop: its Provider's own step from a logout request to the redirect."""

import sys

from jwkest import BadSignature
from jwkest.jwk import RSAKey
from oic.oic.message import EndSessionRequest
from pyop.provider import Provider

from turns import read_fixture, serve

fixture = read_fixture()
issuer = fixture["issuer"]
configuration = {
    "issuer": issuer,
    "authorization_endpoint": issuer + "/authorization",
    "jwks_uri": issuer + "/jwks",
    "token_endpoint": issuer + "/token",
}
clients = {fixture["client_id"]: {"post_logout_redirect_uris": [fixture["post_logout_redirect_uri"]]}}
key = RSAKey(**fixture["private_jwk"])
key.deserialize()
provider = Provider(key, configuration, None, clients, None)


def decision(query=fixture["query"]):
    return provider.do_post_logout_redirect(EndSessionRequest().deserialize(query))


assert decision() == fixture["location"], decision()
try:
    sys.exit(f"redirected without a valid signature: {decision(fixture['tampered_query'])}")
except BadSignature:
    pass

serve("pyop", {"decision": decision})
