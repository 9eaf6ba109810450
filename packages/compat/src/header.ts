import type { Evidence } from "@prosody-foundry/lockfile";
import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";
import { latin1Text, libraryFilesOf, mainFileOf } from "./layout.ts";
import type { JudgedRelease } from "./release.ts";

/** `--%` keys → values; of a key given twice the last counts. */
export type Header = ReadonlyMap<string, string>;

// Every series runs on it.
const luaVersion = "5.4";

/**
 * The `--%` lines of a Lua file, anywhere in it, as core/modulemanager.lua reads them:
 * `([^\r\n]+)\r?\n`, then `^%-%-%% *([%w_]+): *(.+)$`. A last line without a line feed does not count.
 */
export function readHeader(text: string): Header {
  const lines = text.split("\n").slice(0, -1).map(lineAsMatched);
  const pairs = lines.map((line) => /^--% *([A-Za-z0-9_]+): *([^]+)$/u.exec(line)).filter((match) => match !== null);
  return new Map(pairs.map(([, key = "", value = ""]) => [key, trimEnd(value)]));
}

/**
 * Whether Prosody's own filter lets the files of the module through on this release; nothing for a module without
 * `--%` lines. The values are features, not modules. `date` is the day of the module's changeset.
 */
export function headerEvidence(content: ModuleContent, release: JudgedRelease, date: string): Evidence[] {
  const main = mainFileOf(content);
  const files = [...(main === undefined ? [] : [main]), ...libraryFilesOf(content)];
  const headers = files.map((file) => ({ file, header: readHeader(latin1Text(file)) }));
  const asking = headers.filter(({ header }) => header.size > 0);
  if (asking.length === 0) return [];
  const because = asking.map(({ file, header }) => refusal(file, header, release)).find((text) => text !== undefined);
  if (because === undefined) return [{ kind: "header", says: "loads", because: "Its --% lines allow it", date }];
  return [{ kind: "header", says: "broken", because, date }];
}

// The pattern can begin after a carriage return inside the line, and allows one before the line feed.
function lineAsMatched(line: string): string {
  const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
  return whole.slice(whole.lastIndexOf("\r") + 1);
}

function trimEnd(value: string): string {
  let end = value.length;
  while (end > 0 && " \t\v\f\r\n".includes(value.charAt(end - 1))) end -= 1;
  return value.slice(0, end);
}

function refusal(file: ModuleFile, header: Header, release: JudgedRelease): string | undefined {
  const features = new Set(release.features);
  const versions = wordsOf(header.get("lua"));
  // 0.12 does not know the key.
  if (release.series !== "0.12" && header.has("lua") && !versions.includes(luaVersion)) {
    return `${file.path} refuses Lua ${luaVersion} (--% lua: ${versions.join(", ")})`;
  }
  const clashing = wordsOf(header.get("conflicts")).filter((feature) => features.has(feature));
  if (clashing.length > 0) return `${file.path} refuses a Prosody with ${clashing.join(", ")} (--% conflicts)`;
  const missing = wordsOf(header.get("requires")).filter((feature) => !features.has(feature));
  if (missing.length > 0) return `${file.path} requires ${missing.join(", ")}, which Prosody lacks (--% requires)`;
  return undefined;
}

function wordsOf(value = ""): string[] {
  return value.split(/[, ]/u).filter((word) => word !== "");
}
