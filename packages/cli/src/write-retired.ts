import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Series, checkShape, parseJson, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { SeriesFile } from "@prosody-foundry/images";

/** Sets `retired` of a series in images/series.json, and leaves all else as it is written there. @throws UserError SERIES_MALFORMED */
export async function writeRetired(root: string, series: Series): Promise<void> {
  const file = path.join(root, "images/series.json");
  const origin = { file: "images/series.json", code: "SERIES_MALFORMED", hint: "Write `retired` there by hand." };
  await runExclusive(file, async () => {
    const text = await readFile(file, "utf8");
    const changed = setRetired(text, series);
    const { series: all } = checkShape(SeriesFile, parseJson(changed, origin), origin);
    if (all[series].retired !== true) throw new Error(`images/series.json is written in a way this cannot change`);
    await writeFileWhole(file, changed);
  });
}

function setRetired(text: string, series: Series): string {
  const open = new RegExp(
    String.raw`("${series.replace(".", String.raw`\.`)}": \{)(?:\s*"retired": false,)?(\s*)(?="releases":)`,
    "u",
  );
  return text.replace(open, '$1$2"retired": true,$2');
}
