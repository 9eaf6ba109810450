import { z } from "zod";

/** Who signs: a key pair, or whoever a workflow run proves to be (Sigstore's keyless signing). */
export const Signing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("key"),
    /** Path of the public key (PEM) in the repository. */
    publicKey: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal("keyless"),
    /** OIDC issuer in the certificate. */
    issuer: z.url(),
    /** Regular expression that the certificate's identity has to match whole. */
    identity: z.string().min(1),
  }),
]);
export type Signing = z.infer<typeof Signing>;

/** `images/publish.json`: where images go, and how a stranger knows that they are ours. */
export const PublishSettings = z.strictObject({
  $schema: z.string().optional(),
  /** Repository in a registry, without a tag: `ghcr.io/example/prosody`; a port may follow the host. */
  repository: z
    .string()
    .regex(/^[\w.-]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/u, "is no repository (host/path, no tag)"),
  /** Address of the sources: `org.opencontainers.image.source`, and what provenance has to name. */
  source: z.url(),
  /** Regular expression that the id of a build's builder has to match whole; any address below `source` unless given. */
  builder: z.string().min(1).optional(),
  signing: Signing,
});
export type PublishSettings = z.infer<typeof PublishSettings>;
