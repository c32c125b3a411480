// The Hybrid and Implicit profiles with openid-client (OpenID Connect Core §3.2, §3.3): tokens in the fragment or in a form,
// bound to the code, the access token and the request.

import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import * as oidc from "openid-client";
import { Browser, forged, refused, register, report, signIn, start, task } from "./support.mjs";

/** The answer with another value of a parameter in its fragment. */
function tampered(answer, name, change) {
  const changed = new URL(answer);
  const parameters = new URLSearchParams(answer.hash.slice(1));
  parameters.set(name, change(parameters.get(name)));
  changed.hash = parameters;
  return changed;
}

/** OpenID Connect Core §3.3.2.11, which the library checks for a code alone. */
async function checkAccessToken(config, answer) {
  const told = new URLSearchParams(answer.hash.slice(1));
  const claims = JSON.parse(Buffer.from(told.get("id_token").split(".")[1], "base64url"));
  const hash = createHash("sha256").update(told.get("access_token")).digest().subarray(0, 16);
  assert.equal(claims.at_hash, hash.toString("base64url"));
  const userinfo = await oidc.fetchUserInfo(config, told.get("access_token"), claims.sub);
  assert.equal(userinfo.email, task.email);
}

const browser = new Browser();

async function hybrid() {
  const metadata = {
    response_types: ["code id_token", "code id_token token"],
    grant_types: ["authorization_code", "implicit"],
    token_endpoint_auth_method: "client_secret_post",
    id_token_signed_response_alg: "ES256",
  };
  // The second wants `s_hash` as well.
  const checks = [oidc.useCodeIdTokenResponseType, oidc.enableDetachedSignatureResponseChecks];
  const config = await register(metadata, undefined, ...checks);
  const { answer, tokens } = await signIn(config, browser);
  assert.equal(answer.search, "");
  const posted = await signIn(config, browser, { response_mode: "form_post" });
  assert.ok(posted.answer instanceof Request);
  const both = await signIn(config, browser, { response_type: "code id_token token" });
  await checkAccessToken(config, both.answer);
  for (const other of [posted, both]) assert.equal(other.tokens.claims().sub, tokens.claims().sub);

  const next = await start(config);
  const honest = (await browser.authorize(next.address)).answer;
  const refuse = (answer, change) => refused(oidc.authorizationCodeGrant(config, answer, { ...next.checks, ...change }));
  const found = {
    code: await refuse(tampered(honest, "code", (code) => `${code}x`)),
    another_code: await refuse(tampered(honest, "code", () => new URLSearchParams(answer.hash.slice(1)).get("code"))),
    state: await refuse(tampered(honest, "state", () => "another")),
    // Somebody who knows what the client compares with is still betrayed by `s_hash`.
    known_state: await refuse(
      tampered(honest, "state", () => "another"),
      { expectedState: "another" },
    ),
    nonce: await refuse(honest, { expectedNonce: "another" }),
    signature: await refuse(tampered(honest, "id_token", (token) => forged(token, { email: "x" }))),
  };
  // None of these reached the server.
  await oidc.authorizationCodeGrant(config, honest, next.checks);
  return { sub: tokens.claims().sub, found };
}

async function implicit() {
  const metadata = {
    response_types: ["id_token", "id_token token"],
    grant_types: ["implicit"],
    token_endpoint_auth_method: "none",
    id_token_signed_response_alg: "ES256",
  };
  const config = await register(metadata, oidc.None(), oidc.useIdTokenResponseType);
  const expectedState = oidc.randomState();
  const nonce = oidc.randomNonce();
  async function answered(more) {
    const wanted = { redirect_uri: task.redirect_uri, scope: "openid email", state: expectedState, nonce, ...more };
    return (await browser.authorize(oidc.buildAuthorizationUrl(config, wanted))).answer;
  }
  const answer = await answered();
  const { sub } = await oidc.implicitAuthentication(config, answer, nonce, { expectedState });
  const posted = await answered({ response_mode: "form_post" });
  assert.equal((await oidc.implicitAuthentication(config, posted, nonce, { expectedState })).sub, sub);
  const both = await answered({ response_type: "id_token token" });
  assert.equal((await oidc.implicitAuthentication(config, both, nonce, { expectedState })).sub, sub);
  await checkAccessToken(config, both);

  const forgery = tampered(answer, "id_token", (token) => forged(token, { sub: "somebody-else" }));
  const found = {
    nonce: await refused(oidc.implicitAuthentication(config, answer, "another", { expectedState })),
    signature: await refused(oidc.implicitAuthentication(config, forgery, nonce, { expectedState })),
    // What was not registered, the server refuses.
    code: await refused(
      oidc.implicitAuthentication(config, await answered({ response_type: "code id_token" }), nonce, { expectedState }),
    ),
  };
  return { sub, found };
}

report({ hybrid: await hybrid(), implicit: await implicit() });
