// ID tokens and userinfo that only the client can read, with openid-client (OpenID Connect Core §10.2), signed in each of
// the less usual algorithms.

import { strict as assert } from "node:assert";
import { decodeProtectedHeader, exportJWK } from "jose";
import * as oidc from "openid-client";
import { Browser, refused, register, report, signIn, task } from "./support.mjs";

const rsa = { name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const ec = { name: "ECDH", namedCurve: "P-256" };
const kinds = {
  "RSA-OAEP": [{ ...rsa, hash: "SHA-1" }, ["encrypt", "decrypt"]],
  "RSA-OAEP-256": [{ ...rsa, hash: "SHA-256" }, ["encrypt", "decrypt"]],
  "ECDH-ES": [ec, ["deriveBits"]],
  "ECDH-ES+A256KW": [ec, ["deriveBits"]],
};
const browser = new Browser();

/** A client that gets everything signed and encrypted, and its key. */
async function client(signed, alg, enc, metadata, ...extensions) {
  const [kind, uses] = kinds[alg];
  const pair = await crypto.subtle.generateKey(kind, true, uses);
  const kid = `for ${alg}`;
  const common = {
    jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg, use: "enc" }] },
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_post",
    id_token_signed_response_alg: signed,
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: enc,
    userinfo_signed_response_alg: signed,
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  };
  const config = await register({ ...common, ...metadata }, undefined, ...extensions);
  return { config, key: { key: pair.privateKey, kid, alg } };
}

/** Checks how a token was encrypted, and how what was inside is signed. */
function check(encrypted, token, [signed, alg, enc]) {
  const outer = decodeProtectedHeader(encrypted);
  assert.deepEqual([outer.alg, outer.enc, outer.cty], [alg, enc, "JWT"]);
  assert.equal(decodeProtectedHeader(token).alg, signed);
}

async function journey(...how) {
  const { config, key } = await client(...how);
  oidc.enableDecryptingResponses(config, [how[2]], key);
  const { tokens } = await signIn(config, browser, { scope: "openid email offline_access" });
  const { sub } = tokens.claims();
  const hint = oidc.getDecryptedResponses(tokens).id_token.token_endpoint;
  check(tokens.id_token, hint, how);
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(userinfo.email, task.email);
  assert.equal(decodeProtectedHeader(oidc.getDecryptedResponses(userinfo)).alg, how[0]);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, sub);
  check(refreshed.id_token, oidc.getDecryptedResponses(refreshed), how);
  // What was inside is a hint for the server, which cannot read the whole.
  const silent = await signIn(config, browser, { scope: "openid email", prompt: "none", id_token_hint: hint });
  assert.equal(silent.tokens.claims().sub, sub);
  return sub;
}

const people = [];
for (const how of [
  ["PS256", "RSA-OAEP-256", "A256GCM"],
  ["RS512", "RSA-OAEP", "A128CBC-HS256"],
  ["ES512", "ECDH-ES", "A128GCM"],
  ["EdDSA", "ECDH-ES+A256KW", "A256CBC-HS512"],
]) {
  people.push(await journey(...how));
}

// Through the browser as well, with hashes as long as the algorithm's own.
const metadata = { response_types: ["code id_token"], grant_types: ["authorization_code", "implicit"] };
const checks = [oidc.useCodeIdTokenResponseType, oidc.enableDetachedSignatureResponseChecks];
const hybrid = await client("ES512", "ECDH-ES", "A256GCM", metadata, ...checks);
oidc.enableDecryptingResponses(hybrid.config, ["A256GCM"], hybrid.key);
const { tokens } = await signIn(hybrid.config, browser);
people.push(tokens.claims().sub);

/** What a client says that cannot read its answers. */
async function unread(prepare) {
  const { config, key } = await client("ES512", "ECDH-ES", "A256GCM");
  await prepare(config, key);
  return refused(signIn(config, browser));
}
const found = {
  other_algorithm: await unread((config, key) => oidc.enableDecryptingResponses(config, ["A128GCM"], key)),
  other_key: await unread((config) => oidc.enableDecryptingResponses(config, ["A256GCM"], hybrid.key)),
  no_key: await unread(() => {}),
};
report({ people, found });
