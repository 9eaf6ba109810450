import type { DebianSource } from "@prosody-foundry/images";
import { useSuite } from "./apt-script.ts";
import { parseControl } from "./control.ts";

/**
 * The Dockerfile that asks a suite for a package and its source, inside the base and by Debian's own keys. `/sources` and
 * `/packages` of its result are what apt-cache shows, empty where the suite has none. An expired Release file does no harm:
 * what is read are hashes that Debian signed, and a mirror that is behind has no news.
 */
export function suiteStage(suite: string, name: string): string {
  const settings = [
    'APT::Architecture "amd64";',
    'APT::Architectures "amd64";',
    'Acquire::Check-Valid-Until "false";',
    'APT::Update::Error-Mode "any";',
  ];
  return `FROM base AS suite
ENV SUITE=${suite}
RUN <<"END"
set -eu
mkdir /result
${useSuite({ kind: "deb", settings })}
sed 's/^deb /deb-src /' /apt/sources.list > /apt/sources
cat /apt/sources >> /apt/sources.list
apt-get -qq update
apt-cache showsrc --only-source ${name} > /result/sources || true
apt-cache show --no-all-versions ${name} > /result/packages || true
END
FROM scratch
COPY --from=suite /result/ /
`;
}

/** Version of the package that apt-cache shows; null where it shows none. */
export function parseVersion(text: string): string | null {
  return parseControl(text)[0]?.get("Version") ?? null;
}
/** Source packages that have an orig tarball, out of a Sources file or of what apt-cache shows of one. */
export function parseSources(text: string, suite: string): DebianSource[] {
  return text.split(/\n\s*\n/u).flatMap((stanza): DebianSource[] => {
    const name = /^Package: (\S+)$/mu.exec(stanza)?.[1];
    const version = /^Version: (\S+)$/mu.exec(stanza)?.[1];
    const checksums = /^Checksums-Sha256:[^\n]*\n((?: [^\n]*\n?)+)/mu.exec(stanza)?.[1] ?? "";
    const orig = /^ ([0-9a-f]{64}) \d+ \S+\.orig\.tar\.gz$/mu.exec(checksums)?.[1];
    if (name === undefined || version === undefined || orig === undefined) return [];
    return [{ suite, package: name, version, orig }];
  });
}
