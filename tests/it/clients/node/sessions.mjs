// Sign-outs as a relying party hears of them: RP-initiated, back-channel, and the state of the session.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { runInNewContext } from "node:vm";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oidc from "openid-client";
import { Browser, discover, refused, report, signIn, start, task, until } from "./support.mjs";

const { id, secret } = task.client;
const heard = [];
const party = createServer(async (request, response) => {
  heard.push({ path: request.url, body: new URLSearchParams(await text(request)) });
  response.end();
}).listen(task.port, "127.0.0.1");

const config = await discover(id, { id_token_signed_response_alg: "ES256" }, oidc.ClientSecretBasic(secret));
const metadata = config.serverMetadata();
const browser = new Browser();
const { answer, tokens } = await signIn(config, browser);
const claims = tokens.claims();

// OpenID Connect Session Management §3.2: the script of the frame, as it is served, with the browser's cookies.
const frame = await (await fetch(metadata.check_session_iframe)).text();
const script = await (await fetch(new URL(/<script src="([^"]+)"/.exec(frame)[1], task.issuer))).text();
function checkSession(message, origin = answer.origin) {
  let listener, told;
  const window = { addEventListener: (_, it) => (listener = it) };
  const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
  runInNewContext(script, { window, document: { cookie } });
  listener({ data: message, origin, source: { postMessage: (it) => (told = it) } });
  return told;
}
const known = `${id} ${answer.searchParams.get("session_state")}`;
assert.equal(checkSession(known), "unchanged");
assert.equal(checkSession(known, "https://evil.example"), "changed");
assert.equal(checkSession("nonsense"), "error");

// RP-Initiated Logout §2: with the hint nobody is asked.
const state = oidc.randomState();
const post_logout_redirect_uri = task.post_logout_redirect_uri;
const leave = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri, state });
const left = await browser.authorize(leave);
assert.deepEqual(left.pages, []);
assert.equal(left.answer.href, `${post_logout_redirect_uri}?state=${state}`);
assert.equal(checkSession(known), "changed");
const silent = await start(config, { prompt: "none" });
const nobody = await browser.authorize(silent.address);
const afterwards = await refused(oidc.authorizationCodeGrant(config, nobody.answer, silent.checks));

// Back-Channel Logout §2.6: every check of a relying party.
const post = await until(() => heard.find((it) => it.path === "/out"));
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const verified = await jwtVerify(post.body.get("logout_token"), keys, {
  issuer: task.issuer,
  audience: id,
  typ: "logout+jwt",
  algorithms: ["ES256"],
  requiredClaims: ["iat", "exp", "jti", "events"],
});
const event = "http://schemas.openid.net/event/backchannel-logout";
assert.deepEqual(verified.payload.events, { [event]: {} });
assert.equal(verified.payload.nonce, undefined);
assert.deepEqual([verified.payload.sub, verified.payload.sid], [claims.sub, claims.sid]);
// A logout token is no ID token, and the other way round.
assert.equal(
  await refused(jwtVerify(tokens.id_token, keys, { audience: id, typ: "logout+jwt" })),
  "ERR_JWT_CLAIM_VALIDATION_FAILED",
);
party.close();
report({ afterwards });
