import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { z } from "zod";

/** Tests to run, against these images. */
export interface Selection {
  /** Files of test/image. */
  files: readonly string[];
  /** What full names of tests match. */
  pattern: string;
  /** Series → reference. */
  images: Readonly<Record<string, string>>;
}

const Results = z.looseObject({
  testResults: z.array(
    z.looseObject({
      name: z.string(),
      assertionResults: z.array(z.looseObject({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** Each test that was selected, as "file: full name" → "passed", "failed", or what else became of it. */
export async function runTests({ files, pattern, images }: Selection): Promise<Map<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), "mutant-tests-"));
  try {
    const output = path.join(folder, "results.json");
    const paths = files.map((file) => `image/${file}`);
    const options = ["--config", "test/vitest.config.ts", "--project", "image", "--reporter=json"];
    const limits = ["--maxWorkers=1", "--testTimeout=90000", "--hookTimeout=150000"];
    const words = [...options, ...limits, `--outputFile=${output}`, "--testNamePattern", pattern];
    const given = Object.entries(images).map(([series, image]) => `${series}=${image}`);
    await runCommand("npx", ["vitest", "run", ...words, ...paths], {
      cwd: path.resolve(import.meta.dirname, "../.."),
      env: { FOUNDRY_TEST_IMAGES: given.join(" ") },
      accept: "any",
    });
    return outcomesOf(Results.parse(JSON.parse(await readFile(output, "utf8"))), new RegExp(pattern, "u"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

// Of several tests with one name, one that passes counts: it did not notice.
function outcomesOf({ testResults }: z.infer<typeof Results>, pattern: RegExp): Map<string, string> {
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, key: `${path.basename(name)}: ${test.fullName}` })),
  );
  const outcomes = new Map<string, string>();
  for (const { key, status } of tests.filter(({ fullName }) => pattern.test(fullName))) {
    if (outcomes.get(key) !== "passed") outcomes.set(key, status);
  }
  return outcomes;
}
