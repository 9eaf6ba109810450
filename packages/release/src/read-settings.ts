import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError, checkShape, parseJson } from "@prosody-foundry/kit";
import { PublishSettings } from "./settings.ts";

/**
 * images/publish.json of the repository at `root`.
 * @throws UserError PUBLISH_MISSING, PUBLISH_MALFORMED with line and column, or the path of the field.
 */
export async function readSettings(root: string): Promise<PublishSettings> {
  const file = "images/publish.json";
  const text = await readFile(path.join(root, file), "utf8").catch(ignoreMissing);
  if (text === undefined) {
    throw new UserError("PUBLISH_MISSING", `There is no ${file} in ${root}`, {
      hint: "It says which repository of a registry images go to; take the committed file back (`git checkout`).",
    });
  }
  const origin = {
    file,
    code: "PUBLISH_MALFORMED",
    hint: "Mend it, or take the committed file back (`git checkout`).",
  };
  return checkShape(PublishSettings, parseJson(text, origin), origin);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
