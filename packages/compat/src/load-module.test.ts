import { expect, it } from "vitest";
import { type TriedKind, hostOf, moduleFolder, triedKinds } from "./load-config.ts";
import type { Trial } from "./load-judge.ts";
import { type TrialSetup, loadModule } from "./load-module.ts";

const date = "2026-11-20";
const request = { name: "mod_x", files: [{ path: "mod_x.lua", bytes: new Uint8Array() }], closure: [] };

/** A trial that went well on all hosts. */
function good({ kinds, statistics }: TrialSetup): Trial {
  const hosts = Object.fromEntries(kinds.map((kind) => [hostOf(kind), `${moduleFolder}/mod_x/mod_x.lua`]));
  return { name: "x", kinds, statistics, log: [], loaded: { hosts }, exitCode: 0, cut: undefined };
}

function failing(setup: TrialSetup, on: readonly TriedKind[]): Trial {
  const log = setup.kinds
    .filter((kind) => on.includes(kind))
    .map((kind) => ({
      from: "modulemanager",
      level: "error",
      message: `Error initializing module 'x' on '${hostOf(kind)}': no luck`,
      more: [],
      early: true,
    }));
  return { ...good(setup), log };
}

function hanging(setup: TrialSetup): Trial {
  return { ...good(setup), loaded: undefined, exitCode: 137, cut: "hangs" };
}

/** What the trials say, and which there were: kinds, with `+` where statistics were on. */
async function load(answer: (setup: TrialSetup) => Trial) {
  const tried: string[] = [];
  const proofs: TrialSetup[] = [];
  const result = await loadModule(request, date, async (setup) => {
    tried.push(
      `${setup.kinds.length === triedKinds.length ? "all" : setup.kinds.join()}${setup.statistics ? "+" : ""}`,
    );
    if (!setup.isHanging) proofs.push(setup);
    return answer(setup);
  });
  return { says: result.evidence.says, because: result.evidence.because, tried, proofs: proofs.length };
}

it("a module that loads everywhere takes two trials", async () => {
  expect(await load(good)).toMatchObject({ says: "loads", tried: ["all", "all+"] });
});

const never = async (): Promise<Trial> => Promise.reject(new Error("tried"));

it("a module without code takes none", async () => {
  const nothing = { ...request, files: [] };
  expect((await loadModule(nothing, date, never)).evidence.says).toBe("tombstone");
});

it("a failure on one host is proved there alone, and that host is left out with statistics", async () => {
  expect(await load((setup) => failing(setup, ["muc"]))).toMatchObject({
    says: "loads",
    because: "it loads on virtual-host, pubsub, component",
    tried: ["all", "muc", "virtual-host,pubsub,component+"],
  });
});

it("the same failure everywhere is proved once", async () => {
  expect(await load((setup) => failing(setup, triedKinds))).toMatchObject({
    says: "broken",
    because: "no luck",
    tried: ["all", "virtual-host"],
  });
});

it("what ends the server is tried on each host, but a hang that was shown alone needs no second proof", async () => {
  expect(await load(hanging)).toEqual({
    says: "broken",
    because: "the server hangs",
    tried: ["all", ...triedKinds],
    proofs: 2,
  });
});
