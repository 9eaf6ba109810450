import type { HostKind } from "@prosody-foundry/lockfile";
import { type LuaValue, renderLua } from "./load-lua.ts";
import { loadOptions } from "./load-options.ts";

/** The kinds of host a module can be enabled on. A module that leaves its host is seen as "global" afterwards. */
export type TriedKind = Exclude<HostKind, "global">;

export const triedKinds: readonly TriedKind[] = ["virtual-host", "muc", "pubsub", "component"];

/** Where the files of a job lie in the container; a tmpfs. */
export const jobFolder = "/tmp/foundry";
/** Where the modules under test lie. */
export const moduleFolder = `${jobFolder}/modules`;

/** The name of the host of a kind. */
export function hostOf(kind: TriedKind): string {
  return `${kind}.test`;
}

export interface ServerSettings {
  /** Begins every line that the server itself writes. */
  mark: string;
  /** Our own module that answers (`foundry_probe`); a lane has none yet. */
  probe: string | undefined;
  options: { readonly [name: string]: LuaValue };
}

// A server without a VirtualHost does not start.
const ownHost = "foundry.test";

/** Configuration of a server that has nothing but a host for our probe. */
export function renderServerConfig(settings: ServerSettings): string {
  return [
    `data_path = ${renderLua(`${jobFolder}/data`)}`,
    `plugin_paths = ${renderLua([moduleFolder, `${jobFolder}/probe`])}`,
    // A timestamp that is the mark tells the server's lines from what a module prints; no width: tabs between fields.
    `log = { { to = "stdout", levels = { min = "info" }, source_width = false, timestamps = ${renderLua(settings.mark)} } }`,
    `foundry_mark = ${renderLua(settings.mark)}`,
    ...Object.entries(settings.options).map(([name, value]) => `${name} = ${renderLua(value)}`),
    `VirtualHost ${renderLua(ownHost)}`,
    ...enable(settings.probe),
    "",
  ].join("\n");
}

export interface LaneSettings {
  mark: string;
  kinds: readonly TriedKind[];
  statistics: boolean;
}

export interface LoadSettings extends LaneSettings {
  /** Without `mod_`. */
  name: string;
}

/** Configuration of a server that loads one module on one host of each kind. */
export function renderLoadConfig({ mark, name, kinds, statistics }: LoadSettings): string {
  const options = { ...loadOptions, ...statisticsOption(statistics), foundry_module: name };
  const base = renderServerConfig({ mark, probe: "foundry_probe", options });
  return [base, ...kinds.flatMap((kind) => renderHost(kind, name)), ""].join("\n");
}

/** The hosts of that configuration in the order in which a lane brings them up. */
export function loadHosts(kinds: readonly TriedKind[]): string[] {
  return [ownHost, ...kinds.map(hostOf)];
}

/**
 * What a lane has before its first job: the hosts without any module of ours, and no port open. A component that is
 * the module itself cannot be there yet. A lane runs as root, its children do not.
 */
export function renderLaneConfig({ mark, kinds, statistics }: LaneSettings): string {
  const closed = { run_as_root: true, interfaces: [], local_interfaces: [] };
  const options = { ...loadOptions, ...statisticsOption(statistics), ...closed };
  const base = renderServerConfig({ mark, probe: undefined, options });
  const hosts = kinds.filter((kind) => kind !== "component").flatMap((kind) => renderHost(kind));
  return [base, ...hosts, ""].join("\n");
}

function statisticsOption(statistics: boolean): Record<string, LuaValue> {
  return statistics ? { statistics: "internal" } : {};
}

function renderHost(kind: TriedKind, name?: string): string[] {
  const host = renderLua(hostOf(kind));
  if (kind === "component") return [`Component ${host} ${renderLua(name ?? kind)}`];
  const opening = kind === "virtual-host" ? `VirtualHost ${host}` : `Component ${host} ${renderLua(kind)}`;
  return [opening, ...enable(name)];
}

function enable(name: string | undefined): string[] {
  return name === undefined ? [] : [`  modules_enabled = ${renderLua([name])}`];
}
