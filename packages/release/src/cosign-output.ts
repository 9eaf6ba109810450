import { z } from "zod";
import { Statement } from "./statement.ts";

/** The type of what `cosign sign` makes, since cosign 3, and before. */
const signatureTypes = ["https://sigstore.dev/cosign/sign/v1", "cosign container image signature"];

const Claims = z.array(
  z.looseObject({
    critical: z.looseObject({
      image: z.looseObject({ "docker-manifest-digest": z.string() }),
      type: z.string(),
    }),
  }),
);

const Envelope = z.looseObject({ payload: z.base64() });

/**
 * Digests that signatures vouch for, out of what `cosign verify` prints. Attestations are left out, which cosign takes for
 * signatures: an image that is only attested passes `cosign verify`.
 */
export function signedDigests(stdout: string): string[] {
  const claims = Claims.safeParse(readJson(stdout));
  if (!claims.success) return [];
  return claims.data
    .filter(({ critical }) => signatureTypes.includes(critical.type))
    .map(({ critical }) => critical.image["docker-manifest-digest"]);
}

/** The statements in what `cosign verify-attestation` prints: an envelope a line. */
export function verifiedStatements(stdout: string): Statement[] {
  return stdout.split("\n").flatMap((line) => {
    const envelope = Envelope.safeParse(readJson(line));
    if (!envelope.success) return [];
    const statement = Statement.safeParse(readJson(Buffer.from(envelope.data.payload, "base64").toString("utf8")));
    return statement.success ? [statement.data] : [];
  });
}

/** Why cosign refused, in one line of its own. */
export function refusalOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const said =
    lines.findLast((line) => /^(?:error during command execution|Error): /u.test(line)) ?? lines.findLast(Boolean);
  return said?.replace(/^(?:error during command execution|Error): /u, "") ?? "it said nothing";
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
