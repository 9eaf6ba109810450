import type { Platform } from "@prosody-foundry/images";

/** One write that a plan comes to. */
export interface PublishRequest {
  method: "PATCH" | "POST" | "PUT";
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

/** What cosign writes for a signature and an attestation: each a manifest that refers to the index, with its blob. */
export function signRequests(reference: string): PublishRequest[] {
  return ["signature", "provenance"].flatMap((what): PublishRequest[] => [
    { method: "POST", reference: `${reference} (${what})`, bytes: null },
    manifestPut(`${reference} (${what})`, null),
  ]);
}

/** A draft, its assets, the git tag, then the release in public and the ledger on the default branch. */
export function announceRequests(api: string, tag: string, platforms: readonly Platform[]): PublishRequest[] {
  const assets = ["ledger-entry.json", "modules.lock.json", "packages.lock.json", ...platforms.map(sbomName)];
  const request = (method: PublishRequest["method"], place: string): PublishRequest => {
    return { method, reference: `${api}${place}`, bytes: null };
  };
  return [
    request("POST", `/releases (${tag})`),
    ...assets.map((name) => request("POST", `/releases/${tag}/assets (${name})`)),
    request("POST", `/git/refs (refs/tags/${tag})`),
    request("PATCH", `/releases/${tag}`),
    request("PUT", "/contents/images/ledger.json"),
  ];
}

/** File name of a platform's SBOM among a release's assets. */
export function sbomName(platform: string): string {
  return `sbom-${platform.replaceAll("/", "-")}.spdx.json`;
}

export function manifestPut(reference: string, bytes: number | null): PublishRequest {
  return { method: "PUT", reference, bytes };
}
