import { readConfig } from "@changesets/config";
import { parseChangesetFile } from "@changesets/parse";
import type { Config, NewChangeset, Packages } from "@changesets/types";
import { getPackages } from "@manypkg/get-packages";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { UserError, compareText } from "@prosody-foundry/kit";

/** What changesets has to go by in a repository. */
export interface PendingChangesets {
  /** Sorted by id, which is the file's name without its ending. */
  changesets: NewChangeset[];
  /** All workspaces. */
  packages: Packages;
  config: Config;
}

/**
 * The changesets in `.changeset/` of the repository at `root`. Each has to name
 * packages of images and no others: one that is left over would stop every release from then on.
 * @param imagePackages - names of the images' workspace packages
 * @throws UserError CHANGESET_MALFORMED, CHANGESET_UNKNOWN (both name the file), CHANGESETS_MISCONFIGURED
 */
export async function readPendingChangesets(
  root: string,
  imagePackages: readonly string[],
): Promise<PendingChangesets> {
  const packages = await getPackages(root);
  const read = await readConfig(root, packages).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw misconfigured("there is no such file");
  });
  if (read.errors !== undefined) throw misconfigured(read.errors.join("; "));
  const changesets = await readChangesets(root, imagePackages);
  const known = packages.packages.map(({ packageJson }) => packageJson.name);
  const lost = changesets.flatMap(({ releases }) => releases).find(({ name }) => !known.includes(name));
  if (lost !== undefined) throw outsideWorkspaces(lost.name);
  return { changesets, packages, config: read.config };
}

/**
 * The changesets themselves; none where the repository does not work with them.
 * @throws UserError CHANGESET_MALFORMED, CHANGESET_UNKNOWN
 */
export async function readChangesets(root: string, imagePackages: readonly string[]): Promise<NewChangeset[]> {
  const changesets = await readAll(path.join(root, ".changeset"));
  for (const changeset of changesets) refuseUnknown(changeset, imagePackages);
  return changesets;
}

// Not by changesets' own reader: it shows the text it cannot read, but not whose it is.
async function readAll(folder: string): Promise<NewChangeset[]> {
  const names = (await readdir(folder).catch(emptyWhenMissing)).filter(isChangeset).toSorted(compareText);
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), "utf8");
      return { ...parse(name, text), id: name.replace(/\.md$/u, "") };
    }),
  );
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code !== "ENOENT") throw error;
  return [];
}

function parse(name: string, text: string): Omit<NewChangeset, "id"> {
  try {
    return parseChangesetFile(text);
  } catch (cause) {
    const because = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    const plain = because?.replace(/^could not parse changeset - /u, "");
    throw new UserError("CHANGESET_MALFORMED", `.changeset/${name}: ${plain}`, {
      hint: "Mend it as .changeset/README.md says, or remove it.",
      cause,
    });
  }
}

function isChangeset(name: string): boolean {
  return name.endsWith(".md") && !name.startsWith(".") && !/^(?:README|AGENTS|CLAUDE|GEMINI)\.md$/iu.test(name);
}

function refuseUnknown({ id, releases }: NewChangeset, imagePackages: readonly string[]): void {
  const unknown = releases.find(({ name }) => !imagePackages.includes(name));
  if (unknown === undefined) return;
  throw new UserError("CHANGESET_UNKNOWN", `.changeset/${id}.md names ${unknown.name}, which is no image's package`, {
    hint: `Name an image's package (${imagePackages.join(", ")}), or remove the file.`,
  });
}

function outsideWorkspaces(name: string): UserError {
  return new UserError("CHANGESETS_MISCONFIGURED", `${name} is no workspace of this repository`, {
    hint: "Name images/* as workspaces in package.json, and run `npm install`, which writes package-lock.json.",
  });
}

function misconfigured(because: string): UserError {
  return new UserError("CHANGESETS_MISCONFIGURED", `.changeset/config.json: ${because}`, {
    hint: "Mend it, or take the committed file back (`git checkout`).",
  });
}
