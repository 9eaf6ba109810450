import { z } from "zod";
import { findProsody } from "./check-names.ts";
import { bad, type Finding, good } from "./check-result.ts";

/** What `help --json` of an image says of an option. */
const Option = z.looseObject({
  name: z.string(),
  type: z.string(),
  choices: z.array(z.string()).default([]),
  default: z.string().optional(),
  example: z.string().optional(),
  /** What it cannot be without, each as "PROSODY_AUTHENTICATION=ldap". */
  needs: z.array(z.string()).default([]),
});

/** What `healthcheck --json` says. */
const Health = z.looseObject({ problems: z.array(z.looseObject({ sentence: z.string() })) });

/** A way to authenticate that an image has beside its default: the module that does it, and the options that choose it. */
export interface Way {
  name: string;
  module: string;
  env: Readonly<Record<string, string>>;
}

/** Lua that prints the authentication modules of an image, one a line. */
export const authenticationScript = `${findProsody}
local lfs = require "lfs"
local function look(folder)
  if lfs.attributes(folder, "mode") ~= "directory" then return end
  for entry in lfs.dir(folder) do
    local name = entry:match("^mod_auth_[%w_]+")
    if name then print(name) end
  end
end
for _, folder in ipairs { "prosody/modules", "prosody-modules", "prosody-foundry/modules" } do look("/usr/lib/" .. folder) end
`;

const chooser = "PROSODY_AUTHENTICATION";

/**
 * Each choice but the default of which the module is there. It gets the examples of all options that need it, but for
 * files: those are on the machine of whoever runs the image.
 */
export function planWays(help: string, modules: readonly string[]): Way[] {
  const options = z.array(Option).parse(JSON.parse(help));
  const choice = options.find(({ name }) => name === chooser);
  const names = choice?.choices.filter((name) => name !== choice.default && modules.includes(`mod_auth_${name}`));
  return (names ?? []).map((name) => {
    const settings = options.flatMap(({ name: option, type, needs, example }) =>
      needs.includes(`${chooser}=${name}`) && type !== "file" && example !== undefined
        ? [[option, example] as const]
        : [],
    );
    return { name, module: `mod_auth_${name}`, env: { [chooser]: name, ...Object.fromEntries(settings) } };
  });
}

/** What is wrong with a server, by its own health check. */
export function findProblems(health: string): string[] {
  return Health.parse(JSON.parse(health)).problems.map(({ sentence }) => sentence);
}

/** Sentences about each way's server: none where it is well. */
export function judgeWays(found: readonly { way: Way; problems: readonly string[] }[]): Finding {
  const faults = found.flatMap(({ way, problems }) =>
    problems.length === 0 ? [] : [`${way.module}: ${problems.join(" ")}`],
  );
  if (faults.length > 0) return bad(faults.join("; "));
  if (found.length === 0) return good("there is none beside the default");
  return good(`${found.length} of ${found.length} load when chosen: ${found.map(({ way }) => way.name).join(" ")}`);
}
