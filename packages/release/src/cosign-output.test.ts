import { expect, it } from "vitest";
import { refusalOf, signedDigests, verifiedStatements } from "./cosign-output.ts";

const digest = `sha256:${"a".repeat(64)}`;

function claim(type: string) {
  return { critical: { identity: {}, image: { "docker-manifest-digest": digest }, type }, optional: {} };
}

it.each([
  ["a signature of cosign 3", `\n${JSON.stringify([claim("https://sigstore.dev/cosign/sign/v1")])}`, [digest]],
  ["a signature of cosign 2", JSON.stringify([claim("cosign container image signature")]), [digest]],
  ["an attestation that passes for one", JSON.stringify([claim("https://slsa.dev/provenance/v1")]), []],
  ["something else", "Verified OK", []],
])("reads %s", (_, stdout, digests) => {
  expect(signedDigests(stdout)).toEqual(digests);
});

it("reads the statements of attestations, an envelope a line", () => {
  const statement = {
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [{ digest: { sha256: "a" } }],
    predicateType: "t",
    predicate: { a: 1 },
  };
  const payload = Buffer.from(JSON.stringify(statement)).toString("base64");
  const line = JSON.stringify({ payload, payloadType: "application/vnd.in-toto+json", signatures: [] });
  const other = JSON.stringify({ payload: Buffer.from("{}").toString("base64") });
  expect(verifiedStatements(`${line}\n${other}\nno JSON\n${line}\n`)).toEqual([statement, statement]);
});

it.each([
  [
    "WARNING: x\nError: no signatures found\nerror during command execution: no signatures found\n",
    "no signatures found",
  ],
  ["Error: one\n", "one"],
  ["it broke", "it broke"],
  ["", "it said nothing"],
])("says in one line why it was refused", (stderr, line) => {
  expect(refusalOf(stderr)).toBe(line);
});
