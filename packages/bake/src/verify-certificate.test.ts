import { X509Certificate } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { expect, it } from "vitest";
import { makeCertificate, packCertificate } from "./verify-certificate.ts";

it("a throw-away certificate is for its domain alone, and issued by its authority", async () => {
  const made = await makeCertificate("verify.test");
  const certificate = new X509Certificate(made.certificate);
  const authority = new X509Certificate(made.authority);
  expect(certificate.subjectAltName).toBe("DNS:verify.test");
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect([certificate.ca, authority.ca]).toEqual([false, true]);
  expect(made.key).toContain("PRIVATE KEY");
});

it("the tar is named as Prosody looks for it, readable for every user", async () => {
  const packed = await packCertificate("verify.test", { authority: "a", certificate: "c", key: "k" });
  const found: unknown[] = [];
  const tar = Readable.from([packed]).pipe(extract());
  for await (const entry of tar) {
    found.push([entry.header.name, entry.header.mode, (await buffer(entry)).toString()]);
  }
  expect(found).toEqual([
    ["verify.test.crt", 0o644, "c"],
    ["verify.test.key", 0o644, "k"],
  ]);
});
