// The Basic profile with openid-client: code and PKCE, userinfo, refresh, introspection, revocation, once for each way in
// which clients authenticate.

import { strict as assert } from "node:assert";
import { importPKCS8 } from "jose";
import * as oidc from "openid-client";
import { Browser, discover, refused, report, signIn, task } from "./support.mjs";

const authentications = {
  client_secret_basic: ({ secret }) => oidc.ClientSecretBasic(secret),
  client_secret_post: ({ secret }) => oidc.ClientSecretPost(secret),
  client_secret_jwt: ({ secret }) => oidc.ClientSecretJwt(secret),
  private_key_jwt: async ({ private_key, kid }) =>
    oidc.PrivateKeyJwt({ key: await importPKCS8(private_key, "ES256"), kid }),
  none: () => oidc.None(),
};

async function journey({ id, method, ...credentials }) {
  const authentication = await authentications[method](credentials);
  const config = await discover(id, { id_token_signed_response_alg: "ES256" }, authentication);
  const supported = config.serverMetadata().token_endpoint_auth_methods_supported;
  assert.ok(supported.includes(method), supported);

  const browser = new Browser();
  const scope = "openid profile email offline_access";
  const { answer, tokens } = await signIn(config, browser, { scope });
  const claims = tokens.claims();
  assert.equal(claims.iss, task.issuer);
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(userinfo.email, task.email);

  // The same sign-in again, in the same browser: nobody is asked, and the person is the same. Anybody could pretend to be
  // a public client on this machine, so it has to ask (RFC 8252 §8.6). The library checks when she signed in.
  const silent = { scope: "openid", prompt: "none", max_age: "600", id_token_hint: tokens.id_token };
  const again = signIn(config, browser, silent, { maxAge: 600 });
  if (method === "none") assert.equal(await refused(again), "consent_required");
  else assert.equal((await again).tokens.claims().sub, claims.sub);

  // OpenID Connect Core §5.5: a claim by its name, where it is not usual.
  const named = { scope: "openid", claims: JSON.stringify({ id_token: { email: { essential: true } } }) };
  const asked = await signIn(config, browser, named);
  assert.equal(asked.tokens.claims().email, task.email);

  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  assert.notEqual(refreshed.access_token, tokens.access_token);
  assert.equal(refreshed.claims().sub, claims.sub);
  await oidc.fetchUserInfo(config, refreshed.access_token, claims.sub);

  // RFC 7662 §2.1: a public client cannot authenticate, and so is told nothing.
  const isPublic = method === "none";
  if (isPublic) {
    assert.equal(await refused(oidc.tokenIntrospection(config, refreshed.access_token)), "unauthorized_client");
  } else {
    const facts = await oidc.tokenIntrospection(config, refreshed.access_token);
    assert.deepEqual([facts.active, facts.client_id, facts.sub], [true, id, claims.sub]);
  }
  await oidc.tokenRevocation(config, refreshed.refresh_token);
  assert.equal(await refused(oidc.refreshTokenGrant(config, refreshed.refresh_token)), "invalid_grant");
  if (!isPublic) {
    assert.deepEqual(await oidc.tokenIntrospection(config, refreshed.access_token), { active: false });
  }

  // RFC 6749 §4.1.2: a code is good once.
  const spent = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: answer.searchParams.get("state") };
  assert.equal(await refused(oidc.authorizationCodeGrant(config, answer, spent)), "invalid_grant");
  return userinfo.sub;
}

const people = [];
for (const client of task.clients) people.push(await journey(client));
report({ people });
