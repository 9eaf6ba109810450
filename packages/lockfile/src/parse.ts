import { UserError, checkShape, parseJson } from "@prosody-foundry/kit";
import { LockFile, changedEntries, fromFile } from "./file-shape.ts";
import { formatLock } from "./format.ts";
import type { Lock } from "./schema.ts";

const restore = "Take the committed file back (`git checkout`), or run `foundry module verify` to see what differs.";

/**
 * The lock a text holds. Only text that is byte for byte what formatLock gives is taken.
 * @param file what to call it in errors.
 * @throws UserError LOCK_CONFLICT, LOCK_MALFORMED, LOCK_VERSION, LOCK_CHANGED.
 */
export function parseLock(data: string | Uint8Array, file = "modules.lock.json"): Lock {
  const text = typeof data === "string" ? data : decodeText(data, file);
  refuseConflict(text, file);
  const value = parseJson(text, { file, code: "LOCK_MALFORMED", hint: restore });
  refuseVersion(value, file);
  const shape = checkShape(LockFile, value, { file, code: "LOCK_MALFORMED", hint: restore });
  refuseChange(shape, file);
  const lock = fromFile(shape);
  refuseForm(text, formatLock(lock), file);
  return lock;
}

// Lenient decoding would read two different byte sequences as one text.
function decodeText(data: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new UserError("LOCK_MALFORMED", `${file} is not UTF-8`, { hint: restore, cause });
  }
}

// JSON strings hold no line breaks, so a marker at the start of a line is git's.
function refuseConflict(text: string, file: string): void {
  const line = text.split("\n").findIndex((one) => /^(<{7}|\|{7}|={7}|>{7})(\s|$)/u.test(one));
  if (line === -1) return;
  throw new UserError("LOCK_CONFLICT", `${file}:${line + 1} has a git conflict marker`, {
    hint: `Take either side (\`git checkout --ours -- ${file}\`), then run \`foundry module update\` or the \`foundry module add\` of the other side.`,
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

function refuseForm(text: string, formatted: string, file: string): void {
  if (text === formatted) return;
  const expected = formatted.split("\n");
  const line = text.split("\n").findIndex((one, index) => one !== expected[index]);
  const where = line === -1 ? expected.length : line + 1;
  throw new UserError("LOCK_CHANGED", `${file}:${where} is not as foundry writes it`, { hint: restore });
}
