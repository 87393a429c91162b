// The code flow by openid-client with a key of its own: every request carries a DPoP proof.
//
// Argument: one JSON document with issuer, client_id, client_secret (or null for a public client),
// redirect_uri, scope and alg, the algorithm of the proofs.
//
// Prints {"authorize_url"}, reads {"callback_url"}, prints what came of it: the tokens of the code,
// of two refreshes, and the answers of UserInfo.

import * as client from "openid-client";
import { hear, mayBeInsecure, options, run, say } from "./talk.mjs";

await run(async () => {
  const issuer = new URL(options.issuer);
  const secret = options.client_secret;
  const steps = [client.enableNonRepudiationChecks];
  if (mayBeInsecure(issuer)) steps.push(client.allowInsecureRequests);
  const config = await client.discovery(
    issuer,
    options.client_id,
    undefined,
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    { execute: steps },
  );
  const offered = config.serverMetadata().dpop_signing_alg_values_supported;
  if (!offered.includes(options.alg)) throw new Error(`not offered: ${options.alg}`);

  const pair = await client.randomDPoPKeyPair(options.alg);
  const DPoP = client.getDPoPHandle(config, pair);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const jkt = await DPoP.calculateThumbprint();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: options.redirect_uri,
    scope: options.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    dpop_jkt: jkt,
  });
  say({ authorize_url: url.href });

  const { callback_url } = await hear();
  const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true };
  const bought = [
    await client.authorizationCodeGrant(config, new URL(callback_url), checks, undefined, { DPoP }),
  ];
  const { sub } = bought[0].claims();
  const userinfo = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const { access_token, refresh_token } = bought[turn];
    userinfo.push(await client.fetchUserInfo(config, access_token, sub, { DPoP }));
    if (turn < 2) bought.push(await client.refreshTokenGrant(config, refresh_token, {}, { DPoP }));
  }
  say({ jkt, bought, userinfo });
});
