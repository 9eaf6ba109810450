import { afterAll, beforeAll, expect, it } from "vitest";
import { silent } from "@prosody-foundry/kit";
import { signIndex, type TrustedSigner } from "@prosody-foundry/release";
import { execAs } from "../fixtures/sigstore.ts";
import { refusals, saying, type Words } from "../fixtures/refusals-of-images.ts";
import { openSigningScene, type Pushed, type SigningScene } from "../fixtures/signed-image.ts";

const issuer = "https://token.actions.githubusercontent.com";
const workflow = "https://github.com/prosody-foundry/prosody-foundry/.github/workflows/publish.yml";
const identity = String.raw`https://github\.com/prosody-foundry/prosody-foundry/\.github/workflows/publish\.yml@refs/heads/main`;
const trusted: TrustedSigner = { kind: "keyless", issuer, identity };

let scene: SigningScene;
let exec: SigningScene["exec"];
let pushed: Pushed;

beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry" });
  exec = await execAs(scene, { identity: `${workflow}@refs/heads/main`, issuer });
  pushed = await scene.push("keyless");
});
afterAll(() => scene.close());

it("signs as the workflow that it runs in, once", async () => {
  const { tools } = scene;
  const { reference } = pushed;
  const request = { exec, tools, reference, trusted, signer: { kind: "keyless" } as const, progress: silent };
  expect(await signIndex(request)).toMatchObject({ signed: true });
  expect(await signIndex(request)).toEqual({ signed: false, attested: [] });
  expect(refusals(await scene.verify(reference, { exec, trusted }))).toEqual({});
});

it("does not keep a signature that users would not trust", async () => {
  const { tools } = scene;
  const { reference } = await scene.push("elsewhere");
  const other = await execAs(scene, { identity: `${workflow}@refs/heads/feature`, issuer });
  const signing = { exec: other, tools, reference, trusted, signer: { kind: "keyless" } as const, progress: silent };
  await expect(signIndex(signing)).rejects.toMatchObject({ code: "SIGN_UNVERIFIED" });
});

it.each<[string, { issuer: string; identity: string }]>([
  ["a workflow on another branch", { issuer, identity: identity.replace("main", "release") }],
  ["an identity that the signer's begins with", { issuer, identity: identity.slice(0, -"main".length) }],
  ["an identity that the signer's ends with", { issuer, identity: "refs/heads/main" }],
  ["another issuer", { issuer: "https://issuer.example", identity }],
])("refuses the signature where %s is trusted", async (_, other) => {
  const words: Words = {
    signature: /no matching CertificateIdentity found, last error: expected (?:SAN|issuer) value/u,
    "signed provenance": /no matching CertificateIdentity found/u,
  };
  const verified = await scene.verify(pushed.reference, { exec, trusted: { kind: "keyless", ...other } });
  expect(refusals(verified)).toEqual(saying(words));
});
