import {
  emptyLock,
  type Judgement,
  type Lock,
  type LockedModule,
  parseLock,
  type Pin,
} from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import { type BumpRequest, makeBump } from "./bump-make.ts";
import { samplePin } from "./sample-bump.ts";

const moved: Pin = {
  ...samplePin,
  node: "2".repeat(40),
  integrity: "b".repeat(64),
  stage: "alpha",
  depends: ["mod_other"],
  libraries: { "openssl.rand": "lua-luaossl" },
};

function judged(verdict: Judgement["verdict"], because: string): Judgement[] {
  const says = verdict === "works" ? "works" : "doubtful";
  return [{ releases: ["13.0.7"], verdict, evidence: [{ kind: "loaded", says, because, date: "2026-01-01" }] }];
}

const entry: LockedModule = {
  source: "prosody-modules",
  patches: [],
  hold: false,
  pins: { "0.12": samplePin, "13.0": samplePin },
  judgements: judged("works", "it loads"),
};
const before: Lock = { ...emptyLock(), modules: { mod_x: entry } };
const newer: LockedModule = {
  ...entry,
  pins: { "0.12": samplePin, "13.0": moved },
  judgements: judged("doubtful", "it complains"),
};
const after: Lock = { ...before, modules: { mod_x: newer } };

const target: BumpRequest["targets"][number] = {
  name: "prosody-13-0",
  image: "prosody",
  series: "13.0",
  release: "13.0.7",
  before: "c".repeat(64),
  after: "d".repeat(64),
  modules: ["mod_x"],
  layers: [{ name: "modules b3", bytes: 1234 }],
};
const commit = { node: "2".repeat(40), date: "2025-10-17T10:00:00.000Z", author: "A", subject: "mod_x: `quote` #1" };
const histories = new Map([
  ["mod_x", { link: null, commits: [commit], diffs: [], options: { added: ["x_text"], removed: [] } }],
]);
const packages = new Map([["prosody", "prosody"]]);
const request: BumpRequest = { before, after, lead: null, histories, stays: [], targets: [target], packages };

describe("a bump", () => {
  it("has what a pull request needs", () => {
    const bump = makeBump(request);
    expect(bump).toMatchObject({
      branch: "bump/modules",
      title: "Bump mod_x",
      labels: ["bump", "worse verdict"],
      targets: [target],
    });
    expect(parseLock(bump.files["modules.lock.json"] ?? "", "the bump")).toEqual(after);
    expect(makeBump(structuredClone(request))).toEqual(bump);
  });

  it("tells of each module where it went and what that means", () => {
    expect(makeBump(request).modules).toMatchObject([
      {
        name: "mod_x",
        series: [
          { series: "0.12", release: null, before: "unknown", after: "unknown" },
          {
            series: "13.0",
            from: { node: samplePin.node },
            to: { node: moved.node },
            before: "works",
            after: "doubtful",
          },
        ],
        changes: {
          stage: { added: ["alpha"], removed: [] },
          needs: { added: ["mod_other"] },
          libraries: { added: ["openssl.rand (lua-luaossl)"] },
          options: { added: ["x_text"] },
        },
        verdicts: [{ release: "13.0.7", from: "works", to: "doubtful", because: ["loaded doubtful: it complains"] }],
      },
    ]);
  });

  it("has a changeset that names modules and commits, for the packages of what is rebuilt", () => {
    const { files } = makeBump(request);
    const [file, text] = Object.entries(files).find(([name]) => name.startsWith(".changeset/")) ?? [];
    expect(file).toMatch(/^\.changeset\/bump-[0-9a-f]{12}-modules\.md$/u);
    expect(text).toBe(
      [
        '---\n"prosody": patch\n---\n\nBump mod_x\n',
        `- mod_x on 13.0: ${"1".repeat(12)} → ${"2".repeat(12)}`,
        `  - ${"2".repeat(12)} \`\`mod_x: \`quote\` #\u{200b}1\`\`\n`,
      ].join("\n"),
    );
  });

  it("has none where nothing is rebuilt", () => {
    const bump = makeBump({ ...request, targets: [] });
    expect(Object.keys(bump.files)).toEqual(["modules.lock.json"]);
    expect(bump.labels).toContain("no rebuild");
  });

  it("of one module is named after it, and its changeset after the lock it starts from", () => {
    const one = makeBump({ ...request, lead: "mod_x" });
    expect(one.branch).toBe("bump/mod_x");
    const names = (bump: typeof one) => Object.keys(bump.files).filter((name) => name !== "modules.lock.json");
    const later = makeBump({ ...request, after: { ...after, modules: { mod_x: { ...newer, hold: true } } } });
    expect(names(later)).toEqual(names(makeBump(request)));
    const next = makeBump({ ...request, before: { ...before, modules: { mod_x: { ...entry, hold: true } } } });
    expect(names(next)).not.toEqual(names(makeBump(request)));
  });
});
