import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createMessage, generateKey, type PrivateKey, sign } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSignature, readSigners } from "./read-signature.ts";

const bytes = Buffer.from("a tarball");
let folder: string;
let ours: PrivateKey;
let other: PrivateKey;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-keys-"));
  [ours, other] = await Promise.all([makeKey("Releases <releases@example.org>"), makeKey("Somebody <s@example.org>")]);
  await writeFile(path.join(folder, "releases.asc"), ours.toPublic().armor());
  await writeFile(path.join(folder, "README"), "no key");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function makeKey(userId: string): Promise<PrivateKey> {
  const [, name = "", email = ""] = /^(.*) <(.*)>$/u.exec(userId) ?? [];
  const made = await generateKey({ userIDs: [{ name, email }], format: "object" });
  return made.privateKey;
}

async function signed(key: PrivateKey, content: Buffer): Promise<Buffer> {
  const message = await createMessage({ binary: content });
  return Buffer.from(await sign({ message, signingKeys: key, detached: true, format: "armored" }));
}

describe("a signature", () => {
  it("of a declared key over these bytes names the key, armored or not", async () => {
    const signers = await readSigners(folder);
    const expected = { fingerprint: ours.getFingerprint().toUpperCase(), name: "Releases <releases@example.org>" };
    expect(await checkSignature(bytes, await signed(ours, bytes), { signers, what: "x" })).toEqual(expected);
    const message = await createMessage({ binary: bytes });
    const binary = Buffer.from(await sign({ message, signingKeys: ours, detached: true, format: "binary" }));
    expect(await checkSignature(bytes, binary, { signers, what: "x" })).toEqual(expected);
  });

  it("of a key that nobody declared says nothing, and so does any where none is declared", async () => {
    const signers = await readSigners(folder);
    expect(await checkSignature(bytes, await signed(other, bytes), { signers, what: "x" })).toBeNull();
    const none = await readSigners(path.join(folder, "absent"));
    expect(await checkSignature(bytes, await signed(ours, bytes), { signers: none, what: "x" })).toBeNull();
  });

  it("of a declared key over other bytes is refused, and so is what is none", async () => {
    const signers = await readSigners(folder);
    const bad = await signed(ours, Buffer.from("another tarball"));
    await expect(checkSignature(bytes, bad, { signers, what: "x" })).rejects.toMatchObject({ code: "SIGNATURE_BAD" });
    const page = Buffer.from("<html>Not found</html>");
    await expect(checkSignature(bytes, page, { signers, what: "x" })).rejects.toMatchObject({ code: "SIGNATURE_BAD" });
  });

  it("cannot be checked by a file that has no key", async () => {
    const file = path.join(folder, "broken.gpg");
    await writeFile(file, "no key");
    await expect(readSigners(folder)).rejects.toMatchObject({ code: "KEY_MALFORMED" });
    await rm(file);
  });
});
