import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, migrate, runDocker, runWords } from "../fixtures/data-commands.ts";
import { listFiles, newVolume, removeVolumes, runLua, writeArchive } from "../fixtures/data-volumes.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { ensureProsodyImage } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;
let folder: string;
let backup: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage("13.0");
  folder = await mkdtemp(path.join(os.tmpdir(), "prosody-safety-"));
  backup = path.join(folder, "backup.tar");
  const source = newVolume();
  await writeArchive(source, image, 10);
  await backUpInto(backup, source);
});
afterAll(async () => {
  await removeVolumes();
  await rm(folder, { recursive: true, force: true });
});

type Env = Readonly<Record<string, string>>;

async function backUpInto(file: string, volume: string, wishes: { env?: Env; run?: string[] } = {}): Promise<void> {
  const { exitCode, stderr } = await runDocker([...runWords({ image, volume, ...wishes }), "backup"], { output: file });
  if (exitCode !== 0) throw new Error(stderr);
}

async function restoreInto(volume: string, wishes: { env?: Env; run?: string[]; args?: string[] } = {}) {
  const { args = ["--replace"], ...rest } = wishes;
  return runDocker([...runWords({ image, volume, ...rest }), "restore", ...args], { input: backup });
}

const sentenceOf = ({ stderr }: Ended): string => stderr.trim().replaceAll(/^prosody-foundry\t(?:error|info)\t/gmu, "");

/** Lua that makes a file with its folders. */
const writer = `
  local lfs = require "lfs"
  local function write(path, text)
    for at in path:gmatch("()/") do lfs.mkdir("/var/lib/prosody/" .. path:sub(1, at - 1)) end
    local file = io.open("/var/lib/prosody/" .. path, "w")
    file:write(text)
    file:close()
  end`;

const others = ["other%2enet/accounts/carol.dat", "upload%2eother%2enet/http_file_share/theirs.bin"];

/** A volume with data of hosts that the server does not serve. */
async function volumeOfOthers(): Promise<string> {
  const volume = newVolume();
  const account = `return { ["password"] = "secret" };`;
  await runLua(
    image,
    volume,
    `${writer} for _, path in ipairs({ ${quoted(others)} }) do write(path, '${account}') end`,
  );
  return volume;
}

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

async function pathsIn(volume: string): Promise<string[]> {
  const list = await listFiles(volume, image);
  return list
    .split("\n")
    .map((line) => line.replace(/\t.*$/u, "").replace("/var/lib/prosody/", ""))
    .filter((name) => name.includes("/"))
    .toSorted();
}

const own = [
  "example%2eorg/accounts/alice.dat",
  "example%2eorg/archive/alice.list",
  "upload%2eexample%2eorg/http_file_share/a-slot.bin",
];

describe("data of hosts that an operation is not about", () => {
  it.each([[["--replace"]], [[]]])("survives a restore, %j", async (args) => {
    const volume = await volumeOfOthers();
    const restored = await restoreInto(volume, { args });
    expect([restored.exitCode, await pathsIn(volume)]).toEqual([0, [...own, ...others].toSorted()]);
  });

  it("survives a move into files", async () => {
    const volume = newVolume();
    await writeArchive(volume, image, 1);
    await migrate({ image, volume }, "--to", "sqlite");
    await runLua(image, volume, `os.remove("/var/lib/prosody/example%2eorg/archive/alice.list")`);
    await runLua(image, volume, `${writer} write("other%2enet/accounts/carol.dat", 'return {};')`);
    await migrate({ image, volume, env: { PROSODY_STORAGE: "sqlite" } }, "--to", "internal", "--replace");
    expect(await pathsIn(volume)).toEqual([...own, "other%2enet/accounts/carol.dat"].toSorted());
  });
});

it("uploaded files alone are data that a restore does not replace unless told so", async () => {
  const volume = newVolume();
  const slot = "upload%2eexample%2eorg/http_file_share/another.bin";
  await runLua(image, volume, `${writer} write("${slot}", "uploaded")`);
  const refused = await restoreInto(volume, { args: [] });
  expect(refused.exitCode).toBe(1);
  expect(sentenceOf(refused)).toBe(
    `/var/lib/prosody/${slot} is there already: --replace puts the backup's files in its place.`,
  );
  expect(await pathsIn(volume)).toEqual([slot]);
});

it("a disk that is full when the plan is written leaves all as it was", async () => {
  const script = `${writer}
    package.path, package.cpath = "/usr/lib/prosody-foundry/?.lua;" .. package.path, "/usr/lib/prosody-foundry/?.so;" .. package.cpath
    local staging = require("foundry.data.staging")
    local folder = "/var/lib/prosody"
    write("example%2eorg/accounts/alice.dat", "old")
    staging.prepare(folder)
    write(".foundry-incoming/tree/example%2eorg/accounts/alice.dat", "new")
    local filler = io.open(folder .. "/filler", "w")
    filler:setvbuf("no")
    while filler:write(("x"):rep(4096)) do end
    print(select(2, pcall(staging.plan, folder, { "example%2eorg/accounts", ("long"):rep(3000) })))
    print(pcall(staging.decide, folder .. "/nowhere"))
    filler:close()
    os.remove(folder .. "/filler")
    print(staging.finish(folder), io.open(folder .. "/example%2eorg/accounts/alice.dat"):read("a"))`;
  const words = ["--tmpfs=/var/lib/prosody:size=256k,mode=1777", "--entrypoint=/usr/bin/lua5.4"];
  const { stdout } = await runCommand("docker", ["run", "--rm", "--interactive", ...words, image, "-"], {
    input: script,
  });
  expect(stdout.trim().split("\n")).toEqual([
    "There is no room in /var/lib/prosody.",
    expect.stringMatching(/^false\t\S+ cannot be renamed: /u),
    "false\told",
  ]);
});

/** Lua that decides on a restore, and does not carry it out. */
const decided = `
  package.path, package.cpath = "/usr/lib/prosody-foundry/?.lua;" .. package.path, "/usr/lib/prosody-foundry/?.so;" .. package.cpath
  local staging = require("foundry.data.staging")
  local folder = "/var/lib/prosody"
  staging.prepare(folder)
  write(".foundry-incoming/tree/example%2eorg/accounts/bob.dat", 'return { ["password"] = "secret" };')
  staging.plan(folder, { "example%2eorg/accounts" })
  staging.decide(folder)`;

describe("a data folder of several mounts", () => {
  const uploads = "/var/lib/prosody/upload%2eexample%2eorg";

  it("is not restored into, and nothing happens", async () => {
    const volume = newVolume();
    await writeArchive(volume, image, 3);
    const run = [`--volume=${newVolume()}:${uploads}`];
    const before = await pathsIn(volume);
    const refused = await restoreInto(volume, { run });
    expect([refused.exitCode, sentenceOf(refused)]).toEqual([
      1,
      `${uploads} is a mount of its own: its files cannot be replaced at once. Unmount it meanwhile.`,
    ]);
    expect(await pathsIn(volume)).toEqual(before);
  });

  it("is told of in one sentence when a restore cannot be finished", async () => {
    const volume = newVolume();
    await runLua(image, volume, `${writer} ${decided}`);
    const part = newVolume();
    // The image's user owns it from now on.
    await runLua(image, part, "");
    const run = [`--volume=${part}:/var/lib/prosody/example%2eorg`];
    const started = await runDocker(runWords({ image, volume, run }), {});
    expect(started.exitCode).toBe(78);
    expect(started.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/A restore was interrupted, and cannot be finished: \S+ cannot be moved: .*\.$/u),
    ]);
  });
});

it("a running server finishes a restore that was killed when all was there, and then takes its hosts up", async () => {
  const volume = newVolume();
  await writeArchive(volume, image, 1);
  const server = await startProsody({ image, volume });
  try {
    const script = `
      package.path, package.cpath = "/usr/lib/prosody-foundry/?.lua;" .. package.path, "/usr/lib/prosody-foundry/?.so;" .. package.cpath
      require("foundry.data.prosody").start()
      require("foundry.data.server").hold_or_lock("/var/lib/prosody", function() end)
      ${writer} ${decided}
      os.exit(0)`;
    const { exitCode, stderr } = await server.exec(["/usr/bin/lua5.4", "-"], script);
    expect([exitCode, stderr]).toEqual([0, ""]);
    while (!(await server.log()).includes("All hosts are up again"));
    expect(await server.ask("prosody.hosts['example.org'].users.user_exists('bob')")).toBe("true");
    expect(await server.ask("prosody.hosts['example.org'].users.user_exists('alice')")).not.toBe("true");
    expect((await pathsIn(volume)).filter((name) => name.includes("foundry-incoming"))).toEqual([]);
  } finally {
    await server.close();
  }
});

it("a restore empties what the backup has nothing of", async () => {
  const volume = newVolume();
  await writeArchive(volume, image, 3);
  await migrate({ image, volume }, "--to", "sqlite");
  const env = { PROSODY_STORAGE: "sqlite" };
  const nothing = path.join(folder, "nothing.tar");
  await backUpInto(nothing, newVolume());
  const words = runWords({ image, volume, env });
  expect((await runDocker([...words, "restore", "--replace"], { input: nothing })).exitCode).toBe(0);
  const after = path.join(folder, "after.tar");
  await backUpInto(after, volume, { env });
  const { stdout } = await runCommand("tar", ["--extract", "--to-stdout", `--file=${after}`, "summary.json"]);
  expect(stdout).not.toContain("example.org");
});

it("a database that takes longer over an answer than a client waits is backed up", async () => {
  const network = await makeNetwork();
  const mariadb = await startMariadb({ network, host: "slow" });
  try {
    const env = { PROSODY_SQL_DRIVER: "MySQL", PROSODY_SQL_HOST: "slow", PROSODY_SQL_PASSWORD: mariadb.password };
    const run = [`--network=${network.name}`];
    const volume = newVolume();
    expect((await restoreInto(volume, { env, run })).exitCode).toBe(0);
    const locked = mariadb.query("lock tables prosody write; select sleep(20);");
    while (!(await mariadb.root("select info from information_schema.processlist")).join().includes("sleep(20)"));
    await backUpInto(path.join(folder, "slow.tar"), volume, { env, run });
    await locked;
  } finally {
    await mariadb.close();
    await network.close();
  }
});

describe("a backup in a file", () => {
  it("is complete only where it is", async () => {
    const volume = newVolume();
    const refused = await runDocker([...runWords({ image, volume }), "backup", "/tmp"], {});
    expect([refused.exitCode, sentenceOf(refused)]).toEqual([1, "/tmp cannot be written: it is a folder."]);
  });

  it("is no part of the next one", async () => {
    const volume = newVolume();
    await writeArchive(volume, image, 1);
    const first = await runDocker([...runWords({ image, volume }), "backup", "/var/lib/prosody/first.tar"], {});
    expect([first.exitCode, await listFiles(volume, image)]).toEqual([0, expect.stringContaining("first.tar\t")]);
    const second = path.join(folder, "second.tar");
    await backUpInto(second, volume);
    expect((await runCommand("tar", ["--list", `--file=${second}`])).stdout).not.toContain("first.tar");
  });

  it("has files of any size", async () => {
    const size = 8 * 1024 ** 3 + 5;
    const script = `
      package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
      local tar = require("foundry.data.tar")
      local bytes = {}
      tar.writer(function(text) bytes[#bytes + 1] = text end).start("files/" .. ("long"):rep(30), ${size})
      local text, at = table.concat(bytes), 1
      local name, length = tar.reader(function(count)
        at = at + count
        return text:sub(at - count, at - 1)
      end).next()
      assert(name == "files/" .. ("long"):rep(30) and length == ${size}, length)
      io.write(text)`;
    const file = path.join(folder, "large.tar");
    const header = await runLua(image, [], script);
    await writeFile(file, header);
    await truncate(file, header.length + size + 507 + 1024);
    const { stdout } = await runCommand("tar", ["--list", "--verbose", `--file=${file}`]);
    expect(stdout).toMatch(new RegExp(` ${size} .*files/(?:long){30}\n$`, "u"));
  });
});
