// How every script here talks with the test that runs it: JSON lines.
//
// Argument: one JSON document. Whatever a client refuses is said as {"error"} and ends with status 1.

import * as readline from "node:readline";

export const options = JSON.parse(process.argv[2]);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export function say(value) {
  process.stdout.write(JSON.stringify(value) + "\n");
}

export async function hear() {
  const { value, done } = await lines.next();
  if (done) throw new Error("nothing more was said");
  return JSON.parse(value);
}

// Plain http is for an issuer on this machine alone.
export function mayBeInsecure(issuer) {
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(issuer.hostname);
  return issuer.protocol === "http:" && local;
}

// What a client makes of a refusal: its error code.
export async function refusalOf(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.error ?? error.code ?? error.name;
  }
}

export async function run(main) {
  try {
    await main();
    process.exit(0);
  } catch (error) {
    const cause = error.cause instanceof Error ? error.cause.message : (error.cause ?? null);
    say({
      error: error.error ?? error.code ?? error.name,
      description: error.error_description ?? error.message,
      cause,
    });
    process.exitCode = 1;
    lines.return?.();
    process.stdin.destroy();
  }
}
