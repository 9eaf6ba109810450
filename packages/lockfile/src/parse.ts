import { UserError, checkShape, parseJson } from "@prosody-foundry/kit";
import { findMarker } from "./conflict-text.ts";
import { LockFile, changedEntries, fromFile } from "./file-shape.ts";
import { formatLock } from "./format.ts";
import type { Lock } from "./schema.ts";

const restore =
  "Take the committed file back (`git checkout`), or run `foundry module verify --fix`: it mends what it can prove.";

/**
 * The lock a text holds. Only text that is byte for byte what formatLock gives is taken.
 * @param file what to call it in errors.
 * @throws UserError LOCK_CONFLICT, LOCK_MALFORMED, LOCK_VERSION, LOCK_CHANGED.
 */
export function parseLock(data: string | Uint8Array, file = "modules.lock.json"): Lock {
  const text = typeof data === "string" ? data : decodeText(data, file);
  const shape = parseShape(text, file);
  refuseChange(shape, file);
  const lock = fromFile(shape);
  refuseForm(text, formatLock(lock), file);
  return lock;
}

/** A lock as far as its text can be read, and what of it nobody vouches for. */
export interface LooseLock {
  lock: Lock;
  /** Entries whose check is not that of their content, as `modules.mod_x`. */
  unproven: string[];
}

/**
 * The lock in a text that parseLock may refuse: in another order or form, or with changed entries.
 * @throws UserError LOCK_CONFLICT, LOCK_MALFORMED, LOCK_VERSION.
 */
export function parseLoosely(text: string, file = "modules.lock.json"): LooseLock {
  const shape = parseShape(text, file);
  refuseTwice(text, shape, file);
  return { lock: fromFile(shape), unproven: changedEntries(shape) };
}

// Lenient decoding would read two different byte sequences as one text.
function decodeText(data: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new UserError("LOCK_MALFORMED", `${file} is not UTF-8`, { hint: restore, cause });
  }
}

function parseShape(text: string, file: string): LockFile {
  refuseConflict(text, file);
  const value = parseJson(text, { file, code: "LOCK_MALFORMED", hint: restore });
  refuseVersion(value, file);
  return checkShape(LockFile, value, { file, code: "LOCK_MALFORMED", hint: restore });
}

function refuseConflict(text: string, file: string): void {
  const line = findMarker(text);
  if (line === -1) return;
  throw new UserError("LOCK_CONFLICT", `${file}:${line + 1} has a git conflict marker`, {
    hint: "Run `foundry module verify --fix`: it takes what both sides changed, and checks it.",
  });
}

function refuseVersion(value: unknown, file: string): void {
  const version = value !== null && typeof value === "object" && "lockVersion" in value ? value.lockVersion : undefined;
  if (version === 1) return;
  const said = version === undefined ? "no lockVersion" : `lockVersion ${JSON.stringify(version)}`;
  throw new UserError("LOCK_VERSION", `${file} has ${said}; this foundry reads lockVersion 1`, {
    hint: typeof version === "number" && version > 1 ? "Update your checkout: a newer foundry wrote it." : restore,
  });
}

function refuseChange(shape: LockFile, file: string): void {
  const changed = changedEntries(shape);
  if (changed.length === 0) return;
  const named = changed.slice(0, 5).join(", ") + (changed.length > 5 ? ` and ${changed.length - 5} more` : "");
  throw new UserError("LOCK_CHANGED", `${file} was changed by hand: ${named}`, { hint: restore });
}

// JSON takes the last of two equal keys: the first would be lost without a word. Each entry has one check.
function refuseTwice(text: string, shape: LockFile, file: string): void {
  const sections = [shape.sources, shape.releases, shape.modules];
  const entries = sections.flatMap((section) => Object.keys(section)).length;
  if ((text.match(/"check"\s*:\s*"[0-9a-f]{16}"/gu)?.length ?? 0) === entries) return;
  throw new UserError("LOCK_MALFORMED", `${file} has an entry twice`, { hint: restore });
}

function refuseForm(text: string, formatted: string, file: string): void {
  if (text === formatted) return;
  const expected = formatted.split("\n");
  const line = text.split("\n").findIndex((one, index) => one !== expected[index]);
  const where = line === -1 ? expected.length : line + 1;
  throw new UserError("LOCK_CHANGED", `${file}:${where} is not as foundry writes it`, { hint: restore });
}
