// A client on express-openid-connect. Its page at / needs a sign-in. The environment says who the
// client is and where it listens. It ends with its standard input, so it never outlives the test.

"use strict";

const express = require("express");
const { auth } = require("express-openid-connect");

const { ALGORITHM, CLIENT_ID, CLIENT_SECRET, ISSUER, ORIGIN } = process.env;

// What it keeps of the notices, in the interface that express-session has for stores.
const entries = new Map();
const store = {
  get: (key, done) => done(null, entries.get(key)),
  set: (key, entry, done) => done(null, entries.set(key, entry)),
  destroy: (key, done) => done(null, entries.delete(key)),
};

const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: ORIGIN,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "signs the cookies of this client",
    authorizationParams: { response_type: "code", scope: "openid profile" },
    idTokenSigningAlg: ALGORITHM,
    idpLogout: true,
    routes: { postLogoutRedirect: "/" },
    backchannelLogout: { store },
    // Asked for once: the access token ends with the provider's session, notice or not.
    afterCallback: async (request, _response, session) => {
      const { name } = await request.oidc.fetchUserInfo();
      return { ...session, name };
    },
  }),
);
app.get("/", (request, response) => {
  response.type("text").send(`Signed in as ${request.appSession.name}`);
});
app.listen(Number(new URL(ORIGIN).port), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log("ready");
});
process.stdin.resume().on("end", () => process.exit());
