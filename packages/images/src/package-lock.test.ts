import { describe, expect, it } from "vitest";
import { diffPackages } from "./package-diff.ts";
import { type LockedPackage, PackageLock, listOf, packagesFor, poolPath } from "./package-lock.ts";
import { type ResolvedWish, keepSuites, updatePackageLock } from "./package-update.ts";
import { debOf, packageLockOf } from "./sample-lock.ts";

const all = debOf("ca-certificates", "all");
const lua = (architecture: string, version: string): LockedPackage =>
  debOf("lua5.4", architecture, { version, sourceVersion: "5.4.7-1" });
const krb5: Partial<LockedPackage> = { source: "krb5", version: "1:1.2-3", archive: "security" };

describe("a list", () => {
  it("has a version that all architectures have once, and gives each what it had", () => {
    const resolved = [
      { architecture: "amd64", packages: [all, lua("amd64", "5.4.7-1+b2"), debOf("libkrb5-3", "amd64", krb5)] },
      { architecture: "arm64", packages: [all, lua("arm64", "5.4.7-1+b1"), debOf("libkrb5-3", "arm64", krb5)] },
    ];
    const list = listOf(resolved);
    expect(list["ca-certificates"]).toEqual({ "1.0-1": { sha256: { all: `${all.sha256} 1000` } } });
    expect(Object.keys(list["lua5.4"] ?? {})).toEqual(["5.4.7-1+b2", "5.4.7-1+b1"]);
    expect(list["libkrb5-3"]?.["1:1.2-3"]).toMatchObject({ source: "krb5", archive: "security" });
    for (const { architecture, packages } of resolved) {
      expect(packagesFor(list, architecture)).toEqual(packages.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    }
  });

  it("says which architectures need a package that is the same for each", () => {
    const list = listOf([
      { architecture: "amd64", packages: [all] },
      { architecture: "arm64", packages: [debOf("zlib1g", "arm64")] },
    ]);
    expect(list["ca-certificates"]?.["1.0-1"]?.for).toEqual(["amd64"]);
    expect(packagesFor(list, "arm64").map(({ name }) => name)).toEqual(["zlib1g"]);
  });

  it("is refused for a package that is not where Debian's archives keep it", () => {
    const odd = { ...all, path: "pool/main/x/ca-certificates_1.0-1_all.deb" };
    const listing = (): unknown => listOf([{ architecture: "amd64", packages: [odd] }]);
    expect(listing).toThrow(expect.objectContaining({ code: "PACKAGES_MALFORMED" }));
  });
});

it.each([
  ["pool/main/l/lua5.4/lua5.4_5.4.7-1+b2_arm64.deb", lua("arm64", "5.4.7-1+b2")],
  ["pool/updates/main/k/krb5/libkrb5-3_1.2-3_amd64.deb", debOf("libkrb5-3", "amd64", krb5)],
  ["pool/main/libx/libxml2/libxml2_2.9-1_i386.deb", debOf("libxml2", "i386", { version: "2.9-1" })],
])("the pool has %s", (path, deb) => {
  expect(poolPath(deb)).toBe(path);
});

function answer(suite: string, snapshot: string, packages: LockedPackage[]): ResolvedWish {
  const wish = { suite, list: "root" as const, architecture: "amd64", names: [], closure: true };
  return { wish, snapshot, packages, security: { state: "had" } };
}

function ofArm(one: ResolvedWish): ResolvedWish {
  return { ...one, wish: { ...one.wish, architecture: "arm64" } };
}

const empty: PackageLock = { lockVersion: 1, suites: {} };
const before = updatePackageLock(empty, [
  answer("trixie", "2026-11-02T00:00:00Z", [all, lua("amd64", "5.4.7-1")]),
  answer("forky", "2026-11-02T00:00:00Z", [all]),
]);

describe("an update", () => {
  it("moves the snapshot with the packages, and leaves other suites alone", () => {
    const after = updatePackageLock(before, [answer("trixie", "2026-11-09T00:00:00Z", [all])]);
    expect(after.suites["trixie"]?.snapshot).toBe("2026-11-09T00:00:00Z");
    expect(after.suites["forky"]).toEqual(before.suites["forky"]);
    expect(PackageLock.parse(after)).toEqual(after);
  });

  it("changes nothing when the packages are the same at a later moment", () => {
    const same = [all, lua("amd64", "5.4.7-1")];
    expect(updatePackageLock(before, [answer("trixie", "2026-11-09T00:00:00Z", same)])).toEqual(before);
  });

  it("keeps what it has for an architecture nobody could answer about", () => {
    const { wish } = answer("trixie", "", []);
    const other = { ...answer("trixie", "2026-11-09T00:00:00Z", [lua("arm64", "5.4.7-2")]) };
    const arm64 = { ...other, wish: { ...wish, architecture: "arm64" } };
    const after = updatePackageLock(before, [arm64], [wish]);
    const list = after.suites["trixie"]?.lists.root ?? {};
    expect(packagesFor(list, "amd64")).toEqual([all, lua("amd64", "5.4.7-1")]);
    expect(packagesFor(list, "arm64")).toEqual(arm64.packages);
  });

  it("follows a version that moved from the security archive to main, and keeps the snapshot", () => {
    const [at, later] = ["2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"];
    const old = updatePackageLock(empty, [
      answer("trixie", at, [debOf("libkrb5-3", "amd64", krb5)]),
      ofArm(answer("trixie", at, [debOf("libkrb5-3", "arm64", krb5)])),
    ]);
    const moved = answer("trixie", later, [debOf("libkrb5-3", "amd64", { ...krb5, archive: "main" })]);
    const { suites } = updatePackageLock(old, [moved], [ofArm(moved).wish]);
    expect(suites["trixie"]?.snapshot).toBe(at);
    expect(packagesFor(suites["trixie"]?.lists.root ?? {}, "arm64")).toMatchObject([
      { archive: "main", path: "pool/main/k/krb5/libkrb5-3_1.2-3_arm64.deb" },
    ]);
  });

  it("says for which architectures the security archive was not asked, until it is", () => {
    const bare: ResolvedWish = { ...answer("trixie", "2026-11-09T00:00:00Z", [all]), security: { state: "none" } };
    const after = updatePackageLock(empty, [bare]);
    expect(after.suites["trixie"]?.withoutSecurity).toEqual(["amd64"]);
    const later = updatePackageLock(after, [answer("trixie", "2026-11-10T00:00:00Z", [all])]);
    expect(later.suites["trixie"]).not.toHaveProperty("withoutSecurity");
  });

  it("forgets a suite that nothing is built on", () => {
    expect(Object.keys(keepSuites(before, ["trixie"]).suites)).toEqual(["trixie"]);
  });
});

describe("a difference", () => {
  const [old, fresh] = [packageLockOf(["libssl3", "gone"]), packageLockOf(["libssl3", "fresh"])];
  const newer = debOf("libssl3", "amd64", { version: "1.0-2", sourceVersion: "1.0-2", archive: "security", size: 900 });
  const trixie = fresh.suites["trixie"];
  if (trixie === undefined) throw new Error("no suite");
  trixie.lists.root = listOf([
    { architecture: "amd64", packages: [newer, debOf("fresh")] },
    { architecture: "arm64", packages: [debOf("libssl3", "arm64"), debOf("fresh", "arm64")] },
  ]);

  it("names what is new, gone and moved, with the architectures, the archive and the bytes", () => {
    const changes = diffPackages(old, fresh).filter(({ suite, list }) => suite === "trixie" && list === "root");
    const rows = changes.map(({ before: _before, after: _after, ...row }) => row);
    const place = { suite: "trixie", list: "root", downgrade: false, security: false };
    const both = { ...place, architectures: ["amd64", "arm64"] };
    expect(rows).toEqual([
      { ...both, name: "fresh", from: null, to: "1.0-1", bytes: 2000 },
      { ...both, name: "gone", from: "1.0-1", to: null, bytes: -2000 },
      { ...place, name: "libssl3", from: "1.0-1", to: "1.0-2", architectures: ["amd64"], security: true, bytes: -100 },
    ]);
  });

  it("says when a version is the older one", () => {
    const back = diffPackages(fresh, old).find(({ name, suite }) => name === "libssl3" && suite === "trixie");
    expect(back).toMatchObject({ from: "1.0-2", to: "1.0-1", downgrade: true, security: false });
  });

  it("of an architecture that only one lock knows is all of its packages", () => {
    const [one, both] = [{ architecture: "amd64", packages: [all, lua("amd64", "5.4.7-1")] }, packageLockOf([])];
    const two = {
      architecture: "arm64",
      packages: [debOf("ca-certificates", "all", { version: "1.0-2" }), lua("arm64", "5.4.7-1")],
    };
    const [left, right] = [structuredClone(both), structuredClone(both)];
    for (const [lock, resolved] of [
      [left, [one]],
      [right, [one, two]],
    ] as const) {
      const suite = lock.suites["trixie"];
      if (suite !== undefined) suite.lists = { root: listOf(resolved) };
    }
    const rows = diffPackages(left, right).map(({ name, from, architectures }) => [name, from, architectures]);
    expect(rows).toEqual([
      ["ca-certificates", null, ["arm64"]],
      ["lua5.4", null, ["arm64"]],
    ]);
  });

  it("is none between equal locks", () => {
    expect(diffPackages(fresh, structuredClone(fresh))).toEqual([]);
  });
});
