import { gzipSync } from "node:zlib";
import { isUserError } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { pack, type Header } from "tar-stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { makeContent } from "./content.ts";
import { packTar, unpackTar, unpackTarGz } from "./tar.ts";

const content = makeContent("mod_x", [
  { path: "mod_x.lua", executable: false, bytes: Buffer.from("return 1\n") },
  { path: `${"long/".repeat(60)}name.sh`, executable: true, bytes: Buffer.from([0, 255]) },
  { path: "empty", executable: false, bytes: Buffer.alloc(0) },
]);

it("gives back what it packed, and packs it to the same bytes again", async () => {
  const tar = await packTar(content);
  const files = await unpackTar(tar, "here");
  expect(makeContent("mod_x", files)).toEqual(content);
  expect(await packTar(makeContent("mod_x", files))).toEqual(tar);
});

it.each<Partial<Header>>([
  { type: "symlink", linkname: "/etc/passwd" },
  { type: "link", linkname: "b" },
  { type: "character-device" },
  { type: "fifo" },
])("refuses an archive with %j", async (header) => {
  await expect(unpackTar(await packOne(header), "here")).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
});

it("leaves out what is not wanted, whatever it is", async () => {
  const tar = await packOne({ type: "symlink", linkname: "/etc/passwd" });
  expect(await unpackTar(tar, "here", (path) => path !== "a")).toEqual([]);
});

it("refuses an archive that was cut off", async () => {
  const tar = await packTar(content);
  const gz = gzipSync(tar);
  await expect(unpackTar(tar.subarray(0, 600), "here")).rejects.toMatchObject({ code: "ARCHIVE_MALFORMED" });
  await expect(unpackTarGz(gz.subarray(0, 60), "here")).rejects.toMatchObject({ code: "ARCHIVE_MALFORMED" });
});

it.each(["", "no archive", "<html>".repeat(500)])("refuses %j instead of an archive", async (text) => {
  await expect(unpackTarGz(Buffer.from(text), "here")).rejects.toMatchObject({ code: "ARCHIVE_MALFORMED" });
});

it("refuses an archive that unpacks to more than 256 MiB", async () => {
  const bomb = gzipSync(Buffer.alloc(257 * 1024 * 1024), { level: 1 });
  await expect(unpackTarGz(bomb, "here")).rejects.toMatchObject({ code: "ARCHIVE_MALFORMED" });
});

it("refuses an entry that says it has 5 GB, before they come", async () => {
  const header = (await packOne({ type: "file", size: 0 })).subarray(0, 512);
  const claim = withChecksum(
    Buffer.concat([header.subarray(0, 124), Buffer.from("45215640000\0"), header.subarray(136)]),
  );
  const tar = Buffer.concat([claim, Buffer.alloc(4096)]);
  await expect(unpackTar(tar, "here")).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
});

it("refuses an archive of a million entries after the first of them", async () => {
  const entry = (await packOne({ type: "directory" })).subarray(0, 512);
  const tar = Buffer.alloc(512 * 200_000);
  for (let at = 0; at < tar.length; at += 512) tar.set(entry, at);
  await expect(unpackTar(tar, "here")).rejects.toMatchObject({
    code: "CONTENT_UNSAFE",
    message: expect.stringContaining("more than 50000 files") as unknown,
  });
});

it.each(["../a", "/a", "a/../../b"])("keeps a path like %s for the check that refuses it", async (name) => {
  expect(await unpackTar(await packOne({ name }), "here")).toMatchObject([{ path: name }]);
});

it("gives files or a coded error for any archive that was tampered with", async () => {
  const tar = await packTar(content);
  const change = fc.record({ at: fc.nat(tar.length - 1), byte: fc.nat(255) });
  const cut = fc.nat(tar.length);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 20 }), cut, async (changes, length) => {
      const bytes = Buffer.from(tar.subarray(0, length));
      for (const { at, byte } of changes) if (at < length) bytes[at] = byte;
      const outcome = await unpackTar(bytes, "here").catch((error: unknown) => error);
      expect(Array.isArray(outcome) || isUserError(outcome, "ARCHIVE_MALFORMED", "CONTENT_UNSAFE")).toBe(true);
    }),
    { numRuns: 300 },
  );
});

function withChecksum(header: Buffer): Buffer {
  const blank = Buffer.concat([header.subarray(0, 148), Buffer.from(" ".repeat(8)), header.subarray(156)]);
  let sum = 0;
  for (const byte of blank) sum += byte;
  return Buffer.concat([
    blank.subarray(0, 148),
    Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `),
    blank.subarray(156),
  ]);
}

async function packOne(header: Partial<Header>): Promise<Buffer> {
  const writer = pack();
  // Without bytes, a file's entry would wait for them.
  const isFile = header.type === undefined || header.type === "file";
  if (isFile) writer.entry({ name: "a", ...header }, Buffer.alloc(0));
  else writer.entry({ name: "a", ...header });
  writer.finalize();
  return buffer(writer);
}
