// Better Auth: the end session endpoint of its OAuth provider, called through its handler, over its in-memory database.
// The user is not signed in, which is the less to look up.

import assert from 'node:assert/strict';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { createAuthEndpoint } from 'better-auth/api';
import { jwt } from 'better-auth/plugins';
import { fixture, serve } from './turns.mjs';

// The same server with a route that does nothing but answer what the endpoint answers.
const floorRoute = {
  id: 'floor',
  endpoints: {
    floor: createAuthEndpoint('/floor', { method: 'GET' }, async (ctx) => {
      throw ctx.redirect(fixture.location);
    }),
  },
};

const models = ['user', 'session', 'account', 'verification', 'jwks'];
models.push('oauthClient', 'oauthAccessToken', 'oauthRefreshToken', 'oauthConsent');
const auth = betterAuth({
  baseURL: fixture.issuer,
  secret: 'a secret of some length that this endpoint does not need',
  database: memoryAdapter(Object.fromEntries(models.map((model) => [model, []]))),
  // It would refuse after some requests.
  rateLimit: { enabled: false },
  plugins: [
    jwt({ jwt: { issuer: fixture.issuer } }),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      cachedTrustedClients: new Set([fixture.client_id]),
    }),
    floorRoute,
  ],
});
// It fetches the keys from itself, once: without a network here.
globalThis.fetch = (...request) => auth.handler(new Request(...request));

const { adapter } = await auth.$context;
await adapter.create({
  model: 'jwks',
  forceAllowId: true,
  data: {
    id: fixture.public_jwk.kid,
    publicKey: JSON.stringify(fixture.public_jwk),
    privateKey: 'not needed',
    createdAt: new Date(),
    alg: 'RS256',
  },
});
await adapter.create({
  model: 'oauthClient',
  data: {
    clientId: fixture.client_id,
    enableEndSession: true,
    redirectUris: ['https://rp.example/callback'],
    postLogoutRedirectUris: [fixture.post_logout_redirect_uri],
  },
});

const send = (path, query) => auth.handler(new Request(`${fixture.issuer}/api/auth${path}?${query}`, {
  headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
}));
const decision = (query = fixture.query) => send('/oauth2/end-session', query);
const floor = () => send('/floor', fixture.query);

for (const response of [await decision(), await floor()]) {
  assert.equal(response.status, 302);
  assert.equal(response.headers.get('location'), fixture.location);
}
const tampered = await decision(fixture.tampered_query);
assert.equal(tampered.status, 401);
assert.equal(tampered.headers.get('location'), null);

await serve('@better-auth/oauth-provider', { decision, floor });
