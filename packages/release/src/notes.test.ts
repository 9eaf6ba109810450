import { expect, it } from "vitest";
import { composeNotes, type NotesReach, type NotesRequest } from "./compose-notes.ts";
import type { ImageContents } from "./image-contents.ts";
import { renderNotes } from "./notes.ts";
import { entryOf } from "./sample-ledger.ts";

const source = "https://hg.example.org/modules/";
const [old, now] = ["1".repeat(40), "2".repeat(40)];

const before: ImageContents = {
  release: "13.0.1",
  modules: {
    mod_greeting: { node: old, source },
    mod_words: { node: old, source },
    mod_gone: { node: old, source },
  },
  packages: { libicu76: "76.1-4", "liblua5.4-0": "5.4.7-1", libssl3t64: "3.5.1-1", libold: "1-1" },
  platforms: {
    "linux/amd64": {
      size: 13_902_000,
      layers: [
        { digest: "sha256:root", size: 11_000_000 },
        { digest: "sha256:b3", size: 9000 },
      ],
    },
  },
};

const after: ImageContents = {
  release: "13.0.7",
  modules: {
    mod_greeting: { node: now, source },
    mod_words: { node: now, source },
    mod_new: { node: now, source },
  },
  packages: { libicu76: "76.1-4", "liblua5.4-0": "5.4.7-2", libssl3t64: "3.5.1-1+deb13u1", libnew: "1-1" },
  platforms: {
    "linux/amd64": {
      size: 13_912_345,
      layers: [
        { digest: "sha256:root", size: 11_000_000 },
        { digest: "sha256:b4", size: 9123 },
      ],
    },
    "linux/riscv64": { size: 14_100_000, layers: [{ digest: "sha256:rv", size: 11_000_000 }] },
  },
};

const changelog = `# prosody

## 2.0.0

### Major Changes

- The upload component moved from \`upload.\` to \`share.\`: change your DNS.

### Minor Changes

- mod_new is in it

## 1.3.1

### Patch Changes

- Prosody 13.0.7 in place of 13.0.1

## 1.3.0

### Minor Changes

- Published already
`;

const request: NotesRequest = {
  entry: { ...entryOf("13.0.7"), contract: "2.0.0" },
  previous: entryOf("13.0.1", 3, { contract: "1.3.0" }),
  changelog,
  before,
  after,
  repository: "registry.example:5000/prosody",
};

const reach: NotesReach = {
  commitsOf: async ({ name }) => {
    if (name === "mod_words") return { commits: null, link: `${source}rev/{node}` };
    const subject = "mod_greeting: Greet @everybody, fixes #12 <b>`</b>";
    const commit = { node: now, date: "2026-10-17T10:00:00.000Z", author: "Somebody", subject };
    return { commits: [commit], link: `${source}rev/{node}` };
  },
  cvesIn: async (moves) => {
    expect(moves.map(({ name }) => name)).toEqual(["liblua5.4-0", "libssl3t64"]);
    return new Map([["libssl3t64", ["CVE-2026-4711", "CVE-2026-10815"]]]);
  },
};

it("notes tell users what changed for them, modules, release, packages with CVEs, and what they pull", async () => {
  await expect(renderNotes(await composeNotes(request, reach))).toMatchFileSnapshot("notes.golden.md");
});

it("of the first image of a series they only say what it is", async () => {
  const text = renderNotes(await composeNotes({ ...request, previous: null, before: null }, reach));
  expect(text).toContain("The first image of this series.");
  expect(text).toContain("It has 3 community modules.");
  expect(text).not.toMatch(/What changed|You have to act|→/u);
  expect(text).toContain("| linux/amd64 | 13.91 MB | – | all of it |");
});

it("of an image with the same content they are short", async () => {
  const previous = entryOf("13.0.7", 1, { contract: "2.0.0" });
  const text = renderNotes(await composeNotes({ ...request, previous, before: after, repository: null }, reach));
  expect(text).toMatch(/^Prosody 13\.0\.7, image revision 1, contract 2\.0\.0\.\n\n## Size\n/u);
  expect(text).toContain("| 0.0 kB |");
});

const refuse = () => {
  throw new Error("asked");
};

it("an image before it that cannot be read is compared with nothing, and upstream is not asked", async () => {
  const text = renderNotes(await composeNotes({ ...request, before: null }, { commitsOf: refuse, cvesIn: refuse }));
  expect(text).toContain("It has 4 Debian packages.");
  expect(text).toContain("change your DNS");
});
