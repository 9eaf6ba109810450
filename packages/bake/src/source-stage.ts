import type { DebianSource } from "@prosody-foundry/images";
import { useSuite } from "./apt-script.ts";

/**
 * The Dockerfile that asks a suite for a source package, inside the base and by Debian's own keys. `/sources` of its result is
 * what apt-cache shows, empty where the suite has no such package. An expired Release file does no harm: what is read are
 * hashes that Debian signed, and a mirror that is behind has no news.
 */
export function sourceStage(suite: string, name: string): string {
  return `FROM base AS sources
ENV SUITE=${suite}
RUN <<"END"
set -eu
mkdir /result
${useSuite({ kind: "deb-src", settings: ['Acquire::Check-Valid-Until "false";', 'APT::Update::Error-Mode "any";'] })}
apt-get -qq update
apt-cache showsrc --only-source ${name} > /result/sources || true
END
FROM scratch
COPY --from=sources /result/ /
`;
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
