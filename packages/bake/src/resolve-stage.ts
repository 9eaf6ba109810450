import type { PackageWish } from "@prosody-foundry/images";
import { useSuite } from "./apt-script.ts";

/**
 * The Dockerfile that asks Debian, inside the base, which packages fulfil these wishes now. apt only reads and reckons:
 * nothing is installed, so an architecture that the machine cannot run does no harm. `/` of its result has for each suite a
 * folder with `dates` (of its Release files) and for each wish, named by its place in the list, what apt-cache shows of each
 * package. A wish for an architecture that the suite lacks has no file, nor has one that
 * `unreachable` has a line about; one that `no-lists` or `no-support` has a line about did without the archives of updates.
 */
export function resolveStage(wishes: readonly PackageWish[]): string {
  const suites = [...new Set(wishes.map(({ suite }) => suite))].toSorted();
  const stages = suites.map((suite) =>
    suiteStage(
      suite,
      wishes.map((wish, at): Placed => ({ ...wish, at })).filter((wish) => wish.suite === suite),
    ),
  );
  const copies = suites.map((suite) => `COPY --from=${suite} /result/ /${suite}/`);
  return `${stages.join("")}FROM scratch\n${copies.join("\n")}\n`;
}

interface Placed extends PackageWish {
  at: number;
}

function suiteStage(suite: string, wishes: readonly Placed[]): string {
  const architectures = [...new Set(wishes.map(({ architecture }) => architecture))].toSorted();
  // Without the second one apt goes on with what it got, and a security archive out of reach would be a silent downgrade.
  const settings = [`APT::Architectures { "${architectures.join('"; "')}"; };`, 'APT::Update::Error-Mode "any";'];
  return `FROM base AS ${suite}
ENV SUITE=${suite}
COPY --chmod=755 <<"END" /usr/local/bin/resolve
${resolveScript}END
RUN <<"END"
set -eu
${useSuite({ kind: "deb", settings })}
mkdir /result
: > /result/unreachable
: > /result/no-lists
: > /result/no-support
reached=no
# A mirror in the middle of its own update mends itself.
for pause in 0 10; do
  sleep "$pause"
  echo "progress: Reading the lists of Debian $SUITE"
  if apt-get -qq update; then reached=yes; break; fi
done
# One that lost the lists of one architecture may well have those of the others, and of this one the suite's own.
grep -e " $SUITE main$" /apt/sources.list > /apt/suite.list
if [ "$reached" = no ]; then
  for architecture in ${architectures.join(" ")}; do
    one="-qq -oAPT::Architecture=$architecture -oAPT::Architectures=$architecture -oAPT::Get::List-Cleanup=false"
    echo "progress: Reading the lists of Debian $SUITE for $architecture alone: the mirror has not all of them whole"
    if apt-get $one update 2> /tmp/log; then continue; fi
    if apt-get $one -oDir::Etc::sourcelist=/apt/suite.list update 2> /tmp/rest; then
      echo "$architecture $(grep '^E:' /tmp/log | head -n 1)" >> /result/no-lists
    else
      echo "$architecture $(grep '^E:' /tmp/rest | head -n 1)" >> /result/unreachable
    fi
  done
fi
# There are none when no mirror answered.
grep -h '^Date:' /apt/lists/*Release > /result/dates || true
grep -h '^Architectures:' /apt/lists/*Release > /apt/architectures || true
${judgeSecurity(architectures)}xargs -P "$(nproc)" -L 1 resolve <<"WISHES"
${wishes.map(wishLine).join("\n")}
WISHES
END
`;
}

/** Only a Release file says that Debian makes no security updates for an architecture; an archive out of reach says nothing. */
export function judgeSecurity(architectures: readonly string[]): string {
  return `for architecture in ${architectures.join(" ")}; do
  if grep -q "^$architecture " /result/no-lists; then continue; fi
  if ! ls /apt/lists/*"_$SUITE-security_"*Release > /dev/null 2>&1; then
    echo "$architecture no Release file of $SUITE-security" >> /result/no-lists
  elif ! grep -h '^Architectures:' /apt/lists/*"_$SUITE-security_"*Release | grep -q -w "$architecture"; then
    echo "$architecture Debian has no security updates for it" >> /result/no-support
  fi
done
`;
}

function wishLine({ at, architecture, closure, names }: Placed): string {
  return `${at} ${architecture} ${closure ? "closure" : "exactly"} ${names.join(" ")}`;
}

const resolveScript = `#!/bin/sh -eu
# resolve PLACE ARCHITECTURE closure|exactly PACKAGE...
place=$1 architecture=$2 how=$3
shift 3
if ! grep -q -w "$architecture" /apt/architectures || grep -q "^$architecture " /result/unreachable; then exit 0; fi
work=$(mktemp -d)
mkdir -p "$work/archives/partial"
echo "progress: Choosing packages of Debian $SUITE for $architecture"
options="-oAPT::Architecture=$architecture -oAPT::Architectures=$architecture -oDir::Cache=$work"
fail() {
  echo "resolve: $SUITE $architecture" >&2
  cat "$work/log" >&2
  # The rest would be for nothing.
  exit 255
}
if [ "$how" = closure ]; then
  apt-get $options --simulate install "$@" > "$work/log" 2>&1 || fail
  set -- $(sed -n 's/^Inst \\([^ ]*\\).* (\\([^ ]*\\) .*/\\1=\\2/p' "$work/log")
fi
apt-cache $options show --no-all-versions "$@" > "$work/shown" 2> "$work/log" || fail
mv "$work/shown" "/result/$place"
`;

/** The newest of some `Date:` lines of Release files, ISO 8601 to the second; undefined when none of them is a date. */
export function newestDate(lines: string): string | undefined {
  const dates = [...lines.matchAll(/^Date: (.+)$/gmu)].map(([, date = ""]) => Date.parse(date));
  const moments = dates.filter((date) => !Number.isNaN(date));
  if (moments.length === 0) return undefined;
  return new Date(Math.max(...moments)).toISOString().replace(/\.\d+Z$/u, "Z");
}
