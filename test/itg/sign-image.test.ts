import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent, UserError } from "@prosody-foundry/kit";
import { signIndex, type SignIndexRequest } from "@prosody-foundry/release";
import type { RegistryOptions } from "../fixtures/registry.ts";
import { openSigningScene, type Pushed, type SigningScene } from "../fixtures/signed-image.ts";

const provenance = "https://slsa.dev/provenance/v1";

describe.each<RegistryOptions>([
  { kind: "docker-registry" },
  { kind: "docker-registry", tls: true, auth: true },
  { kind: "crane", tls: true, auth: true },
])("signing in %o", (options) => {
  let scene: SigningScene;
  beforeAll(async () => {
    scene = await openSigningScene(options);
  });
  afterAll(() => scene.close());

  it("signs and attests an index once, as a stranger sees", async () => {
    const pushed = await scene.push("once");
    expect(await scene.sign(pushed)).toEqual({ signed: true, attested: [provenance] });
    const { checks } = await scene.verify(pushed.reference);
    expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
    const before = await readSigned(scene, pushed);
    expect(await scene.sign(pushed)).toEqual({ signed: false, attested: [] });
    expect(await readSigned(scene, pushed)).toBe(before);
  });

  it("ends with a signature and an attestation that hold, when two sign at once", async () => {
    const pushed = await scene.push("twice");
    await Promise.all([scene.sign(pushed), scene.sign(pushed)]);
    const { checks } = await scene.verify(pushed.reference);
    expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
  });
});

describe("signing, when something is in the way", () => {
  let scene: SigningScene;
  beforeAll(async () => {
    scene = await openSigningScene({ kind: "docker-registry" });
  });
  afterAll(() => scene.close());

  function requestFor({ reference }: Pushed, more: Partial<SignIndexRequest> = {}): SignIndexRequest {
    const { exec, tools, keys } = scene;
    const trusted = { kind: "key", publicKey: keys.publicKey } as const;
    return { exec, tools, reference, signer: { kind: "key", key: keys.key }, trusted, progress: silent, ...more };
  }

  it("goes on where it was interrupted", async () => {
    const pushed = await scene.push("interrupted");
    const exec: SigningScene["exec"] = (command, args, options) =>
      args[0] === "attest" ? Promise.reject(new Error("pulled the plug")) : scene.exec(command, args, options);
    await expect(signIndex(requestFor(pushed, { exec }))).rejects.toThrow("pulled the plug");
    expect(await scene.sign(pushed)).toEqual({ signed: false, attested: [provenance] });
    expect((await scene.verify(pushed.reference)).checks.map(({ status }) => status)).not.toContain("failed");
  });

  it("makes again what another signer's index of signatures lost", async () => {
    const pushed = await scene.push("contended");
    let lost = false;
    const exec: SigningScene["exec"] = async (command, args, options) => {
      const result = await scene.exec(command, args, options);
      // As another signer would, who read the index of signatures before this one wrote it.
      if (args[0] === "sign" && !lost) {
        lost = true;
        await scene.exec(scene.tools.crane, ["delete", `${pushed.repository}@${await signaturesOf(pushed)}`]);
      }
      return result;
    };
    expect(await signIndex(requestFor(pushed, { exec }))).toEqual({ signed: true, attested: [provenance] });
    expect(lost).toBe(true);
    expect((await scene.verify(pushed.reference)).checks.map(({ status }) => status)).not.toContain("failed");
  });

  async function signaturesOf({ repository, index }: Pushed): Promise<string> {
    const { stdout } = await scene.exec(scene.tools.crane, ["digest", `${repository}:${index.replace(":", "-")}`]);
    return stdout.trim();
  }

  it("takes key and password from where no list of processes shows them", async () => {
    const pushed = await scene.push("environment");
    const passwordFile = path.join(scene.folder, "password");
    await writeFile(passwordFile, `${scene.keys.password}\n`);
    const seen: string[] = [];
    const key = await readFile(scene.keys.key, "utf8");
    const exec: SigningScene["exec"] = (command, args, options) => {
      seen.push(...args);
      const env = { COSIGN_PASSWORD: "wrong", SIGNING_KEY: key, ...options?.env };
      return scene.exec(command, args, { ...options, env });
    };
    const signer = { kind: "key", key: "env://SIGNING_KEY", passwordFile } as const;
    expect(await signIndex(requestFor(pushed, { exec, signer }))).toMatchObject({ signed: true });
    expect(seen.join(" ")).not.toContain(scene.keys.password);
  });

  it.each([
    {
      title: "a wrong password",
      more: () => ({ exec: withPassword("not this one") }),
      code: "SIGN_FAILED",
      says: /cosign sign .* failed: .*decryption failed/u,
    },
    {
      title: "a password file that is not there",
      more: () => ({ signer: { kind: "key", key: scene.keys.key, passwordFile: "/nowhere/at-all" } as const }),
      code: "SIGN_PASSWORD",
      says: /ENOENT/u,
    },
    {
      title: "an image that is not there",
      more: () => ({ reference: `${scene.registry.host}/prosody/nobody@sha256:${"0".repeat(64)}` }),
      code: "IMAGE_UNREACHABLE",
      says: /MANIFEST_UNKNOWN|NAME_UNKNOWN/u,
    },
    {
      title: "no token of a workflow run, keyless",
      more: () => ({ signer: { kind: "keyless" } as const, exec: outsideOfWorkflows }),
      code: "SIGN_FAILED",
      // Without a network cosign cannot even tell which services there are.
      says: /^cosign (?:signing-config|sign) /u,
    },
  ])("refuses $title with a code, and says no secret", async ({ more, code, says }) => {
    const pushed = await scene.push("refused");
    const error = await signIndex(requestFor(pushed, more())).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(JSON.stringify(error) + String(error)).not.toContain("not this one");
    expect((await scene.verify(pushed.reference)).checks.find(({ name }) => name === "signature")?.status).toBe(
      "failed",
    );
  });

  const outsideOfWorkflows: SigningScene["exec"] = (command, args, options) => {
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined };
    return scene.exec(command, args, { ...options, env: { ...options?.env, ...env } });
  };

  function withPassword(password: string): SigningScene["exec"] {
    return (command, args, options) =>
      scene.exec(command, args, { ...options, env: { ...options?.env, COSIGN_PASSWORD: password } });
  }
});

/** All that is kept beside an index: cosign keeps it under a tag where a registry has no API for it. */
async function readSigned({ exec, tools }: SigningScene, { repository, index }: Pushed): Promise<string> {
  const { stdout } = await exec(tools.crane, ["manifest", `${repository}:${index.replace(":", "-")}`], {
    accept: "any",
  });
  return stdout;
}
