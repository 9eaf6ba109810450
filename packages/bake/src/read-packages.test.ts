import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSecurity } from "./read-packages.ts";
import { judgeSecurity } from "./resolve-stage.ts";

let folder: string;
let result: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "foundry-security-"));
  result = path.join(folder, "result");
  await mkdir(path.join(folder, "apt/lists"), { recursive: true });
  await mkdir(result);
  for (const name of ["no-lists", "no-support", "unreachable"]) await writeFile(path.join(result, name), "");
});
afterEach(() => rm(folder, { recursive: true }));

const release = "m.example_debian-security_dists_trixie-security_InRelease";

function judge(): void {
  const script = judgeSecurity(["amd64", "armel"]).replaceAll(/\/(?=apt\/|result\/)/gu, `${folder}/`);
  execFileSync("sh", ["-euc", script], { env: { ...process.env, SUITE: "trixie" } });
}

describe("the security archive", () => {
  it("makes no updates for an architecture that its Release file lacks", async () => {
    await writeFile(path.join(folder, "apt/lists", release), "Architectures: amd64 arm64\n");
    judge();
    expect(await readSecurity(result, "amd64")).toEqual({ state: "had" });
    expect(await readSecurity(result, "armel")).toEqual({ state: "none" });
  });

  it("was missed where there is no Release file of it", async () => {
    await writeFile(path.join(folder, "apt/lists/m.example_debian_dists_trixie_InRelease"), "Architectures: amd64\n");
    judge();
    const because = "no Release file of trixie-security";
    expect(await readSecurity(result, "amd64")).toEqual({ state: "missed", because });
    expect(await readSecurity(result, "armel")).toEqual({ state: "missed", because });
  });

  it("was missed for the reason that apt gave, when it gave one", async () => {
    await writeFile(path.join(result, "no-lists"), "amd64 E: it is gone\n");
    judge();
    expect(await readSecurity(result, "amd64")).toEqual({ state: "missed", because: "E: it is gone" });
  });

  it("was missed when both are said", async () => {
    await writeFile(path.join(result, "no-lists"), "amd64 E: it is gone\n");
    await writeFile(path.join(result, "no-support"), "amd64 none\n");
    expect(await readSecurity(result, "amd64")).toMatchObject({ state: "missed" });
  });
});
