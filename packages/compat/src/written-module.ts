import type { ModuleContent } from "@prosody-foundry/source";

/** For tests: a module out of texts, path → text. */
export function writtenModule(name: string, files: Readonly<Record<string, string>>): ModuleContent {
  const made = Object.entries(files).map(([path, text]) => ({ path, executable: false, bytes: Buffer.from(text) }));
  return { name, files: made };
}
