import { expect, it } from "vitest";
import { coreEvidence } from "./core.ts";
import type { JudgedRelease } from "./release.ts";
import { writtenModule } from "./written-module.ts";

const release: JudgedRelease = { version: "13.0.1", series: "13.0", core: ["mod_flags"], features: [] };

it.each<{ title: string; name: string; files: Record<string, string>; says: string[] }>([
  { title: "a name the release has itself", name: "mod_flags", files: { "mod_flags.lua": "" }, says: ["core"] },
  { title: "a module of its own name", name: "mod_other", files: { "mod_other.lua": "" }, says: [] },
  { title: "a folder with a README alone", name: "mod_gone", files: { "README.md": "Moved." }, says: ["tombstone"] },
  {
    title: "a README alone under a core name",
    name: "mod_flags",
    files: { "README.md": "Moved." },
    says: ["tombstone", "core"],
  },
  { title: "a library without a main file", name: "mod_lib", files: { "part.lib.lua": "" }, says: [] },
])("says of $title what it is", ({ name, files, says }) => {
  const evidence = coreEvidence(writtenModule(name, files), release, "2025-01-01");
  expect(evidence.map((item) => item.says)).toEqual(says);
});
