import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveForgery } from "../fixtures/forged-mirror.ts";
import {
  all,
  cached,
  cacheWithout,
  copyPlace,
  type Fault,
  gone,
  json,
  lockByte,
  locked,
  mirror,
  oldEngine,
  readOnly,
  text,
  tinyDisk,
} from "../fixtures/repository-faults.ts";
import { openFoundry } from "../fixtures/foundry.ts";
import { nowhere, openScene, type Scene } from "../fixtures/repository.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await scene.commit(odd, "Modules that cannot be used");
  const names = ["ring_a", "orphan", "clash", "http_upload", "sasl2_bind2", "lastlog2"];
  await scene.foundry.json(["module", "add", ...names, "--series", "13.0"]);
  await scene.foundry.json(["build", ...thirteen]);
  // Debian's server package, for the rows that change a byte of it.
  await scene.foundry.json(["plan", "--available", "--series", "0.12"]);
  await scene.declare({ required: ["mod_lastlog2"], optional: [] });
});
afterAll(() => scene.close());

const odd = {
  "mod_ring_a/mod_ring_a.lua": 'module:depends("ring_b")\n',
  "mod_ring_b/mod_ring_b.lua": 'module:depends("ring_a")\n',
  "mod_orphan/mod_orphan.lua": 'module:depends("nowhere_to_be_found")\n',
  "mod_ping/mod_ping.lua": 'module:hook("iq", function() end)\n',
  "mod_clash/mod_clash.lua": '--% conflicts: mod_flags\nmodule:hook("iq", function() end)\n',
  "mod_http_upload/README.md": "---\nlabels: [Stage-Obsolete]\n...\n\n# Gone\n",
  "mod_bad_readme/README.md": "---\nlabels: [Stage-Beta\n...\n# Text\n",
  "mod_bad_readme/mod_bad_readme.lua": "local fine = 1\n",
  "mod_bad_lua/mod_bad_lua.lua": "local function (\n",
};
const upstream = "https://hg.prosody.im/prosody-modules/";
const tarball = "https://prosody.im/downloads/source/prosody-13.0.1.tar.gz";
const thirteen = ["--available", "--platform", "linux/amd64", "--series", "13.0"];
const build = ["build", ...thirteen];
const image = "images/prosody/image.json";
const series = "images/series.json";
const lock = "modules.lock.json";
const asRoot = process.getuid?.() === 0;

interface Row {
  title: string;
  args: readonly string[];
  /** What is wrong beside the arguments. */
  arrange?: Fault;
  /** 1 unless given. */
  exitCode?: number;
  code: string;
  says: RegExp;
  hint: RegExp;
}

const requires = (name: string): Fault => json(image, { required: [name] }, ["modules"]);
/** With the servers that were built already. */
const sharedCache: Fault = async () => ({ FOUNDRY_CACHE: scene.cacheDir });
const plan = ["plan", "--series", "13.0"];

const rows: Row[] = [
  // Words that do not exist: commander's own sentences.
  { title: "an unknown command", args: ["biuld"], exitCode: 2, code: "error", says: /unknown command 'biuld'/u, hint: /Did you mean build\?/u },
  { title: "an unknown command of a group", args: ["module", "ad"], exitCode: 2, code: "error", says: /unknown command 'ad'/u, hint: /Did you mean add\?/u },
  { title: "an unknown flag", args: ["plan", "--sereis", "13.0"], exitCode: 2, code: "error", says: /unknown option '--sereis'/u, hint: /Did you mean --series\?/u },
  { title: "a missing argument", args: ["module", "add"], exitCode: 2, code: "error", says: /missing required argument/u, hint: /'module'/u },
  { title: "an argument too many", args: ["module", "show", "a", "b"], exitCode: 2, code: "error", says: /too many arguments/u, hint: /Expected 1/u },
  { title: "an unknown series", args: ["plan", "--series", "13.1"], exitCode: 2, code: "error", says: /'13\.1' is invalid/u, hint: /0\.12, 13\.0, trunk\. Did you mean 13\.0\?/u },
  { title: "an image behind the series", args: ["plan", "--series", "13.0", "prosody"], exitCode: 2, code: "error", says: /'prosody' is invalid/u, hint: /Names of images and modules go before this flag/u },
  { title: "an unknown platform", args: ["plan", "--platform", "linux/amd46"], exitCode: 2, code: "error", says: /'linux\/amd46' is invalid/u, hint: /Did you mean linux\/amd64\?/u },

  { title: "an unknown module of upstream", args: ["module", "add", "sasl2_bnd2"], code: "MODULE_UNKNOWN", says: /has no mod_sasl2_bnd2/u, hint: /Did you mean mod_sasl2_bind2\?/u },
  { title: "a name no module can have", args: ["module", "add", "../sasl2"], code: "MODULE_NAME", says: /"\.\.\/sasl2" is no module name/u, hint: /mod_firewall/u },
  ...[["module", "show"], ["module", "why"], ["module", "remove"], ["module", "update"], ["module", "outdated"], ["module", "verify"], ["compat"]].map(
    (words): Row => ({ title: `a module that is not locked, by ${words.join(" ")}`, args: [...words, "lastlog"], code: "MODULE_NOT_LOCKED", says: /"mod_lastlog"/u, hint: /Did you mean mod_lastlog2\?/u }),
  ),
  { title: "an unknown source", args: ["module", "add", "sasl2", "--source", "prosody-module"], code: "SOURCE_UNKNOWN", says: /no source "prosody-module"/u, hint: /Did you mean prosody-modules\?/u },
  { title: "an unknown image", args: ["plan", "prosdy"], code: "IMAGE_UNKNOWN", says: /no image "prosdy"/u, hint: /Did you mean prosody\?/u },
  { title: "an unknown release", args: ["plan", "--release", "13.0.6"], code: "RELEASE_UNKNOWN", says: /no release 13\.0\.6 of 13\.0/u, hint: /Did you mean 13\.0\.[17]\?/u },
  { title: "a release of no series", args: ["plan", "--release", "14.0.0"], code: "RELEASE_UNKNOWN", says: /14\.0\.0 is no Prosody release/u, hint: /images\/series\.json/u },
  { title: "a series the image is not for", args: ["plan", "--series", "trunk"], code: "NOTHING_TO_PLAN", says: /trunk/u, hint: /Declared: 0\.12, 13\.0/u },
  { title: "a mirror that is none", args: ["--mirror", "nonsense", "plan"], code: "MIRROR_MALFORMED", says: /nonsense/u, hint: /--mirror URL=REPLACEMENT/u },
  { title: "a folder that is no repository", args: ["--root", "..", "plan"], code: "ROOT_MISSING", says: /no images\/series\.json/u, hint: /top folder/u },
  { title: "a check of what is not built", args: ["verify", "--series", "13.0"], code: "NOT_BUILT", says: /prosody-13-0 is not built/u, hint: /foundry build prosody --series 13\.0/u },

  { title: "a missing lock", args: plan, arrange: gone(lock), code: "LOCK_MISSING", says: /There is no .*modules\.lock\.json/u, hint: /foundry module add/u },
  { title: "a lock that is no JSON", args: plan, arrange: text(lock, (it) => it.slice(0, -3)), code: "LOCK_MALFORMED", says: /modules\.lock\.json:\d+:\d+ is no JSON/u, hint: /git checkout/u },
  { title: "a lock with a field it does not have", args: plan, arrange: json(lock, { modulse: {} }), code: "LOCK_MALFORMED", says: /Unrecognized key: "modulse"/u, hint: /Did you mean modules\?/u },
  { title: "a lock of a newer foundry", args: plan, arrange: json(lock, { lockVersion: 2 }), code: "LOCK_VERSION", says: /lockVersion 2/u, hint: /newer foundry/u },
  { title: "a lock with other words in it", args: plan, arrange: text(lock, (it) => it.replace('"stage": "beta"', '"stage": "stable"')), code: "LOCK_CHANGED", says: /changed by hand: modules\.mod_/u, hint: /git checkout/u },
  ...[0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (part): Row => ({ title: `a changed byte ${part * 100} % into the lock`, args: ["module", "remove", "lastlog2"], arrange: lockByte(part), code: "LOCK_[A-Z]+", says: /modules\.lock\.json/u, hint: /\S/u }),
  ),
  { title: "a lock with git's conflict markers", args: ["module", "update"], arrange: text(lock, (it) => `<<<<<<< HEAD\n${it}=======\n${it}>>>>>>> other\n`), code: "LOCK_CONFLICT", says: /modules\.lock\.json:1 has a git conflict marker/u, hint: /--ours/u },

  { title: "an image.json with a misspelt field", args: plan, arrange: text(image, (it) => it.replace('"optional"', '"optoinal"')), code: "IMAGE_MALFORMED", says: /image\.json: modules: .*"optoinal"/u, hint: /Did you mean optional\?/u },
  { title: "an image.json that is no JSON", args: plan, arrange: text(image, (it) => it.replace(":", "")), code: "IMAGE_MALFORMED", says: /image\.json:2:\d+ is no JSON/u, hint: /\S/u },
  { title: "a module named twice", args: plan, arrange: json(image, { optional: ["mod_lastlog2"] }, ["modules"]), code: "IMAGE_MALFORMED", says: /mod_lastlog2 is named twice/u, hint: /\S/u },
  { title: "a series.json with a misspelt field", args: plan, arrange: json(series, { defualt: "13.0" }), code: "SERIES_MALFORMED", says: /series\.json: .*"defualt"/u, hint: /Did you mean default\?/u },
  { title: "a series.json that is no JSON", args: plan, arrange: text(series, () => "{"), code: "SERIES_MALFORMED", says: /series\.json:1:2 is no JSON/u, hint: /\S/u },
  { title: "a release out of order", args: plan, arrange: json(series, { version: "13.0.9" }, ["series", "13.0", "releases", "1"]), code: "SERIES_MALFORMED", says: /13\.0\.9 is newer than the one before it/u, hint: /\S/u },

  { title: "modules that need each other", args: plan, arrange: requires("mod_ring_a"), code: "MODULE_CYCLE", says: /mod_ring_a → mod_ring_b → mod_ring_a/u, hint: /another revision/u },
  { title: "a module that needs what is nowhere", args: plan, arrange: requires("mod_orphan"), code: "MODULE_CANNOT_SHIP", says: /asks for mod_nowhere_to_be_found/u, hint: /Take mod_orphan out/u },
  { title: "a dependency that is not locked", args: plan, arrange: all(requires("mod_sasl2_bind2"), locked((it) => void delete it.modules["mod_sasl2"])), code: "DEPENDENCY_NOT_LOCKED", says: /mod_sasl2_bind2 needs mod_sasl2/u, hint: /foundry module add mod_sasl2/u },
  { title: "a required module that is not locked", args: plan, arrange: requires("mod_rest"), code: "MODULE_CANNOT_SHIP", says: /mod_rest: it is not in the lock/u, hint: /foundry module add mod_rest/u },
  { title: "a module that conflicts with the release", args: plan, arrange: requires("mod_clash"), code: "MODULE_CANNOT_SHIP", says: /--% conflicts/u, hint: /Take mod_clash out/u },
  { title: "a tombstone", args: plan, arrange: requires("mod_http_upload"), code: "MODULE_CANNOT_SHIP", says: /tombstone on 13\.0\.1/u, hint: /Take mod_http_upload out/u },
  { title: "a README whose front matter cannot be read", args: ["module", "add", "bad_readme", "--series", "13.0"], arrange: sharedCache, code: "README_FRONT_MATTER", says: /mod_bad_readme\/README\.md/u, hint: /Mend the YAML/u },
  { title: "a module that is no Lua", args: ["module", "add", "bad_lua", "--series", "13.0"], arrange: sharedCache, code: "LUA_SYNTAX", says: /mod_bad_lua\.lua is no Lua: \[1:15\]/u, hint: /another revision/u },
  { title: "a module in use, to be removed", args: ["module", "remove", "sasl2"], code: "MODULE_IN_USE", says: /mod_sasl2_bind2 needs it/u, hint: /first/u },

  { title: "an upstream where nobody listens", args: ["module", "add", "rest"], arrange: async () => ({ FOUNDRY_MIRRORS: `${upstream}=${nowhere}` }), code: "SOURCE_UNREACHABLE", says: /127\.0\.0\.1:64999.*ECONNREFUSED/u, hint: /network/u },
  { title: "an upstream that answers rubbish", args: ["module", "add", "rest"], arrange: mirror(upstream, (_, answer) => answer.end("<html>Please log in</html>")), code: "SOURCE_UNREACHABLE|HGWEB_LACKING", says: /127\.0\.0\.1/u, hint: /\S/u },
  { title: "an upstream that is broken", args: ["module", "outdated"], arrange: mirror(upstream, (_, answer) => answer.writeHead(500).end()), code: "SOURCE_UNREACHABLE", says: /answers 500/u, hint: /network/u },
  { title: "no network when told so", args: ["module", "add", "rest", "--offline"], code: "SOURCE_UNREACHABLE", says: /offline/u, hint: /\S/u },
  { title: "an upstream with other bytes under a pinned revision", args: build, arrange: async (place) => forge(place), code: "CONTENT_REFUSED", says: /gave other content for mod_lastlog2/u, hint: /Do not trust that mirror/u },
  { title: "a mirror with another tarball", args: build, arrange: all(cacheWithout("inputs"), mirror(tarball, (_, answer) => answer.end("other bytes"))), code: "INPUT_REFUSED", says: /is not what was declared: expected SHA-256 7bde8a5b/u, hint: /Check with upstream/u },
  { title: "a changed byte in a cached tarball", args: build, arrange: cached(/^inputs\/7bde8a5b.*\.tar\.gz$/u), code: "CACHE_CORRUPT", says: /7bde8a5b\w*\.tar\.gz has SHA-256/u, hint: /Remove .*fetched again/u },
  { title: "a changed byte in a cached Debian package", args: ["plan", "--available", "--series", "0.12"], arrange: cached(/^inputs\/ee51edd4.*\.deb$/u), code: "CACHE_CORRUPT", says: /ee51edd4\w*\.deb has SHA-256/u, hint: /fetched again/u },
  { title: "a changed byte in a cached module", args: build, arrange: cached(/^modules\/.*\.tar$/u, 0.3), code: "CACHE_CORRUPT", says: /in the cache is not what was put there/u, hint: /rm /u },
  { title: "a changed byte in a cached answer of upstream", args: ["module", "update", "--series", "13.0"], arrange: cached(/^answers\/.*\.json$/u, 0.9), code: "CACHE_CORRUPT", says: /in the cache is not what was put there/u, hint: /rm /u },

  { title: "no engine", args: build, arrange: async () => ({ DOCKER_HOST: "unix:///nonexistent/docker.sock" }), code: "ENGINE_MISSING", says: /unix:\/\/\/nonexistent/u, hint: /DOCKER_HOST/u },
  { title: "no engine at the start", args: ["start"], arrange: async () => ({ DOCKER_HOST: "unix:///nonexistent/docker.sock" }), code: "ENGINE_MISSING", says: /unix:\/\/\/nonexistent/u, hint: /Install Docker/u },
  { title: "no docker", args: build, arrange: async () => ({ PATH: "/nonexistent" }), code: "ENGINE_MISSING", says: /docker is not installed/u, hint: /Install Docker/u },
];

// What only root can arrange.
const rootRows: Row[] = [
  { title: "an engine without containerd's image store", args: build, arrange: oldEngine, code: "ENGINE_NO_CONTAINERD_STORE", says: /containerd's store/u, hint: /containerd-snapshotter/u },
  { title: "a disk that is full when inputs are fetched", args: build, arrange: tinyDisk("300k"), code: "DISK_FULL", says: /space/u, hint: /FOUNDRY_CACHE/u },
  { title: "a disk that is full when the image is written", args: build, arrange: tinyDisk("8m"), code: "DISK_FULL", says: /space/u, hint: /FOUNDRY_CACHE/u },
  { title: "a disk that is full when modules are pinned", args: ["module", "add", "rest"], arrange: tinyDisk("4k"), code: "DISK_FULL|CACHE_UNWRITABLE", says: /space/u, hint: /room/u },
  { title: "a cache that is read-only", args: build, arrange: all(cacheWithout("inputs"), readOnly("cacheDir")), code: "DISK_READ_ONLY", says: /read-only/u, hint: /FOUNDRY_CACHE/u },
  { title: "a repository that is read-only", args: ["module", "remove", "lastlog2"], arrange: all(requires("mod_sasl2_bind2"), readOnly("root")), code: "DISK_READ_ONLY", says: /modules\.lock\.json/u, hint: /rights/u },
];

/** The hg server in front of which somebody changed the revision mod_lastlog2 is pinned at; Debian may not help out. */
const forge: Fault = async (place) => {
  const forged = await serveForgery(scene.upstreams, path.join(place.scratch, "forged"), "mod_lastlog2/mod_lastlog2.lua");
  place.undo.push(() => forged.stop());
  await cacheWithout("modules", "answers")(place);
  await locked((it) => void (it.sources["prosody-modules"]!.debian = []))(place);
  return { FOUNDRY_MIRRORS: `${upstream}=${forged.url}` };
};

it.each(asRoot ? [...rows, ...rootRows] : rows)("refuses $title, and leaves all as it was", async (row) => {
  const folder = await mkdtemp(path.join(scene.folder, "refusal-"));
  const place = await copyPlace({ root: scene.foundry.root, cacheDir: scene.cacheDir }, folder);
  try {
    const env = { ...scene.env, FOUNDRY_CACHE: place.cacheDir, ...(await row.arrange?.(place)) };
    const before = await snapshot(place.root);
    const { exitCode, stdout, stderr } = await openFoundry(place.root, env).run(row.args);
    expect(stderr).not.toMatch(/^ +at .*:\d+:\d+\)?$|BUG:|UnhandledPromise/mu);
    expect(stderr).toMatch(new RegExp(`^(?:${row.code}): `, "mu"));
    expect(stderr).toMatch(row.says);
    const [, hint = ""] = new RegExp(`^(?:${row.code}): ([\\s\\S]*)`, "mu").exec(stderr) ?? [];
    expect(hint).toMatch(row.hint);
    if (row.exitCode !== 2) expect(hint).toMatch(/\n {2}\S/u);
    expect(exitCode).toBe(row.exitCode ?? 1);
    expect(stdout).toBe("");
    expect(await snapshot(place.root)).toEqual(before);
  } finally {
    for (const undo of place.undo.toReversed()) await undo();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Every file of a repository, by its path. */
async function snapshot(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, "base64")])));
}

it("does not ship what would shadow a module of the release", async () => {
  await scene.foundry.json(["module", "add", "ping", "--series", "13.0"]);
  await scene.declare({ required: ["mod_lastlog2", "mod_ping"], optional: [] });
  const planned = await scene.foundry.json(plan);
  expect(planned).toMatchObject({
    targets: [{ modules: [{ name: "mod_lastlog2" }], unshipped: [{ name: "mod_ping", instead: "core" }] }],
  });
});
