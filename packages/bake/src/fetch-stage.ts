import { useSuite } from "./apt-script.ts";

/** What is wanted of Debian: a binary package per architecture, or the orig tarball of a source package. */
export interface DebianWish {
  suite: string;
  package: string;
  /** Exact; undefined is the suite's newest. */
  version: string | undefined;
  /** Architectures of the binary package, or "source". */
  architectures: readonly string[] | "source";
  /** Content is pinned by a hash of ours, so it does not matter how old the mirror's Release file is. */
  pinned: boolean;
  /** Architecture → SHA-256 of its .deb: then the pool is asked first, which needs no package lists. */
  hashes?: Readonly<Record<string, string>>;
}

/**
 * The Dockerfile that fetches a wish inside the base, with Debian's own keys, so that any host and any builder can.
 * `/` of its result holds `<architecture>.deb` files, or the source package's files.
 */
export function fetchStage(wish: DebianWish): string {
  const commands =
    wish.architectures === "source"
      ? sourceCommands()
      : wish.architectures.flatMap((architecture) => binaryCommands(architecture, wish.hashes?.[architecture]));
  const named = wish.version === undefined ? wish.package : `${wish.package}=${wish.version}`;
  return `FROM base AS fetch
ENV SUITE=${wish.suite} PACKAGE=${named} EXPIRED=${wish.pinned ? "-oAcquire::Check-Valid-Until=false" : ""}
RUN <<"END"
set -eu
mkdir -p /result /fetched
${useSuite({ kind: wish.architectures === "source" ? "deb-src" : "deb", settings: [] })}
cd /fetched
${commands.join("\n")}
END
FROM scratch
COPY --from=fetch /result/ /
`;
}

function binaryCommands(architecture: string, hash?: string): string[] {
  const options = `-oAPT::Architecture=${architecture} -oAPT::Architectures=${architecture}`;
  const deb = `/result/${architecture}.deb`;
  return [
    ...(hash === undefined ? [] : poolCommands(architecture, hash)),
    `if [ ! -e ${deb} ]; then`,
    `  apt-get -qq ${options} $EXPIRED update`,
    `  apt-get -qq ${options} $EXPIRED download "$PACKAGE"`,
    `  mv *.deb ${deb}`,
    "fi",
    `dpkg-deb --field ${deb} Version > /result/version`,
    `dpkg-deb --fsys-tarfile ${deb} > /result/${architecture}.tar`,
  ];
}

/** For a package of a source package of its own name, at the place both archives would have it. What fails is no news. */
function poolCommands(architecture: string, hash: string): string[] {
  return [
    "for mirror in $(cut -d ' ' -f 3 /apt/sources.list | sort -u); do",
    "  for pool in pool/main pool/updates/main; do",
    `    if [ -e /result/${architecture}.deb ]; then break; fi`,
    "    name=${PACKAGE%%=*}",
    `    file=$pool/$(echo "$name" | cut -c 1)/$name/\${name}_$(echo "\${PACKAGE#*=}" | sed 's/^[0-9]*://')_${architecture}.deb`,
    `    /usr/lib/apt/apt-helper -qq download-file "\${mirror%/}/$file" /result/${architecture}.deb SHA256:${hash} 2>/dev/null || true`,
    "  done",
    "done",
  ];
}

function sourceCommands(): string[] {
  return [
    // One archive after the other: a mirror may list a source in two and have lost its files in one. Only the tarball:
    // it may have lost the rest.
    "cp /apt/sources.list /apt/all",
    "while read -r line; do",
    '  echo "$line" > /apt/sources.list',
    "  apt-get -qq $EXPIRED update",
    '  if apt-get -qq $EXPIRED source --download-only --tar-only "$PACKAGE"; then break; fi',
    "done < /apt/all",
    "mv *.tar.* /result/",
  ];
}

/** What went wrong, out of the output of a build that ran apt; undefined when it was not Debian's mirror. */
export function explainApt(output: string): string | undefined {
  const expired = /Release file for (\S+) is expired \(invalid since ([^)]*)\)/u.exec(output);
  if (expired !== null) return `the suite's Release file is expired since ${expired[2]}: the mirror is stale`;
  const line =
    /\bE: ((?:Failed to fetch|Unable to locate|Version .* was not found|Can't find|Unable to find|The repository|Some index files failed).*)/u.exec(
      output,
    );
  return line?.[1];
}
