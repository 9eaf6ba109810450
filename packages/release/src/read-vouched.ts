import { readBlob } from "@prosody-foundry/bake";
import type { z } from "zod";
import type { Vouched, VouchedPlatform } from "./compare-vouched.ts";
import { type Descriptor, PublishedIndex, PublishedManifest, sortIndex } from "./published.ts";
import { registryError, type Repository } from "./registry.ts";
import { Statement } from "./statement.ts";

/** Content by digest, as text that is what its digest says. */
interface ReadContent {
  manifest(digest: string): Promise<string>;
  blob(digest: string): Promise<string>;
}

/** The content of a repository of a registry. */
export function readRemoteContent(repository: Repository): ReadContent {
  const manifest: ReadContent["manifest"] = async (digest) => {
    const found = await repository.manifest(digest);
    if (found?.digest === digest) return found.text;
    const detail = found === undefined ? "it is not there" : `it is ${found.digest}`;
    throw registryError("wrong", `Reading ${repository.name}@${digest}`, detail);
  };
  return { manifest, blob: (digest) => repository.blob(digest) };
}

/** The content of an OCI layout folder. */
export function readLayoutContent(folder: string): ReadContent {
  const read = async (digest: string): Promise<string> => (await readBlob(folder, digest)).toString("utf8");
  return { manifest: read, blob: read };
}

/**
 * All that a signature of an index would vouch for. What is not of its shape is among the faults.
 * @throws UserError LAYOUT_BROKEN, and those of Repository
 */
export async function readVouched(content: ReadContent, index: string): Promise<Vouched> {
  const faults: string[] = [];
  const read = parseAs(PublishedIndex, await content.manifest(index));
  if (read === undefined) return { index, annotations: {}, platforms: [], faults: [`${index} is no index`] };
  const platforms: VouchedPlatform[] = [];
  for (const { platform, descriptor: image, attestations } of sortIndex(read).images) {
    const found = await Promise.all(attestations.map((each) => readStatements(content, each)));
    platforms.push({ platform, image, statements: found.flatMap(({ statements }) => statements) });
    faults.push(...found.flatMap((each) => each.faults.map((fault) => `attestation of ${platform}: ${fault}`)));
  }
  return { index, annotations: read.annotations ?? {}, platforms, faults };
}

interface Statements {
  statements: Statement[];
  faults: string[];
}

async function readStatements(content: ReadContent, attestation: Descriptor): Promise<Statements> {
  const manifest = parseAs(PublishedManifest, await content.manifest(attestation.digest));
  if (manifest === undefined) return { statements: [], faults: [`${attestation.digest} is no manifest`] };
  const statements: Statement[] = [];
  const faults: string[] = [];
  for (const { digest } of manifest.layers) {
    const statement = parseAs(Statement, await content.blob(digest));
    if (statement === undefined) faults.push(`${digest} is no in-toto statement`);
    else statements.push(statement);
  }
  return { statements, faults };
}

function parseAs<S extends z.ZodType>(shape: S, text: string): z.infer<S> | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
