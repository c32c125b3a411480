// A client that wants all at once, as banks do: it signs its requests, gets a code and an ID token in the fragment, both bound
// to each other, reads what is encrypted to the keys that it publishes, knows people under identifiers of its own, and hears
// of their end.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { compactDecrypt, createRemoteJWKSet, exportJWK, jwtVerify } from "jose";
import * as oidc from "openid-client";
import { Browser, refused, register, report, start, task, until } from "./support.mjs";

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const signing = await crypto.subtle.generateKey({ ...rsa, name: "RSA-PSS" }, true, ["sign", "verify"]);
const encryption = await crypto.subtle.generateKey({ ...rsa, name: "RSA-OAEP" }, true, ["encrypt", "decrypt"]);
const published = [
  { ...(await exportJWK(signing.publicKey)), kid: "signs", alg: "PS256", use: "sig" },
  { ...(await exportJWK(encryption.publicKey)), kid: "opens", alg: "RSA-OAEP-256", use: "enc" },
];
const heard = [];
const party = createServer(async (request, response) => {
  if (request.url === "/out") heard.push(new URLSearchParams(await text(request)).get("logout_token"));
  response.end(JSON.stringify({ keys: published }));
}).listen(task.port, "127.0.0.1");
const at = (path) => `http://127.0.0.1:${task.port}${path}`;

const key = { key: signing.privateKey, kid: "signs" };
const redirect_uri = "https://bank.example/cb";
const post_logout_redirect_uri = "https://bank.example/bye";
const wanted = {
  application_type: "web",
  redirect_uris: [redirect_uri],
  post_logout_redirect_uris: [post_logout_redirect_uri],
  response_types: ["code id_token"],
  grant_types: ["authorization_code", "implicit"],
  jwks_uri: at("/jwks"),
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "PS256",
  request_object_signing_alg: "PS256",
  id_token_signed_response_alg: "ES256",
  id_token_encrypted_response_alg: "RSA-OAEP-256",
  id_token_encrypted_response_enc: "A256GCM",
  userinfo_signed_response_alg: "ES256",
  userinfo_encrypted_response_alg: "RSA-OAEP-256",
  subject_type: "pairwise",
  default_acr_values: ["1"],
  default_max_age: 3600,
  require_auth_time: true,
  backchannel_logout_uri: at("/out"),
  backchannel_logout_session_required: true,
};
const checks = [oidc.useCodeIdTokenResponseType, oidc.enableDetachedSignatureResponseChecks];
const config = await register(wanted, oidc.PrivateKeyJwt(key), ...checks);
const { client_id, ...registered } = config.clientMetadata();
for (const [name, value] of Object.entries(wanted)) assert.deepEqual(registered[name], value, name);
oidc.enableDecryptingResponses(config, ["A256GCM", "A128CBC-HS256"], { key: encryption.privateKey, kid: "opens" });

/** Starts a sign-in with a signed request. */
async function signed(parameters) {
  const begun = await start(config, { redirect_uri, ...parameters });
  const address = await oidc.buildAuthorizationUrlWithJAR(config, begun.address.searchParams, key);
  return { address, checks: begun.checks };
}

// A refusal comes as the answer would: only the object says that it is the fragment.
const browser = new Browser();
const early = await signed({ prompt: "none" });
const nobody = await browser.authorize(early.address);
const before = await refused(oidc.authorizationCodeGrant(config, nobody.answer, early.checks));

const begun = await signed();
const { answer } = await browser.authorize(begun.address);
const told = new URLSearchParams(answer.hash.slice(1));
assert.ok(told.get("session_state"));
const tokens = await oidc.authorizationCodeGrant(config, answer, begun.checks);
const { sub, sid, acr } = tokens.claims();
assert.equal(acr, "1");
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, sub);
assert.equal(userinfo.email, task.email);

// The server cannot read what it encrypted, so the client sends what was inside (OpenID Connect Core §3.1.2.1).
const unreadable = await signed({ prompt: "none", id_token_hint: tokens.id_token });
const unread = await browser.authorize(unreadable.address);
const encrypted_hint = await refused(oidc.authorizationCodeGrant(config, unread.answer, unreadable.checks));
const id_token_hint = oidc.getDecryptedResponses(tokens).id_token.authorization_endpoint;
const left = await browser.authorize(oidc.buildEndSessionUrl(config, { id_token_hint, post_logout_redirect_uri }));
assert.deepEqual([left.answer.href, left.pages], [post_logout_redirect_uri, []]);

// Back-Channel Logout §2.6: where encryption was agreed on, a token that anybody can read is refused.
const token = await until(() => heard[0]);
const limits = { keyManagementAlgorithms: ["RSA-OAEP-256"], contentEncryptionAlgorithms: ["A256GCM"] };
const opened = await compactDecrypt(token, encryption.privateKey, limits);
assert.deepEqual([opened.protectedHeader.iss, opened.protectedHeader.kid], [task.issuer, "opens"]);
const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
const expected = { issuer: task.issuer, audience: client_id, typ: "logout+jwt", algorithms: ["ES256"] };
const { payload } = await jwtVerify(opened.plaintext, keys, expected);
assert.deepEqual([payload.sub, payload.sid], [sub, sid]);
party.close();
report({ before, encrypted_hint });
