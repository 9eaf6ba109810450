import { didYouMean, UserError } from "@prosody-foundry/kit";
import type { SourceSpec } from "./source.ts";

/**
 * Refuses what is no revision before it reaches a program or a URL.
 * @throws UserError REVISION_UNKNOWN
 */
export function checkRevision(node: string, spec: SourceSpec): void {
  if (!/^[0-9a-f]{6,40}$/u.test(node) || isReserved(node)) throw unknownRevision(node, spec);
}

// Mercurial's names for "nothing" and for the working folder.
function isReserved(node: string): boolean {
  return /^(?:0+|f+)$/u.test(node);
}

/** True for a whole hash, which always means the same content. */
export function isWholeRevision(node: string): boolean {
  return /^[0-9a-f]{40}$/u.test(node);
}

/** @throws UserError MODULE_UNKNOWN */
export function checkModuleName(name: string, spec: SourceSpec): void {
  if (!/^mod_[A-Za-z0-9_-]+$/u.test(name)) throw unknownModule(name, spec, []);
}

/**
 * Refuses what is no path of a file inside a folder.
 * @throws UserError FILE_UNKNOWN
 */
export function checkFilePath(path: string, spec: SourceSpec): void {
  const isPlain = path.split("/").every((step) => step !== "" && step !== "." && step !== "..");
  if (!isPlain || /[\p{Cc}\\]/u.test(path)) throw unknownFile(path, spec);
}

/** Where the module's folder is inside the tree. */
export function modulePath(spec: SourceSpec, name: string): string {
  return spec.folder === "" ? name : `${spec.folder}/${name}`;
}

export function unknownRevision(node: string, spec: SourceSpec, cause?: unknown): UserError {
  return new UserError("REVISION_UNKNOWN", `The source ${spec.name} (${spec.url}) has no revision ${node}`, {
    hint: "A revision is 6 to 40 hex digits. `foundry module show` lists those of a module.",
    cause,
  });
}

export function unknownModule(name: string, spec: SourceSpec, known: readonly string[]): UserError {
  return new UserError("MODULE_UNKNOWN", `The source ${spec.name} (${spec.url}) has no module ${name}`, {
    hint: didYouMean(name, known) ?? "Names begin with mod_. An old revision may still have a module that was removed.",
  });
}

export function unknownFile(file: string, spec: SourceSpec): UserError {
  return new UserError("FILE_UNKNOWN", `The source ${spec.name} (${spec.url}) has no file ${file} at this revision`, {
    hint: "The file has another name there, or the source has other commits under the same name.",
  });
}

export function unreachable(location: string, why: string, cause?: unknown): UserError {
  return new UserError("SOURCE_UNREACHABLE", `${location} cannot be reached: ${why}`, {
    hint: "Check the address and the network, or name a mirror of it.",
    cause,
  });
}
