import { expect, it } from "vitest";
import { debian, imageOf, judged, lockOf, moduleOf, tarball } from "./sample-lock.ts";
import { explainWhy, formatWhy } from "./why.ts";

const lock = lockOf({
  mod_a: moduleOf({ depends: ["mod_b", "mod_http"] }),
  mod_b: moduleOf({ depends: ["mod_c"] }),
  mod_c: moduleOf({}, { judgements: judged("works", "README: 13.0 Works") }),
  mod_cloud_notify: moduleOf(),
  mod_bad: moduleOf({}, { judgements: judged("broken", "nil value") }),
  mod_free: moduleOf(),
});
const image = imageOf(["mod_a", "mod_cloud_notify"], ["mod_bad"]);
const on13 = { image, series: "13.0" as const, release: tarball, lock };
const where = "in prosody on 13.0 (Prosody 13.0.1)";

it.each([
  [
    "mod_a",
    [
      `mod_a ${where}: ships`,
      "  mod_a ← required in images/prosody/image.json",
      "  pinned at aaaaaaaaaaaa of 2025-10-17 from prosody-modules",
      "  loads on 13.0.1 (loaded: seen)",
      "  needs mod_b (shipped with it), mod_http (core)",
    ],
  ],
  [
    "mod_c",
    [
      `mod_c ${where}: ships`,
      "  mod_c ← mod_b ← mod_a ← required in images/prosody/image.json",
      "  pinned at aaaaaaaaaaaa of 2025-10-17 from prosody-modules",
      "  works on 13.0.1 (loaded: README: 13.0 Works)",
    ],
  ],
  [
    "mod_cloud_notify",
    [
      `mod_cloud_notify ${where}: not shipped, core instead: Prosody 13.0.1 has its own mod_cloud_notify`,
      "  mod_cloud_notify ← required in images/prosody/image.json",
    ],
  ],
  [
    "mod_bad",
    [
      `mod_bad ${where}: left out: it is broken on 13.0.1 (loaded: nil value)`,
      "  mod_bad ← optional in images/prosody/image.json",
      "  What to do: See `foundry module show mod_bad`.",
    ],
  ],
  [
    "mod_free",
    [
      `mod_free ${where}: could ship`,
      "  images/prosody/image.json does not ask for it, and nothing it ships needs it",
      "  pinned at aaaaaaaaaaaa of 2025-10-17 from prosody-modules",
      "  loads on 13.0.1 (loaded: seen)",
    ],
  ],
  [
    "mod_nowhere",
    [
      `mod_nowhere ${where}: cannot ship: it is not in the lock`,
      "  images/prosody/image.json does not ask for it, and nothing it ships needs it",
      "  What to do: Run `foundry module add mod_nowhere`.",
    ],
  ],
])("why %s is there, or is not, is told from the answer down", (name, lines) => {
  expect(formatWhy(explainWhy(name, on13)).trimEnd().split("\n")).toEqual(lines);
});

it("a required module that cannot ship is explained, not thrown", () => {
  const failing = { ...on13, image: imageOf(["mod_bad"]) };
  expect(explainWhy("mod_bad", failing)).toMatchObject({ outcome: "cannot-ship", chain: ["mod_bad", "required"] });
});

it("the answer is that of the release asked about", () => {
  const on012 = { ...on13, series: "0.12" as const, release: debian };
  expect(explainWhy("mod_cloud_notify", on012)).toMatchObject({ series: "0.12", release: "0.12.3", outcome: "ships" });
});
