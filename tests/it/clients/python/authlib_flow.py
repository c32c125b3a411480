"""Authlib as a relying party: it is given the issuer's address, and finds and uses everything else.

Reads its task as JSON from standard input and prints the claims that it verified. Fails with a traceback.
"""

import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

# The issuer of the tests is on loopback, without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from browser import sign_in


class RelyingParty(OAuth2Session, OpenIDMixin):
    """Authlib's OAuth client with Authlib's validation of ID tokens."""

    def __init__(self, metadata, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.server_metadata = metadata

    def load_server_metadata(self):
        return self.server_metadata

    def _get_session(self):
        return OAuth2Session()


def main(task):
    issuer = task["issuer"]
    metadata = requests.get(issuer + "/.well-known/openid-configuration").json()
    assert metadata["issuer"] == issuer, metadata

    app = RelyingParty(
        metadata,
        "web-app",
        task["secret"],
        scope="openid profile email offline_access",
        redirect_uri=task["redirect_uri"],
        code_challenge_method="S256",
    )
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = app.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    answer, pages = sign_in(address, task["username"], task["password"])
    assert pages == ["sign-in", "consent"], pages
    assert answer.startswith(task["redirect_uri"]), answer
    assert parse_qs(urlsplit(answer).query)["iss"] == [issuer], answer

    token = app.fetch_token(
        metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
    )
    identity = app.parse_id_token(token, nonce=nonce)
    userinfo = app.userinfo()
    assert userinfo["sub"] == identity["sub"], (userinfo, identity)

    # A code is good for one use.
    again = requests.post(
        metadata["token_endpoint"],
        {"grant_type": "authorization_code", "code": parse_qs(urlsplit(answer).query)["code"][0],
         "redirect_uri": task["redirect_uri"], "code_verifier": verifier},
        auth=("web-app", task["secret"]),
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant"), again.text

    # That second use ended the first one's tokens, so sign in anew; consent is remembered, the browser is new.
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = app.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    answer, pages = sign_in(address, task["username"], task["password"])
    token = app.fetch_token(
        metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
    )
    refreshed = app.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    assert refreshed["access_token"] != token["access_token"]
    assert app.userinfo()["sub"] == identity["sub"]

    def introspect():
        answer = app.introspect_token(
            metadata["introspection_endpoint"], token=refreshed["access_token"], token_type_hint="access_token"
        )
        answer.raise_for_status()
        return answer.json()

    facts = introspect()
    assert facts["active"] is True and facts["sub"] == identity["sub"], facts
    revoked = app.revoke_token(
        metadata["revocation_endpoint"], token=refreshed["refresh_token"], token_type_hint="refresh_token"
    )
    assert revoked.status_code == 200, revoked.text
    assert introspect() == {"active": False}

    for client_id, method in (("service", "client_secret_basic"), ("service-post", "client_secret_post")):
        assert method in metadata["token_endpoint_auth_methods_supported"], metadata
        service = OAuth2Session(client_id, task["secret"], token_endpoint_auth_method=method, scope="read")
        granted = service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert granted["token_type"] == "Bearer" and granted["scope"] == "read", granted
        assert "refresh_token" not in granted, sorted(granted)

    return {"sub": identity["sub"], "email": userinfo["email"], "name": userinfo["name"]}


print(json.dumps(main(json.load(sys.stdin))))
