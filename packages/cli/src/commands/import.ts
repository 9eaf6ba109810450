import path from "node:path";
import { importBuilds } from "@prosody-foundry/bake";
import type { CommandSpec } from "../command.ts";
import { renderTable } from "../table.ts";

export const importBuild: CommandSpec = {
  name: "import",
  summary: "take in what was built on other machines, checked byte for byte; `build` joins it",
  arguments: "<folder...>",
  options: ["json"],
  example: "foundry import parts-amd64 parts-arm64 && foundry build prosody --series 13.0",
  async run(context, { args }) {
    const folders = args.flat().map((folder) => path.resolve(folder));
    const reports = await importBuilds(context.cacheDir, folders);
    const rows = reports.map(({ name, platforms, id }) => [name, Object.keys(platforms).join(" "), id]);
    return { value: reports, text: renderTable(rows) };
  },
};
