import { readFile } from "node:fs/promises";
import { jobFolder } from "./load-config.ts";
import { type LuaValue, renderLua } from "./load-lua.ts";
import type { ShippedFile } from "./load-request.ts";

export interface HarnessJob {
  /** Name of our module in `harness/` that answers. */
  probe: string;
  /** The configuration of the server. */
  config: string;
  /** What goes into the plugin folder. */
  files: readonly ShippedFile[];
  /** Begins what the server itself writes. */
  mark: string;
  /** Hosts of the configuration in the order in which a lane brings them up. */
  hosts?: readonly string[];
}

/** The Lua script that becomes the server of a job; as a lane it waits for more jobs before it has any host. */
export async function renderScript(job: HarnessJob, lane?: LuaValue): Promise<string> {
  const [layOut, start, wait] = await Promise.all(["lay-out.lua", "start.lua", "lane.lua"].map(readHarness));
  return [
    `local lay_out = (function (...)\n${layOut}\nend)();`,
    ...(lane === undefined ? [] : [call(wait, renderLua(lane))]),
    call(start, await renderJob(job)),
    "",
  ].join("\n");
}

function call(code: string | undefined, value: string): string {
  return `(function (...)\n${code}\nend)(${value}, lay_out);`;
}

/** A job as the harness takes it. */
export async function renderJob(job: HarnessJob): Promise<string> {
  const probe = await readHarness(`mod_${job.probe}.lua`);
  const files = [
    { path: "prosody.cfg.lua", bytes: Buffer.from(job.config) },
    { path: `probe/mod_${job.probe}.lua`, bytes: Buffer.from(probe) },
    ...job.files.map(({ path, bytes }) => ({ path: `modules/${path}`, bytes })),
  ];
  return renderLua({ mark: job.mark, folder: jobFolder, files, hosts: job.hosts ?? [] });
}

async function readHarness(file: string): Promise<string> {
  return await readFile(new URL(`../harness/${file}`, import.meta.url), "utf8");
}
