import { access, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { isUserError, runExclusive } from "@prosody-foundry/kit";
import { keepAnswers } from "./keep-answers.ts";
import { keepLog, type LogReading } from "./keep-log.ts";
import { type Location, nameLocation } from "./location.ts";
import { openHgweb } from "./read-hgweb.ts";
import { fallBack, type PinReading, type Reading } from "./reading.ts";
import { unreachable } from "./revision.ts";
import { type FindRepository, openHgRepository, runHg } from "./run-hg.ts";
import type { SourceContext, SourceSpec } from "./source.ts";

/** A Mercurial tree: over HTTP without Mercurial wherever that can be, else through a clone; a path as it stands. */
export function openHg(spec: SourceSpec, context: SourceContext, location: Location): PinReading {
  const { reading, log } = openPlace(spec, context, location);
  const place = `hg ${location.address} ${spec.folder}`;
  return {
    ...keepAnswers(reading, context.cacheDir, place),
    // Past the kept answers: a mirror that was refused and then mended has to be asked again.
    readPinned: async (pin) => ({ content: await reading.readModule(pin.node, pin.name), exact: true }),
    readLog: () => keepLog(log, place.trimEnd(), context),
  };
}

function openPlace(
  spec: SourceSpec,
  context: SourceContext,
  location: Location,
): { reading: Reading; log: LogReading } {
  if (location.reach === "path") {
    const repository = openHgRepository(spec, context, async () => location.address);
    return { reading: repository, log: repository };
  }
  const kept = keepClone(context, location);
  const clone = openHgRepository(spec, context, kept.find);
  const log = logThroughClone(clone, kept, context);
  if (location.reach === "remote") return { reading: clone, log };
  const web = openHgweb(spec, context, location.address);
  return { reading: fallBack(web, clone, context.progress), log: orNull(log, context) };
}

/** Such a log as is worth a clone: hgweb's pages name no files. */
function logThroughClone(clone: LogReading, kept: KeptClone, context: SourceContext): LogReading {
  return {
    readShape: (node) => clone.readShape(node),
    readAfter: async (known) => {
      if (context.offline)
        return known === undefined ? clone.readAfter(undefined) : { rows: [], position: known.position };
      const tip = await kept.identify("tip");
      if (known !== undefined && tip === known.node) return { rows: [], position: known.position };
      // A clone keeps what its origin has stripped.
      if (known !== undefined && (await kept.identify(known.node)) === undefined) {
        await kept.forget();
        return undefined;
      }
      await kept.catchUp(tip);
      return clone.readAfter(known);
    },
  };
}

/** Where Mercurial is missing, or the server speaks to browsers alone, its pages still tell of one module at a time. */
function orNull(log: LogReading, context: SourceContext): LogReading {
  const readAfter: LogReading["readAfter"] = async (known) => {
    try {
      return await log.readAfter(known);
    } catch (error) {
      if (context.offline || !isUserError(error, "HG_MISSING", "SOURCE_UNREACHABLE")) throw error;
      const say = context.say ?? context.progress;
      say(`${error.message}. Without it every module's history is asked for on its own, which takes longer.`);
      return null;
    }
  };
  return { ...log, readAfter };
}

interface KeptClone {
  find: FindRepository;
  /** Pulls unless it has the origin's tip. */
  catchUp(tip: string | undefined): Promise<void>;
  /** The whole hash of a revision the origin has. */
  identify(revision: string): Promise<string | undefined>;
  forget(): Promise<void>;
}

/** The clone in the cache, made when first asked for and pulled once for a revision it lacks. */
function keepClone(context: SourceContext, location: Location): KeptClone {
  const clone = path.join(context.cacheDir, "hg", nameLocation(location));
  let fresh = false;
  const exclusively = <T>(work: () => Promise<T>): Promise<T> =>
    runExclusive(clone, work, { onWait: context.progress });
  return {
    find: async (revision) => {
      await exclusively(() => update(revision));
      return clone;
    },
    catchUp: async (tip) => {
      await exclusively(() => update(tip));
      fresh = true;
    },
    identify: (revision) => identify(context, location.address, revision),
    forget: () =>
      exclusively(async () => {
        await rm(clone, { recursive: true, force: true });
        fresh = false;
      }),
  };

  async function update(revision: string | undefined): Promise<void> {
    const present = await exists(clone);
    if (!present) await makeClone(context, location.address, clone);
    fresh ||= !present || context.offline;
    if (fresh || (await hasRevision(context, clone, revision))) return;
    context.progress(`Pulling ${location.address}`);
    const { exitCode, stderr } = await runHg(context.exec, [`--repository=${clone}`, "pull", location.address]);
    if (exitCode !== 0) throw unreachable(location.address, stderr.trim().replace(/^abort: /u, ""));
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

async function identify(context: SourceContext, address: string, revision: string): Promise<string | undefined> {
  const args = ["identify", "--debug", "--id", `--rev=${revision}`, "--", address];
  const { exitCode, stdout, stderr } = await runHg(context.exec, args);
  // Only --debug gives the whole hash, among lines about the connection.
  const id = /^[0-9a-f]{40}$/mu.exec(stdout)?.[0];
  if (exitCode === 0 && id !== undefined) return id;
  if (stderr.includes("unknown revision")) return undefined;
  throw unreachable(address, stderr.trim().replace(/^abort: /u, ""));
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
