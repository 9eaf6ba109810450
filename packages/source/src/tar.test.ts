import { gzipSync } from "node:zlib";
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

async function packOne(header: Partial<Header>): Promise<Buffer> {
  const writer = pack();
  writer.entry({ name: "a", ...header });
  writer.finalize();
  return buffer(writer);
}
