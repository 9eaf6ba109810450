import { access, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { runExclusive } from "@prosody-foundry/kit";
import { keepAnswers } from "./keep-answers.ts";
import { type Location, nameLocation } from "./location.ts";
import { openHgweb } from "./read-hgweb.ts";
import { fallBack, type PinReading, type Reading } from "./reading.ts";
import { unreachable } from "./revision.ts";
import { openHgRepository, runHg } from "./run-hg.ts";
import type { SourceContext, SourceSpec } from "./source.ts";

/** A Mercurial tree: over HTTP without Mercurial wherever that can be, else through a clone; a path as it stands. */
export function openHg(spec: SourceSpec, context: SourceContext, location: Location): PinReading {
  const reading = openPlace(spec, context, location);
  const kept = keepAnswers(reading, context.cacheDir, `hg ${location.address} ${spec.folder}`);
  // Past the kept answers: a mirror that was refused and then mended has to be asked again.
  const readPinned: PinReading["readPinned"] = async (pin) => ({
    content: await reading.readModule(pin.node, pin.name),
    exact: true,
  });
  return { ...kept, readPinned };
}

function openPlace(spec: SourceSpec, context: SourceContext, location: Location): Reading {
  if (location.reach === "path") return openHgRepository(spec, context, async () => location.address);
  const clone = openHgRepository(spec, context, keepClone(context, location));
  if (location.reach === "remote") return clone;
  return fallBack(openHgweb(spec, context, location.address), clone, context.progress);
}

/** The clone in the cache, made when first asked for and pulled once for a revision it lacks. */
function keepClone(context: SourceContext, location: Location): (revision: string | undefined) => Promise<string> {
  const clone = path.join(context.cacheDir, "hg", nameLocation(location));
  let fresh = false;
  return async (revision) => {
    await runExclusive(clone, () => update(revision), { onWait: context.progress });
    return clone;
  };

  async function update(revision: string | undefined): Promise<void> {
    const present = await exists(clone);
    if (!present) await makeClone(context, location.address, clone);
    fresh ||= !present || context.offline;
    if (fresh || (await hasRevision(context, clone, revision))) return;
    context.progress(`Pulling ${location.address}`);
    const { exitCode, stderr } = await runHg(context.exec, [`--repository=${clone}`, "pull", location.address]);
    if (exitCode !== 0) throw unreachable(location.address, stderr.trim());
    fresh = true;
  }
}

async function makeClone(context: SourceContext, address: string, clone: string): Promise<void> {
  if (context.offline) throw unreachable(address, "this command works offline and its cache has no clone");
  context.progress(`Cloning ${address}`);
  const unfinished = `${clone}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(path.dirname(clone), { recursive: true });
  const { exitCode, stderr } = await runHg(context.exec, ["clone", "--noupdate", "--", address, unfinished]);
  if (exitCode !== 0) throw unreachable(address, stderr.trim().replace(/^abort: /u, ""));
  await rename(unfinished, clone);
}

async function hasRevision(context: SourceContext, clone: string, revision: string | undefined): Promise<boolean> {
  if (revision === undefined) return false;
  const args = [`--repository=${clone}`, "log", `--rev=id("${revision}")`, "--template=x"];
  const { exitCode, stdout } = await runHg(context.exec, args);
  return exitCode === 0 && stdout === "x";
}

async function exists(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  );
}
