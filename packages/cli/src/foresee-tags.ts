import { type Report, readReport } from "@prosody-foundry/bake";
import { readImages, readSeries, type Target } from "@prosody-foundry/images";
import { type LedgerEntry, policyOf, readLedger, tagsOfTarget } from "@prosody-foundry/release";
import type { Context } from "./context.ts";

/** What would become of a target if it were published now. */
export interface Foreseen {
  target: Target;
  /** Of its build on this machine. */
  report: Report | undefined;
  tags: string[];
  /** True when the ledger, or the registry where it was asked, has this target. */
  published: boolean;
}

/** The tags of each target, by the committed policy and by the ledger, or by what else knows what is published. */
export async function foreseeTags(
  context: Context,
  targets: readonly Target[],
  known?: { ledger: LedgerEntry[]; ids: ReadonlySet<string> },
): Promise<Foreseen[]> {
  const policy = policyOf(await readSeries(context.root), await readImages(context.root));
  const ledger = known?.ledger ?? (await readLedger(context.root));
  const foreseen: Foreseen[] = [];
  for (const target of targets) {
    const report = await readReport(context.cacheDir, target.id);
    // A target that is not built has no digest yet; its id stands for it.
    const digest = report?.index ?? `sha256:${target.id}`;
    const tags = tagsOfTarget({ target, digest, contract: null, platforms: {}, date: context.today }, policy, ledger);
    const published =
      known?.ids.has(target.id) ?? ledger.some((entry) => entry.id === target.id || entry.digest === digest);
    foreseen.push({ target, report, tags, published });
  }
  return foreseen;
}
