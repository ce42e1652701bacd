"""Writes what every program shares: a fresh RSA key, an ID Token signed with it, and the request to be timed.

fixture.py FILE
"""

import base64
import json
import sys
import time
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER = "https://op.example"
CLIENT_ID = "rp-1"
SUBJECT = "248289761001"
SID = "08a5019c-17e1-4977-8f42-65a12843ea02"
REDIRECT_URI = "https://rp.example/signed-out"
STATE = "af0ifjsldkj2l3k4j5lk6j7h8g9"

key = RSAKey.generate_key(2048, {"kid": "2026-1", "alg": "RS256", "use": "sig"}, private=True)
now = int(time.time())
claims = {"iss": ISSUER, "sub": SUBJECT, "aud": CLIENT_ID, "sid": SID, "iat": now, "exp": now + 86400}
id_token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def with_one_bit_flipped(token):
    head, signature = token.rsplit(".", 1)
    octets = bytearray(base64.urlsafe_b64decode(signature + "=="))
    octets[128] ^= 1
    return head + "." + base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def query(token):
    return urlencode({"id_token_hint": token, "post_logout_redirect_uri": REDIRECT_URI, "state": STATE})


fixture = {
    "issuer": ISSUER,
    "client_id": CLIENT_ID,
    "subject": SUBJECT,
    "sid": SID,
    "post_logout_redirect_uri": REDIRECT_URI,
    "private_jwk": key.as_dict(private=True),
    "public_jwk": key.as_dict(private=False),
    "id_token": id_token,
    "query": query(id_token),
    "tampered_query": query(with_one_bit_flipped(id_token)),
    "location": f"{REDIRECT_URI}?state={STATE}",
}
with open(sys.argv[1], "w") as file:
    json.dump(fixture, file)
