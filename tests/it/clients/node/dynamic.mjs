// The Dynamic profile with openid-client: a client registers itself, signs somebody in, reads, changes and removes its
// registration (RFC 7591, RFC 7592).

import { strict as assert } from "node:assert";
import { exportJWK } from "jose";
import * as oidc from "openid-client";
import { Browser, challenged, common, refused, register, report, signIn, task } from "./support.mjs";

async function manage(registered, method, body) {
  const headers = { authorization: `Bearer ${registered.registration_access_token}` };
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(registered.registration_client_uri, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

// With a secret, and an ID token and userinfo in algorithms of its own choice.
const config = await register({
  id_token_signed_response_alg: "RS256",
  userinfo_signed_response_alg: "ES256",
  token_endpoint_auth_method: "client_secret_post",
});
const registered = config.clientMetadata();
assert.equal(registered.client_secret_expires_at, 0);
const { tokens } = await signIn(config, new Browser());
const [header] = tokens.id_token.split(".");
assert.equal(JSON.parse(Buffer.from(header, "base64url")).alg, "RS256");
// The library accepts only a JWT, since it registered for one, and checks its signature.
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
assert.equal(userinfo.email, task.email);

const read = await manage(registered, "GET");
assert.deepEqual([read.status, read.body.client_name], [200, "Node"]);
// RFC 7592 §2.2: all of it is sent again, and the way of authenticating stays.
const update = {
  ...common,
  client_id: registered.client_id,
  client_name: "Node, renamed",
  token_endpoint_auth_method: "client_secret_post",
};
const updated = await manage(read.body, "PUT", update);
assert.deepEqual([updated.status, updated.body.client_name], [200, "Node, renamed"], JSON.stringify(updated));
const current = { ...registered, ...updated.body };
const stranger = { ...current, registration_access_token: "guessed" };
assert.equal((await manage(stranger, "GET")).status, 401);
assert.equal((await manage(current, "DELETE")).status, 204);
assert.equal((await manage(current, "GET")).status, 401);
assert.equal(await refused(oidc.tokenRevocation(config, tokens.access_token)), challenged);

// With a key instead of a secret.
const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const jwk = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" };
const signing = await register(
  { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] }, id_token_signed_response_alg: "ES256" },
  oidc.PrivateKeyJwt({ key: pair.privateKey, kid: "one" }),
);
assert.equal(signing.clientMetadata().client_secret, undefined);
const second = await signIn(signing, new Browser());

const bad = await refused(register({ redirect_uris: ["https://a.example/cb#fragment"] }));
report({ sub: second.tokens.claims().sub, bad });
