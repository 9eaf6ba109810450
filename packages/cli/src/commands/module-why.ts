import {
  explainWhy,
  formatWhy,
  type Image,
  newestRelease,
  readImages,
  readSeries,
  referenceTo,
  selectImages,
  type SeriesFile,
  type Standing,
  standingOn,
  type Why,
} from "@prosody-foundry/images";
import { didYouMean, type Series, UserError } from "@prosody-foundry/kit";
import { keysOf, type Lock, moduleNameOf, parseModuleKey, readLock } from "@prosody-foundry/lockfile";
import { knownReleases, readSurveys, type Survey } from "@prosody-foundry/registry";
import type { CommandSpec } from "../command.ts";
import { moduleReference } from "../locked-names.ts";

export const moduleWhy: CommandSpec = {
  name: "module why",
  summary: "why each image ships a module on each series, replaces it, or leaves it out",
  arguments: "<module> [image...]",
  options: ["series", "json"],
  example: "foundry module why mod_cloud_notify prosody",
  async run(context, { args, flags }) {
    const [word = "", ...names] = args;
    const reference = moduleReference(word);
    const locked = await readLock(context.lockFile, { missing: "empty" });
    const surveys = await readSurveys(context.root);
    const seriesFile = await readSeries(context.root);
    const images = await readImages(context.root);
    const lock = { ...locked, releases: knownReleases(locked, surveys) };
    refuseUnknown(moduleNameOf(reference), namesIn(lock, images, surveys));
    const around = { lock, surveys, seriesFile, only: flags.series };
    const answers = selectImages(images, names).flatMap((image) => answerFor(reference, image, around));
    if (answers.length === 0) throw noAnswer();
    return { value: answers, text: answers.map(format).join("") };
  },
};

interface Around {
  lock: Lock;
  surveys: readonly Survey[];
  seriesFile: SeriesFile;
  only: readonly Series[] | undefined;
}

/** Why, and for a module that is in no lock what its source's survey found. */
interface Answer extends Why {
  surveyed: SurveyedStanding | null;
}

interface SurveyedStanding extends Standing {
  source: string;
  node: string;
  date: string;
  supersededBy: string | null;
}

function answerFor(reference: string, image: Image, { lock, surveys, seriesFile, only }: Around): Answer[] {
  return image.series
    .filter((series) => only?.includes(series) ?? true)
    .flatMap((series) => {
      const release = newestRelease(seriesFile, series);
      return meantBy(reference, image, lock).map((one) => {
        const why = explainWhy(one, { image, series, release, lock });
        const isLocked = keysOf(lock, one).length > 0;
        return { ...why, surveyed: isLocked ? null : surveyedStanding(one, why.release, surveys) };
      });
    });
}

/** A name that is locked from two sources means both, unless the image has made its choice. */
function meantBy(reference: string, { modules }: Image, lock: Lock): string[] {
  const keys = keysOf(lock, reference);
  const isChosen = [...modules.required, ...modules.optional].some((word) => moduleNameOf(word) === reference);
  return keys.length < 2 || isChosen ? [reference] : keys.map((key) => referenceTo(lock, key));
}

function surveyedStanding(reference: string, release: string, surveys: readonly Survey[]): SurveyedStanding | null {
  const { name, source } = parseModuleKey(reference);
  const survey = surveys.find((one) => one.modules[name] !== undefined && (source ?? one.source) === one.source);
  const module = survey?.modules[name];
  if (survey === undefined || module === undefined) return null;
  const { node, date, description } = module;
  return { ...standingOn(module, release), source: survey.source, node, date, supersededBy: description.supersededBy };
}

function format(answer: Answer): string {
  const { surveyed } = answer;
  if (surveyed === null) return formatWhy(answer);
  const { source, node, date, verdict, on, because, supersededBy } = surveyed;
  const evidence = because === "" ? "" : ` (${because})`;
  const instead = supersededBy === null ? "" : `; superseded by ${supersededBy}`;
  const line = `  surveyed at ${node.slice(0, 12)} of ${date} from ${source}: ${verdict} on ${on}${evidence}${instead}\n`;
  return formatWhy(answer) + line;
}

/** Every module there is something to say about: locked, surveyed, a release's own, or asked for by an image. */
function namesIn(lock: Lock, images: readonly Image[], surveys: readonly Survey[]): string[] {
  const core = Object.values(lock.releases).flatMap((release) => release.core);
  const wanted = images.flatMap(({ modules }) => [...modules.required, ...modules.optional]);
  const surveyed = surveys.flatMap(({ modules }) => Object.keys(modules));
  return [...new Set([...Object.keys(lock.modules), ...wanted, ...core, ...surveyed].map(moduleNameOf))];
}

function refuseUnknown(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new UserError(
    "MODULE_NOT_LOCKED",
    `Neither the lock, a survey, a release nor an image has a module called "${name}"`,
    {
      hint: didYouMean(name, known) ?? "`foundry module search` finds modules by name, label, XEP and text.",
    },
  );
}

function noAnswer(): UserError {
  return new UserError("NOTHING_TO_PLAN", "None of these images is declared for that series", {
    hint: "See series in their image.json.",
  });
}
