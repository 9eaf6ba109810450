import { stat } from "node:fs/promises";
import path from "node:path";
import { hashFile } from "@prosody-foundry/bake";
import type { Exec } from "@prosody-foundry/kit";
import pLimit from "p-limit";
import type { Descriptor } from "./published.ts";

/** The crane program, and how programs are run. Its registry credentials are Docker's (`DOCKER_CONFIG`). */
export interface Crane {
  exec: Exec;
  /** Path of the program. */
  crane: string;
}

export type BlobKind = "manifest" | "blob";

/** The content of one repository, by digest, each fetched once. */
export interface Blobs {
  /** Path of a file with what the descriptor says; undefined, and a fault noted, when the registry has not got it. */
  fetch(descriptor: Pick<Descriptor, "digest" | "size">, kind: BlobKind): Promise<string | undefined>;
  /** Sentences about what is not what its descriptor says, in the order they were found. */
  faults: string[];
  /** How many were fetched and are what they should be. */
  count(): number;
}

/** Most registries answer so many at once gladly; more programs than this only wait for each other. */
const atOnce = 4;

/** Content of a repository of a registry, kept in `folder`. */
export function openBlobs(crane: Crane, { repository, folder }: { repository: string; folder: string }): Blobs {
  const limit = pLimit(atOnce);
  const fetched = new Map<string, Promise<Fetched>>();
  const faults: string[] = [];
  let good = 0;
  const start = async (digest: string, kind: BlobKind): Promise<Fetched> => {
    const file = path.join(folder, digest.replace(":", "-"));
    const fault = await limit(() => fetchBlob(crane, { reference: `${repository}@${digest}`, digest, kind, file }));
    if (fault !== undefined) return { fault };
    good += 1;
    return { file, size: (await stat(file)).size };
  };
  return {
    faults,
    count: () => good,
    fetch: async ({ digest, size }, kind) => {
      const running = fetched.get(digest) ?? start(digest, kind);
      fetched.set(digest, running);
      const answer = await running;
      const fault = "fault" in answer ? answer.fault : sizeFault(digest, answer.size, size);
      if (fault !== undefined && !faults.includes(fault)) faults.push(fault);
      return fault === undefined && "file" in answer ? answer.file : undefined;
    },
  };
}

type Fetched = { file: string; size: number } | { fault: string };

interface Wish {
  reference: string;
  digest: string;
  kind: BlobKind;
  file: string;
}

async function fetchBlob({ exec, crane }: Crane, wish: Wish): Promise<string | undefined> {
  const { reference, digest, kind, file } = wish;
  const { exitCode, stderr } = await exec(crane, [kind, reference], { outputFile: file, accept: "any" });
  if (exitCode !== 0) return `${digest} cannot be read: ${lastLine(stderr)}`;
  const got = `sha256:${await hashFile(file)}`;
  return got === digest ? undefined : `${digest} is ${got} in the registry`;
}

function sizeFault(digest: string, got: number, size: number): string | undefined {
  return got === size ? undefined : `${digest} has ${got} bytes, and its descriptor says ${size}`;
}

/** What crane said at last. */
export function lastLine(stderr: string): string {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return line.replace(/^Error: /u, "");
}
