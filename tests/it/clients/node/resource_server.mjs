// oauth4webapi without openid-client: a service gets a token of its own, and an API checks it as RFC 9068 says.

import { strict as assert } from "node:assert";
import * as oauth from "oauth4webapi";
import { refused, report, task } from "./support.mjs";

const { id, secret } = task.client;
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(task.issuer);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const client = { client_id: id };
const authentication = oauth.ClientSecretBasic(secret);
const wanted = new URLSearchParams({ scope: "read" });
const granted = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(server, client, authentication, wanted, insecure),
);
assert.equal(granted.scope, "read");

const check = (token, audience) => {
  const headers = { authorization: `Bearer ${token}` };
  return oauth.validateJwtAccessToken(server, new Request("https://api.example.com/", { headers }), audience, {
    ...insecure,
    signingAlgorithms: ["ES256"],
  });
};
const claims = await check(granted.access_token, task.audience);
assert.equal(claims.client_id, id);
const other = await refused(check(granted.access_token, "https://other.example.com"));
const [header, payload, signature] = granted.access_token.split(".");
const turned = signature.replace(/^./, (first) => (first === "A" ? "B" : "A"));
const forged = await refused(check([header, payload, turned].join("."), task.audience));

const introspected = await oauth.processIntrospectionResponse(
  server,
  client,
  await oauth.introspectionRequest(server, client, authentication, granted.access_token, insecure),
);
assert.equal(introspected.active, true);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, authentication, granted.access_token, insecure),
);
const afterwards = await oauth.processIntrospectionResponse(
  server,
  client,
  await oauth.introspectionRequest(server, client, authentication, granted.access_token, insecure),
);
report({ other, forged, active: afterwards.active });
