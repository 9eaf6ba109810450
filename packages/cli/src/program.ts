import { prettyJson } from "@prosody-foundry/kit";
import { Command } from "commander";
import type { CommandSpec, Flags } from "./command.ts";
import { commands } from "./commands/index.ts";
import type { GlobalFlags } from "./context.ts";
import { exitCodes } from "./exit-codes.ts";
import { options } from "./options.ts";
import { openContext } from "./read-context.ts";
import { writeOutputs, writeSummary } from "./write-summary.ts";

const exitCodeHelp = `
Exit codes: 0 done · 1 refused (code, sentence, hint) · 2 no such command, argument or flag · 3 done, and something
is not in order · 70 a fault of ours · 130 interrupted`;

const mirrorHelp = "fetch a URL from somewhere else; the content is checked by hash all the same (repeatable)";

const groups: Readonly<Record<string, string>> = {
  lock: "modules.lock.json itself",
  module: "pins of community modules in modules.lock.json",
  packages: "Debian packages that images are made of and with",
  series: "Prosody releases in images/series.json",
  source: "trees that modules come from",
};

/** The whole command line; the exit code of the command that ran is put into `outcome`. */
export function createProgram(outcome: { exitCode: number }): Command {
  const program = new Command("foundry")
    .description("Images of the Prosody XMPP server, and the registry of its community modules.")
    .option("--root <folder>", "repository to work in (else the nearest one upward)")
    .option("--mirror <url=replacement>", mirrorHelp, (word, before?: string[]) => [...(before ?? []), word])
    .option("--builder <name>", "buildx builder to build with, of any driver (else BUILDX_BUILDER, else docker's own)")
    .option("--offline", "use what the cache has, reach for nothing")
    .addHelpText("after", exitCodeHelp)
    .exitOverride();
  for (const spec of commands) addCommand(parentOf(program, spec), spec, outcome);
  return program;
}

function parentOf(program: Command, spec: CommandSpec): Command {
  const [group] = spec.name.split(" ");
  if (group === undefined || group === spec.name) return program;
  const present = program.commands.find((command) => command.name() === group);
  if (present !== undefined) return present;
  return program
    .command(group)
    .description(groups[group] ?? "")
    .exitOverride();
}

function addCommand(parent: Command, spec: CommandSpec, outcome: { exitCode: number }): void {
  const command = parent.command(spec.name.split(" ").at(-1) ?? spec.name).description(spec.summary);
  if (spec.arguments !== undefined) command.arguments(spec.arguments);
  for (const option of spec.options.flatMap((name) => options[name]())) command.addOption(option);
  command.addHelpText("after", `\nExample:\n  ${spec.example}\n${exitCodeHelp}`);
  command.allowExcessArguments(false).exitOverride();
  command.action(async () => {
    outcome.exitCode = await runSpec(spec, command);
  });
}

async function runSpec(spec: CommandSpec, command: Command): Promise<number> {
  const flags = command.opts<Flags>();
  const { context, printer } = openContext(command.optsWithGlobals<GlobalFlags>());
  try {
    const result = await spec.run(context, { args: command.args, flags });
    printer.end();
    await writeSummary(context.env["GITHUB_STEP_SUMMARY"], result.summary);
    await writeOutputs(context.env["GITHUB_OUTPUT"], result.outputs);
    process.stdout.write(flags.json === true ? prettyJson(result.value) : result.text);
    return result.exitCode ?? exitCodes.done;
  } finally {
    printer.end();
  }
}
