// The Form Post profile with openid-client: the answer arrives in the body of a request.

import { strict as assert } from "node:assert";
import * as oidc from "openid-client";
import { Browser, discover, refused, report, start, task } from "./support.mjs";

const { id, secret } = task.client;
const config = await discover(id, { id_token_signed_response_alg: "ES256" }, oidc.ClientSecretBasic(secret));
assert.ok(config.serverMetadata().response_modes_supported.includes("form_post"));

const wanted = { response_mode: "form_post", prompt: "consent" };
const { address, checks } = await start(config, wanted);
const { answer } = await new Browser().authorize(address);
assert.ok(answer instanceof Request, answer);
assert.equal(answer.url, task.redirect_uri);
const tokens = await oidc.authorizationCodeGrant(config, answer, checks);

// A refusal comes by the same way.
const second = await start(config, wanted);
const refusal = await new Browser("deny").authorize(second.address);
const denied = await refused(oidc.authorizationCodeGrant(config, refusal.answer, second.checks));
report({ sub: tokens.claims().sub, denied });
