import { UserError } from "@prosody-foundry/kit";
import { type Lock, LockedSource, readLock, SourceName, updateLock } from "@prosody-foundry/lockfile";
import { checkKnown } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { openTree } from "../open-sources.ts";

export const sourceAdd: CommandSpec = {
  name: "source add",
  summary: "another tree of modules: kind hg, git, debian or directory, and its URL, suite or folder",
  arguments: "<name> <kind> <url>",
  options: ["folder", "licence", "json"],
  example: "foundry source add jitsi git https://github.com/jitsi/jitsi-meet.git --folder resources/prosody-plugins",
  async run(context, { args, flags }) {
    const [name = "", kind = "", url = ""] = args;
    checkName(name, await readLock(context.lockFile, { missing: "empty" }));
    checkKnown("SOURCE_INVALID", "kind of source", { word: kind, known: LockedSource.shape.kind.options });
    const source: LockedSource = {
      kind: LockedSource.shape.kind.parse(kind),
      url,
      folder: flags.folder ?? "",
      licence: flags.licence ?? null,
      debian: [],
    };
    // Locked once it has answered.
    const { date } = await openTree(context, { name, ...source }).readNewest();
    const add = (lock: Lock): Lock => ({ ...lock, sources: { ...lock.sources, [name]: source } });
    await updateLock(context.lockFile, add, { onWait: (message) => context.say(message) });
    return { value: { name, ...source }, text: `${name}: ${kind} ${url}, newest revision of ${date.slice(0, 10)}\n` };
  },
};

function checkName(name: string, lock: Lock): void {
  if (SourceName.safeParse(name).success && lock.sources[name] === undefined) return;
  const because = lock.sources[name] === undefined ? "is no name for a source" : "is in the lock already";
  throw new UserError("SOURCE_INVALID", `${JSON.stringify(name)} ${because}`, {
    hint: "Lower-case letters, digits, - and . only, and one that is not taken.",
  });
}
