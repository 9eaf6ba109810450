import { isUserError } from "@prosody-foundry/kit";
import { isPin, type Lock, type Pin, readLock } from "@prosody-foundry/lockfile";
import { integrityOf, type Source, treeOf } from "@prosody-foundry/source";
import type { Context } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { lockedNames } from "../locked-names.ts";
import { openSources, sourceOf } from "../open-sources.ts";
import { renderTable } from "../table.ts";
import { withScratch } from "../run-scratch.ts";

interface PinCheck {
  module: string;
  node: string;
  source: string;
  /** `same`: the pinned bytes. `other`: other bytes under the pinned revision. `without`: it does not have that one. */
  result: "same" | "other" | "without" | "unreachable";
  detail: string;
}

export const moduleVerify: CommandSpec = {
  name: "module verify",
  summary: "every pin against its source and its mirrors, asked anew (exit code 3 when one is wrong or nowhere)",
  arguments: "[module...]",
  options: ["json"],
  example: "foundry module verify mod_firewall",
  async run(context, { args }) {
    const lock = await readLock(context.lockFile);
    const names = lockedNames(lock, args);
    // With a cache of its own: what was fetched before proves nothing about the mirrors of today.
    const checks = await withScratch(context.cacheDir, (cacheDir) => checkPins({ ...context, cacheDir }, lock, names));
    const wrong = findWrong(checks);
    const rows = checks.map((check) => [
      check.module,
      check.node.slice(0, 12),
      check.source,
      check.result,
      check.detail,
    ]);
    const summary =
      wrong.length === 0 ? "Every pin is to be had, byte for byte.\n" : `Not in order: ${wrong.join(", ")}.\n`;
    return {
      value: { checks, wrong },
      text: renderTable([["module", "revision", "source", "result", ""], ...rows]) + summary,
      exitCode: wrong.length === 0 ? exitCodes.done : exitCodes.findings,
    };
  },
};

async function checkPins(context: Context, lock: Lock, names: readonly string[]): Promise<PinCheck[]> {
  const sources = openSources(context, lock);
  const questions = names.flatMap((name) => {
    const module = lock.modules[name];
    const pins = Object.values(module?.pins ?? {}).filter((pin) => isPin(pin));
    const different = new Map(pins.map((pin) => [pin.integrity, pin]));
    const { all } = sourceOf(sources, module?.source ?? "");
    return [...different.values()].flatMap((pin) => all.map((source) => ({ name, pin, source })));
  });
  const checks: PinCheck[] = [];
  for (const { name, pin, source } of questions) {
    context.progress(`Checking ${name} at ${source.location}`);
    checks.push(await checkPin(name, pin, source));
  }
  return checks;
}

async function checkPin(name: string, pin: Pin, source: Source): Promise<PinCheck> {
  const row = { module: name, node: pin.node, source: source.spec.name };
  try {
    const { content, exact } = await source.readPinned({ name, ...pin });
    const same = integrityOf(content) === pin.integrity;
    if (same) return { ...row, result: "same", detail: treeOf(content) === pin.tree ? "" : "its README differs" };
    if (!exact) return { ...row, result: "without", detail: "it has another revision" };
    return { ...row, result: "other", detail: `integrity ${integrityOf(content)}, locked ${pin.integrity}` };
  } catch (error) {
    if (isUserError(error, "MODULE_UNKNOWN", "REVISION_UNKNOWN")) {
      return { ...row, result: "without", detail: error.message };
    }
    if (!isUserError(error)) throw error;
    return { ...row, result: "unreachable", detail: error.message };
  }
}

/** Modules with a pin that somebody has other bytes for, or that nobody has. */
function findWrong(checks: readonly PinCheck[]): string[] {
  const names = [...new Set(checks.map(({ module }) => module))];
  return names.filter((name) => {
    const own = checks.filter(({ module }) => module === name);
    const nowhere = own.some(({ node }) => !own.some((check) => check.node === node && check.result === "same"));
    return nowhere || own.some(({ result }) => result === "other");
  });
}
