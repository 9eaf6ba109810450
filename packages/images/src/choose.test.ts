import { describe, expect, it } from "vitest";
import { modulesLua } from "./modules-lua.ts";
import { planTargets } from "./plan.ts";
import { resolveModules } from "./resolve.ts";
import { imageOf, lockOf, moduleOf, seriesFile, tarball, packageLocks } from "./sample-lock.ts";
import { explainWhy } from "./why.ts";

const jitsi = { source: "jitsi" };
const other = "d".repeat(64);
const lock = lockOf({
  mod_x: moduleOf({ hosts: ["muc"] }),
  "mod_x@jitsi": moduleOf({ integrity: other, libraries: { lfs: "lua-filesystem" } }, jitsi),
  mod_y: moduleOf({ depends: ["mod_x"] }),
  mod_z: moduleOf({ depends: ["mod_x"] }, jitsi),
  "mod_only@jitsi": moduleOf({}, jitsi),
  mod_needs_only: moduleOf({ depends: ["mod_only"] }),
  mod_third: moduleOf({ depends: ["mod_x"] }, { source: "local" }),
});

function resolve(required: string[], optional: string[] = []): Record<string, string> {
  const { shipped } = resolveModules({ image: imageOf(required, optional), series: "13.0", release: tarball, lock });
  return Object.fromEntries(shipped.map(({ name, source }) => [name, source]));
}

describe("of two modules of one name", () => {
  it.each<[string, string[], Record<string, string>]>([
    ["the one the image names", ["mod_x@jitsi"], { mod_x: "jitsi" }],
    ["the first source's, named with it", ["mod_x@prosody-modules"], { mod_x: "prosody-modules" }],
    ["that of the source of who needs it", ["mod_z"], { mod_x: "jitsi", mod_z: "jitsi" }],
    [
      "that of the source of who needs it, also of the first",
      ["mod_y"],
      { mod_x: "prosody-modules", mod_y: "prosody-modules" },
    ],
    ["the image's own choice before that", ["mod_y", "mod_x@jitsi"], { mod_x: "jitsi", mod_y: "prosody-modules" }],
    [
      "the only one there is, whosever it is",
      ["mod_needs_only"],
      { mod_needs_only: "prosody-modules", mod_only: "jitsi" },
    ],
    ["the only one, named without its source", ["mod_only"], { mod_only: "jitsi" }],
  ])("ships %s", (_, required, shipped) => {
    expect(resolve(required)).toEqual(shipped);
  });

  it.each<[string, string[], RegExp]>([
    ["names none of them", ["mod_x"], /prosody would take mod_x from prosody-modules and from jitsi/u],
    ["names none, and who needs it is of a third source", ["mod_third"], /would take mod_x from/u],
    ["needs both", ["mod_y", "mod_z"], /would take mod_x from prosody-modules and from jitsi/u],
  ])("an image that %s is told what to write", (_, required, message) => {
    const hint = expect.stringContaining("Write mod_x@prosody-modules or mod_x@jitsi in images/prosody/image.json");
    expect(() => resolve(required)).toThrow(
      expect.objectContaining({ code: "MODULE_AMBIGUOUS", message: expect.stringMatching(message), hint }),
    );
  });

  it("a source that has no such module says how to lock it", () => {
    const missing = { code: "MODULE_CANNOT_SHIP", hint: "Run `foundry module add mod_y --source jitsi`." };
    expect(() => resolve(["mod_y@jitsi"])).toThrow(expect.objectContaining(missing));
  });

  it("what goes into the image is that of the one chosen, under the plain name", () => {
    const images = [imageOf(["mod_x@jitsi"])];
    const [target] = planTargets({
      images,
      seriesFile,
      lock,
      packageLocks,
      only: ["13.0"],
      choices: { "13.0": tarball },
    });
    if (target === undefined) throw new Error("no target");
    expect(target.inputs).toMatchObject({ "module mod_x": other });
    expect(target.packages).toContain("lua-filesystem");
    expect(modulesLua(target, lock)).toBe('return {\n  ["mod_x"] = { hosts = { "virtual-host" } },\n}\n');
  });

  it("why tells which one it is, and that the other could ship", () => {
    const request = { image: imageOf(["mod_z"]), series: "13.0" as const, release: tarball, lock };
    expect(explainWhy("mod_x@jitsi", request)).toMatchObject({
      outcome: "ships",
      chain: ["mod_x", "mod_z", "required"],
      pin: { source: "jitsi" },
    });
    expect(explainWhy("mod_x@prosody-modules", request)).toMatchObject({ outcome: "could-ship", chain: [] });
  });
});
