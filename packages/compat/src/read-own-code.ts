import { readFile, readdir } from "node:fs/promises";
import { sha256 } from "@prosody-foundry/kit";

/** SHA-256 over our code that asks servers: what was found in another way does not hold any more. */
export async function hashOwnCode(): Promise<string> {
  const files = await Promise.all([readFolder("../harness/"), readFolder("./")]);
  return sha256(JSON.stringify(files));
}

async function readFolder(folder: string): Promise<[string, string][]> {
  const url = new URL(folder, import.meta.url);
  const names = (await readdir(url)).filter((name) =>
    /\.lua$|^(?:load|run|read|server)-.*(?<!\.test)\.ts$/u.test(name),
  );
  return await Promise.all(
    names.toSorted().map(async (name): Promise<[string, string]> => [name, await readFile(new URL(name, url), "utf8")]),
  );
}
