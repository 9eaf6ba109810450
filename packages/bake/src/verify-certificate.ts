import { buffer } from "node:stream/consumers";
import { generate } from "selfsigned";
import { pack } from "tar-stream";

/** A certificate nobody trusts, with its key and the authority that issued it, in PEM. */
export interface ThrowAwayCertificate {
  authority: string;
  certificate: string;
  key: string;
}

/** For one domain; the authority's key is forgotten at once, so it can issue nothing else. */
export async function makeCertificate(domain: string): Promise<ThrowAwayCertificate> {
  const authority = await generate([{ name: "commonName", value: "Prosody Foundry, throw-away" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const issued = await generate([{ name: "commonName", value: domain }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: domain }] },
    ],
  });
  return { authority: authority.cert, certificate: issued.cert, key: issued.private };
}

/** The certificate as the tar `docker cp` takes, named as Prosody looks for it. Readable by any user in the container. */
export async function packCertificate(domain: string, made: ThrowAwayCertificate): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name: `${domain}.crt`, mode: 0o644 }, made.certificate);
  archive.entry({ name: `${domain}.key`, mode: 0o644 }, made.key);
  archive.finalize();
  return buffer(archive);
}
