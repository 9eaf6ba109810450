import { formatLock, type Lock } from "@prosody-foundry/lockfile";
import { type Bump, type BumpContent, labelsOf, type RebuiltTarget, titleOf } from "./bump.ts";
import { changesetPrefix, changesetText } from "./bump-changeset.ts";
import { bumpedModules, type ModuleHistory } from "./bump-modules.ts";
import { bumpReport } from "./bump-report.ts";

export interface BumpRequest {
  /** The lock that the bump replaces. */
  before: Lock;
  /** The lock with this bump's modules moved, and no others. */
  after: Lock;
  /** The module a bump of its own is named after; null for all that moves. */
  lead: string | null;
  /** By key of the lock. */
  histories: ReadonlyMap<string, ModuleHistory>;
  stays: BumpContent["stays"];
  targets: readonly RebuiltTarget[];
  /** Name of an image → name of its workspace package. */
  packages: ReadonlyMap<string, string>;
}

/** One bump as a value. Pure: equal requests give equal bumps. */
export function makeBump(request: BumpRequest): Bump {
  const { lead, targets } = request;
  const content: BumpContent = { modules: bumpedModules(request), stays: request.stays, targets: [...targets] };
  return {
    bumpVersion: 1,
    branch: `bump/${lead ?? "modules"}`,
    title: titleOf(content, lead),
    body: bumpReport(content),
    labels: labelsOf(content),
    files: { "modules.lock.json": formatLock(request.after), ...changesetOf(request, content) },
    ...content,
  };
}

/** None where no image's content changes: there is nothing that a user would be told. */
function changesetOf({ before, packages, lead }: BumpRequest, content: BumpContent): Record<string, string> {
  const images = [...new Set(content.targets.map(({ image }) => image))];
  const names = images.flatMap((image) => packages.get(image) ?? []);
  if (names.length === 0) return {};
  const file = `.changeset/${changesetPrefix(before)}${(lead ?? "modules").replaceAll("@", "-")}.md`;
  return { [file]: changesetText(names, content, lead) };
}
