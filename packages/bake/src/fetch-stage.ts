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
}

/**
 * The Dockerfile that fetches a wish inside the base, with Debian's own keys, so that any host and any builder can.
 * `/` of its result holds `<architecture>.deb` files, or the source package's files.
 */
export function fetchStage(wish: DebianWish): string {
  const commands = wish.architectures === "source" ? sourceCommands() : wish.architectures.flatMap(binaryCommands);
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

function binaryCommands(architecture: string): string[] {
  const options = `-oAPT::Architecture=${architecture} -oAPT::Architectures=${architecture}`;
  return [
    `apt-get -qq ${options} $EXPIRED update`,
    `apt-get -qq ${options} $EXPIRED download "$PACKAGE"`,
    `mv *.deb /result/${architecture}.deb`,
    `dpkg-deb --field /result/${architecture}.deb Version > /result/version`,
    `dpkg-deb --fsys-tarfile /result/${architecture}.deb > /result/${architecture}.tar`,
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
