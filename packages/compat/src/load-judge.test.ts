import { expect, it } from "vitest";
import { type Trial, absentModule, explainMessage, judgeTrial, relevantLines } from "./load-judge.ts";
import type { LogLine } from "./load-log.ts";

const path = "/tmp/foundry/modules/mod_x/mod_x.lua";
const host = "virtual-host.test";

function line(...[from, level, message, changes]: [string, string, string, Partial<LogLine>?]): LogLine {
  return { from, level, message, more: [], early: true, ...changes };
}

function trial(changes: Partial<Trial>): Trial {
  const loaded = { hosts: { [host]: path } };
  return {
    name: "x",
    kinds: ["virtual-host"],
    statistics: false,
    log: [],
    loaded,
    exitCode: 0,
    cut: undefined,
    ...changes,
  };
}

function failed(message: string): LogLine {
  return line("modulemanager", "error", `Error initializing module 'x' on '${host}': ${message}`);
}

it.each<[string, Partial<Trial>, object]>([
  ["in the map and nothing said", {}, { says: "loads", at: ["virtual-host"], cause: "itself" }],
  ["in the map of the server only", { loaded: { global: path, hosts: {} } }, { says: "loads", at: ["global"] }],
  ["in both maps", { loaded: { global: path, hosts: { [host]: path } } }, { at: ["virtual-host", "global"] }],
  ["nowhere", { loaded: { hosts: {} } }, { says: "broken", because: "the server did not load it and gave no reason" }],
  [
    "left in the map after set_global",
    { log: [failed(`${path}:1: too late`)] },
    { says: "broken", because: "mod_x/mod_x.lua:1: too late", at: [], cause: "any-host" },
  ],
  [
    "another host's failure",
    { log: [line("modulemanager", "error", "Error initializing module 'x' on 'muc.test': no")] },
    { says: "loads" },
  ],
  [
    "a syntax error",
    { loaded: { hosts: {} }, log: [line("modulemanager", "error", `Unable to load module 'x': ${path}:1: near`)] },
    { says: "broken", because: "mod_x/mod_x.lua:1: near", cause: "itself" },
  ],
  [
    "a header that refuses",
    {
      loaded: { hosts: {} },
      log: [
        line("modulemanager", "warn", `Not loading module, due to missing features '{y}': ${path}`),
        line("modulemanager", "error", "Unable to load module 'x': /usr/mod_x.lua: No such file or directory"),
      ],
    },
    { says: "broken", because: "Not loading module, due to missing features '{y}': mod_x/mod_x.lua" },
  ],
  [
    "the server's own copy instead",
    {
      loaded: { hosts: { [host]: "/usr/lib/prosody/modules/mod_x.lua" } },
      log: [line("modulemanager", "warn", `Not loading module, due to conflicting features '{x}': ${path}`)],
    },
    { says: "core", because: expect.stringContaining("due to conflicting features '{x}': mod_x/mod_x.lua") },
  ],
  [
    "an error line of its own",
    { log: [line(`${host}:x`, "error", "of no use")] },
    { says: "doubtful", because: "it complains: of no use" },
  ],
  [
    "an error line that goes on in the next one",
    { log: [line(`${host}:x`, "error", "it wants:"), line(`${host}:x`, "error", "a setting")] },
    { says: "doubtful", because: "it complains: it wants: a setting" },
  ],
  [
    "an error line that names the library it misses",
    { log: [line(`${host}:x`, "error", "no LDAP: module 'lualdap' not found:")] },
    { says: "doubtful", because: "it complains: needs the Lua library lualdap, which the image does not have" },
  ],
  ["an error line after it went global", { log: [line("mod_x", "error", "of no use")] }, { says: "doubtful" }],
  [
    "an error line once the server is up",
    { log: [line(`${host}:x`, "error", "no answer", { early: false })] },
    { says: "loads" },
  ],
  ["an error line of another module", { log: [line(`${host}:y`, "error", "of no use")] }, { says: "loads" }],
  [
    "a traceback through its file, later",
    {
      log: [
        line("timer", "error", "Error in timer", {
          more: ["...ry/modules/mod_x/mod_x.lua:4: in upvalue"],
          early: false,
        }),
      ],
    },
    { says: "doubtful" },
  ],
  [
    "what it said before it failed",
    { log: [line(`${host}:x`, "error", "cannot reach it"), failed("gave up")] },
    { because: "gave up (cannot reach it)" },
  ],
  [
    "an end",
    { loaded: undefined, exitCode: 3 },
    { says: "broken", because: "the server ends with exit code 3", cause: "end" },
  ],
  [
    "an end with statistics and last words",
    {
      loaded: undefined,
      exitCode: 1,
      statistics: true,
      log: [line("general", "error", "Top-level error, please report:", { more: ["boom"] })],
    },
    { because: "the server ends with statistics on with exit code 1: Top-level error, please report: boom" },
  ],
  ["no answer in time", { loaded: undefined, cut: "hangs", exitCode: 137 }, { because: "the server hangs" }],
  ["output without end", { loaded: undefined, cut: "floods" }, { because: "the server prints without end" }],
])("%s", (_what, changes, outcome) => {
  expect(judgeTrial(trial(changes))).toEqual([expect.objectContaining({ kind: "virtual-host", ...outcome })]);
});

it.each([
  ["module 'lualdap' not found:", "needs the Lua library lualdap, which the image does not have"],
  ["/a/b.lua:3: module 'util.roles' not found:", "this release has no library util.roles"],
  ["module 'prosody.net.http' not found:", "this release has no library prosody.net.http"],
  [
    "api.lua:1: Unable to load required module, mod_y: /usr/share/mod_y/mod_y.lua: No such file or directory",
    "needs mod_y: no code of it is on the server",
  ],
  [
    "Unable to load required module, mod_y: module 'cjson' not found:",
    "needs mod_y: needs the Lua library cjson, which the image does not have",
  ],
  ["Failed to load plugin library 'ldap', error: no file", "needs ldap.lib.lua, which no module beside it brings"],
  ["...ndry/modules/mod_x/x/mod_x.lua:4: boom", "mod_x/x/mod_x.lua:4: boom"],
  ["http_auth_url required", "http_auth_url required"],
])("the Lua message %j means: %s", (message, reason) => {
  expect(explainMessage(message)).toBe(reason);
});

it("keeps the lines about the module, each once, and believes a host alone rather than in company", () => {
  const early = [
    line("muc.test:x", "warn", "only in company"),
    line(`${host}:x`, "warn", "mind"),
    line(`${host}:x`, "warn", "mind"),
    line("portmanager", "error", "no certificate"),
    line(`${host}:x`, "info", "hello"),
  ];
  const alone = trial({ kinds: ["muc"], log: [line("muc.test:x", "error", "alone")] });
  expect(relevantLines([trial({ kinds: ["virtual-host", "muc"], log: early }), alone])).toEqual([
    "error muc.test:x: alone",
    `warn ${host}:x: mind`,
  ]);
});

it("knows the module that was missing from what it said itself", () => {
  const said = explainMessage("Unable to load required module, mod_y: /usr/share/mod_y/mod_y.lua: No such file");
  expect(absentModule(said)).toBe("mod_y");
  expect(absentModule("needs mod_y: needs the Lua library cjson, which the image does not have")).toBeUndefined();
});
