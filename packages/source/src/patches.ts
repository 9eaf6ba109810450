import { isUserError, UserError } from "@prosody-foundry/kit";
import { checkContent } from "./check.ts";
import { makeContent, type ModuleContent, type ModuleFile } from "./content.ts";
import { type FileChange, parsePatchFile, type PatchText, unsafePatch } from "./patches-file.ts";
import { applyHunks, type Misfit, reverseHunk } from "./patches-hunk.ts";
import { readableText } from "./readable-text.ts";

/**
 * The module with local patches applied, one after the other, byte for byte and without fuzz. Paths start at the
 * module's folder, or all of one patch at the tree's (`mod_x/…`).
 * @throws UserError PATCH_FAILED with the hunk that finds no place, PATCH_MALFORMED, PATCH_UNSAFE
 */
export function patchModule(content: ModuleContent, patches: readonly PatchText[]): ModuleContent {
  let patched = content;
  for (const patch of patches) patched = applyPatch(patched, patch);
  return patched;
}

function applyPatch(content: ModuleContent, patch: PatchText): ModuleContent {
  const changes = startAtModule(parsePatchFile(patch), content, patch);
  const touched = changes.flatMap(({ from, to }) => [from, to]).filter((path) => path !== null);
  for (const path of touched) checkSafe({ name: content.name, files: [emptyFile(path)] }, patch);
  const patched = applyOrExplain(content, changes, patch);
  checkSafe(patched, patch);
  return patched;
}

/** A patch made in the tree's folder, as `hg diff --git` makes it, as if made in the module's. */
function startAtModule(changes: readonly FileChange[], content: ModuleContent, patch: PatchText): FileChange[] {
  const folder = `${content.name}/`;
  const isInside = (path: string | null) => path?.startsWith(folder) ?? true;
  const fromTree = changes.some(({ from, to }) => isInside(from) && isInside(to));
  if (!fromTree || content.files.some(({ path }) => isInside(path))) return [...changes];
  const outside = changes.flatMap(({ from, to }) => [from, to]).find((path) => !isInside(path));
  if (typeof outside === "string") throw unsafePatch(patch, `${outside} is outside ${content.name}`);
  const strip = (path: string | null) => path?.slice(folder.length) ?? null;
  return changes.map((change) => ({ ...change, from: strip(change.from), to: strip(change.to) }));
}

function emptyFile(path: string): ModuleFile {
  return { path, executable: false, bytes: new Uint8Array() };
}

function checkSafe(content: ModuleContent, patch: PatchText): void {
  try {
    checkContent(content);
  } catch (error) {
    if (!isUserError(error)) throw error;
    throw unsafePatch(patch, error.message, error);
  }
}

function applyOrExplain(content: ModuleContent, changes: readonly FileChange[], patch: PatchText): ModuleContent {
  try {
    return applyChanges(content, changes, patch);
  } catch (error) {
    if (!isUserError(error) || !isApplied(content, changes, patch)) throw error;
    throw new UserError("PATCH_FAILED", `${patch.file} is already in ${content.name}: it has all that it changes`, {
      hint: `Remove the file ${patch.file}.`,
      cause: error,
    });
  }
}

function isApplied(content: ModuleContent, changes: readonly FileChange[], patch: PatchText): boolean {
  try {
    applyChanges(content, changes.map(reverseChange).toReversed(), patch);
    return true;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return false;
  }
}

function reverseChange(change: FileChange): FileChange {
  const { from, to, hunks } = change;
  return { ...change, from: to, to: from, executable: undefined, hunks: hunks.map(reverseHunk) };
}

function applyChanges(content: ModuleContent, changes: readonly FileChange[], patch: PatchText): ModuleContent {
  const files = new Map(content.files.map((file) => [file.path, file]));
  for (const change of changes) {
    const changed = changeFile(files, change);
    if (typeof changed === "string") throw failed(patch, content, changed);
    if (change.from !== null && !change.copy) files.delete(change.from);
    if (change.to !== null) files.set(change.to, { ...changed, path: change.to });
  }
  return makeContent(content.name, [...files.values()]);
}

/** The file after a change, or the reason why it cannot be made. */
function changeFile(files: ReadonlyMap<string, ModuleFile>, change: FileChange): ModuleFile | string {
  const { from, to, hunks } = change;
  const before = from === null ? emptyFile("") : files.get(from);
  if (before === undefined) return `there is no ${from}`;
  if (to !== null && to !== from && files.has(to)) return `there is a ${to} already`;
  const text = applyHunks(Buffer.from(before.bytes).toString("latin1"), hunks);
  if (typeof text !== "string") return describeMisfit(change, text);
  if (to === null && text !== "") return `${from} has more lines than it deletes`;
  return { ...before, executable: change.executable ?? before.executable, bytes: Buffer.from(text, "latin1") };
}

function describeMisfit({ from, to }: FileChange, { hunk, line, expected, found }: Misfit): string {
  const lines = [...expected.map((text) => `  expected: ${showLine(text)}`), ...foundLines(found)];
  const bound = expected.every((text, index) => text === found[index]);
  const why = ["  its lines are elsewhere than at the beginning or the end of the file, where it belongs"];
  return [`${from ?? to} at hunk ${hunk.header}, near line ${line}`, ...(bound ? why : lines)].join("\n");
}

function foundLines(found: readonly string[]): string[] {
  return found.length === 0
    ? ["  found:    the end of the file"]
    : found.map((text) => `  found:    ${showLine(text)}`);
}

const maximumShown = 160;

function showLine(line: string): string {
  const end = line.endsWith("\n") ? "" : " (no line feed)";
  const text = readableText(Buffer.from(line.replace(/\n$/u, ""), "latin1"));
  const shown = text.replace("\r", "␍").replace(/\p{Cc}/gu, (character) => (character === "\t" ? "\t" : "�"));
  return shown.slice(0, maximumShown) + end;
}

function failed(patch: PatchText, { name }: ModuleContent, why: string): UserError {
  return new UserError("PATCH_FAILED", `${patch.file} does not apply to ${name}: ${why}`, {
    hint: "Make it anew against this revision, as the recipe in CONTRIBUTING.md says, or stay at another with --hold.",
  });
}
