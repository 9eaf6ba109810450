/** What became of the tests that are about one mutant. */
export interface Judged {
  name: string;
  /** Untested: none of its tests passes with the whole image, as where they need what is not there. */
  verdict: "killed" | "survived" | "untested";
  /** Tests that failed. */
  failed: string[];
  /** Tests that did not come to run, as what they need failed before them. */
  stopped: string[];
  /** Tests that passed all the same. */
  passed: string[];
}

/** Test → what became of it. */
export type Outcomes = ReadonlyMap<string, string>;

/** By the outcomes with the whole image and with the mutant. */
export function judge(name: string, whole: Outcomes, mutated: Outcomes): Judged {
  const tests = [...whole].filter(([, outcome]) => outcome === "passed").map(([test]) => test);
  const passed = tests.filter((test) => mutated.get(test) === "passed");
  const failed = tests.filter((test) => mutated.get(test) === "failed");
  const stopped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
  return { name, verdict: verdictOf(tests, passed), failed, stopped, passed };
}

/** One line for each, and below those that survived the tests that passed. */
export function renderJudged(all: readonly Judged[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map((judged) => renderOne(judged, width)).join("");
}

function verdictOf(tests: string[], passed: string[]): Judged["verdict"] {
  if (tests.length === 0) return "untested";
  return passed.length < tests.length ? "killed" : "survived";
}

function renderOne({ name, verdict, failed, stopped, passed }: Judged, width: number): string {
  const counts = `${failed.length} failed, ${stopped.length} stopped, ${passed.length} passed`;
  const blind = verdict === "survived" ? passed.map((test) => `    ${test}\n`) : [];
  return `${name.padEnd(width)}  ${verdict.padEnd(8)}  ${counts}\n${blind.join("")}`;
}
