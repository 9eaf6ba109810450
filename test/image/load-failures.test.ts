import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { mountFiles } from "../fixtures/mounted-files.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers(afterEach);

beforeAll(useEngine);

type Texts = Readonly<Record<string, string>>;

/** How it ends, what the image itself says, and all that is said. */
async function endOf(series: string, env: Texts, mounts: Texts) {
  const mounted = await mountFiles(mounts);
  try {
    const variables = Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);
    const words = ["run", "--rm", "--network=none", ...mounted.words, ...variables, await ensureProsodyImage(series)];
    const { exitCode, stderr, stdout } = await runCommand("docker", words, { accept: "any" });
    const sentences = stderr.split("\n").filter((line) => line.startsWith("prosody-foundry\terror\t"));
    return { exitCode, sentences: sentences.map((line) => line.replace(/^.*\t/u, "")), log: stderr + stdout };
  } finally {
    await mounted.remove();
  }
}

const modules = {
  breaks: 'module:log("info", "I was tried") error("on purpose")',
  late: 'module:set_global() error("too late")',
  // What a module does when all else is there.
  starts: 'function module.load() error("not today") end',
  needs: 'module:depends("nothing_of_that_name")',
  guest: `module:set_global() function module.add_host(host) if host.host == "b.example" then error("no guest here") end end`,
  shy: "module:set_global() function module.add_host(host) return false end",
  rooms: 'error("no rooms")',
  raw: 'error("from conf.d")',
};
const files = {
  ...Object.fromEntries(Object.entries(modules).map(([name, text]) => [`/etc/prosody/modules/mod_${name}.lua`, text])),
  "/etc/prosody/conf.d/raw.cfg.lua": 'VirtualHost "raw.example"\n  modules_enabled = { "raw" }\n',
};
const env = {
  PROSODY_DOMAIN: "example.org",
  PROSODY_VIRTUAL_HOSTS: "b.example",
  PROSODY_ENABLE_MODULES: "breaks,late,starts,needs,guest,shy",
  PROSODY_MUC_DOMAIN: "none",
  PROSODY_UPLOAD_DOMAIN: "none",
  PROSODY_COMPONENTS: "rooms.example.org:rooms",
};

describe.each(imageSeries)("a server of %s", (series) => {
  it("does not start where modules do not load, and says so of all of them at once", async () => {
    const { exitCode, sentences, log } = await endOf(series, env, files);
    const take = "Mend it, or take it out of";
    const enabled = `${take} PROSODY_ENABLE_MODULES.`;
    const hosts = "b.example, example.org, raw.example";
    expect(sentences).toEqual([
      expect.stringMatching(`^mod_breaks did not load on ${hosts}: \\S*mod_breaks.lua:1: on purpose. ${enabled}$`),
      expect.stringMatching(`^mod_guest did not load on b.example: \\S*mod_guest.lua:1: no guest here. ${enabled}$`),
      expect.stringMatching(`^mod_late did not load on ${hosts}: \\S*mod_late.lua:1: too late. ${enabled}$`),
      expect.stringMatching(`^mod_needs did not load on ${hosts}: .*nothing_of_that_name.* ${enabled}$`),
      expect.stringMatching(
        `^mod_raw did not load on raw.example: .*from conf.d. ${take} /etc/prosody/conf.d/raw.cfg.lua.$`,
      ),
      expect.stringMatching(`^mod_rooms did not load on rooms.example.org: .*no rooms. ${take} PROSODY_COMPONENTS.$`),
      expect.stringMatching(`^mod_starts did not load on ${hosts}: \\S*mod_starts.lua:1: not today. ${enabled}$`),
    ]);
    expect(exitCode).toBe(78);
    expect(log).not.toContain("Prosody serves");
    expect(log).not.toContain("/usr/lib/prosody-foundry/foundry/load-failures.lua");
  });

  it("does not start where nobody could log in", async () => {
    const broken = { "/etc/prosody/modules/mod_auth_anonymous.lua": 'error("no directory")' };
    const own = { PROSODY_DOMAIN: "example.org", PROSODY_AUTHENTICATION: "anonymous" };
    const { exitCode, sentences } = await endOf(series, own, broken);
    expect(sentences).toEqual([
      expect.stringMatching(
        /^mod_auth_anonymous did not load on example\.org: .*no directory\. Mend it, or choose another way to authenticate in PROSODY_AUTHENTICATION\.$/u,
      ),
    ]);
    expect(exitCode).toBe(78);
  });

  it("starts with modules that want nothing to do with a host, or with any", async () => {
    const server = await keep(
      startProsody({
        image: await ensureProsodyImage(series),
        files: {
          "/etc/prosody/modules/mod_shy.lua": modules.shy,
          "/etc/prosody/modules/mod_alone.lua": "module:set_global()",
          "/etc/prosody/modules/mod_gives_up.lua": "do return false end",
        },
        env: { PROSODY_ENABLE_MODULES: "shy,alone,gives_up" },
      }),
    );
    expect((await server.exec(["foundry", "healthcheck"])).exitCode).toBe(0);
  });
});

it("a module that is loaded by hand later, and does not, harms nobody", async () => {
  const server = await keep(
    startProsody({
      image: await ensureProsodyImage(usualSeries),
      files: { "/etc/prosody/modules/mod_breaks.lua": modules.breaks },
    }),
  );
  expect(await server.ctl("shell", "module", "load", "breaks", "example.org")).toContain("on purpose");
  expect(await server.ask("1 + 1")).toBe("2");
});
