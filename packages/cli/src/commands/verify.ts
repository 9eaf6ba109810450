import type { CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { planImages } from "../plan-images.ts";
import { renderChecks } from "../render-checks.ts";
import { type Verified, verifyBuilt } from "../verify-built.ts";

export const verify: CommandSpec = {
  name: "verify",
  summary: "start what was built and check it from outside (exit code 3 when a check fails)",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "json"],
  example: "foundry verify prosody --series 13.0 --platform linux/amd64",
  async run(context, { args, flags }) {
    const planned = await planImages(context, args, flags);
    const verified: Verified[] = [];
    for (const target of planned.targets) {
      const whole = planned.allPlatforms().find(({ name }) => name === target.name);
      verified.push(...(await verifyBuilt(context, target, whole)));
    }
    return {
      value: verified,
      text: verified.map(renderVerified).join("\n"),
      exitCode: hasFailed(verified) ? exitCodes.findings : exitCodes.done,
    };
  },
};

export function hasFailed(verified: readonly Verified[]): boolean {
  return verified.some(({ checks }) => checks.some(({ status }) => status === "failed"));
}

/** One platform's checks, a line each. */
export function renderVerified({ target, platform, checks }: Verified): string {
  return `${target} on ${platform}\n${renderChecks(checks)}`;
}
