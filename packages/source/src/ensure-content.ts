import { isUserError, UserError } from "@prosody-foundry/kit";
import { integrityOf, type ModuleContent, treeOf } from "./content.ts";
import { readCachedContent } from "./read-cache.ts";
import type { PinnedModule, Source, SourceContext } from "./source.ts";
import { writeCachedContent } from "./write-cache.ts";

export interface EnsuredContent {
  content: ModuleContent;
  /** "cache", or where it was read. */
  from: string;
}

/** Why a source was of no use; `refused` when it says it has that very revision and its content is another. */
interface Failure {
  reason: string;
  refused: boolean;
}

/**
 * The content a pin means: from the cache, else from the first source whose content ships the same bytes. Nobody's word
 * counts, the hash does.
 * @throws UserError CONTENT_REFUSED when one that claims to have the pinned revision has other bytes, and no one else
 * has the right ones; CONTENT_UNREACHABLE when none has that revision, with the reason of each; PIN_INCONSISTENT when
 * the pin's two hashes contradict each other; CACHE_CORRUPT, CACHE_UNWRITABLE
 */
export async function ensureContent(
  pin: PinnedModule,
  sources: readonly Source[],
  context: Pick<SourceContext, "cacheDir" | "progress">,
): Promise<EnsuredContent> {
  const kept = await readCachedContent(context.cacheDir, pin);
  if (kept !== undefined) return { content: kept, from: "cache" };
  const failures: Failure[] = [];
  for (const source of sources) {
    const answer = await tryAt(source, pin);
    if ("content" in answer) {
      await writeCachedContent(context.cacheDir, answer.content);
      return { content: answer.content, from: source.location };
    }
    if (answer.refused) context.progress(`Refused: ${answer.reason}`);
    failures.push(answer);
  }
  throw describeFailures(pin, failures);
}

async function tryAt(source: Source, pin: PinnedModule): Promise<{ content: ModuleContent } | Failure> {
  const where = `${source.spec.name} (${source.location})`;
  try {
    const { content, exact } = await source.readPinned(pin);
    const got = { integrity: integrityOf(content), tree: treeOf(content) };
    if (got.integrity === pin.integrity) return { content };
    if (got.tree === pin.tree) throw inconsistent(pin, got.integrity);
    if (!exact) return { reason: `${where} has other content of ${pin.name}: ${got.integrity}`, refused: false };
    const reason = `${where} gave other content for ${pin.name} at ${pin.node}: expected ${pin.integrity}, got ${got.integrity}`;
    return { reason, refused: true };
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { reason: `${where}: ${error.message}`, refused: isUserError(error, "CONTENT_UNSAFE") };
  }
}

// A broken cache or pin is no matter of the source, so the next one is no remedy.
function isPassing(error: unknown): error is UserError {
  return isUserError(error) && !isUserError(error, "CACHE_CORRUPT", "CACHE_UNWRITABLE", "PIN_INCONSISTENT", "BUSY");
}

function describeFailures(pin: PinnedModule, failures: readonly Failure[]): UserError {
  const refused = failures.filter((failure) => failure.refused);
  if (refused.length > 0) {
    const reasons = refused.map(({ reason }) => reason).join("\n");
    return new UserError("CONTENT_REFUSED", `${pin.name} is refused:\n${reasons}`, {
      hint: "Do not trust that mirror, or look whether the lock was changed by hand.",
    });
  }
  const reasons = failures.length === 0 ? ["no source was named"] : failures.map(({ reason }) => reason);
  return new UserError("CONTENT_UNREACHABLE", `${pin.name} at ${pin.node} cannot be had:\n${reasons.join("\n")}`, {
    hint: "Check the network, or name a mirror that has it.",
  });
}

function inconsistent(pin: PinnedModule, integrity: string): UserError {
  return new UserError(
    "PIN_INCONSISTENT",
    `The pin of ${pin.name} contradicts itself: tree ${pin.tree} ships ${integrity}, and it says ${pin.integrity}`,
    { hint: "The lock was changed by hand. Take it from version control, or pin the module again." },
  );
}
