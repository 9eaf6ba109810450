import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeVolume, prepareVolume, startBare } from "../fixtures/bare-server.ts";
import { armor } from "../fixtures/confinement.ts";
import { allKept, leaveData, readData } from "../fixtures/kept-data.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers(afterEach);
let peers: string;

beforeAll(async () => {
  await useEngine();
  peers = await ensurePeersImage();
});

async function newVolume(): Promise<string> {
  return (await keep(makeVolume(peers, "chown 999:999 /v"))).name;
}

/** Starts where it must not start: the one line that says why. */
async function refusal(words: readonly string[]): Promise<string> {
  const server = await keep(startBare([...armor, ...words], "ended"));
  expect(await server.end()).toBe(78);
  const problems = (await server.log()).split("\n").filter((line) => /\serror\t/u.test(line));
  expect(problems).toHaveLength(1);
  return problems[0] ?? "";
}

describe.each(["internal", "sqlite"])("on one volume, storage %s", (storage) => {
  it(`all data survives ${imageSeries.join(" → ")}, and there is no way back`, async () => {
    const volume = await newVolume();
    const env = {
      PROSODY_STORAGE: storage,
      PROSODY_ADMINS: "alice@example.org",
      PROSODY_MUC_DEFAULT_PERSISTENT: "true",
    };
    const start = async (series: string) =>
      keep(startProsody({ image: await ensureProsodyImage(series), env, volume }));
    const [oldest = "", ...newer] = imageSeries;
    const first = await start(oldest);
    const kept = await leaveData(first);
    expect(await readData(first, kept)).toEqual(allKept);
    await first.close();
    for (const series of newer) {
      const server = await start(series);
      expect(await readData(server, kept)).toEqual(allKept);
      expect(await server.exec(["foundry", "healthcheck"])).toMatchObject({ exitCode: 0 });
      await server.close();
      const older = imageSeries[imageSeries.indexOf(series) - 1] ?? "";
      const words = ["--env=PROSODY_DOMAIN=example.org", `--env=PROSODY_STORAGE=${storage}`];
      const mount = `--volume=${volume}:/var/lib/prosody`;
      const started = [...words, mount, await ensureProsodyImage(older)];
      const sentence = await refusal(started);
      expect(sentence).toMatch(/The data in \/var\/lib\/prosody was used by Prosody \S+ already, and this is/u);
      expect(sentence).toContain(`use an image of ${series}, or restore a backup from before.`);
      // Whoever takes the note away is still told by the storage.
      await prepareVolume(volume, peers, "rm /v/.prosody-series");
      expect(await refusal(started)).toContain("The storage of example.org was used by");
    }
  });
});

it("a database remembers, too, where the data folder is new", async () => {
  const network = await keep(makeNetwork());
  const database = await keep(startPostgresql({ network }));
  const env = {
    PROSODY_SQL_DRIVER: "PostgreSQL",
    PROSODY_SQL_HOST: database.host,
    PROSODY_SQL_PASSWORD: database.password,
  };
  const image = await ensureProsodyImage("13.0");
  const server = await keep(startProsody({ image, env, network: network.name }));
  await server.close();
  const words = Object.entries({ ...env, PROSODY_DOMAIN: "example.org" }).map(
    ([name, value]) => `--env=${name}=${value}`,
  );
  const sentence = await refusal([`--network=${network.name}`, ...words, await ensureProsodyImage("0.12")]);
  expect(sentence).toContain("The storage of example.org was used by Prosody 13.0");
});
