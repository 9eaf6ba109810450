import type { PublishOutcome, PublishPlan } from "@prosody-foundry/release";
import { renderBytes, renderTable } from "./table.ts";

/** The plan for people: what each target lacks, and every request that would write. */
export function renderPublishPlan({ repository, targets, floating }: PublishPlan): string {
  const heads = targets.map(({ name, tag, state, steps }) => [
    name,
    tag,
    state,
    steps.map(({ step }) => step).join(" "),
  ]);
  const requests = [
    ...targets.flatMap(({ name, steps }) =>
      steps.flatMap(({ step, requests: each }) =>
        each === null
          ? [["?", `${repository}: what ${name} is made of`, "known after the build"]]
          : each.map(({ method, reference, bytes }) => [method, reference, bytes === null ? step : renderBytes(bytes)]),
      ),
    ),
    ...floating.map(({ request, from, to }) => {
      return [
        request.method,
        request.reference,
        `${shorten(from) ?? "new"} → ${shorten(to) ?? "the index to be built"}`,
      ];
    }),
  ];
  if (requests.length === 0) return `${renderTable(heads)}Nothing to do.\n`;
  return `${renderTable(heads)}\n${renderTable(requests)}`;
}

export function renderPublishOutcome(
  { targets, moved }: PublishOutcome,
  notRun: readonly { target: string; platform: string; checks: readonly string[] }[],
): string {
  const words = { published: "was published", fresh: "published", yanked: "is yanked; it keeps no tag but this" };
  const rows = targets.map(({ name, tag, digest, state }) => [name, tag, digest, words[state]]);
  const tags = moved.map(({ tag, from, to }) => [tag, `${shorten(from) ?? "new"} → ${shorten(to)}`]);
  const open = notRun.map(({ target, platform, checks }) => [target, platform, checks.join(", ")]);
  return [
    renderTable(rows),
    tags.length === 0 ? "No tag moved.\n" : `\nMoved:\n${renderTable(tags)}`,
    open.length === 0 ? "" : `\nNot checked on this machine:\n${renderTable(open)}`,
  ].join("");
}

function shorten(digest: string | null): string | undefined {
  return digest?.slice("sha256:".length, "sha256:".length + 12);
}
