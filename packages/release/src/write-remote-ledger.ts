import { checkShape, parseJson } from "@prosody-foundry/kit";
import { z } from "zod";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import type { Github } from "./run-github.ts";
import { runPlanned } from "./run-planned.ts";
import { immutableTag } from "./tags.ts";
import { formatLedger, mergeEntries } from "./write-ledger.ts";

const file = "images/ledger.json";

/** The committed ledger as GitHub has it: its text and the id of its blob. */
interface SeenLedger {
  text: string;
  blob: string | null;
}

export type LedgerAction = { kind: "commit ledger"; tags: readonly string[]; text: string; blob: string | null };

/**
 * Commits entries to images/ledger.json of the default branch, joined with what is there. Whoever commits to it meanwhile
 * loses nothing: GitHub refuses ours, and it is joined again. Nothing is written when all is there.
 * @throws UserError of Github.ask, LEDGER_MALFORMED, TAG_IMMUTABLE
 */
export async function writeRemoteLedger(
  github: Github,
  request: { entries: readonly LedgerEntry[]; message: string; dryRun: boolean },
): Promise<LedgerAction[]> {
  const read = (): Promise<SeenLedger> => readRemoteLedger(github);
  const plan = ({ text, blob }: SeenLedger): LedgerAction[] => {
    const present = text === "" ? [] : parseLedger(text);
    const joined = formatLedger(mergeEntries(present, request.entries));
    const tags = request.entries.map(immutableTag);
    return joined === formatLedger(mergeEntries(present, []))
      ? []
      : [{ kind: "commit ledger", tags, text: joined, blob }];
  };
  if (request.dryRun) return plan(await read());
  const run = async ({ text, blob }: LedgerAction): Promise<void> => {
    const content = Buffer.from(text).toString("base64");
    const sha = blob === null ? {} : { sha: blob };
    await github.ask(`PUT /contents/${file}`, z.unknown(), { message: request.message, content, ...sha });
  };
  return runPlanned({ read, plan, run });
}

/**
 * What the ledger on GitHub's default branch says: more than a checkout's, which is as old as its commit.
 * @throws UserError of Github.find, LEDGER_MALFORMED
 */
export async function readRemoteEntries(github: Github): Promise<LedgerEntry[]> {
  const { text } = await readRemoteLedger(github);
  return text === "" ? [] : parseLedger(text);
}

const Content = z.looseObject({ sha: z.string(), encoding: z.string(), content: z.string() });

async function readRemoteLedger(github: Github): Promise<SeenLedger> {
  const found = await github.find(`GET /contents/${file}`, Content);
  if (found === null) return { text: "", blob: null };
  // Above a megabyte only the blob has the text.
  const { content } = found.encoding === "base64" ? found : await github.ask(`GET /git/blobs/${found.sha}`, Content);
  return { text: Buffer.from(content, "base64").toString(), blob: found.sha };
}

function parseLedger(text: string): LedgerEntry[] {
  const origin = { file, code: "LEDGER_MALFORMED", hint: "Mend it on the default branch." };
  return checkShape(Ledger, parseJson(text, origin), origin).entries;
}
