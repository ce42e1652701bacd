"""Authlib: its EndSessionEndpoint behind its AuthorizationServer, without a web framework."""

import base64
from urllib.parse import parse_qsl

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request
from authlib.oidc.rpinitiated import EndSessionEndpoint
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import KeySet, RSAKey

from turns import read_fixture, serve

fixture = read_fixture()


class Client:
    client_metadata = {"post_logout_redirect_uris": [fixture["post_logout_redirect_uri"]]}


CLIENTS = {fixture["client_id"]: Client()}
KEYS = KeySet.import_key_set({"keys": [fixture["public_jwk"]]})


class Server(AuthorizationServer):
    def query_client(self, client_id):
        return CLIENTS.get(client_id)

    def create_oauth2_request(self, query):
        request = OAuth2Request("GET", fixture["issuer"] + "/logout")
        request.payload = BasicOAuth2Payload(dict(parse_qsl(query, keep_blank_values=True)))
        return request

    def handle_response(self, status, body, headers):
        return status, body, headers


class EndSession(EndSessionEndpoint):
    ended = 0

    def get_server_jwks(self):
        return KEYS

    def get_algorithms(self):
        return ["RS256"]

    def end_session(self, request):
        EndSession.ended += 1


server = Server()
server.register_endpoint(EndSession)


def decision(query=fixture["query"]):
    return server.create_endpoint_response("end_session", query)


status, _, headers = decision()
assert (status, dict(headers)["Location"]) == (302, fixture["location"])
assert EndSession.ended == 1
status, _, headers = decision(fixture["tampered_query"])
assert status == 400 and "Location" not in dict(headers), (status, headers)
assert EndSession.ended == 1

signed, encoded = fixture["id_token"].encode().rsplit(b".", 1)
signature = base64.urlsafe_b64decode(encoded + b"==")
key = RSAKey.import_key(fixture["public_jwk"]).public_key
padding, digest = PKCS1v15(), SHA256()

serve("authlib", {"decision": decision, "signature": lambda: key.verify(signature, signed, padding, digest)})
