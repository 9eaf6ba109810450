import { expect, it } from "vitest";
import { judgeCModules } from "./check-c-modules.ts";

const needed = ["lfs", "lxp", "socket.core", "ssl", "util.encodings", "util.hashes", "util.net"];
const output = (rows: Record<string, string>) =>
  Object.entries(rows)
    .map(([name, problem]) => `${name}\t${problem}\n`)
    .join("");
const all = Object.fromEntries(needed.map((name) => [name, ""]));

it("modules that all load are well, and named", () => {
  const finding = judgeCModules(output({ ...all, "dbd.mysql": "" }));
  expect(finding).toEqual({ ok: true, detail: `8 load: dbd.mysql ${needed.join(" ")}` });
});

it("one that does not load is named with the reason", () => {
  const finding = judgeCModules(output({ ...all, "dbd.mysql": "libmariadb.so.3: cannot open shared object file" }));
  expect(finding).toEqual({ ok: false, detail: "dbd.mysql: libmariadb.so.3: cannot open shared object file" });
});

it("one that no server can do without has to be there", () => {
  const { lxp: _, ...others } = all;
  expect(judgeCModules(output(others))).toEqual({ ok: false, detail: "lxp is not there" });
  expect(judgeCModules("").ok).toBe(false);
});
