import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { armor } from "../fixtures/confinement.ts";
import { type Ended, runDocker, runWords } from "../fixtures/data-commands.ts";
import { listFiles, newVolume, removeVolumes, runLua, writeArchive } from "../fixtures/data-volumes.ts";
import { ensureProsodyImage } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;
let folder: string;
let backup: string;
let source: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage("13.0");
  folder = await mkdtemp(path.join(os.tmpdir(), "prosody-backup-"));
  backup = path.join(folder, "backup.tar");
  source = newVolume();
  // More than one part of a store.
  await writeArchive(source, image, 4500);
  const made = await runDocker([...runWords({ image, volume: source }), "backup"], { output: backup });
  if (made.exitCode !== 0) throw new Error(made.stderr);
});
afterAll(async () => {
  await removeVolumes();
  await rm(folder, { recursive: true, force: true });
});

/** Names alone: what is written anew has another size. */
function namesIn(list: string): string[] {
  return list
    .split("\n")
    .map((line) => line.replace(/\t.*/u, ""))
    .filter((name) => !name.endsWith(".foundry-lock"));
}

async function restoreInto(volume: string, file: string, ...args: string[]): Promise<Ended> {
  return runDocker([...runWords({ image, volume }), "restore", ...args], { input: file });
}

const sentenceOf = ({ stderr }: Ended): string => stderr.trim().replaceAll(/^prosody-foundry\t(?:error|info)\t/gmu, "");

describe("a backup", () => {
  it("is a tar file of JSON lines and files, with checksums that other programs understand", async () => {
    const at = path.join(folder, "extracted");
    await runCommand("mkdir", [at]);
    await runCommand("tar", ["--extract", `--file=${backup}`, `--directory=${at}`]);
    const { stdout: names } = await runCommand("tar", ["--list", `--file=${backup}`]);
    const sums = names.split("\n").filter((name) => name.startsWith("sums/"));
    const { stdout } = await runCommand("sha256sum", ["--check", ...sums], { cwd: at });
    const others = names
      .trim()
      .split("\n")
      .filter((name) => !name.startsWith("sums/"));
    expect(stdout.trim().split("\n").toSorted()).toEqual(others.map((name) => `${name}: OK`).toSorted());
    expect(others.filter((name) => name.endsWith("-archive.archive.jsonl")).length).toBeGreaterThan(1);
    const part = others.find((name) => name.endsWith("-archive.archive.jsonl")) ?? "";
    const [head, first] = (await readFile(path.join(at, part), "utf8")).split("\n");
    expect(JSON.parse(head ?? "")).toEqual({ host: "example.org", store: "archive", kind: "archive" });
    expect(JSON.parse(first ?? "")).toMatchObject({
      user: "alice",
      key: "k1",
      when: 1_700_000_001,
      with: "bob@example.org",
    });
    const slot = path.join(at, "files/upload%2eexample%2eorg/http_file_share/a-slot.bin");
    expect((await readFile(slot)).subarray(0, 8)).toEqual(Buffer.from([0, 255, ...Buffer.from("upload")]));
  });

  it("restores into an empty volume, and not over data unless told so", async () => {
    const volume = newVolume();
    const checked = await restoreInto(volume, backup, "--check");
    expect(sentenceOf(checked)).toMatch(/^The backup of \S+ is whole: 2 stores, 1 files\.$/u);
    expect((await restoreInto(volume, backup)).exitCode).toBe(0);
    expect(namesIn(await listFiles(volume, image))).toEqual(namesIn(await listFiles(source, image)));
    const again = await restoreInto(volume, backup);
    expect(again.exitCode).toBe(1);
    expect(sentenceOf(again)).toMatch(
      /internal has data already \(example.org accounts\): --replace puts the backup's in its place\.$/u,
    );
    await runLua(
      image,
      volume,
      `os.rename("/var/lib/prosody/example%2eorg/archive/alice.list", "/var/lib/prosody/example%2eorg/archive/other.list")`,
    );
    expect((await restoreInto(volume, backup, "--replace")).exitCode).toBe(0);
    expect(namesIn(await listFiles(volume, image))).toEqual(namesIn(await listFiles(source, image)));
    const second = path.join(folder, "second.tar");
    await runDocker([...runWords({ image, volume }), "backup"], { output: second });
    expect(await summaryOf(second)).toEqual(await summaryOf(backup));
  });

  it("of a data folder that a server in another container uses is refused to be replaced", async () => {
    const volume = newVolume();
    const server = await startProsody({ image, volume });
    try {
      const refused = await restoreInto(volume, backup, "--replace");
      expect(refused.exitCode).toBe(1);
      expect(sentenceOf(refused)).toMatch(
        /A server in another container uses this data: run this there, by `docker exec`, or stop it\.$/u,
      );
      const file = path.join(folder, "beside.tar");
      const beside = await runDocker(
        ["run", "--rm", ...armor, "--volumes-from", server.name, "--env=PROSODY_DOMAIN=example.org", image, "backup"],
        { output: file },
      );
      expect(beside.exitCode).toBe(0);
      expect((await restoreInto(newVolume(), file, "--check")).exitCode).toBe(0);
    } finally {
      await server.close();
    }
  });
});

async function summaryOf(file: string): Promise<string> {
  return (await runCommand("tar", ["--extract", "--to-stdout", `--file=${file}`, "summary.json"])).stdout;
}

/** Without the member that holds this, its header included. */
function withoutMember(bytes: Buffer, name: RegExp): Buffer {
  for (let at = 0; at < bytes.length;) {
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
    const end = at + 512 + Math.ceil(size / 512) * 512;
    if (name.test(bytes.toString("latin1", at, at + 100)))
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    at = end;
  }
  throw new Error(`There is no ${name.source}`);
}

function changed(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}

describe("a backup that is not what it was", () => {
  it("is refused with one sentence, and nothing is changed", async () => {
    const bytes = await readFile(backup);
    const faults: [string, Buffer, RegExp][] = [
      ["half", bytes.subarray(0, bytes.length / 2), /^The backup is damaged, or ends early\.$/u],
      ["without its end", bytes.subarray(0, -2048), /^The backup is damaged, or ends early\.$/u],
      [
        "one letter",
        changed(bytes, "text 2711", "text 2712"),
        /^The backup is damaged: data\/example.org\/\S+ is not what it was\.$/u,
      ],
      [
        "one byte of a file",
        changed(bytes, "load\u0000", "loaD\u0000"),
        /^The backup is damaged: files\/\S+ is not what it was\.$/u,
      ],
      [
        "a part gone",
        withoutMember(bytes, /archive\.archive/u),
        /^The backup is damaged: data\/example.org\/\S+ is missing\.$/u,
      ],
      ["a file gone", withoutMember(bytes, /^files/u), /^The backup is damaged: files\/\S+ is missing\.$/u],
      ["no summary", withoutMember(bytes, /^summary/u), /^The backup is damaged: summary.json is missing\.$/u],
      ["a header", changed(bytes, "data/example.org", "data/example.oRg"), /^The backup is damaged, or ends early\.$/u],
      [
        "a newer format",
        changed(bytes, '"version":1', '"version":9'),
        /^This backup is of format 9, and this image knows formats up to 1/u,
      ],
      [
        "a newer series",
        changed(bytes, '"series":"13.0"', '"series":"99.0"'),
        /^This backup is of Prosody \S+, and this is \S+, which may misread it/u,
      ],
      ["compressed", gzipSync(bytes), /^This is compressed: send it through `gunzip` first\.$/u],
      ["something else", Buffer.alloc(5000, "no tar file"), /^This is no backup of this image\.$/u],
      ["empty", Buffer.alloc(0), /^This is no backup of this image\.$/u],
    ];
    await chmod(folder, 0o755);
    const server = await startProsody({ image, volume: source, run: [`--volume=${folder}:/backups:ro`] });
    try {
      const before = await archiveIn(source);
      for (const [name, content, sentence] of faults) {
        await writeFile(path.join(folder, "faulty.tar"), content);
        const { exitCode, stderr } = await server.exec(["foundry", "restore", "--replace", "/backups/faulty.tar"]);
        expect([name, sentenceOf({ exitCode, stderr })]).toEqual([name, expect.stringMatching(sentence)]);
        expect(exitCode).toBe(1);
      }
      expect(await archiveIn(source)).toEqual(before);
      expect(await server.log()).not.toContain("hosts are down");
    } finally {
      await server.close();
    }
  });
});

it("a backup of what forgets all at its end is refused", async () => {
  const env = { PROSODY_STORAGE: "memory" };
  const refused = await runDocker([...runWords({ image, volume: newVolume(), env }), "backup"], {});
  expect(refused.exitCode).toBe(1);
  expect(sentenceOf(refused)).toBe('Storage "memory" keeps nothing that could be backed up: memory.');
});

it("a restore that was killed when all was there is finished by the next start", async () => {
  const volume = newVolume();
  await writeArchive(volume, image, 1);
  // As far as it had come: what goes is named, the first of it is away, nothing new is in its place.
  const script = `
    package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
    package.cpath = "/usr/lib/prosody-foundry/?.so;" .. package.cpath
    local staging = require("foundry.data.staging")
    local folder = "/var/lib/prosody"
    local new = staging.prepare(folder) .. "/example%2eorg/accounts/bob.dat"
    staging.make_parents(new)
    local file = io.open(new, "w")
    file:write('return { ["password"] = "secret" };\\n')
    file:close()
    staging.plan(folder, { "example%2eorg/accounts", "example%2eorg/archive" })
    staging.decide(folder)
    staging.make_parents(folder .. "/.foundry-replaced/example%2eorg/accounts")
    os.rename(folder .. "/example%2eorg/accounts", folder .. "/.foundry-replaced/example%2eorg/accounts")`;
  await runLua(image, volume, script);
  const server = await startProsody({ image, volume });
  try {
    expect(await server.ask("prosody.hosts['example.org'].users.user_exists('bob')")).toBe("true");
    const names = namesIn(await listFiles(volume, image));
    expect(names).toContain("/var/lib/prosody/example%2eorg/accounts/bob.dat");
    expect(names.filter((name) => /alice|foundry-(?:incoming|replaced)/u.test(name))).toEqual([]);
  } finally {
    await server.close();
  }
});

async function archiveIn(volume: string): Promise<string[]> {
  return (await listFiles(volume, image)).split("\n").filter((line) => /alice|a-slot/u.test(line));
}
