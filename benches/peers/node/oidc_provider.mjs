// node-oidc-provider: its end session endpoint, called without a network, with requests and responses of node:http that
// light-my-request makes. The user is not signed in, so that it does not ask.

import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import inject from 'light-my-request';
import Provider from 'oidc-provider';
import { fixture, serve } from './turns.mjs';

const provider = new Provider(fixture.issuer, {
  clients: [{
    client_id: fixture.client_id,
    client_secret: 'not needed',
    redirect_uris: ['https://rp.example/callback'],
    post_logout_redirect_uris: [fixture.post_logout_redirect_uri],
  }],
  cookies: { keys: ['a secret that signs cookies'] },
  features: { devInteractions: { enabled: false } },
  jwks: { keys: [fixture.private_jwk] },
  ttl: { Session: 14 * 24 * 60 * 60 },
});
provider.proxy = true;

// The same server with a route that does nothing but answer what the endpoint answers.
let page;
provider.use(async (ctx, next) => {
  if (ctx.path !== '/floor') return next();
  ctx.type = 'html';
  ctx.body = page;
});

const listener = provider.callback();
const headers = { host: new URL(fixture.issuer).host, 'x-forwarded-proto': 'https' };
const send = (options) => inject(listener, { ...options, headers: { ...headers, ...options.headers } });
const decision = (query = fixture.query) => send({ method: 'GET', url: `/session/end?${query}` });
const floor = () => send({ method: 'GET', url: `/floor?${fixture.query}` });

// The endpoint answers with a form that posts itself, and what it posts to with the redirect.
const form = await decision();
assert.equal(form.statusCode, 200);
assert.match(form.body, /document\.forms\[0\]\.submit\(\)/);
page = form.body;
const redirect = await send({
  method: 'POST',
  url: form.body.match(/action="([^"]+)"/)[1],
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    cookie: form.cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
  },
  payload: new URLSearchParams({ xsrf: form.body.match(/name="xsrf" value="([^"]+)"/)[1], logout: 'yes' }).toString(),
});
assert.equal(redirect.statusCode, 303);
assert.equal(redirect.headers.location, fixture.location);
const tampered = await decision(fixture.tampered_query);
assert.equal(tampered.statusCode, 400);
assert.equal(tampered.headers.location, undefined);
assert.equal((await floor()).body, page);

// One signature check by Node.js itself, with the key at hand.
const [head, claims, encoded] = fixture.id_token.split('.');
const key = createPublicKey({ key: fixture.public_jwk, format: 'jwk' });
const signed = Buffer.from(`${head}.${claims}`);
const octets = Buffer.from(encoded, 'base64url');
const signature = () => verify('RSA-SHA256', signed, key, octets);
assert(signature());

await serve('oidc-provider', { decision, floor, signature });
