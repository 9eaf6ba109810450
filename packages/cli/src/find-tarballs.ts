import path from "node:path";
import {
  checkSignature,
  keepTarball,
  readListing,
  readSigners,
  readTarball,
  type SiteTarball,
} from "@prosody-foundry/bake";
import {
  buildSuite,
  compareUpstream,
  type DebianSource,
  type ListedRelease,
  newerVersions,
  type SeriesFile,
  seriesOfVersion,
  type TarballRelease,
  upstreamOfDebian,
  withMirrors,
} from "@prosody-foundry/images";
import { allSeries, type Series } from "@prosody-foundry/kit";
import { type Context, openBake } from "./context.ts";
import type { FoundRelease, NewsSearch, Proof, SeriesNews } from "./find-series-news.ts";

/** Newer tarballs of the download site, each verified as far as it can be; those that are go into the cache. */
export async function findTarballs(context: Context, search: NewsSearch): Promise<SeriesNews> {
  const bake = await openBake(context);
  const listed = (await search.reach.ask(() => readListing(bake))) ?? [];
  const found: FoundRelease[] = [];
  for (const one of search.series) {
    const versions = newerVersions(
      search.seriesFile,
      one,
      listed.map(({ version }) => version),
    );
    const newer = listed.filter(({ version }) => versions.includes(version));
    for (const release of newer) found.push(...(await checkListed(context, search, { series: one, listed: release })));
  }
  return { found, mirrored: [], left: [...unlisted(search, listed), ...undeclared(listed)] };
}

async function checkListed(
  context: Context,
  { seriesFile, sources, reach }: NewsSearch,
  { series, listed }: { series: Series; listed: ListedRelease },
): Promise<FoundRelease[]> {
  const bake = await openBake(context);
  const tarball = await reach.ask(() => readTarball(bake, listed));
  if (tarball === null) return [];
  const plain: TarballRelease = {
    kind: "tarball",
    version: listed.version,
    suite: suiteFor(seriesFile, series),
    url: tarball.url,
    sha256: tarball.sha256,
    mirrors: [],
  };
  const release = withMirrors(plain, sources);
  const checked = await proveTarball(context, tarball, { release, sources });
  if (checked.proof !== null) await keepTarball(bake, tarball);
  return [{ series, release, ...checked }];
}

interface Claims {
  release: TarballRelease;
  sources: readonly DebianSource[];
}

type Checked = Pick<FoundRelease, "proof" | "because">;

/** By a signature of a declared key; without one, by Debian's having the same bytes. */
async function proveTarball(context: Context, tarball: SiteTarball, { release, sources }: Claims): Promise<Checked> {
  const signers = await readSigners(path.join(context.root, "images", "keys"));
  const { bytes, signature, url } = tarball;
  const signed = signature === null ? null : await checkSignature(bytes, signature, { signers, what: url });
  if (signed !== null) {
    const proof: Proof = { kind: "signature", by: signed.name, fingerprint: signed.fingerprint };
    return { proof, because: null };
  }
  const [mirror] = release.mirrors;
  if (mirror !== undefined) {
    const debian = `Debian's source package ${mirror.package} ${mirror.version} (${mirror.suite})`;
    return { proof: { kind: "two places", places: [url, debian] }, because: null };
  }
  const unsigned = signature === null ? "it has no signature" : "its signature is by no key in images/keys";
  return { proof: null, because: `${unsigned}, and ${debianSays(release, sources)}` };
}

function debianSays({ version }: TarballRelease, sources: readonly DebianSource[]): string {
  const other = sources.find((source) => upstreamOfDebian(source.version) === version);
  if (other === undefined) return "no Debian suite that was asked has it";
  return `Debian ${other.suite} has other bytes for it`;
}

/** As the series' newest release that is made from source; else as that of any. */
function suiteFor({ series }: SeriesFile, one: Series): string {
  const releases = [series[one], ...allSeries.map((other) => series[other])].flatMap((each) => each.releases);
  return releases.find(({ kind }) => kind !== "debian")?.suite ?? buildSuite;
}

/** Releases that only Debian has: one place, and not that of who made them. */
function unlisted({ seriesFile, series, sources }: NewsSearch, listed: readonly ListedRelease[]): SeriesNews["left"] {
  return series.flatMap((one) => {
    const versions = newerVersions(
      seriesFile,
      one,
      sources.map(({ version }) => upstreamOfDebian(version)),
    );
    const only = versions.filter((version) => !listed.some((release) => release.version === version));
    return only.map((version) => ({
      what: `the tarball of Prosody ${version}`,
      because: "Debian has it, and the download site was not asked or does not list it",
    }));
  });
}

/** Releases of a series nobody declared, newer than all that are. */
function undeclared(listed: readonly ListedRelease[]): SeriesNews["left"] {
  const newest = allSeries.filter((one) => one !== "trunk").at(-1) ?? "";
  const unknown = listed.filter(({ version }) => {
    const series = seriesOfVersion(version);
    return !allSeries.some((one) => one === series) && compareUpstream(series, newest) > 0;
  });
  const names = [...new Set(unknown.map(({ version }) => seriesOfVersion(version)))];
  return names.map((name) => ({
    what: `the ${name} series`,
    because: 'it is not declared: see "Add a series" in .github/CONTRIBUTING.md',
  }));
}
