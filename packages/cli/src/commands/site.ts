import path from "node:path";
import { writeSite } from "@prosody-foundry/registry";
import type { CommandSpec } from "../command.ts";

export const site: CommandSpec = {
  name: "site",
  summary: "write the registry as a folder for a web server: a page of all modules, the lock, the surveys",
  arguments: "<folder>",
  options: ["json"],
  example: "foundry site _site",
  async run({ root }, { args }) {
    const folder = path.resolve(args[0] ?? "");
    const files = await writeSite(root, folder);
    return { value: { folder, files }, text: files.map((file) => `${path.join(folder, file)}\n`).join("") };
  },
};
