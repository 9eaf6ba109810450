import { describe, expect, it } from "vitest";
import { failureOf, mayPass, registryError } from "./registry.ts";

// As crane 0.20 prints them.
const url = "http://127.0.0.1:5000/v2/a/b";
const cases: [string, string][] = [
  [`Error: GET ${url}/tags/list?n=1000: UNAUTHORIZED: authentication required`, "denied"],
  [`Error: PUT ${url}/manifests/x: DENIED: no`, "denied"],
  [`Error: HEAD ${url}/manifests/x: unexpected status code 403 Forbidden (HEAD responses have no body)`, "denied"],
  [`Error: GET ${url}/manifests/x: MANIFEST_UNKNOWN: manifest unknown; map[Tag:x]`, "missing"],
  [`Error: reading tags: GET ${url}/tags/list: NAME_UNKNOWN: repository name not known to registry`, "missing"],
  [`Error: PUT ${url}/manifests/x: TOOMANYREQUESTS: slow down`, "busy"],
  [`Error: PUT ${url}/manifests/x: unexpected status code 429 Too Many Requests`, "busy"],
  [`Error: POST ${url}/blobs/uploads/: unexpected status code 503 Service Unavailable`, "unreachable"],
  [`Error: POST ${url}/blobs/uploads/: UNKNOWN: unknown error`, "unreachable"],
  [`Error: PATCH ${url}: write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe`, "unreachable"],
  [`Error: Get "${url}": dial tcp 127.0.0.1:9: connect: connection refused`, "unreachable"],
  [`Error: Get "${url}": EOF`, "unreachable"],
  [
    `Error: Get "https://r.example/v2/": tls: failed to verify certificate: x509: signed by unknown authority`,
    "untrusted",
  ],
  [`Error: manifest digest: "sha256:00" does not match requested digest: "sha256:11"`, "wrong"],
  [`Error: PUT ${url}/manifests/x: MANIFEST_BLOB_UNKNOWN: blob unknown to registry`, "wrong"],
  [`Error: PUT ${url}/manifests/x: unexpected status code 409 Conflict`, "refused"],
  [`Error: PUT ${url}/manifests/sha256:403403403403: unexpected status code 400 Bad Request: 500`, "refused"],
];

describe("what a failure of the registry means", () => {
  it.each(cases)("%s", (text, kind) => {
    expect(failureOf(`2026/11/29 14:14:51 HEAD request failed, falling back on GET\n${text}\n`)).toBe(kind);
  });

  it("only what may pass is tried again", () => {
    const kinds = ["denied", "missing", "busy", "unreachable", "untrusted", "wrong", "refused"] as const;
    expect(kinds.filter(mayPass)).toEqual(["busy", "unreachable", "wrong"]);
  });

  it("the error says what was tried, what the registry said, and what to do", () => {
    const { code, message, hint } = registryError("denied", "crane push on r.example/a failed", "DENIED: no");
    expect([code, message]).toEqual(["REGISTRY_DENIED", "crane push on r.example/a failed: DENIED: no"]);
    expect(hint).toMatch(/docker login/u);
  });
});
