import { expect, it } from "vitest";
import { explainNoCode, layOutModules } from "./load-request.ts";

const bytes = new Uint8Array();

function request(name: string, ...paths: string[]) {
  return { name, files: paths.map((path) => ({ path, bytes })), closure: [] };
}

it("lays modules side by side, and a library also at the top", () => {
  const library = request("mod_lib_tool", "tool.lib.lua", "more/inner.lib.lua");
  const files = layOutModules({ ...request("mod_a", "mod_a.lua", "html/a.html"), closure: [library] });
  expect(files.map(({ path }) => path)).toEqual([
    "mod_a/mod_a.lua",
    "mod_a/html/a.html",
    "mod_lib_tool/tool.lib.lua",
    "mod_lib_tool/more/inner.lib.lua",
    "tool.lib.lua",
  ]);
});

it.each([
  ["mod_a", ["mod_a.lua"], undefined],
  ["mod_a", ["a/mod_a.lua", "a/x.lib.lua"], undefined],
  ["mod_lib_tool", ["tool.lib.lua"], "silent"],
  ["mod_a", ["modules/mod_b.lua"], "silent"],
  ["mod_a", ["README.md"], "tombstone"],
  ["mod_a", [], "tombstone"],
])("%s with %j has nothing to load: %s", (name, paths, says) => {
  expect(explainNoCode(request(name, ...paths), "2026-11-20")?.says).toBe(says);
});
