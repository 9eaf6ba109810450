import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "@prosody-foundry/kit";
import type { Upload } from "./publish-requests.ts";
import { type Contents, parseContents, type Reference } from "./remote-index.ts";

/**
 * Everything that a push of an OCI layout takes along.
 * @throws UserError LAYOUT_BROKEN
 */
export async function readUpload(layout: string): Promise<Upload> {
  const top = await readContents(layout, path.join(layout, "index.json"));
  const [index] = top.manifests;
  if (index === undefined || top.manifests.length > 1) throw broken(layout, "has not exactly one index");
  const children = (await readContents(layout, blobFile(layout, index))).manifests;
  const contents = await Promise.all(children.map((child) => readContents(layout, blobFile(layout, child))));
  const blobs = new Map(contents.flatMap((each) => each.blobs.map((blob) => [blob.digest, blob])));
  return { blobs: [...blobs.values()], manifests: [...children, index] };
}

async function readContents(layout: string, file: string): Promise<Contents> {
  const text = await readFile(file, "utf8").catch(() => "");
  const contents = parseContents(text);
  if (contents === undefined) throw broken(layout, `lacks ${path.basename(file)}`);
  return contents;
}

function blobFile(layout: string, { digest }: Reference): string {
  return path.join(layout, "blobs/sha256", digest.slice("sha256:".length));
}

function broken(layout: string, because: string): UserError {
  return new UserError("LAYOUT_BROKEN", `The built image in ${layout} ${because}`, {
    hint: `Remove ${path.dirname(layout)} and build again.`,
  });
}
