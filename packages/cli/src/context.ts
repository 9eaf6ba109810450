import { type BakeContext, type Engine, engineEnv, findEngine, setupEngine } from "@prosody-foundry/bake";
import { type Exec, type Progress, UserError, didYouMean } from "@prosody-foundry/kit";

/** Flags every command takes. */
export interface GlobalFlags {
  root?: string;
  builder?: string;
  offline?: boolean;
  mirror?: string[];
}

/** What a command works with: where the repository and the cache are, and the hands it reaches out with. */
export interface Context {
  root: string;
  lockFile: string;
  cacheDir: string;
  basesDir?: string | undefined;
  mirrors: Record<string, string>;
  offline: boolean;
  env: Readonly<Record<string, string | undefined>>;
  exec: Exec;
  fetch: typeof fetch;
  progress: Progress;
  /** Today, UTC, `YYYY-MM-DD`. */
  today: string;
  /** Found when it is first needed. */
  engine?: Promise<Engine>;
  /** A line for people, shown at once. */
  say: (message: string) => void;
}

/**
 * What the build packages work with: the context with the engine, which is looked for once.
 * @throws UserError of findEngine.
 */
export async function openBake(context: Context): Promise<BakeContext> {
  context.engine ??= findEngine({ exec: context.exec, env: context.env });
  const engine = await context.engine;
  return { ...context, engine };
}

/** The engine, installed and started first where that is needed and possible. */
export async function prepareEngine(context: Context): Promise<Engine> {
  const uid = process.getuid?.() ?? -1;
  context.engine = setupEngine({ ...context, uid, progress: context.say });
  return context.engine;
}

/** Exec for docker commands that goes to the engine openBake found. */
export async function engineExec(context: Context): Promise<Exec> {
  const { engine } = await openBake(context);
  const env = engineEnv(engine);
  return (command, args, options) => context.exec(command, args, { ...options, env: { ...env, ...options?.env } });
}

/** `URL=replacement` words → a map; what is fetched through a mirror is checked by hash like everything. */
export function parseMirrors(words: readonly string[]): Record<string, string> {
  const pairs = words
    .filter((word) => word !== "")
    .map((word): [string, string] => {
      const split = /^([a-z]+:\/\/[^=]+)=(.+)$/u.exec(word);
      if (split === null) {
        throw new UserError("MIRROR_MALFORMED", `${word} names no mirror`, { hint: "Write --mirror URL=REPLACEMENT." });
      }
      return [split[1] ?? "", split[2] ?? ""];
    });
  return Object.fromEntries(pairs);
}

/** `mod_x` for both `x` and `mod_x`. */
export function moduleName(word: string): string {
  const name = word.startsWith("mod_") ? word : `mod_${word}`;
  if (/^mod_[A-Za-z0-9_-]+$/u.test(name)) return name;
  throw new UserError("MODULE_NAME", `${JSON.stringify(word)} is no module name`, {
    hint: "Letters, digits, _ and - only, as in mod_firewall.",
  });
}

/** Refuses a word that is not among those known, with the nearest one. */
export function checkKnown(code: string, what: string, choice: { word: string; known: readonly string[] }): void {
  const { word, known } = choice;
  if (known.includes(word)) return;
  throw new UserError(code, `There is no ${what} ${JSON.stringify(word)}`, {
    hint: didYouMean(word, known) ?? `Known: ${known.join(", ")}.`,
  });
}
