import { UserError } from "@prosody-foundry/kit";
import { type Lock, LockedSource, readLock, SourceName, updateLock } from "@prosody-foundry/lockfile";
import { checkKnown, type Context } from "../context.ts";
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
    const source = await openSourceOnce(context, name, {
      kind: LockedSource.shape.kind.parse(kind),
      url,
      folder: flags.folder ?? "",
      licence: flags.licence ?? null,
    });
    const add = (lock: Lock): Lock => ({ ...lock, sources: { ...lock.sources, [name]: source } });
    await updateLock(context.lockFile, add, { onWait: (message) => context.say(message) });
    return { value: { name, ...source }, text: `${name}: ${kind} ${url}, newest revision of ${source.date}\n` };
  },
};

function checkName(name: string, lock: Lock): void {
  if (SourceName.safeParse(name).success && lock.sources[name] === undefined) return;
  const because = lock.sources[name] === undefined ? "is no name for a source" : "is in the lock already";
  throw new UserError("SOURCE_INVALID", `${JSON.stringify(name)} ${because}`, {
    hint: "Lower-case letters, digits and - only, and one that is not taken.",
  });
}

/** The source as the lock holds it, once it has answered. */
async function openSourceOnce(
  context: Context,
  name: string,
  source: Pick<LockedSource, "kind" | "url" | "folder" | "licence">,
): Promise<LockedSource> {
  const newest = await openTree(context, { name, ...source }).readNewest();
  // Debian and folders know their revision by less than 40 digits, or by their content.
  const node = /^[0-9a-f]{40}$/u.test(newest.node) ? newest.node : null;
  return { ...source, debian: [], node, date: newest.date.slice(0, 10) };
}
