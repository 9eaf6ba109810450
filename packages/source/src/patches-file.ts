import { UserError } from "@prosody-foundry/kit";
import { parsePatch, type StructuredPatch } from "diff";
import { type Hunk, hunkOf } from "./patches-hunk.ts";

/** A local patch; its text has one character per byte, since modules need not be UTF-8. */
export interface PatchText {
  /** Its path in the repository, for messages. */
  file: string;
  text: string;
}

/** What a patch does to one file of a module. */
export interface FileChange {
  /** Null for a new file. */
  from: string | null;
  /** Null for a deleted one. */
  to: string | null;
  /** The file `from` stays: the patch copies it. */
  copy: boolean;
  /** Undefined: as it was. */
  executable: boolean | undefined;
  hunks: Hunk[];
}

const maximumText = 1024 * 1024;
const nobody = "/dev/null";

/**
 * Reads a patch as `git diff`, `git format-patch` and `hg diff --git` write it: paths under a/ and b/, no binary files.
 * @throws UserError PATCH_MALFORMED; PATCH_UNSAFE where it makes something other than a plain file
 */
export function parsePatchFile(patch: PatchText): FileChange[] {
  if (patch.text.length > maximumText) throw malformed(patch, `it is larger than ${maximumText} bytes`);
  const binary = /^(?:GIT binary patch|Binary files .* differ)$/mu.exec(patch.text);
  if (binary !== null) throw malformed(patch, "it changes a binary file, which a text patch cannot carry");
  const changes = parseEntries(patch)
    .filter(({ hunks, oldFileName }) => hunks.length > 0 || oldFileName !== undefined)
    .map((entry) => changeOf(patch, entry));
  if (changes.length === 0) throw malformed(patch, "it has no change in it");
  return changes;
}

function parseEntries(patch: PatchText): StructuredPatch[] {
  // The signature of `git format-patch` looks like a removed line; no hunk goes on with a digit.
  const text = patch.text.replace(/^-- \r?\n(?=\d)/gmu, "");
  try {
    return parsePatch(text);
  } catch (error) {
    throw malformed(patch, error instanceof Error ? error.message : String(error));
  }
}

function changeOf(patch: PatchText, entry: StructuredPatch): FileChange {
  const from = entry.isCreate === true ? null : pathIn(patch, entry.oldFileName, "a/");
  const to = entry.isDelete === true ? null : pathIn(patch, entry.newFileName, "b/");
  const fault = findFault(entry, from, to);
  if (fault !== undefined) throw malformed(patch, fault);
  return {
    from,
    to,
    copy: entry.isCopy === true,
    executable: executableIn(patch, to ?? "", entry.newMode),
    hunks: entry.hunks.map((hunk) => readHunk(patch, hunk)),
  };
}

function findFault(entry: StructuredPatch, from: string | null, to: string | null): string | undefined {
  if (from === null && to === null) return "it changes no file at all";
  if (entry.isRename === true || entry.isCopy === true) return undefined;
  if (from === null || to === null) return undefined;
  if (from !== to) return `it makes ${to} out of ${from} without a line that renames it`;
  const idle = entry.hunks.length === 0 && entry.newMode === undefined;
  return idle ? `it names ${to} and does not change it` : undefined;
}

function pathIn(patch: PatchText, name: string | undefined, prefix: "a/" | "b/"): string | null {
  if (name === nobody) return null;
  if (name?.startsWith(prefix) === true && name.length > prefix.length) return name.slice(prefix.length);
  const what = name === undefined ? "a hunk has no file" : `the path ${JSON.stringify(name)} is not under ${prefix}`;
  throw malformed(patch, what);
}

function executableIn(patch: PatchText, name: string, mode: string | undefined): boolean | undefined {
  if (mode === undefined) return undefined;
  if (mode === "100755" || mode === "100644") return mode === "100755";
  throw unsafePatch(patch, `${name} would be no plain file (mode ${mode})`);
}

function readHunk(patch: PatchText, hunk: StructuredPatch["hunks"][number]): Hunk {
  const read = hunkOf(hunk);
  if (typeof read === "string") throw malformed(patch, read);
  return read;
}

function malformed(patch: PatchText, why: string): UserError {
  return new UserError("PATCH_MALFORMED", `${patch.file} is no patch that can be applied: ${why}`, {
    hint: "Make it with `git diff` or `hg diff --git`, with paths from the module's folder.",
  });
}

/** The refusal of a patch that reaches where it may not. */
export function unsafePatch(patch: PatchText, why: string, cause?: unknown): UserError {
  const hint = "A patch changes plain files in its module's folder, nothing else.";
  return new UserError("PATCH_UNSAFE", `${patch.file} is refused: ${why}`, { hint, cause });
}
