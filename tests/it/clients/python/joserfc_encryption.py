"""A relying party for each pair of algorithms that answers can be encrypted with: it registers itself, signs a person in,
and decrypts ID token and userinfo with joserfc.

Reads its task as JSON from standard input and prints what it decrypted. Fails with a traceback.
"""

import json
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from browser import sign_in

REDIRECT_URI = "https://relying-party.example/cb"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def decrypt(token, key, alg, enc):
    """The content and its header; nothing but these algorithms is accepted."""
    opened = jwe.decrypt_compact(token, key, algorithms=[alg, enc])
    header = opened.headers()
    assert (header["alg"], header["enc"], header["kid"]) == (alg, enc, key.kid), header
    return opened.plaintext.decode(), header


def verify(token, server_keys, issuer, client_id):
    """The claims of a signed token of the server."""
    algorithms = ["ES256", "RS256", "EdDSA"]
    claims = jwt.decode(token, server_keys, algorithms=algorithms).claims
    assert claims["iss"] == issuer, claims
    assert client_id in claims["aud"], claims
    return claims


def relying_party(task, metadata, server_keys, key, alg, enc, signs_userinfo):
    other = {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "use": "enc", "kid": "unsound"}
    about = {
        "redirect_uris": [REDIRECT_URI],
        "scope": "openid email",
        "jwks": {"keys": [other, key.as_dict(private=False)]},
        "id_token_encrypted_response_alg": alg,
        "userinfo_encrypted_response_alg": alg,
        "userinfo_encrypted_response_enc": enc,
    }
    # What is left out is A128CBC-HS256.
    if enc != "A128CBC-HS256":
        about["id_token_encrypted_response_enc"] = enc
    signed_with = metadata["userinfo_signing_alg_values_supported"][0]
    if signs_userinfo:
        about["userinfo_signed_response_alg"] = signed_with
    client = requests.post(metadata["registration_endpoint"], json=about)
    assert client.status_code == 201, client.text
    client = client.json()
    kids = [it["kid"] for it in client["jwks"]["keys"]]
    assert kids == [key.kid], kids

    request = {
        "response_type": "code", "client_id": client["client_id"], "redirect_uri": REDIRECT_URI,
        "scope": "openid email", "nonce": "n-1", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }
    address = metadata["authorization_endpoint"] + "?" + urlencode(request)
    answer, _pages = sign_in(address, task["username"], task["password"])
    code = parse_qs(urlsplit(answer).query)["code"][0]
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER,
    }
    credentials = (client["client_id"], client["client_secret"])
    tokens = requests.post(metadata["token_endpoint"], form, auth=credentials)
    assert tokens.status_code == 200, tokens.text
    tokens = tokens.json()

    inner, header = decrypt(tokens["id_token"], key, alg, enc)
    assert header["cty"] == "JWT", header
    claims = verify(inner, server_keys, task["issuer"], client["client_id"])
    assert claims["nonce"] == "n-1", claims
    # OpenID Connect Core §3.1.2.1: as a hint the decrypted token is good.
    hint = requests.get(
        metadata["end_session_endpoint"], {"id_token_hint": inner}, allow_redirects=False
    )
    assert hint.status_code == 303, hint.text

    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    userinfo = requests.get(metadata["userinfo_endpoint"], headers=bearer)
    assert userinfo.headers["Content-Type"] == "application/jwt", userinfo.headers
    content, header = decrypt(userinfo.text, key, alg, enc)
    if signs_userinfo:
        assert header["cty"] == "JWT", header
        told = verify(content, server_keys, task["issuer"], client["client_id"])
    else:
        assert "cty" not in header, header
        told = json.loads(content)
    assert told["sub"] == claims["sub"], told
    return told["email"]


def main(task):
    metadata = requests.get(task["issuer"] + "/.well-known/openid-configuration").json()
    server_keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    use = {"use": "enc"}
    keys = {
        "RSA": [RSAKey.generate_key(2048, {**use, "kid": "rsa"})],
        "ECDH": [ECKey.generate_key(curve, {**use, "kid": curve}) for curve in ("P-256", "P-384")],
    }
    report = {}
    algorithms = metadata["id_token_encryption_alg_values_supported"]
    contents = metadata["id_token_encryption_enc_values_supported"]
    assert metadata["userinfo_encryption_alg_values_supported"] == algorithms
    assert metadata["userinfo_encryption_enc_values_supported"] == contents
    for alg in algorithms:
        for place, enc in enumerate(contents):
            fitting = keys[alg[:4].rstrip("-")]
            key = fitting[place % len(fitting)]
            email = relying_party(task, metadata, server_keys, key, alg, enc, place >= 2)
            report[f"{alg} {enc}"] = email
    return report


print(json.dumps(main(json.load(sys.stdin))))
