import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeVolume } from "../fixtures/bare-server.ts";
import { unarmored } from "../fixtures/confinement.ts";
import { isAdmin } from "../fixtures/kept-data.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers(afterEach);

beforeAll(useEngine);

async function start(series: string, wishes: Partial<ServerWishes>): Promise<ProsodyServer> {
  return keep(startProsody({ image: await ensureProsodyImage(series), ...wishes }));
}

async function canLogIn(server: ProsodyServer, user: string, password: string): Promise<boolean> {
  return server.connect(user, password).then(
    () => true,
    () => false,
  );
}

const first = "the first password";
const second = "another password";

describe.each(imageSeries)("the first account of %s", (series) => {
  it.each(["internal", "sqlite"])(
    "PROSODY_ACCOUNT_PASSWORD: is for the first start alone, with storage %s",
    async (storage) => {
      const peers = await ensurePeersImage();
      const volume = await keep(makeVolume(peers, "chown 999:999 /v"));
      const env = {
        PROSODY_ADMINS: "boss@example.org",
        PROSODY_ACCOUNT_PASSWORD_FILE: "/run/secret",
        PROSODY_STORAGE: storage,
      };
      const server = await start(series, { env, files: { "/run/secret": `${first}\n` }, volume: volume.name });
      expect(await isAdmin(server, await server.connect("boss", first))).toBe(true);
      // Nobody sees it.
      expect(await server.log()).not.toContain(first);
      const { stdout } = await runCommand("docker", [
        "run",
        "--rm",
        `--pid=container:${server.name}`,
        "--cap-add=SYS_PTRACE",
        ...unarmored,
        peers,
        "cat",
        "/proc/1/cmdline",
        "/proc/1/environ",
      ]);
      expect(stdout).toContain("PROSODY_ADMINS");
      expect(stdout).not.toContain(first);
      const { stdout: stored } = await server.exec(["lua5.4", "-"], findInFiles);
      expect(stored).toMatch(/^\d+ files, 0 hold it\n$/u);
      // Changed, it stays changed.
      const set = await server.exec(["prosodyctl", "passwd", "boss@example.org"], `${second}\n${second}\n`);
      expect(set.exitCode).toBe(0);
      await server.stop();
      await server.start();
      expect(await canLogIn(server, "boss", first)).toBe(false);
      expect(await canLogIn(server, "boss", second)).toBe(true);
      // Gone, it does not come back.
      expect((await server.exec(["prosodyctl", "deluser", "boss@example.org"])).exitCode).toBe(0);
      await server.stop();
      await server.start();
      expect(await canLogIn(server, "boss", first)).toBe(false);
      expect(await server.log()).toContain("boss@example.org was made once and is gone: it is not made again");
    },
  );
});

const findInFiles = `
local lfs = require("lfs")
local count, holding = 0, 0
local function look(path)
  for entry in lfs.dir(path) do
    local at = path .. "/" .. entry
    local mode = lfs.symlinkattributes(at, "mode")
    if mode == "directory" and entry ~= "." and entry ~= ".." then look(at) end
    if mode == "file" then
      count = count + 1
      if io.open(at):read("a"):find("the first password", 1, true) then holding = holding + 1 end
    end
  end
end
look("/var/lib/prosody") look("/tmp")
print(count .. " files, " .. holding .. " hold it")`;

it("PROSODY_ACCOUNT: is made beside the administrators, who are others", async () => {
  const server = await start(usualSeries, {
    env: { LOCAL: "Me", PASSWORD: first, PROSODY_ADMINS: "boss@example.org" },
  });
  expect(await isAdmin(server, await server.connect("me", first))).toBe(false);
  expect(await server.ctl("shell", "user", "list", "example.org")).not.toContain("boss@");
});

it("PROSODY_ACCOUNT: one that exists already keeps its password", async () => {
  const peers = await ensurePeersImage();
  const volume = await keep(makeVolume(peers, "chown 999:999 /v"));
  const before = await start(usualSeries, { volume: volume.name });
  await before.addAccount("me", second);
  await before.close();
  const server = await start(usualSeries, {
    volume: volume.name,
    env: { PROSODY_ACCOUNT: "me", PROSODY_ACCOUNT_PASSWORD: first },
  });
  expect(await canLogIn(server, "me", first)).toBe(false);
  expect(await canLogIn(server, "me", second)).toBe(true);
});
