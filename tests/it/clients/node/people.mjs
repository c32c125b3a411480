// Who somebody is, for openid-client: identifiers that clients of different sectors cannot compare (OpenID Connect Core §8),
// how somebody signed in (§5.5.1.1), and which of the people at one browser is meant.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import * as oidc from "openid-client";
import { Browser, refused, register, report, signIn, start, task } from "./support.mjs";

/** A client at these addresses, where people are sent to the first. */
async function client(redirect_uris, more) {
  const common = { application_type: "web", token_endpoint_auth_method: "client_secret_post" };
  const grant_types = ["authorization_code", "refresh_token"];
  const config = await register({ ...common, redirect_uris, grant_types, id_token_signed_response_alg: "ES256", ...more });
  return { config, redirect_uri: redirect_uris[0] };
}

const pairwise = { subject_type: "pairwise" };
const browser = new Browser();

/** Under which identifiers the client knows the person, and her session; it is told the same everywhere. */
async function known({ config, redirect_uri }) {
  const scope = "openid offline_access";
  const { tokens } = await signIn(config, browser, { redirect_uri, scope });
  const { sub, sid } = tokens.claims();
  await oidc.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).sub, sub);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, sub);
  const silent = { redirect_uri, scope: "openid", prompt: "none", id_token_hint: tokens.id_token };
  assert.equal((await signIn(config, browser, silent)).tokens.claims().sub, sub);
  return { sub, sid };
}

async function sectors() {
  const listed = ["https://here.example/cb", "https://there.example/cb"];
  const party = createServer((_, response) => response.end(JSON.stringify(listed))).listen(task.port, "127.0.0.1");
  const sector_identifier_uri = `http://127.0.0.1:${task.port}/sector`;
  const one = await known(await client(["https://one.example/cb"], pairwise));
  const beside = await known(await client(["https://one.example/other"], pairwise));
  const two = await known(await client(["https://two.example/cb"], pairwise));
  const everybody = await known(await client(["https://one.example/cb"]));
  const here = await known(await client(listed, { ...pairwise, sector_identifier_uri }));
  const there = await known(await client([listed[1]], { ...pairwise, sector_identifier_uri }));
  party.close();
  assert.deepEqual([one, here], [beside, there]);
  for (const name of ["sub", "sid"]) {
    assert.equal(new Set([one, two, everybody, here].map((it) => it[name])).size, 4);
  }
  return refused(client(listed, pairwise));
}

async function classes({ config, redirect_uri }) {
  const claims = (wanted) => JSON.stringify({ id_token: { acr: wanted } });
  const told = async (wanted) => (await signIn(config, browser, { redirect_uri, ...wanted })).tokens.claims().acr;
  assert.deepEqual(config.serverMetadata().acr_values_supported, ["0", "1"]);
  assert.equal(await told({}), undefined);
  assert.equal(await told({ acr_values: "phr 0 1" }), "0");
  assert.equal(await told({ claims: claims({ essential: true, values: ["phr", "1"] }) }), "1");
  return refused(told({ claims: claims({ essential: true, value: "phr" }) }));
}

async function accounts({ config, redirect_uri }) {
  const select = { redirect_uri, prompt: "select_account" };
  const choose = async (username, parameters = select) => {
    browser.username = username;
    const { address, checks } = await start(config, parameters);
    const { answer, pages } = await browser.authorize(address);
    const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
    return { pages, tokens, sub: tokens.claims().sub };
  };
  const first = await choose(task.username);
  assert.deepEqual(first.pages, ["accounts"]);
  const other = await choose(task.other);
  assert.deepEqual(other.pages, ["accounts", "sign-in", "consent"]);
  assert.notEqual(other.sub, first.sub);
  const again = await choose(task.username);
  assert.deepEqual([again.pages, again.sub], [["accounts"], first.sub]);
  // Without a word from the client, the server asks whom it is for; a hint says it.
  const unasked = await choose(task.other, { redirect_uri });
  assert.deepEqual([unasked.pages, unasked.sub], [["accounts"], other.sub]);
  for (const { tokens, sub } of [first, other]) {
    const silent = { redirect_uri, prompt: "none", id_token_hint: tokens.id_token };
    assert.equal((await choose(undefined, silent)).sub, sub);
  }
  return refused(choose(undefined, { redirect_uri, prompt: "none" }));
}

const sector = await sectors();
const web = await client(["https://web.example/cb"], pairwise);
report({ sector, unmet: await classes(web), silent: await accounts(web) });
