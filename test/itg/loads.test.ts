import { type LoadResult, runLoads, runSurface } from "@prosody-foundry/compat";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureServerImage, serverSeries } from "../fixtures/server-image.ts";

const date = "2026-11-20";
// Long enough for a server to start on a busy machine; some of the modules below make one hang.
const timeout = 8000;

/** Small modules, each with one trait: name → the code of its main file. */
const modules = {
  loads: `module:hook("message/bare", function () end);`,
  syntax_error: `local function (`,
  fails_at_load: `error("no luck today");`,
  fails_after_set_global: `module:set_global(); error("too late");`,
  exits: `os.exit(3);`,
  exits_later: `module:add_timer(0, function () os.exit(4); end);`,
  shuts_down: `module:add_timer(0, function () 
    prosody.main_thread:run(function () prosody.shutdown("because", 5); end); end);`,
  lacks_library: `require "no.such.library";`,
  lacks_prosody_library: `require "util.no_such_library";`,
  lacks_module: `module:depends "no_such_module";`,
  lacks_own_library: `module:require "missing";`,
  needs_option: `assert(module:get_option_string("component_post_url"), "component_post_url is required");`,
  needs_other_option: `assert(module:get_option_string("needs_other_option_key"), "needs_other_option_key is required");`,
  only_muc: `assert(module:depends "muc"); assert(module:get_host() == "muc.test", "only where rooms are");`,
  only_component: `if module:get_host_type() ~= "component" then error("load me as a component", 0); end`,
  goes_global: `module:set_global();`,
  goes_global_with_hosts: `module:set_global(); function module.add_host(module) module:hook("message/bare", print); end`,
  once_per_server: `assert(not rawget(_G, "once_per_server"), "already loaded"); rawset(_G, "once_per_server", true);`,
  complains: `module:log("error", "not compatible with your version");`,
  complains_later: `module:add_timer(0, function () module:log("error", "no answer from my service"); end);`,
  fails_in_timer: `module:add_timer(0, function () error("in a timer"); end);`,
  warns: `module:log("warn", "mind the gap");`,
  chatters: `io.write("no end of line, @", string.rep("x", 100000));`,
  refuses: `--% requires: no-such-feature\nmodule:log("info", "never");\n`,
  leaves_traces: `
    package.loaded["util.json"] = nil; package.preload["util.json"] = function () error("spoilt") end;
    rawset(_G, "spoilt", true); string.format = function () return "spoilt" end;`,
  only_without_statistics: `
    local config = package.loaded["core.configmanager"] or package.loaded["prosody.core.configmanager"];
    if config.get("*", "statistics") then os.exit(1); end`,
} as const;

const reasons: [name: keyof typeof modules, says: string, because: RegExp, hosts: string[]][] = [
  [
    "loads",
    "loads",
    /^it loads on virtual-host, muc, pubsub, component$/u,
    ["virtual-host", "muc", "pubsub", "component"],
  ],
  ["syntax_error", "broken", /mod_syntax_error\.lua:1: .* expected near/u, []],
  ["fails_at_load", "broken", /^mod_fails_at_load\/mod_fails_at_load\.lua:1: no luck today$/u, []],
  ["fails_after_set_global", "broken", /too late/u, []],
  ["exits", "broken", /^the server ends with exit code 3$/u, []],
  ["exits_later", "broken", /^the server ends with exit code 4$/u, []],
  ["shuts_down", "broken", /^the server ends with exit code 5$/u, []],
  ["lacks_library", "broken", /^needs the Lua library no\.such\.library, which the image does not have$/u, []],
  ["lacks_prosody_library", "broken", /^this release has no library util\.no_such_library$/u, []],
  ["lacks_module", "broken", /^needs mod_no_such_module: no code of it is on the server$/u, []],
  ["lacks_own_library", "broken", /^needs missing\.lib\.lua, which no module beside it brings$/u, []],
  ["needs_option", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component"]],
  ["needs_other_option", "broken", /needs_other_option_key is required$/u, []],
  ["only_muc", "loads", /^it loads on muc$/u, ["muc"]],
  ["only_component", "loads", /^it loads on muc, pubsub, component$/u, ["muc", "pubsub", "component"]],
  ["goes_global", "loads", /^it loads on global$/u, ["global"]],
  ["goes_global_with_hosts", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component", "global"]],
  ["once_per_server", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component"]],
  [
    "complains",
    "doubtful",
    /^it complains: not compatible with your version$/u,
    ["virtual-host", "muc", "pubsub", "component"],
  ],
  ["complains_later", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component"]],
  ["fails_in_timer", "doubtful", /in a timer/u, ["virtual-host", "muc", "pubsub", "component"]],
  ["warns", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component"]],
  ["chatters", "loads", /^it loads/u, ["virtual-host", "muc", "pubsub", "component"]],
  ["refuses", "broken", /^Not loading module, due to missing features/u, []],
  ["only_without_statistics", "broken", /^the server ends with statistics on with exit code 1$/u, []],
];

function shipped(name: string, code: string) {
  return { name: `mod_${name}`, files: [{ path: `mod_${name}.lua`, bytes: Buffer.from(code) }], closure: [] };
}

describe.each(serverSeries)("a real server of %s", (series) => {
  let image = "";
  const results = new Map<string, LoadResult>();
  const lines: string[] = [];

  beforeAll(async () => {
    image = await ensureServerImage(series);
    const requests = Object.entries(modules).map(([name, code]) => shipped(name, code));
    const told = { progress: (line: string) => lines.push(line), timeout };
    const loaded = await runLoads({ image, date, modules: requests, ...told });
    for (const result of loaded) results.set(result.name, result);
  });

  it.each(reasons)("mod_%s is %s: %s", (name, ...[says, because, hosts]) => {
    const result = results.get(`mod_${name}`);
    expect(result?.evidence).toEqual({ kind: "loaded", says, because: expect.stringMatching(because), date });
    expect(result?.hosts).toEqual(hosts);
  });

  it("tells how far it is, and answers in the order it was asked", () => {
    expect(lines).toHaveLength(results.size);
    expect(lines.at(-1)).toMatch(/ \(\d+ of \d+\)$/u);
    expect([...results.keys()]).toEqual(Object.keys(modules).map((name) => `mod_${name}`));
  });

  it("keeps what the module said", () => {
    expect(results.get("mod_warns")?.log).toContain("warn virtual-host.test:warns: mind the gap");
    expect(results.get("mod_loads")?.log).toEqual([]);
  });

  it("a module that spoils its server spoils nothing for the next one", async () => {
    const pair = [shipped("leaves_traces", modules.leaves_traces), shipped("loads", modules.loads)];
    const loaded = await runLoads({ image, date, modules: pair, parallel: 1, timeout });
    expect(loaded[1]?.evidence).toEqual(results.get("mod_loads")?.evidence);
  });

  it.each([
    ["hangs", `while true do end`, "the server hangs", 1000],
    ["prints without end", `while true do print(string.rep("x", 1000)) end`, "the server prints without end", 5000],
    [
      "prints one endless line",
      `while true do io.write(string.rep("x", 100000)) end`,
      "the server prints without end",
      5000,
    ],
  ])("a module that %s is ended and leaves no container", async (_what, ...[code, because, limit]) => {
    const started: string[] = [];
    const exec: Exec = (command, args, options) => {
      started.push(...args.filter((arg) => arg.startsWith("--name=")).map((arg) => arg.slice("--name=".length)));
      return runCommand(command, args, options);
    };
    const [result] = await runLoads({ exec, image, date, modules: [shipped("runaway", code)], timeout: limit });
    expect(result?.evidence).toEqual({ kind: "loaded", says: "broken", because, date });
    const left = await runCommand("docker", ["ps", "--all", "--format={{.Names}}"]);
    expect(started.length).toBeGreaterThan(1);
    expect(left.stdout.split("\n").filter((container) => started.includes(container))).toEqual([]);
  });

  it("finds the closure beside the module, libraries and all, and nothing else", async () => {
    const other = shipped("other", `answer = 42;`);
    const library = { name: "mod_lib_tool", files: [{ path: "tool.lib.lua", bytes: Buffer.from("return 'tool'") }] };
    const request = {
      ...shipped("user", `assert(module:depends("other").answer == 42); assert(module:require("tool") == "tool");`),
      closure: [other, library],
    };
    const [whole, bare] = await runLoads({ image, date, modules: [request, { ...request, closure: [other] }] });
    expect(whole?.evidence.says).toBe("loads");
    expect(bare?.evidence).toMatchObject({ says: "broken", because: expect.stringContaining("tool.lib.lua") });
  });

  it("takes any bytes in a file, and folders below the module", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const code = `local f = assert(module:load_resource("data/all bytes.bin", "rb")); local s = f:read("a");
      assert(#s == 256); for i = 1, 256 do assert(s:byte(i) == i - 1) end`;
    const request = shipped("bytes", code);
    const files = [...request.files, { path: "data/all bytes.bin", bytes }];
    const [result] = await runLoads({ image, date, modules: [{ ...request, files }] });
    expect(result?.evidence.because).toMatch(/^it loads/u);
  });

  it("cannot reach a network, a file of the image or another user", async () => {
    const code = `
      assert(not io.open("/usr/lib/prosody/written", "w"), "the image can be written");
      assert(not require "socket".connect("192.0.2.1", 80), "there is a network");
      assert(io.open("/proc/self/status"):read("a"):match("Uid:%s+(%d+)") ~= "0", "it is root");
      assert(io.open("/proc/self/status"):read("a"):match("CapEff:%s+(%x+)") == "0000000000000000", "it has powers");`;
    const [result] = await runLoads({ image, date, modules: [shipped("curious", code)] });
    expect(result?.evidence.because).toMatch(/^it loads/u);
  });

  it("says what it offers to modules", async () => {
    const surface = await runSurface({ image });
    expect(surface.version.startsWith(series)).toBe(true);
    expect(surface.core).toEqual(expect.arrayContaining(["mod_muc", "mod_pubsub", "mod_adhoc", "mod_c2s"]));
    expect(surface.features).toContain("mod_bookmarks");
    expect(surface.libraries["util.jid"]).toContain("prepped_split");
    expect("prosody.util.jid" in surface.libraries).toBe(series !== "0.12");
    expect(surface.moduleApi).toEqual(expect.arrayContaining(["hook", "depends", "log", "get_option_string"]));
    expect(surface.moduleApi.includes("may")).toBe(series !== "0.12");
    // Only there while statistics are on.
    expect(surface.libraries["core.statsmanager"]).toEqual(expect.arrayContaining(["collect", "measure", "metric"]));
    expect(surface.globals).toEqual(expect.arrayContaining(["prosody", "hosts", "require"]));
    expect(surface.lua).toEqual(expect.arrayContaining(["socket", "ssl", "lfs", "lxp", "string"]));
    expect(surface.lua).not.toContain("cyrussasl");
  });
});

it("an image that the engine does not have is a message, not a verdict", async () => {
  const attempt = runLoads({
    image: "prosody-foundry-test/none:none",
    date,
    modules: [shipped("loads", modules.loads)],
  });
  await expect(attempt).rejects.toMatchObject({ code: "SERVER_NOT_STARTED" });
});
