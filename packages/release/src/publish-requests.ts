/** One write that a plan comes to. */
export interface PublishRequest {
  method: "POST" | "PUT";
  /** `host/path:tag`, `host/path@digest`. */
  reference: string;
  /** Of the body; null where only the doing tells. */
  bytes: number | null;
}

/** Everything in an OCI layout, by digest and size in bytes. */
export interface Upload {
  blobs: { digest: string; size: number }[];
  /** Images and attestations before the index. */
  manifests: { digest: string; size: number }[];
}

/** What a push will send, when the registry has these blobs already; a blob takes a POST (no body) and its PUT. */
export function uploadRequests(repository: string, upload: Upload, present: ReadonlySet<string>): PublishRequest[] {
  const missing = upload.blobs.filter(({ digest }) => !present.has(digest));
  return [
    ...missing.map(({ digest, size }): PublishRequest => ({
      method: "POST",
      reference: `${repository}@${digest}`,
      bytes: size,
    })),
    ...upload.manifests.map(({ digest, size }) => manifestPut(`${repository}@${digest}`, size)),
  ];
}

export function manifestPut(reference: string, bytes: number | null): PublishRequest {
  return { method: "PUT", reference, bytes };
}
