import { UserError } from "@prosody-foundry/kit";

/** A manifest or index as the registry gave it. */
interface RemoteManifest {
  /** SHA-256 of the bytes that came, whatever the registry's headers say. */
  digest: string;
  text: string;
}

/** One repository of a registry, through a client that knows the user's logins. References are tags or digests. */
export interface Repository {
  /** `host[:port]/path` */
  name: string;
  /**
   * All tags; none where the repository does not exist yet.
   * @throws UserError REGISTRY_WRONG_CONTENT where there is no list any more, and this client read or wrote a tag before.
   */
  tags(): Promise<string[]>;
  /** Undefined where the registry has none. */
  manifest(reference: string): Promise<RemoteManifest | undefined>;
  /** The text of a blob, which is what its digest says. @throws UserError REGISTRY_WRONG_CONTENT */
  blob(digest: string): Promise<string>;
  /** Uploads the one index of an OCI layout with all below it, by digest and under no tag. */
  push(layout: string, digest: string): Promise<void>;
  /** Uploads what the registry lacks of a layout's blobs, although it may have the manifests above them. */
  pushBlobs(layout: string): Promise<void>;
  /** Asks for every manifest and blob below a digest. */
  checkWhole(digest: string): Promise<void>;
  /** Puts a tag, which may exist, on a digest that is there. */
  tag(digest: string, tag: string): Promise<void>;
  /**
   * The same once, within so many milliseconds: a write that may come late would be taken for a new one. False where the
   * registry was busy or out of reach, so that whoever wants the tag looks again before another try.
   */
  tryTag(digest: string, tag: string, patience: number): Promise<boolean>;
}

/** What a failed request means: try again, it is not there, or give up. */
export type FailureKind = "denied" | "missing" | "busy" | "unreachable" | "untrusted" | "wrong" | "refused";

// What go-containerregistry prints: `GET URL: CODE: message` for an error body of the distribution specification,
// `unexpected status code 429 Too Many Requests` without one, and Go's own words for the network.
const failures: readonly [FailureKind, RegExp][] = [
  ["denied", /\b(?:UNAUTHORIZED|DENIED)\b|status code 40[13]\b/u],
  ["busy", /\bTOOMANYREQUESTS\b|status code 429\b/u],
  ["wrong", /\b(?:DIGEST_INVALID|SIZE_INVALID|MANIFEST_BLOB_UNKNOWN|BLOB_UNKNOWN)\b|does not match|error verifying/u],
  ["missing", /\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND)\b|status code 404\b/u],
  ["untrusted", /\b(?:x509|tls): |server gave HTTP response to HTTPS client/u],
  ["unreachable", /status code 5\d\d\b|\b(?:UNKNOWN|UNAVAILABLE|INTERNAL_SERVER_ERROR|BLOB_UPLOAD_\w+)\b/u],
  [
    "unreachable",
    /\b(?:EOF|connection re(?:set|fused)|broken pipe|i\/o timeout|no such host|timed out|unreachable)\b/iu,
  ],
];

export function failureOf(text: string): FailureKind {
  const line = /^Error: .*$/mu.exec(text)?.[0] ?? text;
  return failures.find(([, pattern]) => pattern.test(line))?.[0] ?? "refused";
}

/** True when the same request may succeed a little later. */
export function mayPass(kind: FailureKind): boolean {
  return kind === "busy" || kind === "unreachable" || kind === "wrong";
}

/** The error of a request that failed for good. */
export function registryError(kind: FailureKind, what: string, detail: string): UserError {
  const { code, hint } = refusals[kind];
  return new UserError(code, `${what}: ${detail}`, { hint });
}

const again = "Run it again: it goes on where it stopped.";

const refusals: Record<FailureKind, { code: string; hint: string }> = {
  denied: {
    code: "REGISTRY_DENIED",
    hint: "Log in with `docker login` (DOCKER_CONFIG and its credential helpers are used), and see that the account may write there.",
  },
  missing: {
    code: "REGISTRY_REFUSED",
    hint: "See that `repository` in images/publish.json, or --repository, names a repository that may be written to.",
  },
  busy: { code: "REGISTRY_UNREACHABLE", hint: `The registry takes no more requests for now. ${again}` },
  unreachable: { code: "REGISTRY_UNREACHABLE", hint: again },
  untrusted: {
    code: "REGISTRY_UNREACHABLE",
    hint: "Name the authority's certificate in SSL_CERT_FILE; for plain HTTP beyond this machine say --insecure.",
  },
  wrong: {
    code: "REGISTRY_WRONG_CONTENT",
    hint: "The registry keeps other content than it was given, or lost some. `foundry doctor --published` looks at all of it.",
  },
  refused: { code: "REGISTRY_REFUSED", hint: "What the registry said is all there is to go by." },
};

/** Two commands with different policies pull the tags to and fro. */
export function contended(repository: string): UserError {
  return new UserError("TAGS_CONTENDED", `Somebody else keeps moving the floating tags of ${repository}`, {
    hint: "Two checkouts with different images/series.json publish at once; let one end, then run this again.",
  });
}
