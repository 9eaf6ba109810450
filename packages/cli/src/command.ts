import type { Series } from "@prosody-foundry/kit";
import type { Platform } from "@prosody-foundry/images";
import type { Context } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";

/** All flags of all commands, as the option table parses them. */
export interface Flags {
  agreement?: boolean;
  all?: boolean;
  available?: boolean;
  builderId?: string;
  disagreements?: boolean;
  dryRun?: boolean;
  each?: boolean;
  explain?: boolean;
  fix?: boolean;
  folder?: string;
  hold?: boolean;
  identity?: string;
  insecure?: boolean;
  issuer?: string;
  unhold?: boolean;
  json?: boolean;
  key?: string;
  licence?: string;
  lock?: string;
  cache?: boolean;
  platform?: Platform[];
  release?: string;
  published?: boolean;
  report?: string;
  repository?: string;
  series?: Series[];
  sign?: boolean;
  signKey?: string;
  source?: string;
  to?: string;
}

/** What a command found: the value for programs, the text for people. */
export interface Outcome {
  value: unknown;
  text: string;
  exitCode?: ExitCode;
}

export interface Request {
  args: readonly string[];
  flags: Flags;
}

/** One command as a value; `program.ts` makes commander's form of it. */
export interface CommandSpec {
  /** `plan`, or `module add` for one in a group. */
  name: string;
  summary: string;
  /** commander's notation: `[image...]`. */
  arguments?: string;
  options: readonly (keyof Flags)[];
  example: string;
  run(context: Context, request: Request): Promise<Outcome>;
}
