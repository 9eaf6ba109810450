import { applyReleasePlan } from "@changesets/apply-release-plan";
import { assembleReleasePlan } from "@changesets/assemble-release-plan";
import type { Config, NewChangeset, Package, Packages } from "@changesets/types";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { prettyJson } from "@prosody-foundry/kit";
import type { BumpType } from "./changelog.ts";
import type { PendingChangesets } from "./read-changesets.ts";

/** What becomes of one package. */
export interface PackageRelease {
  /** Name of the workspace package. */
  name: string;
  /** Its folder, from the repository's top: `images/prosody`. */
  folder: string;
  bump: BumpType;
  from: string;
  to: string;
}

export interface AppliedChangesets {
  releases: PackageRelease[];
  /** Path in the repository → the text before and after; null where there is no such file. */
  files: Record<string, FileChange>;
}

export interface FileChange {
  before: string | null;
  after: string | null;
}

/**
 * What changesets makes of the repository, as values: it works on a copy, so that the repository itself is changed by
 * whoever takes the values, and all at once or again.
 * @param implied - changesets that are in no file
 */
export async function applyChangesets(
  pending: PendingChangesets,
  implied: readonly NewChangeset[],
): Promise<AppliedChangesets> {
  const { packages } = pending;
  const config = configFor(pending.config, packages.rootDir);
  const plan = assembleReleasePlan([...pending.changesets, ...implied], packages, config, undefined);
  const releases = plan.releases.flatMap(({ name, type, oldVersion, newVersion }): PackageRelease[] => {
    const found = packages.packages.find((one) => one.packageJson.name === name);
    if (found === undefined || type === "none") return [];
    return [{ name, folder: folderOf(found, packages), bump: type, from: oldVersion, to: newVersion }];
  });
  const copy = await mkdtemp(path.join(os.tmpdir(), "foundry-version-"));
  try {
    await copyPackages(packages, pending.changesets, copy);
    const moved = {
      ...packages,
      rootDir: copy,
      packages: packages.packages.map((one) => movePackage(one, packages, copy)),
    };
    const touched = await applyReleasePlan(plan, moved, config, undefined, import.meta.dirname);
    const names = touched.map((file) => path.relative(copy, file).replaceAll(path.sep, "/"));
    const files = await Promise.all(
      names.map(async (name) => [name, await readChange(name, packages.rootDir, copy)] as const),
    );
    return { releases, files: { ...Object.fromEntries(files), ...(await lockChange(packages.rootDir, releases)) } };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Nothing is formatted by a program that may or may not be there; a relative path is the repository's, not the copy's. */
function configFor(config: Config, root: string): Config {
  const { changelog } = config;
  if (changelog === false || !changelog[0].startsWith(".")) return { ...config, format: false };
  return { ...config, format: false, changelog: [path.resolve(root, ".changeset", changelog[0]), changelog[1]] };
}

async function copyPackages(packages: Packages, changesets: readonly NewChangeset[], copy: string): Promise<void> {
  const folders = packages.packages.map((one) => folderOf(one, packages));
  const names = [
    ...folders.flatMap((folder) => [`${folder}/package.json`, `${folder}/CHANGELOG.md`]),
    ...changesets.map(({ id }) => `.changeset/${id}.md`),
  ];
  for (const name of names) {
    await mkdir(path.dirname(path.join(copy, name)), { recursive: true });
    await copyFile(path.join(packages.rootDir, name), path.join(copy, name)).catch(nullWhenMissing);
  }
}

function movePackage(one: Package, packages: Packages, copy: string): Package {
  return { ...one, dir: path.join(copy, folderOf(one, packages)) };
}

function folderOf(one: Package, { rootDir }: Packages): string {
  return path.relative(rootDir, one.dir).replaceAll(path.sep, "/");
}

async function readChange(name: string, root: string, copy: string): Promise<FileChange> {
  const [before, after] = await Promise.all([readText(path.join(root, name)), readText(path.join(copy, name))]);
  // A blank line inside an item gets the item's indentation.
  return { before, after: after?.replaceAll(/^[ \t]+$/gmu, "") ?? null };
}

/** npm keeps the versions of workspaces in its lock too; changesets leaves them. */
async function lockChange(root: string, releases: readonly PackageRelease[]): Promise<Record<string, FileChange>> {
  const before = await readText(path.join(root, "package-lock.json"));
  if (before === null || releases.length === 0) return {};
  const lock: unknown = JSON.parse(before);
  if (!isLock(lock)) return {};
  for (const { folder, to } of releases) {
    const entry = lock.packages[folder];
    if (entry?.version !== undefined) entry.version = to;
  }
  const after = prettyJson(lock);
  return after === before ? {} : { "package-lock.json": { before, after } };
}

function isLock(value: unknown): value is { packages: Record<string, { version?: string }> } {
  return typeof value === "object" && value !== null && "packages" in value && typeof value.packages === "object";
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch(nullWhenMissing);
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code !== "ENOENT") throw error;
  return null;
}
