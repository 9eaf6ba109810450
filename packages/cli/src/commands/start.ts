import { readSeries } from "@prosody-foundry/images";
import type { CommandSpec } from "../command.ts";
import { prepareEngine } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { foreseeTags } from "../foresee-tags.ts";
import { hostPlatform } from "../host-platform.ts";
import { planImages } from "../plan-images.ts";
import { verifyOnce } from "../verify-once.ts";
import { buildPlanned, describeBuilt, renderBuilt } from "./build.ts";
import { hasFailed, renderVerified } from "./verify.ts";

/** The image `npm start` is about. */
const defaultImage = "prosody";

export const start: CommandSpec = {
  name: "start",
  summary: "set up, build the default image for this machine, check it, say how to run it",
  options: ["json"],
  example: "foundry start",
  async run(context) {
    const engine = await prepareEngine(context);
    // Where docker finds the engine by itself, nobody need be told.
    const host = context.env["DOCKER_HOST"] === undefined ? engine.host : undefined;
    const seriesFile = await readSeries(context.root);
    const flags = { available: true, series: [seriesFile.default], platform: [hostPlatform()] };
    const planned = await planImages(context, [defaultImage], flags);
    const [built] = await buildPlanned(context, planned, {});
    if (built === undefined) throw new Error("The plan of the default image has no target");
    const verified = await verifyOnce(context, built);
    const tags = (await foreseeTags(context, [built.target])).flatMap((foreseen) => foreseen.tags);
    const image = verified[0]?.image ?? "";
    const text = [
      renderBuilt(built),
      `  tags it would carry: ${tags.join(" ")}\n\n`,
      ...verified.map(renderVerified),
      `\nRun it:\n\n${runLine(image, host)}\n`,
    ].join("");
    const failed = hasFailed(verified);
    return {
      value: { ...describeBuilt(built), tags, verified, image },
      text,
      exitCode: failed ? exitCodes.findings : exitCodes.done,
    };
  },
};

function runLine(image: string, host: string | undefined): string {
  return [
    `docker${host === undefined ? "" : ` --host ${host}`} run -d --name prosody --read-only --cap-drop ALL --security-opt no-new-privileges`,
    "--tmpfs /run/prosody:mode=1777 -v prosody-data:/var/lib/prosody -v ./certs:/etc/prosody/certs:ro",
    `-p 5222:5222 -p 5223:5223 -p 5269:5269 -p 5281:5281 -e PROSODY_DOMAIN=example.org ${image}`,
  ].join(" \\\n  ");
}
