import type { FoundRelease, Proof, SeriesNews } from "./find-series-news.ts";
import type { ReleaseCompatibility } from "./judge-releases.ts";
import { changedOf, type NewestChange } from "./series-changeset.ts";
import { renderTable } from "./table.ts";

/** What `foundry series update` proposes, or did. */
export interface SeriesProposal extends SeriesNews {
  newest: NewestChange[];
  compatibility: ReleaseCompatibility[];
  /** Path in the repository → text. */
  changesets: Record<string, string>;
}

/** For people. */
export function renderSeriesNews(proposal: SeriesProposal): string {
  const { found, mirrored, left } = proposal;
  const isNothing = found.length === 0 && mirrored.length === 0;
  const parts = [
    isNothing ? "Nothing new: images/series.json has the newest release of each series.\n" : "",
    found.length === 0 ? "" : renderTable([["series", "release", "from", "verified by"], ...found.map(rowOf)]),
    ...mirrored.map(
      ({ release }) => `${release.version}: Debian has the same tarball in ${suitesOf(release.mirrors)}\n`,
    ),
    ...left.map(({ what, because }) => `Not proposed: ${what}, because ${because}.\n`),
    ...proposal.compatibility.map(renderCompatibility),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

/** Series, version, kind, and how it is verified. */
export function rowOf({ series, release, proof, because }: FoundRelease): string[] {
  const from = release.kind === "debian" ? `debian ${release.suite}` : release.kind;
  return [series, release.version, from, proof === null ? `nothing: ${because}` : describeProof(proof)];
}

function describeProof(proof: Proof): string {
  if (proof.kind === "signature") return `the signature of ${proof.by} (${proof.fingerprint})`;
  if (proof.kind === "two places") return `the same bytes from ${proof.places.join(" and from ")}`;
  if (proof.kind === "archive") return `Debian's archive keys (${proof.suite})`;
  return `its tree id, as ${proof.url} has it`;
}

function suitesOf(mirrors: readonly { suite: string }[]): string {
  return mirrors.map(({ suite }) => suite).join(", ");
}

function renderCompatibility({ release, against, modules }: ReleaseCompatibility): string {
  const head = against === null ? `On Prosody ${release}:` : `From Prosody ${against} to ${release}:`;
  const changed = against === null ? modules : changedOf(modules);
  const same = modules.length - changed.length;
  const rows = changed.map(({ name, before, after, because }) => {
    return [`  ${name}`, against === null ? after : `${before} → ${after}`, because.slice(0, 2).join("; ")];
  });
  const rest = same === 0 ? "" : `  ${same} pinned ${same === 1 ? "module is" : "modules are"} as before\n`;
  return `${head}\n${rows.length === 0 ? "" : renderTable(rows)}${rest}`;
}
