import { readFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRunnableImage, useEngine } from "../fixtures/runnable-image.ts";

const reference = "prosody-foundry-test/image:options";

beforeAll(async () => {
  await useEngine();
  await makeRunnableImage({ series: "13.0", reference });
});

afterAll(async () => {
  await runCommand("docker", ["rmi", "--force", reference], { accept: "any" });
});

/** What the options say to each environment, asked in one container. */
async function readOption(name: string, settings: readonly Readonly<Record<string, string>>[]): Promise<string[]> {
  const script = `
    local options = dofile("/usr/lib/prosody-foundry/options.lua")
    for _, environment in ipairs({ ${settings.map(toLua).join(", ")} }) do
      local values, problems = options.read(function(name) return environment[name] end)
      for _, problem in ipairs(options.find_unknown(environment)) do problems[#problems + 1] = problem end
      local value = values[${JSON.stringify(name)}]
      print(problems[1] or type(value) == "table" and table.concat(value, "|") or tostring(value))
    end`;
  const args = ["run", "--rm", "--interactive", "--entrypoint=/usr/bin/lua5.4", reference, "-"];
  const { stdout } = await runCommand("docker", args, { input: script });
  return stdout.trimEnd().split("\n");
}

function toLua(settings: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(settings)
    .map(([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
    .join(", ")} }`;
}

describe("options", () => {
  it("booleans mean what they say", async () => {
    const yes = ["true", "TRUE", "yes", "on", "1"];
    const no = ["false", "False", "no", "off", "0"];
    const settings = [...yes, ...no, "", "2"].map((value) => ({ PROSODY_S2S_SECURE_AUTH: value }));
    const answers = await readOption("PROSODY_S2S_SECURE_AUTH", settings);
    expect(answers.slice(0, 11)).toEqual([...yes.map(() => "true"), ...no.map(() => "false"), "true"]);
    expect(answers[11]).toContain("neither true nor false");
  });

  it.each<[string, { name: string; settings: Record<string, string>; answer: string }]>([
    ["an alias counts", { name: "PROSODY_LOGLEVEL", settings: { LOG_LEVEL: "DEBUG" }, answer: "debug" }],
    [
      "an alias that agrees is no problem",
      { name: "PROSODY_DOMAIN", settings: { DOMAIN: "a.b", PROSODY_DOMAIN: "a.b" }, answer: "a.b" },
    ],
    [
      "an alias that differs is one",
      {
        name: "PROSODY_DOMAIN",
        settings: { DOMAIN: "a.b", PROSODY_DOMAIN: "a.c" },
        answer: "PROSODY_DOMAIN and DOMAIN are both set and differ: leave one out.",
      },
    ],
    [
      "a list may have spaces and commas",
      { name: "PROSODY_ADMINS", settings: { PROSODY_ADMINS: "a@b, c@d e@f" }, answer: "a@b|c@d|e@f" },
    ],
    [
      "modules lose their prefix",
      {
        name: "PROSODY_ENABLE_MODULES",
        settings: { PROSODY_ENABLE_MODULES: "mod_bosh,websocket" },
        answer: "bosh|websocket",
      },
    ],
    [
      "a database alone means to use it",
      { name: "PROSODY_STORAGE", settings: { PROSODY_SQL_DRIVER: "sqlite3" }, answer: "sql" },
    ],
    [
      "a secret comes from a file",
      {
        name: "PROSODY_SQL_PASSWORD",
        settings: { PROSODY_SQL_PASSWORD_FILE: "/usr/lib/prosody/prosody.version" },
        answer: "13.0.1",
      },
    ],
    [
      "a domain may be in any script",
      { name: "PROSODY_DOMAIN", settings: { PROSODY_DOMAIN: "bücher.example" }, answer: "bücher.example" },
    ],
    [
      "what Kubernetes sets for a service called prosody is let be",
      {
        name: "PROSODY_DOMAIN",
        settings: {
          PROSODY_SERVICE_HOST: "10.0.0.1",
          PROSODY_SERVICE_PORT_C2S: "5222",
          PROSODY_PORT: "tcp://10.0.0.1:5222",
          PROSODY_PORT_5222_TCP_ADDR: "10.0.0.1",
        },
        answer: "localhost",
      },
    ],
    [
      "another program's variables are let be",
      { name: "PROSODY_DOMAIN", settings: { PATH: "/bin", PROSODYCTL_LOG_LEVEL: "debug" }, answer: "localhost" },
    ],
  ])("%s", async (_, { name, settings, answer }) => {
    expect(await readOption(name, [settings])).toEqual([answer]);
  });

  it("are all shown by help and in the README", async () => {
    const readme = await readFile(path.resolve(import.meta.dirname, "../../images/prosody/README.md"), "utf8");
    const { stdout, exitCode } = await runCommand("docker", ["run", "--rm", reference, "help"]);
    expect(exitCode).toBe(0);
    const names = stdout.match(/\b[A-Z][A-Z0-9]+_[A-Z0-9_]*[A-Z]\b/gu) ?? [];
    expect(names).toContain("PROSODY_SQL_PASSWORD_FILE");
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(readme).toContain(`\`${name}\``);
  });
});
