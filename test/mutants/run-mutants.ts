// Takes one option, one other name of an option, or one module of its own out of the image at a time, and runs the tests
// that are about it, first with the whole image, then with what is left: they have to fail.
import { parseArgs } from "node:util";
import { prettyJson } from "@prosody-foundry/kit";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { setup } from "../image-setup.ts";
import { type Judged, type Outcomes, judge, renderJudged } from "./judge-mutants.ts";
import { withMutantImage } from "./mutant-image.ts";
import { type Mutant, planMutants } from "./plan-mutants.ts";
import { runTests } from "./run-tests.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, series: { type: "string", default: usualSeries } },
});
await setup();
const images = new Map<string, string>();
for (const series of imageSeries) images.set(series, await ensureProsodyImage(series));
const image = images.get(values.series);
if (image === undefined) throw new Error(`There is no series ${values.series}: ${imageSeries.join(", ")}`);
const judged = await judgeAll(image, selectMutants(await planMutants(image)));
process.stdout.write(values.json ? prettyJson(judged) : renderJudged(judged));
if (judged.some(({ verdict }) => verdict === "survived")) process.exitCode = 1;

function selectMutants(mutants: Mutant[]): Mutant[] {
  const unknown = positionals.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Error(`No option and no module has the name ${unknown.join(", ")}`);
  return positionals.length === 0 ? mutants : mutants.filter(({ name }) => positionals.includes(name));
}

async function judgeAll(base: string, mutants: Mutant[]): Promise<Judged[]> {
  const all: Judged[] = [];
  for (const mutant of mutants) {
    const whole = await runTestsOf(mutant, base);
    const mutated = await withMutantImage(base, mutant, (own) => runTestsOf(mutant, own));
    const verdict = judge(mutant.name, whole, mutated);
    process.stderr.write(`${all.push(verdict)}/${mutants.length} ${renderJudged([verdict])}`);
  }
  return all;
}

// Tests of other series go on with images that are whole.
async function runTestsOf({ tests, pattern }: Mutant, own: string): Promise<Outcomes> {
  if (tests.length === 0) return new Map();
  const others = imageSeries.filter((series) => series !== values.series).map((series) => RegExp.escape(series));
  const given = { ...Object.fromEntries(images), [values.series]: own };
  return runTests({ files: tests, pattern: `^(?!.*(?:${others.join("|")})).*?${pattern}`, images: given });
}
