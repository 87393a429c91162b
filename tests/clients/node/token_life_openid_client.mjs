// The life of a refresh family by openid-client: code, refresh, introspection, revocation.
//
// Argument: issuer, client_id, client_secret (or null), redirect_uri, scope, dpop (whether to bind
// the tokens to a key), introspection_alg (null: answers in JSON, and for a client without secret).
//
// Prints {"authorize_url"}, reads {"callback_url"}, prints what each step gave.

import * as client from "openid-client";
import { hear, mayBeInsecure, options, refusalOf, run, say } from "./talk.mjs";

async function configured() {
  const issuer = new URL(options.issuer);
  const metadata = { id_token_signed_response_alg: "RS256" };
  if (options.introspection_alg) {
    metadata.introspection_signed_response_alg = options.introspection_alg;
  }
  const execute = [client.enableNonRepudiationChecks];
  if (mayBeInsecure(issuer)) execute.push(client.allowInsecureRequests);
  const authentication = options.client_secret
    ? client.ClientSecretBasic(options.client_secret)
    : client.None();
  return client.discovery(issuer, options.client_id, metadata, authentication, { execute });
}

await run(async () => {
  const config = await configured();
  const proof = options.dpop
    ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) }
    : {};

  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: options.redirect_uri,
    scope: options.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  });
  say({ authorize_url: address.href });

  const { callback_url } = await hear();
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const url = new URL(callback_url);
  const first = await client.authorizationCodeGrant(config, url, checks, undefined, proof);
  const second = await client.refreshTokenGrant(config, first.refresh_token, undefined, proof);
  const again = await client.refreshTokenGrant(config, first.refresh_token, undefined, proof);
  const sub = first.claims().sub;
  const userinfo = await client.fetchUserInfo(config, second.access_token, sub, proof);

  const look = async (token) =>
    options.client_secret ? client.tokenIntrospection(config, token) : null;
  const live = {
    access: await look(second.access_token),
    refresh: await look(second.refresh_token),
    replaced: await look(first.refresh_token),
  };
  await client.tokenRevocation(config, first.access_token);
  const one = {
    revoked: await look(first.access_token),
    other: await look(second.access_token),
    userinfo: await refusalOf(client.fetchUserInfo(config, first.access_token, sub, proof)),
  };
  await client.tokenRevocation(config, second.refresh_token, { token_type_hint: "refresh_token" });
  say({
    token_type: second.token_type,
    rotated: second.refresh_token !== first.refresh_token,
    repeated: again.refresh_token === second.refresh_token,
    subjects: [sub, second.claims().sub, userinfo.sub],
    live,
    one,
    dead: {
      access: await look(second.access_token),
      refresh: await look(second.refresh_token),
      userinfo: await refusalOf(client.fetchUserInfo(config, second.access_token, sub, proof)),
      refreshed: await refusalOf(
        client.refreshTokenGrant(config, second.refresh_token, undefined, proof),
      ),
    },
  });
});
