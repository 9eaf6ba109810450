import { UserError } from "@prosody-foundry/kit";
import type { LockedModule, Pin } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import { explainPlan, formatExplanation } from "./explain.ts";
import type { Image, Release } from "./manifest.ts";
import { modulesLua } from "./modules-lua.ts";
import type { ListName, PackageLock } from "./package-lock.ts";
import { type PlanRequest, planTargets } from "./plan.ts";
import { bucketOf } from "./resolve.ts";
import {
  debian,
  imageOf,
  lockOf,
  moduleOf,
  packageLockOf,
  packageLocks,
  pin,
  rootNames,
  seriesFile,
  tarball,
  trunk,
} from "./sample-lock.ts";
import type { Target } from "./target.ts";

const modules = {
  mod_x: moduleOf({ depends: ["mod_y"], libraries: { DBI: "lua-dbi-sqlite3", zip: null } }),
  mod_y: moduleOf(),
};
const request: PlanRequest = {
  images: [imageOf(["mod_x"])],
  seriesFile,
  lock: lockOf(modules),
  packageLocks,
  choices: { "13.0": tarball },
  only: ["13.0"],
};

function planOne(change: Partial<PlanRequest> = {}): Target {
  const [target, ...others] = planTargets({ ...request, ...change });
  if (target === undefined || others.length > 0) throw new Error("Not one target");
  return target;
}

describe("a plan", () => {
  it("has a target for each image and series", () => {
    const small = { ...imageOf([]), name: "small", variant: "small", series: ["13.0" as const] };
    const targets = planTargets({ images: [imageOf([]), small], seriesFile, lock: lockOf({}), packageLocks });
    expect(targets.map(({ name, release }) => [name, release.version])).toEqual([
      ["prosody-0-12", "0.12.5"],
      ["prosody-13-0", "13.0.7"],
      ["prosody-trunk", "trunk-20261119-0971c99bfbc9"],
      ["small-13-0", "13.0.7"],
    ]);
  });

  it("holds all that is built, packages of the suite and of Lua libraries among it", () => {
    const target = planOne({ images: [imageOf([])], choices: { "0.12": debian }, only: ["0.12"] });
    expect(target.packages).toEqual(["ca-certificates", "lua-unbound"]);
    expect(planOne()).toMatchObject({
      packages: ["ca-certificates", "lua-dbi-sqlite3"],
      platforms: ["linux/amd64", "linux/arm64"],
      epoch: Date.UTC(2026, 10, 2) / 1000,
      modules: [{ name: "mod_x" }, { name: "mod_y", reason: "needed by mod_x" }],
    });
  });

  it("is the same for the same request, whatever order things are declared in", () => {
    const image = { ...imageOf(["mod_x"]), platforms: ["linux/arm64" as const, "linux/amd64" as const] };
    const lock = lockOf({ mod_y: modules.mod_y, mod_x: modules.mod_x });
    expect(planOne({ images: [image], lock }).id).toBe(planOne().id);
    expect(planOne().id).toMatch(/^[0-9a-f]{64}$/u);
  });
});

const withPin = (facts: Partial<Pin>, more: Partial<LockedModule> = {}) =>
  lockOf({ ...modules, mod_y: moduleOf(facts, more) });
function withLater(image: string): PlanRequest["packageLocks"] {
  const lock = structuredClone(packageLocks.images[image]);
  const trixie = lock?.suites["trixie"];
  if (lock === undefined || trixie === undefined) throw new Error("No lock");
  trixie.snapshot = "2026-11-03T00:00:00Z";
  return { ...packageLocks, images: { ...packageLocks.images, [image]: lock } };
}
function changeHash(
  lock: PackageLock | undefined,
  name: string,
  [architecture, list = "root"]: readonly [string, ListName?],
): PackageLock {
  const changed = structuredClone(lock);
  const versions = changed?.suites["trixie"]?.lists[list]?.[name];
  if (changed === undefined || versions === undefined) throw new Error(`No ${name}`);
  for (const version of Object.values(versions)) version.sha256[architecture] = `${"8".repeat(64)} 1000`;
  return changed;
}
const withImage = (change: Partial<Image>) => ({ images: [{ ...imageOf(["mod_x"]), ...change }] });

describe("the id", () => {
  it.each(
    rowsOf<[string, Partial<PlanRequest>, string[]]>([
      ["the Dockerfile", withImage({ dockerfile: "8".repeat(64) }), ["Dockerfile"]],
      [
        "a file of the root",
        withImage({ rootfs: { "etc/prosody/prosody.cfg.lua": "0755 x" } }),
        ["rootfs/etc/prosody/prosody.cfg.lua"],
      ],
      ["a C module", withImage({ native: { "x509.c": "0644 x" } }), ["native/x509.c"]],
      ["the title", withImage({ title: "Other" }), ["manifest title"]],
      ["a package", withImage({ packages: { all: ["tzdata"] } }), ["packages"]],
      ["a module's content", { lock: withPin({ integrity: "d".repeat(64) }) }, ["module mod_y"]],
      ["a module's hosts", { lock: withPin({ hosts: ["muc"] }) }, ["modules.lua"]],
      [
        "a patch",
        { lock: withPin({}, { patches: [{ file: "y.diff", sha256: "e".repeat(64) }] }) },
        ["patch mod_y 0 y.diff"],
      ],
      [
        "the platforms",
        { platforms: ["linux/amd64"] },
        ["platforms", "header package make linux/arm64", ...rootNames.map((name) => `package ${name} linux/arm64`)],
      ],
      ["the moment of the packages", { packageLocks: withLater("prosody") }, ["epoch"]],
      [
        "a package's content",
        {
          packageLocks: {
            ...packageLocks,
            images: { prosody: changeHash(packageLocks.images["prosody"], "tzdata", ["arm64"]) },
          },
        },
        ["package tzdata linux/arm64"],
      ],
      [
        "a header package's content",
        { packageLocks: { ...packageLocks, builder: changeHash(packageLocks.builder, "make", ["amd64", "dev"]) } },
        ["header package make linux/amd64"],
      ],
      [
        "a tool's content",
        { packageLocks: { ...packageLocks, builder: changeHash(packageLocks.builder, "make", ["amd64", "build"]) } },
        ["tool make amd64"],
      ],
      ["the tarball", { choices: { "13.0": { ...tarball, sha256: "9".repeat(64) } } }, ["release sha256"]],
    ]),
  )("changes with %s, and the explanation names it", (_, change, labels) => {
    const [before, after] = [planOne(), planOne(change)];
    const { changed, added, removed } = explainPlan(before.inputs, after.inputs);
    expect(after.id).not.toBe(before.id);
    expect([...changed.map(({ input }) => input), ...added, ...removed]).toEqual(labels);
  });

  it.each(
    rowsOf<[string, Partial<PlanRequest>]>([
      ["upstream's README", { lock: withPin({ node: "f".repeat(40), tree: "f".repeat(40), date: "2026-01-01" }) }],
      ["the address of the tarball", { choices: { "13.0": { ...tarball, url: "https://example.org/p.tar.gz" } } }],
      ["a module nobody ships", { lock: lockOf({ ...modules, mod_z: moduleOf() }) }],
      ["an optional module that cannot ship", withImage({ modules: { required: ["mod_x"], optional: ["mod_gone"] } })],
      ["another series of the image", withImage({ series: ["13.0"] })],
    ]),
  )("does not change with %s", (_, change) => {
    expect(planOne(change).id).toBe(planOne().id);
  });

  it("differs between the kinds of release, and a trunk release is its node and tree", () => {
    const choices: Release[] = [tarball, { ...debian, version: "13.0.1-1+deb131u" }];
    const ids = choices.map((release) => planOne({ choices: { "13.0": release } }).id);
    expect(new Set(ids).size).toBe(2);
    const target = planOne({ images: [imageOf([])], only: ["trunk"] });
    expect(target.inputs).toMatchObject({
      "release node": trunk.node,
      "release tree": "5".repeat(40),
    });
  });

  it("of a Debian release is for the platforms it has, unless more are asked for", () => {
    const target = planOne({ images: [imageOf([])], only: ["0.12"], choices: { "0.12": onlyArm64 } });
    expect(target.platforms).toEqual(["linux/arm64"]);
  });

  it("of a Debian release counts only the packages of its platforms", () => {
    const target = planOne({
      images: [imageOf([])],
      only: ["0.12"],
      choices: { "0.12": debian },
      platforms: ["linux/arm64"],
    });
    expect(Object.keys(target.inputs).filter((label) => label.startsWith("release "))).toEqual([
      "release kind",
      "release version",
      "release sha256 linux/arm64",
    ]);
  });
});

const onlyArm64: Release = { ...debian, sha256: { "linux/arm64": "1".repeat(64) } };

it.each(
  rowsOf<[string, Partial<PlanRequest>, string]>([
    [
      "a platform the image is not for",
      { platforms: ["linux/arm64"], ...withImage({ platforms: ["linux/amd64"] }) },
      "PLATFORM_UNDECLARED",
    ],
    ["a Debian release for no platform", { choices: { "13.0": { ...debian, sha256: {} } } }, "RELEASE_PLATFORM"],
    [
      "a platform asked for that Debian has no release for",
      { choices: { "13.0": onlyArm64 }, platforms: ["linux/amd64", "linux/arm64"] },
      "RELEASE_PLATFORM",
    ],
    [
      "a package nobody locked",
      { packageLocks: { ...packageLocks, images: { prosody: packageLockOf(["ca-certificates"]) } } },
      "PACKAGE_NOT_LOCKED",
    ],
    [
      "a platform no tool is locked for",
      { packageLocks: { ...packageLocks, builder: { lockVersion: 1, suites: {} } } },
      "PACKAGE_NOT_LOCKED",
    ],
    ["a required module that cannot ship", { unavailable: { "13.0": { mod_y: "gone" } } }, "MODULE_CANNOT_SHIP"],
  ]),
)("%s fails the plan with a code and a hint", (_, change, code) => {
  const failing = () => planOne(change);
  expect(failing).toThrow(UserError);
  expect(failing).toThrow(expect.objectContaining({ code, hint: expect.stringMatching(/\w+/u) }));
});

it("an explanation has a line for each input, hashes cut short", () => {
  const before = { a: `0644 ${"1".repeat(64)}`, gone: "1", same: "s" };
  const after = { a: `0644 ${"2".repeat(64)}`, same: "s", fresh: "1" };
  expect(formatExplanation(explainPlan(before, after))).toBe(
    "~ a: 0644 111111111111 → 0644 222222222222\n+ fresh\n- gone\n",
  );
  expect(formatExplanation(explainPlan(after, after))).toBe("");
});

it("layers depend on the name alone and use all eight", () => {
  const buckets = Array.from({ length: 200 }, (_, at) => bucketOf(`mod_${at}`));
  expect(new Set(buckets)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  // `printf mod_smacks | sha256sum` begins with 74.
  expect(bucketOf("mod_smacks")).toBe(0x74 % 8);
});

it("modules.lua lists what ships, and enables what is required", () => {
  const lock = lockOf({
    mod_b: moduleOf({ depends: ["mod_a"], hosts: ["muc", "virtual-host"] }),
    mod_a: moduleOf(),
    mod_lib: moduleOf({ layout: "library", hosts: [] }),
    mod_o: moduleOf(),
  });
  const target = planOne({ images: [imageOf(["mod_b", "mod_lib"], ["mod_o"])], lock });
  expect(modulesLua(target, lock)).toBe(
    [
      "return {",
      '  ["mod_a"] = { hosts = { "virtual-host" }, enable = false },',
      '  ["mod_b"] = { hosts = { "muc", "virtual-host" } },',
      '  ["mod_lib"] = { hosts = {  }, enable = false },',
      '  ["mod_o"] = { hosts = { "virtual-host" }, enable = false },',
      "}",
      "",
    ].join("\n"),
  );
  expect(pin.hosts).toEqual(["virtual-host"]);
});

function rowsOf<Row>(rows: Row[]): Row[] {
  return rows;
}
