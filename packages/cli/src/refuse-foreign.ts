import type { Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { acceptsBuilder, type PublishSettings } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { readOrigin } from "./read-origin.ts";

export interface OriginRequest {
  targets: readonly Pick<Target, "image">[];
  settings: PublishSettings;
  builderId: string | undefined;
}

/**
 * Refuses to publish what nobody could verify by images/publish.json, before anything is uploaded.
 * @throws UserError ORIGIN_FOREIGN
 */
export async function refuseForeign(context: Context, { targets, settings, builderId }: OriginRequest): Promise<void> {
  const { origin } = await readOrigin(context, targets, builderId);
  const { source, builder } = origin;
  if (source?.url !== settings.source) {
    throw new UserError("ORIGIN_FOREIGN", `This is a clone of ${source?.url ?? "nothing"}, not of ${settings.source}`, {
      hint: "Name the repository as `source` in images/publish.json: strangers look whether images are from there.",
    });
  }
  if (acceptsBuilder(settings, builder)) return;
  throw new UserError("ORIGIN_FOREIGN", `Strangers would not take ${builder} for the builder of these images`, {
    hint: "Publish from a workflow of that repository, or say which builders count as `builder` in images/publish.json.",
  });
}
