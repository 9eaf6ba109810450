import path from "node:path";
import { UserError } from "@prosody-foundry/kit";
import { mergeLockFiles } from "@prosody-foundry/lockfile";
import type { CommandSpec } from "../command.ts";

export const lockMerge: CommandSpec = {
  name: "lock merge",
  summary: "git's merge driver for modules.lock.json: merge the three files into the second, or leave it and refuse",
  arguments: "<base> <ours> <theirs>",
  options: [],
  example: "foundry lock merge %O %A %B",
  async run(_context, { args }) {
    const [base = "", ours = "", theirs = ""] = args.map((file) => path.resolve(file));
    const conflicts = await mergeLockFiles({ base, ours, theirs });
    if (conflicts.length === 0) return { value: conflicts, text: "" };
    const named = conflicts.map(({ entry, part }) => (part === null ? entry : `${entry} (${part})`)).join(", ");
    throw new UserError("LOCK_CONFLICT", `Both sides changed ${named} in modules.lock.json`, {
      hint: "Run `foundry module verify --fix`: it takes the newer pins, and checks them.",
    });
  },
};
