import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImageCheckName, VerifiedImage } from "@prosody-foundry/release";
import { signImage } from "@prosody-foundry/release";
import { runCommand, silent } from "@prosody-foundry/kit";
import type { Alterations } from "../fixtures/layout-image.ts";
import { makeKeys, openSigningScene, type Pushed, type SigningScene, withTampered } from "../fixtures/signed-image.ts";

let scene: SigningScene;
beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry" });
});
afterAll(() => scene.close());

type Words = Partial<Record<ImageCheckName, RegExp>>;

/** The checks that failed are those, each for its reason; nothing else failed, and what hangs on them was not run. */
function expectRefused({ checks }: VerifiedImage, words: Words, notRun: readonly ImageCheckName[] = []): void {
  const named = (status: string) => checks.filter((check) => check.status === status);
  expect(named("failed").map(({ name }) => name)).toEqual(Object.keys(words));
  for (const { name, detail } of named("failed")) expect(detail).toMatch(words[name as ImageCheckName] ?? /^$/u);
  expect(named("notRun").map(({ name }) => name)).toEqual(notRun);
}

let count = 0;

async function pushSigned(alter?: Alterations): Promise<Pushed> {
  count += 1;
  const pushed = await scene.push(`image-${count}`, alter);
  await scene.sign(pushed);
  return pushed;
}

it("is content with an image as it was signed, by its tag too, and names commands that say the same", async () => {
  const pushed = await pushSigned();
  await scene.exec(scene.tools.crane, ["tag", pushed.reference, "13.0.7-r1"]);
  const verified = await scene.verify(`${pushed.repository}:13.0.7-r1`);
  expect(verified.checks.map(({ status, name }) => `${name} ${status}`)).toEqual([
    "index passed",
    "content passed",
    "signature passed",
    "signed provenance passed",
    "attestations passed",
    "provenance passed",
    "SBOM passed",
    "module pins passed",
    "module files passed",
    "packages passed",
  ]);
  expect(verified).toMatchObject({ digest: pushed.index, series: "13.0", platforms: scene.image.platforms });
  const said = await Promise.all(verified.commands.map((command) => runPublic(command)));
  expect(said.map(({ exitCode }) => exitCode)).toEqual(verified.commands.map(() => 0));
  const text = said.map(({ stdout }) => stdout).join("\n");
  expect(text).toContain(pushed.index);
  expect(text).toContain(scene.image.builder);
  expect(text).toContain("mod_greeting");
});

/** As a stranger runs it, in a folder of his own. */
function runPublic({ program, args }: VerifiedImage["commands"][number]) {
  const own: Readonly<Record<string, string>> = scene.tools;
  return scene.exec(own[program] ?? program, args, { cwd: scene.folder, accept: "any" });
}

describe("signatures", () => {
  it("refuses an image that nobody signed, as the public command does", async () => {
    const pushed = await scene.push("unsigned");
    const verified = await scene.verify(pushed.reference);
    expectRefused(verified, { signature: /no signatures found/u, "signed provenance": /not attested by the key/u });
    const command = verified.commands.find(({ title }) => title === "the signature");
    expect(command === undefined ? 0 : (await runPublic(command)).exitCode).not.toBe(0);
  });

  it("refuses a signature by another key", async () => {
    const pushed = await pushSigned();
    const other = await makeKeys(scene.tools.cosign, path.join(scene.folder, "other"));
    const trusted = { kind: "key", publicKey: other.publicKey } as const;
    expectRefused(await scene.verify(pushed.reference, { trusted }), {
      signature: /accepted signatures do not match/u,
      "signed provenance": /not attested by the key/u,
    });
  });

  it("refuses signature and attestation of another image, copied", async () => {
    const signed = await pushSigned();
    const other = await scene.push("copied-to", { files: (files) => files.toReversed() });
    const tagOf = ({ repository, index }: Pushed): string => `${repository}:${index.replace(":", "-")}`;
    await scene.exec(scene.tools.crane, ["copy", tagOf(signed), tagOf(other)]);
    expectRefused(await scene.verify(other.reference), {
      signature: /does not match any digest/u,
      "signed provenance": /does not match any digest/u,
    });
  });

  it("refuses another image under the tag of a signed one", async () => {
    const pushed = await pushSigned();
    const tag = `${pushed.repository}:13.0`;
    await scene.exec(scene.tools.crane, ["tag", pushed.reference, "13.0"]);
    expectRefused(await scene.verify(tag), {});
    const other = await scene.push("evil", { files: (files) => files.toReversed() });
    await scene.exec(scene.tools.crane, ["copy", other.reference, tag]);
    expectRefused(await scene.verify(tag), {
      signature: /no signatures found/u,
      "signed provenance": /not attested/u,
    });
  });

  it("refuses an image that is attested and not signed, which cosign takes for signed", async () => {
    const pushed = await scene.push("attested");
    const cosign = async (args: readonly string[]) => scene.exec(scene.tools.cosign, args, { accept: "any" });
    const exec: SigningScene["exec"] = (command, args, options) =>
      args[0] === "sign"
        ? Promise.resolve({ exitCode: 0, stdout: "", stderr: "" })
        : scene.exec(command, args, options);
    const signing = signImage({ ...signRequest(pushed), exec });
    await expect(signing).rejects.toMatchObject({ code: "SIGN_UNVERIFIED" });
    const predicate = path.join(scene.folder, "predicate.json");
    await writeFile(predicate, "{}");
    await cosign([
      "attest",
      "--yes",
      "--key",
      scene.keys.key,
      ...(await offline()),
      "--predicate",
      predicate,
      pushed.reference,
    ]);
    const key = ["--key", scene.keys.publicKey, "--insecure-ignore-tlog=true"];
    expect((await cosign(["verify", ...key, pushed.reference])).exitCode).toBe(0);
    expectRefused(await scene.verify(pushed.reference), {
      signature: /the signature is of nothing/u,
      "signed provenance": /none of the attestations matched the predicate type/u,
    });
  });
});

function signRequest({ reference }: Pushed) {
  const { exec, tools, keys } = scene;
  return {
    exec,
    cosign: tools.cosign,
    reference,
    signer: { kind: "key", key: keys.key } as const,
    trusted: { kind: "key", publicKey: keys.publicKey } as const,
    attestations: [],
    progress: silent,
  };
}

async function offline(): Promise<string[]> {
  const file = path.join(scene.folder, "signing-config.json");
  const none = ["rekor", "fulcio", "tsa", "oidc"].map((service) => `--no-default-${service}=true`);
  await runCommand(scene.tools.cosign, ["signing-config", "create", ...none, "--out", file]);
  return ["--signing-config", file];
}

describe("content", () => {
  it("refuses a layer that the registry gives out otherwise than it was signed", async () => {
    const pushed = await pushSigned();
    const tampered = { digest: pushed.modules, bytes: gzipSync("something else") };
    const verified = await withTampered(scene, tampered, () => scene.verify(pushed.reference));
    expectRefused(verified, { content: new RegExp(pushed.modules, "u") }, ["module files", "packages"]);
  });

  it("refuses a manifest of a platform that the registry gives out otherwise", async () => {
    const pushed = await pushSigned();
    const digest = pushed.manifests.get("linux/arm/v7") ?? "";
    const bytes = (await readPushed(pushed, digest)).replace("{", "{ ");
    const verified = await withTampered(scene, { digest, bytes }, () => scene.verify(pushed.reference));
    expectRefused(verified, { content: new RegExp(digest, "u") }, ["module files", "packages"]);
  });

  it("refuses an index that the registry gives out otherwise than its digest says", async () => {
    const pushed = await pushSigned();
    const bytes = (await readPushed(pushed, pushed.index)).replace('"1.0.0"', '"9.9.9"');
    const tampered = { digest: pushed.index, bytes };
    const { checks } = await withTampered(scene, tampered, () => scene.verify(pushed.reference));
    expect(checks[0]).toMatchObject({ name: "index", status: "failed" });
    expect(checks[0]?.detail).toMatch(/does not match requested digest/u);
    // The signature is of that digest; it is the registry that does not keep to it.
    expect(checks.filter(({ status }) => status === "passed").map(({ name }) => name)).toEqual([
      "signature",
      "signed provenance",
    ]);
  });

  it("refuses an image that says it comes from elsewhere", async () => {
    const pushed = await pushSigned();
    const source = "https://github.com/somebody/else";
    expectRefused(await scene.verify(pushed.reference, { source }), {
      index: /comes from https:\/\/github\.com\/prosody-foundry/u,
      "signed provenance": /not from https:\/\/github\.com\/somebody/u,
      provenance: /not from https:\/\/github\.com\/somebody/u,
    });
  });
});

function readPushed({ folder }: Pushed, digest: string): Promise<string> {
  return readFile(path.join(folder, "blobs", digest.replace(":", "/")), "utf8");
}

const elsewhere = "https://github.com/somebody/else";

describe("attestations, of images that are signed all the same", () => {
  it.each<{ title: string; alter: Alterations; words: Words; notRun?: ImageCheckName[] }>([
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
  ])("refuses $title", async ({ alter, words, notRun }) => {
    const pushed = await pushSigned(alter);
    expectRefused(await scene.verify(pushed.reference), words, notRun);
  });

  it("refuses builds of a builder that is not ours", async () => {
    const pushed = await pushSigned();
    expectRefused(await scene.verify(pushed.reference, { builder: "https://ci\\.example/.*" }), {
      "signed provenance": /was built by .*\/actions\/runs\/1\/attempts\/1/u,
      provenance: /was built by/u,
    });
  });

  it("refuses a platform without attestation, and does not sign it either", async () => {
    const pushed = await scene.push("unattested", { unattested: ["linux/arm/v7"] });
    await expect(scene.sign(pushed)).rejects.toMatchObject({ code: "SIGN_INCOMPLETE" });
    await signImage(signRequest(pushed));
    expectRefused(await scene.verify(pushed.reference), {
      "signed provenance": /none of the attestations matched/u,
      attestations: /^linux\/arm\/v7 has no attestation$/u,
      provenance: /^linux\/arm\/v7 has no provenance v1$/u,
      SBOM: /^linux\/arm\/v7 has no SPDX document$/u,
      "module files": /linux\/arm\/v7: mod_greeting is in the image and not in its SBOM/u,
      packages: /linux\/arm\/v7: lua5\.4/u,
    });
  });
});
