import { factsOf, type LoadOptions, type LoadRequest, runLoads } from "@prosody-foundry/compat";
import { emptyLock } from "@prosody-foundry/lockfile";
import { type ModuleContent, shippingFiles } from "@prosody-foundry/source";
import { type Context, engineExec } from "../../packages/cli/src/context.ts";
import { openReleases } from "../../packages/cli/src/open-releases.ts";
import { openLockedSource, upstreamName } from "../../packages/cli/src/open-sources.ts";
import { type Figure, under } from "./figures.ts";
import { type Duration, measure } from "./measure.ts";

// Of this many modules one is loaded in containers of its own: all of them would take half an hour.
const sampling = 20;

export interface LoadsMeasured {
  version: string;
  modules: number;
  /** The whole tree in containers that are shared. */
  shared: Duration;
  /** The whole tree once more, nothing having changed. */
  again: Duration;
  /** Some modules, each trial in a container of its own. */
  own: Duration & { modules: number };
}

/** Loads the newest revision of the whole tree on the first release of a series, twice, and some of it the slow way. */
export async function measureLoads(context: Context): Promise<LoadsMeasured> {
  const [release] = await openReleases(context, ["13.0"]);
  if (release === undefined) throw new Error("No release of 13.0 was opened");
  const modules = await readTree(context, new Set(release.locked.core));
  const exec = await engineExec(context);
  const options: LoadOptions = { exec, image: release.image, modules, date: context.today };
  const { cacheDir } = context;
  const shared = await measure(() => runLoads({ ...options, cacheDir }));
  const again = await measure(() => runLoads({ ...options, cacheDir }));
  const sample = modules.filter((_, index) => index % sampling === 0);
  const own = await measure(() => runLoads({ ...options, modules: sample, containers: "own", parallel: 2 }));
  return { version: release.version, modules: modules.length, shared, again, own: { ...own, modules: sample.length } };
}

export function figuresOfLoads(loads: LoadsMeasured): Figure[] {
  const { shared, again, own } = loads;
  const each = shared.seconds / loads.modules;
  const tree = { what: "loading the whole tree on one release", ours: shared.seconds, official: undefined };
  return [
    under({ ...tree, unit: "seconds" }, 30, "under 30 s"),
    { what: "  again, nothing changed", unit: "seconds", ours: again.seconds, official: undefined },
    {
      what: "  a module; beside it, a container each",
      unit: "seconds",
      ours: each,
      official: own.seconds / own.modules,
    },
  ];
}

export function noteLoads({ version, modules, shared, own }: LoadsMeasured): string {
  return `Loading: ${modules} modules on Prosody ${version}, ${rate(modules, shared.seconds)} (load average ${shared.load.toFixed(1)}); a container for each trial, 2 at once, over ${own.modules} of them: ${rate(own.modules, own.seconds)}.`;
}

function rate(count: number, seconds: number): string {
  return `${(count / seconds).toFixed(1)} modules/s`;
}

async function readTree(context: Context, core: ReadonlySet<string>): Promise<LoadRequest[]> {
  const { tree } = openLockedSource(context, emptyLock(), upstreamName);
  const { node } = await tree.readNewest();
  const contents = new Map<string, ModuleContent>();
  for (const name of await tree.listModules(node)) contents.set(name, await tree.readModule(node, name));
  return [...contents.values()].map((content) => {
    const closure = closureOf(content, contents).filter(({ name }) => !core.has(name));
    return { ...ship(content), closure: closure.map(ship) };
  });
}

function ship(content: ModuleContent): Omit<LoadRequest, "closure"> {
  return { name: content.name, files: shippingFiles(content) };
}

function closureOf(content: ModuleContent, contents: ReadonlyMap<string, ModuleContent>): ModuleContent[] {
  const found = new Set([content]);
  for (const one of found) {
    const needed = factsOf(one).depends.map((name) => contents.get(name));
    for (const other of needed.filter((module) => module !== undefined)) found.add(other);
  }
  return [...found].slice(1);
}
