import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { runImage } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
});

type Settings = Readonly<Record<string, string>>;

/** What an option is in each of these environments, or the first problem, asked in one container. */
async function readOption(name: string, settings: readonly Settings[]): Promise<string[]> {
  const script = `
    package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
    local environment = require("foundry.environment")
    for _, given in ipairs({ ${settings.map(toLua).join(", ")} }) do
      local values, problems = environment.read(function(name) return given[name] end)
      for _, problem in ipairs(environment.find_unknown(given)) do problems[#problems + 1] = problem end
      local value = values[${JSON.stringify(name)}]
      print(problems[1] or type(value) == "table" and table.concat(value, "|") or tostring(value))
    end`;
  const args = ["run", "--rm", "--interactive", "--network=none", "--entrypoint=/usr/bin/lua5.4", image, "-"];
  const { stdout } = await runCommand("docker", args, { input: script });
  return stdout.trimEnd().split("\n");
}

function toLua(settings: Settings): string {
  const entries = Object.entries(settings).map(
    ([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  return `{ ${entries.join(", ")} }`;
}

/** What Kubernetes sets in every container beside a Service whose name gives these letters. */
function serviceLinks(service: string): Settings {
  const url = service.startsWith("TURN") ? "udp://[fd00::7]:3478" : "tcp://10.96.0.7:5432";
  const [, protocol = "", address = "", port = ""] = /^(\w+):\/\/(.*):(\d+)$/u.exec(url) ?? [];
  const link = `${service}_PORT_${port}_${protocol.toUpperCase()}`;
  return {
    [`${service}_SERVICE_HOST`]: address,
    [`${service}_SERVICE_PORT`]: port,
    [`${service}_SERVICE_PORT_MAIN`]: port,
    [`${service}_PORT`]: url,
    [link]: url,
    [`${link}_PROTO`]: protocol,
    [`${link}_PORT`]: port,
    [`${link}_ADDR`]: address,
  };
}

describe("an option", () => {
  it("that is a number is refused where it has no end", async () => {
    const script = `
    package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
    local environment = require("foundry.environment")
    local numbers = { number = true, integer = true, days = true, period = true, size = true, rate = true, port = true }
    for _, option in ipairs(require("foundry.options")) do
      local wanted = numbers[option.type] and { ("9"):rep(40), "1e300", ("9"):rep(40) .. "mb/s", ("9"):rep(12) .. "y", ("9"):rep(18) .. "m" } or {}
      for _, entry in ipairs(environment.names_of(option)) do
        for _, text in ipairs(wanted) do
          local _, problems = environment.read(function(name) return name == entry.name and text or nil end)
          local is_refused = table.concat(problems, " "):find(entry.name .. "=" .. text .. " is ", 1, true)
          print(is_refused and "refused" or entry.name .. "=" .. text)
        end
      end
    end`;
    const args = ["run", "--rm", "--interactive", "--network=none", "--entrypoint=/usr/bin/lua5.4", image, "-"];
    const { stdout } = await runCommand("docker", args, { input: script });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => line !== "refused")).toEqual([]);
  });

  it.each(["PROSODY_S2S_SECURE_AUTH", "PROSODY_USE_DANE"])("%s means what it says", async (name) => {
    const yes = ["true", "TRUE", "yes", "on", "1"];
    const no = ["false", "False", "no", "off", "0"];
    const answers = await readOption(
      name,
      [...yes, ...no, "2"].map((value) => ({ [name]: value })),
    );
    expect(answers.slice(0, 10)).toEqual([...yes.map(() => "true"), ...no.map(() => "false")]);
    expect(answers[10]).toContain("neither true nor false");
  });

  const domain = "PROSODY_DOMAIN";
  const registration = "PROSODY_REGISTRATION";
  it.each<[string, { name: string; settings: Settings; answer: string }]>([
    ["that is empty is not set", { name: "PROSODY_S2S", settings: { PROSODY_S2S: "" }, answer: "true" }],
    ["has aliases", { name: "PROSODY_LOGLEVEL", settings: { LOG_LEVEL: "DEBUG" }, answer: "debug" }],
    [
      "may have an alias that agrees",
      { name: domain, settings: { DOMAIN: "a.b", PROSODY_DOMAIN: "a.b" }, answer: "a.b" },
    ],
    [
      "may have no alias that differs",
      {
        name: domain,
        settings: { DOMAIN: "a.b", PROSODY_DOMAIN: "a.c" },
        answer: "PROSODY_DOMAIN and DOMAIN are both set and differ: leave one out.",
      },
    ],
    [
      "of an alias with words of its own",
      { name: registration, settings: { ALLOW_REGISTRATION: "1" }, answer: "open" },
    ],
    [
      "REGISTRATION_INVITE_ONLY: only narrows another alias",
      { name: registration, settings: { ALLOW_REGISTRATION: "1", REGISTRATION_INVITE_ONLY: "1" }, answer: "invite" },
    ],
    [
      "of an alias that says nothing",
      { name: registration, settings: { ALLOW_REGISTRATION: "1", REGISTRATION_INVITE_ONLY: "0" }, answer: "open" },
    ],
    [
      "of an alias in other units",
      { name: "PROSODY_UPLOAD_LIMIT_MB", settings: { HTTP_FILE_SHARE_SIZE_LIMIT: "5242880" }, answer: "5.0" },
    ],
    [
      "of an alias that is read in another way",
      { name: "PROSODY_ARCHIVE_EXPIRY_DAYS", settings: { PROSODY_ARCHIVE_EXPIRES_AFTER: "2w" }, answer: "14.0" },
    ],
    [
      "that is a list may have spaces and commas",
      { name: "PROSODY_ADMINS", settings: { PROSODY_ADMINS: "a@b, c@d e@f" }, answer: "a@b|c@d|e@f" },
    ],
    [
      "that names modules takes them with and without mod_",
      {
        name: "PROSODY_ENABLE_MODULES",
        settings: { PROSODY_ENABLE_MODULES: "mod_announce,motd" },
        answer: "announce|motd",
      },
    ],
    [
      "that is a secret comes from a file, too",
      {
        name: "PROSODY_COMPONENT_SECRET",
        settings: { PROSODY_COMPONENT_SECRET_FILE: "/usr/lib/prosody/prosody.version" },
        answer: "13.0.7",
      },
    ],
    [
      "that is a domain may be in any script",
      { name: domain, settings: { PROSODY_DOMAIN: "bücher.example" }, answer: "bücher.example" },
    ],
    [
      "that is a path may be one beside the configuration",
      { name: "PROSODY_CERTIFICATES", settings: { PROSODY_CERTIFICATES: "certs" }, answer: "/etc/prosody/certs" },
    ],
    [
      "is none of what Kubernetes sets for a service called prosody",
      {
        name: "PROSODY_S2S",
        settings: {
          PROSODY_SERVICE_HOST: "10.0.0.1",
          PROSODY_SERVICE_PORT_C2S: "5222",
          PROSODY_PORT: "tcp://10.0.0.1:5222",
          PROSODY_PORT_5222_TCP_ADDR: "10.0.0.1",
        },
        answer: "true",
      },
    ],
    [
      "is not what Docker's links set for a container called db",
      {
        name: "PROSODY_SQL_DB",
        settings: {
          DB_NAME: "/prosody/db",
          DB_PORT: "tcp://172.17.0.2:5432",
          DB_PORT_5432_TCP: "tcp://172.17.0.2:5432",
        },
        answer: "nil",
      },
    ],
    [
      "that looks like one of Kubernetes' and has nothing beside it is wrong",
      {
        name: "PROSODY_SQL_PORT",
        settings: { PROSODY_SQL_PORT: "tcp://10.0.0.1:5432", PROSODY_SQL_PORT_5433_TCP: "tcp://10.0.0.1:5433" },
        answer: "PROSODY_SQL_PORT=tcp://10.0.0.1:5432 is no port (1 to 65535).",
      },
    ],
    [
      "is none of another program's variables",
      {
        name: "PROSODY_S2S",
        settings: { PATH: "/bin", PROSODYCTL_LOG_LEVEL: "debug", __FLUSH_LOG: "yes" },
        answer: "true",
      },
    ],
  ])("%s", async (_, { name, settings, answer }) => {
    expect(await readOption(name, [settings])).toEqual([answer]);
  });

  it("is none of what Kubernetes sets for services whose names end like it", async () => {
    const options = z.array(z.looseObject({ name: z.string(), names: z.array(z.string()) }));
    const { stdout } = await runImage(image, {}, ["help", "--json"]);
    const names = options.parse(JSON.parse(stdout)).flatMap((option) => [option.name, ...option.names]);
    const ports = names.filter((name) => name.endsWith("_PORT"));
    expect(ports).toEqual(expect.arrayContaining(["PROSODY_DB_PORT", "DB_PORT", "PROSODY_HTTPS_PORT", "TURN_PORT"]));
    const links = ports.map((name) => serviceLinks(name.replace(/_PORT$/u, "")));
    const { exitCode, stderr } = await runImage(image, Object.assign({}, ...links), ["about"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });
});

describe("help", () => {
  it("tells all commands and options", async () => {
    const { stdout, exitCode } = await runImage(image, {}, ["help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("migrate-env [--compose] < FILE");
    expect(stdout).toMatch(/^ {2}PROSODY_MUC_HISTORY\n.*Default: 20$/mu);
    expect((await runImage(image, {}, ["--help"])).stdout).toBe(stdout);
  });

  it("tells all about options, by any of their names", async () => {
    const { stdout, exitCode } = await runImage(image, {}, ["help", "DB_PASSWORD", "retention_days"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("PROSODY_SQL_PASSWORD\n");
    expect(stdout).toMatch(/Also .*\bPROSODY_SQL_PASSWORD_FILE\b/u);
    expect(stdout).toMatch(/PROSODY_RETENTION_DAYS\n[^]*Default +7\n[^]*Value +a number of days, or never/u);
  });

  it("answers a name that is none with the nearest, whatever else it was asked", async () => {
    const { stdout, stderr, exitCode } = await runImage(image, { PROSODY_DOMIAN: "x" }, [
      "help",
      "PROSODY_MUC_HISTROY",
      "PROSODY_S2S",
    ]);
    expect(exitCode).toBe(78);
    expect(stderr).toBe("PROSODY_MUC_HISTROY is no option of this image. Did you mean PROSODY_MUC_HISTORY?\n");
    expect(stdout).toContain("PROSODY_S2S\n");
  });
});
