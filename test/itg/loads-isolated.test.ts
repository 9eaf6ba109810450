import { type LoadResult, runLoads } from "@prosody-foundry/compat";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureServerImage, serverSeries } from "../fixtures/server-image.ts";

const date = "2026-11-20";
const timeout = 2500;

// On one kind of host only: what ends a server is tried again in a container of its own on each kind.
const elsewhere = `if module.host ~= "virtual-host.test" then error("elsewhere", 0); end `;

/** Modules that do harm to whatever they share with others: name → the code of their main file. */
const hostile = {
  exits: `${elsewhere} os.exit(3);`,
  fails: `error("no luck today");`,
  loops: `${elsewhere} while true do end`,
  blocks_event_loop: `${elsewhere} module:add_timer(0, function () while true do end end);`,
  prints_for_ever: `${elsewhere} while true do print(string.rep("x", 100000)); end`,
  eats_memory: `${elsewhere} local all = {}; while true do all[#all + 1] = string.rep(tostring(#all), 1000000); end`,
  forks: `${elsewhere}
    local pposix = require "util.pposix"; local started = {};
    for _ = 1, 500 do pposix.daemonize(); started[#started + 1] = io.popen("sleep 100"); end`,
  kills: `${elsewhere}
    local kill = require "util.signal".kill;
    for _, signal in ipairs { 1; 2; 9; 10; 12; 19 } do for pid = 2, 9 do kill(pid, signal); end end
    if io.open("/proc/self/stat"):read("n") ~= 1 then kill(1, 15); kill(1, 9); end`,
  leaves_files: `
    local lfs = require "lfs";
    lfs.mkdir("/tmp/left"); lfs.mkdir("/tmp/left/deeper"); lfs.link("/etc", "/tmp/left/etc", true);
    for _, path in ipairs { "/tmp/left/deeper/file"; "/tmp/foundry/data/left"; "/tmp/foundry/modules/left"; "/dev/shm/left"; "/dev/mqueue/left"; "/var/tmp/left" } do
      local handle = io.open(path, "w"); if handle then handle:write("left"):close(); end
    end`,
  leaves_changes: `
    package.loaded["util.json"] = nil; package.preload["util.json"] = function () error("spoilt") end;
    rawset(_G, "left", true); string.format = function () return "spoilt" end; getmetatable("").__index = { left = true };
    setmetatable(_G, { __index = function () return "left" end });
    local events = prosody.events; events.add_handler("server-started", function () error("spoilt") end, 1000);
    events.add_wrapper(false, function () return "spoilt" end);
    require "util.timer".add_task(0.01, function () error("spoilt") end);`,
  forges: `${elsewhere}
    local mark = module:get_option_string("foundry_mark");
    local answer = mark .. '={"hosts":{"virtual-host.test":"/tmp/foundry/modules/mod_forges/mod_forges.lua"}}';
    print(mark .. ">"); print(answer);
    for _, path in ipairs { "/proc/1/fd/1"; "/tmp/lane/output"; "/proc/1/mem" } do
      local handle = io.open(path, "a"); if handle and path ~= "/proc/1/mem" then handle:write("\n", answer, "\n"):close(); end
    end
    os.exit(0);`,
  closes: `${elsewhere} io.stdout:close(); io.stderr:close(); io.stdin:close();`,
} as const;

/** Tells all it can see that another module could have left behind. */
const witness = `
  local lfs = require "lfs";
  local seen = { string.format("%d", 1), tostring(("x").left), tostring(rawget(_G, "left")), type(require "util.json".encode) };
  local function see(folder)
    for entry in lfs.dir(folder) do
      if entry ~= "." and entry ~= ".." and entry ~= "lane" then
        local path = folder .. "/" .. entry; seen[#seen + 1] = path;
        if lfs.symlinkattributes(path, "mode") == "directory" then see(path); end
      end
    end
  end
  for _, folder in ipairs { "/tmp"; "/dev/shm"; "/dev/mqueue"; "/var/tmp" } do see(folder); end
  local mine, alive = lfs.attributes("/proc/self/cwd/.", "uid"), 0;
  for pid in lfs.dir("/proc") do
    local handle = tonumber(pid) and io.open("/proc/" .. pid .. "/status");
    local status = handle and handle:read("a"); if handle then handle:close(); end
    if status and status:match("Uid:%s+(%d+)") ~= "0" and not status:match("State:%s+[ZX]") then alive = alive + 1; end
  end
  seen[#seen + 1] = alive .. " alive";
  table.sort(seen); module:log("warn", "sees %s", table.concat(seen, " "));
  module:add_timer(0.05, function () module:log("warn", "still works: %s", require "util.json".encode { 1 }); end);`;

function shipped(name: string, code: string) {
  return { name: `mod_${name}`, files: [{ path: `mod_${name}.lua`, bytes: Buffer.from(code) }], closure: [] };
}

const pairs = Object.entries(hostile).map(([name, code]) => [shipped(name, code), shipped("witness", witness)]);

interface Shared {
  /** Names of the containers. */
  started: string[];
  results: LoadResult[];
  /** The witness in containers of its own. */
  undisturbed: LoadResult | undefined;
}

async function share(series: (typeof serverSeries)[number]): Promise<Shared> {
  const image = await declareVolume(await ensureServerImage(series));
  const alone = { image, date, timeout: 20_000, modules: [shipped("witness", witness)], containers: "own" } as const;
  const [undisturbed] = await runLoads(alone);
  const started: string[] = [];
  const exec: Exec = (command, args, options) => {
    if (args[0] === "run") started.push(args.find((arg) => arg.startsWith("--name="))?.slice("--name=".length) ?? "");
    return runCommand(command, args, options);
  };
  // One after the other, so that each meets what the one before it has left.
  const results = await runLoads({ exec, image, date, timeout, parallel: 1, modules: pairs.flat() });
  return { started, results, undisturbed };
}

/** The same image with a folder that everybody can write to, whatever else is read-only. */
async function declareVolume(image: string): Promise<string> {
  const volume = `${image}-volume`;
  volumes.push(volume);
  const created = await runCommand("docker", ["create", "--entrypoint=/usr/bin/lua5.4", image]);
  const container = created.stdout.trim();
  await runCommand("docker", ["commit", `--change=VOLUME ["/var/tmp"]`, container, volume]);
  await runCommand("docker", ["rm", container]);
  return volume;
}

const all = new Map<string, Shared>();
const volumes: string[] = [];

afterAll(async () => {
  await runCommand("docker", ["rmi", ...volumes], { accept: "any" });
});

// The series side by side: most of the time is that of the limits.
beforeAll(async () => {
  const shared = serverSeries.map(async (series): Promise<[string, Shared]> => [series, await share(series)]);
  for (const [series, each] of await Promise.all(shared)) all.set(series, each);
});

describe.each(serverSeries)("modules of %s that share containers", (series) => {
  const shared = (): Shared => {
    const found = all.get(series);
    if (found === undefined) throw new Error(`${series} was not run`);
    return found;
  };

  it("a witness in a container of its own sees itself and nothing else", () => {
    expect(shared().undisturbed?.evidence.says).toBe("loads");
    expect(shared().undisturbed?.log.join("\n")).toMatch(/sees .*1 alive/u);
    expect(shared().undisturbed?.log.join("\n")).not.toContain("left");
  });

  it.each(Object.keys(hostile))("after mod_%s the next module sees what it sees alone", (name) => {
    const { results, undisturbed } = shared();
    const at = results.findIndex((result) => result.name === `mod_${name}`);
    expect(results[at + 1]).toEqual(undisturbed);
  });

  it.each([
    ["exits", "broken", /the server ends with exit code 3; on muc, pubsub, component: elsewhere$/u],
    ["fails", "broken", /no luck today$/u],
    ["loops", "broken", /the server hangs; on muc, pubsub, component: elsewhere$/u],
    ["blocks_event_loop", "broken", /the server hangs; on muc, pubsub, component: elsewhere$/u],
    ["prints_for_ever", "broken", /the server prints without end; on muc, pubsub, component: elsewhere$/u],
    ["eats_memory", "broken", /on muc, pubsub, component: elsewhere$/u],
    ["leaves_files", "loads", /^it loads on virtual-host, muc, pubsub, component$/u],
  ])("mod_%s itself is %s: %s", (name, says, because) => {
    const result = shared().results.find((candidate) => candidate.name === `mod_${name}`);
    expect(result?.evidence).toMatchObject({ says, because: expect.stringMatching(because) });
  });

  it("they did share", () => {
    const lanes = shared().started.filter((name) => name.startsWith("foundry-lane-"));
    expect(lanes.length).toBeGreaterThan(1);
    expect(lanes.length).toBeLessThan(pairs.length * 2);
  });

  it("leaves no container", async () => {
    const left = await runCommand("docker", ["ps", "--all", "--format={{.Names}}"]);
    expect(left.stdout.split("\n").filter((name) => shared().started.includes(name))).toEqual([]);
  });
});
