"""Signs claims as an issuer would that knows nothing of this server."""

import json
import sys

import jwt

task = json.load(sys.stdin)
headers = task.get("headers") or {}
tokens = [
    jwt.encode(claims, task["key"], algorithm=task["algorithm"], headers=headers)
    for claims in task["claims"]
]
json.dump({"tokens": tokens}, sys.stdout)
