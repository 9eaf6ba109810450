import { listBuilt, readReport } from "@prosody-foundry/bake";
import { explainPlan, formatExplanation, type Target, upstreamVersion } from "@prosody-foundry/images";
import type { Context } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { planImages } from "../plan-images.ts";
import { renderTable } from "../table.ts";

/** A target and whether it is made already. */
interface PlannedTarget extends Target {
  built: boolean;
}

export const plan: CommandSpec = {
  name: "plan",
  summary: "what would be built: one target for each image and series",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "explain", "json"],
  example: "foundry plan prosody --explain",
  async run(context, { args, flags }) {
    const { targets } = await planImages(context, args, flags);
    const rows: PlannedTarget[] = [];
    for (const target of targets) {
      const report = await readReport(context.cacheDir, target.id);
      rows.push({ ...target, built: report !== undefined });
    }
    const explained = flags.explain === true ? await explainTargets(context, rows) : "";
    return { value: { planVersion: 1, targets: rows }, text: render(rows) + explained };
  },
};

function render(rows: readonly PlannedTarget[]): string {
  const body = rows.map((row) => [
    row.name,
    upstreamVersion(row.release),
    row.release.kind,
    row.platforms.join(" "),
    String(row.modules.length),
    String(row.unshipped.length),
    row.id.slice(0, 12),
    row.built ? "built" : "to build",
  ]);
  const head = ["target", "Prosody", "from", "platforms", "modules", "not shipped", "id", ""];
  return renderTable([head, ...body]);
}

async function explainTargets(context: Context, rows: readonly PlannedTarget[]): Promise<string> {
  const built = await listBuilt(context.cacheDir);
  const parts = rows.map((row) => {
    const before = built.find((other) => other.name === row.name && other.id !== row.id);
    if (row.built) return `\n${row.name}: nothing changed since it was built\n`;
    if (before === undefined) return `\n${row.name}: never built here; ${Object.keys(row.inputs).length} inputs\n`;
    return `\n${row.name}: since ${before.id.slice(0, 12)}\n${formatExplanation(explainPlan(before.inputs, row.inputs))}`;
  });
  return parts.join("");
}
