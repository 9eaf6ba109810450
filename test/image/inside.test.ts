import os from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "@prosody-foundry/kit";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

/** Walks all of the root as the server's user and prints what that user may write to, and what may be run. */
const walk = `
local lfs = require("lfs")
local skipped = { ["/proc"] = true, ["/sys"] = true, ["/dev"] = true }
local function is_writable(at, mode)
  if mode == "directory" then
    local file = io.open(at .. "/.try", "w")
    if file then file:close() os.remove(at .. "/.try") end
    return file ~= nil
  end
  local file = io.open(at, "r+")
  if file then file:close() end
  return file ~= nil
end
local function look(folder)
  for entry in lfs.dir(folder) do
    local at = (folder == "/" and "" or folder) .. "/" .. entry
    local found = entry ~= "." and entry ~= ".." and not skipped[at] and lfs.symlinkattributes(at)
    if found then
      if found.mode ~= "link" and is_writable(at, found.mode) then print("writable " .. at) end
      if found.permissions:find("[sS]", 3) and found.mode ~= "socket" then print("setuid " .. at) end
      if found.mode == "file" and found.permissions:find("x") and not at:find("%.so[%d.]*$") then print("program " .. at) end
      if found.mode == "directory" and not is_writable(at, "directory") then look(at) end
    end
  end
end
look("/")`;

describe.each(imageSeries)("inside the image of %s", (series) => {
  let server: ProsodyServer;
  let found: string[];
  const of = (kind: string) =>
    found.filter((line) => line.startsWith(`${kind} `)).map((line) => line.split(" ")[1] ?? "");

  beforeAll(async () => {
    await useEngine();
    server = await startProsody({ image: await ensureProsodyImage(series) });
    // Without the read-only root of the other tests: what the files' own permissions say.
    const words = [
      "run",
      "--rm",
      "--interactive",
      "--entrypoint=/usr/bin/lua5.4",
      await ensureProsodyImage(series),
      "-",
    ];
    found = (await runCommand("docker", words, { input: walk })).stdout.trim().split("\n");
  });
  afterAll(async () => server.close());

  it("the server can write to the data, its run folder and /tmp, and to nothing else", () => {
    expect(of("writable").toSorted()).toEqual(["/run/prosody", "/tmp", "/var/lib/prosody"]);
  });

  it("no file gives rights away", () => {
    expect(of("setuid")).toEqual([]);
  });

  it("the only programs are Lua, its scripts and what loads it: no shell, no compiler, no package manager", () => {
    const programs = of("program").filter((at) => at !== "/.dockerenv" && !/\.lua$|\/example\//u.test(at));
    const usual = ["/usr/bin/lua5.4", "/usr/bin/prosody", "/usr/bin/prosodyctl", "/usr/lib/prosody/prosodyctl"];
    expect(programs.toSorted()).toEqual(usual);
  });

  it("the authorities that the web trusts are there, by name and as one file, and the key of DNS' root", async () => {
    const look = `
      local lfs, linked = require("lfs"), 0
      for name in lfs.dir("/etc/ssl/certs") do
        if name:find("^%x+%.%d+$") and lfs.attributes("/etc/ssl/certs/" .. name, "mode") == "file" then linked = linked + 1 end
      end
      local bundle = io.open("/etc/ssl/certs/ca-certificates.crt"):read("a")
      print(linked, select(2, bundle:gsub("-----BEGIN CERTIFICATE-----", "")))
      print(io.open("/usr/share/dns/root.key"):read("a"))`;
    const { stdout } = await server.exec(["/usr/bin/lua5.4", "-"], look);
    const [linked, bundled] = stdout.split("\n")[0]?.split("\t").map(Number) ?? [];
    expect(linked).toBeGreaterThan(100);
    expect(bundled).toBeGreaterThan(100);
    // The one that signs it since 2018.
    expect(stdout).toMatch(/^\. IN DNSKEY 257 3 8 \S+ ; keytag 20326$/mu);
  });

  it("no code is loaded from where the server can write", async () => {
    const paths = await server.ask('table.concat({ package.path, package.cpath, prosody.paths.plugins }, ";")');
    const folders = paths.split(";").filter((part) => part !== "");
    expect(folders.length).toBeGreaterThan(5);
    for (const folder of folders)
      expect(folder).toMatch(/^\/(?:usr\/(?:local\/)?(?:lib|share)|etc\/prosody\/modules)\//u);
    const bad = `for _, at in ipairs({ "x.lua", "x.so", "custom_plugins/mod_x.lua", "custom_plugins/share/lua/5.4/x.lua" }) do
      os.execute() local folder = at:match("(.*)/")
      local path = "/var/lib/prosody"
      for part in (folder or ""):gmatch("[^/]+") do path = path .. "/" .. part require("lfs").mkdir(path) end
      local file = assert(io.open("/var/lib/prosody/" .. at, "w")) file:write('error("loaded from the data")') file:close()
    end`;
    expect((await server.exec(["lua5.4", "-"], bad)).stderr).toBe("");
    expect(await server.ctl("shell", '> require("x")')).toContain("module 'x' not found");
    expect(await server.ctl("shell", '> module:load("x", "example.org")')).not.toContain("loaded from the data");
    expect(await server.log()).not.toContain("loaded from the data");
  });

  it("nothing can be started by the server: there is no shell, and no new process may be", async () => {
    // Only the error numbers: the kernel has no such call, and the C library of 0.12 takes that for a lack of memory.
    const tries = 'print((select(3, os.execute("true")))) print((select(3, io.popen("true"))))';
    const { ENOSYS, ENOMEM } = os.constants.errno;
    expect(await server.exec(["lua5.4", "-"], tries)).toMatchObject({
      exitCode: 0,
      stdout: `${ENOSYS}\n${series === "0.12" ? ENOMEM : ENOSYS}\n`,
      stderr: "",
    });
    // Where it may, it answers true and the number of a process.
    expect(await server.ask('(select(2, require "util.pposix".daemonize()))')).toBe("fork-failed");
  });
});
