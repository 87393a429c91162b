// The same life by oauth4webapi, each message sent and judged by itself.
//
// Arguments and answers are those of token_life_openid_client.mjs.

import * as oauth from "oauth4webapi";
import { hear, mayBeInsecure, options, refusalOf, run, say } from "./talk.mjs";

await run(async () => {
  const issuer = new URL(options.issuer);
  const http = { [oauth.allowInsecureRequests]: mayBeInsecure(issuer) };
  const found = await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...http });
  const as = await oauth.processDiscoveryResponse(issuer, found);
  const client = { client_id: options.client_id };
  if (options.introspection_alg) {
    client.introspection_signed_response_alg = options.introspection_alg;
  }
  const authentication = options.client_secret
    ? oauth.ClientSecretBasic(options.client_secret)
    : oauth.None();
  const proving = options.dpop
    ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair("ES256")) }
    : {};
  const sending = { ...http, ...proving };

  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const expectedNonce = oauth.generateRandomNonce();
  const address = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: client.client_id,
    redirect_uri: options.redirect_uri,
    response_type: "code",
    scope: options.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce: expectedNonce,
  })) {
    address.searchParams.set(name, value);
  }
  say({ authorize_url: address.href });

  const { callback_url } = await hear();
  const answer = oauth.validateAuthResponse(as, client, new URL(callback_url), state);
  const redeemed = await oauth.authorizationCodeGrantRequest(
    as, client, authentication, answer, options.redirect_uri, verifier, sending,
  );
  const first = await oauth.processAuthorizationCodeResponse(as, client, redeemed, {
    expectedNonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, redeemed, http);

  const refresh = async (token) => {
    const response = await oauth.refreshTokenGrantRequest(
      as, client, authentication, token, sending,
    );
    const tokens = await oauth.processRefreshTokenResponse(as, client, response);
    await oauth.validateApplicationLevelSignature(as, response, http);
    return tokens;
  };
  const sub = oauth.getValidatedIdTokenClaims(first).sub;
  const ask = async (token) => {
    const response = await oauth.userInfoRequest(as, client, token, sending);
    return oauth.processUserInfoResponse(as, client, sub, response);
  };
  const look = async (token) => {
    if (!options.client_secret) return null;
    const response = await oauth.introspectionRequest(as, client, authentication, token, http);
    const told = await oauth.processIntrospectionResponse(as, client, response);
    if (options.introspection_alg) {
      await oauth.validateApplicationLevelSignature(as, response, http);
    }
    return told;
  };
  const giveBack = async (token) => {
    const response = await oauth.revocationRequest(as, client, authentication, token, http);
    await oauth.processRevocationResponse(response);
  };

  const second = await refresh(first.refresh_token);
  const again = await refresh(first.refresh_token);
  const userinfo = await ask(second.access_token);
  const live = {
    access: await look(second.access_token),
    refresh: await look(second.refresh_token),
    replaced: await look(first.refresh_token),
  };
  await giveBack(first.access_token);
  const one = {
    revoked: await look(first.access_token),
    other: await look(second.access_token),
    userinfo: await refusalOf(ask(first.access_token)),
  };
  await giveBack(second.refresh_token);
  say({
    token_type: second.token_type,
    rotated: second.refresh_token !== first.refresh_token,
    repeated: again.refresh_token === second.refresh_token,
    subjects: [sub, oauth.getValidatedIdTokenClaims(second).sub, userinfo.sub],
    live,
    one,
    dead: {
      access: await look(second.access_token),
      refresh: await look(second.refresh_token),
      userinfo: await refusalOf(ask(second.access_token)),
      refreshed: await refusalOf(refresh(second.refresh_token)),
    },
  });
});
