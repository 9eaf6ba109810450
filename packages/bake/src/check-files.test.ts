import { expect, it } from "vitest";
import { judgeFiles, listFaults } from "./check-files.ts";
import type { ImageFile } from "./image-files.ts";

const file = (mode: number): ImageFile => ({ kind: "file", mode, size: 1 });
const folder = (mode: number): ImageFile => ({ kind: "folder", mode, size: 0 });
const link = (target: string): ImageFile => ({ kind: "link", mode: 0o777, size: 0, target });
const judge = (files: Record<string, ImageFile>) => judgeFiles(new Map(Object.entries(files)));

it("an image is well when nothing gives rights and links lead somewhere", () => {
  const finding = judge({
    "/tmp": folder(0o1777),
    "/run/prosody": folder(0o1777),
    "/var/lib/prosody": folder(0o1777),
    "/usr/bin/lua5.4": file(0o755),
    "/usr/bin/lua": link("lua5.4"),
    "/etc/mtab": link("/proc/mounts"),
  });
  expect(finding).toEqual({ ok: true, detail: "6 files" });
});

it.each<[string, ImageFile, string]>([
  ["a setuid file", file(0o4755), "/x gives its owner's rights away (setuid or setgid)"],
  ["a setgid file", file(0o2755), "/x gives its owner's rights away (setuid or setgid)"],
  ["a setgid folder", folder(0o2775), "/x gives its owner's rights away (setuid or setgid)"],
  ["a file all may write to", file(0o666), "/x can be written by everybody"],
  ["a folder all may write to", folder(0o1777), "/x can be written by everybody"],
  ["a link to nothing", link("y"), "/x leads nowhere: y"],
  ["a link to itself", link("x"), "/x leads nowhere: x"],
  ["a device", { kind: "device", mode: 0o600, size: 0 }, "/x is a device"],
])("%s is a fault", (_, entry, detail) => {
  expect(judge({ "/x": entry })).toEqual({ ok: false, detail });
});

it("a file below a folder for data may not be writable for all", () => {
  expect(judge({ "/tmp/x": file(0o666) }).ok).toBe(false);
});

it("many faults are counted", () => {
  const faults = Array.from({ length: 15 }, (_, index) => `f${index}`);
  expect(listFaults(faults)).toMatch(/^f0; .*; f11; and 3 more$/u);
  expect(listFaults(["one"])).toBe("one");
});
