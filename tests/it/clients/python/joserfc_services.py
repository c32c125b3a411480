"""A service with keys of its own, for each way to encrypt its refresh tokens: joserfc verifies what it gets, opens nothing
that only the server may open, and encrypts something itself that the server must not take.

Reads its task as JSON from standard input and prints how each went. Fails with a traceback.
"""

import json
import sys

import requests
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key


def opens(token, key, algorithms):
    """Whether that key decrypts it."""
    try:
        jwe.decrypt_compact(token, key, algorithms=algorithms)
    except JoseError:
        return False
    return True


def service(task, initial, kid, sig, enc, content):
    issuer = task["issuer"]
    bearer = {"Authorization": "Bearer " + initial}
    options = {"sig_alg": sig, "enc_alg": enc, "cont_enc": content}
    registered = requests.post(f"{issuer}/register/{kid}", json=options, headers=bearer)
    assert registered.status_code == 201, registered.text
    credentials = (kid, registered.json()["client_secret"])
    order = {"kid": kid, "claims": {"sub": "u1"}}
    pair = requests.post(f"{issuer}/issue_token", json=order, auth=credentials)
    assert pair.status_code == 201, pair.text
    pair = pair.json()

    accept = {"Accept": "application/jwk-set+json"}
    published = requests.get(f"{issuer}/keys/{kid}", headers=accept).json()["keys"]
    assert not any("d" in key for key in published), published
    signing = {"keys": [key for key in published if key["use"] == "sig"]}
    claims = jwt.decode(pair["access_token"], KeySet.import_key_set(signing), algorithms=[sig]).claims
    assert (claims["sub"], claims["iss"], claims["client_id"]) == ("u1", issuer, kid), claims

    everything = requests.get(f"{issuer}/jwks.json").json()["keys"] + published
    for key in everything:
        assert not opens(pair["refresh_token"], import_key(key), [enc, content]), key

    # The public key is for everybody; what others encrypt to it is no token.
    own = import_key(next(key for key in published if key["use"] == "enc"))
    header = {"alg": enc, "enc": content, "kid": own.kid, "typ": "rt+jwe"}
    for text in ["irt_made-up", json.dumps(claims), pair["access_token"], ""]:
        forged = jwe.encrypt_compact(header, text.encode(), own, algorithms=[enc, content])
        order = {"kid": kid, "refresh_token": forged}
        refused = requests.post(f"{issuer}/renew_token", json=order, auth=credentials)
        assert refused.status_code == 403, refused.text
        assert "(E1320)" in refused.text, refused.text

    order = {"kid": kid, "refresh_token": pair["refresh_token"]}
    renewed = requests.post(f"{issuer}/renew_token", json=order, auth=credentials)
    assert renewed.status_code == 201, renewed.text
    return renewed.json()["token_type"]


def main(task):
    form = {"grant_type": "client_credentials"}
    token = requests.post(task["issuer"] + "/token", form, auth=("installer", task["secret"])).json()
    report = {}
    for place, (sig, enc, content) in enumerate(task["algorithms"]):
        told = service(task, token["access_token"], f"app{place}", sig, enc, content)
        report[f"{sig} {enc} {content}"] = told
    return report


print(json.dumps(main(json.load(sys.stdin))))
