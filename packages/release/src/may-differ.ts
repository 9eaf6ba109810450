import { sourceName } from "./statement.ts";

const revisionName = "org.opencontainers.image.revision";

/**
 * All that two honest builds of equal inputs may say differently; everything else of their indexes has to be the same. What
 * is left out is never compared; a stand-in takes the place of what differs, and what is around it is compared.
 */
const mayDiffer = {
  /** Annotations of the index that are left out. The revision has to be a commit that git knows, as clean as ours. */
  annotations: [revisionName, "org.prosody-foundry.built"],
  /** Fields of a provenance predicate that are left out: moments, names of runs and sessions, and what the engine did. */
  provenance: [
    ["runDetails", "metadata", "invocationId"],
    ["runDetails", "metadata", "startedOn"],
    ["runDetails", "metadata", "finishedOn"],
    // Layers of every step as this engine cached them, and the Dockerfile, which is an input.
    ["runDetails", "metadata", "buildkit_metadata", "layers"],
    ["runDetails", "metadata", "buildkit_metadata", "source"],
    // Steps are for the machine that builds, and on the base it had.
    ["buildDefinition", "internalParameters", "builderPlatform"],
    ["buildDefinition", "internalParameters", "buildConfig"],
    ["buildDefinition", "externalParameters", "request", "args", "context:base"],
    ["buildDefinition", "externalParameters", "request", "args", "frontend.caps"],
    // Whether and where build steps are taken from a cache: `--no-cache`, `--cache`.
    ["buildDefinition", "externalParameters", "request", "args", "no-cache"],
    ["buildDefinition", "externalParameters", "request", "args", "cache-from"],
    ["buildDefinition", "externalParameters", "request", "args", "cache-imports"],
  ],
  standIns: {
    /** A number in the builder's id: `…/actions/runs/12`. */
    builder: { pattern: /(?<=\/)\d+(?=\/|$)/gu, text: "RUN" },
    /** The commit that was built, where it is the one the index names. */
    commit: "the commit of the index",
    /** A Debian to build in, of a registry or made of Debian's packages: images are the same on every one. */
    base: { pattern: /^pkg:(?:docker\/debian@[a-z]+-slim|oci\/base)(?:\?|$)/u, text: "a Debian to build in" },
  },
} as const;

type Annotations = Readonly<Record<string, string>>;

/** The annotations that have to be the same. */
export function comparableAnnotations(annotations: Annotations): Annotations {
  const left: readonly string[] = mayDiffer.annotations;
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !left.includes(name)));
}

/** The commit an index says it was built at; undefined where it names none, or no whole one. */
export function commitOf(annotations: Annotations): string | undefined {
  return /^([0-9a-f]{40}(?:[0-9a-f]{24})?)(?:-dirty)?$/u.exec(annotations[revisionName] ?? "")?.[1];
}

/** What is wrong with the revision of theirs, a sentence each; that it is another one is not. */
export function revisionDifferences(ours: Annotations, theirs: Annotations, isKnown: boolean): string[] {
  const [here, there] = [ours[revisionName], theirs[revisionName]];
  if (here === there) return [];
  const what = `annotation ${revisionName} is ${there ?? "missing"}`;
  if (here === undefined || there === undefined) return [`${what}, here ${here ?? "missing"}`];
  if (!isKnown || commitOf(theirs) === undefined) return [`${what}, which is no commit that git knows here`];
  return here.endsWith("-dirty") === there.endsWith("-dirty") ? [] : [`${what}, here ${here}`];
}

/** A predicate of provenance with what has to be the same, of an index that names this commit. */
export function comparableProvenance(predicate: unknown, commit: string | undefined): unknown {
  let left = predicate;
  for (const path of mayDiffer.provenance) left = withoutPath(left, path);
  left = changePath(left, ["runDetails", "builder", "id"], comparableBuilder);
  return changePath(left, ["buildDefinition", "resolvedDependencies"], (list) =>
    Array.isArray(list) ? list.map((each) => comparableDependency(each, commit)) : list,
  );
}

// What says a stand-in's words by itself has to stay another thing than the stand-in.
function comparableBuilder(id: unknown): unknown {
  const { pattern, text } = mayDiffer.standIns.builder;
  if (typeof id !== "string") return { id };
  return id.includes(`/${text}`) ? { id } : id.replaceAll(pattern, text);
}

function comparableDependency(dependency: unknown, commit: string | undefined): unknown {
  if (!isRecord(dependency)) return { dependency };
  if (isBase(dependency)) return mayDiffer.standIns.base.text;
  if (dependency["name"] !== sourceName) return dependency;
  return changePath(dependency, ["digest", "gitCommit"], (found) =>
    found === commit ? mayDiffer.standIns.commit : { found },
  );
}

function isBase(dependency: Record<string, unknown>): boolean {
  const { uri } = dependency;
  if (typeof uri !== "string" || !mayDiffer.standIns.base.pattern.test(uri)) return false;
  return Object.keys(dependency).every((name) => name === "uri" || name === "digest");
}

function withoutPath(value: unknown, [step = "", ...rest]: readonly string[]): unknown {
  if (!isRecord(value) || !Object.hasOwn(value, step)) return value;
  const { [step]: inner, ...others } = value;
  return rest.length === 0 ? others : { ...others, [step]: withoutPath(inner, rest) };
}

function changePath(value: unknown, path: readonly string[], change: (found: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (!isRecord(value) || !Object.hasOwn(value, step)) return value;
  return { ...value, [step]: changePath(value[step], rest, change) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
