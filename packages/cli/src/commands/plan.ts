import { type Report, listBuilt } from "@prosody-foundry/bake";
import {
  explainPlan,
  formatExplanation,
  type PlanExplanation,
  type Target,
  upstreamVersion,
} from "@prosody-foundry/images";
import { idTag, type LedgerEntry, reachable, unionOf } from "@prosody-foundry/release";
import type { Context } from "../context.ts";
import type { CommandSpec, Flags } from "../command.ts";
import { foreseeTags } from "../foresee-tags.ts";
import { openPublishing } from "../open-publishing.ts";
import { planImages } from "../plan-images.ts";
import { summarizePlan } from "../summary.ts";
import { renderTable } from "../table.ts";

/**
 * A target, whether it is made and published already, and what it would be called. Its packages are among the inputs, each with
 * version and hash; the .debs once more would be most of the output.
 */
interface PlannedTarget extends Omit<Target, "debs"> {
  built: boolean;
  published: boolean;
  tags: string[];
  /** With `--explain`: what differs from its last build here; null when nothing does or there was none. */
  explanation?: (PlanExplanation & { since: string }) | null;
}

export const plan: CommandSpec = {
  name: "plan",
  summary: "what would be built: one target for each image and series",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "explain", "published", "repository", "insecure", "json"],
  example: "foundry plan prosody --explain",
  async run(context, { args, flags }) {
    const { targets } = await planImages(context, args, flags);
    const known = flags.published === true ? await askRegistry(context, targets, flags) : undefined;
    const foreseen = await foreseeTags(context, targets, known);
    const plain = foreseen.map(({ target, report, tags, published }) => {
      const { debs: _debs, ...rest } = target;
      return { ...rest, built: report !== undefined, published, tags };
    });
    const rows = flags.explain === true ? await explainTargets(context, plain) : plain;
    const summary = summarizePlan(rows.map((row) => ({ ...row, state: stateOf(row) })));
    const text = render(rows) + rows.map(renderExplanation).join("");
    return { value: { planVersion: 1, targets: rows }, text, summary };
  },
};

/** What is published by the registry and the ledger together. */
async function askRegistry(
  context: Context,
  targets: readonly Target[],
  flags: Flags,
): Promise<{ ledger: LedgerEntry[]; ids: ReadonlySet<string> }> {
  const { readFacts } = await openPublishing(context, { ...flags, sign: false });
  const { ledger, registry } = await readFacts(targets.map(({ id }) => id));
  const entries = reachable(unionOf(ledger, registry), registry);
  const published = new Set(entries.map(({ digest }) => digest));
  const ids = targets.map(({ id }) => id).filter((id) => published.has(registry.digests[idTag(id)] ?? ""));
  return { ledger: entries, ids: new Set(ids) };
}

function render(rows: readonly PlannedTarget[]): string {
  const body = rows.map((row) => [
    row.name,
    upstreamVersion(row.release),
    row.release.kind,
    row.platforms.join(" "),
    String(row.modules.length),
    String(row.unshipped.length),
    row.id.slice(0, 12),
    stateOf(row),
  ]);
  const head = ["target", "Prosody", "from", "platforms", "modules", "not shipped", "id", ""];
  return renderTable([head, ...body]);
}

function stateOf({ built, published }: PlannedTarget): string {
  if (published) return "published";
  return built ? "built" : "to build";
}

async function explainTargets(context: Context, rows: readonly PlannedTarget[]): Promise<PlannedTarget[]> {
  const built = await listBuilt(context.cacheDir);
  return rows.map((row) => {
    const before = row.built ? undefined : lastBuild(built, row);
    if (before === undefined) return { ...row, explanation: null };
    return { ...row, explanation: { since: before.id, ...explainPlan(before.inputs, row.inputs) } };
  });
}

/** The last build of a target: for the same platforms if there was one, as parts of it are kept too. */
function lastBuild(
  built: readonly Report[],
  { name, platforms }: Pick<Target, "name" | "platforms">,
): Report | undefined {
  const own = built.filter((other) => other.name === name);
  return own.find(({ inputs }) => inputs["platforms"] === platforms.join(" ")) ?? own[0];
}

function renderExplanation({ name, built, inputs, explanation }: PlannedTarget): string {
  if (explanation === undefined) return "";
  if (explanation !== null)
    return `\n${name}: since ${explanation.since.slice(0, 12)}\n${formatExplanation(explanation)}`;
  if (built) return `\n${name}: nothing changed since it was built\n`;
  return `\n${name}: never built here; ${Object.keys(inputs).length} inputs\n`;
}
