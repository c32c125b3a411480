// Request objects with openid-client (RFC 9101, OpenID Connect Core §6): in the request, and published at an address that
// the client registered.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import { UnsecuredJWT, exportJWK } from "jose";
import * as oidc from "openid-client";
import { Browser, refused, register, report, start, task } from "./support.mjs";

const published = new Map();
const asked = [];
const party = createServer((request, response) => {
  asked.push(request.url);
  const headers = { "content-type": "application/oauth-authz-req+jwt" };
  response.writeHead(200, headers).end(published.get(request.url));
}).listen(task.port, "127.0.0.1");
const at = (path) => `http://127.0.0.1:${task.port}${path}`;

const kinds = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
};

/** A client that signs everything with the algorithm. */
async function client(alg) {
  const pair = await crypto.subtle.generateKey(kinds[alg], true, ["sign", "verify"]);
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: alg, alg, use: "sig" };
  const key = { key: pair.privateKey, kid: alg };
  const metadata = {
    jwks: { keys: [jwk] },
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "private_key_jwt",
    request_object_signing_alg: alg,
    request_uris: [at(`/${alg}`)],
    id_token_signed_response_alg: "ES256",
  };
  const config = await register(metadata, oidc.PrivateKeyJwt(key));
  assert.ok(config.serverMetadata().request_object_signing_alg_values_supported.includes(alg));
  return { config, key };
}

/** Starts a sign-in with a signed request. */
async function signed({ config, key }, parameters, change = () => {}) {
  const { address, checks } = await start(config, parameters);
  const options = { [oidc.modifyAssertion]: change };
  const request = await oidc.buildAuthorizationUrlWithJAR(config, address.searchParams, key, options);
  return { address: request, checks };
}

async function journey(alg) {
  const by = await client(alg);
  const { config } = by;
  const browser = new Browser();
  // The library makes a number of the one and an object of the other.
  const claims = JSON.stringify({ id_token: { email: { essential: true } } });
  const { address, checks } = await signed(by, { scope: "openid offline_access", max_age: "600", claims });
  assert.deepEqual([...address.searchParams.keys()], ["request", "client_id"]);
  // RFC 9101 §6.3: what somebody adds on the way counts for nothing. This would be an error.
  address.searchParams.set("prompt", "none");
  const { answer, pages } = await browser.authorize(address);
  assert.deepEqual(pages, ["sign-in", "consent"]);
  const tokens = await oidc.authorizationCodeGrant(config, answer, { ...checks, maxAge: 600 });
  assert.equal(tokens.claims().email, task.email);
  assert.ok(tokens.refresh_token);

  const second = await signed(by);
  const path = `/${alg}`;
  published.set(path, second.address.searchParams.get("request"));
  const named = oidc.buildAuthorizationUrl(config, { request_uri: at(path) });
  const again = await browser.authorize(named);
  const more = await oidc.authorizationCodeGrant(config, again.answer, second.checks);
  assert.equal(more.claims().sub, tokens.claims().sub);
  assert.deepEqual(asked.splice(0), [path]);
  return by;
}

const by = await journey("ES256");
const other = await journey("PS256");

// Only an address beside the object is trusted with the refusal, so the client sends it along.
async function refuse(parameters) {
  const state = oidc.randomState();
  const beside = { redirect_uri: task.redirect_uri, state, ...parameters };
  const { answer } = await new Browser().authorize(oidc.buildAuthorizationUrl(by.config, beside));
  return refused(oidc.authorizationCodeGrant(by.config, answer, { expectedState: state }));
}

/** The object of a request like the others but for one thing. */
async function object(change, key = by.key) {
  const { address } = await signed({ ...by, key }, {}, change);
  return address.searchParams.get("request");
}

const honest = await object();
const [header, payload] = honest.split(".");
const unsigned = new UnsecuredJWT({ client_id: by.config.clientMetadata().client_id }).encode();
const found = {
  signature: await refuse({ request: `${header}.${payload}.${(await object()).split(".")[2]}` }),
  unsigned: await refuse({ request: unsigned }),
  key: await refuse({ request: await object(undefined, { ...other.key, kid: "ES256" }) }),
  audience: await refuse({ request: await object((_, claims) => (claims.aud = "https://other.example")) }),
  issuer: await refuse({ request: await object((_, claims) => (claims.iss = "another")) }),
  expired: await refuse({ request: await object((_, claims) => (claims.exp = claims.iat - 3600)) }),
  type: await refuse({ request: await object((head) => (head.typ = "at+jwt")) }),
  address: await refuse({ request_uri: at("/PS256") }),
  nothing: await refuse({ request_uri: at("/ES256"), request: honest }),
};
assert.deepEqual(asked, []);
published.set("/ES256", "no object");
found.published = await refuse({ request_uri: at("/ES256") });
party.close();
report(found);
