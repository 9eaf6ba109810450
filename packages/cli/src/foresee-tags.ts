import { type Report, readReport } from "@prosody-foundry/bake";
import { readImages, readSeries, type Target } from "@prosody-foundry/images";
import { policyOf, readLedger, tagsOfTarget } from "@prosody-foundry/release";
import type { Context } from "./context.ts";

/** What would become of a target if it were published now. */
export interface Foreseen {
  target: Target;
  /** Of its build on this machine. */
  report: Report | undefined;
  tags: string[];
  /** True when the ledger has this very build. */
  published: boolean;
}

/** The tags of each target, by the committed policy and the ledger. */
export async function foreseeTags(context: Context, targets: readonly Target[]): Promise<Foreseen[]> {
  const policy = policyOf(await readSeries(context.root), await readImages(context.root));
  const ledger = await readLedger(context.root);
  const foreseen: Foreseen[] = [];
  for (const target of targets) {
    const report = await readReport(context.cacheDir, target.id);
    // A target that is not built has no digest yet; its id stands for it.
    const digest = report?.index ?? `sha256:${target.id}`;
    const tags = tagsOfTarget({ target, digest, contract: null, platforms: {}, date: context.today }, policy, ledger);
    foreseen.push({ target, report, tags, published: ledger.some((entry) => entry.digest === digest) });
  }
  return foreseen;
}
