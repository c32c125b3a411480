"""Authlib as a client that signs: it gets a token, has it introspected, and never sends a secret.

Reads its task as JSON from standard input and prints what it was told. Fails with a traceback.
"""

import json
import os
import sys
import time

# The issuer of the tests is on loopback, without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey


def session(task, claims):
    """A client that signs each of its requests anew; Authlib fills in the other claims."""
    if "secret" in task:
        client = OAuth2Session(task["client_id"], task["secret"], token_endpoint_auth_method="client_secret_jwt")
        client.register_client_auth_method(ClientSecretJWT(claims=claims, headers={}))
        return client
    key = ECKey.import_key(task["private_key"])
    client = OAuth2Session(task["client_id"], key, token_endpoint_auth_method="private_key_jwt")
    client.register_client_auth_method(PrivateKeyJWT(claims=claims, headers={"kid": task["kid"]}, alg="ES256"))
    return client


def main():
    task = json.load(sys.stdin)
    metadata = requests.get(task["issuer"] + "/.well-known/openid-configuration").json()
    assert {"private_key_jwt", "client_secret_jwt"} < set(metadata["token_endpoint_auth_methods_supported"])
    assert {"ES256", "HS256"} < set(metadata["token_endpoint_auth_signing_alg_values_supported"])

    def claims():
        claims = {"exp": int(time.time()) + 60}
        return claims if task["legacy"] else {**claims, "aud": task["issuer"]}

    token = session(task, claims()).fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="read")
    access_token = token["access_token"]
    told = session(task, claims()).introspect_token(metadata["introspection_endpoint"], access_token).json() if not task["legacy"] else {}

    refusals = {}
    for name, wrong in {
        "audience": {"exp": int(time.time()) + 60, "aud": "https://other.example"},
        "far": {**claims(), "exp": int(time.time()) + 3600},
        "expired": {**claims(), "exp": int(time.time()) - 60},
    }.items():
        try:
            session(task, wrong).fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        except OAuthError as error:
            refusals[name] = f"{error.error} {error.description}"
    once = session(task, {**claims(), "jti": "the same"})
    once.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    try:
        once.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    except OAuthError as error:
        refusals["replayed"] = f"{error.error} {error.description}"
    json.dump({"scope": token["scope"], "introspection": told, "refusals": refusals}, sys.stdout)


main()
