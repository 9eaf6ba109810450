// Writes what is made from the table of options: the reference in the image's README, and the schema of its environment.
import { writeFile } from "node:fs/promises";
import { askHelp, readmeFile, renewReadme, schemaFile } from "./fixtures/option-files.ts";
import { ensureProsodyImage, usualSeries } from "./fixtures/prosody-image.ts";
import { useEngine } from "./fixtures/runnable-image.ts";

await useEngine();
const image = await ensureProsodyImage(usualSeries);
await writeFile(readmeFile, (await renewReadme(image)).renewed);
await writeFile(schemaFile, `${await askHelp(image, "--json-schema")}\n`);
