import { z } from "zod";
import type { Github } from "./run-github.ts";

const Branch = z.looseObject({ default_branch: z.string() });
const Compared = z.looseObject({
  status: z.enum(["ahead", "behind", "identical", "diverged"]),
  files: z.array(z.looseObject({ filename: z.string() })).optional(),
});

/**
 * The default branch, where it has gone on from a commit with more than the ledger; null where the commit is the newest, or
 * is not of that branch. What is published from an older commit would carry its tags back to what was there before.
 * @throws UserError of Github.ask
 */
export async function findSuperseded(github: Github, commit: string): Promise<string | null> {
  const { default_branch: branch } = await github.ask("GET ", Branch);
  const compared = await github.find(`GET /compare/${commit}...${encodeURIComponent(branch)}`, Compared);
  if (compared?.status !== "ahead") return null;
  // Files are missing from an answer about more than GitHub counts.
  const others = compared.files?.some(({ filename }) => !filename.endsWith("images/ledger.json")) ?? true;
  return others ? branch : null;
}
