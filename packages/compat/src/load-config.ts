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
  /** Our own module that answers (`foundry_probe`). */
  probe: string;
  options: { readonly [name: string]: LuaValue };
}

/** Configuration of a server that has nothing but a host for our probe. */
export function renderServerConfig(settings: ServerSettings): string {
  return [
    `data_path = ${renderLua(`${jobFolder}/data`)}`,
    `plugin_paths = ${renderLua([moduleFolder, `${jobFolder}/probe`])}`,
    // A timestamp that is the mark tells the server's lines from what a module prints; no width: tabs between fields.
    `log = { { to = "stdout", levels = { min = "info" }, source_width = false, timestamps = ${renderLua(settings.mark)} } }`,
    `foundry_mark = ${renderLua(settings.mark)}`,
    ...Object.entries(settings.options).map(([name, value]) => `${name} = ${renderLua(value)}`),
    'VirtualHost "foundry.test"',
    `  modules_enabled = ${renderLua([settings.probe])}`,
    "",
  ].join("\n");
}

export interface LoadSettings {
  mark: string;
  /** Without `mod_`. */
  name: string;
  kinds: readonly TriedKind[];
  statistics: boolean;
}

/** Configuration of a server that loads one module on one host of each kind. */
export function renderLoadConfig(settings: LoadSettings): string {
  const statistics: Record<string, LuaValue> = settings.statistics ? { statistics: "internal" } : {};
  const options = { ...loadOptions, ...statistics, foundry_module: settings.name };
  const base = renderServerConfig({ mark: settings.mark, probe: "foundry_probe", options });
  return [base, ...settings.kinds.map((kind) => renderHost(kind, settings.name)), ""].join("\n");
}

function renderHost(kind: TriedKind, name: string): string {
  const host = renderLua(hostOf(kind));
  const enabled = `  modules_enabled = ${renderLua([name])}`;
  if (kind === "virtual-host") return `VirtualHost ${host}\n${enabled}`;
  if (kind === "component") return `Component ${host} ${renderLua(name)}`;
  return `Component ${host} ${renderLua(kind)}\n${enabled}`;
}
