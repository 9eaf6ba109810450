import type { Bump, PublishOutcome, StayingModule } from "@prosody-foundry/release";
import { renderBytes } from "./table.ts";

/** A target of a plan, as far as a summary tells of it. */
export interface SummedTarget {
  name: string;
  id: string;
  state: string;
  tags: readonly string[];
}

/** A target that was built, as far as a summary tells of it. */
export interface SummedBuild {
  name: string;
  fresh: boolean;
  platforms: Readonly<Record<string, { digest: string; size: number }>>;
}

/** Markdown for the page of a workflow's run: what is planned. */
export function summarizePlan(targets: readonly SummedTarget[]): string {
  const rows = targets.map(({ name, id, state, tags }) => [
    name,
    code(id.slice(0, 12)),
    state,
    tags.map(code).join(" "),
  ]);
  return section("Plan", ["target", "id", "", "tags"], rows);
}

/** What was built, and how large it is to pull. */
export function summarizeBuilds(builds: readonly SummedBuild[]): string {
  const rows = builds.flatMap(({ name, fresh, platforms }) =>
    Object.entries(platforms).map(([platform, { digest, size }]) => {
      return [name, platform, code(digest), renderBytes(size), fresh ? "built" : "was there"];
    }),
  );
  return section("Built", ["target", "platform", "digest", "size", ""], rows);
}

/** What was published, and which tags moved. */
export function summarizePublished({ targets, moved }: Pick<PublishOutcome, "targets" | "moved">): string {
  const rows = targets.map(({ name, tag, digest, state }) => [name, code(tag), code(digest), state]);
  const tags = moved.map(({ tag, from, to }) => [code(tag), from === null ? "" : code(from), code(to)]);
  const floating = tags.length === 0 ? "" : section("Tags", ["tag", "from", "to"], tags);
  return section("Published", ["target", "tag", "digest", ""], rows) + floating;
}

/** What moves and what stays: the reports themselves are in the pull requests. */
export function summarizeBumps({ bumps, stays }: { bumps: readonly Bump[]; stays: readonly StayingModule[] }): string {
  const moving = bumps.map(({ title, branch, targets }) => [cell(title), code(branch), String(targets.length)]);
  const staying = stays.map(({ name, because }) => [cell(name), cell(because)]);
  return (
    section("Bumps", ["what moves", "branch", "targets"], moving) + section("Stays", ["module", "because"], staying)
  );
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return `## ${title}\n\nNothing.\n\n`;
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`);
  return `## ${title}\n\n${lines.join("")}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

// What upstream wrote can end neither its cell nor the table, and is no markup.
function cell(text: string): string {
  return text
    .slice(0, 500)
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[|\\`*<>[\]@#&]/gu, (char) => `&#${char.codePointAt(0)};`);
}
