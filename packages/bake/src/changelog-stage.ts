import type { LockedPackage } from "@prosody-foundry/images";
import { listMirrors } from "./apt-script.ts";

/** A changelog that is wanted. */
export interface ChangelogWish {
  key: string;
  /** Packages made of the same source, the one to try first in front: some have a link where another has the changelog. */
  packages: readonly Pick<LockedPackage, "name" | "archive" | "path" | "sha256">[];
}

/**
 * The Dockerfile that takes changelogs out of packages, inside the base and from its own mirrors. `/` of its result has a file
 * for each wish, named by its place in the list; none where no package had it.
 */
export function changelogStage(wishes: readonly ChangelogWish[]): string {
  const lines = wishes.flatMap(({ packages }, at) =>
    packages.map((deb) => `${at} ${deb.archive} ${deb.path} ${deb.sha256} ${deb.name}`),
  );
  return `FROM base AS changelogs
RUN <<"END"
set -eu
mkdir /result /work
cd /work
base=$(. /etc/os-release; echo "$VERSION_CODENAME")
${listMirrors} > mirrors
main=$(sed -n "s/ $base$//p" mirrors | head -n 1)
security=$(sed -n "s/ $base-security$//p" mirrors | head -n 1)
while read -r key archive path hash name; do
  if [ -e "/result/$key" ]; then continue; fi
  case $archive in main) root=$main ;; security) root=$security ;; esac
  rm -rf package.deb doc
  if ! /usr/lib/apt/apt-helper download-file "$root$path" package.deb "SHA256:$hash" >/dev/null; then continue; fi
  mkdir doc
  dpkg-deb --fsys-tarfile package.deb | tar --extract --directory doc --wildcards './usr/share/doc/*/changelog*' 2>/dev/null || true
  for file in "doc/usr/share/doc/$name/changelog.Debian.gz" "doc/usr/share/doc/$name/changelog.gz"; do
    if [ -f "$file" ]; then gzip -dc "$file" > "/result/$key"; break; fi
  done
done <<"LIST"
${lines.join("\n")}
LIST
END
FROM scratch
COPY --from=changelogs /result/ /
`;
}
