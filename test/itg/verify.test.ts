import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Check, runChecks, verifyTarget, type VerifyOptions } from "@prosody-foundry/bake";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRunnableImage, type RunnableImage, useEngine } from "../fixtures/runnable-image.ts";

const made: string[] = [];

beforeAll(useEngine);

afterAll(async () => {
  await runCommand("docker", ["rmi", "--force", ...made], { accept: "any" });
});

async function imageOf(name: string, image: Omit<RunnableImage, "reference">): Promise<string> {
  const reference = `prosody-foundry-test/verify:${name}`;
  made.push(reference);
  return makeRunnableImage({ ...image, reference });
}

async function verify(image: string, more: Partial<VerifyOptions["target"]> & Partial<VerifyOptions> = {}) {
  const { modules = [], series = "13.0", platform = "linux/amd64", ...options } = more;
  return verifyTarget({ exec: runCommand, image, target: { modules, series, platform }, ...options });
}

async function containersOf(image: string): Promise<string> {
  const { stdout } = await runCommand("docker", ["ps", "--all", "--quiet", `--filter=ancestor=${image}`]);
  return stdout;
}

const statuses = (checks: readonly Check[]) => Object.fromEntries(checks.map(({ name, status }) => [name, status]));
const detailOf = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name)?.detail;
const allPassed = Object.fromEntries(runChecks.map((name) => [name, "passed"]));
const named = (...names: string[]) => names.map((name) => ({ name }));

const modules = {
  mod_everywhere: `module:hook("message/bare", function () end)`,
  mod_muc_only: `assert(module.host:find("^conference"), "only where rooms are")`,
  mod_of_the_server: `module:set_global()`,
  mod_optional: `module:log("info", "asked for")`,
};
const modulesLua = `return {
  mod_everywhere = { hosts = { "virtual-host", "muc", "pubsub", "component" } },
  mod_muc_only = { hosts = { "muc" } },
  mod_of_the_server = { hosts = { "global" } },
  mod_optional = { hosts = { "virtual-host" }, enable = false },
}`;

describe.each(["13.0", "0.12"] as const)("an image of %s", (series) => {
  it("passes every check", async () => {
    const image = await imageOf(`good-${series}`, { series, modules, modulesLua });
    const checks = await verify(image, { series, modules: named(...Object.keys(modules)) });
    expect(statuses(checks)).toEqual(allPassed);
    expect(await containersOf(image)).toBe("");
    expect(detailOf(checks, "starts")).toMatch(/^Prosody \S+ serves conference\.verify\.test, .*verify\.test$/u);
    expect(detailOf(checks, "modules loaded")).toBe("3 of 4 loaded, 1 not enabled unless asked for");
    expect(detailOf(checks, "other modules load")).toBe("1 of 1 load when asked for");
    expect(detailOf(checks, "authentication modules load")).toMatch(
      /^(\d) of \1 load when chosen: ldap .*\banonymous$/u,
    );
    expect(detailOf(checks, "TLS and SCRAM login")).toMatch(/SCRAM-.*UNABLE_TO_VERIFY/u);
  });

  it("is caught when a module that is not enabled does not load, alone or beside the others", async () => {
    const jealous = `assert(not prosody.taken, "somebody was here first") prosody.taken = true`;
    const others = { mod_jealous: jealous, mod_envious: jealous, mod_spoilt: `error("never loads")` };
    const lua = Object.keys(others).map((name) => `${name} = { hosts = { "virtual-host" }, enable = false }`);
    const image = await imageOf(`idle-${series}`, {
      series,
      modules: others,
      modulesLua: `return { ${lua.join(", ")} }`,
    });
    const checks = await verify(image, { series, modules: named(...Object.keys(others)) });
    expect(statuses(checks)).toEqual({ ...allPassed, "other modules load": "failed" });
    const detail = detailOf(checks, "other modules load");
    expect(detail).toMatch(/^mod_spoilt: .*never loads/u);
    expect(detail).not.toMatch(/mod_jealous|mod_envious/u);
    expect(await containersOf(image)).toBe("");
  });

  it("is caught when a way to authenticate does not load, or loads and knows nobody", async () => {
    const ways = {
      mod_auth_ldap: `error("no such directory")`,
      mod_auth_anonymous: `module:log("info", "nobody is known")`,
      // No choice of the option's, so that it is one module among others.
      mod_auth_own: `module:provides("auth", {})`,
    };
    const lua = Object.keys(ways).map((name) => `${name} = { hosts = { "virtual-host" }, enable = false }`);
    const image = await imageOf(`ways-${series}`, {
      series,
      modules: ways,
      modulesLua: `return { ${lua.join(", ")} }`,
    });
    const checks = await verify(image, { series, modules: named(...Object.keys(ways)) });
    expect(statuses(checks)).toEqual({ ...allPassed, "authentication modules load": "failed" });
    expect(detailOf(checks, "other modules load")).toBe("1 of 1 load when asked for");
    const details = detailOf(checks, "authentication modules load")?.split("; ") ?? [];
    expect(details).toEqual([
      expect.stringMatching(/^mod_auth_ldap: Error initializing module 'auth_ldap'.*no such directory/u),
      expect.stringMatching(
        /^mod_auth_anonymous: mod_auth_anonymous did not load on verify\.test: nobody can log in\. Mend/u,
      ),
    ]);
    expect(await containersOf(image)).toBe("");
  });

  it("is caught when it is open", async () => {
    const extra = `
      c2s_require_encryption = false; allow_unencrypted_plain_auth = true; disable_sasl_mechanisms = {};
      allow_registration = true; registration_invite_only = false;
      modules_disabled = { "invites_register" };`;
    const checks = await verify(await imageOf(`open-${series}`, { series, extra }), { series });
    const open = { "plaintext login refused": "failed", "registration refused": "failed" };
    expect(statuses(checks)).toEqual({ ...allPassed, ...open });
    expect(detailOf(checks, "plaintext login refused")).toContain("offers logins on an unencrypted stream");
    expect(detailOf(checks, "registration refused")).toBe("an account was made for a stranger");
  });

  it("is caught when modules complain or are not there", async () => {
    const image = await imageOf(`useless-${series}`, {
      series,
      modules: {
        mod_good: `module:log("info", "here")`,
        mod_useless: `module:log("error", "not compatible with your version")`,
      },
      modulesLua: `return { mod_good = { hosts = { "virtual-host" } }, mod_useless = { hosts = { "virtual-host" } } }`,
    });
    const checks = await verify(image, { series, modules: named("mod_good", "mod_useless", "mod_forgotten") });
    expect(statuses(checks)).toEqual({ ...allPassed, "modules loaded": "failed" });
    expect(detailOf(checks, "modules loaded")).toBe(
      "mod_useless: not compatible with your version; mod_forgotten: is not loaded",
    );
  });

  it("does not start when modules do not load, whatever Prosody's own map says", async () => {
    const broken = {
      mod_good: `module:log("info", "here")`,
      mod_late: `module:set_global() error("too late")`,
      mod_refused: `--% requires: no-such-feature\nmodule:log("info", "never")\n`,
    };
    const lua = Object.keys(broken).map((name) => `${name} = { hosts = { "virtual-host" } }`);
    const image = await imageOf(`broken-${series}`, {
      series,
      modules: broken,
      modulesLua: `return { ${lua.join(", ")} }`,
    });
    const checks = await verify(image, { series, modules: named(...Object.keys(broken)) });
    expect(checks.map(({ status }) => status)).toEqual(["failed", ...runChecks.slice(1).map(() => "notRun")]);
    const detail = checks[0]?.detail;
    expect(detail).toMatch(/mod_late did not load on verify\.test: .*too late\. Mend it, or leave it out/u);
    expect(detail).toContain("mod_refused did not load on verify.test: ");
    expect(detail).not.toContain("mod_good");
  });
});

describe("verifying", () => {
  it("says why a server does not start, and looks no further", async () => {
    const image = await imageOf("stillborn", { series: "13.0", extra: "this is no Lua" });
    const checks = await verify(image);
    expect(checks.map(({ status }) => status)).toEqual(["failed", ...runChecks.slice(1).map(() => "notRun")]);
    expect(checks[0]?.detail).toMatch(/syntax error/u);
    expect(await containersOf(image)).toBe("");
  });

  it("says so when the engine does not have the image", async () => {
    const [starts] = await verify("prosody-foundry-test/verify:not-there");
    expect(starts).toMatchObject({ status: "failed", detail: expect.stringContaining("No such image") });
  });

  it.each(["starts", "modules loaded", "message"])("removes what it made when it is cancelled at: %s", async (at) => {
    const image = await imageOf("cancelled", { series: "13.0" });
    const cancel = new AbortController();
    const progress = (message: string) => {
      if (message.endsWith(at)) cancel.abort(new Error("enough"));
    };
    await expect(verify(image, { progress, cancelSignal: cancel.signal })).rejects.toThrow("enough");
    expect(await containersOf(image)).toBe("");
  });

  it("removes the servers beside the first, too, when it is cancelled as they are made", async () => {
    const image = await imageOf("cancelled", { series: "13.0" });
    const cancel = new AbortController();
    const exec: Exec = async (command, args, options) => {
      const result = await runCommand(command, args, options);
      if (args[0] === "create" && args.includes("--network=none")) cancel.abort(new Error("enough"));
      return result;
    };
    await expect(verify(image, { exec, cancelSignal: cancel.signal })).rejects.toThrow("enough");
    expect(await containersOf(image)).toBe("");
  });
});

it("a platform that cannot run here is not run, with the reason", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "verify-foreign-"));
  const reference = "prosody-foundry-test/verify:foreign";
  made.push(reference);
  try {
    // The head of an ELF program for a machine there is not: every kernel refuses it, whatever emulators it knows.
    const head = Buffer.from("7f454c460201010000000000000000000200fefe", "hex");
    await writeFile(path.join(folder, "lua5.4"), Buffer.concat([head, Buffer.alloc(4096)]));
    await chmod(path.join(folder, "lua5.4"), 0o755);
    await writeFile(path.join(folder, "Dockerfile"), "FROM scratch\nCOPY lua5.4 /usr/bin/lua5.4\n");
    await runCommand("docker", ["build", "--quiet", "--platform=linux/arm64", `--tag=${reference}`, folder]);
    const emulator = { programs: folder, binfmt: folder };
    const checks = await verify(reference, { platform: "linux/arm64", emulator });
    expect(checks.map(({ name }) => name)).toEqual([...runChecks]);
    expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(["notRun"]));
    expect(checks[0]?.detail).toMatch(/cannot run linux\/arm64: .*qemu-aarch64-static is not installed/u);
  } finally {
    await rm(folder, { recursive: true });
  }
});
