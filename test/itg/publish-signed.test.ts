import { mkdtemp } from "node:fs/promises";
import path from "node:path";
import { sha256, silent } from "@prosody-foundry/kit";
import {
  addToLedger,
  isIndexSigned,
  openRepository,
  planPublish,
  type PublishFacts,
  type PublishHands,
  readLedger,
  readRegistryFacts,
  readUpload,
  refuseUnverified,
  runPublish,
  signIndex,
  type SigningHands,
} from "@prosody-foundry/release";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LayoutImage, writeLayoutImage } from "../fixtures/layout-image.ts";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { openSigningScene, type SigningScene } from "../fixtures/signed-image.ts";

// Real signatures, in a registry with TLS and a login: what the other tests of publishing leave out.
const place = "prosody/published";
let scene: SigningScene;

beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry", tls: true, auth: true });
});
afterAll(() => scene.close());

interface Checkout {
  root: string;
  facts: () => Promise<PublishFacts>;
  run: (more?: Partial<PublishHands>) => ReturnType<typeof runPublish>;
}

async function checkoutWith(image: LayoutImage): Promise<Checkout> {
  const { exec, tools, keys } = scene;
  const root = await mkdtemp(path.join(scene.folder, "checkout-"));
  const made = await writeLayoutImage(image);
  const upload = await readUpload(made.folder);
  const repository = openRepository({
    exec,
    crane: tools.crane,
    repository: `${scene.registry.host}/${place}`,
    progress: silent,
  });
  const trusted = { kind: "key", publicKey: keys.publicKey } as const;
  const signing: SigningHands = {
    isSigned: (reference) => isIndexSigned({ exec, cosign: tools.cosign }, reference, trusted),
    sign: async (reference) => {
      await signIndex({ exec, tools, reference, trusted, signer: { kind: "key", key: keys.key }, progress: silent });
    },
    verify: async (reference) => refuseUnverified(await scene.verify(reference)),
  };
  const policy = { default: "13.0", oldstable: null, variants: [""] };
  const id = sha256(image.modules.map(({ name }) => name).join(" "));
  const readFacts = async () => {
    const ledger = await readLedger(root);
    return {
      ledger,
      registry: await readRegistryFacts({ repository, policy, ledger, images: {}, ids: [id], signing }),
    };
  };
  const facts = async (): Promise<PublishFacts> => {
    const now = await readFacts();
    const found = now.registry.digests[`id-${id.slice(0, 40)}`];
    const signed = found !== undefined && (await signing.isSigned(`${repository.name}@${found}`));
    const names = {
      name: "prosody-13-0",
      image: "prosody",
      variant: "",
      series: "13.0",
      version: "13.0.7",
      contract: "1.0.0",
      platforms: ["linux/amd64"],
    } as const;
    const targets = [{ ...names, id, built: { index: made.index, upload }, checked: false, signed }];
    return { repository: repository.name, policy, signing: true, targets, ...now };
  };
  const platforms = Object.fromEntries([...made.manifests].map(([name, digest]) => [name, { digest, size: 1 }]));
  const hands: PublishHands = {
    repository,
    settle: 100,
    say: silent,
    readFacts,
    knowsCommit: () => Promise.reject(new Error("there is nothing to adopt")),
    prepare: async () => new Map([["prosody-13-0", { layout: made.folder, index: made.index, platforms }]]),
    signing,
    record: async (entries) => void (await addToLedger(root, entries, silent)),
  };
  return { root, facts, run: async (more) => runPublish(await facts(), { ...hands, ...more }) };
}

it("a published image passes all that a stranger checks, and is known as signed where no ledger has it", async () => {
  const { run } = await checkoutWith(scene.image);
  const { targets } = await run();
  expect(targets).toMatchObject([{ tag: "13.0.7-r1", state: "fresh" }]);
  const tags = await readTags(scene.registry.direct, place);
  expect(tags["latest"]).toBe(targets[0]?.digest);
  expect(await findHoles(scene.registry.direct, place)).toEqual([]);
  const elsewhere = await checkoutWith({ ...scene.image, revision: "4".repeat(40) });
  const [plan] = planPublish(await elsewhere.facts()).targets;
  expect(plan).toMatchObject({ digest: targets[0]?.digest, tag: "13.0.7-r1", state: "unfinished" });
  expect(plan?.steps.map(({ step }) => step)).toEqual(["verify", "announce", "ledger"]);
  await elsewhere.run();
  expect((await readLedger(elsewhere.root)).map(({ digest }) => digest)).toEqual([targets[0]?.digest]);
  expect(await readTags(scene.registry.direct, place)).toEqual(tags);
});

it("an image that says it comes from elsewhere gets its own tag, and neither ledger nor floating tags", async () => {
  const before = await readTags(scene.registry.direct, place);
  const { run, root } = await checkoutWith({
    ...scene.image,
    modules: scene.image.modules.slice(1),
    source: "https://example.org/other",
  });
  await expect(run()).rejects.toMatchObject({ code: "IMAGE_REFUSED" });
  const after = await readTags(scene.registry.direct, place);
  expect(after).toMatchObject({ latest: before["latest"], "13.0.7-r1": before["13.0.7-r1"] });
  // What it learns of the other one instead, it keeps.
  expect((await readLedger(root)).map(({ rev, id }) => [rev, id])).toEqual([[1, null]]);
});
