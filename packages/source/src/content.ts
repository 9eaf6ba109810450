import { createHash } from "node:crypto";
import { compareText, sha256 } from "@prosody-foundry/kit";

/** One file of a module; `path` is relative to the module's folder, with "/". */
export interface ModuleFile {
  path: string;
  executable: boolean;
  bytes: Uint8Array;
}

/** All files of one module, sorted by path. */
export interface ModuleContent {
  /** `mod_…` */
  name: string;
  files: ModuleFile[];
}

/** Puts the files into the order every hash and archive of ours relies on. */
export function makeContent(name: string, files: readonly ModuleFile[]): ModuleContent {
  return { name, files: files.toSorted((a, b) => compareText(a.path, b.path)) };
}

/** The files that reach an image: all but READMEs and whatever lies under a name with a leading dot. */
export function shippingFiles(content: ModuleContent): ModuleFile[] {
  return content.files.filter((file) => isShipped(file.path));
}

/**
 * SHA-256 over the files that ship: for each, sorted by path, the line `<sha256 of its bytes> <git mode> <path>\n`.
 * An edited README leaves it as it is, and Debian's packages, which carry no READMEs, can satisfy it.
 */
export function integrityOf(content: ModuleContent): string {
  const files = shippingFiles(content).toSorted((a, b) => compareText(a.path, b.path));
  return sha256(files.map((file) => `${sha256(file.bytes)} ${fileMode(file)} ${file.path}\n`).join(""));
}

/** The id git gives the module's folder (40 hex digits), the same in every conversion of upstream's history. */
export function treeOf(content: ModuleContent): string {
  return hashTree(content.files.map((file) => ({ ...file, steps: file.path.split("/") }))).toString("hex");
}

function isShipped(path: string): boolean {
  const steps = path.split("/");
  return !steps.some((step) => step.startsWith(".")) && !/^README(?:\.md|\.markdown)?$/u.test(steps.at(-1) ?? "");
}

function fileMode(file: ModuleFile): "100755" | "100644" {
  return file.executable ? "100755" : "100644";
}

interface PlacedFile extends ModuleFile {
  steps: string[];
}

interface TreeEntry {
  mode: string;
  name: string;
  id: Buffer;
}

function hashTree(files: readonly PlacedFile[]): Buffer {
  const groups = Map.groupBy(files, (file) => file.steps[0] ?? "");
  const entries = [...groups].map(([name, group]) => treeEntry(name, group)).toSorted(compareEntries);
  return hashObject("tree", Buffer.concat(entries.map(encodeEntry)));
}

function treeEntry(name: string, group: readonly PlacedFile[]): TreeEntry {
  const file = group.find(({ steps }) => steps.length === 1);
  if (file !== undefined) return { mode: fileMode(file), name, id: hashObject("blob", file.bytes) };
  return { mode: "40000", name, id: hashTree(group.map((inner) => ({ ...inner, steps: inner.steps.slice(1) }))) };
}

// git compares bytes, and a folder as if its name ended with "/".
function compareEntries(a: TreeEntry, b: TreeEntry): number {
  return Buffer.compare(sortKey(a), sortKey(b));
}

function sortKey({ mode, name }: TreeEntry): Buffer {
  return Buffer.from(mode === "40000" ? `${name}/` : name);
}

function encodeEntry({ mode, name, id }: TreeEntry): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), id]);
}

function hashObject(type: "blob" | "tree", body: Uint8Array): Buffer {
  return createHash("sha1").update(`${type} ${body.byteLength}\0`).update(body).digest();
}
