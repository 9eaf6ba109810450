import { UserError, didYouMean } from "@prosody-foundry/kit";
import { moduleNameOf } from "@prosody-foundry/lockfile";
import type { Image } from "./manifest.ts";

/**
 * The images of these names, in the order declared; all of them when none is named.
 * @throws UserError IMAGE_UNKNOWN.
 */
export function selectImages(images: readonly Image[], names: readonly string[]): Image[] {
  const known = images.map((image) => image.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UserError(
      "IMAGE_UNKNOWN",
      `There is no image ${JSON.stringify(name)}: images/${name}/image.json is missing`,
      {
        hint: didYouMean(name, known) ?? `Known: ${known.join(", ")}.`,
      },
    );
  }
  return names.length === 0 ? [...images] : images.filter((image) => names.includes(image.name));
}

/**
 * What the schema of one image.json cannot say.
 * @throws UserError IMAGE_MALFORMED: a bad folder name, a module named twice, a variant two images share.
 */
export function checkImages(images: readonly Image[]): Image[] {
  const variants = new Map<string, string>();
  for (const image of images) {
    const file = `images/${image.name}/image.json`;
    const fault = faultOf(image);
    if (fault !== undefined) throw new UserError("IMAGE_MALFORMED", `${file}: ${fault}`, { hint: mendImage });
    const other = variants.get(image.variant);
    if (other !== undefined) {
      throw new UserError(
        "IMAGE_MALFORMED",
        `${file}: variant: ${other} has ${JSON.stringify(image.variant)} already`,
        {
          hint: "Two images under one variant would carry the same tags: give this one its own.",
        },
      );
    }
    variants.set(image.variant, image.name);
  }
  return [...images];
}

/** What to do about an image.json that is wrong. */
export const mendImage = "Mend it, or take the committed file back (`git checkout`).";

function faultOf(image: Image): string | undefined {
  if (!/^[a-z0-9][a-z0-9-]*$/u.test(image.name)) {
    return "the folder's name is the image's: lower-case letters, digits and - only";
  }
  const names = [...image.modules.required, ...image.modules.optional].map(moduleNameOf);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? undefined : `modules: ${twice} is named twice`;
}
