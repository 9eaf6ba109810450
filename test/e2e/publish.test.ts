import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { prettyJson } from "@prosody-foundry/kit";
import { readLedger } from "@prosody-foundry/release";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry, type Registry } from "../fixtures/registry.ts";
import { openScene, type Scene } from "../fixtures/repository.ts";
import type { Foundry } from "../fixtures/foundry.ts";

let scene: Scene;
let registry: Registry;
let proxy: FaultyRegistry;
let foundry: Foundry;

const place = "example/prosody";
const what = ["--available", "--series", "13.0", "--no-sign"];

beforeAll(async () => {
  scene = await openScene();
  await declareAmd64();
  await scene.foundry.json(["module", "add", "mod_lastlog2", "--series", "13.0"]);
  registry = await openRegistry({ kind: "docker-registry" });
  proxy = await serveFaults(registry.direct);
  foundry = scene.foundry.with({
    ...registry.env,
    FOUNDRY_REPOSITORY: `${proxy.host}/${place}`,
    FOUNDRY_SETTLE: "200",
  });
});

afterAll(async () => {
  await proxy.stop();
  await registry.stop();
  await scene.close();
});

// One platform is enough to publish, and starts on this machine.
async function declareAmd64(title?: string): Promise<void> {
  const file = path.join(scene.foundry.root, "images/prosody/image.json");
  const declared: object = JSON.parse(await readFile(file, "utf8"));
  await writeFile(
    file,
    prettyJson({ ...declared, platforms: ["linux/amd64"], ...(title === undefined ? {} : { description: title }) }),
  );
}

describe("an image is published", () => {
  it("after a dry run that names every request and makes none", async () => {
    const { stdout, stderr, exitCode } = await foundry.run(["publish", ...what, "--dry-run"]);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(/^prosody-13-0 +13\.0\.1-r1 +new +build check push id claim tag announce ledger$/mu);
    expect(stdout).toContain(`PUT  ${proxy.host}/${place}:13.0.1-r1`);
    expect(stdout).toMatch(/:latest +new → the index to be built$/mu);
    expect(proxy.requests.filter((line) => !/^(?:GET|HEAD) /u.test(line))).toEqual([]);
  });

  it("built, checked, pushed, recorded and tagged", async () => {
    const published = await foundry.json(["publish", ...what]);
    expect(published).toMatchObject({ targets: [{ name: "prosody-13-0", tag: "13.0.1-r1", state: "fresh" }] });
    const tags = await readTags(registry.direct, place);
    expect(tags).toMatchObject({ latest: tags["13.0.1-r1"], 13: tags["13.0.1-r1"] });
    expect(await findHoles(registry.direct, place)).toEqual([]);
    const [entry] = await readLedger(foundry.root);
    expect(entry).toMatchObject({
      image: "prosody",
      version: "13.0.1",
      rev: 1,
      contract: "0.1.0",
      digest: tags["latest"],
    });
    expect(Object.keys(entry?.platforms ?? {})).toEqual(["linux/amd64"]);
  });

  it("once: nothing is sent the second time", async () => {
    const sent = proxy.uploaded();
    const { stdout, exitCode } = await foundry.run(["publish", ...what]);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/was published\nNo tag moved\.\n$/u)]);
    expect(proxy.uploaded()).toBe(sent);
  });

  it("and known to be by the plan, with the ledger or without it", async () => {
    const published = { targets: [{ name: "prosody-13-0", published: true }] };
    expect(await foundry.json(["plan", "--available", "--series", "13.0"])).toMatchObject(published);
    const other = path.join(foundry.root, "images/ledger.json");
    const ledger = await readFile(other, "utf8");
    await writeFile(other, prettyJson({ ledgerVersion: 1, entries: [] }));
    expect(await foundry.json(["plan", "--available", "--series", "13.0", "--published"])).toMatchObject(published);
    await writeFile(other, ledger);
  });

  it("and taken over by a machine that has neither ledger nor build, when its own build says the same", async () => {
    const file = path.join(foundry.root, "images/ledger.json");
    const [ledger, tags] = [await readFile(file, "utf8"), await readTags(registry.direct, place)];
    const forget = (): Promise<void> => writeFile(file, prettyJson({ ledgerVersion: 1, entries: [] }));
    await forget();
    const bases = path.join(scene.cacheDir, "bases");
    const machine = (name: string): Foundry =>
      foundry.with({ FOUNDRY_CACHE: path.join(scene.folder, name), FOUNDRY_BASES: bases });
    const builder = "https://builds.example/other";
    const refused = await machine("second").run(["publish", ...what, "--builder-id", builder]);
    expect(refused.stderr).toMatch(
      /^INDEX_DIFFERS: .*\n +provenance of linux\/amd64: runDetails builder id is "urn:/mu,
    );
    expect(refused.stderr.match(/^ {2}\w+ of linux/gmu)).toHaveLength(1);
    // Where nothing is signed, it learns of the revision nevertheless.
    await forget();
    const published = await machine("third").json(["publish", ...what]);
    expect(published).toMatchObject({ targets: [{ digest: tags["latest"], state: "fresh" }], moved: [] });
    expect(await readTags(registry.direct, place)).toEqual(tags);
    expect((await readLedger(foundry.root)).map(({ digest }) => digest)).toEqual([tags["latest"]]);
    await writeFile(file, ledger);
  });

  it("and its next revision is withdrawn, so that the tags fall back", async () => {
    await declareAmd64("Changed");
    const sent = proxy.uploaded();
    expect(await foundry.json(["publish", ...what])).toMatchObject({ targets: [{ tag: "13.0.1-r2", state: "fresh" }] });
    // Another description changes no layer: only the config, the attestations and the manifests are sent.
    expect(proxy.uploaded() - sent).toBeLessThan(sent / 10);
    const before = await readTags(registry.direct, place);
    expect(before["latest"]).toBe(before["13.0.1-r2"]);
    expect((await foundry.run(["yank", "13.0.1-r9", "--no-sign"])).stderr).toMatch(/^YANK_UNKNOWN: /mu);
    expect((await foundry.run(["yank", "13.0.1-r2", "--no-sign", "--dry-run"])).stdout).toContain(":yanked-13.0.1-r2");
    expect(await readTags(registry.direct, place)).toEqual(before);
    expect(await foundry.json(["yank", "13.0.1-r2", "--no-sign"])).toBeTypeOf("object");
    const after = await readTags(registry.direct, place);
    expect(after).toMatchObject({ latest: before["13.0.1-r1"], "13.0.1-r2": before["13.0.1-r2"] });
    expect((await readLedger(foundry.root)).map(({ rev, yanked }) => [rev, yanked])).toEqual([
      [1, false],
      [2, true],
    ]);
    const again = await foundry.json(["publish", ...what]);
    expect(again).toMatchObject({ targets: [{ tag: "13.0.1-r2", state: "yanked" }], moved: [] });
  });

  it("and every tag says why it is where it is", async () => {
    const { stdout } = await foundry.run(["tags", "--explain"]);
    expect(stdout).toMatch(
      /^latest +13\.0\.1-r1 +newest of 13\.0, which `default` in images\/series\.json names; 13\.0\.1-r2 withdrawn/mu,
    );
    expect(stdout).toMatch(/^13\.0\.1-r2 +13\.0\.1-r2 +an image revision, withdrawn/mu);
  });

  it("and the registry is found in order, until somebody moves a tag or loses a manifest", async () => {
    const doctor = ["doctor", "--published", "--no-sign"];
    expect((await foundry.run(doctor)).exitCode).toBe(0);
    const { "13.0.1-r1": first = "", "13.0.1-r2": second = "" } = await readTags(registry.direct, place);
    await putTag("latest", second);
    const moved = await foundry.run(doctor);
    expect([moved.exitCode, moved.stdout]).toEqual([
      3,
      expect.stringMatching(new RegExp(`^no +latest +is ${second}, should be ${first}$`, "mu")),
    ]);
    await foundry.run(["publish", ...what]);
    expect((await foundry.run(doctor)).exitCode).toBe(0);
    await fetch(`http://${registry.direct}/v2/${place}/manifests/${first}`, { method: "DELETE" });
    const lost = await foundry.run(doctor);
    expect([lost.exitCode, lost.stdout]).toEqual([
      3,
      expect.stringMatching(/^no +13\.0\.1-r1 +the registry has no such tag$/mu),
    ]);
  });
});

async function putTag(tag: string, digest: string): Promise<void> {
  const url = `http://${registry.direct}/v2/${place}/manifests`;
  const type = "application/vnd.oci.image.index.v1+json";
  const body = await (await fetch(`${url}/${digest}`, { headers: { accept: type } })).arrayBuffer();
  await fetch(`${url}/${tag}`, { method: "PUT", headers: { "content-type": type }, body });
}

describe("a series is retired", () => {
  it("by a committed setting that names no tag's series", async () => {
    const refused = await foundry.run(["retire", "13.0"]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^SERIES_NAMED: .*\n +Name another series as `default`/mu),
    ]);
    const file = path.join(foundry.root, "images/series.json");
    const text = await readFile(file, "utf8");
    expect(await foundry.json(["retire", "trunk"])).toBeTypeOf("object");
    expect((await foundry.run(["plan", "--series", "trunk"])).stderr).toMatch(/^SERIES_RETIRED: /mu);
    expect((await readFile(file, "utf8")).replace(/\s*"retired": true,/u, "")).toBe(text);
  });
});
