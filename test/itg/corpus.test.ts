import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  coreEvidence,
  declaredEvidence,
  describeModule,
  factsOf,
  headerEvidence,
  type JudgedRelease,
  judge,
  runSurface,
  staticEvidence,
  type Surface,
  trunkLines,
} from "@prosody-foundry/compat";
import { isUserError, runCommand, silent } from "@prosody-foundry/kit";
import { Evidence, ModuleFacts } from "@prosody-foundry/lockfile";
import { type ModuleContent, openSource, type SourceContext } from "@prosody-foundry/source";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mutatedText } from "../../packages/compat/src/mutated-text.ts";
import { readDebianModules } from "../fixtures/debian-modules.ts";
import { ensureServerImage } from "../fixtures/server-image.ts";

type Series = JudgedRelease["series"];
/** Suite whose package of community modules is read → series whose server they are held against. */
const suites = { bookworm: "0.12", trixie: "13.0", forky: "13.0" } as const satisfies Record<string, Series>;
type Suite = keyof typeof suites;

const date = "2026-11-20";
const corpus = new Map<Suite, ModuleContent[]>();
const surfaces = new Map<Series, Surface>();
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-corpus-"));
  for (const suite of ["bookworm", "trixie", "forky"] as const) corpus.set(suite, await readModules(suite));
  for (const series of ["0.12", "13.0"] as const) {
    surfaces.set(series, await runSurface({ image: await ensureServerImage(series) }));
  }
});

afterAll(async () => rm(root, { recursive: true, force: true }));

describe.each<Suite>(["bookworm", "trixie", "forky"])("the modules of Debian %s", (suite) => {
  const modules = (): ModuleContent[] => corpus.get(suite) ?? [];

  it("are described, and nearly every Compatibility section is understood", () => {
    const described = modules().map((content) => describeModule(content));
    expect(described.length).toBeGreaterThan(80);
    const sections = described.filter(({ compatibility }) => compatibility !== "none");
    expect(sections.length).toBeGreaterThan(40);
    const parsed = sections.filter(({ compatibility }) => compatibility === "parsed");
    expect(parsed.length / sections.length).toBeGreaterThanOrEqual(0.95);
    // What is not understood is shown instead.
    expect(described.filter(({ compatibility, unread }) => compatibility === "unread" && unread.length === 0)).toEqual(
      [],
    );
    expect(described.filter(({ summary }) => summary !== null).length / described.length).toBeGreaterThan(0.8);
  });

  it("give facts and evidence without an error", () => {
    const outcomes = modules().map((content) => [content.name, readAll(content, suite)]);
    expect(outcomes.filter(([, outcome]) => outcome !== "done")).toEqual([]);
  });

  it("ask for little that the server of their suite lacks", () => {
    const broken = modules().filter((content) => staticOf(content, suite).some(({ says }) => says === "broken"));
    expect(broken.length / modules().length).toBeLessThan(0.05);
  });
});

const seed = Number(process.env["FOUNDRY_TEST_SEED"] ?? Date.now() % 2 ** 31);

it(`any module with mutations gives a result or a coded error (FOUNDRY_TEST_SEED=${seed})`, () => {
  const all = [...corpus.values()].flat().filter(({ files }) => files.length > 0);
  const texts = all.flatMap(({ files }) => files.filter(isText)).map(({ bytes }) => Buffer.from(bytes).toString());
  const mutants = fc.constantFrom(...all).chain((content) => {
    const spoilt = content.files.map((file) => {
      if (!isText(file)) return fc.constant(file);
      return mutatedText(file.bytes, texts).map((bytes) => ({ ...file, bytes }));
    });
    return fc.tuple(...spoilt).map((files): ModuleContent => ({ name: content.name, files }));
  });
  fc.assert(
    fc.property(mutants, fc.constantFrom("bookworm" as const, "trixie" as const), (content, suite) => {
      expect(readAll(content, suite)).toMatch(/^(?:done|LUA_[A-Z_]+|README_[A-Z_]+)$/u);
      expect(describeModule(content).text.length).toBeLessThanOrEqual(4000);
    }),
    { seed, numRuns: 1500 },
  );
});

async function readModules(suite: Suite): Promise<ModuleContent[]> {
  const context: SourceContext = {
    root,
    cacheDir: path.join(root, "cache"),
    exec: runCommand,
    fetch,
    env: process.env,
    progress: silent,
    mirrors: {},
    offline: false,
    fetchDebian: async (request) => readDebianModules(request.suite),
  };
  const source = openSource({ name: suite, kind: "debian", url: suite, folder: "" }, context);
  const { node } = await source.readNewest();
  const names = await source.listModules(node);
  return Promise.all(names.map(async (name) => source.readModule(node, name)));
}

function isText({ path: file }: { path: string }): boolean {
  return file.startsWith("README") || file.endsWith(".lua");
}

function readAll(content: ModuleContent, suite: Suite): string {
  try {
    const release = releaseOf(suite);
    ModuleFacts.parse(factsOf(content, { sourceLicence: "MIT" }));
    trunkLines(content);
    const evidence = [
      ...headerEvidence(content, release, date),
      ...coreEvidence(content, release, date),
      ...declaredEvidence(content, release, { date }),
      ...staticOf(content, suite),
    ];
    judge(evidence.map((item) => Evidence.parse(item)));
    return "done";
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
}

function staticOf(content: ModuleContent, suite: Suite): Evidence[] {
  return staticEvidence(content, surfaceOf(suite), { date });
}

function surfaceOf(suite: Suite): Surface {
  const surface = surfaces.get(suites[suite]);
  if (surface === undefined) throw new Error(`no surface of ${suites[suite]}`);
  return surface;
}

function releaseOf(suite: Suite): JudgedRelease {
  const { version, core, features } = surfaceOf(suite);
  return { version, series: suites[suite], core, features };
}
