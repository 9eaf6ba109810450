import path from "node:path";
import { isPin, type Lock } from "@prosody-foundry/lockfile";
import {
  builderBelow,
  checkPattern,
  commandLine,
  readSettings,
  trustedSigner,
  type VerifiedImage,
  verifyImage as examineImage,
} from "@prosody-foundry/release";
import { chooseLock, readLockHere } from "../choose-lock.ts";
import type { CommandSpec, Flags } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { openTool } from "../open-tool.ts";
import { patchedFiles } from "../patched-files.ts";
import { renderChecks } from "../render-checks.ts";

export const verifyImage: CommandSpec = {
  name: "verify-image",
  summary:
    "a published image as a stranger sees it: signature, provenance, SBOM, module files (exit code 3 when one is wrong)",
  arguments: "<reference>",
  options: ["key", "identity", "issuer", "builderId", "lock", "platform", "json"],
  example: "foundry verify-image ghcr.io/prosody-foundry/prosody:latest",
  async run(context, { args: [reference = ""], flags }) {
    const verified = await examine(context, reference, flags);
    const moved = movedPins(verified, await readLockHere(context));
    const isGood = verified.checks.every(({ status }) => status === "passed");
    const { modules: _modules, ...value } = verified;
    return {
      value: { ...value, commands: verified.commands.map(commandLine), moved },
      text: render(verified, moved),
      exitCode: isGood ? exitCodes.done : exitCodes.findings,
    };
  },
};

/** What verifyImage says, with the repository's own settings unless the flags say otherwise. */
export async function examine(context: Context, reference: string, flags: Flags): Promise<VerifiedImage> {
  const settings = await readSettings(context.root);
  const builder = flags.builderId ?? settings.builder ?? builderBelow(settings.source);
  const key = flags.key === undefined ? {} : { key: path.resolve(flags.key) };
  return examineImage({
    exec: context.exec,
    progress: context.progress,
    reference,
    trusted: trustedSigner(settings.signing, { ...flags, ...key }, context.root),
    source: settings.source,
    builder: checkPattern("--builder-id", builder),
    platforms: flags.platform,
    tools: { crane: await openTool(context, "crane"), cosign: await openTool(context, "cosign") },
    chooseLock: (revision) => chooseLock(context, { file: flags.lock, revision }),
    patchedFiles: (module, lock) => patchedFiles(context, module, lock),
  });
}

/** A module whose pin is another one in the lock here: no fault of the image. */
interface MovedPin {
  name: string;
  image: { node: string; date: string };
  /** Null: locked no more. */
  here: { node: string; date: string } | null;
}

function movedPins({ modules, series }: VerifiedImage, here: Lock | undefined): MovedPin[] {
  return modules.flatMap(({ name, key, pin }) => {
    const now = series === null ? undefined : here?.modules[key]?.pins[series];
    if (isPin(now) && now.integrity === pin.integrity) return [];
    const image = { node: pin.node, date: pin.date };
    return [{ name, image, here: isPin(now) ? { node: now.node, date: now.date } : null }];
  });
}

function render(verified: VerifiedImage, moved: readonly MovedPin[]): string {
  const { reference, repository, digest, checks, commands } = verified;
  const exact = `${repository}@${digest}`;
  const head = reference === exact ? exact : `${reference} is ${exact}`;
  const news =
    moved.length === 0
      ? ""
      : `\nThe lock here has moved on since; that is no tampering:\n${moved.map(renderMoved).join("")}`;
  const same = commands.map((command) => `  # ${command.title}\n  ${commandLine(command)}\n`).join("");
  return `${head}\n${renderChecks(checks)}${news}\nThe same without foundry:\n${same}`;
}

function renderMoved({ name, image, here }: MovedPin): string {
  const now = here === null ? "not locked any more" : `now ${here.node.slice(0, 12)} of ${here.date}`;
  return `  ${name}: ${image.node.slice(0, 12)} of ${image.date}, ${now}\n`;
}
