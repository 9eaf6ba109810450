import { expect, it } from "vitest";
import { refusalOfDisk } from "./disk-errors.ts";

it.each([
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EROFS", "DISK_READ_ONLY"],
  ["EACCES", "DISK_DENIED"],
])("turns %s into a refusal that names the place", (code, ours) => {
  const error = Object.assign(new Error("system text"), { code, path: "/cache/x" });
  expect(refusalOfDisk(error)).toMatchObject({ code: ours, message: expect.stringContaining("/cache/x") });
});

it("takes a folder that cannot be made for a read-only file system", () => {
  const error = Object.assign(new Error("no such file"), { code: "ENOENT", syscall: "mkdir", path: "/cache/x" });
  expect(refusalOfDisk(error)).toMatchObject({ code: "DISK_READ_ONLY" });
});

it.each([new Error("plain"), Object.assign(new Error("other"), { code: "ENOENT" }), "text", undefined])(
  "leaves %s alone",
  (error) => {
    expect(refusalOfDisk(error)).toBeUndefined();
  },
);
