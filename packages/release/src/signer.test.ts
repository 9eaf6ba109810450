import { expect, it } from "vitest";
import { attestArgs, signArgs, type Signer, signingConfigArgs, verifyArgs, verifyAttestationArgs } from "./signer.ts";

const reference = `ghcr.io/example/prosody@sha256:${"0".repeat(64)}`;
const key: Signer = { kind: "key", key: "cosign.key", passwordFile: "/run/secrets/password" };
const files = { signingConfig: "sc.json", trustedRoot: "tr.json" };

it("signs with a key and without any service of Sigstore's", () => {
  expect(signArgs(reference, key, files)).toEqual([
    ..."sign --yes --key cosign.key --signing-config sc.json --trusted-root tr.json".split(" "),
    reference,
  ]);
  expect(signingConfigArgs(key, "sc.json").join(" ")).toBe(
    "signing-config create --no-default-rekor=true --no-default-fulcio=true --no-default-tsa=true" +
      " --no-default-oidc=true --out sc.json",
  );
});

it("signs without a key as the workflow run it is part of", () => {
  const signer: Signer = { kind: "keyless" };
  expect(signArgs(reference, signer, { signingConfig: "sc.json" })).toEqual([
    ..."sign --yes --oidc-provider github-actions --signing-config sc.json".split(" "),
    reference,
  ]);
  expect(signingConfigArgs(signer, "sc.json")).toContain("--with-default-services=true");
});

it("attests by the predicate type's URI", () => {
  const predicate = { predicateType: "https://slsa.dev/provenance/v1", file: "p.json" };
  expect(attestArgs(reference, predicate, { signer: key, files })).toEqual([
    ..."attest --yes --key cosign.key --signing-config sc.json --trusted-root tr.json".split(" "),
    ..."--type https://slsa.dev/provenance/v1 --predicate p.json".split(" "),
    reference,
  ]);
});

it.each([
  {
    title: "a key offline",
    trusted: { kind: "key", publicKey: "cosign.pub" } as const,
    args: ["--key", "cosign.pub", "--insecure-ignore-tlog=true"],
  },
  {
    title: "an identity by its whole, in the public log",
    trusted: { kind: "keyless", issuer: "https://issuer.example", identity: "https://a|https://b" } as const,
    args: "--certificate-oidc-issuer https://issuer.example --certificate-identity-regexp ^(?:https://a|https://b)$".split(
      " ",
    ),
  },
])("verifies by $title", ({ trusted, args }) => {
  expect(verifyArgs(reference, trusted)).toEqual(["verify", ...args, reference]);
  expect(verifyAttestationArgs(reference, "x", trusted)).toEqual([
    "verify-attestation",
    "--type",
    "x",
    ...args,
    reference,
  ]);
});
