import { expect, it } from "vitest";
import { builderWishes, wishesOf } from "./package-wishes.ts";
import { imageOf, lockOf, moduleOf, seriesFile } from "./sample-lock.ts";

const lock = lockOf({
  mod_x: moduleOf({ depends: ["mod_y", "mod_core"] }),
  mod_y: moduleOf({ libraries: { zip: "lua-zip", none: null }, depends: ["mod_x"] }),
  mod_other: moduleOf({ libraries: { ldap: "lua-ldap" } }),
});

it("an image wishes for what it declares and what its modules and theirs need, by suite and architecture", () => {
  const wishes = wishesOf(imageOf([], ["mod_x"]), seriesFile, lock);
  expect(wishes.map(({ suite, architecture }) => `${suite} ${architecture}`)).toEqual([
    "bookworm amd64",
    "bookworm arm64",
    "trixie amd64",
    "trixie arm64",
  ]);
  expect(wishes[0]?.names).toEqual(["base-files", "ca-certificates", "lua-unbound", "lua-zip"]);
  expect(wishes[2]).toMatchObject({ names: ["base-files", "ca-certificates", "lua-zip"], closure: true, list: "root" });
});

it("a suite has only what modules need on series that are built on it", () => {
  const pinned = moduleOf({ libraries: { zip: "lua-zip" } });
  const own = lockOf({ mod_x: { ...pinned, pins: { trunk: pinned.pins.trunk } } });
  const wishes = wishesOf(imageOf(["mod_x"]), seriesFile, own);
  const named = wishes.filter(({ names }) => names.includes("lua-zip")).map(({ suite }) => suite);
  expect(named).toEqual(["trixie", "trixie"]);
});

it("the builder wishes for tools for its machines and headers for the platforms of each suite, exactly these", () => {
  const wishes = builderWishes(["linux/arm/v7", "linux/amd64", "linux/amd64"], ["forky", "trixie"]);
  expect(wishes.map(({ suite, list, architecture }) => `${suite} ${list} ${architecture}`)).toEqual([
    "trixie build amd64",
    "trixie build arm64",
    "forky dev amd64",
    "forky dev armhf",
    "trixie dev amd64",
    "trixie dev armhf",
  ]);
  expect(wishes[1]?.names).toContain("binutils-aarch64-linux-gnu");
  expect(wishes[2]?.names).toEqual(["libc6-dev", "libssl-dev"]);
  expect(wishes[4]?.names).toEqual(["libc6-dev", "libgcc-14-dev", "libssl-dev"]);
  expect(wishes.some(({ closure }) => closure)).toBe(false);
});
