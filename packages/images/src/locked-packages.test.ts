import { expect, it } from "vitest";
import { choosePackages } from "./locked-packages.ts";
import { packageLockOf, tarball } from "./sample-lock.ts";

it.each(["own", "builder"] as const)("an empty list in the lock %s is said, with what to do", (empty) => {
  const full = { own: packageLockOf(["lua5.4"]), builder: packageLockOf(["make"]) };
  const choose = (locks: typeof full): unknown =>
    choosePackages({
      image: "prosody",
      series: "13.0",
      release: tarball,
      platforms: ["linux/amd64"],
      names: [],
      ...locks,
    });
  expect(choose(full)).toBeDefined();
  expect(() => choose({ ...full, [empty]: { lockVersion: 1, suites: {} } })).toThrow(
    expect.objectContaining({ code: "PACKAGE_NOT_LOCKED", hint: "Run `foundry packages update`." }),
  );
});
