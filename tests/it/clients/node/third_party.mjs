// A sign-in that begins at the server (OpenID Connect Core §4): from the person's account to the app, which checks who
// sent the browser and starts a sign-in of its own.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import * as oidc from "openid-client";
import { Browser, discover, report, signIn, start, task } from "./support.mjs";

const { id, secret } = task.client;
const config = await discover(id, { id_token_signed_response_alg: "ES256" }, oidc.ClientSecretBasic(secret));
let started;
const party = createServer(async (request, response) => {
  const asked = new URL(request.url, `http://127.0.0.1:${task.port}`);
  // OpenID Connect Core §4: only of an issuer that it knows.
  if (asked.pathname !== "/start" || asked.searchParams.get("iss") !== task.issuer) {
    return response.writeHead(400).end();
  }
  const login_hint = asked.searchParams.get("login_hint");
  started = await start(config, login_hint ? { login_hint } : {});
  response.writeHead(302, { location: started.address }).end();
}).listen(task.port, "127.0.0.1");

// The app is in the account once it was let in.
const browser = new Browser();
await signIn(config, browser);
const { page } = await browser.request(new URL("/account", task.issuer));
const link = /<a href="([^"]*\/start[^"]*)">Open/.exec(page) ?? assert.fail(page);
const address = new URL(link[1].replaceAll("&amp;", "&").replaceAll("&#38;", "&"));
const { next } = await browser.request(address);
const { answer, pages } = await browser.authorize(next);
assert.deepEqual(pages, []);
const tokens = await oidc.authorizationCodeGrant(config, answer, started.checks);

address.searchParams.set("iss", "https://evil.example");
const evil = await fetch(address, { redirect: "manual" });
assert.equal(evil.status, 400);
party.close();
report({ sub: tokens.claims().sub });
