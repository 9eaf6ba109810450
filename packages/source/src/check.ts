import { isUserError, UserError } from "@prosody-foundry/kit";
import type { ModuleContent } from "./content.ts";

/** No module upstream has 1 MiB; an image holds dozens of them. */
const maximumModuleBytes = 32 * 1024 * 1024;
/** All of prosody-modules has 1,800 files; a Debian package of it has 2,000 entries. */
const maximumFiles = 50_000;

/**
 * Refuses content that could harm whoever unpacks it or that other file systems cannot hold: paths that leave the
 * folder, odd names, names that differ only in case, too many bytes. Links and devices never become a ModuleFile.
 * @throws UserError CONTENT_UNSAFE
 */
export function checkContent(content: ModuleContent): void {
  checkCount(content.name, content.files.length);
  checkSizes(
    content.name,
    content.files.map((file) => file.bytes.byteLength),
  );
  const seen = new Map<string, string>();
  for (const { path } of content.files) checkPath(content.name, path, seen);
}

/**
 * The same for an entry of an archive before it is read: only files and folders.
 * @throws UserError CONTENT_UNSAFE
 */
export function checkEntryType(where: string, path: string, type: string): void {
  if (type === "file" || type === "contiguous-file" || type === "directory") return;
  throw unsafe(where, `${JSON.stringify(path)} is a ${type}, no plain file`);
}

/**
 * The same for the sizes of a module's files, before they are read.
 * @throws UserError CONTENT_UNSAFE
 */
export function checkSizes(module: string, sizes: readonly number[]): void {
  let bytes = 0;
  for (const size of sizes) bytes += size;
  if (bytes > maximumModuleBytes) throw unsafe(module, `it has ${bytes} bytes, more than ${maximumModuleBytes}`);
}

/**
 * The same for the number of files, or of entries of an archive, while they are counted.
 * @throws UserError CONTENT_UNSAFE
 */
export function checkCount(where: string, count: number): void {
  if (count > maximumFiles) throw unsafe(where, `it has more than ${maximumFiles} files`);
}

function checkPath(module: string, path: string, seen: Map<string, string>): void {
  const fault = findFault(path);
  if (fault !== undefined) throw unsafe(module, `the path ${JSON.stringify(path)} ${fault}`);
  // A file may share no name with a file or folder, on file systems that ignore case too.
  const folded = foldCase(path);
  const steps = path.split("/");
  const folders = steps.slice(0, -1).map((_, index) => `${steps.slice(0, index + 1).join("/")}/`);
  const clash =
    seen.get(folded) ?? seen.get(`${folded}/`) ?? folders.map((folder) => clashOf(folder, seen)).find(Boolean);
  if (clash !== undefined) throw unsafe(module, `${JSON.stringify(clash)} and ${JSON.stringify(path)} clash`);
  seen.set(folded, path);
  for (const folder of folders) seen.set(foldCase(folder), folder);
}

function clashOf(folder: string, seen: ReadonlyMap<string, string>): string | undefined {
  const file = seen.get(foldCase(folder.slice(0, -1)));
  if (file !== undefined) return file;
  const other = seen.get(foldCase(folder));
  return other === folder ? undefined : other;
}

function foldCase(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

function findFault(path: string): string | undefined {
  if (path.startsWith("/")) return "is absolute";
  if (path.includes("\\") || path.includes("\0")) return "has a backslash or a NUL";
  if (/[\p{Cc}\uFFFD]/u.test(path)) return "has a control character or is no UTF-8";
  if (path.length > 1024) return "is longer than 1024 characters";
  const steps = path.split("/");
  if (steps.some((step) => step === ".." || step === ".")) return "leaves its folder";
  if (steps.includes("")) return "has an empty step";
  if (steps.some((step) => step.toLowerCase() === ".git")) return "is git's own";
  if (steps.some((step) => Buffer.byteLength(step) > 255)) return "has a step of more than 255 bytes";
  return undefined;
}

export function unsafe(where: string, why: string): UserError {
  return new UserError("CONTENT_UNSAFE", `The content of ${where} is refused: ${why}`, {
    hint: "Look at the revision upstream, and tell them if it is meant.",
  });
}

/** For a catch: one module that has to be refused must not take the others along. */
export function whenUnsafe(error: unknown): undefined {
  if (!isUserError(error, "CONTENT_UNSAFE")) throw error;
}
