import { readLock } from "@prosody-foundry/lockfile";
import { type KnownModule, knownModules, knownReleases, readSurveys } from "@prosody-foundry/registry";
import type { CommandSpec } from "../command.ts";
import { findNamed } from "../find-known.ts";
import { renderKnown, usersOf } from "../render-known.ts";

export const moduleShow: CommandSpec = {
  name: "module show",
  summary: "everything known about a module, pinned or not, with its evidence",
  arguments: "<module>",
  options: ["json"],
  example: "foundry module show mod_http_oauth2",
  async run(context, { args }) {
    const lock = await readLock(context.lockFile, { missing: "empty" });
    const surveys = await readSurveys(context.root);
    const known = knownModules(lock, surveys);
    const module = findNamed(known, args[0] ?? "");
    const releases = knownReleases(lock, surveys);
    const users = usersOf(module, known);
    return { value: describe(module, users), text: renderKnown(module, { users, releases }) };
  },
};

function describe({ name, source, pinned, surveyed }: KnownModule, users: ReturnType<typeof usersOf>) {
  const judgements = pinned?.judgements ?? surveyed?.judgements ?? [];
  return { name, ...pinned, source, judgements, pinned: pinned !== null, survey: surveyed, ...users };
}
