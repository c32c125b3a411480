"""PyJWT as an API: it is given the issuer's address, and verifies an access token with what it finds there.

Reads its task as JSON from standard input and prints the verified claims. Fails with a traceback.
"""

import json
import sys

import jwt
import requests


def main(task):
    issuer, audience = task["issuer"], task["audience"]
    metadata = requests.get(issuer + "/.well-known/openid-configuration").json()
    assert metadata["issuer"] == issuer, metadata
    answer = requests.post(
        metadata["token_endpoint"], {"grant_type": "client_credentials"}, auth=(task["client_id"], task["secret"])
    )
    answer.raise_for_status()
    token = answer.json()["access_token"]
    keys = jwt.PyJWKClient(metadata["jwks_uri"])

    def verify(token, audience=audience, issuer=issuer):
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key,
            algorithms=["ES256", "RS256"],
            audience=audience,
            issuer=issuer,
            # RFC 9068 §2.2.
            options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
        )

    def refuses(error, *arguments, **named):
        try:
            verify(*arguments, **named)
        except error:
            return
        raise AssertionError(f"{error.__name__} was expected")

    header = jwt.get_unverified_header(token)
    assert header["typ"] == "at+jwt", header
    claims = verify(token)
    assert claims["exp"] > claims["iat"], claims

    head, payload, signature = token.split(".")
    swapped = "B" if signature[0] == "A" else "A"
    refuses(jwt.InvalidSignatureError, f"{head}.{payload}.{swapped}{signature[1:]}")
    refuses(jwt.InvalidAudienceError, token, audience="https://other.example.com")
    refuses(jwt.InvalidIssuerError, token, issuer="https://other.example.com")
    return claims


print(json.dumps(main(json.load(sys.stdin))))
