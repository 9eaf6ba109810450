import type { CommandSpec } from "../command.ts";
import { prepareEngine } from "../context.ts";

export const setup: CommandSpec = {
  name: "setup",
  summary: "find a container engine, or install and start one (Debian or Ubuntu, as root)",
  options: ["json"],
  example: "foundry setup",
  async run(context) {
    const engine = await prepareEngine(context);
    const where = engine.host === undefined ? "" : ` at ${engine.host}`;
    const text = `Docker ${engine.version} with buildx ${engine.buildxVersion}${where} is ready.\n`;
    return { value: engine, text };
  },
};
