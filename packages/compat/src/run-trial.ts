import type { Exec } from "@prosody-foundry/kit";
import { z } from "zod";
import { renderLoadConfig } from "./load-config.ts";
import type { LoadedMap, Trial } from "./load-judge.ts";
import type { ServerOutput } from "./load-log.ts";
import type { TrialSetup } from "./load-module.ts";
import { layOutModules } from "./load-request.ts";
import { runServer } from "./run-server.ts";

export interface TrialPlace {
  exec: Exec;
  /** Engine reference of the image whose server loads the module. */
  image: string;
  /** Milliseconds until a server that does not answer counts as hanging. */
  timeout: number;
}

/**
 * Runs a trial in a fresh container of its own.
 * @throws UserError SERVER_NOT_STARTED when the engine cannot run the image.
 */
export async function runTrialAlone(place: TrialPlace, setup: TrialSetup): Promise<Trial> {
  const { kinds, statistics } = setup;
  const name = shortName(setup);
  const run = await runServer({
    ...place,
    probe: "foundry_probe",
    config: (mark) => renderLoadConfig({ mark, name, kinds, statistics }),
    files: layOutModules(setup.request),
  });
  return trialOf(setup, run);
}

/** The module's name as a server knows it. */
export function shortName({ request }: TrialSetup): string {
  return request.name.replace(/^mod_/u, "");
}

/** What a server said and how it ended, as a trial. */
export function trialOf(setup: TrialSetup, run: ServerOutput & Pick<Trial, "exitCode" | "cut">): Trial {
  const { kinds, statistics } = setup;
  const { log, exitCode, cut } = run;
  return { name: shortName(setup), kinds, statistics, log, exitCode, cut, loaded: readAnswer(run) };
}

const NoHosts = z.array(z.never()).transform((): Record<string, string> => ({}));
const Answer = z.strictObject({
  global: z.string().optional(),
  hosts: z.union([z.record(z.string(), z.string()), NoHosts]),
});

// A module can read the mark and forge an answer; what does not parse is no answer.
function readAnswer({ answer }: ServerOutput): LoadedMap | undefined {
  return answer === undefined ? undefined : Answer.safeParse(tryJson(answer)).data;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
