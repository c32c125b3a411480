// What the journeys share: the task from standard input, a relying party that verifies every signature, and a browser.

import { text } from "node:stream/consumers";
import { strict as assert } from "node:assert";
import * as oidc from "openid-client";

/** The task of the test, as JSON on standard input, so that no secret stands in an argument. */
export const task = JSON.parse(await text(process.stdin));

/** What the test is told; it ends the process, because servers of a journey may still listen. */
export function report(facts) {
  process.stdout.write(JSON.stringify(facts), () => process.exit(0));
}

/** Most issuers of the tests are on loopback, without TLS. All signatures are checked with the keys of `jwks_uri`. */
const usual = task.issuer.startsWith("https:") ? [] : [oidc.allowInsecureRequests];
export const strictly = { execute: [...usual, oidc.enableNonRepudiationChecks] };

/** A relying party that knows the issuer's address and its own registration. */
export function discover(clientId, metadata, authentication, options = strictly) {
  return oidc.discovery(new URL(task.issuer), clientId, metadata, authentication, options);
}

/** What every client registers: it is a program of the person. */
export const common = { application_type: "native", redirect_uris: [task.redirect_uri], client_name: "Node" };

/** A relying party that registers itself. */
export function register(metadata, authentication, ...extensions) {
  const options = { execute: [...strictly.execute, ...extensions] };
  const issuer = new URL(task.issuer);
  return oidc.dynamicClientRegistration(issuer, { ...common, ...metadata }, authentication, options);
}

/** The token with other claims under the old signature. */
export function forged(token, change) {
  const [header, payload, signature] = token.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload, "base64url")), ...change };
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

/** Starts a sign-in: its address, and what the answer is to be checked with. */
export async function start(config, parameters = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: task.redirect_uri,
    scope: "openid profile email",
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  return { address, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

/** A sign-in from its start to verified tokens, with more checks than the usual ones. */
export async function signIn(config, browser, parameters, more) {
  const { address, checks } = await start(config, parameters);
  const { answer } = await browser.authorize(address);
  return { answer, tokens: await oidc.authorizationCodeGrant(config, answer, { ...checks, ...more }) };
}

/** The promise must fail; answers the code of the error. */
export async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error.error ?? error.code ?? assert.fail(error);
  }
  assert.fail("nothing was refused");
}

/** What the library says of a 401 with its challenge, as of each `invalid_client` (RFC 6749 §5.2). */
export const challenged = "OAUTH_WWW_AUTHENTICATE_CHALLENGE";

/** Waits for what others do in their own time. */
export async function until(found) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const value = found();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not within half a minute: ${found}`);
}

const unescaped = (text) =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)).replaceAll("&amp;", "&");

/** The form that continues with the account of that name, where the page has it. */
function choiceOf(html, username) {
  const entry = html.split("<li>").find((it) => it.includes(`>${username}<`));
  return entry && formOf(entry);
}

/** The first form of a page: its address and its fields. */
function formOf(html) {
  const form = /<form[^>]* action="([^"]*)"[^>]*>(.*?)<\/form>/s.exec(html);
  assert.ok(form, html);
  const fields = new URLSearchParams();
  for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
    const value = / value="([^"]*)"/.exec(input)?.[1] ?? "";
    fields.set(/ name="([^"]*)"/.exec(input)[1], unescaped(value));
  }
  return { action: unescaped(form[1]), fields, decides: form[2].includes('name="decision"') };
}

/** People at a browser that runs no scripts: keeps cookies, follows redirects, fills forms in. */
export class Browser {
  cookies = new Map();
  /** Who sits there now. */
  username = task.username;

  constructor(decision = "allow") {
    this.decision = decision;
  }

  async request(address, form) {
    const headers = { cookie: [...this.cookies].map((pair) => pair.join("=")).join("; ") };
    if (form) headers.origin = address.origin;
    const method = form ? "POST" : "GET";
    const response = await fetch(address, { method, body: form, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (cookie.includes("Max-Age=0")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = response.headers.get("location");
    return { next: location && new URL(location, address), page: await response.text() };
  }

  /**
   * Opens an address of the server and does what its pages ask for, until the browser is sent elsewhere. The answer is an
   * address, or the request that a form makes (OAuth 2.0 Form Post Response Mode §2).
   */
  async authorize(address) {
    const server = address.origin;
    const pages = [];
    for (let form, steps = 0; steps < 12; steps++) {
      const { next, page } = await this.request(address, form);
      form = undefined;
      if (next) {
        if (next.origin !== server) return { answer: next, pages };
        address = next;
        continue;
      }
      const another = /<a id="another-account" href="([^"]*)"/.exec(page);
      const choice = another && choiceOf(page, this.username);
      if (another) pages.push("accounts");
      if (another && !choice) {
        address = new URL(unescaped(another[1]), address);
        continue;
      }
      const found = choice ?? formOf(page);
      address = new URL(found.action, address);
      form = found.fields;
      if (address.origin !== server) {
        return { answer: new Request(address, { method: "POST", body: form }), pages };
      }
      if (form.has("password")) {
        pages.push("sign-in");
        form.set("username", this.username);
        form.set("password", task.password);
      } else if (!choice) {
        pages.push("consent");
        assert.ok(found.decides, page);
        form.set("decision", this.decision);
      }
    }
    assert.fail(`no end of pages: ${pages}`);
  }
}
