import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Report } from "@prosody-foundry/bake";
import { prettyJson, runCommand } from "@prosody-foundry/kit";
import { emptyLock, writeLock } from "@prosody-foundry/lockfile";
import type { LedgerEntry } from "@prosody-foundry/release";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { PlanOutput } from "../fixtures/foundry-output.ts";
import { moduleWith, type WrittenLayout, writeLayoutImage } from "../fixtures/layout-image.ts";
import { openRegistry, readTool, type Registry } from "../fixtures/registry.ts";
import { changeImage, sharedCache } from "../fixtures/repository.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const release = ["--series", "13.0"];
let folder: string;
let registry: Registry;
let layout: WrittenLayout;
let foundry: Foundry;
let id = "none";

/** The repository with an image of amd64 and arm64, published as 13.0.1-r2, and since built with 13.0.7. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-notes-"));
  const root = path.join(folder, "repository");
  await cp(path.join(repository, "images"), path.join(root, "images"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (name) => path.basename(name) !== "node_modules",
  });
  await writeLock(path.join(root, "modules.lock.json"), emptyLock());
  const platforms = ["linux/amd64", "linux/arm64"] as const;
  await changeImage(root, { platforms: [...platforms], modules: { required: [], optional: [] } });
  const manifest = { name: "prosody", private: true, version: "1.3.0" };
  await writeFile(path.join(root, "images/prosody/package.json"), prettyJson(manifest));
  const changelog =
    "# prosody\n\n## 1.3.0\n\n### Minor Changes\n\n- mod_x is in it\n\n## 1.2.0\n\n### Patch Changes\n\n- Told\n";
  await writeFile(path.join(root, "images/prosody/CHANGELOG.md"), changelog);
  registry = await openRegistry({ kind: "docker-registry" });
  const source = "https://example.org/source";
  const modules = [moduleWith("mod_greeting", "-- hello\n")];
  layout = await writeLayoutImage({ platforms, modules, source, revision: "3".repeat(40), builder: source });
  const env = { FOUNDRY_CACHE: sharedCache(), FOUNDRY_REPOSITORY: `${registry.host}/prosody`, ...registry.env };
  foundry = openFoundry(root, env);
  await runCommand(await readTool("crane"), ["push", layout.folder, `${registry.host}/prosody@${layout.index}`], {
    env,
  });
  const plan = PlanOutput.parse(await foundry.json(["plan", ...release]));
  id = plan.targets[0]?.id ?? "";
  await writeBuild();
  await publish(layout.index);
});
afterAll(async () => {
  await rm(path.join(sharedCache(), "builds", id), { recursive: true, force: true });
  await registry.stop();
  await rm(layout.folder, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

/** What a build of the target would leave: no module, and a package more. */
async function writeBuild(): Promise<void> {
  const libc = {
    name: "libc6",
    versionInfo: "2.41-12",
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=trixie",
      },
    ],
  };
  const built = await writeLayoutImage({
    platforms: ["linux/amd64"],
    modules: [],
    source: "https://example.org/source",
    revision: "4".repeat(40),
    builder: "https://example.org/source",
    alter: { sbom: (document) => ({ ...document, packages: [...document.packages, libc] }) },
  });
  const report: Report = Report.parse({
    reportVersion: 1,
    id,
    name: "prosody-13-0",
    image: "prosody",
    series: "13.0",
    release: "13.0.7",
    index: built.index,
    platforms: { "linux/amd64": { digest: built.manifests.get("linux/amd64"), size: 1, layers: [] } },
    inputs: {},
    builtAt: "2026-11-20T10:00:00.000Z",
  });
  const kept = path.join(sharedCache(), "builds", id);
  await cp(built.folder, path.join(kept, "layout"), { recursive: true });
  await writeFile(path.join(kept, "report.json"), prettyJson(report));
  await rm(built.folder, { recursive: true });
}

async function publish(digest: string): Promise<void> {
  const entry: LedgerEntry = {
    image: "prosody",
    variant: "",
    series: "13.0",
    version: "13.0.1",
    rev: 2,
    digest,
    id: null,
    contract: "1.2.0",
    platforms: {},
    yanked: false,
    date: "2026-11-01",
  };
  const ledger = { ledgerVersion: 1, entries: [entry] };
  await writeFile(path.join(foundry.root, "images/ledger.json"), prettyJson(ledger));
}

it("says what is new against the published image, by what the registry gives out of it", async () => {
  const { exitCode, stdout, stderr } = await foundry.run(["notes", ...release]);
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("Not compared") as unknown]);
  expect(stdout).toContain("Prosody 13.0.7 (was 13.0.1), image revision 1, contract 1.3.0 (was 1.2.0).");
  expect(stdout).toContain(`docker pull ${registry.host}/prosody:13.0.7-r1`);
  expect(stdout).toContain("### New\n\n- mod_x is in it");
  expect(stdout).not.toContain("Told");
  expect(stdout).toMatch(/^\| mod_greeting \| `[0-9a-f]{12}` → gone \|/mu);
  expect(stdout).toMatch(/^\| libc6 \| new: 2\./mu);
  // The lua5.4 of both is the same, and so is their first layer.
  expect(stdout).not.toContain("lua5.4");
  expect(stdout).toMatch(/^\| linux\/amd64 \| [\d.]+ k?B \| [\d.]+ k?B \| [\d.]+ k?B \|$/mu);
});

it("says the same to programs", async () => {
  expect(await foundry.json(["notes", ...release])).toMatchObject([{ modules: expect.anything() as unknown }]);
});

it("where the published image is gone, says so and compares with nothing", async () => {
  await publish(`sha256:${"5".repeat(64)}`);
  const { exitCode, stdout, stderr } = await foundry.run(["notes", ...release]);
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringContaining("Not compared with what was published last") as unknown,
  ]);
  expect(stdout).toContain("It has 0 community modules.");
  expect(stdout).toMatch(/^\| linux\/amd64 \| /mu);
});

it("of an image that is not built is refused", async () => {
  const { exitCode, stderr } = await foundry.run(["notes", "--series", "0.12"]);
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^NOT_BUILT: prosody-0-12 /mu)]);
});
