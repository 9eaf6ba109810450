// Adds up what the test runners wrote and prints it as one closing line.
import { globSync, readFileSync } from "node:fs";
import { z } from "zod";

const Results = z.looseObject({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
});

let passed = 0;
let failed = 0;
for (const file of globSync("{packages/*,test,test/*}/test-results.json")) {
  const results = Results.parse(JSON.parse(readFileSync(file, "utf8")));
  passed += results.numPassedTests;
  // A file that does not load has no tests to fail; it counts as one.
  failed += Math.max(results.numFailedTests, results.numFailedTestSuites > 0 ? 1 : 0);
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (passed === 0) process.exitCode = 1;
