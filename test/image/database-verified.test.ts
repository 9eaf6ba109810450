import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, expect, it } from "vitest";
import { makeAuthority } from "../fixtures/authority.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers();
let network: PeerNetwork;
let database: Database;
let stranger: string;

beforeAll(async () => {
  await useEngine();
  network = await keep(makeNetwork());
  database = await keep(startPostgresql({ network, tls: "required", method: "password" }));
  stranger = (await makeAuthority()).certificate;
});

/** What the server says to a database of that name, until it ends. */
async function refusal(env: Readonly<Record<string, string>>, authority: string) {
  const words = Object.entries({
    PROSODY_DOMAIN: "example.org",
    PROSODY_SQL_DRIVER: "PostgreSQL",
    PROSODY_SQL_TLS_CA: "/tmp/ca.pem",
    PROSODY_SQL_PASSWORD: database.password,
    PROSODY_SQL_WAIT: "1s",
    ...env,
  }).map(([name, value]) => `--env=${name}=${value}`);
  const script = `io.open("/tmp/ca.pem", "w"):write(io.read("a")):close() arg = {} dofile("/usr/lib/prosody-foundry/entrypoint.lua")`;
  const run = ["run", "--rm", "--interactive", `--network=${network.name}`, ...words, "--entrypoint=/usr/bin/lua5.4"];
  const { exitCode, stderr } = await runCommand(
    "docker",
    [...run, await ensureProsodyImage(usualSeries), "-e", script],
    { accept: "any", input: authority },
  );
  return { exitCode, stderr };
}

// It would be taken: that it is not in the log of who was let in or refused means that it never came.
const heard = /(authenticated|authorized|failed).*prosody/u;

it.each([
  ["PROSODY_SQL_TLS", "verify-full: a certificate for another name", "verify-full", "another name", false],
  ["PROSODY_SQL_TLS_CA", "verify-ca: another authority", "verify-ca", "does not vouch for", true],
  ["PROSODY_SQL_TLS_CA", "require: another authority", "require", "does not vouch for", true],
])("%s: no password goes to a database that is not the one meant: %s", async (...[, , tls, sentence, isForged]) => {
  const host = tls === "verify-full" ? database.name : database.host;
  const authority = isForged ? stranger : database.authority.certificate;
  expect(await refusal({ PROSODY_SQL_TLS: tls, PROSODY_SQL_HOST: host }, authority)).toStrictEqual({
    exitCode: 78,
    stderr: expect.stringContaining(sentence),
  });
  expect(await database.log()).not.toMatch(heard);
});

it("PROSODY_SQL_TLS: verify-full tells of a wrong password where the name is right", async () => {
  const env = { PROSODY_SQL_TLS: "verify-full", PROSODY_SQL_HOST: database.host, PROSODY_SQL_PASSWORD: "wrong" };
  expect(await refusal(env, database.authority.certificate)).toStrictEqual({
    exitCode: 78,
    stderr: expect.stringContaining("check PROSODY_SQL_USERNAME and PROSODY_SQL_PASSWORD"),
  });
  expect(await database.log()).toMatch(heard);
});
