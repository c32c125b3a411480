// The Config profile: what a client can learn from the issuer's address alone.

import { strict as assert } from "node:assert";
import { createRemoteJWKSet, importJWK } from "jose";
import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";
import { discover, refused, report, strictly, task } from "./support.mjs";

const metadata = (await discover("anybody")).serverMetadata();
const atOAuth = await oidc.discovery(new URL(task.issuer), "anybody", undefined, undefined, {
  ...strictly,
  algorithm: "oauth2",
});
assert.deepEqual(atOAuth.serverMetadata(), metadata);

// OpenID Connect Discovery §3: what must be there.
for (const name of ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"]) {
  assert.ok(metadata[name].startsWith(task.issuer), name);
}
for (const name of ["response_types", "subject_types", "id_token_signing_alg_values"]) {
  assert.ok(metadata[`${name}_supported`].length > 0, name);
}

const { keys } = await (await fetch(metadata.jwks_uri)).json();
for (const key of keys) {
  for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert.equal(key[secret], undefined);
  assert.equal(key.use, "sig");
  await importJWK(key, key.alg);
}
const find = createRemoteJWKSet(new URL(metadata.jwks_uri));
for (const alg of metadata.id_token_signing_alg_values_supported) {
  const { kid } = keys.find((key) => key.alg === alg) ?? assert.fail(`no key for ${alg}`);
  await find({ alg, kid });
}

// OpenID Connect Discovery §2: from a person to the issuer.
const finger = new URL("/.well-known/webfinger", task.issuer);
finger.searchParams.set("resource", `${task.issuer}/maya`);
finger.searchParams.set("rel", "http://openid.net/specs/connect/1.0/issuer");
const { links } = await (await fetch(finger)).json();
assert.equal(links[0].href, task.issuer);

// The server answers under other names of this machine as well, but a client does not believe it there.
const elsewhere = new URL(task.issuer.replace("127.0.0.1", "localhost"));
const options = { [oauth.allowInsecureRequests]: true };
const response = await oauth.discoveryRequest(elsewhere, options);
const mismatch = await refused(oauth.processDiscoveryResponse(elsewhere, response));
report({ mismatch, keys: keys.length });
