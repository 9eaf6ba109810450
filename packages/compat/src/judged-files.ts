import { isUserError } from "@prosody-foundry/kit";
import { Evidence, ModuleFacts } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { coreEvidence } from "./core.ts";
import { declaredEvidence, trunkLines, unreadCompatibility } from "./declared.ts";
import { describeModule } from "./describe-module.ts";
import { factsOf } from "./facts-of.ts";
import { headerEvidence } from "./header.ts";
import { judge } from "./judge.ts";
import type { JudgedRelease } from "./release.ts";
import { staticEvidence } from "./static.ts";
import type { Surface } from "./surface.ts";

const date = "2025-01-01";
const release: JudgedRelease = { version: "13.0.1", series: "13.0", core: ["mod_http"], features: ["loader"] };
const surface: Surface = {
  version: release.version,
  core: release.core,
  features: release.features,
  libraries: {},
  moduleApi: [],
  globals: [],
  lua: [],
};

/** For tests: everything this package makes of a file's bytes without a server, or the coded errors it ends with. */
export function judgeFiles(files: Readonly<Record<string, Uint8Array | string>>): string {
  const made = Object.entries(files).map(([path, bytes]) => ({ path, executable: false, bytes: Buffer.from(bytes) }));
  return judgeAll({ name: "mod_x", files: made });
}

/** What `judgeFiles` answers to anything: description, facts, lines, evidence. */
export const outcomes = /^done(?: (?:done|LUA_[A-Z_]+|README_[A-Z_]+)){3}$/u;

function judgeAll(content: ModuleContent): string {
  const works = [
    () => describeModule(content),
    () => ModuleFacts.parse(factsOf(content)),
    () => [unreadCompatibility(content), trunkLines(content)],
    () => {
      const evidence = [
        ...headerEvidence(content, release, date),
        ...coreEvidence(content, release, date),
        ...declaredEvidence(content, release, { date }),
        ...staticEvidence(content, surface, { date }),
      ];
      return judge(evidence.map((item) => Evidence.parse(item)));
    },
  ];
  return works.map(outcomeOf).join(" ");
}

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
}
