import { signImage } from "@prosody-foundry/release";
import { silent } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Alterations } from "../fixtures/layout-image.ts";
import { refusals, saying, type Words } from "../fixtures/refusals-of-images.ts";
import { openSigningScene, type SigningScene } from "../fixtures/signed-image.ts";

// Images that are signed as they should be, by a publisher who put something wrong into them.

let scene: SigningScene;
beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry" });
});
afterAll(() => scene.close());

const elsewhere = "https://github.com/somebody/else";

it.each<{ title: string; alter: Alterations; words: Words }>([
  {
    title: "layers that unpack to something else than the configuration says",
    alter: { diffIds: (digests) => digests.toReversed() },
    words: { content: /unpacks to sha256:\w+, and the configuration says/u },
  },
  {
    title: "a configuration with fewer layers than the image has",
    alter: { diffIds: (digests) => digests.slice(0, 1) },
    words: { content: /has 2 layers, and its configuration says 1/u },
  },
  {
    title: "attestations that are about another image",
    alter: { subject: (digest, platform) => (platform === "linux/amd64" ? `sha256:${"0".repeat(64)}` : digest) },
    words: { attestations: /of linux\/amd64 is about 0{64}/u },
  },
  {
    title: "provenance with another source",
    alter: {
      provenance: (predicate, platform) =>
        platform === "linux/amd64"
          ? predicate
          : {
              ...predicate,
              buildDefinition: {
                ...predicate.buildDefinition,
                resolvedDependencies: [{ name: "source", uri: `git+${elsewhere}.git` }],
              },
            },
    },
    words: { provenance: /^linux\/arm\/v7 comes from https:\/\/github\.com\/somebody\/else, not from/u },
  },
  {
    title: "an SBOM with another revision of a module",
    alter: {
      sbom: (document) => ({
        ...document,
        packages: document.packages.map((each) =>
          each.name === "mod_words" ? { ...each, versionInfo: "f".repeat(40) } : each,
        ),
      }),
    },
    words: { "module pins": /^mod_words: its revision is f{40}, the lock has/u },
  },
  {
    title: "an SBOM that leaves a module out",
    alter: {
      sbom: (document) => ({
        ...document,
        packages: document.packages.filter(({ name }) => name !== "mod_words"),
      }),
    },
    words: { "module files": /^mod_words is in the image and not in its SBOM$/u },
  },
  {
    title: "a module whose file was changed under a true SBOM",
    alter: {
      files: (files) =>
        files.map((file) => (file.path.endsWith("mod_words.lua") ? { ...file, text: "-- evil\n" } : file)),
    },
    words: { "module files": /^the files of mod_words have SHA-256 \w+, not/u },
  },
  {
    title: "a file beside the modules",
    alter: { files: (files) => [...files, { path: "usr/lib/prosody-modules/extra.lua", text: "" }] },
    words: { "module files": /^extra\.lua is in the image and not in its SBOM$/u },
  },
  {
    title: "an SBOM with another version of a package",
    alter: {
      sbom: (document) => ({
        ...document,
        packages: JSON.parse(JSON.stringify(document.packages).replaceAll("5.4.7", "5.4.8")),
      }),
    },
    words: { packages: /lua5\.4 1:5\.4\.7-1\+b2 amd64 is in the image and not in its SBOM/u },
  },
  {
    title: "no SPDX document",
    alter: { sbom: () => ({ bomFormat: "CycloneDX" }) },
    words: {
      SBOM: /linux\/amd64 has no SPDX document/u,
      "module files": /mod_greeting is in the image and not in its SBOM/u,
      packages: /not in its SBOM/u,
    },
  },
])("refuses $title", async ({ alter, words }) => {
  const pushed = await scene.pushSigned(alter);
  expect(refusals(await scene.verify(pushed.reference))).toEqual(saying(words));
});

it("refuses builds of a builder that is not ours", async () => {
  const pushed = await scene.pushSigned();
  expect(refusals(await scene.verify(pushed.reference, { builder: "https://ci\\.example/.*" }))).toEqual(
    saying({
      "signed provenance": /was built by .*\/actions\/runs\/1\/attempts\/1/u,
      provenance: /was built by/u,
    }),
  );
});

it("refuses a platform without attestation, and does not sign it either", async () => {
  const pushed = await scene.push("unattested", { unattested: ["linux/arm/v7"] });
  await expect(scene.sign(pushed)).rejects.toMatchObject({ code: "SIGN_INCOMPLETE" });
  const { exec, tools, keys } = scene;
  await signImage({
    exec,
    cosign: tools.cosign,
    reference: pushed.reference,
    signer: { kind: "key", key: keys.key },
    trusted: { kind: "key", publicKey: keys.publicKey },
    attestations: [],
    progress: silent,
  });
  expect(refusals(await scene.verify(pushed.reference))).toEqual(
    saying({
      "signed provenance": /none of the attestations matched/u,
      attestations: /^linux\/arm\/v7 has no attestation$/u,
      provenance: /^linux\/arm\/v7 has no provenance v1$/u,
      SBOM: /^linux\/arm\/v7 has no SPDX document$/u,
      "module files": /linux\/arm\/v7: mod_greeting is in the image and not in its SBOM/u,
      packages: /linux\/arm\/v7: lua5\.4/u,
    }),
  );
});
