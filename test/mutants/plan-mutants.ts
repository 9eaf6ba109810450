import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { askHelp } from "../fixtures/option-files.ts";
import { readTitles, titlePattern } from "../fixtures/option-titles.ts";

/** The image with one thing missing, and the tests that have to notice. */
export interface Mutant {
  /** Name of an option, an alias, or a module of the image's own. */
  name: string;
  /** Path in the image → text. */
  files: Readonly<Record<string, string>>;
  /** Files of test/image. */
  tests: readonly string[];
  /** What full names of tests match. */
  pattern: string;
}

const Options = z.array(z.looseObject({ name: z.string(), names: z.array(z.string()) })).min(1);

const home = "/usr/lib/prosody-foundry";
const ourModules = path.resolve(import.meta.dirname, `../../images/prosody/rootfs${home}/modules`);

/** Where a mutant of an option finds the image's own environment.lua. */
export const wholeEnvironment = {
  from: `${home}/foundry/environment.lua`,
  to: `${home}/foundry/environment-whole.lua`,
};

/** For each of the image's own modules, the file that is about it and what titles of its tests match. */
const testsOfModules: Readonly<Record<string, [file: string, pattern: string]>> = {
  mod_foundry_account: ["account", "PROSODY_ACCOUNT"],
  mod_foundry_bosh: ["memory", "body that has failed"],
  mod_foundry_certificates: ["certificates-missing", "when certificates expire"],
  mod_foundry_connections: ["strangers", "PROSODY_CONNECTIONS_PER_ADDRESS"],
  mod_foundry_health: ["health", "all is well"],
  mod_foundry_hold: ["data-safety", "a running server finishes a restore"],
  mod_foundry_kept: ["database-outage", ""],
  mod_foundry_logins: ["strangers", "PROSODY_LOGIN_FAILURES: an account"],
  mod_foundry_long_paths: ["memory", "not spent on long"],
  mod_foundry_memory: ["memory", "goes back to the system"],
  mod_foundry_outage: ["options-ldap", "while it is down"],
  mod_foundry_paths: ["web", "another domain"],
  mod_foundry_patience: ["slow-requests", "byte by byte"],
  mod_foundry_rates: ["limits", "by BOSH"],
  mod_foundry_report: ["options-rates", ""],
  mod_foundry_series: ["upgrade", "a database remembers"],
};

/** One mutant for each option of the image, each other name of one, and each module of the image's own. */
export async function planMutants(image: string): Promise<Mutant[]> {
  const options = Options.parse(JSON.parse(await askHelp(image, "--json")));
  const titles = await readTitles("here");
  const names = options.flatMap((option) => [option.name, ...option.names]);
  const modules = (await readdir(ourModules)).map((file) => path.basename(file, ".lua"));
  return [...names.map((name) => mutateOption(name, [...(titles.get(name) ?? [])])), ...modules.map(mutateModule)];
}

function mutateOption(name: string, tests: string[]): Mutant {
  return { name, files: { [wholeEnvironment.from]: ignore(name) }, tests, pattern: titlePattern(name) };
}

function mutateModule(name: string): Mutant {
  const [file, pattern = ""] = testsOfModules[name] ?? [];
  const files = { [`${home}/modules/${name}.lua`]: "-- A mutant: it does nothing.\n" };
  return { name, files, tests: file === undefined ? [] : [`${file}.test.ts`], pattern };
}

// An option's own name stands for all of its names.
function ignore(name: string): string {
  return `-- A mutant: ${name} is checked, and then read as if it were not set.
local whole = dofile(${JSON.stringify(wholeEnvironment.to)})
local read, ignored = whole.read, { ${name} = true }
for _, option in ipairs(require("foundry.options")) do
  for _, entry in ipairs(option.name == ${JSON.stringify(name)} and whole.names_of(option) or {}) do ignored[entry.name] = true end
end

function whole.read(getenv)
  local _, problems = read(getenv)
  local values, _, set_by = read(function(wanted) return not ignored[wanted] and getenv(wanted) or nil end)
  return values, problems, set_by
end

return whole
`;
}
