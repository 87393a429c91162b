// The code flow by openid-client, which validates everything it is given.
//
// Argument: one JSON document with issuer, client_id, client_secret (or null), redirect_uri, scope,
// auth_method (client_secret_basic, client_secret_post or none), id_token_alg; optionally max_age and
// authorize (further parameters of the authorization request).
//
// Prints {"authorize_url"}, reads {"callback_url"}, prints the validated claims and the answers;
// anything refused is printed as {"error"} and ends with status 1.

import * as client from "openid-client";
import { hear, mayBeInsecure, options, run, say } from "./talk.mjs";

function authentication({ auth_method, client_secret }) {
  switch (auth_method) {
    case "client_secret_basic":
      return client.ClientSecretBasic(client_secret);
    case "client_secret_post":
      return client.ClientSecretPost(client_secret);
    case "none":
      return client.None();
    default:
      throw new Error(`unknown auth_method ${auth_method}`);
  }
}

function execute(issuer) {
  const steps = [client.enableNonRepudiationChecks];
  if (mayBeInsecure(issuer)) steps.push(client.allowInsecureRequests);
  return steps;
}

await run(async () => {
  const issuer = new URL(options.issuer);
  const metadata = { id_token_signed_response_alg: options.id_token_alg ?? "RS256" };
  if (options.max_age != null) metadata.require_auth_time = true;
  const config = await client.discovery(
    issuer,
    options.client_id,
    metadata,
    authentication(options),
    { execute: execute(issuer) },
  );

  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const parameters = {
    redirect_uri: options.redirect_uri,
    scope: options.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...(options.max_age == null ? {} : { max_age: String(options.max_age) }),
    ...options.authorize,
  };
  say({ authorize_url: client.buildAuthorizationUrl(config, parameters).href });

  const { callback_url } = await hear();
  const tokens = await client.authorizationCodeGrant(config, new URL(callback_url), {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
    ...(options.max_age == null ? {} : { maxAge: options.max_age }),
  });
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  say({
    claims,
    userinfo,
    id_token: tokens.id_token,
    access_token: tokens.access_token,
    refresh_token: tokens.refresh_token ?? null,
    token_type: tokens.token_type,
    expires_in: tokens.expires_in ?? null,
    scope: tokens.scope ?? null,
    server: config.serverMetadata(),
  });
});
