// What a careful relying party refuses by itself, when somebody stands between it and the server, and what the server
// refuses from it.

import { strict as assert } from "node:assert";
import * as oidc from "openid-client";
import { Browser, discover, forged, refused, report, start, strictly, task } from "./support.mjs";

const { id, secret } = task.client;
const browser = new Browser();

/** A sign-in whose answer, checks and traffic are changed on the way. */
async function deviating({ answer: tamper, checks: change, metadata, fetch: between, authentication }) {
  const config = await discover(
    id,
    { id_token_signed_response_alg: "ES256", ...metadata },
    authentication ?? oidc.ClientSecretBasic(secret),
    { ...strictly, [oidc.customFetch]: between },
  );
  const { address, checks } = await start(config);
  const { answer } = await browser.authorize(address);
  tamper?.(answer.searchParams);
  const tokens = await oidc.authorizationCodeGrant(config, answer, { ...checks, ...change });
  return { config, tokens };
}

/** Changes the JSON that the path answers. */
const rewriting = (path, change) => async (address, options) => {
  const response = await fetch(address, options);
  if (new URL(address).pathname !== path) return response;
  const { status, headers } = response;
  return new Response(JSON.stringify(change(await response.json())), { status, headers });
};

// Without a deviation it works, so that each refusal below is for its own reason.
const { config, tokens } = await deviating({});

const found = {
  state: await refused(deviating({ answer: (it) => it.set("state", "tampered") })),
  no_state: await refused(deviating({ answer: (it) => it.delete("state") })),
  iss: await refused(deviating({ answer: (it) => it.set("iss", "https://evil.example") })),
  no_iss: await refused(deviating({ answer: (it) => it.delete("iss") })),
  nonce: await refused(deviating({ checks: { expectedNonce: "another" } })),
  algorithm: await refused(deviating({ metadata: { id_token_signed_response_alg: "RS256" } })),
  signature: await refused(
    deviating({
      fetch: rewriting("/token", (it) => ({ ...it, id_token: it.id_token && forged(it.id_token, { email: "x" }) })),
    }),
  ),
  keys: await refused(
    deviating({ fetch: rewriting("/jwks.json", (it) => ({ keys: it.keys.filter((key) => key.alg !== "ES256") })) }),
  ),
  issuer: await refused(
    deviating({
      fetch: rewriting("/.well-known/openid-configuration", (it) => ({ ...it, issuer: "https://evil.example" })),
    }),
  ),
  subject: await refused(oidc.fetchUserInfo(config, tokens.access_token, "somebody-else")),
  // From here on, the server refuses.
  code: await refused(deviating({ answer: (it) => it.set("code", "iac_guessed") })),
  verifier: await refused(deviating({ checks: { pkceCodeVerifier: oidc.randomPKCECodeVerifier() } })),
  secret: await refused(deviating({ authentication: oidc.ClientSecretBasic("guessed") })),
  method: await refused(deviating({ authentication: oidc.ClientSecretPost(secret) })),
};
assert.equal(Object.keys(found).length, 14);

const denied = new Browser("deny");
const { address, checks } = await start(config, { prompt: "consent" });
const { answer } = await denied.authorize(address);
found.denied = await refused(oidc.authorizationCodeGrant(config, answer, checks));
report(found);
