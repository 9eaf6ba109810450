import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { commands } from "../../packages/cli/src/commands/index.ts";

/** Commands whose JSON a test reads by a function of its own, and where. */
const byFunctions: Readonly<Record<string, string>> = {
  bump: "bump.test.ts",
  doctor: "main-way.test.ts",
  export: "reproducible.test.ts",
  import: "reproducible.test.ts",
  propose: "propose.test.ts",
  "series update": "series.test.ts",
  setup: "main-way.test.ts",
};

it("the JSON of every command that has some is read by a test here", async () => {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".test.ts"));
  const texts = await Promise.all(names.map((name) => readFile(path.join(import.meta.dirname, name), "utf8")));
  const all = texts.join("\n");
  const reporting = commands.filter(({ options }) => options.includes("json")).map(({ name }) => name);
  const untried = reporting.filter((name) => {
    const words = name.split(" ").map((word) => `"${word}"`);
    return !new RegExp(String.raw`json\(\s*\[${words.join(String.raw`,\s*`)}`, "iu").test(all);
  });
  expect(untried.toSorted()).toEqual(Object.keys(byFunctions));
  for (const [name, file] of Object.entries(byFunctions)) {
    expect(texts[names.indexOf(file)]).toMatch(new RegExp(String.raw`\b${name.split(" ")[0]}\b`, "u"));
  }
});
