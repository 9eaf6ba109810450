import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askHelp, renewReadme, schemaFile } from "../fixtures/option-files.ts";
import { readTitles } from "../fixtures/option-titles.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const Options = z.array(z.looseObject({ name: z.string(), names: z.array(z.string()), secret: z.boolean() })).min(1);

const JsonSchema = z.custom<Parameters<typeof z.fromJSONSchema>[0]>();

/** Proven with FOUNDRY_TEST_WHOLE alone: no package of Debian's has the modules that do what they say. */
const provenWhole = [
  "PROSODY_AUTH_HTTP_URL",
  "PROSODY_OAUTH_CLIENT_ID",
  "PROSODY_OAUTH_CLIENT_SECRET",
  "PROSODY_OAUTH_DISCOVERY_URL",
  "PROSODY_OAUTH_TOKEN_URL",
  "PROSODY_OAUTH_USERNAME_FIELD",
  "PROSODY_OAUTH_VALIDATION_URL",
  "PROSODY_E2E_POLICY_CHAT",
  "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT",
  "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC",
  "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT",
  "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC",
  "PROSODY_E2E_POLICY_MUC",
  "PROSODY_E2E_POLICY_WHITELIST",
];

let image: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
});

async function readOptions() {
  return Options.parse(JSON.parse(await askHelp(image, "--json")));
}

async function readNames(): Promise<string[]> {
  return (await readOptions()).flatMap((option) => [option.name, ...option.names]);
}

async function readSchema(): Promise<unknown> {
  return JSON.parse(await readFile(schemaFile, "utf8"));
}

describe("the table of options", () => {
  it("has a test for each name of each of them, whose title starts with it, or with those of several", async () => {
    const tested = await readTitles("whole");
    expect((await readNames()).filter((name) => !tested.has(name))).toEqual([]);
  });

  it("has one that Debian's packages are enough for, but for these", async () => {
    const tested = await readTitles("debian");
    const untested = (await readNames()).filter((name) => !tested.has(name));
    expect(untested.toSorted()).toEqual([...provenWhole].toSorted());
  });

  it("has each name once, and a file for each secret", async () => {
    const options = await readOptions();
    const names = options.flatMap((option) => [option.name, ...option.names]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { name, names: others, secret } of options) expect(others.includes(`${name}_FILE`)).toBe(secret);
  });
});

describe.each(imageSeries)(
  "made from the table of options by the image of %s, and renewed by `npm run options`",
  (series) => {
    it("the reference in the README is what it should be", async () => {
      const { old, renewed } = await renewReadme(await ensureProsodyImage(series));
      expect(old).toBe(renewed);
    });

    it("the schema of the environment is what it should be", async () => {
      expect(await readSchema()).toEqual(JSON.parse(await askHelp(await ensureProsodyImage(series), "--json-schema")));
    });
  },
);

describe("the schema of the environment", () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ["nothing", {}, true],
    ["what Compose has unquoted", { PROSODY_S2S: true, PROSODY_MUC_HISTORY: 5, PROSODY_C2S_PORTS: 5222 }, true],
    ["what a shell has", { PROSODY_S2S: "On", PROSODY_MUC_HISTORY: "5", PROSODY_C2S_PORTS: "5222, 5000" }, true],
    ["what is not set", { PROSODY_DOMAIN: "", PROSODY_S2S: null }, true],
    ["other programs' variables, and Kubernetes'", { PATH: "/bin", PROSODY_SERVICE_HOST: "10.0.0.1" }, true],
    ["other images' names", { LOG_LEVEL: "debug", ALLOW_REGISTRATION: "false", DB_PASSWORD_FILE: "/run/x" }, true],
    ["a misspelt name", { PROSODY_DOMIAN: "example.org" }, false],
    ["a boolean that is none", { PROSODY_S2S: "perhaps" }, false],
    ["a choice that is none", { PROSODY_LOGLEVEL: "inof" }, false],
    ["a number below the least", { PROSODY_MUC_HISTORY: -1 }, false],
    ["a port that is none", { PROSODY_SQL_PORT: 70_000 }, false],
    ["a rate that is none", { PROSODY_C2S_RATE_LIMIT: "fast" }, false],
  ])("takes or refuses %s as the image does", async (_, environment, isRight) => {
    const schema = z.fromJSONSchema(JsonSchema.parse(await readSchema()));
    expect(schema.safeParse(environment).success).toBe(isRight);
  });
});
