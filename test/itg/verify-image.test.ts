import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signImage, type VerifiedImage } from "@prosody-foundry/release";
import { runCommand, silent } from "@prosody-foundry/kit";
import { refusals, saying } from "../fixtures/refusals-of-images.ts";
import { makeKeys, openSigningScene, type Pushed, type SigningScene, withTampered } from "../fixtures/signed-image.ts";

let scene: SigningScene;
beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry" });
});
afterAll(() => scene.close());

it("is content with an image as it was signed, by its tag too, and names commands that say the same", async () => {
  const pushed = await scene.pushSigned();
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
    expect(refusals(verified)).toEqual(
      saying({ signature: /no signatures found/u, "signed provenance": /not attested by the key/u }),
    );
    const command = verified.commands.find(({ title }) => title === "the signature");
    expect(command === undefined ? 0 : (await runPublic(command)).exitCode).not.toBe(0);
  });

  it("refuses a signature by another key", async () => {
    const pushed = await scene.pushSigned();
    const other = await makeKeys(scene.tools.cosign, path.join(scene.folder, "other"));
    const trusted = { kind: "key", publicKey: other.publicKey } as const;
    expect(refusals(await scene.verify(pushed.reference, { trusted }))).toEqual(
      saying({
        signature: /accepted signatures do not match/u,
        "signed provenance": /not attested by the key/u,
      }),
    );
  });

  it("refuses signature and attestation of another image, copied", async () => {
    const signed = await scene.pushSigned();
    const other = await scene.push("copied-to", { files: (files) => files.toReversed() });
    await scene.exec(scene.tools.crane, ["copy", tagOf(signed), tagOf(other)]);
    expect(refusals(await scene.verify(other.reference))).toEqual(
      saying({
        signature: /does not match any digest/u,
        "signed provenance": /does not match any digest/u,
      }),
    );
  });

  it("refuses another image under the tag of a signed one", async () => {
    const pushed = await scene.pushSigned();
    const tag = `${pushed.repository}:13.0`;
    await scene.exec(scene.tools.crane, ["tag", pushed.reference, "13.0"]);
    expect(refusals(await scene.verify(tag))).toEqual(saying({}));
    const other = await scene.push("evil", { files: (files) => files.toReversed() });
    await scene.exec(scene.tools.crane, ["copy", other.reference, tag]);
    expect(refusals(await scene.verify(tag))).toEqual(
      saying({
        signature: /no signatures found/u,
        "signed provenance": /not attested/u,
      }),
    );
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
    expect(refusals(await scene.verify(pushed.reference))).toEqual(
      saying({
        signature: /the signature is of nothing/u,
        "signed provenance": /none of the attestations matched the predicate type/u,
      }),
    );
  });
});

/** Where cosign keeps what is signed about an index. */
function tagOf({ repository, index }: Pushed): string {
  return `${repository}:${index.replace(":", "-")}`;
}

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
    const pushed = await scene.pushSigned();
    const tampered = { digest: pushed.modules, bytes: gzipSync("something else") };
    const verified = await withTampered(scene, tampered, () => scene.verify(pushed.reference));
    expect(refusals(verified)).toEqual(
      saying({ content: new RegExp(pushed.modules, "u"), "module files": /^not run$/u, packages: /^not run$/u }),
    );
  });

  it("refuses a manifest of a platform that the registry gives out otherwise", async () => {
    const pushed = await scene.pushSigned();
    const digest = pushed.manifests.get("linux/arm/v7") ?? "";
    const bytes = (await readPushed(pushed, digest)).replace("{", "{ ");
    const verified = await withTampered(scene, { digest, bytes }, () => scene.verify(pushed.reference));
    expect(refusals(verified)).toEqual(
      saying({ content: new RegExp(digest, "u"), "module files": /^not run$/u, packages: /^not run$/u }),
    );
  });

  it("refuses an index that the registry gives out otherwise than its digest says", async () => {
    const pushed = await scene.pushSigned();
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
    const pushed = await scene.pushSigned();
    const source = "https://github.com/somebody/else";
    expect(refusals(await scene.verify(pushed.reference, { source }))).toEqual(
      saying({
        index: /comes from https:\/\/github\.com\/prosody-foundry/u,
        "signed provenance": /not from https:\/\/github\.com\/somebody/u,
        provenance: /not from https:\/\/github\.com\/somebody/u,
      }),
    );
  });
});

function readPushed({ folder }: Pushed, digest: string): Promise<string> {
  return readFile(path.join(folder, "blobs", digest.replace(":", "/")), "utf8");
}
