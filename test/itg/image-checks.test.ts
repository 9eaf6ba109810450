import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type Built,
  buildTargets,
  type Check,
  checkFiles,
  loadTarget,
  runChecks,
  verifyTarget,
} from "@prosody-foundry/bake";
import { type Platform, platformNames } from "@prosody-foundry/images";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findEmulator } from "../../packages/bake/src/read-emulator.ts";
import { prepareRun } from "../../packages/bake/src/run-verify-platform.ts";
import { imageOf } from "../fixtures/built-image.ts";
import { type Change, readFromLayout, withChanges } from "../fixtures/changed-layout.ts";
import { prepareMany } from "../fixtures/many-names.ts";
import { ensureReferenceImage } from "../fixtures/reference-image.ts";
import { type Bench, materialsOf, openBench, targetOf } from "./build-fixture.ts";

const native: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const foreign: Platform = native === "linux/arm64" ? "linux/amd64" : "linux/arm64";

let bench: Bench;
let built: Built;
const made: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  const target = targetOf("checks", bench.tarball);
  const [only] = await buildTargets(bench.context, [target], { materials: (one) => materialsOf(bench.context, one) });
  if (only === undefined) throw new Error("nothing was built");
  built = only;
});

afterAll(async () => {
  await runCommand("docker", ["rmi", "--force", ...made], { accept: "any" });
  await bench.clear();
});

async function load(platform: Platform): Promise<string> {
  const reference = await loadTarget(bench.context, built.report, platform);
  made.push(reference);
  return reference;
}

const emulator = { fetch: (machine: string): Promise<string> => findEmulator(bench.context, machine) };
const icuData = /\/libicudata\.so\.[\d.]+$/u;

async function verify(image: string, platform: Platform): Promise<Check[]> {
  const target = { modules: [], series: "13.0" as const, platform };
  return verifyTarget({ exec: runCommand, image, target, emulator });
}

const file = (name: string, content: Buffer, mode = 0o644): Change => ({ name, type: "file", mode, content });
const failed = (checks: readonly Check[]) => checks.filter(({ status }) => status !== "passed");

describe("the files of a built image", () => {
  it.each([native, foreign])("are all needed and find all they need: %s", async (platform) => {
    const { layout, digest } = imageOf(bench.context, built, platform);
    const checks = await checkFiles(layout, { digest, platform });
    expect(checks.map(({ name }) => name)).toEqual(["shared objects", "modes and links"]);
    expect(failed(checks)).toEqual([]);
    expect(checks[0]?.detail).toMatch(/^[4-9]\d ELF files, each one needed; all \d{3,4} symbols/u);
  });

  const library = (name: string) => `usr/lib/${platformNames[native].triplet}/${name}`;
  const gone = (name: string): Change => file(library(`.wh.${name}`), Buffer.alloc(0));

  /** What is done to the image, and what the check has to say of it. */
  const faults: [string, () => Promise<Change[]> | Change[], RegExp][] = [
    ["without a library", () => [gone("libexpat.so.1")], /-expat\.so\S* needs libexpat\.so\.1, which is not there/u],
    [
      "with a library of another machine",
      async () => [
        file(
          library("libz.so.1"),
          await readFromLayout(imageOf(bench.context, built, foreign), /\/libz\.so\.1\.[\d.]+$/u),
        ),
      ],
      new RegExp(`/libz\\.so\\.1 is for another machine: ${foreign}`, "u"),
    ],
    [
      "with a library nothing needs",
      async () => [
        file(
          library("libother.so.1"),
          await readFromLayout(imageOf(bench.context, built, native), /\/libz\.so\.1\.[\d.]+$/u),
        ),
      ],
      /^nothing loads \S+\/libother\.so\.1 \(\d+ bytes\)$/u,
    ],
    [
      "with a libc that lacks a version",
      async () => {
        const libc = await readFromLayout(imageOf(bench.context, built, native), /\/libc\.so\.6$/u);
        // The name is in the table of names once, for the definition.
        return [file(library("libc.so.6"), replaceBytes(libc, "\0GLIBC_2.34\0", "\0GLIBC_9.99\0"))];
      },
      /needs GLIBC_2\.34 of libc\.so\.6, which lacks it/u,
    ],
    [
      "with a library cut in half",
      async () => {
        const libz = await readFromLayout(imageOf(bench.context, built, native), /\/libz\.so\.1\.[\d.]+$/u);
        return [file(library("libz.so.1"), libz.subarray(0, 200))];
      },
      /libz\.so\.1 is a broken ELF file/u,
    ],
  ];

  it.each(faults)("are refused: %s", async (_, change, detail) => {
    const [libraries, modes] = await withChanges(
      imageOf(bench.context, built, native),
      await change(),
      (layout, digest) => checkFiles(layout, { digest, platform: native }),
    );
    expect(libraries?.status).toBe("failed");
    expect(libraries?.detail).toMatch(detail);
    expect(modes?.status).toBe("passed");
  });

  it("are refused when one gives rights, one can be written by all, and a link leads nowhere", async () => {
    const changes: Change[] = [
      file("usr/bin/su", Buffer.from("x"), 0o4755),
      file("etc/prosody/open.lua", Buffer.from("x"), 0o666),
      { name: "usr/bin/lua", type: "symlink", linkname: "lua5.3" },
    ];
    const [libraries, modes] = await withChanges(imageOf(bench.context, built, native), changes, (layout, digest) =>
      checkFiles(layout, { digest, platform: native }),
    );
    expect(libraries?.status).toBe("passed");
    expect(modes?.detail.split("; ").toSorted()).toEqual([
      "/etc/prosody/open.lua can be written by everybody",
      "/usr/bin/lua leads nowhere: lua5.3",
      "/usr/bin/su gives its owner's rights away (setuid or setgid)",
    ]);
  });
});

function replaceBytes(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from, 0, "latin1");
  if (at < 0) throw new Error(`There is no ${JSON.stringify(from)}`);
  const changed = Buffer.from(bytes);
  changed.write(to, at, "latin1");
  return changed;
}

describe("a built image that runs", () => {
  it.each([native, foreign])("passes every check: %s", async (platform) => {
    const checks = await verify(await load(platform), platform);
    expect(failed(checks)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([...runChecks]);
    const drivers =
      "dbd.mysql dbd.postgresql dbd.sqlite3 foundry.disk foundry.memory foundry.x509 lfs lualdap lunbound lxp";
    expect(checks.find(({ name }) => name === "C modules")?.detail).toContain(drivers);
  });

  // ICU finds its data by the names in the table at its head: an item that is called otherwise is as good as cut away.
  it.each(["confusables.cfu", "uts46.nrm", "rfc3920node.spp", "rfc4013.spp"])(
    "does not start where too much was cut from ICU: %s",
    async (item) => {
      const data = await readFromLayout(imageOf(bench.context, built, native), icuData);
      const at = `/usr/lib/${platformNames[native].triplet}/libicudata.so.76.1`;
      const image = await deriveImage(replaceBytes(data, item, item.replace(/.$/u, "x")), at);
      const [starts, ...others] = await verify(image, native);
      expect(starts?.status).toBe("failed");
      expect(starts?.detail).toContain("util.encodings: error: U_FILE_ACCESS_ERROR");
      expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["notRun"]));
    },
  );

  it("is caught when look-alikes are no longer told", async () => {
    const image = await deriveImage(Buffer.from(blindEncodings), "/usr/lib/prosody/util/encodings.lua");
    const wrong = failed(await verify(image, native));
    expect(wrong.map(({ name }) => name)).toEqual(["internationalised names"]);
    expect(wrong[0]?.detail).toMatch(/^skeleton of "раураl" gives "раураl", not "paypal"; /u);
  });

  const blindEncodings = `
    local encodings = package.loadlib("/usr/lib/prosody/util/encodings.so", "luaopen_util_encodings")()
    encodings.confusable.skeleton = function (text) return text end
    return encodings
  `;

  async function deriveImage(data: Buffer, at: string): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), "cut-image-"));
    const reference = `prosody-foundry-test/checks:cut-${made.length}`;
    made.push(reference);
    try {
      await writeFile(path.join(folder, "data"), data);
      await writeFile(path.join(folder, "Dockerfile"), `FROM ${await load(native)}\nCOPY data ${at}\n`);
      await runCommand("docker", ["build", "--quiet", `--tag=${reference}`, folder]);
    } finally {
      await rm(folder, { recursive: true });
    }
    return reference;
  }
});

describe("names of all scripts", () => {
  it("come out of the image as out of Debian's own Prosody with the whole of ICU", async () => {
    const [uncut, own] = await Promise.all([
      ensureReferenceImage().then((image) => prepareMany(image, native)),
      load(native).then((image) => prepareMany(image, native)),
    ]);
    expect(uncut.length).toBeGreaterThan(7000);
    expect(own.filter((line, at) => line !== uncut[at])).toEqual([]);
    expect(own).toHaveLength(uncut.length);
    // Another platform is slow, so it is asked for a sample.
    const image = await load(foreign);
    const runnable = await prepareRun({ exec: runCommand, image, platform: foreign }, emulator);
    if (!runnable.runs) throw new Error(runnable.because);
    let sample: string[];
    try {
      sample = await prepareMany(image, foreign, 32);
    } finally {
      await runnable.undo();
    }
    expect(sample.length).toBeGreaterThan(300);
    expect(sample.filter((line) => !uncut.includes(line))).toEqual([]);
  });
});
