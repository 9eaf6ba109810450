import type { Platform } from "@prosody-foundry/images";
import { canonicalJson, compareText } from "@prosody-foundry/kit";
import { type Provenance, type Resource, sourceName } from "./statement.ts";

/** What is known of an index that was put together from images of several platforms. */
export interface IndexFacts {
  /** Address of the sources, and the commit they were at; null where nobody said. */
  source: string;
  revision: string | null;
  /** True when files differed from that commit. */
  dirty: boolean;
  /** Who put it together; the platforms' own builder where all had the same, unless given. */
  builder?: string;
  /** The index's annotations. */
  annotations: Readonly<Record<string, string>>;
  platforms: readonly { platform: Platform; digest: string; provenance: Provenance }[];
}

/** The build type of an index; packages/release/README.md says what its parameters are. */
export const indexBuildType =
  "https://github.com/prosody-foundry/prosody-foundry/blob/main/packages/release/README.md#provenance-of-an-index";

/**
 * SLSA provenance v1 of an index, out of BuildKit's of its platforms: equal indexes have equal provenance, so that it can be
 * told whether it was attested already.
 */
export function indexProvenance(facts: IndexFacts): Provenance {
  const { source, revision, dirty, annotations, platforms } = facts;
  const from: Resource = {
    name: sourceName,
    uri: `git+${source}`,
    ...(revision === null ? {} : { digest: { gitCommit: revision } }),
    ...(dirty ? { annotations: { dirty } } : {}),
  };
  return {
    buildDefinition: {
      buildType: indexBuildType,
      externalParameters: { source: from, target: targetOf(annotations) },
      resolvedDependencies: [from, ...platforms.map(manifestOf), ...dependenciesOf(platforms)],
    },
    runDetails: {
      builder: { id: facts.builder ?? commonBuilder(platforms) },
      metadata: spanOf(platforms),
    },
  };
}

const prefix = "org.prosody-foundry.";

/** The annotations that say what was built: id, series, release, contract. */
function targetOf(annotations: IndexFacts["annotations"]): Record<string, string> {
  const own = Object.entries(annotations).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

type PlatformFacts = IndexFacts["platforms"];

function manifestOf({ platform, digest }: PlatformFacts[number]): Resource {
  return { name: platform, digest: { sha256: digest.slice("sha256:".length) } };
}

function dependenciesOf(platforms: PlatformFacts): Resource[] {
  const all = platforms.flatMap(({ provenance }) => provenance.buildDefinition.resolvedDependencies ?? []);
  const byText = new Map(
    all.filter(({ name }) => name !== sourceName).map((resource) => [canonicalJson(resource), resource]),
  );
  return [...byText].toSorted(([a], [b]) => compareText(a, b)).map(([, resource]) => resource);
}

function commonBuilder(platforms: PlatformFacts): string {
  const [id, ...others] = new Set(platforms.map(({ provenance }) => provenance.runDetails.builder.id));
  return others.length === 0 ? (id ?? "") : "";
}

function spanOf(platforms: PlatformFacts): NonNullable<Provenance["runDetails"]["metadata"]> {
  const metadata = platforms.map(({ provenance }) => provenance.runDetails.metadata);
  const started = metadata.flatMap((each) => each?.startedOn ?? []).toSorted(compareText);
  const finished = metadata.flatMap((each) => each?.finishedOn ?? []).toSorted(compareText);
  return {
    ...(started[0] === undefined ? {} : { startedOn: started[0] }),
    ...(finished.length === 0 ? {} : { finishedOn: finished.at(-1) }),
  };
}
