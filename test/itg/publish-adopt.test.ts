import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, UserError } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openPublishers, type Publishers } from "../fixtures/publishers.ts";
import { type OpenPublisher, openPublisher, type Publisher } from "../fixtures/publishing.ts";
import { readTags } from "../fixtures/registry-content.ts";
import { openRegistry, type Registry } from "../fixtures/registry.ts";

// Somebody else put an index under a target's id, and did not sign it: what is taken over, and what never gets a signature.
let registry: Registry;
let publishers: Publishers;
let sources: string;
const commits: string[] = [];

beforeAll(async () => {
  registry = await openRegistry({ kind: "crane" });
  publishers = await openPublishers();
  sources = await mkdtemp(path.join(os.tmpdir(), "foundry-sources-"));
  await git("init", "--quiet");
  for (const message of ["First", "Second"]) {
    await git("commit", "--quiet", "--allow-empty", `--message=${message}`);
    commits.push((await git("rev-parse", "HEAD")).trim());
  }
});

afterAll(async () => {
  await registry.stop();
  await publishers.clear();
  await rm(sources, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  return (await runCommand("git", ["-C", sources, ...who, ...args])).stdout;
}

type SmallTarget = Publisher["targets"][number];
let round = 0;

/** A runner that dies before it signs, and what another one does then: with the same inputs, and checks that passed. */
async function takeOver(theirs: Partial<SmallTarget>): Promise<{
  digests: { theirs: string; ours: string };
  place: string;
  second: OpenPublisher;
}> {
  round += 1;
  const place = `example/adopt-${round}`;
  const open = async (target: Partial<SmallTarget>): Promise<OpenPublisher> => {
    const targets = [{ version: "13.0.7", words: "same", ...target }];
    const repository = `${registry.host}/${place}`;
    return openPublisher(await publishers.publisherOf(repository, registry.env, { targets, sources }));
  };
  const first = await open({ build: "first", commit: commits[0]!, ...theirs });
  await expect(first.run({ signing: { ...first.signing, sign: die } })).rejects.toMatchObject({ code: "SIGN_FAILED" });
  const second = await open({ build: "second", commit: commits[1]! });
  return { digests: { theirs: await indexOf(first), ours: await indexOf(second) }, place, second };
}

function die(): Promise<never> {
  return Promise.reject(new UserError("SIGN_FAILED", "the runner dies"));
}

async function indexOf({ facts }: OpenPublisher): Promise<string> {
  return (await facts()).targets[0]?.built?.index ?? "";
}

it("what an honest runner left, at another commit and in another run, is taken over, signed and published", async () => {
  const { digests, place, second } = await takeOver({});
  expect(digests.theirs).not.toBe(digests.ours);
  expect((await second.run()).targets).toMatchObject([{ tag: "13.0.7-r1", digest: digests.theirs, state: "fresh" }]);
  expect(second.said).toContain(`sign ${digests.theirs}`);
  expect((await readTags(registry.direct, place))["latest"]).toBe(digests.theirs);
});

const evil = "https://github.com/evil/prosody";
const strange = "e".repeat(40);

describe("is never signed, and nothing carries a floating tag:", () => {
  it.each<[string, Partial<SmallTarget>, RegExp]>([
    [
      "an annotation of another source",
      { alter: { annotations: (said) => ({ ...said, "org.opencontainers.image.source": evil }) } },
      /annotation org\.opencontainers\.image\.source is "https:\/\/github\.com\/evil\/prosody", here "https:/u,
    ],
    [
      "an annotation of another series",
      { alter: { annotations: (said) => ({ ...said, "org.prosody-foundry.series": "0.12" }) } },
      /annotation org\.prosody-foundry\.series is "0\.12", here "13\.0"/u,
    ],
    [
      "another version of the contract",
      { alter: { annotations: (said) => ({ ...said, "org.prosody-foundry.contract": "9.0.0" }) } },
      /annotation org\.prosody-foundry\.contract is "9\.0\.0", here "1\.2\.3"/u,
    ],
    [
      "one annotation more",
      { alter: { annotations: (said) => ({ ...said, "org.example.more": "x" }) } },
      /annotation org\.example\.more is "x", here missing/u,
    ],
    ["a commit that git does not know", { commit: strange }, /revision is e{40}, which is no commit that git knows/u],
    [
      "no commit at all",
      {
        alter: {
          annotations: (said) =>
            Object.fromEntries(Object.entries(said).filter(([name]) => !name.endsWith(".revision"))),
        },
      },
      /revision is missing, here [0-9a-f]{40}/u,
    ],
    [
      "provenance of another builder",
      { alter: { provenance: (said) => ({ ...said, runDetails: { ...said.runDetails, builder: { id: evil } } }) } },
      /provenance of linux\/amd64: runDetails builder id is "https:\/\/github\.com\/evil\/prosody", here "https/u,
    ],
    [
      "provenance of another commit than the index names",
      { alter: { provenance: (said) => withDependency(said, { name: "source", digest: { gitCommit: strange } }) } },
      /provenance of linux\/amd64: buildDefinition resolvedDependencies has .*e{40}.* which is not there here/u,
    ],
    [
      "provenance with a material that was not used here",
      { alter: { provenance: (said) => withDependency(said, { uri: "pkg:docker/evil", digest: {} }) } },
      /provenance of linux\/arm64: buildDefinition resolvedDependencies has .*pkg:docker\/evil.*not there here/u,
    ],
    [
      "provenance of another request",
      {
        alter: {
          provenance: (said) => ({
            ...said,
            buildDefinition: { ...said.buildDefinition, externalParameters: { request: { args: {} } } },
          }),
        },
      },
      /externalParameters request args build-arg:VERSION is missing, here "13\.0\.7"/u,
    ],
    [
      "an SBOM that lacks a package",
      { alter: { sbom: (said) => ({ ...said, packages: said.packages.slice(1) }) } },
      /SBOM of linux\/amd64: packages lacks .*SPDXRef-Prosody/u,
    ],
    [
      "an SBOM with another version",
      {
        alter: { sbom: (said) => ({ ...said, packages: said.packages.map((one) => ({ ...one, versionInfo: "1" })) }) },
      },
      /SBOM of linux\/arm64: packages has .*"versionInfo":"1"/u,
    ],
    [
      "an SBOM about another image",
      { alter: { subject: `sha256:${"f".repeat(64)}` } },
      /SBOM of linux\/amd64: subject has .*f{64}.* which is not there here/u,
    ],
  ])("%s", async (_, theirs, words) => {
    const { digests, place, second } = await takeOver(theirs);
    const error: unknown = await second.run().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INDEX_DIFFERS",
      message: expect.stringMatching(words) as unknown,
      hint: expect.stringMatching(/^It was not signed\. Delete the tag id-/u) as unknown,
    });
    expect(String(error)).toContain(digests.theirs);
    expect(second.said.filter((line) => /^(?:sign|announce|record) /u.test(line))).toEqual([]);
    expect(Object.keys(await readTags(registry.direct, place)).toSorted()).toEqual([
      "13.0.7-r1",
      "claim-13.0.7-r1",
      expect.stringMatching(/^id-/u),
    ]);
  });
});

type Said = Parameters<NonNullable<NonNullable<SmallTarget["alter"]>["provenance"]>>[0];

function withDependency(said: Said, dependency: object): object {
  const { resolvedDependencies, ...definition } = said.buildDefinition;
  const more = [...resolvedDependencies, dependency];
  return { ...said, buildDefinition: { ...definition, resolvedDependencies: more } };
}

it("images that are not those that were checked here", async () => {
  const planted = await takeOver({ words: "theirs" });
  const [own] = (await planted.second.facts()).targets;
  await planted.second.repository.tag(planted.digests.theirs, `id-${own?.id.slice(0, 40)}`);
  await expect(planted.second.run()).rejects.toMatchObject({
    code: "INDEX_DIFFERS",
    message: expect.stringMatching(/index has "linux\/amd64 sha256:[0-9a-f]{64}", which is not there here/u) as unknown,
  });
});

it("once the tag is deleted, as the error says, what was built here is published as the next revision", async () => {
  const { digests, place, second } = await takeOver({ commit: strange });
  const { hint } = z.object({ hint: z.string() }).parse(await second.run().catch((error: unknown) => error));
  const [, tag] = /Delete the tag (id-[0-9a-f]{40}) /u.exec(hint) ?? [];
  const deleted = await fetch(`http://${registry.direct}/v2/${place}/manifests/${tag}`, { method: "DELETE" });
  expect(deleted.status).toBe(202);
  expect((await second.run()).targets).toMatchObject([{ tag: "13.0.7-r2", digest: digests.ours, state: "fresh" }]);
  expect(second.said.filter((line) => line.startsWith("sign "))).toEqual([`sign ${digests.ours}`]);
  const tags = await readTags(registry.direct, place);
  expect(tags).toMatchObject({ latest: digests.ours, "13.0.7-r1": digests.theirs, "13.0.7-r2": digests.ours });
});
